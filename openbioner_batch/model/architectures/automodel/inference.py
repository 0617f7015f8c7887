"""Inference with encoders that `transformers` runs: sequences of similar length, padded, through the module itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from openbioner_batch.errors import is_out_of_memory
from openbioner_batch.model.architectures.automodel.encoder import AutoCrossEncoder, AutoEncoder
from openbioner_batch.model.architectures.base import Inference
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.late_inference import cosine_evidence, late_logits
from openbioner_batch.model.models import Model
from openbioner_batch.model.prepared import DescribedType
from openbioner_batch.model.scoring import Windows, copy_repeats
from openbioner_batch.model.tensors import HEADS
from openbioner_batch.model.tokens import Tokenizer

Rows = list[int]
"""Groups of sequences that go through the encoder together."""


class _Padded(Inference):
    """A model on one device, its encoder in one number format and its heads in float32."""

    def __init__(self, model: Model, dtype: torch.dtype, device: str) -> None:
        self.config = model.config
        self.device = torch.device(device)
        self._model = model.to(self.device).eval()
        # float16 is too narrow for DeBERTa's scores.
        wanted = torch.float32 if dtype == torch.float16 else dtype
        for part in model.modules():
            if isinstance(part, AutoEncoder):
                part.backbone.to(wanted)

    def _read(
        self,
        lengths: np.ndarray,
        sequence: Callable[[int], tuple[Sequence[int], int]],
        read: Callable[[Tensor, Tensor, Tensor, Rows], None],
        token_budget: int,
    ) -> None:
        """Call `read` with the padded ids, segments and lengths of all sequences, as many at once as the budget allows.

        Args:
            lengths: [sequences] of each.
            sequence: the ids of a sequence, and where its segment 1 begins.
            read: called with the results; called again with half of the rows if memory runs out.
            token_budget: padded tokens.
        """
        order = np.argsort(-lengths, kind="stable")
        first = 0
        while first < len(order):
            count = max(1, token_budget // int(lengths[order[first]]))
            self._read_rows(order[first : first + count].tolist(), sequence, read)
            first += count

    @torch.inference_mode()
    def _read_rows(
        self,
        rows: Rows,
        sequence: Callable[[int], tuple[Sequence[int], int]],
        read: Callable[[Tensor, Tensor, Tensor, Rows], None],
    ) -> None:
        found = [sequence(row) for row in rows]
        lengths = np.array([len(ids) for ids, _ in found])
        token_ids = np.zeros((len(rows), int(lengths.max())), np.int64)
        segments = np.zeros_like(token_ids)
        for row, (ids, segment) in enumerate(found):
            token_ids[row, : len(ids)] = ids
            segments[row, segment : len(ids)] = 1
        try:
            inputs, types, real = (torch.from_numpy(part).to(self.device) for part in (token_ids, segments, lengths))
            read(inputs, types, real, rows)
            return
        except (MemoryError, RuntimeError) as error:
            if len(rows) == 1 or not is_out_of_memory(error):
                raise
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
            self._read_rows(half, sequence, read)


class PaddedCross(_Padded):
    """A cross-encoder: every window alone and with each description."""

    def score(
        self,
        tokenizer: Tokenizer,
        windows: Windows,
        words: int,
        groups: Sequence[Sequence[DescribedType]],
        token_budget: int,
    ) -> Iterator[np.ndarray]:
        """As `Inference` has it: the windows are read anew for each group."""
        for types in groups:
            yield self._score(tokenizer, windows, words, types, token_budget)

    def _score(
        self,
        tokenizer: Tokenizer,
        windows: Windows,
        words: int,
        types: Sequence[DescribedType],
        token_budget: int,
    ) -> np.ndarray:
        logits = np.full((words, 1 + len(types)), -np.inf, np.float32)
        model = self._model
        assert isinstance(model, AutoCrossEncoder)
        columns = 1 + len(types)
        tails = [tokenizer.text_end, *((*tokenizer.between, *kind.description, tokenizer.sep) for kind in types)]
        text_lengths = np.array([1 + len(text) for text in windows.texts])
        lengths = (text_lengths[:, None] + [len(tail) for tail in tails]).ravel()

        def sequence(number: int) -> tuple[Sequence[int], int]:
            window, column = divmod(number, columns)
            ids = (tokenizer.cls, *windows.texts[window].tolist(), *tails[column])
            text = int(text_lengths[window])
            return ids, text + tokenizer.first_segment if column else len(ids)

        def read(token_ids: Tensor, segments: Tensor, real: Tensor, numbers: Rows) -> None:
            states = model(token_ids, segments, real)
            said = [F.linear(states.float(), *getattr(model, head).parameters())[..., 0] for head in HEADS]
            scores = torch.stack(said).cpu().numpy()
            for row, number in enumerate(numbers):
                window, column = divmod(number, columns)
                places = windows.places[window]
                evidence, against, background = scores[:, row, places]
                into = logits[windows.first_words[window] :][: len(places)]
                np.maximum(into[:, 0], against if column else background, out=into[:, 0])
                if column:
                    into[:, column] = evidence

        self._read(lengths, sequence, read, token_budget)
        copy_repeats(windows, logits)
        return logits


class PaddedLate(_Padded):
    """Late interaction: reads every window and every description once.

    Args:
        model: the module.
        dtype: of the whole encoder.
        device: where it runs.
    """

    def __init__(self, model: Model, dtype: torch.dtype, device: str) -> None:
        super().__init__(model, dtype, device)
        self._vectors: dict[tuple[int, ...], np.ndarray] = {}

    def score(
        self,
        tokenizer: Tokenizer,
        windows: Windows,
        words: int,
        groups: Sequence[Sequence[DescribedType]],
        token_budget: int,
    ) -> Iterator[np.ndarray]:
        """As `Inference` has it: the windows are read once for all groups."""
        model = self._late
        found = np.zeros((words, 1 + self.config.late.projection), np.float32)
        weight = torch.cat([model.background.weight, model.text_projection.weight])

        def read(token_ids: Tensor, segments: Tensor, real: Tensor, numbers: Rows) -> None:
            states = model.text.read_alone(token_ids, real, self.config.layers)
            for row, number in enumerate(numbers):
                places = torch.from_numpy(windows.places[number]).to(self.device)
                background, vectors = F.linear(states[row, places].float(), weight).split([1, weight.shape[0] - 1], 1)
                of_words = torch.cat([background + model.background.bias, F.normalize(vectors, dim=-1)], 1)
                found[windows.first_words[number] :][: len(places)] = of_words.cpu().numpy()

        texts = [(tokenizer.cls, *text.tolist(), *tokenizer.text_end) for text in windows.texts]
        self._read(_lengths(texts), lambda number: (texts[number], len(texts[number])), read, token_budget)
        copy_repeats(windows, found)
        yield from late_logits(self, tokenizer, found, groups, token_budget)

    def describe(self, descriptions: Sequence[tuple[int, ...]], token_budget: int) -> np.ndarray:
        """The vectors of descriptions, special tokens included: float32 [descriptions, projection]."""
        if new := [one for one in dict.fromkeys(descriptions) if one not in self._vectors]:
            self._vectors.update(zip(new, self.read_descriptions(new, token_budget), strict=True))
        return np.stack([self._vectors[one] for one in descriptions])

    def read_descriptions(self, descriptions: Sequence[tuple[int, ...]], token_budget: int) -> np.ndarray:
        """As `describe`, but without a cache, for very many descriptions."""
        model = self._late
        vectors = np.zeros((len(descriptions), self.config.late.projection), np.float32)

        def read(token_ids: Tensor, segments: Tensor, real: Tensor, numbers: Rows) -> None:
            states = model.description_encoder.read_alone(token_ids, real, self.config.layers)
            means = states.float().sum(1) / real[:, None]  # states of padding are 0
            projected = F.linear(means, model.description_projection.weight)
            vectors[numbers] = F.normalize(projected, dim=-1).cpu().numpy()

        lengths = _lengths(descriptions)
        self._read(lengths, lambda number: (descriptions[number], len(descriptions[number])), read, token_budget)
        return vectors

    def evidence(self, words: np.ndarray, descriptions: np.ndarray) -> np.ndarray:
        """The evidence for each described type at each word: float32 [words, types]."""
        scale, bias = float(self._late.log_scale.detach().exp()), float(self._late.bias.detach())
        return cosine_evidence(words, descriptions, scale, bias)

    @property
    def _late(self) -> LateEncoder:
        assert isinstance(self._model, LateEncoder)
        return self._model


def _lengths(sequences: Sequence[Sequence[int]]) -> np.ndarray:
    return np.array([len(ids) for ids in sequences], np.int64)
