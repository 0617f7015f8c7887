"""The report on silver data: how much was kept, and why the rest was not."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rich.console import Console

SHOWN_TYPES = 12


@dataclass(slots=True)
class SilverReport:
    """Counts over a whole folder of silver data."""

    output: str
    quarantined: Counter[str] = field(default_factory=Counter)
    """Passages (or rows of an import) that were dropped, by reason."""
    passages: int = 0
    """Passages kept."""
    dropped_passages: Counter[str] = field(default_factory=Counter)
    mentions: int = 0
    """Mentions kept."""
    dropped_mentions: Counter[str] = field(default_factory=Counter)
    """Mentions that became unsure, by reason."""
    types: Counter[str] = field(default_factory=Counter)
    """Mentions kept, by type."""
    merged: dict[str, str] = field(default_factory=dict)
    """Types that were merged into another."""
    amounts: Counter[str] = field(default_factory=Counter)
    """Other counts: tokens, unaligned mentions, salvaged answers."""
    cost: float | None = None
    """The costs of the answers, by the given prices; None without prices."""

    @property
    def title(self) -> str:
        """The folder of the data."""
        return f"{self.output}: silver data"

    def as_json(self) -> dict[str, Any]:
        """The report in the folder."""
        return {
            "output": self.output,
            "passages": {
                "in": self.passages + self.dropped_passages.total() + self.quarantined.total(),
                "kept": self.passages,
                "dropped": dict(self.dropped_passages.most_common()),
                "quarantined": dict(self.quarantined.most_common()),
            },
            "mentions": {
                "in": self.mentions + self.dropped_mentions.total(),
                "kept": self.mentions,
                "unsure": dict(self.dropped_mentions.most_common()),
            },
            "types": {"kept": len(self.types), "mentions": dict(self.types.most_common()), "merged": self.merged},
            "amounts": dict(sorted(self.amounts.items())),
            "cost": self.cost,
        }

    def to_bytes(self) -> bytes:
        """The report as a file of JSON."""
        return json.dumps(self.as_json(), indent=1).encode()

    def lines(self) -> list[tuple[str, str]]:
        """Labels and values to show."""
        whole = self.as_json()
        lines = [
            ("passages", f"{whole['passages']['in']:,}"),
            ("  kept", f"{self.passages:,}"),
            *_reasons("dropped", self.dropped_passages),
            *_reasons("quarantined", self.quarantined),
            ("mentions of kept passages", f"{whole['mentions']['in']:,}"),
            ("  kept", f"{self.mentions:,}"),
            *_reasons("unsure", self.dropped_mentions),
            ("types", f"{len(self.types):,}"),
            *((f"  {name}", f"{count:,}") for name, count in self.types.most_common(SHOWN_TYPES)),
        ]
        if len(self.types) > SHOWN_TYPES:
            lines.append((f"  and {len(self.types) - SHOWN_TYPES:,} more", ""))
        if self.merged:
            lines.append(("names merged into others", f"{len(self.merged):,}"))
        lines += [(name.replace("_", " "), f"{amount:,}") for name, amount in sorted(self.amounts.items())]
        if self.cost is not None:
            lines.append(("cost", f"{self.cost:,.4f}"))
        return lines


class TableReport(Protocol):
    """A report that can be shown as a table."""

    @property
    def title(self) -> str:
        """The title of the table."""

    def lines(self) -> list[tuple[str, str]]:
        """The rows of the table: label and count."""


def print_report(report: TableReport, console: Console) -> None:
    """Show a report as a table."""
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for label, value in report.lines():
        table.add_row(label, value)
    console.print(report.title, soft_wrap=True)
    console.print(table)


def _reasons(verb: str, counts: Counter[str]) -> list[tuple[str, str]]:
    return [(f"  {verb}: {reason}", f"{count:,}") for reason, count in counts.most_common()]
