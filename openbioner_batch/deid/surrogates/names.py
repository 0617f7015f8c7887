"""Invents names of persons.

Each part of a name has its own surrogate, a function of the key, the patient and the part (without case and accents)
and of nothing else. So "Anna Lee", "Lee, Anna", "LEE", "Anna's" and a sister "Ruth Lee" agree everywhere. The
first letter comes from a keyed permutation of the alphabet without fixed points: "A. Lee" and "A.L."
agree with "Anna Lee" too, and no surrogate can be its original. Given names keep their gender; a part that no list
knows becomes a surname.

A surrogate must not equal another original of its note either (the sister Maria, when Anna became Maria).
Drawing again would turn one person into two; so such a part is written as its initial there, "M. Whitfield",
which is still the same person. Initials are exempt: there are only 26.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from openbioner_batch.deid.normalising import WORD, like_case, normalise_word, strip_possessive
from openbioner_batch.deid.scope import LETTERS, Scope
from openbioner_batch.deid.surrogates.base import InventedValue
from openbioner_batch.deid.surrogates.identifiers import invented_number
from openbioner_batch.deid.surrogates.name_pools import name_pools

TITLES = frozenset(
    """dr mr mrs ms mx miss mister madam prof professor doctor nurse rev reverend fr sir dame hon judge capt captain lt
    sgt col maj pt patient resident attending intern physician surgeon baby boy girl little twin aunt uncle grandma
    grandpa grandmother grandfather mother father sister brother son daughter wife husband""".split()
)
"""Words before a name that are kept."""
_SURE_TITLES = frozenset("dr mr mrs ms mx prof".split())
CREDENTIALS = frozenset(
    """md do rn np pa pac lpn lvn crna cnm cns aprn arnp dnp msn bsn mbbs mbchb phd pharmd rph psyd dds dmd dpm dpt pt
    ot otr
    slp msw lcsw facs facp frcs frcp faap mph ms ma ba bs jr sr ii iii iv esq fnp aud od dc rd""".split()
)
"""Letters after a name that are kept; in capitals, or with dots, or for jr and sr in any case."""
PARTICLES = frozenset("van von der den de del della la le du di da dos das ter ten zu bin ibn al el y e".split())
"""Small words inside surnames: dropped, so that "de la Cruz" agrees with "Cruz"."""
_LEADING_PARTICLES = frozenset("van von de del della la du".split())
"""Those that a surname may begin with in capitals: Mr. Van Dyke."""
_CONNECTIVES = frozenset("and or of the aka nee née by".split())
_AMBIGUOUS = frozenset("do pa ms ma ba pt ot dc".split())
"""Credentials that are names or initials, too: only with dots, or after a comma and a whole name."""

_NO_MARKS = re.compile(r"[-. ]")
_token = re.compile(rf"((?:[A-Z]\.){{2,}}[A-Z]?|Ph\.? ?D\.?|PA-C\b|{WORD}|\d+)")


def name_surrogate(text: str, scope: Scope, avoid: Collection[str] = ()) -> InventedValue:
    """An invented name in the layout of `text`: order, case, titles, credentials and possessives stay.

    Args:
        text: the finding: "Dr. Anna LEE-Smith's", "Lee, A.", "R.T.".
        scope: of the patient.
        avoid: normalised words; a part whose surrogate is one of them is written as its initial.
    """
    pieces = _token.split(text)
    kept = _kept_tokens(pieces)
    invented: set[str] = set()
    for place in range(1, len(pieces), 2):
        if place in kept:
            continue
        token = pieces[place]
        if _is_particle(pieces, place, kept):
            pieces[place], pieces[place + 1] = "", pieces[place + 1].lstrip()
        else:
            pieces[place] = _token_surrogate(token, scope, avoid, invented)
            # "M" for "Maria" gets a dot, as initials do.
            following = pieces[place + 1]
            if len(pieces[place]) == 1 < len(strip_possessive(token)[0]) and not following.startswith("."):
                pieces[place] += "."
    return InventedValue("".join(pieces), frozenset(invented))


def part_surrogate(part: str, scope: Scope) -> str:
    """The surrogate of one part of a name in this scope, in small letters.

    Args:
        part: normalised, at least two letters.
        scope: within which one part always gets the same surrogate.
    """
    known = scope.memory.get(("part", part))
    if known is None:
        pool = name_pools().pool(part, letter_surrogate(part[0], scope))
        known = scope.memory["part", part] = scope.choose(pool, "part", part).lower()
    return known


def letter_surrogate(letter: str, scope: Scope) -> str:
    """The surrogate of an initial, in small letters; a letter that is not Latin gets a keyed one."""
    found = scope.alphabet.get(letter)
    return found if found else scope.choose(LETTERS, "letter", letter)


def _kept_tokens(pieces: list[str]) -> set[int]:
    """The places of titles, credentials and connectives; none where no name would be left."""
    kept: set[int] = set()
    names = 0
    for place in range(1, len(pieces), 2):
        token, before, after = pieces[place], pieces[place - 1], pieces[place + 1]
        plain = token.lower() if token.isalpha() else _NO_MARKS.sub("", token).lower()
        if token in _CONNECTIVES:
            kept.add(place)
        elif plain in TITLES and not _is_initials(token):
            # Before a name, since Judge and Little are surnames, too.
            leads = place + 2 < len(pieces) and after.strip(" \t\r\n") in ("", ".") and after
            if leads and (names == 0 or plain in _SURE_TITLES):
                kept.add(place)
        elif names and plain in CREDENTIALS:
            clear = "." in token or plain not in _AMBIGUOUS or ("," in before and names > 1)
            if clear and (token.isupper() or "." in token or plain in ("jr", "sr", "esq", "phd")):
                kept.add(place)
        names += place not in kept
    return kept if names else set()


def _is_particle(pieces: list[str], place: int, kept: set[int]) -> bool:
    """Whether this is a small word of a surname, before another: in small letters, or where surnames begin."""
    token = pieces[place]
    part = token.lower()
    if part not in PARTICLES or place + 2 >= len(pieces) or not pieces[place + 1].isspace():
        return False
    follows_name = place >= 3 and place - 2 not in kept and pieces[place - 1].isspace() and len(part) > 1
    return token.islower() or follows_name or part in _LEADING_PARTICLES


def _is_initials(token: str) -> bool:
    return "." in token and not token.endswith(("Ph.D.", "Ph.D"))


def _token_surrogate(token: str, scope: Scope, avoid: Collection[str], invented: set[str]) -> str:
    if token.isdecimal():
        return invented_number(token, scope)
    base, possessive, part, are_initials = _read_token(token)
    if are_initials:
        return "".join(_letter(letter, scope) for letter in base) + possessive
    if not part:
        return letter_surrogate(token, scope)
    name = part_surrogate(part, scope)
    if name in avoid:
        return name[0].upper() + possessive
    invented.add(name)
    return like_case(base, name) + possessive


@lru_cache(maxsize=8192)
def _read_token(token: str) -> tuple[str, str, str, bool]:
    """A token without its possessive, the possessive, its normalised form, and whether it is initials.

    Initials are single letters, letters with dots, and up to three letters of one case that no list of names has: EKS,
    but not LEE.
    """
    base, possessive = strip_possessive(token)
    part = normalise_word(base)
    short = len(part) <= 3 and (base.isupper() or base.islower()) and not name_pools().knows(part)
    return base, possessive, part, "." in base or len(part) == 1 or short


def _letter(letter: str, scope: Scope) -> str:
    if not letter.isalpha():
        return letter
    plain = normalise_word(letter)[:1] or letter
    found = letter_surrogate(plain, scope)
    return found.upper() if letter.isupper() else found
