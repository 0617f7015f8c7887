"""What the registry says of formats and exports is what they do, and what help and documents say."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner
from formats.annotating import ORIGIN, rows_of

from openbioner_batch.cli.main import main
from openbioner_batch.formats import FORMATS, get_writer
from openbioner_batch.formats.registry import GOLD_SUFFIXES, WRITERS, WriterRegistration
from openbioner_batch.records import Span

README = Path(__file__).resolve().parents[2] / "openbioner_batch" / "formats" / "README.md"
ROWS = rows_of([("Zinc helps.", (Span(0, 4, "drug", 0.5, "Zinc"),))], ["7"])


def first_cells(heading: str) -> list[str]:
    """The first cell of each row of the README's table with that heading."""
    text = README.read_text("utf-8")
    table = text[text.index(f"| {heading} |") :].split("\n\n")[0].splitlines()[2:]
    return [line.split("|")[1] for line in table]


def test_the_readme_lists_what_is_registered() -> None:
    assert re.findall(r"`(.+?)`", "".join(first_cells("format"))) == list(FORMATS)
    listed = {name: "*" in cell for cell in first_cells("`--to`") for name in re.findall(r"`(.+?)`", cell)}
    assert listed == {name: found.needs_text for name, found in WRITERS.items()}


def help_of(command: str) -> str:
    """A command's help as one line."""
    return " ".join(CliRunner().invoke(main, [command, "--help"], terminal_width=1000).output.split())


def test_help_lists_what_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert " parquet a row; .parquet, .pq " in help_of("annotate")
    assert " brat a pair of NAME.txt and NAME.ann; a folder " in help_of("evaluate")
    assert all(f" {name} " in help_of("evaluate") for name in GOLD_SUFFIXES)
    (compressed,) = re.findall(r"Pack each file \(not (.*?)\)\.", help_of("export"))
    assert compressed.split(", ") == [name for name, found in WRITERS.items() if found.compressed]
    monkeypatch.setitem(WRITERS, "mine", WriterRegistration("none:None", "a line a span", needs_text=True))
    assert " mine * a line a span" in help_of("export")


@pytest.mark.parametrize("name", WRITERS)
def test_an_export_does_as_it_is_registered(name: str) -> None:
    about = WRITERS[name]
    if about.needs and find_spec(about.needs) is None:
        pytest.skip(f"{about.needs} is not installed")
    writer = get_writer(name)
    assert writer.name == name
    later = replace(ORIGIN, day=date(2026, 1, 1) + timedelta(days=500))
    assert (writer.write(ROWS, ORIGIN) != writer.write(ROWS, later)) is about.dated
    without = ROWS.drop_columns(["text"])
    if about.needs_text:
        with pytest.raises(AssertionError, match="needs the text"):
            writer.write(without, ORIGIN)
    else:
        assert b"Zinc" in writer.write(without, ORIGIN)
