"""What must hold of anything that a reader makes of any bytes."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from openbioner_batch.engine.shards import cut_shards, documents_table
from openbioner_batch.errors import OpenBioNERError
from openbioner_batch.formats import Format, InputFile, ReadOptions, Split, get_format, list_inputs
from openbioner_batch.records import Deletion, Parsed, Record, Rejected

from .mutations import mutate
from .seeds import PACKERS, SECRET, SEEDS, Seed


@dataclass
class Tally:
    """The outcome of inputs."""

    inputs: int = 0
    refused: int = 0
    """Inputs answered by one clear message."""
    documents: int = 0
    quarantined: int = 0
    deletions: int = 0
    formats: Counter[str] = field(default_factory=Counter)


def damaged(seed: int, number: int) -> Seed:
    """The input of that number: the files of a seed with at least one damaged, packed or not."""
    rng = random.Random(f"{seed}/{number}")
    chosen = SEEDS[number % len(SEEDS)]
    others = [data for one in SEEDS for data in one.files.values()]
    names = list(chosen.files)
    target = rng.choice(names)
    files = {name: mutate(rng, data, others) if name == target else data for name, data in chosen.files.items()}
    if rng.random() < 0.15 and not target.endswith(".parquet"):
        suffix = rng.choice(list(PACKERS))
        packed = PACKERS[suffix](files.pop(target))
        files[target + suffix] = mutate(rng, packed, others) if rng.random() < 0.7 else packed
    return Seed(chosen.format, files, chosen.keep if rng.random() < 0.7 else ())


def check(case: Seed, folder: Path, tally: Tally) -> None:
    """Read a case and assert all that must hold; `folder` is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, data in case.files.items():
        (folder / name).write_bytes(data)
    tally.inputs += 1
    tally.formats[case.format] += 1
    reader = get_format(case.format)
    try:
        files = list_inputs([str(folder)], reader.suffixes)
        options = reader.resolve(files, ReadOptions(keep_fields=case.keep))
        kept = reader.kept_schema(files, options)
        splits = reader.splits(files)
        records = [record for split in splits for record in reader.read(split, options)]
    except OpenBioNERError as error:
        message = str(error)
        assert len(message.splitlines()) == 1, "a message is one line"
        assert SECRET not in message.partition("there are: ")[0], "a message quotes the text"
        tally.refused += 1
        return
    for record in records:
        _check_record(record)
    _check_identities(records)
    if case.format in ("jsonl", "fhir"):
        _check_offsets(records, folder)
        _check_other_splits(reader, files, options, records)
    shards = list(cut_shards(records, 3))
    tables = [documents_table(shard, kept) for shard in shards]
    rows = sum(table.num_rows for table in tables)
    rejected = sum(len(shard.rejected) for shard in shards)
    deleted = sum(len(shard.deletions) for shard in shards)
    assert rows + rejected + deleted == len(records), "rows + quarantined + deletions = records read"
    tally.documents += rows
    tally.quarantined += rejected
    tally.deletions += deleted


def _check_record(record: Record) -> None:
    assert 0 <= record.record < 1 << 63
    if isinstance(record, Rejected):
        assert len(record.reason.splitlines()) == 1, "a reason is one line"
        assert SECRET not in record.reason, "a reason quotes the text"
    elif isinstance(record, Parsed):
        document = record.document
        document.text.encode()
        assert document.id
        for span in document.metadata.get("annotations") or ():
            assert document.text[span["start"] : span["end"]] == span["text"] != "", "an annotation is its text's"
        for section in document.metadata.get("sections") or ():
            assert 0 <= section["start"] <= section["end"] <= len(document.text), "a section lies in the text"


def _check_identities(records: list[Record]) -> None:
    places = Counter((r.source, r.record) for r in records if not isinstance(r, Deletion))
    assert not places or max(places.values()) == 1, "source and record are a row's identity"


def _check_offsets(records: list[Record], folder: Path) -> None:
    """A document's position is where its object begins, or the line before it."""
    for record in records:
        if isinstance(record, Parsed) and record.source.endswith((".jsonl", ".ndjson")):
            rest = Path(record.source).read_bytes()[record.record :]
            assert rest.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"), "an offset is where an object begins"


def _check_other_splits(reader: Format, files: list[InputFile], options: ReadOptions, records: list[Record]) -> None:
    """Cutting a file elsewhere gives the same records."""
    (file,) = files
    whole = next(iter(reader.splits(files)), None)  # none of an empty file
    if whole is not None and whole.stop > 1:
        place = random.Random(file.size).randrange(1, whole.stop)
        parts = (Split((file,), 0, place), Split((file,), place, whole.stop))
        assert [record for part in parts for record in reader.read(part, options)] == records, "splits do not matter"
