"""The challenge set is what it says it is, and is scored by what stands in the text."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from openbioner_batch.catalog import load_catalog
from openbioner_batch.deid.replacing import Edit
from openbioner_batch.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]


def edit(start: int, end: int, new_start: int, new_end: int) -> Edit:
    return Edit(start, end, new_start, new_end, "other_identifier", ("model",), 1.0, "surrogate", "done")


def test_snippets_are_marked_with_types_of_the_catalog_and_traps_with_none() -> None:
    from deid_challenge import PARTS, read_snippets

    phi = load_catalog().set_named("phi")
    assert phi is not None
    parts = {
        name: [read_snippets(folder / f"{kind}.txt") for kind in ("snippets", "traps")]
        for name, folder in PARTS.items()
    }
    assert len(parts["first"][0]) >= 150
    assert len(parts["second"][0]) >= 75
    assert len(parts["first"][1]) >= 60
    snippets, traps = ([one for part in parts.values() for one in part[kind]] for kind in (0, 1))
    for snippet in snippets:
        assert "](" not in snippet.text
        for gold in snippet.gold:
            assert not gold.type or phi.named(gold.type), gold.type
            assert snippet.text[gold.start : gold.end].strip() == snippet.text[gold.start : gold.end] != ""
    assert not any(trap.gold or "](" in trap.text for trap in traps)
    texts = [one.text for one in [*snippets, *traps]]
    assert len(set(texts)) == len(texts)


SPOKEN = "double one two three four five six seven eight nine".split()


def test_marks_lie_in_order_and_cut_no_identifier_short() -> None:
    """Of each part; of the hold-outs also that a marked name or number stands nowhere else in its snippet unmarked."""
    from deid_challenge import PARTS, read_snippets

    # A colour, a fracture, a scale, a service or a word of English beside the name; words of a spoken date.
    also_words = {
        "Dive",
        "IVF",
        "LTV",
        "MFM",
        "PDM",
        "Peds",
        "Sandy",
        "Colles",
        "Glasgow",
        "APS",
        "Dental",
        "Guardianship",
        "Major",
        "the",
        "and",
        "nurse",
        *SPOKEN,
    }
    for name, folder in PARTS.items():
        for snippet in read_snippets(folder / "snippets.txt"):
            places = [place for gold in snippet.gold for place in range(gold.start, gold.end)]
            assert places == sorted(set(places))
            assert not places or places[-1] < len(snippet.text)
            for gold in snippet.gold if name not in ("first", "second") else ():
                for part in re.findall(r"[^\W\d_]{3,}|\d[\d./-]{3,}", snippet.text[gold.start : gold.end]):
                    same = re.finditer(rf"(?<!\w){re.escape(part)}(?!\w)", snippet.text)
                    assert part in also_words or all(one.start() in places for one in same), part


@pytest.mark.parametrize(
    ("part", "size", "readme"),
    [
        ("third", 80, "openbioner_batch/evaluation/README.md"),
        ("fourth", 60, "openbioner_batch/evaluation/README.md"),
        ("fifth", 64, "openbioner_batch/evaluation/README.md"),
        ("eighth", 230, "openbioner_batch/evaluation/README.md"),
        ("ninth", 160, "openbioner_batch/evaluation/README.md"),
        ("tenth", 160, "openbioner_batch/evaluation/README.md"),
        ("eleventh", 160, "openbioner_batch/evaluation/README.md"),
        ("twelfth", 114, "openbioner_batch/evaluation/README.md"),
        ("thirteenth", 118, "openbioner_batch/evaluation/README.md"),
    ],
)
def test_a_hold_out_is_of_the_size_a_readme_gives_and_in_words_of_its_own(part: str, size: int, readme: str) -> None:
    from deid_challenge import PARTS, read_snippets

    snippets = {name: read_snippets(folder / "snippets.txt") for name, folder in PARTS.items()}
    traps = {name: read_snippets(folder / "traps.txt") for name, folder in PARTS.items()}
    types = [gold.type for one in snippets[part] for gold in one.gold if gold.type]
    ages = types.count("age_over_89")
    assert len(snippets[part]) == size
    row = f"| {part} | {size}, {len(types):,}, {ages}, {len(traps[part])} |"
    assert row in (ROOT / readme).read_text("utf-8")

    def eights(name: str) -> set[str]:
        """Eight words in a row: fewer may be a stock phrase ("cm above carina, R IJ tip")."""
        words = [one.text.split() for one in [*snippets[name], *traps[name]]]
        return {" ".join(line[at : at + 8]) for line in words for at in range(len(line) - 7)}

    assert not eights(part) & set().union(*(eights(name) for name in PARTS if name != part))


def test_nothing_of_the_set_is_a_failing_input_or_training_text(shared: Path) -> None:
    """No five words in a row are shared with the cases; no line of the grammar stands in the set."""
    from deid_challenge import PARTS, read_snippets

    from openbioner_batch.training.phi.synthetic.resources import _load

    files = [folder / name for folder in PARTS.values() for name in ("snippets.txt", "traps.txt")]
    texts = [one.text for path in files for one in read_snippets(path)]
    cases = "\n".join(path.read_text("utf-8") for path in (shared / "cases" / "deid").rglob("*.jsonl"))
    for text in texts:
        words = text.split()
        for start in range(len(words) - 4):
            assert " ".join(words[start : start + 5]) not in cases
    lines = {line for rule in _load("terse").values() for line in rule}
    assert not lines & set(texts)


def test_leaks_edits_outside_and_changed_numbers_are_counted() -> None:
    from deid_challenge import Outcome, _snippet, changed_numbers, score

    snippet = _snippet("[Ann Lee](patient_name) INR 2.4, [93yo](age_over_89), [maybe](), [12](room_number)")
    text = snippet.text
    assert text == "Ann Lee INR 2.4, 93yo, maybe, 12"
    new = "Ann [NAME] INR 7.1, 90+yo, maybe, 12"
    edits = (edit(4, 7, 4, 10), edit(12, 15, 15, 18), edit(17, 19, 20, 23))
    outcome = Outcome(snippet, new, edits)
    assert new[15:18] == "7.1"
    counts = score([outcome], [])
    assert (counts["identifiers"], counts["leaked_whole"], counts["leaked_in_part"]) == (3, 1, 1)
    assert counts["leaked_whole_by_type"] == {"room_number": 1}
    assert counts["edits_outside_in_snippets"] == 1
    assert changed_numbers(outcome) == [("2.4", "7.1")]
    tagged = Outcome(snippet, "Ann Lee INR [ID_1], 93yo", (edit(12, 15, 12, 18),))
    assert changed_numbers(tagged) == []


def test_the_script_scores_without_a_model(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "deid_challenge.py"), "--model", "none", "--json",
         str(tmp_path / "found.json")],
        capture_output=True, text=True, timeout=200, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["snippets"] >= 150
    assert 0 < found["leaked_whole"] < found["identifiers"]
    assert found["ages_over_89"] > 15


def test_a_model_alone_needs_a_model() -> None:
    from click.testing import CliRunner
    from deid_challenge import main

    result = CliRunner().invoke(main, ["--model", "none", "--alone"])
    assert isinstance(result.exception, UsageError)
    assert "--alone needs a --model" in str(result.exception)
