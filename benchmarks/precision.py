"""How far reduced precision agrees with float32: the share of spans that both find.

python benchmarks/precision.py pubmed.xml.gz --limit 100 --dtype bfloat16
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import click

from openbioner_batch.errors import OpenBioNERError


def read_texts(inputs: tuple[str, ...], limit: int) -> list[str]:
    """The first documents of some inputs."""
    from openbioner_batch.formats import find_inputs
    from openbioner_batch.formats.base import ReadOptions
    from openbioner_batch.records import Parsed

    found, files = find_inputs(inputs)
    options = found.resolve(files, ReadOptions())
    records = (record for split in found.splits(files) for record in found.read(split, options))
    return [record.document.text for record in islice((r for r in records if isinstance(r, Parsed)), limit)]


def spans_of(dtype: str, texts: list[str], types: Any, model: str) -> set[tuple[int, int, int, str]]:
    """All spans that a model finds in one precision."""
    from openbioner_batch.model import Tagger

    tagged = Tagger.from_pretrained(model, dtype=dtype).tag(texts, types)
    return {(number, span.start, span.end, span.type) for number, spans in enumerate(tagged) for span in spans}


@click.command()
@click.argument("inputs", nargs=-1, required=True)
@click.option("--types", default="disease,drug,gene,species,cell_type", show_default=True)
@click.option("--model", default="bundled", show_default=True)
@click.option("--dtype", default="bfloat16", show_default=True)
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Documents.")
def main(inputs: tuple[str, ...], types: str, model: str, dtype: str, limit: int) -> None:
    """Tag INPUTS in float32 and in another precision, and compare."""
    from openbioner_batch.catalog import resolve_types

    groups = resolve_types(types)
    texts = read_texts(inputs, limit)
    exact, reduced = (spans_of(precision, texts, groups, model) for precision in ("float32", dtype))
    agreement = 2 * len(exact & reduced) / max(1, len(exact) + len(reduced))
    click.echo(f"{len(texts)} documents: {len(exact)} spans in float32, {len(reduced)} in {dtype}, F1 {agreement:.1%}")


if __name__ == "__main__":
    try:
        main()
    except OpenBioNERError as error:
        raise SystemExit(f"error: {error}") from None
