"""Values of a record that are not searched for in its note: they mean nothing, or would match everywhere."""

from __future__ import annotations

import re

from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.patients import NO_PATIENT

PLACEHOLDER, SHORT = REASONS = ("placeholder", "short")
"""Why a value is ignored."""
FEWEST_DIGITS = 4
"""The fewest digits of a known number; "1" and "120" occur in every note."""

_WORDS = frozenset(
    """
    anon, anonymous, applicable, as above, available, baby, baby boy, baby girl, blank, boy, brother, caregiver,
    child, confidential, daughter, declined, default, deleted, disabled, doctor, does not have, dummy, empty,
    example, f, false, family, family member, father, female, friend, girl, guardian, hidden, homeless, husband,
    infant, m, male, masked, minor, mother, multiple, n, n a, n.a., n/a n/a, n/k, name, neighbor, newborn, nfa, nk,
    nka, no, no address, no contact, no data, no email, no fax, no fixed abode, no fixed address, no information, no
    name, no one, no pcp, no phone, no value, nobody, none given, none known, none listed, none on file, none
    provided, none reported, not, not asked, not documented, not entered, not given, not interested, not known, not
    listed, not obtained, not on file, not provided, not recorded, not stated, nothing, nurse, on file, other,
    others, parent, parents, partner, patient, patient name, patient refused, pending, physician, private, provider,
    redacted, refused, relation, relative, removed, restricted, retired, same, same as above, same as patient,
    sample, see above, see chart, see emr, see note, self, sibling, sister, son, spouse, staff, student, tba, tbc,
    tbd, test, test patient, testing, to be determined, true, twin, ukn, unable to obtain, unassigned, unavailable,
    undisclosed, undomiciled, unemployed, unidentified, unkn, unknwn, unlisted, unnamed, unspecified, various, wife,
    withheld, x, xx, xxx, xxxx, y, yes, zz, zzz
    """.replace("\n    ", " ")
    .strip()
    .split(", ")
)
_COUNTS = frozenset("pt client subject case person mr mrs ms one two three four five six seven eight nine ten".split())
"""Words of invented patients and subjects of studies: "Patient One"."""
_FILLED = re.compile(r"0+|9{3,}")
"""Fillers of required fields: 000-00-0000, 9999999."""
_LETTERS = frozenset({"name", "address", "town", "county", "state", "country", "organisation", "description"})


def why_ignored(type: str, value: str) -> str | None:
    """Why a known value is not searched for, one of `REASONS`; None where it is.

    Args:
        type: of the PHI catalog.
        value: as the record holds it.
    """
    family = family_of(type)
    words = " ".join(value.casefold().split()).strip(" .:;,*\"'")
    if not any(map(str.isalnum, value)) or words in NO_PATIENT or words in _WORDS:
        return PLACEHOLDER
    if family in ("date", "age"):
        return None
    characters = "".join(filter(str.isalnum, value))
    if _FILLED.fullmatch(characters):
        return PLACEHOLDER
    if family == "name" and all(word in _WORDS | NO_PATIENT | _COUNTS for word in re.findall(r"[^\W_]+", words)):
        return PLACEHOLDER
    letters = sum(map(str.isalpha, characters))
    if family in _LETTERS:
        return SHORT if letters < 2 and len(characters) < FEWEST_DIGITS else None
    return SHORT if len(characters) < FEWEST_DIGITS else None
