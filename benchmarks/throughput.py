"""The bare Tagger's speed, by variant, number of types, corpus, device and precision.

    python benchmarks/throughput.py pubmed.xml.gz mtsamples.jsonl.gz --variants tiny,base --json speed.json

Each case is a process of its own. It measures the matrix rate of the variant's shapes, warms up, takes as many
documents of a fixed sample as last about --seconds, but no fewer than --documents, and tags them --repeats times.
Weights are random.

`of matrix rate` is the least time that exact results could take at that rate (see `common/matrix.py`) over the time
taken: padding, attention's and the norms' overhead, tokenization and decoding all count against it. `MFU` counts the
whole encoder over the real tokens instead. `padding` is the share of the computed tokens that only fill up a batch.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click
from common.machine import device_name, machine, peak_memory_mib
from common.matrix import matrix_rate, work_of
from common.models import first_types, write_random_model
from common.processes import in_child
from common.results import comma_list, json_option, show_table, spread, write_json
from common.texts import shuffled_texts

from openbioner_batch.errors import OpenBioNERError
from openbioner_batch.model.reading import read_config

if TYPE_CHECKING:
    from torch import Tensor

    from openbioner_batch.model import Tagger
    from openbioner_batch.model.inference import InferenceEncoder
    from openbioner_batch.model.layout import Layout
    from openbioner_batch.records import EntityType

WARM_UP = 3
"""Documents tagged before the clock runs: one to start, the others for a rate that decides how many are measured."""
FEWEST = 2
"""Documents that --documents may ask for at least, so that batches are shared."""


def measure(
    checkpoint: str, texts: list[str], types: int, device: str, dtype: str, seconds: float, fewest: int, repeats: int
) -> dict[str, Any]:
    """One case: rates over the same documents, `repeats` times, and what they are to be compared with.

    The documents last about `seconds`, and are `fewest` or more.
    """
    import torch

    from openbioner_batch.model import Tagger
    from openbioner_batch.model.inference import InferenceEncoder

    kinds = first_types(types)
    tagger = Tagger.from_pretrained(checkpoint, device, dtype)
    rate = matrix_rate(tagger.encoder.config, tagger.dtype, tagger.device)
    tagger.annotate(texts[:1], kinds)
    warm_seconds = _time(tagger, texts[1:WARM_UP], kinds)
    documents = max(fewest, round(seconds * (WARM_UP - 1) / warm_seconds))
    texts = texts[WARM_UP:][:documents]
    prepared = tagger.preparer(kinds).prepare(texts)
    work, tokens = work_of(prepared, tagger.encoder.config), int(prepared.document_tokens.sum())
    counting = None
    if isinstance(tagger.encoder, InferenceEncoder):
        counting = tagger.encoder = CountingEncoder(tagger.encoder)  # type: ignore[assignment]
    times = [_time(tagger, texts, kinds) for _ in range(repeats)]
    return {
        "documents": len(texts),
        "text_tokens": tokens,
        "pairs": work.pairs,
        "documents_per_second": spread([len(texts) / time for time in times]),
        "tokens_per_second": spread([tokens / time for time in times]),
        "pairs_per_second": spread([work.pairs / time for time in times]),
        "tokens_per_text_token": work.tokens / tokens,
        "padding_share": 1 - work.tokens * repeats / counting.tokens if counting else None,
        "matrix_operations_per_second": rate,
        "share_of_matrix_rate": spread([work.least_operations / rate / time for time in times]),
        "mfu": spread([work.model_operations / rate / time for time in times]),
        "seconds": times,
        **_memory(tagger.device),
        "device": device_name(tagger.device),
        "dtype": tagger.dtype,
        "token_budget": tagger.token_budget,
        "threads": torch.get_num_threads(),
    }


def _time(tagger: Tagger, texts: Sequence[str], kinds: Sequence[EntityType]) -> float:
    began = perf_counter()
    tagger.annotate(texts, kinds)
    return perf_counter() - began


class CountingEncoder:
    """An encoder that counts the tokens that it is given, padding included."""

    def __init__(self, encoder: InferenceEncoder) -> None:
        self.encoder, self.device, self.config, self.tokens = encoder, encoder.device, encoder.config, 0

    def __call__(self, layout: Layout, shifted: bool = False) -> Tensor:
        """The encoder's answer; adds the batch's distinct tokens to `tokens`."""
        self.tokens += len(layout.source)
        return self.encoder(layout, shifted)


def _memory(device: str) -> dict[str, int]:
    import torch

    on_device = {"peak_device_memory_mib": torch.cuda.max_memory_allocated() >> 20} if device != "cpu" else {}
    return {"peak_memory_mib": peak_memory_mib(), **on_device}


def show(report: dict[str, Any]) -> None:
    """A row for each case."""
    rows = []
    for case in report["cases"]:
        speed = case["tokens_per_second"]
        rows.append(
            (
                case["variant"],
                str(case["separate_layers"]),
                case["corpus"],
                case["dtype"],
                str(case["types"]),
                str(case["documents"]),
                f"{case['documents_per_second']['median']:,.2f}",
                f"{speed['median']:,.0f}",
                f"{speed['least']:,.0f} to {speed['most']:,.0f}",
                f"{case['pairs_per_second']['median']:,.1f}",
                "-" if case["padding_share"] is None else f"{case['padding_share']:.1%}",
                f"{case['share_of_matrix_rate']['median']:.0%}",
                f"{case['mfu']['median']:.0%}",
                f"{case['matrix_operations_per_second'] / 1e9:,.0f}",
                f"{case.get('peak_device_memory_mib', case['peak_memory_mib']):,}",
            )
        )
    titles = "variant,separate,corpus,precision,types,n,documents/s,text tokens/s,least to most,pairs/s,padding"
    show_table((*titles.split(","), "of matrix rate", "MFU", "GFLOP/s", "MiB"), rows, words=4)


@click.command()
@click.argument("corpora", nargs=-1, required=True)
@click.option("--variants", default="tiny,small,compact,base", show_default=True)
@click.option("--types", default="1,5,20", show_default=True, help="How many types are queried.")
@click.option("--separate-layers", default="own", show_default=True, help="Some of 0, 5, ..., or own: the variant's.")
@click.option("--devices", default="auto", show_default=True, help="Some of cpu, gpu; or auto.")
@click.option("--dtypes", default="auto", show_default=True, help="Some of float32, bfloat16, float16; or auto.")
@click.option("--seconds", type=click.FloatRange(min=0), default=10.0, show_default=True, help="Of one measurement.")
@click.option("--documents", type=click.IntRange(min=FEWEST), default=FEWEST, show_default=True, help="At least.")
@click.option("--repeats", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--quick", is_flag=True, help="The fewest documents, once: does it work at all.")
@json_option
def main(
    corpora: tuple[str, ...], variants: str, types: str, separate_layers: str, devices: str, dtypes: str,
    seconds: float, documents: int, repeats: int,
    quick: bool, json_path: Path | None,
) -> None:  # fmt: skip
    """Measure every combination, each file of CORPORA being one corpus."""
    if quick:
        seconds, repeats = 0, 1
    cases = []
    try:
        texts = {corpus: shuffled_texts(corpus) for corpus in corpora}
        with tempfile.TemporaryDirectory() as folder:
            for variant, separate in product(comma_list(variants), comma_list(separate_layers)):
                layers = None if separate == "own" else int(separate)
                checkpoint = write_random_model(variant, Path(folder) / f"{variant}-{separate}", None, layers)
                own = read_config(Path(checkpoint)).separate_layers
                for device, dtype, corpus, count in _product(devices, dtypes, corpora, types):
                    name = Path(corpus).name.partition(".")[0]
                    click.echo(f"{variant}, {own} separate, {name}, {count} types, {device}, {dtype}", err=True)
                    case = in_child(
                        measure, checkpoint, texts[corpus], count, device, dtype, seconds, documents, repeats
                    )
                    about = {"variant": variant, "separate_layers": own, "corpus": name, "types": count}
                    cases.append({**about, **case})
    except OpenBioNERError as error:
        raise click.ClickException(str(error)) from None
    report = {"cases": cases, "ran_on": machine()}
    write_json(json_path, report)
    show(report)


def _product(devices: str, dtypes: str, corpora: Sequence[str], types: str) -> list[tuple[str, str, str, int]]:
    return [
        (device, dtype, corpus, int(count))
        for device in comma_list(devices)
        for dtype in comma_list(dtypes)
        for corpus in corpora
        for count in comma_list(types)
    ]


if __name__ == "__main__":
    main()
