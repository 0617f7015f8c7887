"""The page on a run of `annotate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from openbioner_batch.engine.summary import notes_on
from openbioner_batch.records import ABSENT, ASSERTIONS
from openbioner_batch.report.frequent import FrequentItems
from openbioner_batch.report.opened import OpenedRun
from openbioner_batch.report.page.charts import bar, histogram
from openbioner_batch.report.page.markup import Markup, concatenated, element, number, percent_text
from openbioner_batch.report.page.sections import (
    PageSection,
    buckets,
    chip,
    counts_table,
    header,
    hue,
    pace_section,
    quarantine_section,
    section,
    table,
    tiles,
    together_section,
)
from openbioner_batch.report.statistics import SCORE_BINS, RunStatistics, TypeStatistics

MENTIONS = 15
_WINDOWS = (1, 2, 3, 4, 5, 9, 17, 33, 65, 129)
_SPANS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)


def tagging_page(run: OpenedRun, found: RunStatistics) -> tuple[Markup, list[PageSection]]:
    """The head and all parts of the page except the documents.

    Args:
        run: what the page is on.
        found: from its rows.
    """
    fingerprint = run.plan.fingerprint
    types = len(found.types.names)
    facts = [f"{types} entity type{'s' if types != 1 else ''}", f"read as {fingerprint['format']}"]
    facts += [f"model {fingerprint['model'][:12]}"] if isinstance(fingerprint.get("model"), str) else []
    facts += (
        [f"{fingerprint['dtype']} on {fingerprint['device']}"]
        if "dtype" in fingerprint and "device" in fingerprint
        else []
    )
    facts += [f"first {number(fingerprint['limit'])} records"] if fingerprint.get("limit") else []
    facts += notes_on(fingerprint)
    note = "A score is the model's probability. The line in a histogram marks the median."
    return header(run, "Tagging run", facts), [
        section("totals", "Overview", tiles(_figures(run, found))),
        types_section(found.types, note, fingerprint.get("descriptions", {})),
        *frequent_sections(found),
        *said_sections(found),
        together_section(found.types.names, found.types.together, "documents"),
        documents_in_numbers(found),
        pace_section(run),
        quarantine_section(run),
    ]


def _figures(run: OpenedRun, found: RunStatistics) -> list[tuple[str, str]]:
    totals = run.totals
    seconds = sum(session.seconds for session in run.sessions)
    committed = sum(sum(session.documents) for session in run.sessions)
    figures = [
        ("documents", number(totals.documents)),
        ("spans", number(totals.spans.total())),
        ("spans per document", number(round(totals.spans.total() / max(1, totals.documents), 1))),
        ("without any span", percent_text(found.types.without_spans, found.types.documents)),
        ("text tokens", number(totals.tokens)),
        ("set aside", number(totals.set_aside)),
    ]
    figures += [("documents per second", number(committed / seconds))] if seconds else []
    figures += [("deletions noted", number(totals.deletions))] if totals.deletions else []
    return figures


def types_section(types: TypeStatistics, note: str, descriptions: Mapping[str, str] | None = None) -> PageSection:
    """Each type with its counts and the distribution of its scores."""
    told = {name.partition("/")[2]: text for name, text in (descriptions or {}).items()}
    largest = int(types.spans.max(initial=0))
    rows = []
    for place, name in enumerate(types.names):
        spans, documents = int(types.spans[place]), int(types.together[place, place])
        median = types.quantile(place, 0.5)
        meaning = [element("span", told[name], class_="meaning")] if name in told else []
        rows.append(
            (
                concatenated(chip(name, place), *meaning),
                number(spans),
                bar(spans, largest, hue(place)),
                percent_text(documents, types.documents),
                histogram(types.scores[place].tolist(), hue(place), median),
                "–" if median is None else f"{median:.2f}",
                percent_text(int(types.scores[place, -2:].sum()), spans),
            )
        )
    return section(
        "types",
        "Types and scores",
        table(
            "Spans of each type and their scores",
            ("Type", "#Spans", "", "#In documents", "Scores from 0 to 1", "#Median", "#0.9 and more"),
            rows,
            class_="types",
            hidden_caption=True,
        ),
        scores_table(types),
        note=note,
    )


def scores_table(types: TypeStatistics) -> Markup:
    """The numbers behind the histograms, folded away."""
    tenths = types.scores.reshape(len(types.names), SCORE_BINS // 2, 2).sum(axis=2)
    used = [tenth for tenth in range(tenths.shape[1]) if tenths[:, tenth].any()]
    heads = ("Type", *(f"#{tenth / 10:.1f} to {(tenth + 1) / 10:.1f}" for tenth in used))
    rows = [(name, *(number(int(tenths[place, tenth])) for tenth in used)) for place, name in enumerate(types.names)]
    return element(
        "details",
        element("summary", "Scores in numbers"),
        table("How many spans of each type have which score", heads, rows, hidden_caption=True),
    )


def frequent_sections(found: RunStatistics) -> list[PageSection]:
    """The most frequent mentions of each type, side by side, and, where spans are linked, concepts."""
    note = "Spellings that differ in letter case are counted together."
    note += " Negated mentions and the like are among them." if found.said else ""
    made = [_frequent("mentions", "Most frequent mentions", found.types.names, found.mentions, note)]
    if found.left_out or any(counter.most_common(1) for counter in found.concepts.values()):
        note = "The best concept of each span that is linked." + _left_out(found)
        made.append(_frequent("concepts", "Most frequent concepts", found.types.names, found.concepts, note))
    return made


def _left_out(found: RunStatistics) -> str:
    """How many linked spans are not counted, and why; empty where all are."""
    if not found.left_out:
        return ""
    why = {"negated": "negated", "hypothetical": "hypothetical", "family": "somebody else's"}
    reasons = ", ".join(f"{number(found.absent[flag])} {why[flag]}" for flag in ABSENT if found.absent[flag])
    if sum(found.absent.values()) > found.left_out:
        reasons += "; some are more than one"
    spans = "span is" if found.left_out == 1 else "spans are"
    return f" Counted is what the patient has: {number(found.left_out)} linked {spans} left out ({reasons})."


def _frequent(
    id: str, title: str, names: Sequence[str], counters: Mapping[str, FrequentItems], note: str
) -> PageSection:
    cards = []
    for place, name in enumerate(names):
        most = counters[name].most_common(MENTIONS)
        if not most:
            continue
        largest = most[0][1]
        items = [
            element(
                "li",
                element("bdi", text),
                element("span", number(count), class_="count"),
                bar(count, largest, hue(place)),
            )
            for text, count in most
        ]
        cards.append(element("div", element("h3", chip(name, place)), element("ol", items), class_="card"))
    missed = max((counters[name].missed for name in names), default=0)
    note += f" Counts may be too low by up to {number(missed)}: there are more {id} than are kept." if missed else ""
    return section(id, title, element("div", cards, class_="cards"), note=note)


def said_sections(found: RunStatistics) -> list[PageSection]:
    """Assertions by type, and sections of spans, for runs that request these."""
    parts = []
    if found.said:
        rows = []
        for place, name in enumerate(found.types.names):
            counts = [found.said[name, flag] for flag in ASSERTIONS]
            total = int(found.types.spans[place])
            cells = [f"{number(count)} ({percent_text(count, total)})" if count else "0" for count in counts]
            rows.append((chip(name, place), number(total), *cells))
        heads = ("Type", "#Spans", *(f"#{flag.capitalize()}" for flag in ASSERTIONS))
        parts.append(
            section(
                "assertions",
                "Assertions",
                table("Spans of each type by assertion", heads, rows, class_="plain", hidden_caption=True),
                note="Negated: denied. Family: somebody else's. A span may have several of these, or none.",
            )
        )
    if found.sections:
        by_section = dict(found.sections.most_common())
        parts.append(
            section(
                "sections", "Sections", counts_table("Spans in each kind of section", "Section", by_section, "#Spans")
            )
        )
    return parts


def documents_in_numbers(found: RunStatistics) -> PageSection:
    """How long documents are, and how much was found in each."""
    windows = counts_table("Windows of text that a document took", "Windows", buckets(found.windows, _WINDOWS))
    spans = counts_table("Spans found in a document", "Spans", buckets(found.types.spans_per_document, _SPANS))
    return section(
        "lengths",
        "Documents in numbers",
        element("div", windows, spans, class_="pair"),
        note="A window is a part of a document that the model sees at once; a document is covered whole.",
    )
