"""The probe of pairs of descriptions: what a pair is, and that only a reader of descriptions passes it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from glossaries import LINE, late_checkpoint, with_glossary

import openbioner_batch.training
from openbioner_batch.catalog.loader import load_yaml
from openbioner_batch.records import Span
from openbioner_batch.training.marks import read_marks

FILES = sorted((Path(__file__).parents[2] / "benchmarks" / "pairs").glob("*.yaml"))


def spans(pair: Any, *sides: str) -> list[Span]:
    return [Span(a, b, "mention", 0.9, pair.text[a:b]) for side in sides for a, b in pair.mentions[side]]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_there_are_pairs_of_each_kind_and_their_mentions_stand_in_plain_text(file: Path) -> None:
    from description_pairs import read_pairs

    pairs = read_pairs(file)
    kinds = Counter(pair.kind for pair in pairs)
    assert kinds["siblings"] >= 30
    assert min(kinds["nonsense"], kinds["complement"]) >= 4
    for pair in pairs:
        assert not set("[]|") & set(pair.text)
        assert pair.descriptions["a"] != pair.descriptions["b"]
        assert pair.mentions["a"]
        if pair.kind != "complement":  # which may mark what its b describes too
            assert bool(pair.mentions["b"]) == (pair.kind == "siblings")
    assert len({pair.text for pair in pairs}) == len(pairs)


def test_who_reads_the_description_tells_a_pair_apart_and_who_does_not_never() -> None:
    from description_pairs import judge, read_pairs

    for pair in read_pairs():
        sides = {description: side for side, description in pair.descriptions.items()}
        assert all(judge(pair, lambda _, told, pair=pair, sides=sides: spans(pair, sides[told])).values())
        for ignorant in (("a", "b"), ("a",), ("b",), ()):
            assert not all(judge(pair, lambda *_, pair=pair, ignorant=ignorant: spans(pair, *ignorant)).values())


def test_pairs_and_conditions_are_counted_by_kind() -> None:
    from description_pairs import judge, read_pairs, summary

    first, *_, last = read_pairs()
    rows = summary([first, last], [judge(pair, lambda *_: []) for pair in (first, last)])
    assert rows == {
        "siblings": {"pairs": 1, "told apart": 0, "conditions": 4, "held": 2},
        "complement": {"pairs": 1, "told apart": 0, "conditions": 2, "held": 1},
        "all": {"pairs": 2, "told apart": 0, "conditions": 6, "held": 3},
    }


def test_a_glossary_is_handed_to_the_model_and_named_in_the_report(checkpoint: Path, tmp_path: Path) -> None:
    from description_pairs import main

    (tmp_path / "own.txt").write_text(LINE)
    model = with_glossary(late_checkpoint(tmp_path / "tiny"), tmp_path / "model")
    options = ["--quick", "--devices", "cpu", "--dtype", "float32", "--json", str(tmp_path / "report.json")]
    for given, digest in (((), None), (("--glossary", str(tmp_path / "own.txt")), r"[0-9a-f]{64}")):
        result = CliRunner().invoke(main, [*options, "--model", str(model), *given], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        found = json.loads((tmp_path / "report.json").read_text()).get("glossary")
        assert found is digest is None or re.fullmatch(digest or "", found)
    refused = CliRunner().invoke(main, [*options, "--model", str(checkpoint), *given])
    assert refused.exit_code == 1
    assert "has no glossary.safetensors" in refused.output


def test_no_passage_of_the_package_has_a_sentence_of_a_pair_or_a_description_of_the_first_file() -> None:
    from description_pairs import read_pairs

    described = {_bare(description) for pair in read_pairs() for description in pair.descriptions.values()}
    texts = {_bare(pair.text) for file in FILES for pair in read_pairs(file)}
    for name in ("siblings", "wide", "varied", "projects"):
        folder = Path(openbioner_batch.training.__file__).parent / name
        types = [_bare(line.split("\t")[2]) for line in _lines(folder, "*.tsv")]
        assert types
        assert not described & set(types)
        assert not texts & {_bare(read_marks(line)[0]) for line in _lines(folder, "*.txt")}
    for path in sorted((Path(openbioner_batch.training.__file__).parent / "names").glob("*.yaml")):
        classes = load_yaml(path.read_bytes(), str(path))
        assert not described & {_bare(text) for entry in classes.values() for text in entry["is"]}


def _lines(folder: Path, pattern: str) -> Iterator[str]:
    for file in sorted(folder.glob(pattern)):
        yield from file.read_text("utf-8").splitlines()


def _bare(text: str) -> str:
    """Words in small letters, without an article at the beginning."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return " ".join(words[1:] if words[:1] and words[0] in ("a", "an", "the") else words)
