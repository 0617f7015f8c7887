"""Pools of names: lists that Faker carries, read without its randomness, and a digest that shows if they change."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from functools import cache, cached_property

from openbioner_batch.deid.keys import public_fingerprint
from openbioner_batch.deid.normalising import normalise_word
from openbioner_batch.deid.scope import LETTERS
from openbioner_batch.errors import UsageError

_PREFERRED = ("en_US", "en_GB", "en_NZ")
_WIDER = ("en", "en_IE", "es_MX", "it_IT", "de_DE", "nl_NL", "fr_FR")
_KNOWN = ("en_IN", "pt_BR", "sv_SE", "no_NO", "da_DK", "pl_PL", "vi_VN")
"""Locales by whose lists names are recognised, but not invented."""
_ENOUGH = 40
"""How many names a letter should have; wider lists fill up the preferred ones."""

_NOT_INVENTED = frozenset(
    # words that a reader of a note would read as something else: calendar, body, findings, places, eponyms.
    """april august autumn summer june may january dawn day week monday friday young old long short small little large
    strong weak good best bland moody savage payne pain paine coffey case cases page head hand foot leggett bone brain
    hart heart love hope faith grace joy star sunny rose lily daisy iris ivy violet olive ginger pepper rice bean fish
    wolf fox lamb bird cross church bell hill hills wood woods lake rivers brooks pool wells banks field fields street
    stone park moss glass black white brown green gray grey gold silver blue reed rush ray rich price gross stout sharp
    sweet swift bright light knight king prince duke bishop pope abbott dean major sergeant marshall judge
    graves parkinson down downs foley crohn hodgkin addison cushing turner klein babinski wilson barrett barr bennett
    hunter huntington kaposi cooper barlow murphy bright grant doe nurse doctor chance patience male will""".split()
)

_RARE = {
    "female": "Queenie Quiana Quinta Quintina Quenna Ursa Ursina Ulla Ulrike Xanthe Xandra Xaviera Xenia Xyla Xylia",
    "male": "Quade Quentin Quincey Quintus Ulf Ulrich Urban Urias Usher Xan Xavi Xanthus Xeno Xenon Xylon Xerxes",
    "surname": "Xanders Xanthos Xenakis Xenos Xerri Xiang Xiong Ximenes Xuan Xuereb Xylander Ubell Udall Umber Upham",
}
"""Names with letters for which Faker has few."""


@dataclass(frozen=True)
class NamePools:
    """Names by kind and first letter, all in plain Latin letters, capitalised."""

    given: dict[str, dict[str, tuple[str, ...]]]
    """"female", "male" and "neutral" to letter to names to invent."""
    surnames: dict[str, tuple[str, ...]]
    """Letter to names to invent; also for unlisted parts of names, since they suit any gender."""
    genders: dict[str, str]
    """Given names, normalised, to "female", "male" or "neutral"."""
    known_surnames: frozenset[str]
    """Normalised."""
    towns: tuple[str, ...]
    """Endings of names of towns."""
    countries: tuple[str, ...]

    @cached_property
    def digest(self) -> str:
        """Changes with any list, as surrogates do."""
        parts = [
            repr(sorted(self.given.items())),
            repr(sorted(self.surnames.items())),
            repr(sorted(self.genders.items())),
        ]
        parts += [repr(sorted(self.known_surnames)), repr(self.towns), repr(self.countries)]
        return public_fingerprint("\n".join(parts).encode())

    def pool(self, part: str, letter: str) -> tuple[str, ...]:
        """Candidates that begin with `letter` for a normalised part of a name.

        They depend on the part alone, not on its place, so that "Anna" and "Lee" alone agree with "Anna Lee".
        """
        gender = self.genders.get(part)
        return self.given[gender][letter] if gender else self.surnames[letter]

    def knows(self, part: str) -> bool:
        """Whether a normalised part of a name is in a list."""
        return part in self.genders or part in self.known_surnames


@cache
def name_pools() -> NamePools:
    """The pools, read once per process (Faker takes a third of a second to import).

    Raises:
        UsageError: Faker is not installed.
    """
    try:
        from faker.providers.address.en_US import Provider as Address
    except ImportError:
        raise UsageError("surrogates need Faker's lists of names: pip install 'openbioner-batch[deid]'") from None
    surnames = {locale: _names(locale, "last_names") for locale in _PREFERRED + _WIDER + _KNOWN}
    women = {locale: _names(locale, "first_names_female") for locale in (*_PREFERRED, "en")}
    men = {locale: _names(locale, "first_names_male") for locale in (*_PREFERRED, "en")}
    surnames["en"] |= set(_RARE["surname"].split())
    women["en"] |= set(_RARE["female"].split())
    men["en"] |= set(_RARE["male"].split())
    genders = _genders(_union(women, ("en",)), _union(men, ("en",)), _union(surnames, _PREFERRED))
    genders |= _genders(_union(women, _PREFERRED), _union(men, _PREFERRED), set())
    known = frozenset(map(normalise_word, _union(surnames, tuple(surnames)))) - genders.keys()
    by_letter = _by_letter(_union(surnames, _PREFERRED), _union(surnames, _WIDER))
    given = {
        "female": _given("female", genders, _union(women, _PREFERRED), _union(women, ("en",))),
        "male": _given("male", genders, _union(men, _PREFERRED), _union(men, ("en",))),
    }
    both = _union(women, tuple(women)) & _union(men, tuple(men))
    given["neutral"] = _given("neutral", genders, both, _union(surnames, _PREFERRED + _WIDER))
    towns = tuple(sorted({ending for ending in Address.city_suffixes if len(ending) > 3} - {"stad", "furt"}))
    countries = tuple(name for name in Address.countries if re.fullmatch(r"[A-Z][a-z]+(?: [A-Z][a-z]+)?", name))
    return NamePools(given, by_letter, genders, known, towns, countries)


def _names(locale: str, field: str) -> set[str]:
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    return set(getattr(provider, field, ()))


def _union(lists: dict[str, set[str]], locales: tuple[str, ...]) -> set[str]:
    return set().union(*(lists[locale] for locale in locales))


def _genders(women: set[str], men: set[str], surnames: set[str]) -> dict[str, str]:
    """Given names to gender; names that are surnames, too, are left to those."""
    female, male = ({normalise_word(name) for name in names - surnames} for names in (women, men))
    return {
        name: "neutral" if name in female and name in male else "female" if name in female else "male"
        for name in female | male
    }


def _given(gender: str, genders: dict[str, str], first: set[str], more: set[str]) -> dict[str, tuple[str, ...]]:
    fits = {name for name in first if genders.get(normalise_word(name)) == gender}
    others = {name for name in more if genders.get(normalise_word(name), gender) == gender}
    return _by_letter(fits, others)


def _by_letter(first: set[str], second: set[str]) -> dict[str, tuple[str, ...]]:
    """Letter to names in order: the first set's, and the second's where those are too few."""
    found = {}
    for letter in LETTERS:
        names, more = (
            {name for name in source if name[0] == letter.upper() and _is_plain(name)} for source in (first, second)
        )
        found[letter] = tuple(sorted(names if len(names) >= _ENOUGH else names | more))
    return found


def _is_plain(name: str) -> bool:
    return re.fullmatch("[A-Z][a-z]{2,11}", name) is not None and name.lower() not in _NOT_INVENTED
