"""Builds HTML and SVG: everything that is not markup is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable

from openbioner_batch.report.highlights import visible

_EMPTY = {"rect", "line", "path", "col"}


class Markup(str):
    """Text that is already markup."""

    __slots__ = ()


def element(name: str, *children: str | Iterable[str], **attributes: object) -> Markup:
    """An element. Children are markup, or text to be escaped, or iterables of them.

    Attributes are written with hyphens for underscores, without a closing one (`class_`); None and False are left out,
    and True is written without a value.
    """
    written = "".join(map(_attribute, attributes.items()))
    inside = concatenated(*children)
    if name in _EMPTY:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{inside}</{name}>")


def concatenated(*children: str | Iterable[str]) -> Markup:
    """Children one after the other."""
    return Markup(
        "".join(
            escaped(child) if isinstance(child, str) else concatenated(*child) for child in children
        )  # strings iterate
    )


def escaped(text: str) -> Markup:
    """The text as markup; control characters and direction marks become visible symbols."""
    return text if isinstance(text, Markup) else Markup(html.escape(visible(text)))


def _attribute(item: tuple[str, object]) -> str:
    name, value = item
    name = name.rstrip("_").replace("_", "-") if name not in ("viewBox", "preserveAspectRatio") else name
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{html.escape(visible(str(value)))}"'


def number(value: float) -> str:
    """A number for people: thousands separated, decimals only where it is small."""
    if value == int(value):
        return f"{int(value):,}"
    if value < 100:
        return f"{value:.2f}".rstrip("0").rstrip(".") if value < 10 else f"{value:.1f}"
    return f"{value:,.0f}"


def percent_text(part: float, whole: float) -> str:
    """A share in percent; small ones with a decimal; only exact 0 and 1 are shown as 0 and 100."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if percent in (0, 100):
        return f"{percent:.0f} %"
    if percent < 0.1:
        return "< 0.1 %"
    if percent > 99.9:
        return "> 99.9 %"
    return f"{percent:.1f} %" if percent < 10 or percent > 99 else f"{percent:.0f} %"
