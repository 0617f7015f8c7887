"""Our own kernels for attention and norms in bfloat16 on a CPU, compiled on the machine where they run.

`kernels.c` is compiled by the machine's C compiler when it is first needed, and kept in the user's cache. Without a
compiler, or on a CPU that does not multiply bfloat16, torch does the same more slowly.
"""

from __future__ import annotations

from openbioner_batch.model.native.calling import (
    SWITCH,
    add_norm,
    attend,
    attend_sharing,
    attend_to_descriptions,
    attend_to_texts,
    is_supported,
    supports_attention,
)
from openbioner_batch.model.native.compiling import load

__all__ = [
    "SWITCH",
    "add_norm",
    "attend",
    "attend_sharing",
    "attend_to_descriptions",
    "attend_to_texts",
    "is_supported",
    "load",
    "supports_attention",
]
