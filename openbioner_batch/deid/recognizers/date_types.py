"""The type of a date: of birth, admission, discharge, death, or something else in a person's life."""

from __future__ import annotations

from openbioner_batch.deid.recognizers.context import words_before

CUES = {
    "birth_date": "dob birth born birthday birthdate dateofbirth yob b geb geboren geburtsdatum geburtstag né née ddn "
    "naissance nacido nacida nacimiento fdn nato nata nascita nascido nascida nascimento geboortedatum född født",
    "admission_date": "admission admit admitted hospitalized hospitalised adm doa arrived arrival",
    "discharge_date": "discharge discharged released dc d/c d/c'd dc'd",
    "death_date": "death died deceased expired pronounced dod autopsy",
    "personal_date": "visit exam examination service surgery procedure operation seen collected received reported "
    "signed dictated transcribed study scan dos test printed follow appointment onset started stopped evaluated shift "
    "biopsy dated updated created modified effective encounter consultation consult filed issued comparison lmp",
}
TYPE_OF_CUE = {cue: type for type, cues in CUES.items() for cue in cues.split()}


def date_type(text: str, start: int) -> str:
    """The type that the nearest cue before a date indicates, "personal_date" without one.

    A cue counts within a line, without a digit, semicolon or bar between it and the date.
    """
    line = (
        text[text.rfind("\n", max(0, start - 64), start) + 1 : start]
        if "\n" in text[max(0, start - 64) : start]
        else None
    )
    words = words_before(text, start)
    if line is not None and line.strip():
        words = words_before(line, len(line))
    for word in reversed(words):
        if (type := TYPE_OF_CUE.get(word)) is not None:
            return type
    return "personal_date"
