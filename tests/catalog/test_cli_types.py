"""`openbioner-batch types`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from openbioner_batch.catalog import load_catalog
from openbioner_batch.cli.types import command
from openbioner_batch.errors import UsageError


def run(*arguments: str, columns: int = 120) -> Result:
    return CliRunner(env={"COLUMNS": str(columns)}).invoke(command, arguments)


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_without_arguments_it_lists_every_set_and_type_within_the_terminal(columns: int) -> None:
    result = run(columns=columns)
    assert result.exit_code == 0
    lines = result.output.splitlines()
    # The closing hint is one sentence that a terminal may wrap by itself.
    assert max(len(line) for line in lines[:-1]) <= max(columns, 90)
    for one in load_catalog().sets:
        assert any(line.startswith(f"{one.name}: ") for line in lines)
        for type in one.types:
            assert any(line.split()[:1] == [type.name] for line in lines), type.name


def test_a_wide_listing_shows_aliases_and_definition_in_the_row() -> None:
    (row,) = [line for line in run(columns=400).output.splitlines() if line.startswith("snp_id ")]
    snp = load_catalog().lookup("snp_id")
    assert row.split(None, 1)[1].startswith(", ".join(snp.aliases))
    assert row.endswith(snp.descriptions["definition"])


def test_a_type_is_shown_in_full() -> None:
    result = run("zip", columns=400)
    zip_code = load_catalog().lookup("zip_code")
    assert result.output.startswith("phi.zip_code\n")
    for text in (*zip_code.descriptions.values(), ", ".join(zip_code.aliases), zip_code.source):
        assert text is not None
        assert text in result.output


def test_sets_and_several_selections_are_shown_in_the_order_asked() -> None:
    output = run("disease", "phi").output
    heads = [line for line in output.splitlines() if line and not line.startswith(" ")]
    phi = load_catalog().set_named("phi")
    assert phi is not None
    assert heads[0] == "biomedical.disease"
    assert sorted(heads[1:]) == sorted(f"phi.{type.name}" for type in phi.types)


def test_one_description_for_every_view_is_shown_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("food: Something to eat.\n")
    assert run(str(path)).output.split() == ["mine.food", "description", "Something", "to", "eat."]


def test_json_carries_all_that_is_known() -> None:
    every = json.loads(run("--json").output)
    assert len(every) == sum(len(one.types) for one in load_catalog().sets)
    (one,) = json.loads(run("--json", "ssn").output)
    ssn = load_catalog().lookup("ssn")
    assert one == {
        "set": "phi",
        "name": "social_security_number",
        "aliases": list(ssn.aliases),
        "descriptions": dict(ssn.descriptions),
        "source": "45 CFR 164.514(b)(2)(i)(G)",
    }


def test_an_unknown_name_is_a_usage_error() -> None:
    result = run("diseas")
    assert isinstance(result.exception, UsageError)
