"""Corpora that are known by name, and reading corpora by path."""

from __future__ import annotations

import bz2
import json
import lzma
from dataclasses import replace
from pathlib import Path

import pytest

from openbioner_batch.catalog import load_catalog
from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.corpora import canonical_name, known_corpora, known_corpus
from openbioner_batch.evaluation.labels import parse_views
from openbioner_batch.evaluation.reading import in_blocks, read_corpus
from openbioner_batch.evaluation.settings import EvaluateSettings
from openbioner_batch.evaluation.tasks import find_corpora, read_task
from openbioner_batch.formats.registry import FORMATS, GOLD_SUFFIXES, FormatRegistration, GoldRegistration


def test_what_is_known_of_a_corpus_holds_together() -> None:
    assert list(known_corpora()) == ["NCBI-disease", "BC5CDR", "BC2GM", "JNLPBA", "AnatEM"]
    for corpus in known_corpora().values():
        for name in (*corpus.labels.values(), *corpus.raw_labels.values()):
            assert load_catalog().lookup(name).name == name
        assert parse_views(corpus.view)
        assert corpus.citation
        assert all(canonical_name(alias) == corpus.name for alias in (corpus.name, *corpus.aliases))
        assert all(known_corpus(other) is None for other in corpus.shares_text_with)


@pytest.mark.parametrize(
    ("name", "corpus"),
    [
        ("bc5cdr", "BC5CDR"),
        ("bigbio/bc5cdr", "BC5CDR"),
        ("BioCreative V CDR", "BC5CDR"),
        ("BC5CDR_Test.PubTator.gz", "BC5CDR"),
        ("ncbi_disease", "NCBI-disease"),
        ("NCBIdisease_Test.PubTator.gz", "NCBI-disease"),
        ("jnlpba-train", "JNLPBA"),
        ("GNormPlus", None),
        ("BioNLP13-CG", None),
    ],
)
def test_a_corpus_is_recognised_by_its_names(name: str, corpus: str | None) -> None:
    known = known_corpus(name)
    assert (known.name if known else None) == corpus


def test_formats_are_told_by_suffix_or_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.bioes").write_text("lung\tB-site\ncancer\tE-site\n\nx\tO\n")
    (tmp_path / "a.PubTator").write_text("7|t|Zinc.\n7|a|\n7\t0\t4\tZinc\tDrug\n")
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": 1, "text": "Zinc.", "spans": [[0, 4, "Drug"]]}))
    (tmp_path / "brat").mkdir()
    (tmp_path / "brat" / "n.txt").write_text("Zinc.")
    (tmp_path / "brat" / "n.ann").write_text("T1\tDrug 0 4\tZinc\nT2\tDrug 0 1;3 4\tZc\n")
    tokens = read_corpus(tmp_path / "a.bioes")
    assert (tokens.level, tokens.unit, tokens.texts, tokens.ids) == ("tokens", "sentences", ("lung cancer", "x"), None)
    for path, ids in (("a.PubTator", ("7",)), ("a.jsonl", ("1",)), ("brat", ("n",))):
        corpus = read_corpus(tmp_path / path)
        assert (corpus.level, corpus.unit, corpus.ids, corpus.labels) == ("characters", "documents", ids, {"Drug"})
        assert corpus.discontinuous == (path == "brat")
    (tmp_path / "a.txt").write_bytes((tmp_path / "a.PubTator").read_bytes())
    with pytest.raises(UsageError, match="say which with --format, one of jsonl, pubtator, brat, iob"):
        read_corpus(tmp_path / "a.txt")
    assert read_corpus(tmp_path / "a.txt", "pubtator").ids == ("7",)
    with pytest.raises(UsageError, match="--format xml: expected one of"):
        read_corpus(tmp_path / "a.txt", "xml")


@pytest.mark.parametrize("name", ["a.iob.bz2", "a.tsv.xz", "a.jsonl.bz2", "a.json.xz"])
def test_packed_corpora_are_told_by_their_names(tmp_path: Path, name: str) -> None:
    is_json = ".json" in name
    content = b'{"id": 1, "text": "Zinc.", "spans": [[0, 4, "Drug"]]}' if is_json else b"Zinc\tB-Drug\n"
    (tmp_path / name).write_bytes((bz2 if name.endswith("bz2") else lzma).compress(content))
    corpus = read_corpus(tmp_path / name)
    assert (corpus.name, corpus.labels) == ("a", {"Drug"})


def test_a_corpus_in_utf16_is_to_be_converted(tmp_path: Path) -> None:
    (tmp_path / "a.iob").write_text("Zinc\tO\n", "utf-16")
    with pytest.raises(UsageError, match="it is UTF-16, convert it to UTF-8 first"):
        read_corpus(tmp_path / "a.iob")


def test_a_registration_of_gold_spans_is_all_that_evaluation_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gold = GoldRegistration("pubtator:read_pubtator")
    monkeypatch.setitem(FORMATS, "mine", FormatRegistration("none:None", "a line", gold=gold))
    monkeypatch.setitem(GOLD_SUFFIXES, "mine", (".mine",))
    (tmp_path / "a.mine").write_text("7|t|Zinc.\n7|a|\n7\t0\t4\tZinc\tDrug\n")
    assert read_corpus(tmp_path / "a.mine").ids == ("7",)
    gold = GoldRegistration("iob:read_iob", tokenised=True)
    monkeypatch.setitem(FORMATS, "mine", FormatRegistration("none:None", "a line", gold=gold))
    (tmp_path / "a.mine").write_text("Zinc\tB-Drug\n")
    assert read_corpus(tmp_path / "a.mine").level == "tokens"


def test_a_folder_is_read_as_the_format_of_pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"holds no \.ann files"):
        read_corpus(tmp_path)
    monkeypatch.setitem(FORMATS, "pubtator", replace(FORMATS["pubtator"], paired=True))
    with pytest.raises(UsageError, match="IsADirectoryError; expected a file"):
        read_corpus(tmp_path)


def test_sentences_of_marked_documents_are_drawn_together(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("-DOCSTART-\tO\n\na\tO\n\nb\tO\n\n-DOCSTART-\tO\n\nc\tO\n")
    corpus = read_corpus(path)
    assert (corpus.documents.tolist(), corpus.unit) == ([0, 0, 1], "documents")


def test_a_known_corpus_needs_no_types_in_either_distribution(tmp_path: Path) -> None:
    folder = tmp_path / "NCBI-disease"
    folder.mkdir()
    (folder / "devel.tsv").write_text("fever\tB-Disease\n")
    (folder / "NCBI_test.PubTator").write_text("7|t|Fever.\n7|a|\n7\t0\t5\tFever\tSpecificDisease\n")
    for corpus, labels in ((folder, ["Disease"]), (folder / "NCBI_test.PubTator", None)):
        settings = EvaluateSettings(str(corpus), split="devel")
        ((name, path),) = find_corpora(settings).items()
        task = read_task(settings, name, path)
        assert {kind.name for kind in task.labels.types.values()} == {"disease"}
        assert task.corpus.name == "NCBI-disease"
        assert labels is None or list(task.labels.types) == labels
    assert list(find_corpora(EvaluateSettings(str(tmp_path), split="devel"))) == ["NCBI-disease"]
    with pytest.raises(UsageError, match="has no BC2GM/devel"):
        find_corpora(EvaluateSettings(str(tmp_path), split="devel", corpora=("BC2GM",)))
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        UsageError, match=r"empty holds no corpus: expected folders such as NCBI-disease, each with test"
    ):
        find_corpora(EvaluateSettings(str(tmp_path / "empty")))
    with pytest.raises(UsageError, match="--types is for one corpus"):
        read_task(EvaluateSettings(str(tmp_path), types="Disease=drug"), "NCBI-disease", folder / "devel.tsv")


def test_an_unknown_corpus_needs_types(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "test.tsv").write_text("fever\tB-Sign\n")
    settings = EvaluateSettings(str(tmp_path / "mine" / "test.tsv"))
    with pytest.raises(UsageError, match=r"with its labels \(Sign\): say with --types"):
        read_task(settings, "", tmp_path / "mine" / "test.tsv")
    assert read_corpus(tmp_path / "mine" / "test.tsv").name == "mine"


def test_sentences_are_joined_in_blocks_that_both_forms_share(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("\n".join(f"No\tO\nlung\tB-site\ncancer{n}\tI-site\n" for n in range(21)))
    corpus = read_corpus(path)
    alone, joined = in_blocks(corpus, 8)
    assert alone.texts == corpus.texts
    assert alone.documents.tolist() == [0] * 8 + [1] * 8 + [2] * 5
    assert joined.texts == tuple(" ".join(corpus.texts[first : first + 8]) for first in (0, 8, 16))
    assert joined.documents.tolist() == [0, 1, 2]
    assert [len(spans) for spans in joined.spans] == [8, 8, 5]
    for text, spans in zip(joined.texts, joined.spans, strict=True):
        assert [text[span.start : span.end] for span in spans] == [span.text for span in spans]
    some, some_joined = in_blocks(corpus, 8, limit=17)
    assert some.texts == corpus.texts[:16]
    assert some_joined.texts == joined.texts[:2]
    assert [one.texts for one in in_blocks(corpus, 8, limit=21)] == [corpus.texts, joined.texts]


def test_sentences_of_other_documents_are_not_joined(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    documents = ("".join(f"w{n}\tO\n\n" for n in range(size)) for size in (3, 1, 4))
    path.write_text("".join(f"-DOCSTART-\tO\n\n{sentences}" for sentences in documents))
    corpus = read_corpus(path)
    alone, joined = in_blocks(corpus, 2)
    assert alone == corpus
    assert joined.texts == ("w0 w1", "w2", "w0", "w0 w1", "w2 w3")
    assert joined.documents.tolist() == [0, 0, 1, 2, 2]
    some, some_joined = in_blocks(corpus, 2, limit=5)
    assert some_joined.texts == ("w0 w1", "w2", "w0 w1")
    assert some.texts == ("w0", "w1", "w2", "w0", "w1")
    assert set(some.documents) == set(some_joined.documents) == {0, 1}
