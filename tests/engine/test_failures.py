"""What the user reads of an exception that Ray carries from a worker to the driver."""

from __future__ import annotations

import pickle

import pytest
from ray.exceptions import GetTimeoutError, RayTaskError
from scorers import DeadlyScorerFactory

from openbioner_batch.engine.executors.failures import as_run_failure
from openbioner_batch.errors import RunFailedError, TooManyQuarantinedError, UsageError

from .conftest import Annotate, Corpus

ADVICE = "\nFailed to apply UDF transform after 1/1 attempts (total backoff 0.0s).\nTo change x, see y."


def carried(error: Exception) -> Exception:
    """As `ray.get` raises it: of Ray's class and the error's own, with a traceback for a text."""
    wrapped = RayTaskError("commit_shard", "Traceback: at line 3\nOSError: secret", error, ip="192.0.2.1", pid=7)
    return pickle.loads(pickle.dumps(wrapped)).as_instanceof_cause()


@pytest.mark.parametrize("kind", [RunFailedError, UsageError, TooManyQuarantinedError])
def test_an_error_of_ours_keeps_its_kind_and_its_one_line(kind: type[Exception]) -> None:
    found = as_run_failure(carried(kind(f"the disk is full{ADVICE}")))
    assert type(found) is kind
    assert str(found) == "the disk is full"


def test_another_is_named_without_what_it_says_of_a_record() -> None:
    found = as_run_failure(carried(ArithmeticError(f"Anna has no such number{ADVICE}")))
    assert type(found) is RunFailedError
    assert str(found) == "the run stopped: ArithmeticError; what is committed stays, the same command resumes"


def test_a_failure_of_the_system_is_told() -> None:
    found = as_run_failure(carried(OSError(28, f"No space left{ADVICE}")))
    assert str(found).startswith("the run stopped: OSError: [Errno 28] No space left; what is")


def test_a_failure_of_ray_is_told_by_its_last_line() -> None:
    found = as_run_failure(GetTimeoutError("It took long.\nNo answer came in 3 s"))
    assert str(found).startswith("the run stopped: GetTimeoutError: No answer came in 3 s; what is committed stays")
    assert str(as_run_failure(GetTimeoutError(""))).startswith("the run stopped: GetTimeoutError: ;")


@pytest.mark.slow
def test_a_process_that_dies_at_once_is_not_tried_for_ever(run: Annotate, corpus: Corpus) -> None:
    """As one that cannot be started, or finds what it is to do unreadable: there is no attempt to count."""
    path = corpus("a.jsonl", ["Anna met Bob."])
    with pytest.raises(RunFailedError, match=r"the run stopped: .*; what is committed stays, the same command resumes"):
        run(path, DeadlyScorerFactory())
