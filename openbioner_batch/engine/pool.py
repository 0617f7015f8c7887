"""Distributes work that needs neither a model nor an accelerator to processes of this machine, without Ray."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from openbioner_batch.engine.stopping import children_ignore_interrupts
from openbioner_batch.errors import RunFailedError

Job = TypeVar("Job")
Task = TypeVar("Task")
Result = TypeVar("Result")
_TASKS_AHEAD = 4


def map_in_processes(
    work: Callable[[Job, Task], Result], job: Job, tasks: Sequence[Task], workers: int, name: str
) -> Iterator[Result]:
    """Yields the results of tasks as they are done; where one worker is enough, in this process.

    Args:
        work: a function of a module, as all arguments and results are pickled.
        job: the settings that all tasks share.
        tasks: the tasks, each independent of the others.
        workers: processes.
        name: what the work is called in a message.

    Raises:
        RunFailedError: a process died.
    """
    if workers == 1 or len(tasks) < 2:
        for task in tasks:
            yield work(job, task)
        return
    # Not forked: the parent may hold threads of Arrow and of object stores.
    pool = ProcessPoolExecutor(min(workers, len(tasks)), mp_context=get_context("spawn"))
    try:
        waiting: set[Future[Result]] = set()
        for task in tasks:
            if len(waiting) >= _TASKS_AHEAD * workers:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in finished)
            with children_ignore_interrupts():
                waiting.add(pool.submit(work, job, task))
        yield from (future.result() for future in waiting)
    except BrokenProcessPool:
        raise RunFailedError(
            f"a process of the {name} died, perhaps for lack of memory; what is written stays: run the same command "
            "again, with fewer --workers if memory is short"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)
