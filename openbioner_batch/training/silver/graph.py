"""The stages of silver runs: read shards, query an LLM for each text, commit whole shards."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Generator, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pyarrow as pa

from openbioner_batch.engine.committing import put_beside
from openbioner_batch.engine.executors.base import Executor, ReadStage
from openbioner_batch.engine.executors.failures import as_run_failure
from openbioner_batch.engine.executors.in_process import InProcess
from openbioner_batch.engine.executors.ray_data import MOST_BLOCKS, MOST_DEATHS, configure_context
from openbioner_batch.engine.ledger import Totals
from openbioner_batch.engine.names import DATA, QUARANTINE, shard_file, shard_name
from openbioner_batch.engine.reading import read_splits
from openbioner_batch.engine.shards import Shard, documents_table
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import parquet_bytes
from openbioner_batch.engine.work import Job, SplitTask, rejected_table, table_from_bytes, table_to_bytes
from openbioner_batch.errors import RunFailedError
from openbioner_batch.training.silver.outcomes import AnswerOutcome, answered_rows
from openbioner_batch.training.silver.prompt import Prompt, fingerprint
from openbioner_batch.training.silver.settings import LlmSettings
from openbioner_batch.training.silver.transport import Client, ClientRecipe

BLOCK_BYTES = 1 << 10
"""Blocks are passed on at this size, a few passages, since answers that have not been passed on can be lost."""
SHARDS_OWN_ROW = -1
"""The index of the row with a shard's documents; every other row is for one document."""
TASKS_AT_ONCE = 4
"""How many batches the request stage holds, so that a slow answer does not block the next requests."""
READ_TASKS = 2
CPUS = 0.1
"""Logical CPUs of every stage: they wait for the LLM most of the time."""


@dataclass(frozen=True)
class LlmPipeline:
    """The pipeline that queries an LLM for every document."""

    prompt: Prompt
    llm: LlmSettings
    more: Mapping[str, Any]
    """Other settings that the answers depend on."""

    def fingerprint(self) -> dict[str, Any]:
        """The prompt, the model and its sampling."""
        return {**fingerprint(self.prompt, self.llm), **self.more}

    def stream(
        self, tasks: Sequence[SplitTask], job: Job, executor: Executor, before: Totals
    ) -> Generator[dict[str, Any], None, None]:
        """See `Pipeline.stream`.

        Raises:
            RunFailedError: the endpoint fails, or the cost ceiling is reached and every admitted shard is committed.
        """
        spent = self.llm.price(before.amounts["prompt_tokens"], before.amounts["completion_tokens"])
        recipe = ClientRecipe(self.llm, self.prompt, spent)
        read = partial(read_splits, job=job, emit=partial(shard_rows, job=job))
        answered = self._answered_here if isinstance(executor, InProcess) else self._answered_by_ray
        collector = Collector(job, self.prompt)
        try:
            with closing(answered(tasks, read, recipe)) as batches:
                for batch in batches:
                    for row in batch.to_pylist():
                        yield from collector.add(row)
                    collector.check_stopped(self.llm)
        except Exception as error:
            raise as_run_failure(error) from error
        yield from collector.rest()
        collector.check_stopped(self.llm, at_end=True)

    def _answered_here(
        self, tasks: Sequence[SplitTask], read: ReadStage, recipe: ClientRecipe
    ) -> Generator[pa.Table, None, None]:
        """The rows with their outcomes, requested by this process, some shards at once."""
        loop = asyncio.new_event_loop()
        answer_rows = AnswerRows(recipe)
        waiting: set[asyncio.Task[pa.Table]] = set()

        def ended() -> pa.Table:
            """All shards that are answered by the time of the next one, in one batch, so that a stop loses none."""
            done, _ = loop.run_until_complete(asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED))
            waiting.difference_update(done)
            return pa.concat_tables([one.result() for one in done])

        try:
            for task in tasks:
                with closing(read(pa.table({"task": [task.to_json()]}))) as shards:
                    for shard in shards:
                        waiting.add(loop.create_task(answer_rows(shard)))
                        if len(waiting) >= TASKS_AT_ONCE:
                            yield ended()
            while waiting:
                yield ended()
        finally:
            loop.run_until_complete(_leave(waiting, answer_rows))
            loop.close()

    def _answered_by_ray(
        self, tasks: Sequence[SplitTask], read: ReadStage, recipe: ClientRecipe
    ) -> Generator[pa.Table, None, None]:
        """The rows with their outcomes, requested by an actor of Ray Data."""
        import ray.data

        items = [{"task": task.to_json()} for task in tasks]
        tasks_table = ray.data.from_items(items, override_num_blocks=min(len(tasks), MOST_BLOCKS))
        configure_context(tasks_table.context)
        tasks_table.context.target_max_block_size = BLOCK_BYTES
        rows = tasks_table.map_batches(
            read,
            batch_size=1,
            batch_format="pyarrow",
            compute=ray.data.TaskPoolStrategy(min(READ_TASKS, len(tasks))),
            num_cpus=CPUS,
            max_retries=MOST_DEATHS,
        )
        if self.llm.vllm is not None:
            from openbioner_batch.training.silver.vllm import vllm_processor

            answered = vllm_processor(self.prompt, self.llm)(rows)
        else:
            # one actor, since the limits are for all requests together; it is asynchronous and rarely busy
            one = ray.data.ActorPoolStrategy(
                size=1, max_tasks_in_flight_per_actor=2 * TASKS_AT_ONCE, max_concurrent_calls_per_actor=TASKS_AT_ONCE
            )
            answered = rows.map_batches(
                AnswerRows,
                fn_constructor_kwargs={"recipe": recipe},
                batch_size=self.llm.concurrency,
                batch_format="pyarrow",
                compute=one,
                num_cpus=CPUS,
            )
        yield from answered.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)


async def _leave(waiting: Set[asyncio.Task[pa.Table]], answer_rows: AnswerRows) -> None:
    """Cancel the open requests, then close the connections.

    A coroutine, since `asyncio.gather` outside of a loop makes a new loop where `waiting` is empty.
    """
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await asyncio.gather(answer_rows.close(), return_exceptions=True)  # must not hide why the run ended


class AnswerRows:
    """Sends rows to the endpoint, all at once: an asynchronous actor of Ray Data, or called in this process.

    Args:
        recipe: the client's.
    """

    def __init__(self, recipe: ClientRecipe) -> None:
        self._prompt = recipe.prompt
        self._client = Client(recipe)

    async def __call__(self, batch: pa.Table) -> pa.Table:
        """The rows of a batch with their outcomes, requested concurrently."""
        rows = batch.to_pylist()
        outcomes = await asyncio.gather(*(self._outcome(row) for row in rows))
        return batch.drop_columns(["text"]).append_column(
            "outcome", pa.array([outcome.to_json() for outcome in outcomes], pa.string())
        )

    async def _outcome(self, row: Mapping[str, Any]) -> AnswerOutcome:
        if row["text"] is None:
            return AnswerOutcome()  # the shard's own row needs no request
        outcome = await self._client.outcome(row["text"], row["shard"], row["size"])
        return outcome.read(row["text"], self._prompt)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def shard_rows(split: int, shard: Shard, job: Job) -> pa.Table:
    """A shard as rows of the graph: one for the shard, and one for each document."""
    documents = documents_table(shard, job.kept)
    texts = documents["text"].to_pylist()
    count = len(texts)
    return pa.table(
        {
            "shard": [shard_name(split, shard.index)] * (count + 1),
            "split": [split] * (count + 1),
            "number": [shard.index] * (count + 1),
            "size": [count] * (count + 1),
            "index": [SHARDS_OWN_ROW, *range(count)],
            "text": pa.array([None, *texts], pa.string()),
            "documents": pa.array([table_to_bytes(documents)] + [None] * count, pa.binary()),
            "rejected": pa.array([table_to_bytes(rejected_table(shard.rejected))] + [None] * count, pa.binary()),
        }
    )


@dataclass(slots=True)
class _Open:
    """A shard some of whose rows have arrived."""

    place: tuple[int, int]
    documents: bytes | None = None
    rejected: bytes = b""
    outcomes: dict[int, AnswerOutcome] = field(default_factory=dict)


class Collector:
    """Collects rows to shards, and commits complete ones."""

    def __init__(self, job: Job, prompt: Prompt) -> None:
        self._store = Store(job.output)
        self._prompt = prompt
        self._open: dict[str, _Open] = {}
        self._unanswered: list[_Open] = []
        self._done: set[str] = set()
        self._queried = 0
        self._admitted: int | None = None
        self._fatal: str | None = None

    def add(self, row: dict[str, Any]) -> Generator[dict[str, Any], None, None]:
        """Add a row; if it completes a shard, commit that and return its row."""
        name = row["shard"]
        outcome = AnswerOutcome.from_json(row["outcome"])
        if outcome.fatal:
            self._fatal = outcome.fatal
            return
        if outcome.stopped is not None:
            self._admitted = outcome.stopped
            return
        if name in self._done:
            return
        shard = self._open.setdefault(name, _Open((row["split"], row["number"])))
        if row["index"] == SHARDS_OWN_ROW:
            shard.documents, shard.rejected = row["documents"], row["rejected"]
        else:
            shard.outcomes[row["index"]] = outcome
        if shard.documents is not None and len(shard.outcomes) == row["size"]:
            self._done.add(name)
            self._queried += row["size"] > 0
            whole = self._open.pop(name)
            # without a single answer the endpoint may have failed: then the passages must be sent again
            if whole.outcomes and all(outcome.reason for outcome in whole.outcomes.values()):
                self._unanswered.append(whole)
                return
            if not self._fatal:
                yield from self.rest()
            yield self._commit(whole)

    def rest(self) -> Generator[dict[str, Any], None, None]:
        """Commit the shards without an answer, once the endpoint has answered others or the run ends."""
        while self._unanswered:
            yield self._commit(self._unanswered.pop(0))

    def check_stopped(self, llm: LlmSettings, at_end: bool = False) -> None:
        """Stop where the endpoint has failed, or the cost ceiling is reached and every admitted shard is committed.

        Raises:
            RunFailedError: the run stops here; says what to do.
        """
        if self._fatal:
            raise RunFailedError(f"{self._fatal}; what is committed stays, the same command resumes")
        if self._admitted is None or (self._queried < self._admitted and not at_end):
            return
        advice = "a higher --max-cost resumes the run"
        if not self._queried:
            advice += ", and fewer --max-tokens or a smaller shard (--shard-documents) need less at a time"
        raise RunFailedError(
            f"stopped at --max-cost {llm.max_cost:g}: the next shard could cost more than is left; "
            f"all that was paid for is kept, and {advice}"
        )

    def _commit(self, shard: _Open) -> dict[str, Any]:
        assert shard.documents is not None
        split, number = shard.place
        outcomes = [shard.outcomes[index] for index in range(len(shard.outcomes))]
        data, rejected, counts = answered_rows(
            table_from_bytes(shard.documents), outcomes, table_from_bytes(shard.rejected).to_pylist(), self._prompt
        )
        put_beside(self._store, QUARANTINE, split, number, rejected)
        self._store.put(shard_file(DATA, split, number), parquet_bytes(data))
        return {
            "split": split,
            "shard": number,
            "counts": json.dumps(counts),
            "deaths": 0,
            "committed_at": time.time(),
        }
