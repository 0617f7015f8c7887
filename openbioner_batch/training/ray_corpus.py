"""The sources as tokens in Ray's object store: read and tokenized once a run by the whole cluster."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.training.corpus import Corpus, check_weights, weight_of
from openbioner_batch.training.pieces import Piece, tokenize_passages
from openbioner_batch.training.settings import PassageFolder, PretrainSettings
from openbioner_batch.training.sources import passage_groups, read_passages

_SCHEMA = pa.schema(
    [
        pa.field("piece", pa.large_binary()),  # a pickled Piece, so that it takes one read
        pa.field("tokens", pa.int32()),
        pa.field("weight", pa.float64()),
        pa.field("source", pa.string()),
        pa.field("annotated", pa.string()),  # names joined by commas, null for open types
    ]
)


@dataclass(frozen=True, slots=True)
class RayPieces:
    """Pieces in the object store, for any process of the cluster; blocks stay mapped once they have been fetched.

    Attributes:
        blocks: references to Arrow tables of pieces.
        bounds: [blocks + 1] the index of each block's first piece.
    """

    blocks: tuple[Any, ...]
    bounds: np.ndarray
    _columns: dict[int, pa.ChunkedArray] = field(default_factory=dict, repr=False, compare=False)

    def piece(self, index: int) -> Piece:
        """The piece of an index."""
        block = int(np.searchsorted(self.bounds, index, "right")) - 1
        if block not in self._columns:
            import ray

            self._columns[block] = ray.get(self.blocks[block]).column("piece")
        found: Piece = pickle.loads(self._columns[block][int(index - self.bounds[block])].as_py())
        return found


def tokenize_sources_on_ray(settings: PretrainSettings, tokenizer: Tokenizer) -> Corpus:
    """Tokenize every source through Ray Data. Ray must run.

    Raises:
        UsageError: a source has no passages, or a weight names an unknown corpus.
    """
    import ray

    rows = []
    for number, source in enumerate(settings.sources):
        rows += [{"source": number, "uri": uri, "group": group} for uri, group in passage_groups(source.path)]
    dataset = ray.data.from_items(rows, override_num_blocks=len(rows))
    dataset.context.execution_options.preserve_order = True
    dataset = dataset.map_batches(
        _tokenize,  # type: ignore[arg-type] # keyword arguments are not in Ray's type
        fn_kwargs={"sources": settings.sources, "tokenizer": tokenizer, "text_tokens": settings.start.text_tokens},
        batch_size=1,
        batch_format="pyarrow",
        num_cpus=0.5,
    ).materialize()
    blocks = dataset.to_arrow_refs()
    tables = [ray.get(block).select(["tokens", "weight", "source", "annotated"]) for block in blocks]
    whole = pa.concat_tables(tables) if tables else _SCHEMA.empty_table()
    check_weights(settings.sources, Counter(whole.column("source").to_pylist()))
    weights = whole.column("weight").to_numpy()
    seen = whole.filter(pa.array(weights > 0))
    counts = Counter(seen.column("source").to_pylist())
    certain = seen.column("annotated").unique().to_pylist()
    origins = whole.column("source").combine_chunks().dictionary_encode()
    return Corpus(
        RayPieces(tuple(blocks), np.cumsum([0, *map(len, tables)])),
        whole.column("tokens").to_numpy(),
        weights,
        dict(sorted(counts.items())),
        tuple(sorted({name for names in certain if names for name in names.split(",")})),
        tuple(origins.dictionary.to_pylist()),
        origins.indices.to_numpy(),
    )


def _tokenize(rows: pa.Table, sources: Sequence[PassageFolder], tokenizer: Tokenizer, text_tokens: int) -> pa.Table:
    found: list[dict[str, Any]] = []
    for row in rows.to_pylist():
        source = sources[row["source"]]
        for piece in tokenize_passages(read_passages((row["uri"], row["group"])), tokenizer, text_tokens):
            found.append(
                {
                    "piece": pickle.dumps(piece, pickle.HIGHEST_PROTOCOL),
                    "tokens": len(piece.token_ids),
                    "weight": weight_of(source, piece.source),
                    "source": piece.source,
                    "annotated": None if piece.annotated is None else ",".join(piece.annotated),
                }
            )
    return pa.Table.from_pylist(found, schema=_SCHEMA)
