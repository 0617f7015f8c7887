"""`evaluate --task deid`: scores a finder on corpora with identifiers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from openbioner_batch.deid.settings import NO_MODEL
from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.card import figure_kind, read_card
from openbioner_batch.evaluation.deid import DeidScores, add_note
from openbioner_batch.evaluation.deid_finder import identifier_finder
from openbioner_batch.evaluation.settings import DeidEvaluateSettings
from openbioner_batch.options import fields_of
from openbioner_batch.training.phi.corpora import GoldNote, phi_labels, read_phi_corpus

NO_MODEL_KIND = "no model"
"""The name of figures of patterns alone."""
PHI_SPLITS = {"test": "test", "devel": "development"}
"""The names of the splits by template for --split."""
CHUNK = 64
"""How many notes the model gets at once."""


def evaluate_deid(
    settings: DeidEvaluateSettings, progress: Callable[[str, int, int], None] = lambda name, done, total: None
) -> dict[str, Any]:
    """The figures of every corpus, as plain values.

    Args:
        settings: the corpora and the finder.
        progress: called with the corpus, and its notes done and in all.

    Raises:
        UsageError: a corpus or type does not exist.
        CheckpointError: the model does not exist.
    """
    sources = _sources(settings)
    model, digest = None, None
    kinds = dict.fromkeys((name for name, _ in sources), NO_MODEL_KIND)
    if settings.model != NO_MODEL:
        from openbioner_batch.model import Tagger, resolve_checkpoint

        card = read_card(resolve_checkpoint(settings.model))
        # The splits share no template: a corpus that the model was trained on is scored, and called so.
        kinds = {name: figure_kind(card, name, allow_trained=True) for name in kinds}
        model = Tagger.from_pretrained(settings.model, device=settings.devices, dtype=settings.dtype)
        model.nested = True  # as `deidentify` does
        digest = model.digest
    find = identifier_finder(model, settings.types, settings.view, settings.model_threshold, settings.patterns)
    requested = {name: getattr(settings, name) for name in fields_of(DeidEvaluateSettings)}
    about = {{"devices": "device"}.get(name, name): value for name, value in requested.items()} | {"digest": digest}
    scores = {name: {"figures": kinds[name], **_score(name, notes, find, progress)} for name, notes in sources}
    return {**about, "task": "deid", "corpora": scores}


def _sources(settings: DeidEvaluateSettings) -> list[tuple[str, list[GoldNote]]]:
    path = Path(settings.corpus)
    known = settings.corpora or tuple(phi_labels().corpora)
    files = [file for name in known if (file := path / f"{name}.jsonl.gz").is_file()] if path.is_dir() else [path]
    if not files:
        raise UsageError(f"--corpus {path}: expected {' or '.join(f'{name}.jsonl.gz' for name in known)} in the folder")
    sources = []
    for file in files:
        name = file.name.partition(".")[0]
        split = PHI_SPLITS[settings.split] if name in phi_labels().corpora else None
        notes = read_phi_corpus(file, split, settings.languages or None, gaps=not settings.strict_gold)
        if not notes:
            raise UsageError(
                f"--corpus {file}: no notes are left; is --languages {','.join(settings.languages)} right?"
            )
        sources.append((name, _spread(notes, settings.limit)))
    return sources


def _spread(notes: list[GoldNote], limit: int | None) -> list[GoldNote]:
    if limit is None or len(notes) <= limit:
        return notes
    return [notes[index * len(notes) // limit] for index in range(limit)]


def _score(
    name: str,
    notes: Sequence[GoldNote],
    find: Callable[[Sequence[str]], Sequence[Sequence[Any]]],
    progress: Callable[[str, int, int], None],
) -> dict[str, Any]:
    scores, seconds = DeidScores(), 0.0
    for start in range(0, len(notes), CHUNK):
        chunk = notes[start : start + CHUNK]
        began = perf_counter()
        found = find([note.text for note in chunk])
        seconds += perf_counter() - began
        for note, findings in zip(chunk, found, strict=True):
            add_note(scores, note, findings)
        progress(name, scores.notes, len(notes))
    return {**scores.as_dict(), "seconds": round(seconds, 2)}
