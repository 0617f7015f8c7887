"""Names that select how a model runs, for options that list them; importing this loads nothing else."""

from __future__ import annotations

WORDS = ("basic", "whitespace", "pieces")
"""What a span is made of: words and punctuation marks (see `words.py`), whatever stands between single spaces, or
BERT's words and marks, which cut at every hyphen."""
DTYPES = ("float32", "bfloat16", "float16")
"""The precisions."""
