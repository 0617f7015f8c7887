"""Matrix products with constant weights, packed once for the CPU's kernels."""

from __future__ import annotations

import platform
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from openbioner_batch.model import device as devices

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda x: x,
    "gelu": F.gelu,
    "gelu_new": lambda x: F.gelu(x, approximate="tanh"),
    "relu": F.relu,
}
_FUSED = {"none": ("none", ""), "gelu": ("gelu", "none"), "gelu_new": ("gelu", "tanh"), "relu": ("relu", "")}
"""oneDNN's names of activations after a product."""
_ROWS = 2048
"""A typical number of tokens in a product; oneDNN chooses its layout by it."""


def linear(
    weight: Tensor, bias: Tensor, dtype: torch.dtype, device: str, activation: str = "none"
) -> Callable[[Tensor], Tensor]:
    """`activation(x @ weight.T + bias)` as a function of x.

    On x86 CPUs by oneDNN with the weights packed and the activation fused, 5 to 10 % faster than plain products.

    Args:
        weight: [out, in].
        bias: [out].
        dtype: of x, the weights and the result.
        device: where x will be.
        activation: one of `ACTIVATIONS`.
    """
    weight, bias = (part.detach().to(device, dtype).contiguous() for part in (weight, bias))
    on_x86 = platform.machine() in ("x86_64", "AMD64") and torch.backends.mkldnn.is_available()
    if on_x86 and devices.has_cpu_kernels(torch.device(device)):
        packed = torch.ops.mkldnn._reorder_linear_weight(weight, _ROWS)
        name, algorithm = _FUSED[activation]
        return lambda x: torch.ops.mkldnn._linear_pointwise(x, packed, bias, name, [], algorithm)
    function = ACTIVATIONS[activation]
    return lambda x: function(F.linear(x, weight, bias))
