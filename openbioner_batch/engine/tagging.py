"""The second stage: an actor that holds the model and tags shards, and survives documents that crash it."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import pyarrow as pa

from openbioner_batch.engine.adding import add_surviving
from openbioner_batch.engine.attempts import AROUND, WHOLE, Attempts
from openbioner_batch.engine.metrics import TAG, count_shard
from openbioner_batch.engine.names import shard_name
from openbioner_batch.engine.rows import annotation_rows, offsets_hold
from openbioner_batch.engine.scoring import TaggedText
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import rows_at
from openbioner_batch.engine.work import (
    TaggingJob,
    preparer_of,
    rejected_table,
    row_table,
    row_values,
    table_from_bytes,
    table_to_bytes,
)
from openbioner_batch.errors import RunFailedError, is_out_of_memory
from openbioner_batch.records import Rejected

Outcome = TaggedText | str
"""The outcome of a document: its result, or why it is quarantined."""
REST = "rest"
DEATHS_ELSEWHERE = 3
DIED = "its process died each time it was tagged"


def end_process() -> NoReturn:
    """End this process at once: the executor starts another, and finds the marker of this one's death."""
    os._exit(1)


class TagShards:
    """Takes a prepared shard, gives the rows to write: an actor of Ray Data, or called in this process.

    Args:
        job: what to tag with.
        give_up: ends the attempt where this process can tag no more.
    """

    def __init__(self, job: TaggingJob, give_up: Callable[[], NoReturn] = end_process) -> None:
        if job.threads is not None:
            import torch

            torch.set_num_threads(job.threads)
        self._job = job
        self._give_up = give_up
        self._store = Store(job.output)
        self._scorer = job.factory.scorer()
        self._types = len(job.factory.fingerprint().get("descriptions", ()))

    def __call__(self, batch: pa.Table) -> pa.Table:
        """A shard's row with its results; raises RunFailedError where processes keep dying at it."""
        work = row_values(batch)
        name = shard_name(work["split"], work["shard"])
        attempts = Attempts(self._store, name, self._job.session)
        if attempts.elsewhere() >= DEATHS_ELSEWHERE:
            raise RunFailedError(
                f"the processes that tag shard {name} died {DEATHS_ELSEWHERE} times, but not at one of its documents; "
                "what is committed stays, the same command tries again"
            )
        with attempts.attempt(AROUND if WHOLE in attempts.suspects() else WHOLE):
            return self._tagged(work, attempts)

    def _tagged(self, work: dict[str, Any], attempts: Attempts) -> pa.Table:
        began = time.perf_counter()
        documents = table_from_bytes(work["documents"])
        outcomes = self._outcomes(documents, pickle.loads(work["prepared"]), attempts)
        windows = sum(outcome.windows for outcome in outcomes if not isinstance(outcome, str))
        count_shard(self._job.output, TAG, time.perf_counter() - began, pairs=windows * self._types)
        before = [Rejected(**item) for item in table_from_bytes(work["rejected"]).to_pylist()]
        deletions = table_from_bytes(work["deletions"]).num_rows
        data, rejected = annotation_rows(
            documents,
            outcomes,
            before,
            deletions,
            self._job.kept,
            self._job.include_text,
            self._job.additions,
            self._give_up_if_spoilt,
        )
        return row_table(
            work["split"],
            work["shard"],
            data=table_to_bytes(data),
            rejected=table_to_bytes(rejected_table(rejected)),
            deletions=work["deletions"],
            deaths=attempts.total(),
            read=work["read"],
        )

    def _outcomes(self, documents: pa.Table, prepared: Any, attempts: Attempts) -> list[Outcome]:
        texts = documents["text"].to_pylist()
        if not texts:
            return []
        suspects = attempts.suspects()
        if WHOLE not in suspects:
            return self._score_surviving(texts, prepared)
        return self._probe(documents, texts, suspects, attempts)

    def _probe(
        self, documents: pa.Table, texts: Sequence[str], suspects: set[str], attempts: Attempts
    ) -> list[Outcome]:
        """One document at a time, to find those that kill the process; then the others together."""
        outcomes: list[Outcome] = []
        for index, text in enumerate(texts):
            unit = f"{index:06d}"
            if unit in suspects:
                outcomes.append(DIED)
                continue
            with attempts.attempt(unit):
                outcomes.append(self._done_alone(rows_at(documents, [index]), text))
        if REST in suspects:
            return outcomes
        with attempts.attempt(REST):
            return self._score_together(texts, outcomes)

    def _done_alone(self, document: pa.Table, text: str) -> Outcome:
        """The outcome of one document, once its additions have been tried too: they may be what kills."""
        (outcome,) = self._score_by_halves([text])
        if isinstance(outcome, str) or not offsets_hold(text, outcome.spans):
            return outcome
        (added,) = add_surviving(self._job.additions, document, [outcome.spans], self._give_up_if_spoilt)
        return added if isinstance(added, str) else outcome

    def _score(self, texts: Sequence[str]) -> list[Outcome]:
        return list(self._scorer.score(preparer_of(self._job.factory).prepare(texts)))

    def _score_surviving(self, texts: Sequence[str], prepared: Any) -> list[Outcome]:
        """The whole shard; where that raises, it is bisected to the documents that make it fail."""
        try:
            return list(self._scorer.score(prepared))
        except Exception as error:
            self._give_up_if_spoilt(error)
        # Not in the handler: an exception holds on to the memory of all calls that it came through.
        return self._score_together(texts, self._score_by_halves(texts))

    def _score_by_halves(self, texts: Sequence[str]) -> list[Outcome]:
        try:
            return self._score(texts)
        except Exception as error:
            self._give_up_if_spoilt(error, is_alone=len(texts) == 1)
            if len(texts) == 1:
                return [f"tagging failed: {type(error).__name__}"]
        middle = len(texts) // 2
        return self._score_by_halves(texts[:middle]) + self._score_by_halves(texts[middle:])

    def _score_together(self, texts: Sequence[str], outcomes: list[Outcome]) -> list[Outcome]:
        """The texts that can be tagged, all at once: results do not depend on how the failing ones were found."""
        good = [index for index, outcome in enumerate(outcomes) if not isinstance(outcome, str)]
        if not good:
            return outcomes
        try:
            together = self._score([texts[index] for index in good])
        except Exception as error:
            self._give_up_if_spoilt(error)
            return outcomes  # they fail only together: keep the results of the parts
        merged = list(outcomes)
        for index, outcome in zip(good, together, strict=True):
            merged[index] = outcome
        return merged

    def _give_up_if_spoilt(self, error: Exception, is_alone: bool = False) -> None:
        """If every later call in the process may fail too, only a new process can show which text is the cause.

        That is so after a CUDA fault and after a failed allocation (oneDNN keeps primitives that it could not build):
        if memory is short even for one text alone, the calls before it may be the cause.
        """
        if type(error).__name__ == "AcceleratorError" or (is_alone and is_out_of_memory(error)):
            self._give_up()
