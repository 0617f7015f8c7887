"""Options are made from the fields of settings: neither has one that the other lacks, and the help tells the truth."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import click
import pytest
from cli.settings_of_commands import KINDS, SETTINGS, call, find

from openbioner_batch.cli.main import main
from openbioner_batch.errors import UsageError
from openbioner_batch.options import Option, check_options, fields_of, flag, option, option_of
from openbioner_batch.settings import build

BY_HAND = {"silver ontology": {"paths"}, "pretrain": {"changes", "prepare"}}
"""What takes the place of fields that a command sets itself, and what changes keys of the file."""
SHARED_FIELDS = {"exclude", "model", "name", "run", "silver", "view", "without"}
"""Fields that a function makes for several classes, whose order in kept files must stay; and the argument OUTPUT."""
STANDS_FOR_SOMETHING = (None, (), "auto")
"""Defaults that the help may describe in words."""


def parameters(name: str) -> dict[str, click.Parameter]:
    command = find(name)
    return {str(one.name): one for one in command.params if not getattr(one, "hidden", False)}


@pytest.mark.parametrize("name", SETTINGS)
def test_there_is_an_option_for_each_field_and_a_field_for_each_option(name: str) -> None:
    fields = {field for kind in SETTINGS[name] for field, one in fields_of(kind).items() if option_of(one)}
    if name == "silver ontology":
        fields.remove("inputs")
    if name in ("calibrate", "adapt"):
        fields.add("json")
    assert set(parameters(name)) == fields | {"config"} | BY_HAND.get(name, set())
    if name != "pretrain":  # the others of its fields are keys of the file it must have
        assert [one.name for kind in SETTINGS[name] for one in dataclasses.fields(kind) if option_of(one) is None] == []


@pytest.mark.parametrize("name", SETTINGS)
def test_the_default_that_the_help_gives_is_the_one_that_a_run_has(name: str) -> None:
    command = find(name)
    help_text = command.get_help(click.Context(command, terminal_width=1000, max_content_width=1000))
    lines = re.sub(r"\n {8,}", " ", help_text).splitlines()  # where a flag is long, its help stands on the next line
    shown = {line.split()[0]: line for line in lines if line.startswith("  --")}
    seen = set()
    for kind in SETTINGS[name]:
        for field in set(fields_of(kind).values()) - seen:
            declared, default = option_of(field), field.default
            if declared is None or not flag(field.name, declared).startswith("--") or field.name in seen:
                continue
            seen.add(field.name)
            brackets = re.findall(r" \[([^\]]*)\]\.$", shown[flag(field.name, declared)])
            if declared.default is not None:
                assert default in STANDS_FOR_SOMETHING
                assert brackets == [declared.default]
            elif default in (dataclasses.MISSING, None, "", ()) or isinstance(default, bool):
                assert brackets == []
            else:
                only = _only(kind, field.name)
                assert build(only, {field.name: brackets[0]}) == only()


def _only(kind: type, name: str) -> type:
    """A settings class with one field of another."""
    field = fields_of(kind)[name]
    made = dataclasses.make_dataclass("Only", [(name, field.type, option(field.default, help="."))])
    made.__module__ = kind.__module__
    return made


def commands(found: click.Command, *names: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words."""
    if not isinstance(found, click.Group):
        yield " ".join(names), found
        return
    for name in found.list_commands(click.Context(found)):
        below = found.get_command(click.Context(found), name)
        assert below is not None
        yield from commands(below, *names, name)


def test_every_command_says_defaults_bounds_and_folders_in_one_way() -> None:
    every = dict(commands(main))
    assert every.keys() > SETTINGS.keys()
    for name, command in every.items():
        text = command.get_help(click.Context(command))
        assert [sign for sign in ("[default:", "[required]", "RANGE", " DIR ", "INTEGER") if sign in text] == [], name


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("review report", "OUTPUT ANSWERS..."),
        ("vocabulary find", "INDEX MENTION..."),
        ("silver fill", "SILVER_FOLDER RUN..."),
    ],
)
def test_arguments_come_in_the_order_that_they_are_given_in(name: str, arguments: str) -> None:
    assert find(name).get_usage(click.Context(find(name))).endswith(f"[OPTIONS] {arguments}")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_default_is_a_value_that_the_checks_take(kind: type) -> None:
    for name, field in fields_of(kind).items():
        if field.default is not dataclasses.MISSING:
            check_options(_only(kind, name)())


def test_what_commands_share_is_written_once() -> None:
    homes = {home for kind in KINDS for home in kind.__mro__ if dataclasses.is_dataclass(home)}
    own = [
        {
            name: (field.default, option_of(field))
            for name, field in fields_of(home).items()
            if name in vars(home).get("__annotations__", {})
        }
        for home in homes
    ]
    twice = [name for one, other in combinations(own, 2) for name in one if one[name] == other.get(name)]
    assert sorted({*twice} - SHARED_FIELDS) == []


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("annotate a --output o --limit many", "--limit is 'many': give a whole number"),
        ("annotate a --output o --types x --limit 0", "--limit is 0: give a whole number from 1 up"),
        ("annotate a --output o --types x --devices tpu", "--devices is 'tpu': give one of auto, cpu, gpu"),
        ("annotate a --types x", "--output is missing"),
        ("annotate --output o --types x", "give at least one INPUT: a file, folder, glob or URL"),
        ("annotate a --output o --types x --link a=b --link-least 2", "--link-least is 2: give a number from 0 to 1"),
        ("deidentify a --output o", "--policy is missing"),
        (
            "deidentify a --output o --policy tags --patient-scope ward",
            "--patient-scope is 'ward': give one of patient, document",
        ),
        (
            "deidentify a --output o --policy tags --model-threshold 2",
            "--model-threshold is 2: give a number from 0 to 1",
        ),
        ("evaluate", "--corpus is missing"),
        ("evaluate --corpus x --languages de", "--languages goes with --task deid"),
        ("evaluate --corpus x --task deid --words basic", "--words does not go with --task deid"),
        ("evaluate --corpus x --task relations", "--task is 'relations': give one of entities, deid"),
        ("calibrate --corpus x", "--output is missing: give a folder for the calibrated checkpoint"),
        ("adapt --types x --output o", "--examples is missing"),
        ("export --to csv --output o", "OUTPUT is missing"),
        ("export run --to csv --output o --workers 0", "--workers is 0: give a whole number from 1 up"),
        ("link run --output o", "--link is missing: give TYPE=VOCABULARY"),
        ("silver describe --vllm m", "SILVER_FOLDER is missing"),
        ("silver annotate --output o --vllm m", "give at least one INPUT: a file, folder, glob or URL"),
        ("silver annotate a --output o --vllm m --timeout 0", "--timeout is 0: give a number above 0"),
        ("silver ontology a --output o", "give at least one vocabulary: --vocabulary FILE"),
        (
            "silver ontology a --vocabulary v --output o --executor in-process --workers 2",
            "--executor in-process is this process alone, and --workers 2 are several: leave one of them out",
        ),
        ("pretrain", "--config is missing"),
        ("show", "OUTPUT is missing"),
        ("show o --limit 0", "--limit is 0: give a whole number from 1 up"),
        ("report o", "--html is missing"),
        ("report o --html h --limit -1", "--limit is -1: give a whole number from 0 up"),
        ("review sample o --html h", "--plan is missing"),
        ("review sample o --html h --plan p --confidence 80%", "--confidence is 80%: give 90% or more"),
        (
            "review sample o --html h --plan p --leaks-below 2",
            "--leaks-below is '2': give a share such as 1/200, 0.5% or 0.005",
        ),
        ("review report o --plan p", "give at least one file that a reviewer saved: ANSWERS"),
        ("vocabulary build v", "--output is missing"),
        ("vocabulary find i", "give at least one MENTION"),
        ("vocabulary find i m --link-top 0", "--link-top is 0: give a whole number from 1 up"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_option(
    command: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert call(*command.split()) == message


def test_flags_win_over_a_file_and_a_file_over_defaults(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("output: o\ntypes: [a, b]\nlimit: 0\nkeep-fields: x\ninputs: [in]\n")
    assert call("annotate", "--config", tmp_path / "c.yaml") == "--limit is 0: give a whole number from 1 up"
    assert "--limit is -1" in call("annotate", "--config", tmp_path / "c.yaml", "--limit", "-1")
    (tmp_path / "c.yaml").write_text("outptu: o\n")
    assert call("annotate", "--config", tmp_path / "c.yaml").startswith(
        "unknown key 'outptu': the keys are inputs, output"
    )


@pytest.mark.parametrize(
    ("declared", "below", "message"),
    [
        (Option("", least=0.0), -1.0, "give a number from 0 up"),
        (Option("", least=0.0, most=1.0), 1.5, "give a number from 0 to 1"),
        (Option("", above=0.0, most=1.0), 0.0, "give a number above 0, up to 1"),
        (Option("", above=0.0), float("nan"), "give a number above 0"),
        (Option("", least=0.0), float("inf"), "give a number from 0 up"),
    ],
)
def test_bounds_are_checked_and_told(declared: Option, below: float, message: str) -> None:
    made = dataclasses.make_dataclass("Made", [("share", "float", dataclasses.field(metadata={"option": declared}))])
    check_options(made(1.0))
    with pytest.raises(UsageError, match=f"^--share is {below:g}: {message}$"):
        check_options(made(below))
