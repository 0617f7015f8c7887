"""Tables as the bytes of Parquet files."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq


def parquet_bytes(table: pa.Table) -> bytes:
    """The table as a Parquet file with a checksum on each page: the same bytes for the same table."""
    sink = pa.BufferOutputStream()
    rows = max(1, table.num_rows)
    pq.write_table(table, sink, compression="zstd", version="2.6", row_group_size=rows, write_page_checksum=True)
    return sink.getvalue().to_pybytes()
