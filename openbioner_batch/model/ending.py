"""The part of a transformer block after attention: a projection and two layers, each added and normalised."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from openbioner_batch.model import native
from openbioner_batch.model.encoder import Layer
from openbioner_batch.model.fusing import CompiledFunction
from openbioner_batch.model.linear import ACTIVATIONS, linear


class Ending:
    """With products that suit the device, and our own norms where available.

    Args:
        layer: the block of the module.
        activation: the name of the function between its two layers.
        dtype: of matrices; norms and sums are in float32.
        device: where it runs.
    """

    def __init__(self, layer: Layer, activation: str, dtype: torch.dtype, device: str) -> None:
        self._attention_output = linear(layer.attention_output.weight, layer.attention_output.bias, dtype, device)
        self._up = linear(layer.up.weight, layer.up.bias, dtype, device, activation)
        self._down = linear(layer.down.weight, layer.down.bias, dtype, device)
        self._attention_norm = AddNorm(layer.attention_norm, device)
        self._output_norm = AddNorm(layer.output_norm, device)

    def __call__(self, residual: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """The block's result.

        Args:
            residual: [tokens, width] float32, the input of the block; overwritten.
            context: [tokens, width] in the matrices' format, the attention output.

        Returns:
            [tokens, width] float32, and the same in the matrices' format.
        """
        hidden, rounded = self._attention_norm(residual, self._attention_output(context))
        return self._output_norm(hidden, self._down(self._up(rounded)))


class CompiledEnding:
    """The same as one function that torch's compiler fuses as far as it can, at least sums, norms and roundings.

    GELU's exact form stays a separate pass after the product: cuBLAS has only its approximation by tanh, which
    `torch._addmm_activation` gives on GPUs. Where torch tries products of Triton's out
    (TORCHINDUCTOR_MAX_AUTOTUNE_GEMM=1), it may put the exact form into one of them.

    Args:
        layer: the block of the module.
        activation: the name of the function between its two layers.
        dtype: of matrices; norms and sums are in float32.
        device: where it runs.
    """

    def __init__(self, layer: Layer, activation: str, dtype: torch.dtype, device: str) -> None:
        products, norms = (layer.attention_output, layer.up, layer.down), (layer.attention_norm, layer.output_norm)
        self._parameters = [
            *(part.detach().to(device, dtype).contiguous() for one in products for part in (one.weight, one.bias)),
            *(part.detach().to(device, torch.float32) for one in norms for part in (one.weight, one.bias)),
        ]
        self._activation = activation
        self._epsilon = norms[0].eps

    def __call__(self, residual: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """As `Ending`; the residual is left as it is."""
        return _fused(residual, context, self._activation, self._epsilon, *self._parameters)


class AddNorm:
    """Layer normalisation of a sum, in float32."""

    def __init__(self, norm: nn.LayerNorm, device: str) -> None:
        self._weight, self._bias = (part.detach().to(device, torch.float32) for part in (norm.weight, norm.bias))
        self._eps = norm.eps

    def __call__(self, hidden: Tensor, added: Tensor) -> tuple[Tensor, Tensor]:
        """The norm of `hidden` (float32; overwritten) plus `added`: in float32, and in the format of `added`."""
        if native.is_supported(added):
            return hidden, native.add_norm(hidden, added, self._weight, self._bias, self._eps)
        return _add_norm(hidden, added, self._weight, self._bias, self._eps)


def _add_norm(hidden: Tensor, added: Tensor, weight: Tensor, bias: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    found = F.layer_norm(hidden + added, weight.shape, weight, bias, epsilon)
    return found, found.to(added.dtype)


def _end(
    residual: Tensor, context: Tensor, activation: str, epsilon: float, *parameters: Tensor
) -> tuple[Tensor, Tensor]:
    """A block's ending as a function of its parameters alone, so that one compilation serves all blocks."""
    *products, weight, bias, last_weight, last_bias = parameters
    output_weight, output_bias, up_weight, up_bias, down_weight, down_bias = products
    hidden, rounded = _add_norm(residual, F.linear(context, output_weight, output_bias), weight, bias, epsilon)
    inner = ACTIVATIONS[activation](F.linear(rounded, up_weight, up_bias))
    return _add_norm(hidden, F.linear(inner, down_weight, down_bias), last_weight, last_bias, epsilon)


_fused = CompiledFunction(_end)
