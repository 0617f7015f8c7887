"""Real texts, in an order that says nothing about them."""

from __future__ import annotations

import random
from itertools import islice

from openbioner_batch.errors import UsageError

PLAIN_WORDS = (
    "the patient was given aspirin and ibuprofen for pain in her left knee after a fall while mice were not".split()
)
"""Of made-up texts."""
READ = 2000
"""Documents read of a corpus before they are shuffled."""


def read_texts(inputs: tuple[str, ...], limit: int = READ) -> list[str]:
    """The texts of the first `limit` documents of some inputs, in the formats that `annotate` reads.

    Raises:
        UsageError: the inputs have no documents.
    """
    from openbioner_batch.formats import find_inputs
    from openbioner_batch.formats.base import ReadOptions
    from openbioner_batch.records import Parsed

    found, files = find_inputs(inputs)
    options = found.resolve(files, ReadOptions())
    records = (record for split in found.splits(files) for record in found.read(split, options))
    texts = [record.document.text for record in islice((r for r in records if isinstance(r, Parsed)), limit)]
    if not texts:
        raise UsageError(f"{', '.join(inputs)}: no document is there")
    return texts


def shuffled_texts(path: str) -> list[str]:
    """As `read_texts`, in a random order that is always the same: any first part of it is a sample."""
    texts = read_texts((path,))
    random.Random(0).shuffle(texts)
    return texts
