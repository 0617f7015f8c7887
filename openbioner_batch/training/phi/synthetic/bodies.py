"""Cuts clinical text without names from a corpus of real notes."""

from __future__ import annotations

import gzip
import json
import random
import re
from functools import cache
from pathlib import Path

from openbioner_batch.errors import UsageError
from openbioner_batch.training.phi.synthetic.resources import templates, words
from openbioner_batch.training.phi.synthetic.splits import split_of

_SUSPECT = re.compile(
    r"\b(?:Dr|Drs|Mr|Mrs|Ms|Miss|Prof)\b\.?|\b(?:Doe|ABC|XYZ|X{2,}|Hospital|Clinic|Center|University|County|Street|"
    r"phone|"
    r"January|February|March|April|May|June|July|August|September|October|November|December|Monday|Tuesday|Wednesday|"
    r"Thursday|Friday|Saturday|Sunday|Christmas|Easter|Thanksgiving|M\.?D\.?|R\.?N\.?|PA-C|Ph\.?D|John|Mary|Smith)\b|"
    r"\d{1,2}[/-]\d{1,2}[/-]\d{2,4}|\b\d{1,2}/\d{2,4}\b|\b(?:19|20)\d\d\b|\d{5,}|\d{3}-\d{3}|\b9\d[- ]year|"
    r"_{2,}|\*{2,}|[\[\]<>]|@"
)
"""Sentences that match may hold an unannotated identifier; they are not used."""
_PLACES = (*words("towns"), *words("countries"), *words("states").values(), "United States")
_PLACE = re.compile(rf"\b(?:{'|'.join(map(re.escape, _PLACES))})\b")
_UNKNOWN_NAME = re.compile(
    r"(?<![.:,;!?\n]) (?:[A-Z][a-z]+ ){1,2}(?:works|lives|states that)|"
    r"\b(?:wife|husband|son|daughter|mother|father|sister|brother),? [A-Z][a-z]+"
)
_SENTENCE = re.compile(r"(?<=[.?!])\s+")
_PATIENT = re.compile(r"\b(?:The|the) patient\b(?!')")
_NAMES = ("<<pt:title>>", "<<pt:title>>", "<<pt:last>>", "<<pt:first>>", "<<pt>>")
SHORTEST = 200
"""The fewest letters of a run of clean sentences that is used as a body."""


def draw_body(chance: random.Random, split: str | None, corpus: Path | None) -> str:
    """A few paragraphs as a template: of a note in `corpus` that is in `split`, or one of our own without a corpus.

    Now and then a name replaces "the patient".
    """
    if corpus is None:
        return chance.choice(templates("bodies", split))
    run = chance.choice(clean_runs(corpus, split))
    sentences = _SENTENCE.split(run)
    length = chance.randint(2, 12)
    start = chance.randrange(max(1, len(sentences) - length + 1))
    body = " ".join(sentences[start : start + length])
    rate = chance.choice((0.0, 0.1, 0.4))
    return _PATIENT.sub(lambda match: chance.choice(_NAMES) if chance.random() < rate else match[0], body)


@cache
def clean_runs(corpus: Path, split: str | None) -> list[str]:
    """Runs of consecutive sentences without anything suspect, from the notes of a split.

    Args:
        corpus: JSON lines, gzipped or not, with `id` and `text`.
        split: `train`, `development`, `test`; None for all.

    Raises:
        UsageError: no note of the split has such a run.
    """
    runs: list[str] = []
    with (
        gzip.open(corpus, "rt", encoding="utf-8") if corpus.suffix == ".gz" else corpus.open(encoding="utf-8") as lines
    ):
        for line in lines:
            note = json.loads(line)
            if split is None or split_of(str(note["id"])) == split:
                runs += _clean(note["text"])
    if not runs:
        notes = f"the notes of the split {split}" if split else "the notes"
        raise UsageError(
            f"{corpus}: {notes} hold no {SHORTEST} letters of consecutive sentences without a name, place, date or "
            "long number: give more or longer notes"
        )
    return runs


def _clean(text: str) -> list[str]:
    runs, run = [], []
    for sentence in [*_SENTENCE.split(text), ""]:
        if sentence and not any(doubt.search(sentence) for doubt in (_SUSPECT, _PLACE, _UNKNOWN_NAME)):
            run.append(sentence)
            continue
        if len(joined := " ".join(run)) >= SHORTEST:
            runs.append(joined)
        run = []
    return runs
