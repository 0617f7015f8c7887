"""What a model can be told by name: options list it, so importing this loads nothing else."""

from __future__ import annotations

WORDS = ("basic", "whitespace", "pieces")
"""What a span is made of: words and punctuation marks (see `words.py`), whatever stands between single spaces, or
BERT's words and marks, which cut at every hyphen."""
DTYPES = ("float32", "bfloat16", "float16")
"""The precisions."""
