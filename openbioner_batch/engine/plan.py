"""The plan of a run: its inputs cut into splits, and a fingerprint of everything that its output depends on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from openbioner_batch import version
from openbioner_batch.engine.names import DATA, INPUTS, PLAN, inputs_file, parse_number
from openbioner_batch.engine.store import Store
from openbioner_batch.errors import PlanMismatchError, UsageError
from openbioner_batch.formats.base import Format, InputFile, ReadOptions, Split
from openbioner_batch.formats.labels import label_of
from openbioner_batch.records import Deletion

VERSION = 1
REMEDY = "give another --output, or --overwrite to start again"


@dataclass(frozen=True, slots=True)
class PlannedSplit:
    """A split, its place in the run, and how many of its records to take."""

    ordinal: int
    split: Split
    limit: int | None
    """None takes all records, 0 takes none."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A run's fingerprint and splits."""

    fingerprint: dict[str, Any]
    splits: tuple[PlannedSplit, ...]
    release: str | None = None
    """The version of the package that began the run; None where its plan does not say."""

    @property
    def wanted(self) -> list[PlannedSplit]:
        """The splits that give records."""
        return [planned for planned in self.splits if planned.limit != 0]

    @property
    def ledger(self) -> str:
        """The folder that the run writes last: its Parquet files show which shards are done."""
        return str(self.fingerprint.get("ledger", DATA))


def read_plan(store: Store) -> Plan | None:
    """The plan in a folder, None where there is none.

    Raises:
        PlanMismatchError: a version with another form of plan wrote it, or it is damaged.
    """
    try:
        found = json.loads(store.get(PLAN))
        if found["version"] != VERSION:
            raise PlanMismatchError(
                f"{store.url} was planned by another version (plan {found['version']}, here {VERSION}): "
                f"{remedy(release_of(found))}"
            )
        generations = [inputs_file(generation) for generation in range(_generations(store))]
        lines = [line for _, data in store.read_all(generations) for line in data.decode().splitlines()]
        splits = tuple(_split_from_line(ordinal, line) for ordinal, line in enumerate(lines))
        return Plan(found["fingerprint"], splits, release_of(found))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise PlanMismatchError(
            f"the plan of the run in {store.url} is damaged ({PLAN} or a file in {INPUTS}): {REMEDY}"
        ) from None


def _generations(store: Store) -> int:
    """How many files of splits there are, which other files among them do not change.

    Raises:
        ValueError: one is missing, so that the splits after it would get other places.
    """
    numbers = {number for name in store.names(INPUTS) if (number := parse_number(name, ".jsonl")) is not None}
    if numbers != set(range(len(numbers))):
        raise ValueError
    return len(numbers)


def plan_bytes(fingerprint: Mapping[str, Any]) -> bytes:
    """The file of a new plan. The release is not part of the fingerprint: an upgrade alone does not refuse a run."""
    plan = {"version": VERSION, "release": version.__version__, "fingerprint": fingerprint}
    return json.dumps(plan, indent=1, sort_keys=True).encode()


def release_of(plan: Mapping[str, Any]) -> str | None:
    """The version of the package that wrote a plan; earlier plans record it only for de-identification."""
    found = plan.get("release") or plan["fingerprint"].get("version")
    return None if found is None else str(found)


def remedy(release: str | None) -> str:
    """What to do about a run that cannot be resumed here, begun by this release of the package."""
    if release in (None, version.__version__):
        return REMEDY
    return f"openbioner-batch {release} began it, this is {version.__version__}; finish it with {release}, or {REMEDY}"


def make_plan(
    store: Store,
    fingerprint: dict[str, Any],
    files: Sequence[InputFile],
    reader: Format,
    options: ReadOptions,
    limit: int | None,
) -> tuple[Plan, int]:
    """Write the plan of a new run, or check and extend that of an earlier one.

    Args:
        store: the output folder.
        fingerprint: what the output depends on, apart from the inputs.
        files: the inputs as they are listed now.
        reader: their format.
        options: resolved.
        limit: the total number of records to take.

    Returns:
        The plan, and how many of the files are new since the run was last planned.

    Raises:
        PlanMismatchError: the folder holds a run with another fingerprint or other inputs.
    """
    plan = read_plan(store)
    if plan is None:
        if others := [name for name in store.names() if not name.startswith("_run/")][:1]:
            raise UsageError(f"--output {store.url} is not empty ({others[0]}) and holds no run: give an empty folder")
        store.put(PLAN, plan_bytes(fingerprint))
        plan = Plan(fingerprint, (), version.__version__)
    else:
        # Through JSON, since tuples come back as lists.
        check_fingerprint(plan.fingerprint, json.loads(json.dumps(fingerprint)), store.url, plan.release)
    fresh = new_files(plan, files, store.url)
    if not fresh:
        return plan, 0
    if limit is not None and plan.splits:
        raise PlanMismatchError(
            f"{len(fresh)} new input files, the first {label_of(fresh[0].uri)}: a run with --limit keeps to the inputs "
            f"it was planned with; {REMEDY}"
        )
    cut = reader.splits(fresh)
    covered = {file.uri for split in cut for file in split.files}
    # Files without a split, such as empty ones, are recorded too, or they would seem new the next time.
    empty = [Split((file,)) for file in fresh if file.uri not in covered]
    limits = [*limits_of_splits(cut, reader, options, limit), *(0 for _ in empty)]
    first = len(plan.splits)
    splits = tuple(PlannedSplit(first + n, *pair) for n, pair in enumerate(zip([*cut, *empty], limits, strict=True)))
    store.put(inputs_file(_generations(store)), "".join(map(_line, splits)).encode())
    return replace(plan, splits=plan.splits + splits), len(fresh)


def limits_of_splits(
    splits: Sequence[Split], reader: Format, options: ReadOptions, limit: int | None
) -> Iterator[int | None]:
    """The limit of each split, so that together they give the first `limit` records, in order."""
    left = limit
    for split in splits:
        if not left:
            yield left
            continue
        taken = 0
        for record in reader.read(split, options):
            taken += not isinstance(record, Deletion)
            if taken == left:
                break
        left -= taken
        yield None if left else taken


def new_files(plan: Plan, files: Sequence[InputFile], url: str) -> list[InputFile]:
    """The files that the plan does not know.

    Raises:
        PlanMismatchError: a planned file has changed or is gone.
    """
    known = {file.uri: file for planned in plan.splits for file in planned.split.files}
    listed = {file.uri: file for file in files}
    for uri, file in known.items():
        if uri not in listed:
            raise PlanMismatchError(
                f"{label_of(uri)} was an input of the run in {url} and is no longer listed: {REMEDY}"
            )
        if listed[uri] != file:
            raise PlanMismatchError(
                f"{label_of(uri)} has changed since the run in {url} was planned "
                f"({file.size} bytes then, {listed[uri].size} now): {REMEDY}"
            )
    return [file for file in files if file.uri not in known]


def check_fingerprint(old: dict[str, Any], new: dict[str, Any], url: str, release: str | None) -> None:
    """Refuse to mix two runs in one folder.

    Args:
        old: what the folder holds.
        new: what would go into it.
        url: the folder.
        release: the version of the package that began the old one, None where it is unknown.

    Raises:
        PlanMismatchError: the fingerprints differ; names what differs, with both values.
    """
    differences = [
        f"{name}: {_difference(old.get(name), new.get(name))}"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
    if differences:
        raise PlanMismatchError(f"{url} holds a run with other settings ({'; '.join(differences)}): {remedy(release)}")


def _difference(old: Any, new: Any) -> str:
    """Two unequal values, shortened: lists and mappings without what both have."""
    if isinstance(old, dict) and isinstance(new, dict):
        names = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
        return ", ".join(f"{name} {_difference(old.get(name), new.get(name))}" for name in names[:4])
    return f"{_short(old)} then, {_short(new)} now"


def _short(value: Any) -> str:
    text = "none" if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _line(planned: PlannedSplit) -> str:
    split = planned.split
    files = [[file.uri, file.size, file.etag] for file in split.files]
    return json.dumps({"files": files, "start": split.start, "stop": split.stop, "limit": planned.limit}) + "\n"


def _split_from_line(ordinal: int, line: str) -> PlannedSplit:
    found = json.loads(line)
    files = tuple(InputFile(*file) for file in found["files"])
    return PlannedSplit(ordinal, Split(files, found["start"], found["stop"]), found["limit"])


def split_weights(splits: Iterable[PlannedSplit]) -> Iterator[float]:
    """Each split's bytes of input: a file's size is spread over its splits."""
    splits = list(splits)
    parts: dict[str, int] = {}
    for planned in splits:
        for file in planned.split.files:
            parts[file.uri] = parts.get(file.uri, 0) + 1
    for planned in splits:
        yield sum(file.size / parts[file.uri] for file in planned.split.files)
