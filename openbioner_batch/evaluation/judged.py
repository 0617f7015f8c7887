"""Single judgements in texts that were not reviewed to the end: they teach, but nothing is scored on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from openbioner_batch.catalog import CatalogType
from openbioner_batch.catalog.base import normalise
from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.examples import types_by_name
from openbioner_batch.evaluation.reading import format_of
from openbioner_batch.evaluation.settings import AdaptSettings
from openbioner_batch.formats.gold_jsonl import gold_document, gold_values
from openbioner_batch.records import Span
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage


def judged_passages(settings: AdaptSettings, types: Sequence[CatalogType]) -> list[AnnotatedPassage]:
    """What the texts that were not reviewed for all types say of single ones: a passage for each text and type.

    A right span is there and a wrong one is not; all else is unknown, but for types that the text was reviewed for.

    Args:
        settings: with the examples, of which only those of the report's page (`reviewed_types`) have judgements.
        types: that are queried.

    Raises:
        UsageError: a judgement is malformed.
    """
    path = Path(settings.examples)
    if (settings.format or format_of(path)) != "jsonl":
        return []
    return [passage for number, value in gold_values(path) for passage in _passages(path, number, value, types)]


def _passages(
    path: Path, number: int, value: dict[str, Any], types: Sequence[CatalogType]
) -> Iterator[AnnotatedPassage]:
    if not isinstance(value.get("reviewed_types"), list):
        return
    names = types_by_name(types)
    reviewed = {names[name].name for name in map(normalise, map(str, value["reviewed_types"])) if name in names}
    if len(reviewed) == len(types):
        return
    try:
        right = gold_document(value, number).spans
        wrong = gold_document({**value, "spans": value.get("wrong", [])}, number).spans
    except ValueError as error:
        raise UsageError(f"{path}, document {number}: spans judged wrong: {error}") from None
    text, there, judged = str(value["text"]), _by_type(right, names), _by_type([*right, *wrong], names)
    if reviewed:
        mentions = tuple(mention for name in sorted(reviewed) for mention in there.get(name, ()))
        yield AnnotatedPassage(f"{number}", "judged", text, mentions, (), tuple(sorted(reviewed)))
    for name in sorted(judged.keys() - reviewed):
        unknown = tuple(_between(judged[name], len(text)))
        yield AnnotatedPassage(f"{number} {name}", "judged", text, tuple(there.get(name, ())), unknown, (name,))


def _by_type(spans: Iterable[Span], names: Mapping[str, CatalogType]) -> dict[str, list[AnnotatedMention]]:
    """The spans of each type that is queried."""
    found: dict[str, list[AnnotatedMention]] = {}
    for span in spans:
        if (kind := names.get(normalise(span.type))) is not None:
            found.setdefault(kind.name, []).append(AnnotatedMention(span.start, span.end, kind.name))
    return found


def _between(spans: Iterable[AnnotatedMention], length: int) -> Iterator[tuple[int, int]]:
    """What spans leave of a text of such a length."""
    reached = 0
    for start, end in sorted((span.start, span.end) for span in spans):
        if start > reached:
            yield reached, start
        reached = max(reached, end)
    if reached < length:
        yield reached, length
