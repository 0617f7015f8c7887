"""The cross-encoder's mathematics: a BERT encoder and three linear heads. No files, no text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from openbioner_batch.model.attention import supports_varlen, varlen_attention
from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.letter_case import CASES, split_case
from openbioner_batch.model.linear import ACTIVATIONS


def attend_padded(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    """Attention over [batch, heads, length, size]; the scores of one batch fit in memory by the token budget."""
    if not (query.requires_grad and query.device.type == "cpu"):
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    # torch's fused backward on CPUs takes four times as long as these products at a passage's length
    batch, heads, length, size = query.shape
    keys = key.shape[2]
    scores = torch.bmm(
        (query * size**-0.5).reshape(batch * heads, length, size),
        key.reshape(batch * heads, keys, size).transpose(1, 2),
    ).view(batch, heads, length, keys)
    weights = torch.softmax(scores + mask.to(scores.dtype), -1, dtype=scores.dtype)
    values = value.reshape(batch * heads, keys, size)
    return torch.bmm(weights.view(-1, length, keys), values).view(batch, heads, length, size)


@dataclass(frozen=True, slots=True)
class PaddedSequences:
    """Sequences of one kind and of similar length, each read alone.

    Attributes:
        token_ids: [sequences, length] vocabulary indices, padded at the end.
        lengths: [sequences] real lengths.
        segment: that of every token.
        position: of the first token of each.
    """

    token_ids: Tensor
    lengths: Tensor
    segment: int = 0
    position: int = 0


class Layer(nn.Module):
    """One transformer block with the norms after the sums, as in BERT."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.activation = ACTIVATIONS[config.activation]
        self.query_key_value = nn.Linear(config.hidden, 3 * config.hidden)
        self.attention_output = nn.Linear(config.hidden, config.hidden)
        self.attention_norm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)
        self.up = nn.Linear(config.hidden, config.intermediate)
        self.down = nn.Linear(config.intermediate, config.hidden)
        self.output_norm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.encoder_dropout)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """The states after the layer, [sequences, length, width]; `mask` is added to the scores of attention."""
        query, key, value = self.split_heads(self.query_key_value(hidden))
        return self.finish(hidden, attend_padded(query, key, value, mask))

    def split_heads(self, projected: Tensor) -> tuple[Tensor, ...]:
        """[batch, length, parts x hidden] projections as [batch, heads, length, size] each."""
        batch, length, width = projected.shape
        hidden = self.attention_output.in_features
        parts = projected.view(batch, length, width // hidden, self.heads, hidden // self.heads)
        return parts.permute(2, 0, 3, 1, 4).unbind(0)

    def finish(self, hidden: Tensor, context: Tensor) -> Tensor:
        """The block's result, from its input and its attention output, [batch, heads, length, size]."""
        return self.complete(hidden, context.transpose(1, 2).reshape(hidden.shape))

    def together(self, hidden: Tensor, masks: Sequence[Tensor], shapes: Sequence[torch.Size]) -> Tensor:
        """The block on sequences of many lengths, [slots, hidden]: products over all tokens, attention part by part."""
        gathered = []
        # `split`, since the gradient of each slice would be as large as the whole
        projections = self.query_key_value(hidden).split([shape.numel() for shape in shapes])
        for projected, mask, shape in zip(projections, masks, shapes, strict=True):
            query, key, value = self.split_heads(projected.view(*shape, -1))
            context = attend_padded(query, key, value, mask)
            gathered.append(context.transpose(1, 2).reshape(len(projected), -1))
        return self.complete(hidden, torch.cat(gathered))

    def packed(self, hidden: Tensor, bounds: Tensor, longest: int) -> Tensor:
        """The block on sequences one after another, [slots, hidden]: one launch of attention for all."""
        size = hidden.shape[1] // self.heads
        query, key, value = self.query_key_value(hidden).unflatten(1, (3, self.heads, size)).unbind(1)
        gathered = varlen_attention(query, key, value, bounds, bounds, longest, longest, size**-0.5)
        return self.complete(hidden, gathered.flatten(1))

    def complete(self, hidden: Tensor, gathered: Tensor) -> Tensor:
        """The block's result, from its input and its attention output, of one shape."""
        hidden = self.attention_norm(hidden + self.dropout(self.attention_output(gathered)))
        return self.output_norm(hidden + self.dropout(self.down(self.activation(self.up(hidden)))))


class Encoder(nn.Module):
    """BERT without its heads: embeddings and layers."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocabulary, config.hidden)
        self.position_embedding = nn.Embedding(config.positions, config.hidden)
        self.segment_embedding = nn.Embedding(config.segments, config.hidden)
        if config.letter_case:
            self.case_embedding = nn.Embedding(len(CASES), config.hidden)
        self.embedding_norm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.dropout = nn.Dropout(config.encoder_dropout)

    def embed(self, token_ids: Tensor, positions: Tensor, segments: Tensor) -> Tensor:
        """The input of the first layer: [batch, length, hidden]."""
        # in a model of one segment (`type_vocab_size` 1), text and description share it
        segments = self.segment_embedding(segments.clamp(max=self.config.segments - 1))
        places = self.position_embedding(positions) + segments
        if self.config.letter_case:
            token_ids, cases = split_case(token_ids)
            places = places + self.case_embedding(cases)
        return self.dropout(self.embedding_norm(self.token_embedding(token_ids) + places))

    def read_alone(
        self, token_ids: Tensor, lengths: Tensor, layers: int, segment: int = 0, position: int = 0
    ) -> Tensor:
        """The hidden states of sequences of one kind, after the lower `layers`.

        Args:
            token_ids: [batch, length] vocabulary indices, padded at the end.
            lengths: [batch] real lengths.
            layers: how many of the layers to go through.
            segment: that of every token.
            position: that of the first token.

        Returns:
            [batch, length, hidden]; values at padded positions are meaningless.
        """
        states = self.read_together([PaddedSequences(token_ids, lengths, segment, position)], layers)
        return states.view(*token_ids.shape, -1)

    def read_together(self, parts: Sequence[PaddedSequences], layers: int) -> Tensor:
        """As `read_alone`, for sequences of many lengths: the time depends on the number of tokens, not of parts.

        Returns:
            [slots, hidden], the positions of all parts one after another; values at padded ones are meaningless.
        """
        hidden = self.embed(
            torch.cat([part.token_ids.flatten() for part in parts]),
            torch.cat([self._positions(part).expand(part.token_ids.shape).flatten() for part in parts]),
            torch.cat([torch.full_like(part.token_ids, part.segment).flatten() for part in parts]),
        )
        shapes = [part.token_ids.shape for part in parts]
        if self.attends_packed():
            return self._through_packed(hidden, [part.lengths for part in parts], shapes, layers)
        masks = [padding_mask(part.lengths, part.token_ids.shape[1], hidden) for part in parts]
        for layer in self.layers[:layers]:
            hidden = layer.together(hidden, masks, shapes)  # type: ignore[operator]
        return hidden

    def attends_packed(self) -> bool:
        """Whether sequences of all lengths go through attention in one launch: on GPUs, in half precision."""
        weight = self.token_embedding.weight
        kind = weight.device.type
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else weight.dtype
        return supports_varlen(weight.device, dtype)

    def _through_packed(
        self, hidden: Tensor, lengths: Sequence[Tensor], shapes: Sequence[torch.Size], layers: int
    ) -> Tensor:
        """[slots, hidden] through the lower `layers`; `lengths` and `shapes` are of each part."""
        bounds, longest = packed_bounds(lengths, shapes), max(shape[1] for shape in shapes)
        for layer in self.layers[:layers]:
            hidden = layer.packed(hidden, bounds, longest)  # type: ignore[operator]
        return hidden

    def _positions(self, part: PaddedSequences) -> Tensor:
        places = torch.arange(part.token_ids.shape[1], device=part.token_ids.device)
        return (places + part.position).clamp(max=self.config.positions - 1)


class CrossEncoder(Encoder):
    """Reads `[CLS] text [SEP] description [SEP]` and judges every token of the text.

    `evidence` scores the described type, `against` scores the opposite in the same pass, and `background` scores no
    entity in a pass over the text alone. `pooler` is unused; published checkpoints have one.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.pooler = nn.Linear(config.hidden, config.hidden)
        self.head_dropout = nn.Dropout(config.head_dropout)
        self.evidence = nn.Linear(config.hidden, 1)
        self.against = nn.Linear(config.hidden, 1)
        self.background = nn.Linear(config.hidden, 1)

    def forward(self, token_ids: Tensor, segments: Tensor, lengths: Tensor) -> Tensor:
        """The last hidden states.

        Args:
            token_ids: [batch, length] vocabulary indices, padded at the end.
            segments: [batch, length], 0 for `[CLS]` and the text, 1 from the first `[SEP]` on.
            lengths: [batch] real lengths.

        Returns:
            [batch, length, hidden]; values at padded positions are meaningless.
        """
        length = token_ids.shape[1]
        places = torch.arange(length, device=token_ids.device)
        separate = self.config.separate_layers
        positions = self._separate_positions(places, segments, lengths) if separate else places
        hidden = self.embed(token_ids, positions, segments)
        mask = padding_mask(lengths, length, hidden)
        # in the separate layers a token sees only its own segment
        other = segments[:, None, :, None] != segments[:, None, None, :]
        apart = mask.masked_fill(other, float("-inf")) if separate else mask
        for number, layer in enumerate(self.layers):
            hidden = layer(hidden, apart if number < separate else mask)
        return self.head_dropout(hidden)

    def read_pairs(self, parts: Sequence[tuple[Tensor, Tensor, Tensor]]) -> Tensor:
        """As `forward`, for pairs of many lengths together, where `attends_packed` and no layers are separate.

        Args:
            parts: the arguments of `forward` for each.

        Returns:
            [slots, hidden], the positions of all parts one after another; values at padded ones are meaningless.
        """
        token_ids, segments, lengths = zip(*parts, strict=True)
        shapes = [ids.shape for ids in token_ids]
        positions = [torch.arange(ids.shape[1], device=ids.device).expand(ids.shape) for ids in token_ids]
        together = (torch.cat([part.flatten() for part in of]) for of in (token_ids, positions, segments))
        hidden = self._through_packed(self.embed(*together), lengths, shapes, len(self.layers))
        return self.head_dropout(hidden)

    def _separate_positions(self, places: Tensor, segments: Tensor, lengths: Tensor) -> Tensor:
        """[batch, length] positions; those of descriptions do not depend on the text before them."""
        text_ends = lengths - segments.sum(1)
        positions = torch.where(segments == 1, places - text_ends[:, None] + self.config.description_start, places)
        return positions.clamp(max=self.config.positions - 1)


def packed_bounds(lengths: Sequence[Tensor], shapes: Sequence[torch.Size]) -> Tensor:
    """[2 x sequences + 1] int32, where sequences of some parts begin, and their padding, each a separate sequence.

    Nothing is compacted, so that the host need not wait for a GPU to report sizes.
    """
    found, base = [], 0
    for real, (count, length) in zip(lengths, shapes, strict=True):
        starts = base + length * torch.arange(count, device=real.device)
        found.append(torch.stack([starts, starts + real], 1).flatten())
        base += count * length
    end = torch.full((1,), base, device=lengths[0].device)
    return torch.cat([*found, end]).to(torch.int32)


def padding_mask(lengths: Tensor, length: int, hidden: Tensor) -> Tensor:
    """[batch, 1, 1, length] of the format of `hidden`: 0 for real tokens, -inf for padding.

    Additive: torch's fused CPU attention takes it as it is. Built even without padding, so that a text gets the same
    arithmetic in any batch.
    """
    places = torch.arange(length, device=hidden.device)
    mask = torch.zeros(lengths.shape[0], 1, 1, length, dtype=hidden.dtype, device=hidden.device)
    return mask.masked_fill_(places >= lengths[:, None, None, None], float("-inf"))


def initialize(model: nn.Module, seed: int) -> None:
    """Random weights as BERT draws them: normal with `initializer_range`, zero biases, unit norms."""
    config: ModelConfig = model.config  # type: ignore[assignment]
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            module.weight.data.normal_(0.0, config.initializer_range, generator=generator)
        if isinstance(module, nn.Linear) and module.bias is not None:
            module.bias.data.zero_()
        if isinstance(module, nn.LayerNorm):
            module.weight.data.fill_(1.0)
            if module.bias is not None:
                module.bias.data.zero_()
