"""Training data for finding identifiers: passages and descriptions in the layout of silver data.

Sources: the development templates of the two PHI corpora (`pii_anon_clinical`, `presidio_synthetic`), generated notes
of the `train` split (`synthetic/`), clinical text without identifiers: real sentences, and terse text by a grammar
(`--terse`), which also comes with a few identifiers; and short texts in many styles, written and marked by hand
(`--snippets`). Nothing of the test splits is used.

Each type that is queried costs a pass of the encoder, so most passages are annotated with six broad types, which a
model should be queried for in de-identification: BROAD below. A fifth of the generated notes is annotated with
fine types instead; a passage never mixes the two, because they would contradict each other where they compete.
"""

from __future__ import annotations

import hashlib
import itertools
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from openbioner_batch.model.location import resolve_checkpoint
from openbioner_batch.model.reading import load_tokenizer
from openbioner_batch.model.sentences import sentence_starts
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.gold.corpora import LabelledDocument, LabelledSpan
from openbioner_batch.training.gold.passages import write_catalog_descriptions
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.phi.corpora import GoldNote, phi_labels, read_phi_corpus
from openbioner_batch.training.phi.synthetic.bodies import clean_runs
from openbioner_batch.training.phi.synthetic.notes import SyntheticNote, write_notes
from openbioner_batch.training.phi.synthetic.snippets import write_snippets
from openbioner_batch.training.phi.synthetic.terse import write_terse
from openbioner_batch.training.phi.templates import template_shape
from openbioner_batch.training.silver.schema import passages_table

BROAD = ("person_name", "personal_date", "location", "organization", "contact_detail", "other_identifier")
"""The types that a model is queried for in de-identification, with the next two."""
AGE, ROOM = "age_over_89", "room_number"
"""Separate types, since no broad one covers them; taught where every mention is marked."""
_BROAD_OF_CLASS = {
    "names": "person_name",
    "dates": "personal_date",
    "contacts": "contact_detail",
    "identifiers": "other_identifier",
    "addresses": "location",
}
_BROAD_OF_TYPE = {
    "employer_name": "organization",
    "healthcare_facility": "organization",
    "organization": "organization",
    "photograph": "other_identifier",
}
_LEFT_TO_PATTERNS = ("unique_characteristic", "geographic_coordinates")
"""Types that no broad one covers well: they are unlabelled in passages of broad types."""

SHORTEST, LONGEST = 32, 190
"""Tokens of a passage: drawn evenly in between; the most is a little less than a window of the bundled model."""
PER_TEMPLATE = 60
"""The most records of one template of a corpus: more would only teach the template."""
FINE_SHARE = 0.2
TERSE_WITHOUT = 0.6
"""Share of the terse notes without identifiers."""
_JOINT = re.compile(r"[\s,;]*")
_BREAK = re.compile(r"\n+|(?<=[,;>}|])\s*|\s+")


def write_training_data(
    output: Path,
    corpora: Path,
    bodies: Path,
    notes: int,
    terse: int,
    snippets: int = 0,
    model: str = "bundled",
    seed: int = 42,
) -> Iterator[str]:
    """Write `output/passages/*.parquet` and `output/descriptions/catalog.parquet`, and yield a line about each source.

    Args:
        output: a local folder.
        corpora: folder of the PHI corpora, NAME.jsonl.gz each.
        bodies: JSONL of real notes (`id`, `text`), of which only sentences that look free of identifiers are used.
        notes: how many notes are generated.
        terse: how many terse notes.
        snippets: how many notes of one to three snippets.
        model: whose tokens measure a passage.
        seed: decides everything.
    """
    tokenizer = load_tokenizer(resolve_checkpoint(model))
    (output / "passages").mkdir(parents=True, exist_ok=True)
    taught: set[str] = set()
    for source, documents, fine in _sources(corpora, bodies, notes, terse, snippets, seed):
        if not documents:
            continue
        types = _fine_types(documents) if fine else _types_of(source)
        passages = [p for document in documents for p in cut_note(document, source, types, fine, tokenizer, seed)]
        pq.write_table(passages_table(passages), output / "passages" / f"{source}.parquet", compression="zstd")
        taught.update(types)
        counts = Counter(mention.type for passage in passages for mention in passage.mentions)
        yield f"{source}: {len(passages)} passages of {len(documents)} notes; {dict(counts.most_common())}"
    write_catalog_descriptions(output, sorted(taught))


def _sources(
    corpora: Path, bodies: Path, notes: int, terse: int, snippets: int, seed: int
) -> Iterator[tuple[str, list[GoldNote], bool]]:
    """Name, notes, and whether their fine types are taught."""
    for name in phi_labels().corpora:
        yield name, _few_of_each(read_phi_corpus(corpora / f"{name}.jsonl.gz", split="development"), seed), False
    written = _gold(write_notes(notes, seed, "train", bodies))
    fine = round(len(written) * FINE_SHARE)
    yield "synthetic_fine", written[:fine], True
    yield "synthetic_broad", written[fine:], False
    runs = random.Random(seed).sample(runs := clean_runs(bodies, "train"), min(len(runs), notes // 8))
    yield "no_identifiers", [GoldNote(f"body-{number}", text, ()) for number, text in enumerate(runs)], False
    without = round(terse * TERSE_WITHOUT)
    yield "terse_none", _gold(write_terse(without, seed, "train", identifiers=False)), False
    yield "terse_few", _gold(write_terse(terse - without, seed, "train", identifiers=True)), False
    yield "snippets", _gold(write_snippets(snippets, seed, "train")), False


def _gold(notes: Iterable[SyntheticNote]) -> list[GoldNote]:
    return [GoldNote(note.id, note.text, tuple(LabelledSpan(*span) for span in note.spans)) for note in notes]


def _types_of(source: str) -> tuple[str, ...]:
    """The types of which every mention in a source's notes is marked."""
    if source == "pii_anon_clinical":  # it annotates employers, but neither hospitals nor pharmacies
        return tuple(kind for kind in BROAD if kind != "organization")
    if source in phi_labels().corpora:
        return BROAD
    return (*BROAD, AGE, ROOM) if source == "snippets" else (*BROAD, AGE)


def _fine_types(documents: Iterable[GoldNote]) -> tuple[str, ...]:
    return tuple(sorted({span.label for document in documents for span in document.spans}))


def _few_of_each(notes: Sequence[GoldNote], seed: int) -> list[GoldNote]:
    """At most `PER_TEMPLATE` of the notes that begin alike, and none without an identifier."""
    order = sorted(notes, key=lambda note: hashlib.sha256(f"{seed}{note.id}".encode()).digest())
    seen: Counter[str] = Counter()
    kept = []
    for note in order:
        shape = " ".join(template_shape(LabelledDocument(note.id, note.text, note.spans)).split()[:4])
        seen[shape] += 1
        if note.spans and seen[shape] <= PER_TEMPLATE:
            kept.append(note)
    return kept


def cut_note(
    note: GoldNote, source: str, types: Sequence[str], fine: bool, tokenizer: Tokenizer, seed: int
) -> Iterator[AnnotatedPassage]:
    """The passages of a note: whole sentences and lines, never cut inside an identifier.

    Args:
        note: with spans of fine types.
        source: the name of the passages' source.
        types: the types taught; spans of others are unlabelled.
        fine: whether the spans' own types are taught, or the broad ones that cover them.
        tokenizer: measures.
        seed: of the passages' lengths.
    """
    mentions, unsure = _taught(note, types, fine)
    taken = [(mention.start, mention.end) for mention in mentions] + unsure
    lengths = random.Random(f"{seed}/{source}/{note.id}")
    for number, (start, end) in enumerate(_runs(note.text, taken, tokenizer, lengths)):
        if not note.text[start:end].strip():
            continue
        yield AnnotatedPassage(
            f"{note.id}/{number}",
            source,
            note.text[start:end],
            tuple(AnnotatedMention(m.start - start, m.end - start, m.type) for m in mentions if start <= m.start < end),
            tuple((low - start, high - start) for low, high in unsure if start <= low < end),
            tuple(types),
        )


def _taught(note: GoldNote, types: Sequence[str], fine: bool) -> tuple[list[AnnotatedMention], list[tuple[int, int]]]:
    mentions: list[AnnotatedMention] = []
    unsure = list(note.neutral)
    for span in sorted(note.spans, key=lambda span: (span.start, -span.end)):
        kind = span.label if fine else broad_type(span.label)
        if kind is None or kind not in types:
            unsure.append((span.start, span.end))
        elif mentions and span.start < mentions[-1].end:
            continue  # inside another
        elif kind == "location" and mentions and mentions[-1].type == kind and _JOINT.fullmatch(
            note.text, mentions[-1].end, span.start
        ):  # fmt: skip
            mentions[-1] = AnnotatedMention(mentions[-1].start, span.end, kind)
        else:
            mentions.append(AnnotatedMention(span.start, span.end, kind))
    unsure = [
        (low, high)
        for low, high in unsure
        if not any(low < mention.end and mention.start < high for mention in mentions)
    ]
    return mentions, unsure


def broad_type(kind: str) -> str | None:
    """The one of `BROAD` that covers a fine type, itself for ages and rooms; None for those left to patterns."""
    if kind in _LEFT_TO_PATTERNS:
        return None
    if kind in (AGE, ROOM):
        return kind
    return _BROAD_OF_TYPE.get(kind) or _BROAD_OF_CLASS.get(phi_labels().coarse(kind))


def _runs(
    text: str, taken: Sequence[tuple[int, int]], tokenizer: Tokenizer, lengths: random.Random
) -> Iterator[tuple[int, int]]:
    """Consecutive units of at most a drawn number of tokens together."""
    inside = {place for start, end in taken for place in range(start + 1, end)}
    units = [unit for unit in _units(text, tokenizer) if unit not in inside]
    first, budget, tokens = 0, lengths.randint(SHORTEST, LONGEST), 0
    for start, end in itertools.pairwise([*units, len(text)]):
        count = len(tokenizer.ids(text[start:end]))
        if tokens and tokens + count > budget:
            yield first, start
            first, budget, tokens = start, lengths.randint(SHORTEST, LONGEST), 0
        tokens += count
    yield first, len(text)


def _units(text: str, tokenizer: Tokenizer) -> list[int]:
    """Where sentences begin, and where to break a sentence that is longer than a passage."""
    starts = sentence_starts(text)
    units = []
    for start, end in itertools.pairwise([*starts, len(text)]):
        units.append(start)
        if len(tokenizer.ids(text[start:end])) > LONGEST:
            units += [match.end() for match in _BREAK.finditer(text, start + 1, end) if match.end() < end]
    return sorted(set(units))
