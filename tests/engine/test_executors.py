"""Which executor a run takes, and that its bytes do not depend on it."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outputs import contents, rows
from processes import Program, wait_until
from scorers import GpuScorerFactory, NameScorerFactory

from openbioner_batch.engine.executors import choice
from openbioner_batch.engine.executors.base import Resources, Workforce
from openbioner_batch.engine.executors.choice import choose_executor
from openbioner_batch.engine.names import ATTEMPTS
from openbioner_batch.engine.plan import PlannedSplit
from openbioner_batch.engine.run import annotate, workforce_for
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.summary import Summary
from openbioner_batch.errors import RunFailedError, UsageError
from openbioner_batch.formats.base import InputFile, Split

from .conftest import Annotate, Corpus


def planned(uri: str = "/in/a.jsonl", limit: int | None = None) -> PlannedSplit:
    return PlannedSplit(0, Split((InputFile(uri, 1, ""),)), limit)


@pytest.fixture
def without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if Ray, which other tests share, were not connected."""
    monkeypatch.setattr(choice, "_is_ray_running", lambda: False)


@pytest.mark.parametrize(
    ("split", "size", "more", "name"),
    [
        (planned(), 1 << 20, {}, "in-process"),
        (planned(), (1 << 20) + 1, {}, "ray"),
        (planned(limit=200), 1 << 40, {}, "in-process"),
        (planned(limit=201), 1 << 40, {}, "ray"),
        (planned("/in/a.xml.gz"), 1 << 17, {}, "in-process"),
        (planned("/in/a.xml.gz"), (1 << 17) + 1, {}, "ray"),
        (planned("/in/A.PARQUET"), 1 << 18, {}, "ray"),
        (planned("s3://bucket/a.jsonl"), 10, {}, "ray"),
        (planned("file:///in/a.jsonl"), 10, {}, "in-process"),
        (planned("zip://a.jsonl::/in/a.zip"), 10, {}, "in-process"),
        (planned("zip://a.jsonl::s3://bucket/a.zip"), 10, {}, "ray"),
        (planned(), 10, {"device": "cuda"}, "ray"),
        (planned(), 10, {"device": None}, "in-process"),
        (planned(), 10, {"actors": 2}, "ray"),
        (planned(), 10, {"actors": 1}, "in-process"),
        (planned(), 10, {"wanted": "ray"}, "ray"),
        (planned(), 1 << 40, {"wanted": "in-process"}, "in-process"),
    ],
)
def test_small_local_inputs_on_a_cpu_are_done_in_process(
    without_ray: None, tmp_path: Path, split: PlannedSplit, size: int, more: dict[str, Any], name: str
) -> None:
    requested = {"wanted": "auto", "store": Store(str(tmp_path)), "actors": None, "device": "cpu", **more}
    found = choose_executor(pending=[split], sizes={0: float(size)}, **requested)
    assert found.name == name
    assert bool(found.why) is ("wanted" not in more)


@given(st.booleans(), st.integers(1, 300), st.integers(1, 200), st.integers(1, 8))
def test_beside_all_actors_there_is_room_to_read_and_to_write(gpu: bool, actors: int, cpus: int, share: int) -> None:
    force = Workforce.of(gpu, actors, cpus, share)
    assert (force.actors, force.actor_gpus) == (actors, 1 / share if gpu else 0)
    assert force.actors * force.actor_cpus + force.reader_cpus + force.writer_cpus <= cpus
    assert 1 <= force.readers <= max(1, cpus - 1, actors // 8)
    assert 1 <= force.writers <= actors


def test_a_gpu_has_several_readers_and_cores_that_tag_have_few() -> None:
    assert [Workforce.of(True, actors, 64).readers for actors in (1, 2, 8, 32)] == [4, 8, 32, 63]
    assert Workforce.of(True, 8, 64, actors_per_gpu=4).readers == 8
    assert [Workforce.of(True, 1, cpus).reader_cpus for cpus in (1, 2, 64)] == [0.5, 0.9, 0.9]  # a core each
    assert [Workforce.of(False, cores, cores).readers for cores in (1, 8, 32)] == [1, 1, 4]
    assert workforce_for(None, False, Resources(cpus=8, gpus=1, nodes=1)) == Workforce.of(False, 8, 8)
    assert workforce_for(3, False, Resources(cpus=8, gpus=0, nodes=1)).actors == 3


def test_a_gpu_that_is_not_there_is_asked_for_in_vain() -> None:
    with pytest.raises(UsageError, match="Ray has no GPU"):
        workforce_for(None, True, Resources(cpus=8, gpus=0, nodes=1))


def test_what_is_left_counts_and_not_what_is_done(without_ray: None, tmp_path: Path) -> None:
    store, sizes = Store(str(tmp_path)), {0: 1e9, 1: 10.0}
    last = PlannedSplit(1, Split((InputFile("/in/b.jsonl", 10, ""),)), None)
    assert choose_executor("auto", [last], sizes, store, None, "cpu").name == "in-process"
    assert choose_executor("auto", [planned(), last], sizes, store, None, "cpu").name == "ray"


def test_after_a_death_ray_looks_for_the_record_that_did_it(without_ray: None, tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.put(f"{ATTEMPTS}/000000-00000/whole.0123456789ab.0", b"")
    found = choose_executor("auto", [planned()], {0: 10.0}, store, None, "cpu")
    assert (found.name, "killed" in found.why) == ("ray", True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ray_address": "10.0.0.1:6379"}, "names a cluster"),
        ({"actors": 2}, "--actors 2 are several"),
        ({"executor": "dask"}, "--executor is 'dask': give one of auto, ray, in-process"),
    ],
)
def test_in_process_is_refused_where_only_ray_will_do(
    corpus: Corpus, tmp_path: Path, values: Any, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        here(corpus("a.jsonl", ["Anna"]), tmp_path / "out", **values)
    assert not (tmp_path / "out").exists()


def test_in_process_is_refused_for_a_gpu(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--devices cpu"):
        here(corpus("a.jsonl", ["Anna"]), tmp_path / "out", GpuScorerFactory())
    assert not (tmp_path / "out").exists()


def here(inputs: Path, output: Path, factory: NameScorerFactory | None = None, **more: Any) -> Summary:
    """A run in this process."""
    values = {"inputs": (str(inputs),), "output": str(output), "types": "name", "executor": "in-process", **more}
    return annotate(AnnotateSettings.build(values), factory or NameScorerFactory(), lambda line: None)


def test_bad_records_are_set_aside_and_the_bytes_are_those_of_ray(
    run: Annotate, corpus: Corpus, tmp_path: Path
) -> None:
    texts = [f"Anna met Dr {name}" for name in "ABCDEFG"] + ["RAISES", "UNPREPARABLE", "FAILS_IN_COMPANY", "Bob"]
    path = corpus("a.jsonl", texts)
    with path.open("a") as file:
        file.write("{malformed\n")
    corpus("b.jsonl", ["Carl"] * 5)
    more = {"shard_documents": 4, "max_quarantined": "100%", "assertion": True}

    alone = here(path.parent, tmp_path / "alone", **more)
    with_ray = run(path.parent, executor="ray", **more)

    assert contents(tmp_path / "alone") == contents(tmp_path / "out")
    assert alone.totals == with_ray.totals
    assert len(rows(tmp_path / "alone", "quarantine")) == alone.totals.set_aside == 3
    assert not list((tmp_path / "alone" / "_run").rglob("attempts/*"))


def test_threads_of_the_caller_are_left_alone(corpus: Corpus, tmp_path: Path) -> None:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        here(corpus("a.jsonl", ["Anna"]), tmp_path / "out")
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_want_of_memory_ends_the_run_in_process_with_a_way_out(corpus: Corpus, tmp_path: Path) -> None:
    path = corpus("a.jsonl", ["Anna", "Bob", "HUGE", "Carl"])
    with pytest.raises(RunFailedError, match="--executor ray"):
        here(path, tmp_path / "out", shard_documents=2)
    assert len(list((tmp_path / "out" / "data").iterdir())) == 1


def test_want_of_memory_hands_an_automatic_run_over_to_ray(
    ray_here: None, without_ray: None, corpus: Corpus, tmp_path: Path
) -> None:
    path = corpus("a.jsonl", ["Anna", "Bob", "HUGE", "Carl"])
    said: list[str] = []
    settings = AnnotateSettings.build(
        {
            "inputs": (str(path),),
            "output": str(tmp_path / "out"),
            "types": "name",
            "shard_documents": 2,
            "max_quarantined": "50%",
        }
    )
    summary = annotate(settings, NameScorerFactory(), said.append)
    assert [line.partition(",")[0] for line in said if line.startswith("executor")] == [
        "executor: in-process",
        "executor: ray",
    ]
    assert (summary.totals.documents, summary.totals.set_aside) == (3, 1)


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    started: list[Program] = []
    yield started
    for program in started:
        program.end()


@pytest.mark.parametrize(
    ("signals", "code", "word"), [((signal.SIGTERM,), 143, "terminated"), ((signal.SIGINT,) * 2, 130, "interrupted")]
)
def test_signals_end_a_run_in_process_as_they_do_any(
    programs: list[Program], corpus: Corpus, tmp_path: Path, signals: Sequence[int], code: int, word: str
) -> None:
    path = corpus("notes.jsonl", [f"Note {n}: aspirin 81 mg for the knee, then rest. " * 20 for n in range(400)])
    output = tmp_path / "out"
    command = ["annotate", str(path), "--output", str(output), "--types", "drug", "--shard-documents", "5"]
    program = Program(["-m", "openbioner_batch.cli.main", *command, "--executor", "in-process"])
    programs.append(program)
    wait_until(lambda: list((output / "data").glob("*")) or program.process.poll() is not None)
    for number in signals:
        program.process.send_signal(number)
    ended, printed = program.finish()
    assert ended == code, printed
    assert printed.endswith(f"{word}: what is committed stays, the same command resumes\n")
    assert "Traceback" not in printed
    assert not list((output / "_run" / "attempts").rglob("*.*"))
    assert 0 < len(list((output / "data").glob("*"))) < 80
    assert (output / "_run" / "summary.json").exists()


@pytest.mark.slow
def test_a_record_that_kills_is_found_in_the_end(programs: list[Program], corpus: Corpus, tmp_path: Path) -> None:
    """Each death ends the run with it; the markers inform the next sessions."""
    path = corpus("a.jsonl", ["Anna", "KILLS", "Bob"])
    drive = Path(__file__).parents[1] / "drive.py"
    codes = []
    for _ in range(8):
        program = Program([str(drive), str(path), str(tmp_path / "out"), "0", "3", "in-process"])
        programs.append(program)
        codes.append(program.finish()[0])
        if codes[-1] == 0:
            break
    assert codes == [-signal.SIGKILL] * 6 + [0]
    assert [row["reason"] for row in rows(tmp_path / "out", "quarantine")] == [
        "its process died each time it was tagged"
    ]
    assert len(rows(tmp_path / "out")) == 2
