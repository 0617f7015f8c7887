"""A session of a run does what earlier ones have left, and says what it found."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from outputs import contents
from scorers import NameScorerFactory

from openbioner_batch.engine.executors.base import Executor, Resources
from openbioner_batch.engine.executors.in_process import InProcess
from openbioner_batch.engine.ledger import Totals
from openbioner_batch.engine.names import SESSIONS
from openbioner_batch.engine.request import resolve_inputs
from openbioner_batch.engine.run import Tagging, annotate
from openbioner_batch.engine.session import run_pipeline
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.summary import Summary
from openbioner_batch.engine.work import Job, SplitTask
from openbioner_batch.errors import RunFailedError, UsageError

from .conftest import Corpus

Session = Callable[..., Summary]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def session(tmp_path: Path, said: list[str]) -> Session:
    """One session of the run of `tmp_path/in`, in shards of 10 documents."""

    def session(**more: Any) -> Summary:
        values = {"inputs": (str(tmp_path / "in"),), "output": str(tmp_path / "out"), "types": "name"}
        settings = AnnotateSettings.build({**values, "executor": "in-process", "shard_documents": 10, **more})
        return annotate(settings, NameScorerFactory(), said.append)

    return session


def test_a_session_does_what_is_left_and_nothing_else(session: Session, corpus: Corpus, tmp_path: Path) -> None:
    corpus("a.jsonl", ["Anna"] * 35)
    corpus("b.jsonl", ["Bob"] * 5)
    session()
    data = tmp_path / "out" / "data"
    (data / "000000-00002.parquet").unlink()
    before = {path: path.stat().st_mtime_ns for path in data.iterdir()}

    resumed = session()

    assert (resumed.tagged_now, resumed.totals.documents, resumed.finished) == (10, 40, True)
    after = {path: path.stat().st_mtime_ns for path in data.iterdir()}
    assert before.items() <= after.items()
    assert [path.name for path in after.keys() - before.keys()] == ["000000-00002.parquet"]


def test_a_bad_beginning_refuses_no_session_that_resumes(session: Session, corpus: Corpus, tmp_path: Path) -> None:
    corpus("a.jsonl", ["RAISES", *["Anna"] * 19])
    session(shard_documents=2)
    for path in sorted((tmp_path / "out" / "data").iterdir())[1:]:
        path.unlink()
    assert session(shard_documents=2).totals.documents == 19


def test_a_session_that_resumes_says_how_much_there_is_and_what_is_new(
    session: Session, corpus: Corpus, said: list[str], tmp_path: Path
) -> None:
    corpus("a.jsonl", ["Anna"] * 25)
    session()
    assert not [line for line in said if "resuming" in line]
    url = Store(str(tmp_path / "out")).url

    session()
    assert said[-1] == f"resuming the run in {url}: 3 shards are committed"

    for name in ("b.jsonl", "c.jsonl"):
        corpus(name, ["Bob"])
    session()
    assert f"resuming the run in {url}: 3 shards are committed, 2 new input files" in said


def test_each_session_has_an_id_of_its_own_which_its_pace_is_kept_under(session: Session, corpus: Corpus) -> None:
    for name in ("a.jsonl", "b.jsonl", "c.jsonl"):
        corpus(name, ["Anna"])
        store = Store(session().output)
    assert len(store.names(SESSIONS)) == 3
    assert all(name.count(".") == 1 for name in store.names(SESSIONS))  # in a marker's name a dot ends the id


@dataclass(frozen=True, slots=True)
class Here(Tagging):
    """Does its stages in this process, whatever is connected."""

    def stream(
        self, tasks: Sequence[SplitTask], job: Job, executor: Executor, before: Totals
    ) -> Generator[dict[str, Any], None, None]:
        return Tagging.stream(self, tasks, job, InProcess(), before)


class Requested:
    """A request with checks of its own, on a cluster of so many machines, or on none."""

    def __init__(self, tmp_path: Path, nodes: int | None) -> None:
        self.nodes = nodes
        self.values = {"inputs": (str(tmp_path / "in"),), "output": str(tmp_path / "out"), "types": "name"}
        self.values |= {"ray_address": "10.0.0.1:6379"} if nodes else {"executor": "in-process"}
        self.said: list[str] = []
        self.connected: list[str | None] = []
        self.checked: list[bool] = []
        self.mistake: UsageError | None = None

    def check(self, on_cluster: bool) -> None:
        self.checked.append(on_cluster)
        if self.mistake:
            raise self.mistake

    @contextmanager
    def connect(self, address: str | None) -> Iterator[Resources]:
        self.connected.append(address)
        if self.nodes is None:
            raise RunFailedError("no Ray here")
        yield Resources(cpus=2, gpus=0, nodes=self.nodes)

    def run(self, *places: str, label: str = "name", **more: Any) -> Summary:
        settings = AnnotateSettings.build({**self.values, **more})
        inputs = resolve_inputs(settings, lambda line: None)
        made: list[bool] = []

        def make(on_cluster: bool) -> Here:
            made.append(on_cluster)
            return Here(settings, NameScorerFactory(label))

        found = run_pipeline(settings, inputs, make, self.said.append, places, self.check, self.connect)
        assert made == [self.nodes is not None]
        return found


@pytest.mark.parametrize("nodes", [None, 1])
def test_further_mistakes_are_found_before_anything_is_written_or_removed(
    nodes: int | None, corpus: Corpus, tmp_path: Path
) -> None:
    corpus("a.jsonl", ["Anna"])
    (tmp_path / "out").mkdir()
    request = Requested(tmp_path, nodes)
    request.mistake = UsageError("no")
    with pytest.raises(UsageError, match=r"^no$"):
        request.run()
    assert list((tmp_path / "out").iterdir()) == []

    request.mistake = None
    assert request.run().finished
    before = contents(tmp_path / "out")
    request.mistake = UsageError("no")
    with pytest.raises(UsageError, match=r"^no$"):
        request.run(overwrite=True, label="person")
    assert contents(tmp_path / "out") == before
    corpus("b.jsonl", ["Bob"])
    with pytest.raises(UsageError, match=r"^no$"):
        request.run()
    assert request.checked == [nodes is not None] * 4


@pytest.mark.parametrize("nodes", [None, 1])
def test_a_run_with_nothing_left_to_do_is_not_checked_for_them(
    nodes: int | None, corpus: Corpus, tmp_path: Path
) -> None:
    corpus("a.jsonl", ["Anna"])
    request = Requested(tmp_path, nodes)
    request.run()
    request.mistake = UsageError("no")

    assert request.run().finished
    assert request.checked == [nodes is not None]
    assert request.connected == ["10.0.0.1:6379"] * (2 if nodes else 0)


def test_where_memory_is_short_ray_is_asked_for_unless_it_is_ruled_out(corpus: Corpus, tmp_path: Path) -> None:
    corpus("a.jsonl", ["Anna", "HUGE"])
    request = Requested(tmp_path, None)
    with pytest.raises(RunFailedError, match="--executor ray finds the record"):
        request.run()
    assert request.connected == []

    with pytest.raises(RunFailedError, match="no Ray here"):
        request.run(executor="auto")
    assert request.connected == [None]
    assert [line.partition(",")[0] for line in request.said] == ["executor: in-process", "executor: ray"]


def test_several_machines_must_see_what_lies_on_local_paths(corpus: Corpus, tmp_path: Path) -> None:
    first = corpus("a.jsonl", ["Anna"])
    corpus("b.jsonl", ["Bob"])
    alone, several = Requested(tmp_path, 1), Requested(tmp_path, 2)

    alone.run("/models/m", "s3://bucket/m")
    assert not [line for line in alone.said if "warning" in line]

    several.run("/models/m", "s3://bucket/m")
    assert [line for line in several.said if "warning" in line] == [
        f"warning: {place} is a local path; all 2 machines must see the same files there"
        for place in (tmp_path / "out", "/models/m", first)
    ]


def test_in_process_rules_out_a_cluster_before_one_is_joined(corpus: Corpus, tmp_path: Path) -> None:
    corpus("a.jsonl", ["Anna"])
    request = Requested(tmp_path, 1)
    with pytest.raises(UsageError, match="names a cluster"):
        request.run(executor="in-process")
    assert (request.connected, request.checked) == ([], [])
