"""Finds addresses, postal codes, towns, facilities, employers, rooms and positions."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterator

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.context import any_in, in_regions
from openbioner_batch.deid.recognizers.institutions import GENERIC, find_institutions
from openbioner_batch.deid.recognizers.lexicon import lexicon
from openbioner_batch.deid.recognizers.rooms import find_rooms
from openbioner_batch.deid.searching import Anchored

_STATES = """Alabama AL Alaska AK Arizona AZ Arkansas AR California CA Colorado CO Connecticut CT Delaware DE Florida FL
    Georgia GA Hawaii HI Idaho ID Illinois IL Indiana IN Iowa IA Kansas KS Kentucky KY Louisiana LA Maine ME
    Maryland MD Massachusetts MA Michigan MI Minnesota MN Mississippi MS Missouri MO Montana MT Nebraska NE
    Nevada NV New_Hampshire NH New_Jersey NJ New_Mexico NM New_York NY North_Carolina NC North_Dakota ND Ohio OH
    Oklahoma OK Oregon OR Pennsylvania PA Rhode_Island RI South_Carolina SC South_Dakota SD Tennessee TN Texas
    TX Utah UT Vermont VT Virginia VA Washington WA West_Virginia WV Wisconsin WI Wyoming WY
    District_of_Columbia DC Puerto_Rico PR Guam GU""".split()
STATE_NAMES = tuple(name.replace("_", " ") for name in _STATES[::2])
STATE_CODES = frozenset(_STATES[1::2])
_MEDICAL_CODES = frozenset("MD PA MS MA OR IN ME OK HI OH CO LA DE ID AL CT PR VA MI MO ND NE NC SC PR DC".split())
"""Codes of states that are credentials or abbreviations of medicine too: alone they do not prove a place."""
COUNTRIES = """
Mexico Canada Cuba Haiti Jamaica Guatemala Honduras Nicaragua Colombia Venezuela Brazil Argentina Chile Peru
    Ecuador Bolivia Uruguay Paraguay England Scotland Wales Ireland France Germany Italy Spain Portugal Poland
    Ukraine Russia Romania Hungary Greece Turkey Norway Sweden Finland Denmark Netherlands Belgium Switzerland
    Austria India Pakistan Bangladesh Nepal China Japan Korea Vietnam Laos Cambodia Thailand Philippines
    Indonesia Malaysia Taiwan Iran Iraq Syria Lebanon Israel Jordan Egypt Nigeria Ghana Kenya Ethiopia Somalia
    Sudan Liberia Morocco Algeria Australia Estonia Latvia Lithuania Iceland Slovenia Croatia Serbia Bosnia
    Afghanistan Armenia""".split()

_STATE = "|".join([*STATE_NAMES, *sorted(STATE_CODES)])
_TOWN = (
    r"(?:(?:St\.|Ft\.|Mt\.)[ ])?[A-ZÀ-ÞĀ-Ž][A-Za-zÀ-ɏ'’-]{1,24}(?:[ ](?:of[ ])?[A-ZÀ-ÞĀ-Ž][A-Za-zÀ-ɏ'’-]{1,24}){0,3}"
)
_SUFFIX = (
    r"(?:St|Street|Ave|Av|Avenue|Rd|Road|Blvd|Boulevard|Ln|Lane|Dr|Drive|Ct|Court|Pl|Place|Way|Ter|Terrace|Cir|"
    r"Circle|Pkwy|"
    r"Parkway|Hwy|Highway|Sq|Square|Trl|Trail|Loop|Row|Alley|Broadway|Pike|Turnpike|Crescent|Close|Plaza|Path|"
    r"Crossing|Point|"
    r"Strasse|Straße|STREET|AVENUE|AVE|ROAD|RD|BLVD|BOULEVARD|LANE|DRIVE|COURT|PLACE|HIGHWAY|HWY|PARKWAY|CIRCLE)"
)
_STREET = Anchored(
    rf"(?<![\w.,/-])\d{{1,6}}(?:-\d{{1,4}})?[A-Za-z]?[ ](?:[NSEW]{{1,2}}\.?[ ]|(?:North|South|East|West)[ ])?"
    rf"(?:(?:[A-ZÀ-ÞĀ-Ž][A-Za-zÀ-ɏ'’-]{{0,24}}\.?|\d{{1,3}}(?:st|nd|rd|th)|of|the|de|la|du)[ ]){{1,4}}{_SUFFIX}\b\.?"
    r"(?:[ ](?:[NSEW]{1,2}|North|South|East|West|NORTH|SOUTH|EAST|WEST)\b\.?)?"
)
_STREET_ROUTE = Anchored(
    r"(?<![\w.,/-])\d{1,6}[ ](?:[NSEW]\.?[ ])?(?:(?:State|County|US|Old)[ ])?(?:Route|Rt\.?|Highway|Hwy\.?|"
    r"County Road|Rural Route)[ ]\d{1,4}\b"
    r"|\bRR[ ]?#?\d{1,2},?[ ]Box[ ]\d{1,5}\b|(?<![\w.,/-])\d{1,6}[ ](?:[NSEW]\.?[ ])?Broadway\b"
)
_UNIT = re.compile(
    r",?[ \n](?:Apt|Apartment|Suite|Ste|Unit|Floor|Fl|Bldg|Building|Room|Rm|Lot|Trailer|APT|SUITE|"
    r"UNIT)\b\.?[ ]?(?:No\.?[ ])?#?[ ]?[A-Za-z]{0,2}-?\d{0,5}[A-Za-z]?\b|,?[ ]#[ ]?\w{1,6}\b"
)
_BOX = Anchored(r"\b(?:P\.?[ ]?O\.?|Post[ ]Office)[ ]?(?:Box|BOX|box)[ ]#?\d{1,7}\b|\bPO\s?BOX\s\d{1,7}\b")
_MILITARY = Anchored(
    r"\b(?:psc|cmr|unit)[ ]\d{1,5},?[ ]box[ ]\d{1,5}\b|\b[afd]po,?[ ]a[aep],?[ ]\d{5}(?:-\d{4})?\b", re.IGNORECASE
)
"""Lines of addresses of the armed forces and the foreign service: "PSC 6477, Box 2981" and "APO AE 09700"."""
_HOUSE_NUMBER = r"\d{1,5}[A-Za-z]?(?:[/-]\d{1,4})?(?![^\W_]|[.,:]\d|%)"
_FOREIGN_STREET = Anchored(
    rf"(?<![\w.,/-])(?:\d{{1,6}}[ ])?(?:(?:Via|Viale|Corso|Piazza|Rua|Rue|Calle|Avenida|Avda|Avenue|Plaza|Paseo|"
    rf"Largo|Travessa|Boulevard|Chemin|Quai|"
    rf"Carrer|Rambla|Ulica|ul\.|[Pp]l\.|al\.|ulica)[ ](?:(?:d[aeiou]s?|del(?:la|le|lo)?|des|du|la|le|los|las|di)[ ])*"
    rf"(?:[A-ZÀ-ÞĀ-Ž][A-Za-zÀ-ɏ'’.-]{{1,24}},?[ ](?:(?:d[aeiou]s?|del(?:la|le|lo)?|des|du|la|le|e|y|i)[ ])?){{1,5}}"
    rf"|[A-ZÀ-ÞĀ-Ž][a-zß-ɏ]{{2,24}}(?:vägen|gatan|gata|stra(?:ß|ss)e|str\.|weg|gasse|platz|allee|graben|ufer|straat|"
    rf"laan|plein|kade|vej|gade|veien|gaten|"
    rf"katu|utca)[ ]){_HOUSE_NUMBER}"
)
"""Streets whose word for street comes first or last, with a house number after it."""
_HIGHWAY = Anchored(
    r"\b(?:(?P<cued>(?i:on|off|along|near|by|at)[ ](?:the[ ])?)?(?P<road>(?:I|US|SR|CR|FM|Rte?\.?|Route|Hwy\.?|"
    r"Highway|Interstate|Turnpike)[- ]?\d{1,4}\b"
    r"(?:[ ](?:[NSEW]B?|north|south|east|west)(?:bound)?\b)?)(?P<exit>,?[ ](?:near|at|by|and|&|@|past|mile|exit)[ "
    r"](?:(?:exit|mile|mm|marker)[ ]?){0,2}"
    r"#?\d{1,4}[A-Z]?\b)?)"
)
"""A road and an exit of it; "on" or an exit must distinguish I-95 from iodine."""
_ISOTOPE = re.compile(r"I[- ]?1(?:23|24|25|31)")
"""Words of iodine, which may follow "on" as well: "started on I-131"."""
_UNIT_AFTER = re.compile(
    r"[ ]?(?:\d{1,4}(?:\.\d{1,2})?[ ]?)?(?:mg|mcg|mCi|ml|units?|scan|therapy|uptake|ablation)\b", re.IGNORECASE
)
_ZIP_LABEL = Anchored(
    r"\b(?i:zip(?:[ ]?code)?|postal[ ]code|postcode|plz)(?:[ ](?i:is|was))?[ ]?[:=]?[ "
    r"]?(?P<zip>\d{3,6}(?:-\d{3,4})?)(?![^\W_]|[.,]\d)"
)
_TAIL = re.compile(
    rf"(?P<gap>[,;]?\s{{1,3}}|"
    rf",)(?P<city>{_TOWN}),?\s{{1,2}}(?P<state>{_STATE})\b\.?(?:[,]?\s{{1,2}}(?P<zip>\d{{5}}(?:-\d{{4}})?)(?![^\W_]))?"
)
_CITY_ZIP = re.compile(
    rf"(?P<city>{_TOWN})(?:,\s{{0,2}}|\s)(?P<state>{_STATE})\b[.,]?\s{{1,2}}(?P<zip>\d{{5}}(?:-\d{{4}})?)(?![^\W_]|"
    rf"[.,]\d)"
)
_STATE_ZIP = Anchored(rf"(?<![^\W_])(?:{_STATE})\b[.,]?\s{{1,2}}\d{{5}}")
"""A cheap check for `_CITY_ZIP`."""
_COMMA_STATE = Anchored(rf",\s{{1,2}}(?P<state>{_STATE})(?![^\W_])")
_TOWN_BEFORE = re.compile(rf"(?<![^\W_]){_TOWN}\Z")
_CUE = Anchored(
    r"\b(?:lives?(?:[ ]\w{1,12}){0,2}[ ](?:in|near|outside)|living[ ](?:\w{1,12}[ ])?(?:in|near)|resid(?:es|ed|"
    r"ing)[ ](?:in|at|near)|resident[ ]of|born(?:[ ]and[ ]raised)?[ ]in|"
    r"(?:raised|grew[ ]up)[ ]in|native[ ]of|moved(?:[ ]\w{1,12}){0,2}[ ](?:to|from)|(?:travel|travell?ed|travels|"
    r"trip|visit|flew|drove|relocated|emigrated|immigrated)(?:[ ]\w{1,12})?[ ](?:to|from)|"
    r"visiting|originally[ ]from|(?:is|was|comes|came|here|in|up|down|man|woman|male|female|lady|gentleman|boy|girl|"
    r"patient)[ ]from|city[ ]of|town[ ]of|village[ ]of|"
    r"police[ ]in|hometown[ :]{1,2}|city[\"']?[:=][ \"']{0,3}|works?[ ]in|hospital[ ]in|clinic[ ]in)[ ]?"
    rf"(?P<place>{_TOWN})(?:,[ ](?P<state>{_STATE})\b)?"
)
_LIVED = re.compile(r"(?:lives?|living|resid|born|raised|grew|native|originally|hometown|city|town|village)")
"""Cues after which a town may be in capitals."""
_LIVES_AT = Anchored(
    r"\b(?:home[ ]|mailing[ ]|street[ ]|current[ ]|permanent[ ]|postal[ ])?(?:address|residence|adresse|dirección|"
    r"indirizzo|endereço)(?:[ ](?:on[ ]file|of[ ]record))?(?:[ ](?:is|was)|[\"']?[ ]?[:=>])[ \"']{1,3}"
    r"(?P<line>(?=[^\n|;<\"{}]{0,60}\d)[^\n|;<\"{}]{6,100})|\b(?:lives|resides|living|residing|"
    r"stays)[ ]at[ ](?P<at>\d{1,6}[ ](?-i:[A-Z])[^\n|;<\",.]{3,60})",
    re.IGNORECASE,
)
_HOUSE = re.compile(r"\d")
_LINE_END = re.compile(
    r"\.\s|\s{2,}|[ ](?:and|phone|tel|email|e-mail|mrn|dob|ssn|insurance|unternehmen|telefon)\b|\.$|\)", re.IGNORECASE
)
_POSTCODE = re.compile(
    r"(?<![^\W_])(?:(?:[A-Z]{2}|[BEGLMNSW])\d[A-Z\d]?[ ]\d(?!ST|ND|RD|TH)[ABD-HJLNP-UW-Z]{2}|"
    r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][ ]\d[ABCEGHJ-NPRSTV-Z]\d)(?![^\W_])"
)
_EIRCODE = re.compile(r"(?<![^\W_])(?:[AC-FHKNPRTV-Y]\d{2}|D6W)[ ](?!\d{2}(?:CC|HR|KC))[0-9AC-FHKNPRTV-Y]{4}(?![^\W_])")
"""An Irish postal code; its second half must have a letter and a digit."""
_BEFORE_TOWN = Anchored(
    r"(?:(?<=\d[,;][ ])|(?<=[a-zß.][ ]\d\d[,;][ ])|^|(?<=\n)|(?<=\b[DAF]-)|"
    r"(?<=\bCH-))(?P<zip>\d{4,5})[ ](?P<town>[A-ZÀ-ÞĀ-Ž][a-zß-ɏ]{2,24}(?:[ -](?:am|an|der|im|bei|sur|la|le|de|"
    r"[A-ZÀ-Þ][a-zß-ɏ]+))*)(?=[ ]?(?:[,;.\n]|\Z))"
)
"""A postal code before its town, after a house number or at the start of a line: "Deichstr. 9, 26721 Emden"."""
_CLOCK = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d")
"""A time at the start of an entry: "1400 Settled."."""
_CORNER = Anchored(
    r"(?:\b(?:at|on|near|by|of)[ ](?:the[ ]corner[ ]of[ ])?|@[ ]?)(?P<corner>[A-Z][a-z]{2,20}(?:[ ](?:St|Ave|Rd|Blvd|"
    r"Street|Avenue))?\.?[ ](?:&|and|/)[ ]"
    r"(?:\d{1,3}(?:st|nd|rd|th)\b(?![ ][a-z])(?:[ ](?:St|Ave))?|"
    r"[A-Z][a-z]{2,20}[ ](?:St|Ave|Rd|Blvd|Street|Avenue|Streets|Sts)\b))"
)
"""Where two streets meet: "at Main & 4th"."""
_LONG_ZIP = re.compile(r"(?<=[A-Za-z][ ])(?<!:[ ])\d{5}-\d{4}(?![^\W_]|-\d)")
"""Nine digits after a town without its state."""
_COUNTY = Anchored(
    r"\b(?P<county>(?:(?:St\.|San|Santa|Los|El|New|Prince|Van|De|La)[ ])?[A-Z][a-z]{2,20}[ ](?:County|Parish|Borough|"
    r"COUNTY))\b"
)
_THREE_DECIMALS = re.compile(r"-?\d+\.\d{3},[ ]?-?\d+\.\d{3}")
_POSITION = re.compile(r"\b(?:gps|coord\w*|lat\w*|lon\w*|location|position|map|geo\w*)\b", re.IGNORECASE)
_DECIMALS = re.compile(r"\.\d{3}")
_COORDINATES = re.compile(
    r"(?<![\w.])-?\d{1,2}\.\d{3,8}°?[ ]?[NS]?,[ ]?-?\d{1,3}\.\d{3,8}°?[ ]?[EW]?(?!\w|\.\w)|"
    r"\d{1,3}°[ ]?\d{1,2}(?:\.\d{1,4})?['′][ ]?(?:\d{1,2}(?:\.\d+)?[\"″][ ]?)?[NSEW]\b"
)


def find_places(text: str, regions: list[tuple[int, int, int]]) -> Iterator[Finding]:
    """Places smaller than a country, each part of an address separately, and institutions.

    Args:
        text: the note.
        regions: the text's `number_regions`.
    """
    yield from _addresses(text)
    yield from _towns(text, regions)
    for match in _FOREIGN_STREET.finditer(text):
        if not any(clinical_words().knows(word) for word in match[0].split() if word.istitle()):
            yield _place(*match.span(), "street_address", 0.7)
    for match in _HIGHWAY.finditer(text):
        isotope = _ISOTOPE.fullmatch(match["road"]) is not None
        if match["exit"] or (match["cued"] and not isotope and not _UNIT_AFTER.match(text, match.end())):
            yield _place(match.start("road"), match.end(), "street_address", 0.6)
    for match in _CORNER.finditer(text):
        if not clinical_words().knows(match["corner"].split()[0]):
            yield _place(*match.span("corner"), "street_address", 0.6)
    for match in _ZIP_LABEL.finditer(text):
        yield _place(*match.span("zip"), "zip_code", 0.8)
    yield from find_institutions(text)
    yield from find_rooms(text)
    if "°" in text or _DECIMALS.search(text):
        for match in _COORDINATES.finditer(text):
            if _THREE_DECIMALS.fullmatch(match[0]) and not _POSITION.search(
                text[max(0, match.start() - 24) : match.start()]
            ):
                continue  # troponin 0.012, 0.034
            yield Finding(*match.span(), "geographic_coordinates", 0.8, ("pattern:coordinates",))


def _addresses(text: str) -> Iterator[Finding]:
    """Street lines with what follows them, post boxes, and whatever follows a label of an address."""
    streets: list[int] = []
    for pattern in (_STREET, _STREET_ROUTE, _BOX, _MILITARY):
        for match in pattern.finditer(text):
            end = unit.end() if (unit := _UNIT.match(text, match.end())) else match.end()
            insort(streets, match.start())
            yield _place(match.start(), end, "street_address", 0.85)
            if tail := _TAIL.match(text, end):
                yield from _parts(tail, 0.85)
    for match in _LIVES_AT.finditer(text):
        name = "line" if match["line"] else "at"
        start, end = match.span(name)
        if stop := _LINE_END.search(text, start, end):
            end = stop.start()
        line = text[start:end]
        has_street = bisect_left(streets, end) > bisect_left(streets, start)
        if len(line) > 5 and not has_street and _HOUSE.search(line) and "@" not in line and "://" not in line:
            yield _place(start, end, "street_address", 0.6)


def _towns(text: str, regions: list[tuple[int, int, int]]) -> Iterator[Finding]:
    for match in _CITY_ZIP.finditer(text) if _STATE_ZIP.search(text) else ():
        yield from _parts(match, 0.8)
    for match in in_regions(_LONG_ZIP, text, regions, 9):
        yield _place(*match.span(), "zip_code", 0.6)
    for match in _COMMA_STATE.finditer(text):
        from_here = max(0, match.start() - 48)
        town = _TOWN_BEFORE.search(text[from_here : match.start()])
        if town is None or town[0].split()[0].lower() in GENERIC:
            continue
        if not (match["state"] in _MEDICAL_CODES or town[0].isupper() or match["state"] in ("Georgia", "Virginia")):
            yield _place(from_here + town.start(), match.start(), "city", 0.6)
            yield _place(*match.span("state"), "state", 0.6)
    for match in _CUE.finditer(text):
        place = match["place"].rstrip(".")
        first = place.split()[0].lower()
        if first in GENERIC or len(place) < 3 or (place.isupper() and (len(place) < 4 or not _LIVED.match(match[0]))):
            continue
        if place.isupper() and any(clinical_words().knows(word) for word in place.split()):
            continue
        type = "state" if place in STATE_NAMES else "country" if place in COUNTRIES else "city"
        yield _place(match.start("place"), match.start("place") + len(place), type, 0.6)
        if match["state"]:
            yield _place(*match.span("state"), "state", 0.6)
    for match in in_regions(_POSTCODE, text, regions, 2):
        yield _place(*match.span(), "zip_code", 0.8)
    for match in in_regions(_EIRCODE, text, regions, 2):
        if any(map(str.isdigit, match[0][4:])) and any(map(str.isalpha, match[0][4:])):
            yield _place(*match.span(), "zip_code", 0.6)
    for match in _BEFORE_TOWN.finditer(text) if any(digits >= 4 for _, _, digits in regions) else ():
        if (
            not _CLOCK.fullmatch(match["zip"])
            and not clinical_words().knows(match["town"].split()[0])
            and match["town"].split()[0].lower() not in lexicon().not_names
        ):
            yield _place(*match.span("zip"), "zip_code", 0.6)
            yield _place(*match.span("town"), "city", 0.6)
    for match in _COUNTY.finditer(text) if any_in(text, ("County", "Parish", "Borough", "COUNTY")) else ():
        yield _place(*match.span("county"), "county", 0.7)


def _parts(match: re.Match[str], score: float) -> Iterator[Finding]:
    """Town, state and ZIP code of one match, separately."""
    for name, type in (("city", "city"), ("state", "state"), ("zip", "zip_code")):
        if match.groupdict().get(name):
            yield _place(*match.span(name), type, score)


def _place(start: int, end: int, type: str, score: float) -> Finding:
    return Finding(start, end, type, score, ("pattern:place",))
