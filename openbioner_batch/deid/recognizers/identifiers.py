"""Numbers and codes of records, accounts, plans, licences, vehicles and devices: by label, by form, by check digit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid import checks
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.context import (
    any_in,
    in_regions,
    label_before,
    labels,
    lookup,
    lowered,
    words_before,
)
from openbioner_batch.deid.recognizers.vehicles import find_vehicles
from openbioner_batch.deid.searching import Anchored

LABELS = labels("numbers")
"""Labels before an identifier, and the catalog's type of what follows."""

_PHONES = labels("phones")
LOOSE = frozenset(
    """file case visit plan group block report path study lot order job subject card device implant chart unit generator
    slide document code key reference ref member vehicle certificate registration template bin visa pathology
    specimen template pin enc billing contact pacemaker insurance sample accession referral record dictation
    license mr ss serial cad chi sus van incident coroner gmc""".split()
)
"""Labels that also precede small numbers of other kinds: what follows must have five characters, four digits."""

PREFIXES = labels("prefixes")
"""Leading letters of an identifier that show its type: EMP-36169."""

_VALUE = re.compile(
    r"(?<![^\W_])(?<![$.])(?:[A-Z]{1,4}[./](?=\d)|"
    r"[A-Za-z]{0,6}[-#]?(?<![A-Za-z]{7}))\d[A-Za-z0-9]{0,40}(?:[-/.:_]{1,2}[A-Za-z0-9]{1,24}){0,6}"
)
_PARTED_BY_BLANKS = Anchored(
    r"(?<![^\W_])(?<![$.])(?:(?P<head>[A-Z]{1,4}|"
    r"[A-Z]\d)[ ]\d{3,8}(?:[ ]\d{2,6}){0,3}(?:[ ][A-Z]{1,3}(?=[ ]*(?:[,;.\n]|\Z)))?|"
    r"\d{1,4}(?:[ ]\d{2,7}){1,3})(?![^\W_]|[./]\d|%)"
)
"""A value in groups, after a label that means nothing else: "band TQX 4402", "ref 9 44 1207"."""
_OF_YEAR = re.compile(r"(?<![^\W_])(?<![-/.$])(?:19|20)\d\d-\d{5,8}(?![^\W_]|[-/.]\d)")
"""A number after its year, as cases and authorisations have: 2024-778130."""
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_HEAD = re.compile("[A-Za-z]+")
_SPACED = re.compile(r"(?:[ ]\d{2,6}(?![^\W_]|[/.,]\d)){1,4}")
_NO_ID = re.compile(
    r"\d{1,3}(?:\.\d{1,3})?[a-z%]{0,5}|\d{1,2}:\d\d(?::\d\d)?|\d{1,3}/\d{1,3}(?:/\d{2,4})?|"
    r"\d{1,4}[-/.]\d{1,2}[-/.](?:\d{1,2}|\d{4})"
    r"|\d{1,3}-\d{1,3}|[CTLS]\d{1,2}(?:[-/][CTLS]?\d{1,2})?|\d+(?:st|nd|rd|th)|\d{1,4}\.\d+|"
    r"(?:19|20)\d\d(?:[-/](?:19|20)?\d\d)?|\d{1,5}-[a-z]{3,}",
    re.IGNORECASE,
)
_REVISED = re.compile(r"[ ,(]{1,2}(?:Rev|REV|rev)\b\.?[ ]?\d")
"""After the number of a form, which does not identify a person: "MR-1180 Rev 4"."""
_SHARED = Anchored(
    r"\b(?i:share|sharing|invit(?:e|ation)|activation|clarity|pairing)(?:[ ](?i:code|share|key|id))?[ :]{1,2}"
    r"(?P<number>[A-Z0-9]{4,5}(?:-[A-Z0-9]{4,5}){1,3})(?![\w-])"
)
"""A code to share a person's data: "clarity share ABCD-EFGH-IJKL"."""
_PARTED = re.compile(r"\d{2,3}-\d{3}|\d{3}-\d{2}|\d{4}\.\d{2,4}")
"""Numbers in two parts, which belong together after an unambiguous label."""
_PARTED_TYPES = frozenset({"medical_record_number", "encounter_number", "account_number", "health_plan_number"})
_ENDING = re.compile(r"\b(?:ending|ends|last\s?(?:four|4))(?:\s(?:in|with|is|of))?[ :]\Z", re.IGNORECASE)
_CARD_END = Anchored(
    r"\b(?:card|visa|mastercard|amex|discover|debit|credit|maestro)\s(?:no\.?\s|number\s|#\s?)?"
    r"(?:ending|ends|last\s?(?:four|4)(?:\sdigits)?)(?:\s(?:in|with|is|of))?[ :]{1,2}(?P<number>\d{4})(?![^\W_])",
    re.IGNORECASE,
)
_REFERENCE = Anchored(
    r"\b(?:our|your|yr|file|case|dictation)[ ]ref(?:erence)?\.?(?:[ ](?:no\.?|number))?[ ]?[:=][ ]?"
    r"(?P<number>(?=[A-Za-z/.-]{0,24}\d)[A-Za-z0-9][\w/.-]{3,38}\w)",
    re.IGNORECASE,
)
_OBJECT = re.compile(r"(?<![\w.])[0-2](?:\.(?:0|[1-9]\d*)){5,24}(?![\w]|\.\d)")
"""A unique identifier of DICOM or HL7 (ISO/IEC 9834 object identifier)."""
_FEWEST_AFTER_HASH = 5
"""Digits of a number after "#" without a label: blades and packs have fewer."""
_ALIGNED = re.compile(
    r"[A-ZÀ-Ž][\w'’-]+,[ ]?[A-ZÀ-Ž][\w'’-]*(?:[ ][A-ZÀ-Ž][\w'’.-]*)?[ \t]{2,}(?P<number>\d[\d -]{3,11}\d)"
    r"(?![^\W_]|[-./:]\d)"
)
"""A number in the column after "Surname, Given"."""
_SPOKEN_DIGIT = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple|dash|hyphen)"
_SPOKEN = Anchored(rf"\b{_SPOKEN_DIGIT}(?:[ -]{_SPOKEN_DIGIT}){{2,}}\b", re.IGNORECASE)
_COUNTING = re.compile(r"one two three|three two one|nine eight seven", re.IGNORECASE)
_FEWEST_SPOKEN = 5
"""How many digits in words are a number without a label."""
_UNIT = re.compile(
    r"\s?(?:mg|mcg|µg|ml|cc|cm|mm|kg|g\b|units?\b|iu\b|%|cells|cfu|copies|/|x10|steps|beats|per\b|weeks|days|hours|"
    r"years|"
    r"minutes|times|sq|mmhg|pounds|lbs|dollars|k\b|rads?\b|cgy|degrees)",
    re.IGNORECASE,
)
_SSN = re.compile(r"(?<![^\W_])(?<![-.])(?:\d{3}-\d{2}-\d{4}|(?:[xX*]{3}[- ]?[xX*]{2}[- ]?)\d{4})(?![^\W_]|-\d)")
_SSN_LOOSE = re.compile(r"(?<![^\W_])(?<![-.])\d{3}[ .]?\d{2}[ .]?\d{4}(?![^\W_]|-\d)")
_CARD = re.compile(
    r"(?<![^\W_])(?<![-.])(?:\d{4}([ -]))(?:\d{4}\1){2}\d{1,7}(?![^\W_]|-\d)|(?<![^\W_])(?<![-.])(?:\d{13,19}|"
    r"3[47]\d\d[ -]\d{6}[ -]\d{5})(?![^\W_]|-\d)"
)
_MASKED = re.compile(r"(?<![^\W_])(?:[xX*]{4}[ -]?){1,3}\d{4}(?![^\W_])")
_IBAN = re.compile(r"(?<![^\W_])[A-Z]{2}\d\d(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?(?![^\W_])")
_VIN = re.compile(r"(?<![^\W_])[A-HJ-NPR-Z0-9]{17}(?![^\W_])")
_DEA = re.compile(r"(?<![^\W_])[ABCFGMPR][A-Z9]\d{7}(?![^\W_])")
_MBI = re.compile(
    r"(?<![^\W_])"
    r"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?"
    r"[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y]{2}\d\d(?![^\W_])"
)
_ACCESSION = re.compile(r"(?<![^\W_])(?<![-/.])[A-Z]{1,3}-?\d\d-\d{3,8}(?![^\W_]|-\d)")
_UDI = re.compile(r"\(01\)\s?\d{14}(?:\s?\(\d\d\)\s?[A-Za-z0-9-]{1,20}){0,4}")
_DONATION = re.compile(r"(?<![^\W_])[A-Z]\d{4}[ ]?\d{2}[ ]?\d{6}(?![^\W_])")
"""A number of donated blood, in the form of ISBT 128."""
_NATIONAL_INSURANCE = re.compile(r"(?<![^\W_])[A-Z]{2}[ ]?\d\d[ ]?\d\d[ ]?\d\d[ ]?[A-D](?![^\W_])")
_UUID = re.compile(r"(?<![^\W_])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![^\W_])", re.IGNORECASE)
_LONG = re.compile(r"(?<![^\W_])(?<![$.,+-])\d{7,40}(?![^\W_]|[.,]\d)")
_CODED = re.compile(
    r"(?<![^\W_])(?<![-/])[A-Z]{1,6}-?\d{5,14}[A-Z]?(?![^\W_])|(?<![^\W_])\d{2,6}(?:-\d{2,8}){2,4}(?![^\W_]|-)"
)
_TOKEN = re.compile(r"(?<![^\W_])(?=[A-Za-z_-]{0,24}\d)(?=[\d_-]{0,24}[A-Za-z])[A-Za-z0-9_-]{8,200}(?![^\W_])")
_PHOTO = re.compile(
    r"(?<![\w/.-])[\w-]{1,80}\.(?:jpe?g|png|tiff?|heic|bmp|gif|dcm)\b|\b(?:IMG|DSC|DSCN|PXL)_?\d{3,8}\b", re.IGNORECASE
)
_DATE_LIKE = re.compile(r"(?:19|20)\d{6}|\d{1,2}-\d{1,2}-\d{2,4}|(?:19|20)\d\d-\d\d-\d\d")
_PREGNANCIES = re.compile(r"[Gg]\d{1,2}[Pp]")
_PICTURES = (".jp", ".png", ".tif", ".heic", ".bmp", ".gif", ".dcm", "img", "dsc", "pxl")
_CHARGE = re.compile(r"(?<![^\W_])(?:bc1[a-z0-9]{25,60}|[13][1-9A-HJ-NP-Za-km-z]{25,34}|0x[0-9a-fA-F]{40})(?![^\W_])")


def find_identifiers(text: str, regions: list[tuple[int, int, int]]) -> Iterator[Finding]:
    """Numbers and codes of a person, their records or things; `regions` are the text's `number_regions`."""
    yield from _labelled(text, regions)
    yield from _in_groups(text, regions)
    yield from _by_form(text, regions)
    for match in _NATIONAL_INSURANCE.finditer(text) if regions else ():
        yield Finding(*match.span(), "national_id_number", 0.8, ("pattern:number",))
    for pattern in (_REFERENCE, _SHARED):
        for match in pattern.finditer(text):
            yield Finding(*match.span("number"), "other_identifier", 0.8, ("pattern:number",))
    for match in in_regions(_OBJECT, text, regions, 6) if text.count(".") > 4 else ():
        yield Finding(*match.span(), "other_identifier", 0.8, ("pattern:number",))
    for match in _CARD_END.finditer(text):
        yield Finding(*match.span("number"), "credit_card_number", 0.8, ("pattern:number",))
    for match in _ALIGNED.finditer(text) if "," in text else ():
        if sum(map(str.isdigit, match["number"])) > 4 and not _DATE_LIKE.fullmatch(match["number"]):
            yield Finding(*match.span("number"), "medical_record_number", 0.7, ("pattern:number",))
    yield from find_vehicles(text)
    yield from _spoken(text)
    if any_in(lowered(text), _PICTURES):
        for match in _PHOTO.finditer(text):
            yield Finding(*match.span(), "photograph", 0.7, ("pattern:photograph",))


def _spoken(text: str) -> Iterator[Finding]:
    """Numbers in words, digit by digit, as they are dictated."""
    for match in _SPOKEN.finditer(text):
        type = label_before(text, match.start(), LABELS) or label_before(text, match.start(), _PHONES)
        count = len(re.split(r"[ -]", match[0]))
        if (type and count > 2) or (count >= _FEWEST_SPOKEN and not _COUNTING.match(match[0])):
            yield Finding(*match.span(), type or "other_identifier", 0.7, ("pattern:number",))


def _labelled(text: str, regions: list[tuple[int, int, int]]) -> Iterator[Finding]:
    """Values that follow a label or begin with it."""
    for match in in_regions(_VALUE, text, regions, 2):
        value = match[0].rstrip("-/.:_#")
        start, end = match.start(), match.start() + len(value)
        if _REVISED.match(text, end):
            continue
        if len(value) < 3 or (_NO_ID.fullmatch(value) and not value.isdigit() and not _PARTED.fullmatch(value)):
            continue
        digits = sum(map(str.isdigit, value))
        if digits >= 4 and value[0].isalpha() and (letters := _HEAD.match(value)) and letters[0].lower() in PREFIXES:
            yield Finding(start, end, PREFIXES[letters[0].lower()], 0.85, ("pattern:number",))
            continue
        type, certain = _label(text, start)
        if type is None and "#" in text[max(0, start - 1) : start + 1]:
            type, certain = "other_identifier", True
            if (
                digits + sum(map(str.isdigit, more[0] if (more := _SPACED.match(text, end)) else ""))
                < _FEWEST_AFTER_HASH
            ):
                continue
        is_year = (
            _YEAR.fullmatch(value) and text[start - 1] != "#" and not _ENDING.search(text[max(0, start - 12) : start])
        )
        if type is None or is_year or (_PARTED.fullmatch(value) and not (certain and type in _PARTED_TYPES)):
            continue
        if value.lstrip("#").isdigit() and (more := _SPACED.match(text, end)):
            end = more.end()
            digits = sum(map(str.isdigit, text[start:end]))
        if not _UNIT.match(text, end) and _fits(text[start:end], digits, certain):
            yield Finding(start, end, type, 0.85, ("pattern:number",))


def _in_groups(text: str, regions: list[tuple[int, int, int]]) -> Iterator[Finding]:
    """Values of several groups after an unambiguous label; the groups' digits are counted together."""
    for match in _PARTED_BY_BLANKS.finditer(text) if regions else ():
        type, certain = _label(text, match.start())
        digits = sum(map(str.isdigit, match[0]))
        is_value = match["head"] and clinical_words().knows(match["head"])
        if type and certain and digits > _FEWEST_IN_GROUPS and not is_value and not _UNIT.match(text, match.end()):
            yield Finding(*match.span(), type, 0.8, ("pattern:number",))


_FEWEST_IN_GROUPS = 3


def _label(text: str, start: int) -> tuple[str | None, bool]:
    """The type that the label before a value indicates, and whether the label is unambiguous."""
    words = words_before(text, start)
    type = lookup(words, LABELS)
    if type is None:
        return None, False
    loose = lookup(words, _LOOSE_TABLE) is not None
    marked = (
        text[max(0, start - 3) : start].rstrip(" \"'>")[-1:] in ("#", ":", "=")
        or text[max(0, start - 1) : start] == "#"
        or words[-1:] in (["no"], ["number"], ["num"])
    )
    return type, marked or not loose


_LOOSE_TABLE = dict.fromkeys(LOOSE, "")


def _fits(value: str, digits: int, certain: bool) -> bool:
    """Whether a value may be an identifier: long enough for how specific its label is."""
    if certain:
        return (digits >= 3 and len(value) >= 3) or (digits >= 2 and len(value) >= 5)
    return digits >= 4 and len(value) >= 5


def _by_form(text: str, regions: list[tuple[int, int, int]]) -> Iterator[Finding]:
    """Numbers that need no label: their form or check digit shows what they are."""
    for match in in_regions(_SSN, text, regions, 4):
        number = re.sub(r"\D", "", match[0])
        valid = len(number) == 4 or checks.ssn(number)
        yield Finding(*match.span(), "social_security_number", 0.9 if valid else 0.6, ("pattern:ssn",))
    for match in in_regions(_SSN_LOOSE, text, regions, 9):
        if label_before(text, match.start(), LABELS) == "social_security_number":
            yield Finding(*match.span(), "social_security_number", 0.9, ("pattern:ssn",))
    for match in in_regions(_CARD, text, regions, 12):
        if checks.luhn(number := re.sub(r"\D", "", match[0])):
            yield Finding(*match.span(), "credit_card_number", 0.9, ("pattern:card",))
        elif match[1] and number[0] in "3456":
            yield Finding(*match.span(), "credit_card_number", 0.6, ("pattern:card",))
    for match in in_regions(_MASKED, text, regions, 4):
        yield Finding(*match.span(), "credit_card_number", 0.6, ("pattern:card",))
    for match in in_regions(_IBAN, text, regions, 4):
        valid = checks.iban(match[0].replace(" ", ""))
        if valid or label_before(text, match.start(), LABELS) == "account_number":
            yield Finding(*match.span(), "account_number", 0.9, ("pattern:iban",))
    for match in in_regions(_VIN, text, regions, 4):
        if checks.vin(match[0]):
            yield Finding(*match.span(), "vehicle_identifier", 0.9, ("pattern:vin",))
    for match in in_regions(_DEA, text, regions, 7):
        if checks.dea(match[0]):
            yield Finding(*match.span(), "license_number", 0.9, ("pattern:dea",))
    for match in in_regions(_LONG, text, regions, 7):
        if not _UNIT.match(text, match.end()):
            known = checks.npi(match[0])
            name = "pattern:number" if known else "pattern:digits"
            yield Finding(*match.span(), "license_number" if known else "other_identifier", 0.5, (name,))
    for pattern, type in _FORMS:
        for match in in_regions(pattern, text, regions, 4):
            name = "pattern:digits" if type == "other_identifier" else "pattern:number"
            if len(set(match[0].split("-"))) == 1 and "-" in match[0]:
                continue  # a dose four times a day: 30-30-30-30
            yield Finding(*match.span(), type, 0.6, (name,))
    for match in in_regions(_TOKEN, text, regions, 4):
        digits = sum(map(str.isdigit, match[0]))
        if (
            "--" not in match[0]
            and not _PREGNANCIES.match(match[0])
            and (digits >= 5 or (digits >= 4 and len(match[0]) >= 12 and "-" not in match[0]))
        ):
            yield Finding(*match.span(), "other_identifier", 0.5, ("pattern:digits",))


_FORMS = (
    (_MBI, "health_plan_number"),
    (_ACCESSION, "specimen_number"),
    (_UDI, "device_identifier"),
    (_DONATION, "specimen_number"),
    (_UUID, "device_identifier"),
    (_CHARGE, "account_number"),
    (_CODED, "other_identifier"),
    (_OF_YEAR, "other_identifier"),
)
