"""Where clauses, noun phrases and items of lists begin and end within a sentence, as far as words and marks tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openbioner_batch.assertion.rules import Clauses

_DIGITS_OF_AN_ITEM = 2
_LETTERS = {letter: number for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz", start=1)}
_ROMAN = {letters: number for number, letters in enumerate("i ii iii iv v vi vii viii ix x".split(), start=1)}
_MARKS = frozenset("()#-.")
"""Of items."""
_FRONTED = frozenset(("in", "without", "w", "lacking"))
"""With what an adverbial begins that stands before its clause and ends with a comma."""
_JOINS = frozenset(("and", "or", "nor", "&"))
_BEFORE_ADJECTIVES = frozenset((*_JOINS, ",", "any", "the", "a", "of"))
_WORDS_OF_AN_ITEM = 5
_IN_ITEMS = frozenset(("/", "(", ")", "&", "'"))
"""Marks within an item of a list; others end the list, but commas."""


def clause_starts(words: Sequence[str], clauses: Clauses) -> list[int]:
    """Where new clauses begin: at openers before a verb, next openers aside, that is no mere "is seen"."""
    found = []
    opener: int | None = None
    is_relative = False
    commas = 0
    for place, word in enumerate(words):
        if word in clauses.openers:
            opener, is_relative = place, False
            commas += word == ","
        elif word in ("that", "which", "who"):
            is_relative = True
        elif word in clauses.verbs and opener is not None and not is_relative:
            following = words[place + 1 : place + 3]
            # "No mass, hernia is seen": one comma and no conjunction do not make a list of what is denied.
            alone = word in ("is", "was") and words[opener] == "," and commas == 1
            if alone or not any(other in clauses.unless_followed_by for other in following):
                found.append(opener)
            opener, commas = None, 0
    return found


def noun_phrase_end(words: Sequence[str], low: int, high: int, ends: frozenset[str]) -> int:
    """Where the noun phrase after a trigger at `low` to `high` ends at the latest: before one of the words `ends`.

    >>> noun_phrase_end("in the absence of light , growth stops".split(), 0, 4, frozenset(["stops"]))
    5
    """
    end = next((place for place in range(high, len(words)) if _ends_noun(words, place, high, ends)), len(words))
    is_fronted = words[low] in _FRONTED and (low == 0 or not words[low - 1][0].isalnum())
    if is_fronted and end < len(words):
        commas = (place for place in range(end - 1, high, -1) if words[place] == ",")
        comma = next(commas, end)
        return end if words[comma + 1] in _JOINS else comma
    return end


def _ends_noun(words: Sequence[str], place: int, high: int, ends: frozenset[str]) -> bool:
    word = words[place]
    if word not in ends or place == high:
        return False
    # "or reduced sensation": no verb, but an adjective.
    return not (word.endswith("ed") and words[place - 1] in _BEFORE_ADJECTIVES)


def list_start(words: Sequence[str], low: int, clauses: Clauses) -> int | None:
    """Where the list before `low` begins; None where anything else stands there since the last mark.

    Before a colon commas are enough ("fever, rash: denied"). Before a bare participle the last one needs a conjunction
    ("fever, cough and rash denied"), and so after a header, whose list need not go with it ("PMH: gout, drugs: no").
    """
    begin = low
    while begin and (words[begin - 1][0].isalnum() or words[begin - 1] in _IN_ITEMS or words[begin - 1] == ","):
        begin -= 1
    length, join = 0, None
    for word in words[begin:low]:
        if word == "," or word in _JOINS:
            length, join = 0, word if word in _JOINS or length else join
        elif word in clauses.verbs or word in clauses.predicates or word.endswith("ed"):
            return None
        else:
            length += 1
            if length > _WORDS_OF_AN_ITEM:
                return None
    is_answered = words[low] in (":", "?") and not (begin and words[begin - 1] == ":")
    return begin if is_answered or join in _JOINS else None


def leads(words: Sequence[str], low: int, high: int) -> bool:
    """Whether the phrase at `low` to `high` begins a sentence or stands after a mark, and a word follows."""
    begins = low == 0 or not words[low - 1][0].isalnum()
    return begins and high < len(words) and words[high][0].isalnum()


def item_starts(words: Sequence[str]) -> Iterator[int]:
    """Where the items of a list within a sentence begin: "1) oesophagitis 2) hernia", "(a) ... (b)", "#1 ... #2".

    A number before a parenthesis is one by itself; other marks need the one before or after them.
    """
    found = list(_marks_of_items(words))
    numbers = {(style, number) for _, style, number in found}
    seen = -1
    for place, style, number in found:
        is_item = style == ")number" or {(style, number - 1), (style, number + 1)} & numbers
        if is_item and place > seen:
            seen = place
            yield place


def _marks_of_items(words: Sequence[str]) -> Iterator[tuple[int, str, int]]:
    """Place, style and number of what may begin an item."""
    depth = 0
    for place in [place for place, word in enumerate(words) if word in _MARKS]:
        mark, before, after = words[place], words[place - 1] if place else "", words[place + 1 : place + 2]
        first = place - 1
        if mark == "(":
            depth += 1
            continue
        if mark == ")":
            opened, depth = depth, max(0, depth - 1)
            if place > 1 and words[place - 2] == "(":
                mark, first = "()", place - 2
            elif opened:
                continue
        elif mark == "#":
            before, first = after[0] if after else "", place
        elif not before.isdecimal() or not after or after[0][0].isdigit():
            continue
        yield from ((first, mark + kind, number) for kind, number in _number(before))


def _number(word: str) -> Iterator[tuple[str, int]]:
    """Kind and number of an item's mark; a letter may be Roman."""
    if word.isdecimal() and len(word) <= _DIGITS_OF_AN_ITEM:
        yield "number", int(word)
    if word in _LETTERS:
        yield "letter", _LETTERS[word]
    if word in _ROMAN:
        yield "roman", _ROMAN[word]
