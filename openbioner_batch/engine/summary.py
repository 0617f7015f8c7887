"""The summary of a run, for people and for scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from openbioner_batch.engine.ledger import Totals
from openbioner_batch.model.location import NO_GLOSSARY

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(slots=True)
class Clock:
    """First and last commit of a session, and what came after the first: its steady rate."""

    first: float | None = None
    last: float = 0.0
    documents: int = 0
    tokens: int = 0

    def tick(self, committed_at: float, documents: int, tokens: int) -> None:
        """Note a commit; commits may come slightly out of order."""
        if self.first is None:
            self.first = committed_at
        else:
            self.documents += documents
            self.tokens += tokens
        self.last = max(self.last, committed_at)

    @property
    def seconds(self) -> float:
        """Seconds between the first and the last commit, 0 where there is none."""
        return self.last - self.first if self.first is not None else 0.0

    def per_second(self, amount: float) -> float:
        """A rate between first and last commit, 0 where there are not two."""
        return amount / self.seconds if self.seconds > 0 else 0.0


@dataclass(slots=True)
class Summary:
    """The state of a run at the end of a session.

    `totals` are over all sessions; rates and times are of the last one.
    """

    output: str
    finished: bool
    totals: Totals
    seconds: float = 0.0
    clock: Clock = field(default_factory=Clock)
    splits_done: int = 0
    splits: int = 0
    tagged_now: int = 0
    """Documents tagged in the last session."""
    notes: tuple[str, ...] = ()
    """Caveats on how the spans were found."""

    def as_json(self) -> dict[str, Any]:
        """The summary as it stands in the run's folder."""
        totals = self.totals
        return {
            "output": self.output,
            "finished": self.finished,
            **({"notes": list(self.notes)} if self.notes else {}),
            "records": totals.records,
            "documents": totals.documents,
            "quarantined": {"total": totals.set_aside, "reasons": dict(totals.quarantined.most_common())},
            "deletions": totals.deletions,
            "spans": {"total": totals.spans.total(), "types": dict(totals.spans.most_common())},
            "windows": totals.windows,
            "tokens": totals.tokens,
            "text_bytes": totals.text_bytes,
            **({"amounts": dict(totals.amounts)} if totals.amounts else {}),
            "shards": totals.shards,
            "splits": {"done": self.splits_done, "total": self.splits},
            "last_session": {
                "documents": self.tagged_now,
                "seconds": round(self.seconds, 1),
                "seconds_between_first_and_last_commit": round(self.clock.seconds, 2),
                "documents_per_second": round(self.clock.per_second(self.clock.documents), 2),
                "tokens_per_second": round(self.clock.per_second(self.clock.tokens), 1),
            },
        }

    def to_bytes(self) -> bytes:
        """The summary as a file of JSON."""
        return json.dumps(self.as_json(), indent=1).encode()


def print_report(summary: dict[str, Any], console: Console) -> None:
    """Show a summary, given as JSON, as a table."""
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for label, value in report_lines(summary):
        table.add_row(label, value)
    console.print(f"{summary['output']}: {'finished' if summary['finished'] else 'not finished'}", soft_wrap=True)
    console.print(table)
    for note in summary.get("notes", ()):
        console.print(f"note: {note}", soft_wrap=True)


def notes_on(fingerprint: Mapping[str, Any]) -> tuple[str, ...]:
    """Caveats on how a run's spans were found, from the fingerprint of its plan."""
    notes = []
    if layers := fingerprint.get("separated layers"):
        notes.append(f"separated layers: {layers}, for which the model was not trained")
    if overlap := fingerprint.get("types overlap"):
        kept = "whatever their bounds" if overlap == "any bounds" else "if their bounds are equal (--nested keeps all)"
        notes.append(f"types do not compete in this model: spans of different types may overlap {kept}")
    if glossary := fingerprint.get("glossary"):
        is_none = glossary == NO_GLOSSARY
        notes.append("glossary: none" if is_none else f"glossary: the model's own and the user's ({glossary[:12]})")
    return tuple(notes)


def report_lines(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Labels and values to show, from a summary as JSON."""
    splits, quarantined, spans = summary["splits"], summary["quarantined"], summary["spans"]
    lines = [
        ("splits done", f"{splits['done']:,} of {splits['total']:,}"),
        ("shards committed", f"{summary['shards']:,}"),
        ("records", f"{summary['records']:,}"),
        ("documents tagged", f"{summary['documents']:,}"),
        ("quarantined", f"{quarantined['total']:,}"),
        *((f"  {reason}", f"{count:,}") for reason, count in quarantined["reasons"].items()),
        ("spans", f"{spans['total']:,}"),
        *((f"  {name}", f"{count:,}") for name, count in spans["types"].items()),
        ("windows", f"{summary['windows']:,}"),
        ("text tokens", f"{summary['tokens']:,}"),
    ]
    lines += [(name.replace("_", " "), f"{amount:,}") for name, amount in summary.get("amounts", {}).items()]
    if summary["deletions"]:
        lines.append(("deletions noted", f"{summary['deletions']:,}"))
    session = summary.get("last_session")
    if session and session["documents"]:
        lines.append(("time of the last session", f"{session['seconds']:,.1f} s"))
    if session and session["documents_per_second"]:
        lines.append(("  documents/s, first to last commit", f"{session['documents_per_second']:,.1f}"))
        lines.append(("  text tokens/s", f"{session['tokens_per_second']:,.0f}"))
    return lines
