"""Charts as inline SVG. Each has its numbers beside it: in the cells of a table, or in a separate table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from openbioner_batch.report.page.markup import Markup, element, number

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720, 200, 52, 22, 12


def bar(value: float, largest: float, class_: str = "") -> Markup:
    """A bar for a table's cell, hidden from screen readers since the number is beside it."""
    width = round(100 * value / largest, 2) if largest else 0
    return element(
        "svg",
        element("rect", width=max(width, 0.6) if value else 0, height=8, rx=1.5),
        class_=f"bar {class_}".strip(),
        viewBox="0 0 100 8",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def histogram(counts: Sequence[int], class_: str, median: float | None) -> Markup:
    """A small histogram over 0 to 1 for a table's cell, with a line at the median."""
    largest = max(counts, default=0) or 1
    step = 160 / len(counts)
    bars = [
        element(
            "rect", x=round(place * step + 0.5, 2), width=round(step - 1, 2), y=round(34 - height, 2), height=height
        )
        for place, count in enumerate(counts)
        if (height := round(max(34 * count / largest, 0.75 if count else 0), 2))
    ]
    marker = (
        [] if median is None else [element("line", x1=round(160 * median, 2), x2=round(160 * median, 2), y1=0, y2=34)]
    )
    base = element("path", d="M0 34.5H160", class_="base")
    return element("svg", bars, marker, base, class_=f"histogram {class_}", viewBox="0 0 160 35", aria_hidden="true")


def rates(steps: Sequence[int], step_seconds: float, seconds: float) -> list[float]:
    """The rate around each step, from what was committed in it.

    Commits are discrete: each covers the time since the one before, and is spread over it. As several workers may
    commit in turns, a rate is then an average over a twelfth of the session, or over twice the longest wait for a
    commit after the first if that is more.

    Args:
        steps: what was committed in each step.
        step_seconds: the length of a step.
        seconds: from the start to the last commit, in the last step.
    """
    spread: list[float] = []
    longest = 1
    for place, amount in enumerate(steps):
        if amount or place + 1 == len(steps):
            waited = place + 1 - len(spread)
            longest = max(longest, waited if spread else 1)
            spread += [amount / waited] * waited
    reach = max(len(steps) // 24, longest)
    found = []
    for place in range(len(steps)):
        first, end = max(0, place - reach), min(len(steps), place + reach + 1)
        length = min(end * step_seconds, seconds) - first * step_seconds
        found.append(sum(spread[first:end]) / max(length, 1e-3))
    return found


def pace_chart(sessions: Sequence[tuple[Sequence[float], float]], unit: str, title: str, description: str) -> Markup:
    """Rates over the time in which a run was at work, one session after the other.

    Args:
        sessions: for each the rate in each of its steps, and the seconds that it took.
        unit: what is counted per second.
        title: the chart's name.
        description: what it shows, in words.
    """
    total = sum(seconds for _, seconds in sessions) or 1.0
    top = nice_ceiling(max((rate for steps, _ in sessions for rate in steps), default=0) or 1)
    across, up = (_WIDTH - _LEFT - 8) / total, (_HEIGHT - _BOTTOM - _TOP) / top
    floor = _HEIGHT - _BOTTOM
    starts = [0.0, *accumulate(seconds for _, seconds in sessions)]
    parts: list[Markup] = []
    for line in range(5):
        value = top * line / 4
        y = round(floor - value * up, 1)
        parts.append(element("line", x1=_LEFT, x2=_WIDTH - 8, y1=y, y2=y, class_="grid"))
        parts.append(element("text", number(value), x=_LEFT - 8, y=y + 4, text_anchor="end"))
    for (steps, seconds), start in zip(sessions, starts, strict=False):
        width = seconds / max(1, len(steps))
        points = [
            (round(_LEFT + (start + place * width + side * width) * across, 1), round(floor - rate * up, 1))
            for place, rate in enumerate(steps)
            for side in (0, 1)
        ]
        edge = "".join(f"L{x} {y}" for x, y in points)
        first, last = _LEFT + start * across, _LEFT + (start + seconds) * across
        parts.append(element("path", d=f"M{first:.1f} {floor}{edge}L{last:.1f} {floor}Z", class_="area"))
        parts.append(element("path", d=f"M{edge[1:]}" if edge else "M0 0", class_="edge"))
        if start:
            parts.append(element("line", x1=round(first, 1), x2=round(first, 1), y1=_TOP, y2=floor, class_="cut"))
    for tick in ticks(total):
        x = round(_LEFT + tick * across, 1)
        parts.append(
            element("text", short_duration(tick), x=x, y=_HEIGHT - 6, text_anchor="middle" if tick else "start")
        )
    return element(
        "svg",
        element("title", title),
        element("desc", description),
        element("text", f"{unit} per second", x=_LEFT, y=9, class_="unit"),
        parts,
        class_="pace",
        role="img",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
    )


def nice_ceiling(value: float) -> float:
    """The next larger round number for an axis of four parts."""
    size = 10.0 ** (len(str(int(value))) - 1) if value >= 1 else 0.1
    while size > value:
        size /= 10
    return next(step * size for step in (1, 2, 4, 8, 10, 20) if step * size >= value)


def ticks(seconds: float) -> list[float]:
    """Times for an axis of this length: one to nine of them, in round units."""
    units = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 7 * 86400, 28 * 86400)
    step = next((unit for unit in units if seconds / unit <= 8), seconds / 8)
    return [float(step * place) for place in range(int(seconds / step) + 1) if step * place < seconds * 0.97]


def short_duration(seconds: float) -> str:
    """A time in its two largest units, such as 1 h 30 min."""
    parts = ((seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    shown = [f"{amount:.0f} {unit}" for amount, unit in parts if amount >= 1]
    return " ".join(shown[:2]) or "0 s"
