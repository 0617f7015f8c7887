"""Writes long tables with one span a row, for SQL and data frames. Documents without spans have no row."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from openbioner_batch.formats.writing import Origin, Writer, plain_values
from openbioner_batch.schemas import OWN_COLUMNS

KEYS = ("document_id", "source", "record")


class ParquetLongWriter(Writer):
    """`document_id, source, record, start, end, type, score, text`, then the kept columns with their types.

    Further fields of spans come before these: each flag of its assertion as a column, the section, `concept_id`,
    `concept_name` and `concept_score` of the best concept and the list `concepts` of all, `found_by`.
    """

    name = "parquet-long"
    suffix = ".parquet"

    def write(self, rows: pa.Table, origin: Origin) -> bytes:
        import pyarrow.parquet as pq

        table = long_table(rows)
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd", version="2.6", row_group_size=max(1, table.num_rows))
        return sink.getvalue().to_pybytes()


class CsvWriter(Writer):
    """The same columns as CSV with a header line; lists and the like as JSON, strings in quotes, nulls empty."""

    name = "csv"
    suffix = ".csv"

    def write(self, rows: pa.Table, origin: Origin) -> bytes:
        import pyarrow.csv

        table = long_table(rows)
        for place, field in enumerate(table.schema):
            if (flat := _flat(table.column(place))) is not None:
                table = table.set_column(place, field.name, flat)
        sink = pa.BufferOutputStream()
        pyarrow.csv.write_csv(table, sink)
        return sink.getvalue().to_pybytes()


def long_table(rows: pa.Table) -> pa.Table:
    """One row for each span of a run's rows.

    A kept column with the name of one of the span's own becomes `kept_...`.
    """
    import pyarrow.compute as pc

    rows = rows.combine_chunks()
    parents = pc.list_parent_indices(rows["spans"])
    spans = pc.list_flatten(rows["spans"])
    columns = {name: rows[name].take(parents) for name in KEYS}
    for field in spans.type:
        values = pc.struct_field(spans, field.name)
        if field.name == "concepts":
            columns |= best_concepts(values)
        columns |= (
            {part.name: pc.struct_field(values, part.name) for part in field.type}
            if pa.types.is_struct(field.type)
            else {field.name: values}
        )
    for name in rows.column_names:
        if name not in OWN_COLUMNS:
            column = name
            while column in columns:
                column = f"kept_{column}"
            columns[column] = rows[name].take(parents)
    return pa.table(columns)


def _flat(column: pa.ChunkedArray) -> pa.Array | None:
    """The values of a column as strings where CSV cannot hold them; None where it can."""
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array([None if value is None else to_json(value) for value in plain_values(column)], pa.string())
    if pa.types.is_temporal(kind) or pa.types.is_decimal(kind) or pa.types.is_dictionary(kind):
        return pa.array([None if value is None else str(value) for value in plain_values(column)], pa.string())
    return None


def best_concepts(concepts: pa.Array) -> dict[str, pa.Array]:
    """The parts of the first concept of each list as columns, null where a list is empty."""
    import pyarrow.compute as pc

    flat = pc.list_flatten(concepts)
    lengths = pc.list_value_length(concepts)
    after = pc.cumulative_sum(lengths)
    first = pc.if_else(pc.greater(lengths, 0), pc.subtract(after, lengths), None)
    return {f"concept_{part.name}": pc.struct_field(flat, part.name).take(first) for part in flat.type}


def to_json(value: Any) -> str:
    """A value as JSON: types that JSON lacks as strings, bytes in hexadecimal."""
    return json.dumps(_finite(value), ensure_ascii=False, default=lambda other: _finite(_text_of(other)))


def _text_of(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _finite(value: Any) -> Any:
    """The value with null for numbers that JSON lacks."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
