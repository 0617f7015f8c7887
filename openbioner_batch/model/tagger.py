"""The model as a library: texts and described types in, spans out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from openbioner_batch.errors import UsageError
from openbioner_batch.model.architectures import by_name
from openbioner_batch.model.architectures.base import Inference
from openbioner_batch.model.calibration import Calibration, calibration_of
from openbioner_batch.model.checkpoint import checkpoint_digest, load_model
from openbioner_batch.model.completion import Completion
from openbioner_batch.model.config import ModelConfig, WindowSettings, with_separate_layers
from openbioner_batch.model.decoding import decode
from openbioner_batch.model.device import default_token_budget, resolve_device, resolve_dtype
from openbioner_batch.model.every_token import TokenEvidence, every_token
from openbioner_batch.model.glossary import Glossary
from openbioner_batch.model.glossary_files import GlossaryChoice, check_reads_glossaries
from openbioner_batch.model.glossary_reader import GlossaryReader
from openbioner_batch.model.inference import InferenceEncoder
from openbioner_batch.model.knowledge import NameEvidence
from openbioner_batch.model.late_inference import KnownEvidence, LateInference, score_late
from openbioner_batch.model.location import resolve_checkpoint
from openbioner_batch.model.models import Model
from openbioner_batch.model.prepare import Preparer, check_windows
from openbioner_batch.model.prepared import Prepared
from openbioner_batch.model.reading import load_tokenizer
from openbioner_batch.model.scoring import Windows, find_windows, score_group
from openbioner_batch.model.split import SplitEncoder
from openbioner_batch.model.split_scoring import score_groups
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.records import EntityType, Span

_CHARACTERS_AT_ONCE = 4 << 20
"""Texts of this many characters are tokenized and scored together, so that a long list stays in bounded memory."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """The model's spans in one document, and counts of windows and tokens."""

    spans: list[Span]
    windows: int
    repeated: int
    """How many windows were computed for an earlier text, or earlier in this one."""
    tokens: int


class Tagger:
    """Finds mentions of described types. In float32 a text's result does not depend on the texts beside it.

    Args:
        model: the module, whose weights are prepared for inference.
        tokenizer: of its checkpoint.
        directory: the checkpoint's.
        device: "cpu" or one of torch's names of GPUs.
        dtype: the name of the matrices' format, such as "bfloat16".
        windows: budgets other than the checkpoint's own.
        token_budget: most tokens of a batch; None takes the device's default.
        calibration: biases and thresholds of types; None applies none.
        compiled: whether torch's compiler fuses what it can.
        glossary: what it knows of names; None for nothing.
    """

    def __init__(
        self,
        model: Model,
        tokenizer: Tokenizer,
        directory: Path,
        device: str,
        dtype: str,
        windows: WindowSettings | None = None,
        token_budget: int | None = None,
        calibration: Calibration | None = None,
        compiled: bool = False,
        glossary: Glossary | None = None,
    ) -> None:
        self.encoder = arrange(model, getattr(torch, dtype), device, compiled)
        self.tokenizer = tokenizer
        self.device = device
        self.dtype = dtype
        self.windows = check_windows(windows or model.config.windows, model.config)
        self.token_budget = token_budget or default_token_budget(device)
        self.calibration = calibration
        self.completion = Completion()
        """What is added to the model's own spans: nothing, unless it is set."""
        self.nested = False
        """Where types do not compete: whether to keep spans that overlap a better scored one with other bounds."""
        self._directory = directory
        self.glossary = glossary
        self._knowledge = self._reader(glossary) if glossary else None

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path,
        device: str = "auto",
        dtype: str = "auto",
        windows: WindowSettings | None = None,
        token_budget: int | None = None,
        calibrated: bool = True,
        separate_layers: int | None = None,
        compiled: bool = False,
        glossary: GlossaryChoice | None = None,
        threshold: float | None = None,
    ) -> Tagger:
        """A tagger from a checkpoint in the published format, or of ours on another encoder.

        Args:
            path_or_id: "bundled", a directory, or a hub id.
            device: "cpu", "gpu" (or "cuda", "cuda:1"), or "auto" for a GPU where there is one.
            dtype: "float32", "bfloat16", "float16", or "auto" for bfloat16 where the hardware multiplies it natively.
            windows: budgets other than the checkpoint's own.
            token_budget: tokens of one forward pass; by default the device's.
            calibrated: whether to use the calibration that is stored with the checkpoint, if one is.
            separate_layers: of a published cross-encoder, how many lower layers to separate, for which it was not
                trained: faster, and not exact. None for the checkpoint's own.
            compiled: whether torch's compiler fuses what it can, for GPUs: some seconds once. Where it fails, a line
                says so and plain torch goes on.
            glossary: which one it uses; None for the checkpoint's own.
            threshold: the least score of a span of any type; None for what the calibration says.

        Raises:
            CheckpointError: no checkpoint is found, or it has another format.
            UsageError: the device or number format does not exist here, the model cannot have so many separate
                layers, or cannot be compiled.
        """
        directory = resolve_checkpoint(path_or_id)
        resolved = resolve_device(device)
        model = load_model(directory)
        model.config = with_separate_layers(model.config, separate_layers)
        if compiled:
            check_compiled(resolved, model.config)
        return cls(
            model,
            load_tokenizer(directory),
            directory,
            resolved,
            resolve_dtype(dtype, resolved),
            windows,
            token_budget,
            calibration_of(directory, calibrated, threshold),
            compiled,
            (glossary or GlossaryChoice()).load(directory),
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the checkpoint."""
        return checkpoint_digest(self._directory)

    def preparer(self, types: Sequence[EntityType] | Sequence[Sequence[EntityType]], words: str = "basic") -> Preparer:
        """The preparer of `Prepared` for this model; it can be sent to other processes."""
        return Preparer(self.tokenizer, self.encoder.config, types, self.windows, words, self.glossary)

    def tag(
        self,
        texts: Sequence[str],
        types: Sequence[EntityType] | Sequence[Sequence[EntityType]],
        words: str = "basic",
    ) -> list[list[Span]]:
        """The spans of each text, in order of their starts.

        Args:
            texts: documents of any length.
            types: what to find: types that compete with each other (over 25 are queried in even groups), or groups.
            words: "basic" for BERT's words and punctuation marks, "whitespace" for the pieces between spaces.
        """
        return [tagged.spans for tagged in self.annotate(texts, types, words)]

    def annotate(
        self,
        texts: Sequence[str],
        types: Sequence[EntityType] | Sequence[Sequence[EntityType]],
        words: str = "basic",
    ) -> list[Tagged]:
        """As `tag`, with the number of windows and tokens of each text."""
        if isinstance(texts, str):
            raise UsageError("texts is one string; expected a list of strings")
        preparer = self.preparer(types, words)
        return [tagged for part in _portions(texts) for tagged in self.score(preparer.prepare(part))]

    def score(self, prepared: Prepared) -> list[Tagged]:
        """The spans of texts that a `Preparer` of this model prepared."""
        windows = find_windows(prepared)
        spans = self.decode(prepared, self._score(prepared, windows, self._known(prepared)))
        bounds = np.cumsum([0, *prepared.document_windows])
        repeated = np.diff(np.cumsum([0, *windows.repeats])[bounds])
        counts = (prepared.document_windows, repeated, prepared.document_tokens)
        return [Tagged(found, *map(int, numbers)) for found, *numbers in zip(spans, *counts, strict=True)]

    def word_logits(self, prepared: Prepared) -> Iterator[np.ndarray]:
        """The raw logits of every word before any calibration, group by group.

        Yields:
            float32 [words, 1 + types], column 0 for no entity.
        """
        return self._score(prepared, find_windows(prepared), self._known(prepared))

    def decode(self, prepared: Prepared, logits: Iterable[np.ndarray]) -> list[list[Span]]:
        """The spans in the raw logits of each group, calibrated if the tagger is, in order of their starts."""
        compete = self.encoder.config.types_compete
        spans: list[list[Span]] = [[] for _ in prepared.texts]
        for group, of_group in enumerate(logits):
            decoded = decode(prepared, group, of_group, self.calibration)
            for text, found, more in zip(prepared.texts, spans, decoded, strict=True):
                found.extend(self.completion.complete(text, more) if compete else more)
        if compete:
            return [sorted(found, key=lambda span: (span.start, span.end)) for found in spans]
        texts = zip(prepared.texts, spans, strict=True)
        return [self.completion.complete_each(text, found, self.nested) for text, found in texts]

    def _score(self, prepared: Prepared, windows: Windows, known: KnownEvidence | None) -> Iterator[np.ndarray]:
        words, groups, budget = len(prepared.word_tokens), prepared.groups, self.token_budget
        if isinstance(self.encoder, Inference):
            yield from self.encoder.score(self.tokenizer, windows, words, groups, budget)
        elif isinstance(self.encoder, LateInference):
            yield from score_late(self.encoder, self.tokenizer, windows, words, groups, budget, known)
        elif isinstance(self.encoder, SplitEncoder):
            yield from score_groups(self.encoder, self.tokenizer, windows, words, groups, budget)
        else:
            for types in groups:
                yield score_group(self.encoder, self.tokenizer, windows, words, types, budget)

    def _known(self, prepared: Prepared) -> NameEvidence | None:
        """What the glossary adds to the evidence of words."""
        if self._knowledge is None:
            return None
        own = self.calibration or Calibration()
        plain = {kind for group in prepared.groups for kind in group if own.is_plain(kind)}
        return NameEvidence(self._knowledge, prepared, plain)

    def _reader(self, glossary: Glossary) -> GlossaryReader:
        check_reads_glossaries(self.encoder.config, self._directory)
        assert isinstance(self.encoder, LateInference)
        return GlossaryReader.load(self._directory, glossary, self.encoder, self.tokenizer, self.token_budget)

    def logits(self, text: str, types: Sequence[EntityType]) -> np.ndarray:
        """The raw logits of every token of a text that fits one window.

        What a glossary adds to the evidence for `tag` is there too: all tokens of a word are shifted as the word is.

        Returns:
            float32 [1 + tokens, 1 + len(types)]: `[CLS]` first; column 0 for no entity.

        Raises:
            UsageError: the text needs more than one window.
        """
        tokens = self.tokenizer.text_ids(text)
        if len(tokens) > self.windows.text_tokens:
            raise UsageError(
                f"the text takes {len(tokens)} tokens; logits are for one window of {self.windows.text_tokens}: use tag"
            )
        prepared = self.preparer(types).prepare([text])
        whole, known = every_token(prepared, tokens), self._known(prepared)
        (logits,) = self._score(whole, find_windows(whole), known and TokenEvidence(known, prepared))
        return logits


def arrange(
    model: Model, dtype: torch.dtype, device: str, compiled: bool = False
) -> InferenceEncoder | SplitEncoder | LateInference | Inference:
    """A model prepared for inference, by its architecture and its separate layers."""
    arranged: InferenceEncoder | SplitEncoder | LateInference | Inference
    arranged = by_name(model.config.architecture).arrange(model, dtype, device, compiled)
    return arranged


def check_compiled(device: str, config: ModelConfig) -> None:
    """Check that `--compile` is possible for a resolved device and a model.

    Raises:
        UsageError: the device is not a GPU, or the model's architecture has no compiled form.
    """
    if not device.startswith("cuda"):
        raise UsageError(f"--compile is for GPUs, and the model runs on {device}: leave it out, or give --devices gpu")
    if not by_name(config.architecture).can_be_compiled:
        raise UsageError(f"--compile is for BERT's layers, and this is a model of {config.architecture}: leave it out")


def _portions(texts: Sequence[str]) -> Iterator[list[str]]:
    portion: list[str] = []
    characters = 0
    for text in texts:
        if portion and characters + len(text) > _CHARACTERS_AT_ONCE:
            yield portion
            portion, characters = [], 0
        portion.append(text)
        characters += len(text)
    if portion:
        yield portion
