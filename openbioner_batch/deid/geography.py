"""Geography under safe harbor: nothing smaller than a state, except three digits of a ZIP code of enough people."""

from __future__ import annotations

import re

ZIP3_SOURCE = (
    "decennial census of 2020, by ZIP Code Tabulation Area; with the list from that of 2000 in the guidance of the "
    "Department of Health and Human Services (2012), and military mail"
)
"""The sources of `RESTRICTED_ZIP3`."""

_CENSUS_2020 = "036 059 102 202 203 204 205 369 556 692 753 772 821 823 878 879 884 893".split()
_CENSUS_2000 = "036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893".split()
_UNCOUNTED = "000 090 091 092 093 094 095 096 097 098 099 340 962 963 964 965 966".split()

RESTRICTED_ZIP3 = frozenset(_CENSUS_2020 + _CENSUS_2000 + _UNCOUNTED)
"""First three digits that 20,000 people or fewer share: they become 000 (45 CFR 164.514(b)(2)(i)(B)).

Where the censuses differ an area counts as restricted; so does military mail (APO, FPO, DPO), which no census counts.
"""

STATES: dict[str, str] = dict(
    entry.strip().split(" ", 1)
    for entry in """
    AL Alabama | AK Alaska | AZ Arizona | AR Arkansas | CA California | CO Colorado | CT Connecticut | DE Delaware
    | FL Florida | GA Georgia | HI Hawaii | ID Idaho | IL Illinois | IN Indiana | IA Iowa | KS Kansas |
    KY Kentucky | LA Louisiana | ME Maine | MD Maryland | MA Massachusetts | MI Michigan | MN Minnesota |
    MS Mississippi | MO Missouri | MT Montana | NE Nebraska | NV Nevada | NH New Hampshire | NJ New Jersey |
    NM New Mexico | NY New York | NC North Carolina | ND North Dakota | OH Ohio | OK Oklahoma | OR Oregon |
    PA Pennsylvania | RI Rhode Island | SC South Carolina | SD South Dakota | TN Tennessee | TX Texas | UT Utah |
    VT Vermont | VA Virginia | WA Washington | WV West Virginia | WI Wisconsin | WY Wyoming |
    DC District of Columbia | PR Puerto Rico
    """.replace("\n", " ").split("|")
)
"""States of the United States, the District of Columbia and Puerto Rico, by postal abbreviation."""

_STATE_NAMES = frozenset(name.casefold() for name in STATES.values())
_NAMES = "|".join(name.replace(" ", r"\s") for name in STATES.values())
_CODES = "|".join(STATES)
_ZIP = r"\d{5}(?:-\d{4})?"
_zip = re.compile(rf"(?<!\d){_ZIP}(?!\d)")
# an abbreviation alone may be a street's (CT, PR): it must follow a comma or precede a ZIP code
_tail = re.compile(
    rf"[,\s]*(?:(?P<name>\b(?i:{_NAMES})\b)|(?P<code>\b(?:{_CODES})\b)(?=\.?[,\s]+\d{{5}})|"
    rf"(?<=[,\n])\s*(?P<last>(?:{_CODES}))\b)"
    rf"\.?(?:[,\s]+(?P<zip>{_ZIP}))?[\s.]*$"
)
STREET_KINDS = frozenset(
    """street st avenue ave av road rd lane ln drive dr court ct boulevard blvd way place pl terrace ter circle cir
    parkway pkwy highway hwy route rt square sq trail trl alley row loop crescent cres close""".split()
)
_UNITS = "box|apt|apartment|suite|ste|unit|floor|building|bldg|c/o"
# "St" at the start means Saint
_street = re.compile(rf"\d|\b(?!(?<![^\n])st\b)(?:{'|'.join(sorted(STREET_KINDS))}|{_UNITS})\b", re.IGNORECASE)


def zip3(text: str) -> str | None:
    """The three digits of a ZIP code that may be kept: "02139-4307" gives "021", a restricted one "000".

    None where `text` holds no ZIP code of the United States: a postal code of another country is removed entirely.
    """
    found = _zip.search(text)
    three = found.group()[:3] if found else text.strip()
    if not re.fullmatch("[0-9]{3}", three):
        return None
    return "000" if three in RESTRICTED_ZIP3 else three


def generalise_place(text: str, tag: str) -> str:
    """What safe harbor leaves of an address or place: the state and three digits of the ZIP code, the rest as `tag`.

    "12 Elm St, Dover, AK 59607" gives "[ADDRESS], AK 596"; a state alone stays ("New York" counts as one, whatever was
    meant); a ZIP code alone becomes its three digits; a place that is not understood becomes one tag.
    """
    whole = text.strip()
    if whole in STATES or whole.casefold() in _STATE_NAMES:
        return text
    if _zip.fullmatch(whole):
        return zip3(whole) or tag
    found = _tail.search(text)
    if found is None:
        return tag
    state = found["name"] or found["code"] or found["last"]
    three = zip3(found["zip"] or "")
    return f"{tag}, {state} {three}" if three else f"{tag}, {state}"


def generalise_street(text: str, tag: str) -> str:
    """What a limited data set leaves of an address or place: town, state and ZIP code at its end; the rest as `tag`.

    "12 Elm St, Dover, AK 59607" gives "[ADDRESS], Dover, AK 59607"; a place without anything of a street stays, except
    what stands before the town of a state.
    """
    found = _tail.search(text)
    before, after = (text[: found.start()], text[found.start() :]) if found else (text, "")
    parts = [part for part in re.split(r"[,\n]", before) if part.strip()]
    if not _street.search(before) and not (after and len(parts) > 1):
        return text
    if not after:
        return text if _zip.fullmatch(text.strip()) else tag
    town = re.search(r"[,\n]\s*[^,\n\d]+$", before)
    return tag + (town.group() if town else "") + after
