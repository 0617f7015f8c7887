"""Made-up annotated passages: what `pretrain` reads, written as `silver` writes it."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.silver.schema import DESCRIPTION_SCHEMA, passages_table

NAMES = {"drug": ["aspirin"], "disease": ["lung cancer", "fever"], "gene": ["p53", "gene p53"]}
DESCRIPTIONS = {"drug": "a drug that was given", "disease": "a sign of cancer", "gene": "a gene of mice"}
_BEFORE = ("The patient was given ", "No sign of ", "Mice with ")
_AFTER = (" in mice. ", " with dose. ", " was given. ")


def synthetic_passage(number: int, annotated: tuple[str, ...] | None = None) -> AnnotatedPassage:
    """A passage of a few sentences; the same for the same number."""
    chance = random.Random(number)
    text, mentions = "", []
    for _ in range(chance.randint(1, 4)):
        kind = chance.choice(list(NAMES))
        name = chance.choice(NAMES[kind])
        text += chance.choice(_BEFORE)
        mentions.append(AnnotatedMention(len(text), len(text) + len(name), kind))
        text += name + chance.choice(_AFTER)
    return AnnotatedPassage(str(number), "synthetic", text, tuple(mentions), (), annotated)


def write_silver(folder: Path, passages: int = 120, files: int = 3) -> Path:
    """A folder of passages and descriptions (two views of each type); returns it."""
    (folder / "passages").mkdir(parents=True)
    (folder / "descriptions").mkdir()
    for file in range(files):
        some = [synthetic_passage(number) for number in range(file, passages, files)]
        pq.write_table(passages_table(some), folder / "passages" / f"part-{file}.parquet", row_group_size=25)
    rows = [
        {"entity_type": kind, "view": view, "description": text}
        for kind, definition in DESCRIPTIONS.items()
        for view, text in (("definition", definition), ("examples", f"{definition} such as {NAMES[kind][0]}"))
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=DESCRIPTION_SCHEMA), folder / "descriptions" / "types.parquet")
    return folder
