"""How far reduced precision agrees with float32: the share of spans that both find.

python benchmarks/precision.py pubmed.xml.gz --limit 100 --dtype bfloat16 --json precision.json
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from common.machine import machine
from common.results import json_option, write_json
from common.texts import read_texts

from openbioner_batch.errors import OpenBioNERError


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
@click.option("--quick", is_flag=True, help="Three documents: does it work at all.")
@json_option
def main(
    inputs: tuple[str, ...], types: str, model: str, dtype: str, limit: int, quick: bool, json_path: Path | None
) -> None:
    """Tag INPUTS in float32 and in another precision, and compare."""
    from openbioner_batch.catalog import resolve_types

    try:
        groups = resolve_types(types)
        texts = read_texts(inputs, 3 if quick else limit)
        exact, reduced = (spans_of(precision, texts, groups, model) for precision in ("float32", dtype))
    except OpenBioNERError as error:
        raise click.ClickException(str(error)) from None
    agreement = 2 * len(exact & reduced) / max(1, len(exact) + len(reduced))
    report = {
        "inputs": [Path(one).name for one in inputs],
        "documents": len(texts),
        "types": types,
        "model": model,
        "spans": {"float32": len(exact), dtype: len(reduced), "both": len(exact & reduced)},
        "f1": agreement,
        "ran_on": machine(),
    }
    write_json(json_path, report)
    click.echo(f"{len(texts)} documents: {len(exact)} spans in float32, {len(reduced)} in {dtype}, F1 {agreement:.2%}")


if __name__ == "__main__":
    main()
