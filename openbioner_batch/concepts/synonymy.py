"""Words that mean the same in one vocabulary, learnt from its own synonyms."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

from openbioner_batch.concepts.contradictions import is_label
from openbioner_batch.concepts.normalising import stem
from openbioner_batch.concepts.variants import SAYING_LITTLE

Words = tuple[str, ...]
"""As `normalising.content` gives them."""

_LEAST_CONCEPTS = 3
"""That have both words in names else equal, so that the two are thought to mean the same."""
_LEAST_SHARE = 0.01
"""Of the names with the more frequent word, so many concepts; work and index stay in proportion to the names."""
_LEAST_AGREEMENT = 2.0
"""Names that differ by the two words alone: of one concept must be so many times as many as of different ones."""
_MOST_NAMES = 24
"""Of a concept that are compared with each other."""
_MOST_WORDS_REPLACED = 6
"""Of a name in which that of a concept above is replaced."""
_MOST_WORDS = 2
"""On each side of a difference."""
_TOO_GENERAL = {("bone",)}
"""What no pair makes mean something else: a "bone nose" may be a broken one, but a bone is no fracture."""


def rewordings(names: Sequence[tuple[int, Words]]) -> Iterator[tuple[int, Words]]:
    """Names in words that other concepts have for the same.

    "Clavicle" and "collarbone" mean the same where at least three concepts have names that differ by these words alone,
    and where such names are seldom of two concepts: "absent" and "small" stand in synonyms for each other too, but
    "absent thumb" is not "small thumb".

    Args:
        names: the concept of each and its words.

    Yields:
        The number of a name, and its words with one such word, or two, replaced.
    """
    owners: dict[Words, set[int]] = defaultdict(set)
    numbers: dict[Words, list[int]] = defaultdict(list)
    for number, (concept, words) in enumerate(names):
        owners[words].add(concept)
        numbers[words].append(number)
    having: dict[str, set[Words]] = defaultdict(set)
    for words in owners:
        for word in words:
            having[word].add(words)
    for (one, other), count in _pairs(names):
        places = [
            (old, new, set.intersection(*(having[word] for word in old))) for old, new in ((one, other), (other, one))
        ]
        if count < _LEAST_SHARE * max(len(found) for _, _, found in places):
            continue
        same = different = 0
        made: list[tuple[Words, Words]] = []
        for old, new, found in places:
            for words in sorted(found):
                reworded = tuple(sorted({*words}.difference(old).union(new)))
                if len(words) == len(old):
                    continue
                if reworded not in owners:
                    made.append((words, reworded))
                elif owners[reworded].isdisjoint(owners[words]):
                    different += 1
                else:
                    same += 1
        if same >= _LEAST_AGREEMENT * different:
            yield from ((number, reworded) for words, reworded in made for number in numbers[words])


def own_rewordings(names: Sequence[tuple[int, Words]], heads: Sequence[str | None]) -> Iterator[tuple[int, Words]]:
    """Names put together of what a concept's own names say, if no concept has them.

    Where two names differ by a word, others may too: "absent ear canal", "absent auditory canal" and "atretic auditory
    canal" make an atretic ear canal. Where two share no word, each may have the other's head: "acoustic neuroma" and
    "vestibular schwannoma" make an acoustic schwannoma.

    Args:
        names: the concept of each and its words.
        heads: the head of each; None for a name that is only related to its concept, of which nothing is made.

    Yields:
        The number of a name, and the words put together of it and others.
    """
    known = {words for _, words in names}
    of_concept: dict[int, dict[Words, int]] = defaultdict(dict)
    for number, (concept, words) in enumerate(names):
        if heads[number] is not None:
            of_concept[concept].setdefault(words, number)
    for found in of_concept.values():
        own = [(frozenset(words), heads[number], number) for words, number in list(found.items())[:_MOST_NAMES]]
        made: dict[frozenset[str], int] = {}
        for (one, head, number), (other, other_head, _) in permutations(own, 2):
            old, new = one - other, other - one
            if old != one:
                if 1 <= len(old) <= _MOST_WORDS and 1 <= len(new) <= _MOST_WORDS:
                    for third, _, its_number in own:
                        if old < third != one:
                            made.setdefault(third - old | new, its_number)
            elif head in one and other_head in other and len(one) > 1 and len(other) > 1:
                put_together = one - {head} | {other_head}
                if not put_together <= SAYING_LITTLE:
                    made.setdefault(put_together, number)
        for words_made, number in made.items():
            if (reworded := tuple(sorted(words_made))) not in known:
                yield number, reworded


def inherited_rewordings(
    names: Sequence[tuple[int, Words]], is_synonym: Sequence[bool], parents: Sequence[Sequence[int]]
) -> Iterator[tuple[int, Words]]:
    """Names in which the name of a concept above is another of its names, if no concept has them.

    A cataract is a lens opacity: the cortical cataract below it is a cortical lens opacity.

    Args:
        names: the concept of each and its words.
        is_synonym: whether each means the same as its concept, not only something related.
        parents: the concepts right above each concept.

    Yields:
        The number of a name, and its words with those of another name of a concept above.
    """
    known = {words for _, words in names}
    owners: dict[Words, set[int]] = defaultdict(set)
    of_concept: dict[int, dict[Words, None]] = defaultdict(dict)
    for (concept, words), is_one in zip(names, is_synonym, strict=True):
        if is_one and len(of_concept[concept]) < _MOST_NAMES:
            owners[words].add(concept)
            of_concept[concept][words] = None
    above = functools.lru_cache(maxsize=1)(functools.partial(_above, parents))  # a concept's names follow one another
    for number, (concept, words) in enumerate(names):
        if is_synonym[number] and len(words) <= _MOST_WORDS_REPLACED:
            found = [
                tuple(sorted({*words}.difference(part).union(other)))
                for size in range(1, len(words))
                for part in combinations(words, size)
                if part in owners
                for owner in sorted(owners[part].intersection(above(concept)))
                for other in of_concept[owner]
                if other != part
            ]
            yield from ((number, reworded) for reworded in found[:_MOST_NAMES] if reworded not in known)


def says_each_once(words: Words) -> bool:
    """Whether a name put together is of two words or more that differ by more than their endings.

    "Narrow forehead" and "narrowness of the forehead" make {narrow, narrowness}, which every narrowing would be.
    """
    return len({*map(stem, words)}) == len(words) > 1


def _above(parents: Sequence[Sequence[int]], concept: int) -> set[int]:
    """All concepts above one."""
    found: set[int] = set()
    waiting = [*parents[concept]]
    while waiting:
        if (parent := waiting.pop()) not in found:
            found.add(parent)
            waiting += parents[parent]
    return found


def _pairs(names: Sequence[tuple[int, Words]]) -> list[tuple[tuple[Words, Words], int]]:
    """What stands for each other in names of at least `_LEAST_CONCEPTS` concepts that are else equal."""
    of_concept: dict[int, dict[Words, None]] = defaultdict(dict)
    for concept, words in names:
        of_concept[concept][words] = None
    counts: Counter[tuple[Words, Words]] = Counter()
    for found in of_concept.values():
        sets = [frozenset(words) for words in list(found)[:_MOST_NAMES]]
        counts.update({_pair(one - other, other - one) for one, other in combinations(sets, 2) if one & other})
    return sorted(found for found in counts.items() if found[1] >= _LEAST_CONCEPTS and _comparable(*found[0]))


def _pair(one: frozenset[str], other: frozenset[str]) -> tuple[Words, Words]:
    first, second = sorted((tuple(sorted(one)), tuple(sorted(other))))
    return first, second


def _comparable(one: Words, other: Words) -> bool:
    """Whether each side of a difference is a word or two, and not both are of numbers or letters: index may be 2nd."""
    few = 1 <= len(one) <= _MOST_WORDS and 1 <= len(other) <= _MOST_WORDS and _TOO_GENERAL.isdisjoint((one, other))
    return few and not (any(map(is_label, one)) and any(map(is_label, other)))
