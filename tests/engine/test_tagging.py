"""A shard on which processes died is tried a document at a time, and only what is to blame is set aside.

A death is the marker that it leaves; `test_bad_records.py` and `test_executors.py` have processes that die.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pytest
from scorers import NameScorer, NameScorerFactory, Tagged

from openbioner_batch.engine.attempts import AROUND, WHOLE, Attempts
from openbioner_batch.engine.names import ATTEMPTS
from openbioner_batch.engine.reading import prepare_shard
from openbioner_batch.engine.shards import Shard
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tagging import DIED, REST, TagShards
from openbioner_batch.engine.work import COUNTS_KEY, TaggingJob, row_values, table_from_bytes
from openbioner_batch.errors import RunFailedError
from openbioner_batch.formats import ReadOptions, get_format
from openbioner_batch.records import Deletion, Document, Parsed, Rejected, Span

NAME, SESSION = "000003-00007", "5e55"
seen: list[tuple[int, list[str]]] = []
"""How many texts were scored together each time, and the markers there were then."""


class AcceleratorError(Exception):
    """Is named as torch's error for a fault of CUDA."""


class UnusableError(Exception):
    """The process can tag no more."""


@dataclass(frozen=True)
class WatchedFactory(NameScorerFactory):
    output: str = ""

    def scorer(self) -> WatchedScorer:
        return WatchedScorer(self.label, self.seconds, self.output)


@dataclass
class WatchedScorer(NameScorer):
    output: str

    def score(self, prepared: list[str]) -> list[Tagged]:
        seen.append((len(prepared), Store(self.output).names(f"{ATTEMPTS}/{NAME}")))
        texts = " ".join(prepared)
        if "BREAKS" in texts and ("IN_COMPANY" not in texts or len(prepared) > 1):
            raise AcceleratorError
        found = super().score(prepared)
        return found[1:] if "LOSES" in texts and len(prepared) > 1 else found


@dataclass(frozen=True)
class WatchedAddition:
    """Fills the section with how many documents there were; fails, or has no memory, where a text says so."""

    output: str
    name: str = "--watch"
    extras: tuple[str, ...] = ("section",)

    def fingerprint(self) -> dict[str, Any]:
        return {}

    def add(self, documents: pa.Table, spans: Sequence[Sequence[Span]]) -> list[Sequence[Span]]:
        added.append((documents.num_rows, Store(self.output).names(f"{ATTEMPTS}/{NAME}")))
        texts = " ".join(documents["text"].to_pylist())
        if "FAIL_ADDING" in texts:
            raise ArithmeticError(texts)
        if "LITTLE_MEMORY" in texts:
            raise MemoryError
        return [[replace(span, section=str(documents.num_rows)) for span in here] for here in spans]

    def amounts(self, spans: Sequence[Span]) -> Mapping[str, int]:
        return {}


added: list[tuple[int, list[str]]] = []
"""The same of the addition."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    seen.clear()
    added.clear()
    return Store(str(tmp_path / "out"))


def give_up() -> NoReturn:
    raise UnusableError


Tag = Callable[..., tuple[pa.Table, dict[int, str], dict[str, Any]]]


@pytest.fixture
def tag(store: Store) -> Tag:
    """Tags texts as one shard: the rows, why records are set aside, and the shard's row."""

    def tag(
        *texts: str,
        rejected: Sequence[Rejected] = (),
        deletions: Sequence[Deletion] = (),
        text: bool = True,
        adding: bool = False,
    ) -> tuple[pa.Table, dict[int, str], dict[str, Any]]:
        options, factory = ReadOptions(), WatchedFactory(output=store.url)
        common = store.url, SESSION, get_format("jsonl"), options, pa.schema([]), text, 100
        additions = (WatchedAddition(store.url),) if adding else ()
        job = TaggingJob(*common, factory=factory, threads=None, additions=additions)
        documents = [Parsed("a", n, Document(f"d{n}", text)) for n, text in enumerate(texts)]
        shard = Shard(7, documents, list(rejected), list(deletions), read=0.25)
        found = row_values(TagShards(job, give_up)(prepare_shard(3, shard, job)))
        aside = {row["record"]: row["reason"] for row in table_from_bytes(found["rejected"]).to_pylist()}
        return table_from_bytes(found["data"]), aside, found

    return tag


def die(store: Store, *units: str, session: str = SESSION) -> None:
    """Leave what processes leave that are killed in these units."""
    for unit in units:
        dead.append(Attempts(store, NAME, session).attempt(unit))
        dead[-1].__enter__()


dead: list[Any] = []


def together(rows: pa.Table) -> list[int]:
    """With how many others each document was scored, as its score shows."""
    return [round((spans[0]["score"] - 0.5) * 10_000) for spans in rows["spans"].to_pylist()]


def test_a_shard_is_scored_at_once_under_one_marker(tag: Tag, store: Store) -> None:
    rows, aside, found = tag("Anna", "Bob", rejected=[Rejected("a", 9, "bad")], deletions=[Deletion("a", 10, "d")])

    assert (rows["document_id"].to_pylist(), together(rows)) == (["d0", "d1"], [2, 2])
    assert rows["text"].to_pylist() == ["Anna", "Bob"]
    assert aside == {9: "bad"}
    assert seen == [(2, [f"{WHOLE}.{SESSION}.0"])]
    assert store.names(ATTEMPTS) == []
    assert (found["split"], found["shard"], found["deaths"], found["read"]) == (3, 7, 0, 0.25)
    assert table_from_bytes(found["deletions"]).num_rows == 1
    counts = json.loads(rows.schema.metadata[COUNTS_KEY])
    assert (counts["deletions"], counts["quarantined"]) == (1, {"bad": 1})
    assert "text" not in tag("Anna", text=False)[0].column_names


def test_documents_that_fail_are_set_aside_and_the_others_are_scored_together(tag: Tag, store: Store) -> None:
    rows, aside, _ = tag("Anna", "RAISES", "Bob", "UNPREPARABLE", "Carl", "RAISES", "MISPLACES Dora")

    assert (rows["document_id"].to_pylist(), together(rows)) == (["d0", "d2", "d4"], [4, 4, 4])
    assert aside == {
        **dict.fromkeys((1, 5), "tagging failed: ArithmeticError"),
        **{3: "preparing the text failed: ValueError", 6: "a span's offsets do not give its text"},
    }


def test_documents_that_fail_only_in_company_keep_what_each_part_gave(tag: Tag, store: Store) -> None:
    rows, aside, _ = tag("FAILS_IN_COMPANY Anna", "Bob", "Carl", "Dora")
    assert (together(rows), aside) == ([1, 1, 2, 2], {})


def test_one_death_of_a_shard_is_chance(tag: Tag, store: Store) -> None:
    die(store, WHOLE)
    rows, aside, found = tag("Anna", "Bob")
    assert (together(rows), aside, found["deaths"]) == ([2, 2], {}, 1)
    assert seen == [(2, [f"{WHOLE}.{SESSION}.0", f"{WHOLE}.{SESSION}.1"])]


def test_after_two_each_document_is_tried_alone_and_then_all_together(tag: Tag, store: Store) -> None:
    die(store, WHOLE, WHOLE)
    before = store.names(f"{ATTEMPTS}/{NAME}")
    rows, aside, found = tag("Anna", "Bob", "Carl")
    assert (together(rows), aside, found["deaths"]) == ([3, 3, 3], {}, 2)
    assert [(number, sorted(set(markers) - set(before))) for number, markers in seen] == [
        *((1, [f"00000{n}.{SESSION}.0", f"{AROUND}.{SESSION}.0"]) for n in range(3)),
        (3, [f"{AROUND}.{SESSION}.0", f"{REST}.{SESSION}.0"]),
    ]
    assert store.names(f"{ATTEMPTS}/{NAME}") == before


def test_the_document_that_kills_is_set_aside_and_the_others_are_scored_together(tag: Tag, store: Store) -> None:
    die(store, WHOLE, WHOLE, AROUND, "000001", AROUND, "000001", "000002")
    rows, aside, found = tag("Anna", "Bob", "Carl", "RAISES", "Dora")
    assert (rows["document_id"].to_pylist(), together(rows)) == (["d0", "d2", "d4"], [3, 3, 3])
    assert aside == {1: DIED, 3: "tagging failed: ArithmeticError"}
    assert found["deaths"] == 5
    assert [number for number, _ in seen] == [1, 1, 1, 1, 3]


def test_documents_that_kill_only_together_keep_what_each_gave_alone(tag: Tag, store: Store) -> None:
    die(store, WHOLE, WHOLE, AROUND, REST, AROUND, REST)
    rows, aside, _ = tag("Anna", "Bob")
    assert (together(rows), aside) == ([1, 1], {})


def test_deaths_that_no_document_is_to_blame_for_end_the_run(tag: Tag, store: Store) -> None:
    die(store, WHOLE, WHOLE, AROUND, AROUND, "000000", AROUND)
    die(store, AROUND, AROUND, session="earlier")
    assert tag("Anna")[2]["deaths"] == 3
    die(store, AROUND)
    with pytest.raises(RunFailedError, match=f"^the processes that tag shard {NAME} died 3 times, but not at one of"):
        tag("Anna")


@pytest.mark.parametrize(
    ("deaths", "texts", "scored"),
    [
        (0, ("Anna", "BREAKS"), [2]),
        (2, ("Anna", "BREAKS", "Bob"), [1, 1]),
        (2, ("Anna", "BREAKS_IN_COMPANY"), [1, 1, 2]),
        (0, ("Anna", "Bob", "HUGE", "Carl"), [4, 4, 2, 2, 1]),  # memory is short for a text alone
    ],
)
def test_after_a_fault_of_the_gpu_or_of_memory_a_process_scores_nothing_more(
    tag: Tag, store: Store, deaths: int, texts: Sequence[str], scored: list[int]
) -> None:
    die(store, *[WHOLE] * deaths)
    with pytest.raises(UnusableError):
        tag(*texts)
    assert [number for number, _ in seen] == scored


@pytest.mark.parametrize("deaths", [0, 2])
def test_a_model_that_loses_a_result_is_no_reason_to_lose_a_document(tag: Tag, store: Store, deaths: int) -> None:
    die(store, *[WHOLE] * deaths)
    with pytest.raises(ValueError, match="argument 2"):
        tag("Anna", "LOSES Bob", "Carl")


def test_an_addition_is_tried_with_each_document_alone_since_it_may_be_what_kills(tag: Tag, store: Store) -> None:
    die(store, WHOLE, WHOLE, AROUND, "000001", AROUND, "000001")
    before = store.names(f"{ATTEMPTS}/{NAME}")
    rows, aside, _ = tag("Anna", "Bob", "Carl FAIL_ADDING", "MISPLACES Dora", "RAISES", "Emil", adding=True)
    assert [(number, sorted(set(markers) - set(before))) for number, markers in added] == [
        *((1, [f"00000{n}.{SESSION}.0", f"{AROUND}.{SESSION}.2"]) for n in (0, 2, 5)),
        (2, [f"{AROUND}.{SESSION}.2"]),
    ]
    assert rows["document_id"].to_pylist() == ["d0", "d5"]
    assert [spans[0]["section"] for spans in rows["spans"].to_pylist()] == ["2", "2"]
    assert aside == {
        **{1: DIED, 2: "--watch failed: ArithmeticError"},
        **{3: "a span's offsets do not give its text", 4: "tagging failed: ArithmeticError"},
    }


@pytest.mark.parametrize(("deaths", "batches"), [(0, [2, 1, 1]), (2, [1, 1])])
def test_an_addition_short_of_memory_for_one_document_ends_the_process(
    tag: Tag, store: Store, deaths: int, batches: list[int]
) -> None:
    die(store, *[WHOLE] * deaths)
    with pytest.raises(UnusableError):
        tag("Anna", "LITTLE_MEMORY Bob", adding=True)
    assert [number for number, _ in added] == batches
