"""ConText (Harkema, Dowling, Thornblade, Chapman 2009): triggers, pseudo-triggers, terminators and their scopes.

As published: the longest phrase counts, a pseudo-trigger hides the triggers in it, a scope ends at a terminator or with
its sentence. Beside that, a new clause ends a scope, and so does the next numbered item where the trigger stands in
one; lists below a header that is a trigger belong to it ("Denies:"), a trigger within a mention does not apply to that
mention, and sections set flags ("Family history:").
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from openbioner_batch.assertion.clauses import clause_starts, item_starts, leads, list_start, noun_phrase_end
from openbioner_batch.assertion.headers import Headers
from openbioner_batch.assertion.lists import Sentences
from openbioner_batch.assertion.rules import Pseudo, Rules, Terminator, Trigger
from openbioner_batch.assertion.sections import Section
from openbioner_batch.assertion.tokens import Phrases, parse_phrase, tokenize
from openbioner_batch.records import Assertion, Span

_IN_CLAUSE = frozenset(("negated", "uncertain"))
"""Flags whose scopes a new clause ends; a history or a condition often runs through several."""
_BETWEEN_ITEMS = frozenset([",", ";", "and"])
"""Words that limit a backward scope to the last item of a list; "or" does not: "fever or rash is not seen"."""
AnyRole = TypeVar("AnyRole")


@dataclass(slots=True)
class _Scope:
    """The tokens in a trigger's scope."""

    flag: str
    begin: int
    end: int
    trigger: tuple[int, int]
    forward: bool
    opens_to: int = 0
    """A mention that begins with the trigger is in it too, if it ends here at the latest."""

    def holds(self, first: int, last: int) -> bool:
        """Whether the mention of the tokens `first` to `last` (exclusive) is in it."""
        low, high = self.trigger
        if low < last and first < high:
            return (self.forward and low < first) or (low == first and high < last <= self.opens_to)
        edge = first if self.forward else last - 1
        return self.begin <= edge < self.end


@dataclass(slots=True)
class _Sentence:
    """A sentence with the results of the rules."""

    starts: list[int]
    ends: list[int]
    scopes: list[_Scope]
    section_ends: dict[str, int]
    """The token from which on the section no longer sets a flag."""
    open_flags: frozenset[str] = field(default_factory=frozenset)
    """Flags of forward scopes that reach its end."""


class Asserter:
    """Assigns assertions to the mentions of a text.

    >>> from openbioner_batch import Span
    >>> from openbioner_batch.assertion import Asserter, load_headers, load_rules
    >>> spans = [Span(3, 8, "symptom", 1.0, "fever"), Span(21, 27, "disease", 1.0, "stroke")]
    >>> fever, stroke = Asserter(load_rules(), load_headers()).read("No fever; history of stroke.", spans)
    >>> fever.negated, stroke.historical
    (True, True)
    """

    def __init__(self, rules: Rules, headers: Headers) -> None:
        patterns = [(parse_phrase(phrase), role, file) for phrase, role, file in rules.phrases]
        self._triggers: Phrases[tuple[Trigger | Pseudo, int]] = Phrases(
            [(pattern, (role, file)) for pattern, role, file in patterns if not isinstance(role, Terminator)]
        )
        self._without_pseudo: Phrases[Trigger] = Phrases(
            [(pattern, role) for pattern, role, _ in patterns if isinstance(role, Trigger)]
        )
        self._terminators: Phrases[Terminator] = Phrases(
            [(pattern, role) for pattern, role, _ in patterns if isinstance(role, Terminator)]
        )
        self._clauses = rules.clauses
        self._section_sets = dict(headers.sets)

    def read(self, text: str, spans: Sequence[Span], sections: Sequence[Section] = ()) -> list[Assertion]:
        """The assertion of each span.

        Args:
            text: the document's own text.
            spans: mentions, in any order, that may overlap.
            sections: those of the text in order, as a `SectionFinder` gives them.
        """
        if not spans:
            return []
        sentences = Sentences(text, [section.start for section in sections])
        read: dict[int, _Sentence] = {}

        def sentence(number: int) -> _Sentence:
            if number not in read:
                read[number] = self._read_sentence(text, *sentences.bounds(number))
            return read[number]

        starts = [section.start for section in sections]
        found = []
        for span in spans:
            number = sentences.of(span.start)
            here = sentence(number)
            first = bisect_right(here.ends, span.start)
            last = max(first + 1, bisect_left(here.starts, span.end))
            flags = {scope.flag for scope in here.scopes if scope.holds(first, last)}
            if (header := sentences.list_header(number)) is not None:
                flags |= sentence(header).open_flags
            if (place := bisect_right(starts, span.start) - 1) >= 0:
                flags |= self._set_by(sections[place], span, first, here)
            found.append(assertion_of(flags))
        return found

    def _set_by(self, section: Section, span: Span, first: int, sentence: _Sentence) -> set[str]:
        """The flags that a mention gets from its section."""
        if span.start >= section.reach:
            return set()
        sets = self._section_sets.get(section.kind or "", ())
        return {flag for flag in sets if first < sentence.section_ends.get(flag, first + 1)}

    def _read_sentence(self, text: str, start: int, end: int) -> _Sentence:
        words, starts, ends = tokenize(text, start, end)
        said = list(_last_said(self._triggers.find(words)))
        triggers = [
            (low, high, role)
            for low, high, role in said
            if isinstance(role, Trigger) and (not role.leads or leads(words, low, high))
        ]
        hiding = [(low, high) for low, high, role in said if isinstance(role, Pseudo)]
        # terminators may overlap triggers and each other: "he denies" ends a history and begins a denial.
        terminators = [
            found
            for found in self._terminators.find_all(words)
            if not any(low <= found[0] and found[1] <= high for low, high in hiding)
        ]
        scopes = self._scopes_of(words, triggers, terminators) if triggers else []
        scopes += self._hidden_scopes(words, hiding)
        section_ends: dict[str, int] = {}
        for low, _, terminator in terminators:
            for flag in terminator.ends if terminator.sections else ():
                section_ends.setdefault(flag, low)
        open_flags = frozenset(scope.flag for scope in scopes if scope.forward and scope.end >= len(words))
        return _Sentence(starts, ends, scopes, section_ends, open_flags)

    def _scopes_of(
        self,
        words: list[str],
        triggers: Sequence[tuple[int, int, Trigger]],
        terminators: Sequence[tuple[int, int, Terminator]],
    ) -> list[_Scope]:
        """The scopes of all triggers, one for each flag and direction."""
        clauses, items = clause_starts(words, self._clauses), list(item_starts(words))
        found = []
        for low, high, trigger in triggers:
            # What is said within an item of a list holds for that item, what is said before the first one for all.
            item = max((place for place in items if place <= low), default=0)
            next_item = next((place for place in items if place >= high), len(words))
            last = next_item if items and items[0] <= low else len(words)
            # "Men without pain or fever were": the conjunction is within the subject.
            in_subject = trigger.until and self._clauses.verbs.isdisjoint(words[:low])
            for flag in trigger.sets:
                if trigger.direction != "backward":
                    stops = [last, *_stops_after(high, flag, terminators)]
                    if flag in _IN_CLAUSE:
                        verbs = self._clauses.verbs
                        stops += [at for at in clauses if at >= high and (not in_subject or words[at + 1] in verbs)]
                    found.append(self._forward(words, low, high, trigger, flag, min(stops)))
                if trigger.direction != "forward":
                    stops = [item, *_stops_before(low, flag, terminators)]
                    found.append(self._backward(words, low, high, trigger, flag, max(stops)))
        return found

    def _forward(self, words: list[str], low: int, high: int, trigger: Trigger, flag: str, end: int) -> _Scope:
        """The scope after a trigger; `end` is where a terminator, clause or item ends it."""
        reach = high + trigger.reach if trigger.reach else len(words)
        if trigger.until:
            ends = frozenset[str]().union(*(getattr(self._clauses, name) for name in trigger.until))
            end = min(end, noun_phrase_end(words, low, high, ends))
        return _Scope(flag, high, min(end, reach), (low, high), True, reach if trigger.opens else 0)

    def _backward(self, words: list[str], low: int, high: int, trigger: Trigger, flag: str, begin: int) -> _Scope:
        """The scope before a trigger; `begin` is where a terminator or item begins it."""
        start = list_start(words, low, self._clauses) if trigger.past_list else None
        if trigger.reach:
            begin = max(begin, low - trigger.reach)
        if start is not None:
            begin = max(begin, start)
        elif not trigger.past_commas:
            begin = max([begin, *(place + 1 for place in range(begin, low) if words[place] in _BETWEEN_ITEMS)])
        return _Scope(flag, begin, low, (low, high), False)

    def _hidden_scopes(self, words: list[str], hiding: Sequence[tuple[int, int]]) -> Iterator[_Scope]:
        """Pseudo-triggers are ignored where a mention begins within one: "no [change in vision]" has "no"."""
        for low, high, triggers in self._without_pseudo.find(words) if hiding else ():
            for begin, end in hiding:
                if begin <= low and high < end:
                    for trigger in triggers:
                        if trigger.direction != "backward" and not trigger.leads:
                            yield from (_Scope(flag, high, end, (low, high), True) for flag in trigger.sets)


def _last_said(
    found: Iterable[tuple[int, int, list[tuple[AnyRole, int]]]],
) -> Iterator[tuple[int, int, AnyRole]]:
    """Each phrase with each of its roles in the last of the files that have it."""
    for low, high, roles in found:
        last = max(file for _, file in roles)
        yield from ((low, high, role) for role, file in roles if file == last)


def _stops_after(high: int, flag: str, terminators: Sequence[tuple[int, int, Terminator]]) -> Iterator[int]:
    for place, _, terminator in terminators:
        if place >= high and flag in terminator.ends and terminator.direction != "backward":
            yield place


def _stops_before(low: int, flag: str, terminators: Sequence[tuple[int, int, Terminator]]) -> Iterator[int]:
    for _, place, terminator in terminators:
        if place <= low and flag in terminator.ends and terminator.direction != "forward":
            yield place


@lru_cache(maxsize=64)
def _assertion(flags: frozenset[str]) -> Assertion:
    return Assertion(**dict.fromkeys(flags, True))


def assertion_of(flags: Iterable[str]) -> Assertion:
    """The assertion with these flags."""
    return _assertion(frozenset(flags))
