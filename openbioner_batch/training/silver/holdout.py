"""Holds types out of silver data, with all near ones, for a test on types that a model never saw."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from hashlib import sha256

import numpy as np
import pyarrow as pa

from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import parquet_bytes
from openbioner_batch.model.location import resolve_checkpoint
from openbioner_batch.training.nearness import NearTypes, TypeFacts, mention_key
from openbioner_batch.training.passages import AnnotatedPassage
from openbioner_batch.training.silver.claiming import claim
from openbioner_batch.training.silver.made_settings import HoldoutSettings
from openbioner_batch.training.silver.schema import DESCRIPTION_SCHEMA, passages_table
from openbioner_batch.training.sources import passage_groups, read_descriptions, read_passages
from openbioner_batch.training.trained_types import types_of_passages, types_of_sources

TRAIN, HELDOUT, KEPT = "train", "heldout", "kept"
REPORT = "holdout.json"
STATE = "_run/holdout.json"
DESCRIPTION_TOKENS = 64
"""The most tokens of a description for the encoder."""
_ROWS = 2000
_Near = Callable[[str], dict[str, str]]


@dataclass(slots=True)
class HoldoutReport:
    """The held-out types and passages."""

    output: str
    types: int = 0
    near_beside: int = 0
    """Types near one of the other training data, which cannot be held out."""
    held: dict[str, dict[str, str]] = field(default_factory=dict)
    """Each type removed from the training data: for which drawn type, and why they are near."""
    tested: list[str] = field(default_factory=list)
    """Held-out types that are not near any type of the training data, and that the test passages mention."""
    passages: dict[str, int] = field(default_factory=dict)
    mentions: dict[str, int] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Where both parts are."""
        return f"{self.output}: silver data without some types, and a test on those"

    def lines(self) -> list[tuple[str, str]]:
        """Labels and values to show."""
        counts = [
            (f"{part}: {kind}", f"{getattr(self, kind)[part]:,}")
            for part in (TRAIN, HELDOUT, KEPT)
            for kind in ("passages", "mentions")
        ]
        return [
            ("types", f"{self.types:,}"),
            ("  near other training data", f"{self.near_beside:,}"),
            ("  held out, with near ones", f"{len(self.held):,}"),
            ("  tested", f"{len(self.tested):,}"),
            *counts,
        ]


def hold_out(settings: HoldoutSettings) -> HoldoutReport:
    """Write three folders of silver data, the same for the same request.

    - `train`: the passages to train on, without the held-out types. Where a mention of one stood and no other mention
      stands, the stretch is unsure, so that it is no negative example for other types either.
    - `heldout`: the test passages with the mentions of held-out types that are not near any type of the training data.
    - `kept`: the same passages with the mentions of the types that were not held out.

    The test passages have a closed list: the types that they mention, and `absent` others of the same folder that
    are near none of theirs and share no mention with them.

    Types are drawn by the hash of their names, passages by that of their documents' ids. All types near a drawn type,
    by `nearness.py`, are held out with it.

    Raises:
        UsageError: a folder has no silver data, or the output holds something else.
    """
    store = Store(settings.output)
    passages = [passage for group in passage_groups(settings.silver) for passage in read_passages(group)]
    rows = list(read_descriptions(settings.silver))
    claim(store, STATE, asdict(settings), (TRAIN, HELDOUT, KEPT))
    descriptions: dict[str, tuple[str, ...]] = {}
    for name, _, text in rows:
        descriptions[name] = (*descriptions.get(name, ()), text)
    facts = {kind.name: kind for kind in types_of_passages(passages, descriptions)}
    beside = types_of_sources([settings.beside]) if settings.beside else []
    near, blocked = _nearness(facts, beside, settings.encoder)
    held = choose_types(facts, blocked, near, settings.share)
    train, test = _split(passages, settings.test_share)
    clean = {n for n in held if n in descriptions and n not in blocked and near(n).keys() <= held.keys()}
    left = facts.keys() - held.keys()
    report = HoldoutReport(store.url, len(facts), len(blocked), held, sorted(_mentioned(test) & clean))
    _write(store, TRAIN, [without_types(passage, held) for passage in train], rows, left, report)
    for part, names in ((HELDOUT, clean), (KEPT, left & descriptions.keys())):
        _write(store, part, close_passages(test, names, facts, near, settings.absent), rows, names, report)
    store.put(REPORT, json.dumps({**asdict(settings), **asdict(report)}, indent=1).encode())
    return report


def choose_types(names: Iterable[str], blocked: set[str], near: _Near, share: float) -> dict[str, dict[str, str]]:
    """The types to hold out: drawn ones, each with all that are near it, until they are `share` of all.

    Args:
        names: of all types.
        blocked: types that must not be drawn.
        near: the types near one of these names, itself among them, and why.
        share: of the types.

    Returns:
        For each type that is held out `{"for": drawn type, "near by": reason}`.
    """
    order = sorted(names, key=_hash)
    held: dict[str, dict[str, str]] = {}
    for name in order:
        if len(held) >= share * len(order):
            break
        if name in blocked or name in held:
            continue
        held[name] = {"for": name, "near by": "drawn"}
        for other, reason in near(name).items():
            held.setdefault(other, {"for": name, "near by": reason})
    return dict(sorted(held.items()))


def without_types(passage: AnnotatedPassage, names: Iterable[str]) -> AnnotatedPassage:
    """A passage without the mentions of some types; the parts of these that no other mention covers are unsure."""
    names = set(names)
    kept = tuple(mention for mention in passage.mentions if mention.type not in names)
    bare = np.zeros(len(passage.text), np.bool_)
    for mention in passage.mentions:
        if mention.type in names:
            bare[mention.start : mention.end] = True
    for mention in kept:
        bare[mention.start : mention.end] = False
    edges = np.flatnonzero(np.diff(bare, prepend=False, append=False)).tolist()
    ranges = {*passage.unsure, *zip(edges[::2], edges[1::2], strict=True)}
    annotated = None if passage.annotated is None else tuple(name for name in passage.annotated if name not in names)
    return replace(passage, mentions=kept, unsure=tuple(sorted(ranges)), annotated=annotated)


def close_passages(
    passages: Sequence[AnnotatedPassage], names: Iterable[str], facts: Mapping[str, TypeFacts], near: _Near, absent: int
) -> list[AnnotatedPassage]:
    """Passages with the mentions of some types only and a closed list of them: those present, and some surely absent.

    Absent ones are drawn, by hash, from those of `names` that any of the passages mentions. They are not near any type
    of the passage, in `names` or not, and share no frequent mention with it.
    """
    names = set(names)
    pool = sorted(_mentioned(passages) & names)
    near_names: dict[str, set[str]] = {}
    closed: list[AnnotatedPassage] = []
    for passage in passages:
        present = dict.fromkeys(mention.type for mention in passage.mentions)
        for name in present:
            if name not in near_names:
                near_names[name] = set(near(name))
        taken = set(present).union(*(near_names[name] for name in present))
        mentioned = {mention_key(passage.text[m.start : m.end]) for m in passage.mentions}
        sure = (n for n in pool if n not in taken and mentioned.isdisjoint(facts[n].mentions))
        drawn = sorted(sure, key=lambda name: _hash(f"{passage.passage_id}/{name}"))[:absent]
        queried = tuple(sorted({*(name for name in present if name in names), *drawn}))
        kept = tuple(mention for mention in passage.mentions if mention.type in names)
        closed.append(replace(passage, mentions=kept, annotated=queried))
    return closed


def _nearness(
    facts: Mapping[str, TypeFacts], beside: Sequence[TypeFacts], encoder: str | None
) -> tuple[_Near, set[str]]:
    """For each type of `facts` its near ones, and which types are near one of `beside`."""
    own_types = list(facts.values())
    vectors, other_vectors = (_vectors(types, encoder) for types in (own_types, beside))
    own, others = NearTypes(own_types, vectors), NearTypes(beside, other_vectors)
    places = {kind.name: place for place, kind in enumerate(own_types)}

    def vector(name: str) -> np.ndarray | None:
        return None if vectors is None else vectors[places[name]]

    def near(name: str) -> dict[str, str]:
        return own.near(facts[name], vector(name))

    return cache(near), {name for name in facts if others.near(facts[name], vector(name))}


def _vectors(types: Sequence[TypeFacts], encoder: str | None) -> np.ndarray | None:
    """[types, hidden] of unit length: the mean state of each type's first description, or of its name."""
    if encoder is None or not types:
        return None
    from openbioner_batch.model.checkpoint import load_backbone
    from openbioner_batch.model.reading import load_tokenizer, read_config
    from openbioner_batch.training.likeness import text_vectors

    directory = resolve_checkpoint(encoder)
    tokenizer = load_tokenizer(directory)
    texts = [next(iter(kind.descriptions), kind.name.replace("_", " ")) for kind in types]
    ids = [tokenizer.ids(text)[:DESCRIPTION_TOKENS] for text in texts]
    return text_vectors(load_backbone(directory, read_config(directory), 0), ids, tokenizer)


def _split(
    passages: Sequence[AnnotatedPassage], test_share: float
) -> tuple[list[AnnotatedPassage], list[AnnotatedPassage]]:
    """The passages to train on and to test on; those of one document stay together."""
    test = [_hash(p.passage_id.rpartition("/")[0] or p.passage_id) < test_share * 2**64 for p in passages]
    parts = [[p for p, tests in zip(passages, test, strict=True) if tests is wanted] for wanted in (False, True)]
    return parts[0], parts[1]


def _mentioned(passages: Iterable[AnnotatedPassage]) -> set[str]:
    return {mention.type for passage in passages for mention in passage.mentions}


def _write(
    store: Store,
    part: str,
    passages: Sequence[AnnotatedPassage],
    descriptions: Iterable[tuple[str, str, str]],
    names: Iterable[str],
    report: HoldoutReport,
) -> None:
    for number, first in enumerate(range(0, len(passages), _ROWS)):
        table = passages_table(passages[first : first + _ROWS])
        store.put(f"{part}/passages/{number:06d}.parquet", parquet_bytes(table))
    names = set(names)
    rows = [dict(zip(DESCRIPTION_SCHEMA.names, row, strict=True)) for row in descriptions if row[0] in names]
    table = pa.Table.from_pylist(rows, schema=DESCRIPTION_SCHEMA)
    store.put(f"{part}/descriptions/000000.parquet", parquet_bytes(table))
    report.passages[part] = len(passages)
    report.mentions[part] = sum(len(passage.mentions) for passage in passages)


def _hash(name: str) -> int:
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big")
