"""Where an addition fails on a document, that one is set aside and the run goes on, linked at once or later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from encoders import FAMILIES
from outputs import contents, rows
from runs import commit_run
from vocabularies import obo

from openbioner_batch.concepts.building import build_vocabulary
from openbioner_batch.engine import concepts
from openbioner_batch.engine.concepts import DICTIONARY, LINK, DictionarySpans, Linking, sources
from openbioner_batch.engine.link_run import Linked, link
from openbioner_batch.engine.settings import LinkSettings
from openbioner_batch.engine.status import run_status
from openbioner_batch.errors import RunFailedError, TooManyQuarantinedError
from openbioner_batch.records import Span

from .conftest import Annotate, Corpus

TEXTS = ["Seizure and Cyst.", "Brachydactyly was seen.", "No Zosterlike rash.", "A Renal cyst.", "Seizures again."]
BAD = 2
"""The place of the text with a word that the encoder of `vocab` cannot read."""
LINK_FAILED = "--link failed: IndexError"


@pytest.fixture
def vocab(tmp_path: Path) -> str:
    """A vocabulary with an encoder whose tokenizer knows a word that its embeddings lack."""
    encoder = tmp_path / "encoder"
    encoder.mkdir()
    FAMILIES["electra"](encoder)
    with (encoder / "vocab.txt").open("a") as words:
        words.write("zosterlike\n")
    build_vocabulary(str(obo(tmp_path / "v")), str(tmp_path / "x.vocab"), encoder=str(encoder))
    return str(tmp_path / "x.vocab")


@dataclass(frozen=True)
class Shouting:
    """Fills the section with how many documents it was given, and errs where a text says so."""

    seen: str
    name: str = "--shout"
    extras: tuple[str, ...] = ("section",)

    def fingerprint(self) -> dict[str, Any]:
        return {}

    def add(self, documents: pa.Table, spans: Sequence[Sequence[Span]]) -> list[Sequence[Span]]:
        texts = documents["text"].to_pylist()
        with Path(self.seen).open("a") as seen:
            seen.write(f"{len(texts)} ")
        said = " ".join(texts)
        if "FAIL" in said and ("TOGETHER" not in said or len(texts) > 1):
            raise ArithmeticError(said)
        if "OFFLINE" in said:
            raise ConnectionResetError("the vocabulary is gone")
        found = [[replace(span, section=str(len(texts))) for span in here] for here in spans]
        if "MISPLACED" in said:
            found = [[replace(span, start=span.start + 1) for span in here] for here in found]
        return [here for text, here in zip(texts, found, strict=True) if "LOST" not in text]

    def amounts(self, spans: Sequence[Span]) -> Mapping[str, int]:
        return {"shouted": len(spans)}


@pytest.fixture
def shouting(tmp_path: Path) -> Shouting:
    return Shouting(str(tmp_path / "seen"))


def reasons(output: Path) -> dict[str, int]:
    return dict(Counter(row["reason"] for row in rows(output, "quarantine")))


def linked(run: str, output: Path, vocab: str, **more: Any) -> Linked:
    values = {"run": run, "output": str(output), "link": f"name={vocab}", "workers": 1, "max_quarantined": "50%"}
    return link(LinkSettings.build(values | more), lambda line: None)


def test_a_document_on_which_an_addition_fails_is_set_aside_and_the_others_are_done_together(
    tmp_path: Path, corpus: Corpus, shouting: Shouting
) -> None:
    inputs = corpus("a.jsonl", ["Anna", "Bob FAIL", "Carl RAISES", "Dora LOST", "Emil MISPLACES", "Fred"])
    commit_run(tmp_path / "out", inputs, shard_documents=6, additions=[shouting])
    assert reasons(tmp_path / "out") == {
        "--shout failed: ArithmeticError": 1,
        "--shout failed: ValueError": 1,
        "tagging failed: ArithmeticError": 1,
        "a span's offsets do not give its text": 1,
    }
    spans = [span for row in rows(tmp_path / "out") for span in row["spans"]]
    assert [(span["text"], span["section"]) for span in spans] == [("Anna", "2"), ("Fred", "2")]
    totals = run_status(str(tmp_path / "out"))
    assert (totals["documents"], totals["quarantined"]["total"]) == (2, 4)
    assert totals["amounts"]["shouted"] == 2


def test_good_documents_are_added_to_in_one_batch(tmp_path: Path, corpus: Corpus, shouting: Shouting) -> None:
    commit_run(tmp_path / "out", corpus("a.jsonl", ["Anna", "Bob", "Carl"]), shard_documents=3, additions=[shouting])
    assert Path(shouting.seen).read_text().split() == ["3"]


def test_documents_on_which_it_fails_only_together_keep_what_each_got_alone(
    tmp_path: Path, corpus: Corpus, shouting: Shouting
) -> None:
    inputs = corpus("a.jsonl", ["Anna FAIL TOGETHER", "Bob"])
    commit_run(tmp_path / "out", inputs, additions=[shouting])
    assert [row["spans"][0]["section"] for row in rows(tmp_path / "out")] == ["1", "1"]
    assert reasons(tmp_path / "out") == {}


def test_offsets_that_an_addition_spoils_are_found(tmp_path: Path, corpus: Corpus, shouting: Shouting) -> None:
    commit_run(tmp_path / "out", corpus("a.jsonl", ["Anna MISPLACED"]), additions=[shouting])
    assert (rows(tmp_path / "out"), sum(reasons(tmp_path / "out").values())) == ([], 1)


def test_the_reason_names_no_text_and_what_no_document_causes_ends_the_run(
    tmp_path: Path, corpus: Corpus, shouting: Shouting
) -> None:
    with pytest.raises(RunFailedError, match="ConnectionResetError"):
        commit_run(tmp_path / "out", corpus("a.jsonl", ["Anna OFFLINE", "Bob"]), additions=[shouting])
    assert rows(tmp_path / "out", "quarantine") == rows(tmp_path / "out") == []


def test_linking_that_fails_on_a_document_sets_it_aside_in_both_executors(
    run: Annotate, run_here: Annotate, corpus: Corpus, vocab: str, tmp_path: Path
) -> None:
    inputs = corpus("a.jsonl", TEXTS)
    found = {}
    for name, start in (("ray", run), ("here", run_here)):
        output = tmp_path / name
        start(inputs, output=str(output), link=f"name={vocab}", shard_documents=5, max_quarantined="50%")
        found[name] = contents(output)
        (bad,) = rows(output, "quarantine")
        assert (bad["record"], bad["reason"]) == (len("".join(inputs.read_text().splitlines(True)[:BAD])), LINK_FAILED)
    assert found["ray"] == found["here"]
    # A document that another stage sets aside was scored with the others too: their rows are the same.
    inputs.write_text(inputs.read_text().replace(TEXTS[BAD], "MISPLACES No rash.."))
    run_here(inputs, output=str(tmp_path / "other"), link=f"name={vocab}", shard_documents=5, max_quarantined="50%")
    assert rows(tmp_path / "other") == rows(tmp_path / "here")
    assert any(span["concepts"] for row in rows(tmp_path / "here") for span in row["spans"])


def test_a_run_linked_later_sets_the_same_document_aside(tmp_path: Path, corpus: Corpus, vocab: str) -> None:
    inputs = corpus("a.jsonl", [*TEXTS, "RAISES"])
    named = DictionarySpans(sources(DICTIONARY, [f"name={vocab}"]))
    plain = commit_run(tmp_path / "plain", inputs, include_text=True, additions=[named], assertion=True)
    at_once = [named, Linking(sources(LINK, [f"name={vocab}"]))]
    commit_run(tmp_path / "at-once", inputs, include_text=True, additions=at_once, assertion=True)
    found = linked(plain, tmp_path / "later", vocab)
    assert (found.documents, found.set_aside) == (4, 1)
    assert rows(tmp_path / "later") == rows(tmp_path / "at-once")
    assert rows(tmp_path / "later", "quarantine") == rows(tmp_path / "at-once", "quarantine")
    assert reasons(tmp_path / "later") == {LINK_FAILED: 1, "tagging failed: ArithmeticError": 1}
    later, wanted = (run_status(str(tmp_path / name)) for name in ("later", "at-once"))
    for name in ("documents", "quarantined", "spans", "windows", "text_bytes", "amounts"):
        assert later.get(name) == wanted.get(name)
    # All but the footer of the one shard.
    names = contents(tmp_path / "later").items() ^ contents(tmp_path / "at-once").items()
    assert {name for name, _ in names} == {"data/000000-00001.parquet"}


@pytest.mark.parametrize("with_source", [False, True])
def test_so_does_one_that_kept_no_texts(tmp_path: Path, corpus: Corpus, vocab: str, with_source: bool) -> None:
    inputs = corpus("a.jsonl", TEXTS)
    plain = commit_run(tmp_path / "plain", inputs)
    found = linked(plain, tmp_path / "out", vocab, source=(str(inputs),) if with_source else ())
    assert (found.documents, found.set_aside) == (4, 1)
    assert reasons(tmp_path / "out") == {LINK_FAILED: 1}
    status = run_status(str(tmp_path / "out"))
    assert (status["documents"], status["quarantined"]["total"]) == (4, 1)
    kept = sum(map(len, TEXTS)) - (len(TEXTS[BAD]) if with_source else 0)
    assert status["text_bytes"] == kept


def test_linking_that_fails_on_too_many_ends_with_a_line(tmp_path: Path, corpus: Corpus, vocab: str) -> None:
    plain = commit_run(tmp_path / "plain", corpus("a.jsonl", TEXTS), include_text=True)
    for _ in range(2):  # what was set aside before counts too
        with pytest.raises(TooManyQuarantinedError, match=r"^1 of 5 documents cannot be linked, more than .* 10% allo"):
            linked(plain, tmp_path / "out", vocab, max_quarantined="10%")
    assert linked(plain, tmp_path / "out", vocab, max_quarantined="1").shards == 0


def test_a_shard_linked_anew_keeps_no_quarantine_of_an_earlier_attempt(
    tmp_path: Path, corpus: Corpus, vocab: str
) -> None:
    plain = commit_run(tmp_path / "plain", corpus("a.jsonl", TEXTS), include_text=True)
    linked(plain, tmp_path / "out", vocab)
    stray = tmp_path / "out" / "quarantine" / "000000-00000.parquet"
    stray.write_bytes((tmp_path / "out" / "quarantine" / "000000-00001.parquet").read_bytes())
    (tmp_path / "out" / "data" / "000000-00000.parquet").unlink()
    linked(plain, tmp_path / "out", vocab)
    assert not stray.exists()
    assert reasons(tmp_path / "out") == {LINK_FAILED: 1}


def test_a_vocabulary_that_is_gone_ends_a_run_and_sets_nothing_aside(
    tmp_path: Path, corpus: Corpus, vocab: str
) -> None:
    linking = Linking(sources(LINK, [f"name={vocab}"]))
    Path(vocab).unlink()
    concepts._linker.cache_clear()
    with pytest.raises(RunFailedError, match="the run needs it unchanged since the run began"):
        commit_run(tmp_path / "out", corpus("a.jsonl", TEXTS), additions=[linking])
    assert rows(tmp_path / "out", "quarantine") == []
