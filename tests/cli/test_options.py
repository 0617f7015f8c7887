"""Options are made from the fields of settings: neither has one that the other lacks, and the help tells the truth."""

from __future__ import annotations

import dataclasses
import re
from itertools import combinations
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from openbioner_batch.cli.evaluate import TaskSettings
from openbioner_batch.cli.main import main
from openbioner_batch.deid.settings import DeidentifySettings
from openbioner_batch.engine.export.settings import ExportSettings
from openbioner_batch.engine.settings import AnnotateSettings, LinkSettings
from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.settings import (
    AdaptSettings,
    CalibrateSettings,
    DeidEvaluateSettings,
    EvaluateSettings,
)
from openbioner_batch.options import Option, check_options, fields_of, flag, option, option_of
from openbioner_batch.settings import build, with_current_names
from openbioner_batch.training.settings import Parallel, PretrainSettings
from openbioner_batch.training.silver.made_settings import (
    FillSettings,
    HoldoutSettings,
    ImportSettings,
    SentenceSettings,
)
from openbioner_batch.training.silver.ontology.settings import OntologySettings
from openbioner_batch.training.silver.settings import DescribeSettings, SilverSettings

SETTINGS: dict[str, tuple[type, ...]] = {
    "annotate": (AnnotateSettings,),
    "deidentify": (DeidentifySettings,),
    "evaluate": (EvaluateSettings, DeidEvaluateSettings, TaskSettings),
    "calibrate": (CalibrateSettings,),
    "adapt": (AdaptSettings,),
    "link": (LinkSettings,),
    "export": (ExportSettings,),
    "silver annotate": (SilverSettings,),
    "silver describe": (DescribeSettings,),
    "silver ontology": (OntologySettings,),
    "silver import": (ImportSettings,),
    "silver fill": (FillSettings,),
    "silver holdout": (HoldoutSettings,),
    "silver sentences": (SentenceSettings,),
    "pretrain": (PretrainSettings,),
}
KINDS = sorted({kind for kinds in SETTINGS.values() for kind in kinds}, key=lambda kind: kind.__name__)
BY_HAND = {"silver ontology": {"paths"}, "pretrain": {"changes", "prepare"}}
"""What takes the place of fields that a command sets itself, and what changes keys of the file."""
SHARED_FIELDS = {"exclude", "name", "run", "silver", "view", "without"}
"""Fields that a function makes for several classes, whose order in kept files must stay; and the argument OUTPUT."""
STANDS_FOR_SOMETHING = (None, (), "auto")
"""Defaults that the help may describe in words."""


def find(name: str) -> click.Command:
    found: click.Command = main
    for word in name.split():
        assert isinstance(found, click.Group)
        command = found.get_command(click.Context(found), word)
        assert command is not None
        found = command
    return found


def parameters(name: str) -> dict[str, click.Parameter]:
    command = find(name)
    return {str(one.name): one for one in command.params if not getattr(one, "hidden", False)}


def call(*arguments: object) -> str:
    """The one line of an error."""
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    return line.removeprefix("error: ")


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
    ],
)
def test_a_mistake_is_one_line_that_names_the_option(
    command: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert call(*command.split()) == message


FORMER = [
    (kind, field.name, old)
    for kind in KINDS
    for field in dataclasses.fields(kind)
    if (declared := option_of(field))
    for old in declared.was
    if "." not in old
]
COMMAND_OF = {kind: name for name, kinds in reversed(SETTINGS.items()) for kind in kinds}


@pytest.mark.parametrize(("kind", "name", "old"), FORMER, ids=lambda value: getattr(value, "__name__", value))
def test_an_old_name_gives_the_new_one(kind: type, name: str, old: str, tmp_path: Path) -> None:
    command = COMMAND_OF[kind].split()
    field = fields_of(kind)[name]
    now = f"{flag(old)} is now called {flag(name, option_of(field))}"
    for line in (call(*command, flag(old), "x"), call(*command, flag(old))):
        assert line.startswith(now)
    (tmp_path / "c.yaml").write_text(f"{old}: x\n")
    assert call(*command, "--config", tmp_path / "c.yaml").startswith(f"{old} is now called {name}")


def test_what_was_a_switch_gives_the_value_too(tmp_path: Path) -> None:
    given = call("pretrain", "--in-process", "--config", "smoke")
    assert given == "--in-process is now called --executor in-process"
    (tmp_path / "c.yaml").write_text("in_process: true\n")
    line = call("pretrain", "--config", tmp_path / "c.yaml")
    assert line == "in_process is now called executor: in-process for true, ray for false"


def test_an_old_value_gives_the_new_one(tmp_path: Path) -> None:
    line = call("pretrain", "--config", "smoke", "--set", "parallel.dtype=bf16")
    assert line == "parallel.dtype is 'bf16', which is now spelled 'bfloat16'"
    assert call("evaluate", "--corpus", "x", "--devices", "cuda") == "--devices is 'cuda', which is now spelled 'gpu'"
    (tmp_path / "c.yaml").write_text("corpus: x\ndevices: cuda\n")
    assert "now spelled 'gpu'" in call("evaluate", "--config", tmp_path / "c.yaml")


FORMER_VALUES = [
    (kind, name, old)
    for kind in KINDS
    for name, field in fields_of(kind).items()
    if (declared := option_of(field))
    for old in declared.values_were
]


@pytest.mark.parametrize(("kind", "name", "old"), FORMER_VALUES, ids=lambda value: getattr(value, "__name__", value))
def test_every_old_value_gives_the_new_one(kind: type, name: str, old: str) -> None:
    fields = fields_of(kind)
    required = [one for one, field in fields.items() if {field.default, field.default_factory} == {dataclasses.MISSING}]
    declared = option_of(fields[name])
    assert declared is not None
    new = declared.values_were[old]
    assert new in declared.choices
    with pytest.raises(UsageError) as caught:
        build(kind, {name: old, **dict.fromkeys(required, "x")})
    assert str(caught.value) == f"{flag(name, declared)} is {old!r}, which is now spelled {new!r}"


def test_every_precision_knows_the_short_spellings() -> None:
    every = [option_of(field) for kind in (*KINDS, Parallel) for field in fields_of(kind).values()]
    precisions = [declared for declared in every if declared and "float32" in declared.choices]
    assert len(precisions) > 5
    assert all({"fp32", "bf16", "fp16"} <= declared.values_were.keys() for declared in precisions)


@dataclasses.dataclass(frozen=True)
class Inner:
    dtype: str = option("float32", help=".", was=("precision",), values_were={"fp32": "float32"})
    devices: str = option("cpu", help=".", was=("use_gpu",), values_were={True: "gpu", False: "cpu"})


@dataclasses.dataclass(frozen=True)
class Outer:
    output: str = option(help=".", was=("storage",))
    executor: str = option("ray", help=".", was=("parallel.in_process",), values_were={True: "in-process"})
    parallel: Inner = Inner()


def test_what_an_earlier_release_kept_is_read_with_its_spellings() -> None:
    parallel = {"precision": "fp32", "use_gpu": True, "in_process": True}
    kept = {"storage": "run", "parallel": parallel}
    assert build(Outer, with_current_names(Outer, kept)) == Outer("run", "in-process", Inner("float32", "gpu"))
    assert with_current_names(Outer, with_current_names(Outer, kept)) == {
        "output": "run",
        "executor": "in-process",
        "parallel": {"dtype": "float32", "devices": "gpu"},
    }
    assert kept == {"storage": "run", "parallel": parallel}
    assert len(parallel) == 3
    with pytest.raises(UsageError, match=r"^storage is now called output$"):
        build(Outer, {"storage": "run"})
    with pytest.raises(UsageError, match=r"^parallel.dtype is 'fp32', which is now spelled 'float32'$"):
        build(Outer, {"output": "run", "parallel": {"dtype": "fp32"}})
    with pytest.raises(UsageError, match=r"^parallel.in_process is now called executor: in-process for true$"):
        build(Outer, {"output": "run", "parallel": {"in_process": True}})


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
