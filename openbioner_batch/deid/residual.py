"""The model reads a sample of the result again: an ordinary tagging run over de-identified notes."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from openbioner_batch.deid.deidentifier import leaks
from openbioner_batch.deid.finder import Finder
from openbioner_batch.deid.policy import Policy
from openbioner_batch.deid.settings import DeidentifySettings
from openbioner_batch.deid.shard import SAMPLE
from openbioner_batch.engine.names import DATA
from openbioner_batch.engine.run import annotate
from openbioner_batch.engine.scoring import ScorerFactory
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import open_table
from openbioner_batch.records import Span

READ_AGAIN = "_run/read_again"


def check_with_model(settings: DeidentifySettings, policy: Policy, factory: ScorerFactory | None) -> dict[str, Any]:
    """What the model finds in the sampled notes outside of the replacements: `{"notes", "types"}`.

    It resumes an earlier session's work, as any run does.

    Args:
        settings: of the run whose result is read.
        policy: identifiers of types that it keeps do not count.
        factory: scores, in place of the model in the settings.

    Raises:
        RunFailedError: the run stopped; the same call resumes it.
    """
    store = Store(settings.output)
    if not store.names(SAMPLE):
        return {"notes": 0, "types": {}}
    request = dataclasses.replace(
        settings.tagging((f"{store.url}/{SAMPLE}",), f"{store.url}/{READ_AGAIN}"),
        format="jsonl",
        id_field="id",
        text_field="text",
        keep_fields=("settled",),
        include_text=True,
        max_quarantined="100%",
    )
    Store(request.output).make_private()
    annotate(request, factory, lambda line: None)
    finder = Finder(dataclasses.replace(settings.finder, recognizers=("model",)))
    notes, types = 0, Counter[str]()
    for row in _rows(Store(request.output)):
        notes += 1
        found = finder.find(row["text"], None, [Span(**span) for span in row["spans"]])
        settled = [(start, end) for start, end in json.loads(row["kept"])["settled"]]
        certain = [one for one in found if not policy.keeps(one.type)]
        types.update(one.type for one in leaks(row["text"], certain, settled))
    return {"notes": notes, "types": dict(types.most_common())}


def _rows(store: Store) -> Iterator[dict[str, Any]]:
    for name in store.names(DATA):
        with open_table(store, f"{DATA}/{name}") as table:
            rows = table.read(["spans", "kept", "text"]).to_pylist()
        yield from rows
