"""Settings say which flag is wrong and what it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from openbioner_batch.engine.no_model import NoModel
from openbioner_batch.engine.option_groups import QuarantineLimit
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.errors import UsageError
from openbioner_batch.settings import read_options_file

REQUIRED = {"inputs": ("a.jsonl",), "output": "out", "types": "disease"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"actors": 0}, "--actors is 0"),
        ({"limit": -3}, "--limit is -3"),
        ({"shard_documents": True}, "--shard-documents is True: give a whole number"),
        ({"format": 3}, "--format is 3"),
        ({"devices": "tpu"}, "--devices is 'tpu': give one of auto, cpu, gpu"),
        ({"max_quarantined": "lots"}, "--max-quarantined is 'lots'"),
        ({"max_quarantined": "101%"}, "--max-quarantined"),
        ({"max_quarantined": "-1"}, "--max-quarantined"),
        ({"include_text": "yes"}, "--include-text is 'yes': give true or false"),
        ({"inputs": ()}, "INPUT"),
        ({"types": ""}, "--types must not be empty"),
        ({"keep_fields": 3}, "--keep-fields is 3: give a list"),
        ({"colour": "red"}, "unknown key 'colour': the keys are inputs, output, types, "),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(values: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as error:
        AnnotateSettings.build({**REQUIRED, **values})

    assert message in str(error.value)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(UsageError, match="--output is missing"):
        AnnotateSettings.build({"inputs": ("a",), "types": "disease"})


def test_a_file_fills_the_same_object_as_flags(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(
        "inputs: [a.jsonl, b.jsonl]\noutput: out\ntypes: [disease, drug]\nkeep-fields: [year, journal]\n"
        "max-quarantined: 5\ninclude-text: true\nlimit: 20\n"
    )

    settings = AnnotateSettings.build({**read_options_file(str(path)), "limit": 7})

    assert settings == AnnotateSettings(
        ("a.jsonl", "b.jsonl"),
        "out",
        "disease,drug",
        keep_fields=("year", "journal"),
        max_quarantined="5",
        include_text=True,
        limit=7,
    )
    assert AnnotateSettings.build({**REQUIRED, "keep_fields": "year, journal"}).keep_fields == ("year", "journal")


@pytest.mark.parametrize("content", ["- a\n- b\n", "{unclosed", "\x00"])
def test_a_file_that_is_no_mapping_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(content)

    with pytest.raises(UsageError, match=r"--config .*run\.yaml"):
        read_options_file(str(path))


def test_a_share_is_judged_on_a_sample_or_at_the_end_and_a_number_at_once() -> None:
    share, number = QuarantineLimit.parse("10%"), QuarantineLimit.parse("10")

    assert not share.is_exceeded(9, 50, at_end=False)
    assert share.is_exceeded(9, 50, at_end=True)
    assert share.is_exceeded(11, 100, at_end=False)
    assert not share.is_exceeded(10, 100, at_end=True)
    assert not number.is_exceeded(10, 10, at_end=True)
    assert number.is_exceeded(11, 1_000_000, at_end=False)
    assert QuarantineLimit.parse("0").is_exceeded(1, 1, at_end=False)


def test_a_format_may_be_named_in_any_case_and_with_lines_below() -> None:
    values = {"inputs": ("x",), "output": "out", "types": "drug"}
    assert AnnotateSettings.build(values | {"format": " BioC_XML"}).format == "bioc-xml"
    assert AnnotateSettings.build(values).format is None


def test_a_run_without_a_model_says_so_in_its_plan() -> None:
    assert NoModel().fingerprint() == {"model": None, "types": "", "descriptions": {}}
