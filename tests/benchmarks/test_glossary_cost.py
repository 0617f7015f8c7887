"""What a glossary costs: both sides tag the same texts in turns; no time is judged."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from glossaries import OWN_NAME, late_checkpoint, with_glossary

from openbioner_batch.errors import UsageError
from openbioner_batch.model import Calibration, write_calibration
from openbioner_batch.model.glossary import Glossary, GlossaryEntry

pytestmark = pytest.mark.usefixtures("one_thread")

NAMES = tuple(f"{first}{last}" for first in ("lev", "ben", "cor", "dex", "min") for last in ("etam", "idol", "umab"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return late_checkpoint(tmp_path_factory.mktemp("bare"))


@pytest.fixture
def model(bare: Path, tmp_path: Path) -> Path:
    return with_glossary(bare, tmp_path / "model", OWN_NAME, *NAMES)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(importlib.import_module("glossary_cost").main, [*map(str, arguments)])


def report_of(folder: Path, *arguments: object) -> dict[str, Any]:
    path = folder / "report.json"
    answer = call(*arguments, "--quick", "--dtype", "float32", "--devices", "cpu", "--json", path)
    assert answer.exit_code == 0, answer.output
    report: dict[str, Any] = json.loads(path.read_text())
    assert report["ran_on"]["versions"]["torch"]
    return report


def test_a_case_for_each_number_of_types_has_the_ratios_of_its_pairs(model: Path, tmp_path: Path) -> None:
    report = report_of(tmp_path, "--model", model, "--types", "1,2")
    assert report["inputs"] == "made up"
    assert report["threads"] == 1
    assert 200 <= report["words_per_document"] < 210
    assert report["names_per_document"] == 20
    assert 5 < report["distinct_names"] <= 1 + len(NAMES)
    assert [case["types"] for case in report["cases"]] == [["disease"], ["disease", "drug"]]
    for case in report["cases"]:
        assert (case["documents"], case["dtype"], case["device"]) == (2, "float32", "cpu")
        assert len(case["ratios"]) == 2
        assert case["ratio"]["least"] == min(case["ratios"]) <= case["ratio"]["median"] <= max(case["ratios"])
        assert case["cpu_ratio"]["least"] > 0
        assert set(case["milliseconds_per_document"]) == {"with", "without"}
        assert case["spans"]["without"] != case["spans"]["with"], "one side has the glossary, the other none"


def test_texts_may_be_of_a_file(model: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.jsonl"
    lines = [{"id": str(n), "text": f"Note {n}.\n" + f"He took {OWN_NAME} again.\n" * (8 + n)} for n in range(9)]
    notes.write_text("".join(json.dumps(line) + "\n" for line in lines))
    report = report_of(tmp_path, notes, "--model", model, "--types", "1", "--words", "40")
    assert report["inputs"] == ["notes.jsonl"]
    assert 30 <= report["words_per_document"] <= 40
    assert report["distinct_names"] == 1
    assert report["cases"][0]["spans"]["with"] > 0
    few = call(notes, "--model", model, "--words", "40")
    assert few.exit_code == 1
    assert few.output.endswith("9 documents have 30 words, and 83 are needed: lower --documents\n")


def test_types_that_are_found_without_a_glossary_are_none_of_them(model: Path, tmp_path: Path) -> None:
    write_calibration(model, Calibration(plain_types=("disease", "gene")))
    report = report_of(tmp_path, "--model", model, "--types", "2")
    assert report["cases"][0]["types"] == ["drug", "species"]


def test_a_model_without_a_glossary_is_refused(bare: Path) -> None:
    answer = call("--model", bare, "--quick")
    assert answer.exit_code == 1
    assert answer.output == (
        f"Error: --model {bare}: it has no glossary whose cost could be measured; bundled-open has one\n"
    )


def test_made_up_texts_have_a_name_in_ten_words_and_the_same_each_time() -> None:
    from glossary_cost import made_up_texts

    glossary = Glossary([GlossaryEntry((*NAMES, "pain of the knee", "ab"), ("a thing",))])
    texts = made_up_texts(glossary, 6, 150)
    assert texts == made_up_texts(glossary, 6, 150)
    assert len(set(texts)) == 6
    for text in texts:
        assert 150 <= len(text.split()) < 154
        named = len(list(glossary.find(text)))
        assert 10 <= named <= 15, "the longer name takes the place of four words"
        assert text.count(". ") >= 3
    assert not any(" ab " in text for text in texts), "texts are not searched for it"


def test_documents_are_cut_behind_a_word_and_short_ones_passed_over() -> None:
    from glossary_cost import beginnings

    texts = ["a b  c\nd e", "one  two three", "x y", "f\tg h i"]
    assert sorted(beginnings(texts, 3, 4)) == ["a b  c\nd", "f\tg h i", "one  two three"]
    assert len(beginnings(texts, 2, 4)) == 2
    with pytest.raises(UsageError, match="3 documents have 3 words, and 4 are needed"):
        beginnings(texts, 4, 4)
