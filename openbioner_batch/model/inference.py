"""The cross-encoder for inference: the mathematics of `encoder.py` without unused results.

Sequences lie one after another, without padding. Computations that several sequences share are done once in the
first layer. In the last layer only the read tokens are queries; the others are keys and values. Sums of
layers and norms are float32 whatever the matrices are, which is both nearer to float32 and faster on a CPU.
"""

from __future__ import annotations

import copy
import math
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional as F

from openbioner_batch.model import device as devices
from openbioner_batch.model.attention import LOG2_E, attend
from openbioner_batch.model.encoder import CrossEncoder, Encoder, Layer
from openbioner_batch.model.ending import CompiledEnding, Ending
from openbioner_batch.model.first_layer import attend_sharing
from openbioner_batch.model.layout import Layout
from openbioner_batch.model.letter_case import split_case
from openbioner_batch.model.linear import linear
from openbioner_batch.model.placing import Placed, place


class InferenceLayer:
    """One transformer block; in the last layer queries are projected separately from keys and values.

    Args:
        layer: the block of the module.
        activation: the name of the function between its two layers.
        dtype: of matrices; norms and sums are in float32.
        device: where it runs.
        last: whether it is the last one, whose queries are fewer.
        compiled: whether torch's compiler fuses what follows attention.
    """

    def __init__(
        self, layer: Layer, activation: str, dtype: torch.dtype, device: str, last: bool, compiled: bool
    ) -> None:
        weight, bias = (part.detach().clone() for part in (layer.query_key_value.weight, layer.query_key_value.bias))
        width = weight.shape[1]
        scale = LOG2_E / math.sqrt(width // layer.heads)  # the scale that `attend` expects of queries
        weight[:width] *= scale
        bias[:width] *= scale
        # the last layer has fewer queries than keys
        bounds = [0, width, 3 * width] if last else [0, 3 * width]
        self._projections = [linear(weight[a:b], bias[a:b], dtype, device) for a, b in pairwise(bounds)]
        self._end = (CompiledEnding if compiled else Ending)(layer, activation, dtype, device)
        self._heads = layer.heads
        self.last = last

    def project(self, inputs: Tensor, query_inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value as [tokens, heads, size].

        Args:
            inputs: [tokens, width], in the matrices' format.
            query_inputs: [reads, width], those of the queries in the last layer; before it, they are the same.
        """
        parts = [query_inputs, inputs] if self.last else [inputs]
        projected = [project(x) for project, x in zip(self._projections, parts, strict=True)]
        size = inputs.shape[1] // self._heads
        query, key, value = (part for x in projected for part in x.unflatten(1, (-1, self._heads, size)).unbind(1))
        return query, key, value

    def finish(self, residual: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """The layer's result, from its input (float32; overwritten) and the attention output.

        Returns:
            [tokens, width] float32, and the same in the matrices' format.
        """
        return self._end(residual, context)


class InferenceStack:
    """An encoder's weights on one device in one number format, only for inference: embeddings and layers.

    Args:
        model: the module.
        dtype: of matrices; norms and sums are in float32.
        device: where it runs.
        compiled: whether torch's compiler fuses what it can.
    """

    def __init__(self, model: Encoder, dtype: torch.dtype, device: str, compiled: bool = False) -> None:
        self.config = model.config
        self.device = torch.device(device)
        embeddings = [model.token_embedding, model.position_embedding, model.segment_embedding]
        if model.config.letter_case:
            embeddings.append(model.case_embedding)
        self._dtype = dtype
        self._embeddings = [table.weight.detach().to(device, torch.float32) for table in embeddings]
        self._embedding_norm = copy.deepcopy(model.embedding_norm).to(device, torch.float32)
        self.layers = [
            InferenceLayer(layer, model.config.activation, dtype, device, layer is model.layers[-1], compiled)
            for layer in model.layers
            if isinstance(layer, Layer)
        ]

    def embed(self, placed: Placed) -> tuple[Tensor, Tensor]:
        """The distinct tokens before the first layer: [distinct, width] float32, and in the matrices' format."""
        # in a model of one segment (`type_vocab_size` 1), text and description share it
        places = [placed.ids, placed.positions, placed.segments.clamp(max=self.config.segments - 1)]
        if self.config.letter_case:
            places[0], cases = split_case(placed.ids)
            places.append(cases)
        parts = [F.embedding(x, table) for x, table in zip(places, self._embeddings, strict=True)]
        hidden = self._embedding_norm(sum(parts[1:], parts[0]))
        return hidden, hidden.to(self._dtype)

    def read_alone(self, layout: Layout, layers: int, shifted: bool) -> tuple[Tensor, Tensor]:
        """Sequences of one kind through the lower layers, none of which is the last: as `embed` gives them."""
        placed = place(layout, self.device)
        hidden, inputs = self.embed(placed)
        for layer in self.layers[:layers]:
            context = attend(*layer.project(inputs, inputs), placed, False, shifted)
            hidden, inputs = layer.finish(hidden, context)
        return hidden, inputs

    def finish(self, number: int, hidden: Tensor, inputs: Tensor, placed: Placed, shifted: bool) -> Tensor:
        """The last states of the tokens that are read, [reads, width] float32.

        Args:
            number: of the next layer.
            hidden: [tokens, width] float32 before it, in order.
            inputs: the same in the format of the products, as `embed` gives both.
            placed: the batch's layout.
            shifted: see `InferenceEncoder`.
        """
        for layer in self.layers[number:]:
            residual, query_inputs = hidden, inputs
            if layer.last:
                residual, query_inputs = (part.index_select(0, placed.read) for part in (hidden, inputs))
            query, key, value = layer.project(inputs, query_inputs)
            hidden, inputs = layer.finish(residual, attend(query, key, value, placed, layer.last, shifted))
        return hidden[: placed.layout.reads]


class InferenceEncoder(InferenceStack):
    """A cross-encoder for inference.

    Args:
        model: the module.
        dtype: of matrices; norms and sums are in float32.
        device: where it runs.
        compiled: whether torch's compiler fuses what it can.
    """

    def __init__(self, model: CrossEncoder, dtype: torch.dtype, device: str, compiled: bool = False) -> None:
        super().__init__(model, dtype, device, compiled)
        heads = (model.evidence, model.against, model.background)
        self._head_weight = torch.cat([head.weight.detach() for head in heads]).to(device, torch.float32)
        self._head_bias = torch.cat([head.bias.detach() for head in heads]).to(device, torch.float32)

    @torch.inference_mode()
    def __call__(self, layout: Layout, shifted: bool = False) -> Tensor:
        """The heads' outputs for the read tokens, where no layers are separate.

        Args:
            layout: of a batch, its ids those of the vocabulary.
            shifted: whether attention guards against scores beyond the range of floats. It costs time, and no known
                model has such scores; where one has, the result without it is NaN.

        Returns:
            float32 [3, reads]: evidence for the type, against it, and against any from a text alone.
        """
        placed = place(layout, self.device)
        hidden, inputs = self.embed(placed)
        if self.layers[0].last:
            hidden, inputs = (part.index_select(0, placed.source) for part in (hidden, inputs))
            return self.heads(self.finish(0, hidden, inputs, placed, shifted))
        return self.join(0, hidden, self.layers[0].project(inputs, inputs), placed, shifted)

    def join(
        self, number: int, hidden: Tensor, projected: tuple[Tensor, Tensor, Tensor], placed: Placed, shifted: bool
    ) -> Tensor:
        """The heads' outputs, from the layer on in which texts first see descriptions; not the last one.

        Args:
            number: of that layer.
            hidden: [distinct, width] float32, its input.
            projected: [distinct, heads, size] each, its queries, keys and values.
            placed: the batch's layout.
            shifted: as when called.
        """
        if devices.has_cpu_kernels(self.device) and not shifted:
            context = attend_sharing(*projected, placed.layout)
        else:
            query, key, value = (part.index_select(0, placed.source) for part in projected)
            context = attend(query, key, value, placed, False, shifted)
        hidden, inputs = self.layers[number].finish(hidden.index_select(0, placed.source), context)
        return self.heads(self.finish(number + 1, hidden, inputs, placed, shifted))

    def heads(self, hidden: Tensor) -> Tensor:
        """float32 [3, tokens]: the heads' outputs for [tokens, width] after the last layer."""
        return F.linear(hidden, self._head_weight, self._head_bias).T
