"""The data that a run reads from its sources and development data, and a file that carries it to other machines."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import fsspec
import numpy as np

from openbioner_batch.engine.files import write_file
from openbioner_batch.errors import UsageError
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.corpus import Corpus, FlatPieces, corpus_of, weight_of
from openbioner_batch.training.nearness import TypeFacts
from openbioner_batch.training.passages import AnnotatedPassage, passage_from_row, row_of
from openbioner_batch.training.settings import PassageFolder, PretrainSettings
from openbioner_batch.training.settings_file import as_plain
from openbioner_batch.training.sources import passage_groups, read_descriptions, read_passages
from openbioner_batch.training.trained_types import types_of_sources
from openbioner_batch.training.validation import ValidationData, read_validation

LAYOUT = 1
_ARRAYS = [one.name for one in dataclasses.fields(FlatPieces) if one.type == "np.ndarray"]


@dataclass(frozen=True, slots=True)
class Vectors:
    """Vectors of the descriptions, for `likeness.type_likeness`.

    Attributes:
        key: a digest of what they depend on.
        rows: [types, hidden].
    """

    key: str
    rows: np.ndarray


@dataclass(frozen=True, slots=True)
class Material:
    """The data of a run.

    Attributes:
        corpus: the pieces of all sources.
        descriptions: texts by type and view.
        validation: the development data.
        types: of the sources; None before they are known.
        vectors: of the descriptions, if they have been computed.
    """

    corpus: Corpus
    descriptions: dict[str, dict[str, str]]
    validation: ValidationData
    types: tuple[TypeFacts, ...] | None = None
    vectors: Vectors | None = None


def gather_material(
    settings: PretrainSettings, tokenizer: Tokenizer, read: Callable[[PretrainSettings, Tokenizer], Corpus]
) -> Material:
    """Read the sources and the development data.

    Args:
        settings: of the run.
        tokenizer: of the model to train.
        read: tokenizes the sources.

    Raises:
        UsageError: a source or file cannot be read.
    """
    descriptions: dict[str, dict[str, str]] = {}
    if settings.recipe.objective == "tagging":
        for source in settings.sources:
            for kind, view, text in read_descriptions(source.path):
                descriptions.setdefault(kind, {}).setdefault(view, text)
    validation = read_validation(settings, descriptions)
    left_out = left_out_types(settings.sources)
    trained = {kind: views for kind, views in descriptions.items() if kind not in left_out}
    return Material(read(settings, tokenizer), trained, validation)


def source_types(settings: PretrainSettings) -> tuple[TypeFacts, ...]:
    """The types of the sources, as far as their passages are trained on."""
    return tuple(types_of_sources([source.path for source in settings.sources], _are_seen(settings.sources)))


def left_out_types(sources: Sequence[PassageFolder]) -> set[str]:
    """Types that only passages with weight 0 have: as absent types elsewhere, they would be trained on all the same."""
    if all(weight > 0 for source in sources for weight in (source.weight, *source.source_weights.values())):
        return set()
    is_seen = _are_seen(sources)
    kept: set[str] = set()
    left: set[str] = set()
    for number, source in enumerate(sources):
        for passage in (one for group in passage_groups(source.path) for one in read_passages(group)):
            types = kept if is_seen(number, passage) else left
            types.update(passage.annotated or (), (mention.type for mention in passage.mentions))
    return left - kept


def _are_seen(sources: Sequence[PassageFolder]) -> Callable[[int, AnnotatedPassage], bool]:
    """Whether passages of a source, given by its number, have a weight above 0."""
    return lambda number, passage: weight_of(sources[number], passage.source) > 0


def write_material(target: str, material: Material, settings: PretrainSettings, tokenizer: Tokenizer) -> int:
    """Write a file of arrays (NumPy's .npz, nothing pickled) with JSON beside them; returns its bytes.

    Raises:
        UsageError: the file cannot be written.
    """
    flat = material.corpus.pieces
    assert isinstance(flat, FlatPieces)
    about = {
        "layout": LAYOUT,
        "of": _of(settings, tokenizer),
        "names": flat.names,
        "lists": flat.lists,
        "descriptions": material.descriptions,
        "validation": [[row_of(p) for p in group] for group in material.validation.groups],
        "validation_texts": material.validation.texts,
        "types": [[t.name, t.descriptions, sorted(t.mentions)] for t in material.types or ()],
        "vectors": material.vectors.key if material.vectors else None,
    }
    arrays = {name: getattr(flat, name) for name in _ARRAYS}
    if material.vectors:
        arrays["vectors"] = material.vectors.rows
    packed = io.BytesIO()
    encoded = np.frombuffer(json.dumps(about).encode(), np.uint8)
    np.savez_compressed(packed, about=encoded, weights=material.corpus.weights, **arrays)
    write_file(target, packed.getvalue())
    return len(packed.getvalue())


def read_material(source: str, settings: PretrainSettings, tokenizer: Tokenizer) -> Material:
    """Read what `write_material` wrote.

    Raises:
        UsageError: the file does not exist, or was made for other sources, development data or another tokenizer.
    """
    try:
        with fsspec.open(source, "rb") as stream, np.load(io.BytesIO(stream.read()), allow_pickle=False) as found:
            about = json.loads(found["about"].tobytes())
            arrays = {name: found[name] for name in (*_ARRAYS, "weights")}
            vectors = Vectors(about["vectors"], found["vectors"]) if about["vectors"] else None
    except OSError as error:
        raise UsageError(f"prepared {source} cannot be read ({error}): make it with pretrain --prepare") from None
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UsageError(f"prepared {source} is damaged, or was not made by pretrain --prepare ({error})") from None
    wanted = _of(settings, tokenizer)
    if other := [key for key in wanted if about["of"].get(key) != wanted[key]]:
        raise UsageError(f"prepared {source} was made for other {other[0]}: make it again with pretrain --prepare")
    weights = arrays.pop("weights")
    flat = FlatPieces(**arrays, names=tuple(about["names"]), lists=tuple(tuple(names) for names in about["lists"]))
    groups = [[passage_from_row(row) for row in group] for group in about["validation"]]
    return Material(
        corpus_of(flat, weights, settings.sources),
        about["descriptions"],
        ValidationData(groups, about["validation_texts"]),
        tuple(TypeFacts(name, tuple(texts), frozenset(keys)) for name, texts, keys in about["types"]),
        vectors,
    )


def _of(settings: PretrainSettings, tokenizer: Tokenizer) -> dict[str, Any]:
    """What such a file depends on besides the files that the settings name."""
    plain = as_plain(settings)
    validation = {key: plain["validation"][key] for key in ("silver", "iob", "limit")}
    vocabulary = hashlib.sha256(json.dumps(sorted(tokenizer.vocabulary.items())).encode()).hexdigest()
    return {
        "recipe.objective": settings.recipe.objective,
        "sources": plain["sources"],
        "validation": validation,
        "start.text_tokens": settings.start.text_tokens,
        "vocabulary of the start": vocabulary,
        **({"start.letter_case": True} if tokenizer.letter_case else {}),
    }
