"""Reads months, weekdays, ordinals and years in words, and writes others in the same language and case."""

from __future__ import annotations

from collections.abc import Iterator

from openbioner_batch.deid.normalising import like_case

_MONTHS = {
    "en": "january february march april may june july august september october november december",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
}
_SHORT_MONTHS = {
    "en": "jan feb mar apr may jun jul aug sep oct nov dec",
    "fr": "janv févr mars avr mai juin juil août sept oct nov déc",
    "de": "jan feb mär apr mai jun jul aug sep okt nov dez",
    "es": "ene feb mar abr may jun jul ago sep oct nov dic",
    "it": "gen feb mar apr mag giu lug ago set ott nov dic",
    "pt": "jan fev mar abr mai jun jul ago set out nov dez",
    "nl": "jan feb mrt apr mei jun jul aug sep okt nov dec",
}
_VARIANTS = {
    "en": {"sept": 9},
    "fr": {"fevrier": 2, "aout": 8, "decembre": 12, "fevr": 2, "fév": 2, "dec": 12},
    "de": {"jänner": 1, "maerz": 3, "mrz": 3, "sept": 9},
    "es": {"setiembre": 9, "sept": 9},
    "it": {"sett": 9},
    "pt": {"marco": 3},
    "nl": {"sept": 9},
}
LANGUAGES = tuple(_MONTHS)
LONG = {language: tuple(names.split()) for language, names in _MONTHS.items()}
SHORT = {language: tuple(names.split()) for language, names in _SHORT_MONTHS.items()}


def _by_name() -> dict[str, dict[str, int]]:
    names: dict[str, dict[str, int]] = {}
    for language in LANGUAGES:
        for table in (LONG[language], SHORT[language]):
            for number, name in enumerate(table, 1):
                names.setdefault(name, {}).setdefault(language, number)
        for name, number in _VARIANTS[language].items():
            names.setdefault(name, {}).setdefault(language, number)
    return names


MONTHS = _by_name()
"""Name in small letters -> language -> number. No name stands for two months."""
ENGLISH = frozenset(name for name, languages in MONTHS.items() if "en" in languages)
FULL = frozenset(name for names in LONG.values() for name in names if len(name) > 3) | {"mai", "may", "mei"}
"""Names in full."""

_WEEKDAYS = {
    "en": ("monday tuesday wednesday thursday friday saturday sunday", "mon tue wed thu fri sat sun"),
    "fr": ("lundi mardi mercredi jeudi vendredi samedi dimanche", "lun mar mer jeu ven sam dim"),
    "de": ("montag dienstag mittwoch donnerstag freitag samstag sonntag", "mo di mi do fr sa so"),
    "es": ("lunes martes miércoles jueves viernes sábado domingo", "lun mar mié jue vie sáb dom"),
    "it": ("lunedì martedì mercoledì giovedì venerdì sabato domenica", "lun mar mer gio ven sab dom"),
    "pt": (
        "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
        "seg ter qua qui sex sáb dom",
    ),
    "nl": ("maandag dinsdag woensdag donderdag vrijdag zaterdag zondag", "ma di wo do vr za zo"),
}
_OTHER_WEEKDAYS = {"tues": 1, "weds": 2, "thur": 3, "thurs": 3}
WEEKDAY_TABLES = (
    *(tuple(names.split()) for tables in _WEEKDAYS.values() for names in tables),
    ("mo", "tu", "we", "th", "fr", "sa", "su"),
)
_LONG_WEEKDAYS = tuple(tuple(tables[0].split()) for tables in _WEEKDAYS.values())
WEEKDAYS = (*(name for table in _LONG_WEEKDAYS for name in table), *_WEEKDAYS["en"][1].split(), *_OTHER_WEEKDAYS)
"""The names of weekdays that are read: full names of all languages, abbreviations in English."""

_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth "
    "twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
).split()
ORDINALS = {word: number for number, word in enumerate(_ORDINALS, 1)}
_ONES = "one two three four five six seven eight nine".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def _below_hundred() -> Iterator[str]:
    yield from ("", *_ONES, *_TEENS)
    for ten in _TENS:
        yield ten
        yield from (f"{ten}-{one}" for one in _ONES)


_NUMBERS = tuple(_below_hundred())


def _year_words() -> Iterator[tuple[str, int]]:
    """Years from 1850 to 2099 in words, for each year first the way in which it is written again."""
    for year in range(1850, 2100):
        century, rest = divmod(year, 100)
        if rest > 9:
            yield f"{_NUMBERS[century]} {_NUMBERS[rest]}", year
        if century == 20:
            yield from ((words, year) for words in _thousands(_NUMBERS[rest]))
        else:
            if 0 < rest < 10:
                yield f"{_NUMBERS[century]} oh {_NUMBERS[rest]}", year
            yield f"{_NUMBERS[century]} hundred" + (f" and {_NUMBERS[rest]}" if rest else ""), year


def _thousands(rest: str) -> tuple[str, ...]:
    return (f"two thousand and {rest}", f"two thousand {rest}") if rest else ("two thousand",)


YEARS = dict(_year_words())
_WRITTEN_YEARS = {year: way for way, year in reversed(YEARS.items())}


def month_number(written: str) -> int:
    """The month that a number or a name in any of the languages means."""
    return int(written) if written.isdecimal() else next(iter(MONTHS[written.lower()].values()))


def month_like(old: str, month: int, before: str, after: str, language: str | None = None) -> str:
    """The name of another month, in full or short as the old one, in its language and case.

    Args:
        old: a name of `MONTHS`.
        month: the new one.
        before: the text before the old name: "4. April" is German, and "May" is short beside a hyphen, dot or digit.
        after: the text after it.
        language: the note's, for names that several languages share.
    """
    small = old.lower()
    language = _language(old, before, after, language)
    short = small not in LONG[language]
    if small in SHORT[language] and not short:  # may, mai, mars: both long and short
        short = any(char in "-/.–" or char.isdecimal() for char in before[-1:] + after[:1])
    return like_case(old, (SHORT if short else LONG)[language][month - 1])


def _language(old: str, before: str, after: str, hint: str | None) -> str:
    languages = MONTHS[old.lower()]
    if hint in languages:
        return hint
    if len(languages) > 1:
        if before.rstrip(" ").endswith(".") and "de" in languages and old[0].isupper():
            return "de"
        if before.lower().endswith("de "):
            return next((name for name in ("es", "pt", "fr") if name in languages), next(iter(languages)))
        if "en" not in languages and old[0].isupper() and "de" in languages:
            return "de"
        if old[0].islower():
            return next(name for name in languages if name != "de")
    return next(iter(languages))


def weekday_like(old: str, days: int) -> str:
    """The weekday so many days later, in the same table of names and case."""
    small = old.lower()
    if small in _OTHER_WEEKDAYS and days % 7:
        return like_case(old, WEEKDAY_TABLES[1][(_OTHER_WEEKDAYS[small] + days) % 7])
    for table in (*_LONG_WEEKDAYS, *WEEKDAY_TABLES) if days % 7 else ():
        if small in table:
            return like_case(old, table[(table.index(small) + days) % 7])
    return old


def day_number(written: str) -> int:
    """A day in digits, or as an English ordinal."""
    return int(written) if written.isdecimal() else ORDINALS[_joined(written)]


def day_like(old: str, day: int) -> str:
    """Another day as an English ordinal in words."""
    return like_case(old, _ORDINALS[day - 1])


def ending_like(old: str, day: int) -> str:
    """The ending after the digits of a day: "th" in English; French "er" and Italian "º" only after a first."""
    if old.lower() in ("er", "º", "°"):
        return old if day == 1 else ""
    new = "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return new.upper() if old.isupper() else new


def year_number(written: str) -> int | None:
    """A year in words; None if the words are not a year."""
    return YEARS.get(_joined(written))


def year_like(old: str, year: int) -> str | None:
    """Another year in words, None where there are no words for it."""
    new = _WRITTEN_YEARS.get(year)
    return like_case(old, new) if new else None


def _joined(written: str) -> str:
    """Words in the form of the tables: one blank between them, hyphens within numbers below a hundred."""
    words = written.lower().replace("-", " ").split()
    joined: list[str] = []
    for word in words:
        ten = joined and joined[-1] in _TENS
        if ten and (word in _ONES or word in _ORDINALS[:9]):
            joined[-1] += f"-{word}"
        else:
            joined.append(word)
    return " ".join(joined)
