"""Names in the folder of a run. None depends on an input's name, a host or a time."""

from __future__ import annotations

PLAN = "_run/plan.json"
INPUTS = "_run/inputs"
ENDS = "_run/ends"
ATTEMPTS = "_run/attempts"
SESSIONS = "_run/sessions"
SUMMARY = "_run/summary.json"
DATA = "data"
QUARANTINE = "quarantine"
DELETIONS = "deletions"
AUDIT = "audit"
REPORT = "report.json"
RESULTS = (DATA, QUARANTINE, DELETIONS, AUDIT)


def shard_name(split: int, shard: int) -> str:
    """The stem shared by a shard's files."""
    return f"{split:06d}-{shard:05d}"


def shard_file(folder: str, split: int, shard: int) -> str:
    """The name of one of a shard's Parquet files."""
    return f"{folder}/{shard_name(split, shard)}.parquet"


def end_file(split: int) -> str:
    """The name of the marker that holds how many shards a split gave."""
    return f"{ENDS}/{split:06d}.json"


def inputs_file(generation: int) -> str:
    """The name of the file with the splits of the inputs that were added at one time."""
    return f"{INPUTS}/{generation:04d}.jsonl"


def parse_number(name: str, suffix: str) -> int | None:
    """The number that is a file's name before this suffix, None for any other name."""
    stem = name.removesuffix(suffix)
    return int(stem) if stem != name and stem.isdecimal() else None


def parse_shard(name: str) -> tuple[int, int] | None:
    """Split and shard of a data file's name, None for any other name."""
    stem, dot, suffix = name.partition(".")
    split, dash, shard = stem.partition("-")
    if dot and dash and suffix == "parquet" and split.isdecimal() and shard.isdecimal():
        return int(split), int(shard)
    return None
