"""Names and values that options once had: the error gives the present ones, and kept settings are read with them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from cli.settings_of_commands import KINDS, SETTINGS, call

from openbioner_batch.errors import UsageError
from openbioner_batch.options import fields_of, flag, option, option_of
from openbioner_batch.settings import build, with_current_names
from openbioner_batch.training.settings import Parallel

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
