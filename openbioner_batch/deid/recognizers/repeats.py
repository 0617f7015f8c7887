"""Parts of names that were found in a note, wherever they stand again in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.normalising import normalise_word
from openbioner_batch.deid.recognizers.lexicon import lexicon

_WORDS_FIRST = frozenset("may will mark art grace hope faith joy april june rose dawn bill frank gene earl".split())

SURE = 0.7
"""Only names at least so sure are looked for again."""

_CAPITALISED = re.compile(r"(?<![^\W_])[^\W\d_a-z][^\W\d_]{2,30}(?:['’-][^\W\d_]{2,30})?")
_INITIAL = re.compile(r"[ ][A-Z]\.?(?=[ ,;:)\n]|\Z)")


def find_repeats(
    text: str, names: Iterable[Finding], is_term: Callable[[str, int, int], bool] | None = None
) -> Iterator[Finding]:
    """Capitalised words that are part of one of the names.

    Args:
        names: findings of names in the same text; those below `SURE` are passed over.
        is_term: says of (text, start, end) whether the word is the name of a thing there.
    """
    lists = lexicon()
    common = lists.not_names | (lists.word_names - (lists.given_names - _WORDS_FIRST))
    parts: dict[str, str] = {}
    for name in names:
        if name.score >= SURE:
            for word in _CAPITALISED.findall(text[name.start : name.end]):
                if word.lower() not in common:
                    parts.setdefault(normalise_word(word), name.type)
    if not parts:
        return
    for match in _CAPITALISED.finditer(text):
        word = match[0]
        end = match.end()
        if word[-2:] in ("'s", "’s"):
            word, end = word[:-2], end - 2
        type = parts.get(normalise_word(word))
        if type is not None and not (is_term and is_term(text, match.start(), end)):
            if initial := _INITIAL.match(text, match.end()):
                end = initial.end()
            yield Finding(match.start(), end, type, 0.6, ("pattern:repeat",))
