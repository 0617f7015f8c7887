"""`openbioner-batch report` on runs as `annotate` leaves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fsspec
import pytest
from click.testing import CliRunner, Result
from report.pages import data_of, parsed
from runs import commit_run
from vocabularies import obo

from openbioner_batch.cli.report import command
from openbioner_batch.concepts.building import build_vocabulary
from openbioner_batch.engine.concepts import LINK, Linking, sources
from openbioner_batch.engine.names import QUARANTINE, shard_file
from openbioner_batch.engine.pace import Pace, session_file
from openbioner_batch.engine.store import Store
from openbioner_batch.errors import RunFailedError, UsageError

TEXTS = [f"Anna met {name} of <b>Århus</b> 🙂." for name in ("Bob", "Carl", "Dora", "Eve", "Bob")] + ["nobody"]


def write_input(path: Path, texts: list[str] = TEXTS) -> Path:
    path.write_text("".join(json.dumps({"id": f"d{n}", "text": text}) + "\n" for n, text in enumerate(texts)), "utf-8")
    return path


def report(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)


def tables(page: str) -> dict[str, list[list[str]]]:
    """The tables of a page, each under its caption, as rows of cells."""
    found = {}
    for table in parsed(page).xpath("//main//table"):
        rows = [[" ".join("".join(cell.itertext()).split()) for cell in row] for row in table.xpath("./tbody/tr")]
        found["".join(table.xpath("./caption//text()"))] = rows
    return found


def figures(page: str) -> dict[str, str]:
    tree = parsed(page).xpath("//dl[@class='tiles']/div")
    return {pair.xpath("string(dt)"): pair.xpath("string(dd)") for pair in tree}


def test_concepts_are_counted_of_what_the_patient_has(tmp_path: Path) -> None:
    build_vocabulary(str(obo(tmp_path / "v")), str(tmp_path / "x.vocab"))
    texts = [
        "Seizure.",
        "No Seizure.",
        "Mother had Seizure.",
        "Return if Seizure occurs.",
        "Possible Seizure.",
        "No Paris.",
    ]
    texts.append("No family history of Seizure.")
    linking = Linking(sources(LINK, [f"name={tmp_path / 'x.vocab'}"]))
    notes = write_input(tmp_path / "in.jsonl", texts)
    pages = {}
    for name, more in (("plain", {}), ("asserted", {"assertion": True, "sections": True})):
        pages[name] = page_of(commit_run(tmp_path / name, notes, additions=[linking], **more), tmp_path)
    for name, count in (("plain", "6"), ("asserted", "2")):
        (item,) = parsed(pages[name]).xpath("//section[@id='concepts']//li")
        assert "".join(item.itertext()).startswith(f"X:4 Seizure{count}")
    said = parsed(pages["asserted"]).xpath("string(//section[@id='concepts'])")
    assert (
        "4 linked spans are left out (2 negated, 1 hypothetical, 2 somebody else's; some are more than one)"
        in " ".join(said.split())
    )
    assert "left out" not in parsed(pages["plain"]).xpath("string(//section[@id='concepts'])")
    notes_of = [mark[-1] for one in data_of(pages["asserted"])["documents"] for mark in one["marks"]]
    assert "negated; X:4 Seizure" in notes_of


@pytest.fixture
def run(tmp_path: Path) -> str:
    return commit_run(tmp_path / "run", write_input(tmp_path / "in.jsonl"), include_text=True)


def page_of(run: str, tmp_path: Path, *more: str | Path) -> str:
    result = report(run, "--html", tmp_path / "page.html", *more)
    assert result.exit_code == 0
    return (tmp_path / "page.html").read_text("utf-8")


def test_the_page_tells_totals_types_mentions_and_lengths(run: str, tmp_path: Path) -> None:
    page = page_of(run, tmp_path)
    assert parsed(page).xpath("string(//h1)").split() == ["run", "finished"]
    told = figures(page)
    assert (told["documents"], told["set aside"], told["without any span"]) == ("6", "0", "17 %")
    assert told["spans"] == str(sum(len(document["marks"]) for document in data_of(page)["documents"]))
    found = tables(page)
    ((name, spans, _, documents, *_),) = found["Spans of each type and their scores"]
    assert (name, spans, documents) == ("name", told["spans"], "83 %")
    assert found["Spans found in a document"][0][:2] == ["0", "1"]
    assert found["Windows of text that a document took"][0][:2] == ["1", "6"]
    cards = parsed(page).xpath("//div[@class='card']//li")
    assert ["".join(item.itertext()) for item in cards][:3] == ["Anna5", "Bob2", "Carl1"]


def test_every_chart_has_its_numbers_in_words(run: str, tmp_path: Path) -> None:
    pace = Pace(0.0)
    for second in range(8):
        pace.add(second + 0.5, 10, 100)
    Store(run).put(session_file("a"), pace.to_bytes())
    tree = parsed(page_of(run, tmp_path))
    for table in tree.xpath("//table"):
        assert table.xpath("string(caption)").strip()
        assert len(table.xpath("./thead/tr/th")) == len(table.xpath("./thead//*[@scope='col']"))
    for drawing in tree.xpath("//svg"):
        if drawing.get("role") == "img":
            assert drawing.xpath("string(title)")
            assert drawing.xpath("string(desc)")
        else:
            assert drawing.get("aria-hidden") == "true"
            assert drawing.xpath("ancestor::td | ancestor::li")
    first, own = tables(page_of(run, tmp_path))["Sessions of this run"]
    assert first == ["1", "01 Jan 1970, 00:00", "8 s", "80", "10.7", "107"]
    assert own[3] == "6"


def test_the_same_run_gives_the_same_page_and_another_seed_other_documents(run: str, tmp_path: Path) -> None:
    first = page_of(run, tmp_path, "--limit", "2")
    assert page_of(run, tmp_path, "--limit", "2") == first
    pages = [page_of(run, tmp_path, "--limit", "2", "--seed", str(seed)) for seed in range(6)]
    samples = {tuple(document["id"] for document in data_of(page)["documents"]) for page in pages}
    assert len(samples) > 1
    assert all(len(sample) == 2 for sample in samples)
    assert not parsed(page_of(run, tmp_path, "--limit", "0")).xpath("//*[@id='documents']")


def test_texts_come_from_the_run_or_are_read_again(tmp_path: Path) -> None:
    source = write_input(tmp_path / "in.jsonl")
    run = commit_run(tmp_path / "run", source)
    without = data_of(page_of(run, tmp_path))["documents"]
    assert all("text" not in document for document in without)
    assert without[0]["marks"][0][4] == "Anna"
    (tmp_path / "moved").mkdir()
    moved = source.rename(tmp_path / "moved" / "in.jsonl")
    for sample in ("6", "3"):
        again = data_of(page_of(run, tmp_path, "--source", moved, "--limit", sample))["documents"]
        assert {(one["id"], one["text"]) for one in again} <= {(f"d{n}", text) for n, text in enumerate(TEXTS)}
        assert len(again) == int(sample)
    kept = commit_run(tmp_path / "kept", moved, include_text=True)
    result = report(kept, "--html", tmp_path / "page.html", "--source", moved)
    assert "--source is not read" in result.stderr
    moved.write_bytes(moved.read_bytes().replace(b"Anna", b"Emma"))
    with pytest.raises(RunFailedError, match="another text now"):
        report(run, "--html", tmp_path / "page.html", "--source", moved)


def test_an_unfinished_run_has_a_page_that_says_so(run: str, tmp_path: Path) -> None:
    Store(run).remove(["_run/ends/000000.json"])
    assert "not finished: 0 of 1 inputs done" in parsed(page_of(run, tmp_path)).xpath("string(//h1)")


def test_reasons_of_quarantine_are_counted_with_places(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    from openbioner_batch.engine.committing import parquet_bytes
    from openbioner_batch.engine.work import COUNTS_KEY, rejected_table
    from openbioner_batch.records import Rejected

    run = commit_run(tmp_path / "run", write_input(tmp_path / "in.jsonl"), shard_documents=10)
    bad = [Rejected("in.jsonl", number, f"not valid UTF-8 at byte {number}") for number in range(5)]
    store, name = Store(run), shard_file("data", 0, 0)
    store.put(shard_file(QUARANTINE, 0, 0), parquet_bytes(rejected_table(bad)))
    table = pq.read_table(tmp_path / "run" / name)
    counts = json.loads(table.schema.metadata[COUNTS_KEY]) | {"quarantined": {"not valid UTF-8 at byte #": 5}}
    store.put(name, parquet_bytes(table.replace_schema_metadata({COUNTS_KEY: json.dumps(counts)})))
    page = page_of(run, tmp_path)
    assert figures(page)["set aside"] == "5"
    ((reason, count, part, places),) = tables(page)["Quarantined records by reason"]
    assert (reason, count, part) == ("not valid UTF-8 at byte #", "5", "45 %")
    assert places == "in.jsonl, record 0; in.jsonl, record 1; in.jsonl, record 2"


@pytest.mark.parametrize("texts", [["nobody", ""], ["x"]])
def test_a_run_that_found_nothing_has_a_page(tmp_path: Path, texts: list[str]) -> None:
    page = page_of(commit_run(tmp_path / "run", write_input(tmp_path / "in.jsonl", texts)), tmp_path)
    assert figures(page)["spans"] == "0"
    assert figures(page)["without any span"] == "100 %"


def test_which_types_stand_together(tmp_path: Path) -> None:
    from report.two_types import commit_two_types

    page = page_of(commit_two_types(tmp_path), tmp_path)
    found = tables(page)["Share of the documents with a type (row) that also have another (column)"]
    assert found == [["drug", "4", "50 %"], ["gene", "100 %", "2"]]
    assert data_of(page)["types"] == ["drug", "gene", "disease"]  # the last was queried and not found


def test_the_page_is_written_to_any_file_system(run: str, tmp_path: Path) -> None:
    url = f"memory://{tmp_path.name}/page.html"
    assert report(run, "--html", url).exit_code == 0
    assert fsspec.open(url, "rb").open().read().startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("{tmp}/nowhere", "--html", "{tmp}/x.html"), "holds no run"),
        (("{run}", "--html", "{tmp}/none/x.html"), "cannot be written"),
        (("{run}", "--html", "{run}/x.html"), "lies in the run's folder"),
        (("{run}", "--html", "{tmp}/x.html", "--include-text"), "for runs of deidentify"),
        (("{bare}", "--html", "{tmp}/x.html", "--source", "{tmp}/other.jsonl"), "not among the 1 files there"),
    ],
)
def test_mistakes_are_told(run: str, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    write_input(tmp_path / "other.jsonl", TEXTS[:2])
    bare = commit_run(tmp_path / "bare", tmp_path / "in.jsonl")
    filled: list[Any] = [argument.format(tmp=tmp_path, run=run, bare=bare) for argument in arguments]
    with pytest.raises(UsageError, match=message):
        report(*filled)
    assert not (tmp_path / "x.html").exists()


def test_a_run_without_entity_types_or_results_is_refused(run: str, tmp_path: Path) -> None:
    store = Store(run)
    store.remove([name for name in store.names() if name.startswith("data/")])
    with pytest.raises(UsageError, match="nothing is committed yet"):
        report(run, "--html", tmp_path / "x.html")
