"""`openbioner-batch evaluate`: a real model, however small, scored on a corpus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from openbioner_batch.cli.evaluate import command
from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation import evaluate_iob
from openbioner_batch.formats.iob import read_iob
from openbioner_batch.model import EntityType, Tagger

DESCRIPTION = "a drug that is given"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.tsv"
    path.write_text("aspirin\tB-Drug\nwas\tO\ngiven\tO\n\nno\tO\naspirin\tB-Drug\n")
    return path


@pytest.fixture
def type_file(tmp_path: Path) -> Path:
    path = tmp_path / "drug.yaml"
    path.write_text(json.dumps({"drug": DESCRIPTION}))
    return path


def evaluate(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)


def test_json_holds_the_scores_and_what_was_asked(corpus: Path, type_file: Path, checkpoint: Path) -> None:
    answer = evaluate(corpus, "--types", f"Drug={type_file}", "--model", checkpoint, "--device", "cpu", "--json")
    found = json.loads(answer.output)
    tagger = Tagger.from_pretrained(checkpoint, device="cpu")
    assert found["types"] == {"Drug": {"name": "drug", "description": DESCRIPTION}}
    assert found["digest"] == tagger.digest
    scores = evaluate_iob(tagger, corpus, {"Drug": EntityType("drug", DESCRIPTION)})
    assert found["micro"] == scores.as_dict()["micro"]
    assert found["micro"]["gold"] == sum(len(sentence.spans) for sentence in read_iob(corpus)) == 2


def test_the_table_has_a_row_for_each_type_and_the_averages(corpus: Path, type_file: Path, checkpoint: Path) -> None:
    answer = evaluate(corpus, "--types", f"Drug={type_file}", "--model", checkpoint, "--limit", 1)
    assert [line.split()[0] for line in answer.output.splitlines()] == ["type", "Drug", "micro", "macro"]
    assert answer.output.splitlines()[1].split()[4] == "1"  # one gold entity in the first sentence


def test_a_corpus_that_is_not_there_is_the_users_error(type_file: Path, checkpoint: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        evaluate("nowhere.tsv", "--types", f"Drug={type_file}", "--model", checkpoint)
