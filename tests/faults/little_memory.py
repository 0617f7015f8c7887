"""Tags a shard twice in one process, at ease and then with little memory: CHECKPOINT OUTPUT TOKEN_BUDGET EXTRA_MIB.

Prints the rows of both and what was quarantined, as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

import pyarrow as pa

from openbioner_batch.engine.model_scorer import ModelScorerFactory
from openbioner_batch.engine.reading import prepare_shard
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.engine.shards import Shard
from openbioner_batch.engine.tagging import TagShards
from openbioner_batch.engine.work import TaggingJob, row_values, table_from_bytes
from openbioner_batch.formats import ReadOptions, get_format
from openbioner_batch.records import Document, Parsed

SENTENCE = "Patient {} was given aspirin for lung cancer and had a fever on day {}. "


def shard() -> Shard:
    """Documents of one to thirty sentences."""
    texts = ["".join(SENTENCE.format(n, day) for day in range(1 + n * 7 % 30)) for n in range(60)]
    return Shard(0, [Parsed("a.jsonl", n, Document(str(n), text)) for n, text in enumerate(texts)])


def outcome(actor: TagShards, job: TaggingJob) -> dict[str, Any]:
    """What the actor makes of the shard."""
    made = row_values(actor(prepare_shard(0, shard(), job)))
    return {
        "rows": table_from_bytes(made["data"]).to_pylist(),
        "quarantined": table_from_bytes(made["rejected"]).to_pylist(),
    }


def main() -> None:
    checkpoint, output, budget, extra = sys.argv[1:]
    settings = AnnotateSettings(
        ("a.jsonl",), output, "drug,disease", model=checkpoint, devices="cpu", dtype="float32", token_budget=int(budget)
    )
    factory = ModelScorerFactory.from_settings(settings, on_cluster=False)
    options = ReadOptions("id", "text")
    kind, kept = get_format("jsonl"), pa.schema([])
    easy, hard = (
        TaggingJob(f"{output}/{name}", "session", kind, options, kept, False, 99, factory, threads=1)
        for name in ("at-ease", "with-little")
    )
    at_ease = outcome(TagShards(easy), easy)
    actor = TagShards(hard)
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    most = now + (int(extra) << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    with_little = outcome(actor, hard)
    print(json.dumps({"at ease": at_ease, "with little": with_little}))


if __name__ == "__main__":
    main()
