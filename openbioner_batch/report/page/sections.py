"""The parts of the page that every kind of run has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

import numpy as np

from openbioner_batch.report.opened import OpenedRun
from openbioner_batch.report.page.charts import bar, pace_chart, rates, short_duration
from openbioner_batch.report.page.markup import Markup, concatenated, element, number, percent_text

HUES = 12
MOST_IN_A_MATRIX = 15


@dataclass(frozen=True, slots=True)
class PageSection:
    """A part of the page, and its link."""

    id: str
    heading: str
    markup: Markup


def hue(place: int) -> str:
    """The class that gives the type at this place its colour."""
    return f"k{place % HUES}"


def chip(name: str, place: int) -> Markup:
    """A type's name in its colour."""
    return element("span", name, class_=f"chip {hue(place)}")


def section(id: str, heading: str, *children: str | Iterable[str], note: str | None = None) -> PageSection:
    """A part of the page with a heading, and a line below it on how to read it."""
    top = element("h2", heading, id=f"{id}-heading")
    lead = [element("p", note, class_="lead")] if note else []
    return PageSection(id, heading, element("section", top, lead, *children, id=id, aria_labelledby=f"{id}-heading"))


def table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str | Markup]],
    class_: str = "",
    hidden_caption: bool = False,
) -> Markup:
    """A table; the first cell of each row is its head, and cells whose heads begin with `#` are numbers."""
    kinds = ["number" if head.startswith("#") else None for head in heads]
    top = [
        element("th", head.lstrip("#"), scope="col", class_=kind) if head else element("td")
        for head, kind in zip(heads, kinds, strict=True)
    ]
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            [element("td", cell, class_=kind) for cell, kind in zip(row[1:], kinds[1:], strict=True)],
        )
        for row in rows
    ]
    return element(
        "div",
        element(
            "table",
            element("caption", caption, class_="unseen" if hidden_caption else None),
            element("thead", element("tr", top)),
            element("tbody", body),
            class_=class_ or None,
        ),
        class_="wide",
        tabindex=0,
        role="group",
        aria_label=f"Table: {caption}",
    )


def header(run: OpenedRun, what: str, facts: Sequence[str]) -> Markup:
    """The page's title, the state of the run, and its model and settings."""
    state = "finished" if run.finished else f"not finished: {run.splits_done} of {len(run.plan.wanted)} inputs done"
    times = [f"{_moment(run.sessions[0].started)} UTC"] if run.sessions else []
    return element(
        "header",
        element("p", what, class_="eyebrow"),
        element(
            "h1",
            run_name(run),
            " ",
            element("span", state, class_="state" if run.finished else "state open"),
        ),
        element("p", concatenated(element("span", fact) for fact in [*facts, *times]), class_="facts"),
    )


def run_name(run: OpenedRun) -> str:
    """The last part of the run's address."""
    return PurePosixPath(run.store.url.rstrip("/")).name or run.store.url


def tiles(pairs: Iterable[tuple[str, str]]) -> Markup:
    """The most important figures, in large type."""
    return element(
        "dl", (element("div", element("dt", label), element("dd", value)) for label, value in pairs), class_="tiles"
    )


def counts_table(
    caption: str, head: str, counts: Mapping[str, int], unit: str = "#Documents", all_of: int | None = None
) -> Markup:
    """Counts with bars, in their order."""
    total, largest = all_of or sum(counts.values()), max(counts.values(), default=0)
    rows = [(label, number(count), bar(count, largest), percent_text(count, total)) for label, count in counts.items()]
    return table(caption, (head, unit, "", "#Share"), rows, class_="bars")


def buckets(counts: Mapping[int, int], edges: Sequence[int]) -> dict[str, int]:
    """Counts of numbers put together: one bucket from each edge up to the next, the last one open."""
    found: dict[str, int] = {}
    highest = max(counts, default=0)
    for place, low in enumerate(edges):
        high = edges[place + 1] - 1 if place + 1 < len(edges) else None
        if low > highest:
            break
        label = f"{low:,}" if high == low else f"{low:,} and more" if high is None else f"{low:,}–{high:,}"
        found[label] = sum(times for value, times in counts.items() if low <= value and (high is None or value <= high))
    return found


def pace_section(run: OpenedRun) -> PageSection:
    """Throughput over time, from the records of the sessions."""
    if not run.sessions:
        return section("speed", "Speed", element("p", "This run kept no record of its sessions.", class_="none"))
    unit = "tokens" if run.totals.tokens else "documents"
    drawn, rows = [], []
    for place, session in enumerate(run.sessions, 1):
        documents, tokens = sum(session.documents), sum(session.tokens)
        steps = session.tokens if run.totals.tokens else session.documents
        drawn.append((rates(steps, session.step_seconds, session.seconds), session.seconds))
        amounts = (documents, tokens)
        per_second = [number(amount / max(session.seconds, 1e-3)) if amount else "–" for amount in amounts]
        rows.append(
            (str(place), _moment(session.started), short_duration(session.seconds), number(documents), *per_second)
        )
    words = f"{len(run.sessions)} session{'s' if len(run.sessions) > 1 else ''} of work; the table has the averages."
    seconds = sum(session.seconds for session in run.sessions)
    return section(
        "speed",
        "Speed",
        element(
            "figure",
            pace_chart(drawn, "Text tokens" if unit == "tokens" else "Documents", "Throughput over time", words),
            element(
                "figcaption",
                f"Hours between sessions are left out. At work for {short_duration(seconds)} in all, from "
                "the start of each session to its last commit; rates are running averages.",
            ),
        ),
        table(
            "Sessions of this run",
            ("Session", "Began (UTC)", "#Time", "#Documents", "#Documents/s", "#Text tokens/s"),
            rows,
            class_="plain",
        ),
    )


def quarantine_section(run: OpenedRun) -> PageSection:
    """Records that were set aside, by reason, each with a few places to look at."""
    totals = run.totals
    if not totals.set_aside:
        words = f"Nothing: each of {number(totals.records)} records became a row."
        return section("aside", "Set aside", element("p", words, class_="none"))
    examples = run.quarantine_examples()
    rows = []
    for reason, count in totals.quarantined.most_common():
        places = "; ".join(f"{source}, record {record}" for source, record in examples.get(reason, ()))
        rows.append((reason, number(count), percent_text(count, totals.records), places))
    return section(
        "aside",
        "Set aside",
        table(
            "Quarantined records by reason",
            ("Reason", "#Records", "#Of all", "Where, for example"),
            rows,
            class_="places",
        ),
        note="Records that could not be read or handled. Numbers in a reason are written as #.",
    )


def together_section(names: Sequence[str], together: np.ndarray, unit: str) -> PageSection:
    """Types that occur in the same documents, as a table with shaded cells."""
    shown = [place for place in range(len(names)) if together[place, place]][:MOST_IN_A_MATRIX]
    if len(shown) < 2:
        words = f"No two types were found, so none occur in one {unit[:-1]}."
        return section("together", "Together", element("p", words, class_="none"))
    rows = []
    for row in shown:
        cells = []
        for column in shown:
            part = together[row, column] / together[row, row]
            text = number(int(together[row, row])) if row == column else f"{100 * part:.0f} %"
            cells.append(element("span", text, class_="self" if row == column else f"q{round(10 * part)}"))
        rows.append((chip(names[row], row), *cells))
    left_out = sum(bool(together[place, place]) for place in range(len(names))) - len(shown)
    more = f" The {len(shown)} most frequent types; {left_out} more are left out." if left_out else ""
    return section(
        "together",
        "Together",
        table(
            f"Share of the {unit} with a type (row) that also have another (column)",
            (unit.capitalize() + " with", *(f"#{names[place]}" for place in shown)),
            rows,
            class_="matrix upright" if len(shown) > 6 else "matrix",
            hidden_caption=True,
        ),
        note=f"Read along a row: of the {unit} with this type, so many also have the other. The diagonal counts the "
        f"{unit} with the type.{more}",
    )


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%d %b %Y, %H:%M")
