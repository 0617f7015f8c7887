"""Recovers the templates of synthetic records, so that no template is in both splits."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from openbioner_batch.training.gold.corpora import LabelledDocument

RUN = 4
"""Words in a run: two shapes are compared by the runs they share."""
SHARED = 0.5
"""Shapes that share at least this part of the smaller one's runs are of one family."""
SPLITS = ("development", "test")

_NUMBER = re.compile(r"\d[\d.,:/-]*")
_BLANKS = re.compile(r"(\x00\W*)+")
_WORD = re.compile(r"\x00|\w+|[^\w\s]")


def template_shape(document: LabelledDocument) -> str:
    """The shape of a record, which shows its template.

    Every annotated range is a blank (neighbouring blanks are one), every other number is 0, case and white space
    are ignored.
    """
    pieces, at = [], 0
    for span in sorted(document.spans, key=lambda span: (span.start, -span.end)):
        if span.start >= at:
            pieces += [document.text[at : span.start], " \x00 "]
        at = max(at, span.end)
    bare = "".join([*pieces, document.text[at:]]).lower()
    return " ".join(_WORD.findall(_BLANKS.sub("\x00 ", _NUMBER.sub("0", bare))))


def template_families(documents: Sequence[LabelledDocument]) -> list[str]:
    """For each document the shape that represents its template: the first, in order of text, of all related ones.

    Two shapes are related when they share half of the four-word runs of the smaller one, and so is whatever is related
    to either: one template filled with other complaints, other sentences from one stock, or one form with a line more
    are one family.
    """
    shapes = [template_shape(document) for document in documents]
    unique = sorted(set(shapes))
    overlap = _overlap([_runs(shape.split()) for shape in unique])
    family: dict[int, int] = {}
    for first in range(len(unique)):
        if first in family:
            continue
        family[first], open_shapes = first, [first]
        while open_shapes:
            for akin in np.flatnonzero(overlap[open_shapes.pop()] >= SHARED).tolist():
                if akin not in family:
                    family[akin] = first
                    open_shapes.append(akin)
    representative = {shape: unique[family[index]] for index, shape in enumerate(unique)}
    return [representative[shape] for shape in shapes]


def split_by_template(documents: Sequence[LabelledDocument], name: str) -> list[str]:
    """The split of each document, `development` or `test`: whole families of shapes go to one split, by their hash.

    The hash is salted with the corpus's name and the first number at which either split holds 45 % of the records (or,
    of a thousand numbers, comes nearest to half); nothing else was looked at.

    Args:
        documents: all records of the corpus; the split of one depends on the others.
        name: the corpus's name.
    """
    families = template_families(documents)
    sizes = Counter(families)

    def tests(number: int) -> set[str]:
        return {one for one in sizes if hashlib.sha256(f"{name} {number}\n{one}".encode()).digest()[0] % 2}

    def imbalance(number: int) -> float:
        return abs(sum(sizes[one] for one in tests(number)) / max(1, len(documents)) - 0.5)

    balanced = next((number for number in range(1000) if imbalance(number) <= 0.05), None)
    test = tests(min(range(1000), key=imbalance) if balanced is None else balanced)
    return [SPLITS[family in test] for family in families]


def _runs(words: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + RUN]) for at in range(max(1, len(words) - RUN + 1))}


def _overlap(sets: Sequence[set[tuple[str, ...]]]) -> np.ndarray:
    """[shapes, shapes] the fraction of the smaller one's runs that both have."""
    columns: dict[tuple[str, ...], int] = {}
    for runs in sets:
        for run in sorted(runs):
            columns.setdefault(run, len(columns))
    present = np.zeros((len(sets), len(columns)), np.float32)
    for row, runs in enumerate(sets):
        present[row, [columns[run] for run in runs]] = 1
    sizes = present.sum(1)
    return (present @ present.T) / np.minimum(sizes[:, None], sizes[None, :])
