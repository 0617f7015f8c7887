"""Runs all pattern recognizers on one text.

They are our own and need only `re`. Presidio's were measured first: importing them brings spaCy along (9 s and
400 MB on one core), its URL and telephone recognizers alone do 280 and 370 notes of 3 kB a second, and its licence
pattern takes "BP118" and "x2" for numbers.
"""

from __future__ import annotations

from openbioner_batch.deid.dates import DateMention
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.ages import find_ages
from openbioner_batch.deid.recognizers.contacts import find_contacts
from openbioner_batch.deid.recognizers.context import number_regions
from openbioner_batch.deid.recognizers.date_context import find_personal_dates
from openbioner_batch.deid.recognizers.event_dates import find_event_dates
from openbioner_batch.deid.recognizers.hl7 import coded_fields, find_hl7
from openbioner_batch.deid.recognizers.identifiers import find_identifiers
from openbioner_batch.deid.recognizers.people import find_people
from openbioner_batch.deid.recognizers.places import find_places
from openbioner_batch.deid.recognizers.signatures import find_signatures
from openbioner_batch.deid.recognizers.spelled import find_spelled
from openbioner_batch.deid.recognizers.staff_codes import find_staff_codes
from openbioner_batch.deid.recognizers.tables import find_tables
from openbioner_batch.deid.recognizers.terse_dates import find_terse_dates


def find_patterns(text: str, dates: list[DateMention]) -> list[Finding]:
    """Findings by forms in the text and the words around them; they may overlap.

    Args:
        text: the note.
        dates: the text's `dates.find_dates`, which are compared with known dates too.
    """
    regions = number_regions(text)
    found = [
        *find_personal_dates(text, dates),
        *find_terse_dates(text),
        *find_event_dates(text),
        *find_ages(text),
        *find_contacts(text, regions),
        *find_identifiers(text, regions),
        *find_places(text, regions),
        *find_people(text),
        *find_staff_codes(text, regions),
        *find_signatures(text),
        *find_spelled(text),
        *find_tables(text),
    ]
    if coded := coded_fields(text):
        found = [one for one in found if not any(start <= one.start and one.end <= end for start, end in coded)]
    return [*found, *find_hl7(text)]
