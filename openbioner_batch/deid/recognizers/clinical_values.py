"""Numbers that are clinical values: doses, results, ratios, variants, codes, scores, stages, times, sizes.

A grammar of what is not an identifier. Findings of the model within such a value are rejected, and so are those of
patterns by form alone: a dose that became another number would read like a true one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid.recognizers.clinical_words import clinical_words

_NUMBER = r"\d+(?:[.,]\d+)*"
_UNITS = (
    r"(?:mg|mcg|µg|μg|ug|gm?s?|grams?|kgs?|ng|pg|m[lL]s?|cc|[dc]?L|liters?|litres?|mEq|meq|[mµu]?mol|mOsm|"
    r"[mM]?I?U|units?|"
    r"[µu]?IU|mmHg|mm|cms?|inch(?:es)?|in\b(?=[.,;)]|$)|feet|ft|lbs?|pounds|oz|ounces|%|percent|bpm|cells|copies|"
    r"cGy|Gy|Hz|kHz|MHz|dB|k?cals?|calories|Fr|French|gauge|ga|G|mA|mV|kV|kVp|watts?|[Jj]oules?|secs?|seconds|"
    r"mins?|minutes?|"
    r"hrs?|hours?|h|days?|d|wks?|weeks?|mos?|months?|yrs?|years?|degrees?|deg|°|drops?|gtts?|puffs?|tab(?:let)?s?|"
    r"cap(?:sule)?s?|pills?|doses?|vials?|amp(?:ule)?s?|patch(?:es)?|sprays?|packs?|ppd|pack-years?|beats|breaths|"
    r"points?|"
    r"steps?|times|refills?|nodes?|cores?|sections?|cycles?|fractions?|sessions?|mL/h|g/dL|k|K|x10|×10|log|METs?|"
    r"msec|ms|cmH2O|mmol/L|per\b|/(?:h|hr|min|day|d|wk|kg|m2|mm3|uL|µL|mL|dL|L|hpf|lpf)\b)"
)
OTHER_UNIT = re.compile(
    rf"[ ]?-?(?!(?:yrs?|years?|y|d|g|m|M|C|G|K|in\b|h)(?![^\W\d_])){_UNITS}(?![^\W\d_])|[ ]?(?:mm?Hg|torr|kPa|kVp?|"
    rf"watts)"
)
"""Units that never follow an age; single letters and years are left out."""
_RANGE = rf"{_NUMBER}(?:\s?(?:-|to|/|x|×|±|\+/-)\s?{_NUMBER})*"
_CODE_SYSTEMS = (
    r"(?:CPT(?:-?4)?|ICD(?:-?(?:9|10|11|O))?(?:-?(?:CM|PCS))?|HCPCS|LOINC|SNOMED(?:[ -]?CT)?|MS-?DRG|DRG|APC|NDC|"
    r"RxNorm|RXCUI|RxCUI|ATC|MeSH|OMIM|UMLS|CUI|DSM(?:-?(?:IV|5|V))?|CVX|CDT|HGNC|dbSNP|ClinVar|"
    r"ClinicalTrials(?:\.gov)?|NCT|"
    r"PMID|doi|(?:(?:diagnosis|dx|procedure|proc|billing|revenue|modifier|place of service|drug|product)[ ]codes?)|"
    r"(?<![Zz]ip[ ])(?<!ZIP[ ])(?<!ostal[ ])(?<!OSTAL[ ])(?<![Aa]rea[ ])(?<!ccess[ ])(?<!ecurity[ ])"
    r"(?<!ctivation[ ])(?<!onfirmation[ ])(?<!erification[ ])(?<!nvite[ ])(?<!hare[ ])(?<!airing[ ])codes?)"
)
_RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
_GRAMMAR = re.compile(
    rf"""(?<![^\W_])(?<!\d[.,/])(?:
    # A number with its unit: 10-12 mg, 3.0 x 18 mm, 1200000 copies, 92 F.
      (?!\d{{1,2}}/\d{{1,2}}[ ]x)[<>≤≥~±]?{_RANGE}[ ]?-?{_UNITS}(?![^\W\d_])
    | \d{{2,3}}(?:\.\d)?[ ]?°?[ ]?[FC]\b(?![ ]?[A-Z][a-z]|[./]\w)
    # Decimals, dilutions and ratios; three numbers and more that are no date; sums and signed numbers.
    | \d+\.\d+(?:\s?[-/]\s?\d+(?:\.\d+)?)*(?![.]?\d)
    | \d+(?:/\d+)*/\d+\.\d+(?:/\d+(?:\.\d+)?)*
    | \d+:\d+(?:\.\d+)?(?!\d|:\d)
    | \d+(?:\.\d+)?(?:/-?\d+(?:\.\d+)?){{3,}}
    | \d+/\d+/-\d+
    | \d(?:\s?\+\s?\d)+(?:\s?=\s?\d+)?
    # Whole and fraction, and the parts of a tablet or a solution: 24 2/7, 1/2 NS, D5 1/2NS.
    | \d{{1,3}}[ ](?:[1-9]/[2-9]|1[0-5]/16)(?![/\d])
    | (?:D\d{{1,2}}\s?)?[13]/[24]\s?(?:NS|LR|normal|strength|tab\w*|pill|cup|inch|dose|pack|ppd|bottle|pint)\b
    | (?:0|[1-9]\d*)/0\b
    # Blood pressure, strengths such as 25/100 and 800/160, acuity 20/40: a part beyond every month and day.
    | (?:(?:1[3-9]|[2-9]\d)/(?:3[2-9]|[4-9]\d)|\d{{1,4}}/(?!(?:19|20)\d\d(?!\d))\d{{3,4}}|(?:3[2-9]|[4-9]\d)/\d{{1,4}}
      |(?!(?:19|20)\d\d/)\d{{3,4}}/\d{{1,4}})(?!\d|/\d{{2,4}}|-\d)
    | 20/\d{{2,3}}(?:[+-]\d)?(?!\d|/)
    | 24/7(?![/\d]) | \d{{1,2}}/(?:7|52)(?=[ ][a-z]) | \d{{1,2}}/52(?![/\d])
    | (?<=[xX×][ ])\d{{1,2}}/(?:7|12)(?![/\d]) | \d{{2,3}}(?:-\d{{2,3}})?s(?![^\W_])
    # Pregnancies, gestation, tumour stages.
    | [GgTt]\d{{1,2}}[ ]?[PpAaSs]\d{{1,4}}(?:[-, ]?[AaLlTtSsPp]?[a-z]{{0,2}}\d){{0,3}}
    | \d{{1,2}}\s?(?:w|wk|wks|weeks?)\s?(?:\+\s?)?\d\s?(?:d|days?)?\b | \d{{1,2}}\s\d/7
    | [cpyr]{{0,2}}T(?:[0-4]|is|x)[a-d]?\s?N[0-3x][a-c]?(?:\s?M[01x])?
    # Variants of genes and proteins, alleles, karyotypes, bands.
    | (?:p\.)?[{_RESIDUES}]\d{{2,4}}(?:[{_RESIDUES}X*]|fs\S{{0,8}}|del|dup|ins[A-Z]*)(?![^\W_])
    | p\.\(?[A-Z][a-z]{{2}}\d+\S{{0,16}} | [cgmn]\.[-*]?\d+\S{{0,24}}
    | rs\d{{3,10}} | [NX][MPRCG]_\d+(?:\.\d+)?(?::\S+)?
    | (?:t|inv|del|dup|der|ins|add|trp)\([\dXY;]+\)(?:\([pq\d.;]+\))? | \d{{1,2}}[pq]\d{{1,2}}(?:\.\d+)?
    | 4[5-7],X\S{{0,24}} | HLA-[A-Z]+\d*(?:\*\d+(?::\d+)*)? | CYP\d[A-Z]\d+(?:\*\d+)*
    # Days after something, days of life, cycles, levels of the spine, hours of a schedule.
    | (?:POD|PPD|PND|PCD|PTD|POM|POW|HOD|HD|LOS|DOL|DOT|BMT|T\+|D\+|C\d+\s?D|(?:[Hh]ospital|ICU|[Pp]ost-?op(?:erative)?|
      [Pp]ost-?partum|[Vv]ent(?:ilator)?|[Cc]ycle|[Tt]reatment|[Aa]ntibiotic|abx)\s[Dd]ay|[Dd]ay\sof\s[Ll]ife|[Cc]ycle|
      [Ss]tage|[Gg]rade|[Ll]evel|[Cc]lass|[Tt]ype|[Pp]hase|[Ss]tep|[Ff]raction|[Zz]one|[Tt]ier)\s?\#?\s?
      (?:\d{{1,3}}(?:\s?[-/]\s?\d{{1,3}})?[A-Za-z]?)
    | (?i:pod)\s?\#?\s?\d{{1,3}} | [dD](?:ay)?[ ]?\d{{1,2}}/\d{{1,2}}(?![/\d])
    | [CTLS]\d{{1,2}}\s?[-/]\s?[CTLS]?\d{{1,2}}(?![^\W_])
    | [qQ]\d{{1,2}}(?:-\d{{1,2}})?(?:h|hrs?|min|d|wks?)?\b | x\d{{1,3}}\b(?!-\d{{4}})
    | \d-\d\s?x\s?/\s?\w+ | \#\d{{1,3}}(?!\d)
    | [0-2]\d[0-5]\d\s?-\s?[0-2]\d[0-5]\d(?!\d)
    # Codes recognised by their system, and those recognised by their form.
    | {_CODE_SYSTEMS}[ ]?(?:\#|:|=|is|was|of|version|v\.?|ed\.?)?[ ]?[A-Z]{{0,3}}\d[\w.-]*\w
      (?:(?:,|;|/|[ ]and|[ ]&|[ ]or|,[ ]and)?[ ]?[A-Z]{{0,2}}\d[\w.-]*\w)*
    | [A-TV-Z]\d[0-9AB]\.[0-9A-Z]{{1,4}} | NCT\d{{8}} | [A-EGHJ-MP-V]\d{{4}}(?![^\W_])
    )""",
    re.VERBOSE,
)
_MEASURE = re.compile(
    rf"(?<![^\W_])(?P<name>[^\W\d_][\w'-]{{0,16}}|[^\W\d_])"
    rf"(?:[ ](?:levels?|counts?|titers?|scores?|index|loads?|total|direct|free|serum|was|is|of|at|to|now|up|down|only|"
    rf"remains|yesterday|today|peaked|stable|high|low|elevated|normal|corrected|ionized|random|fasting|urine|RA|v\d))*"
    rf"[ \t]?[:=>,(]?[ \t]?[<>≤≥~]?(?P<value>{_NUMBER}(?:\s?(?:-|->|/|to)\s?{_NUMBER})*)(?![^\W_]|[-/.]\d)"
)
_LONGEST_RESULT = 8
"""The most characters of a result; a longer value after the name of an analyte is something else."""


_BEFORE, _AFTER = 72, 40
"""How many characters before and after a range a value that overlaps it may begin and end."""


def in_clinical_value(text: str, start: int, end: int) -> bool:
    """Whether a clinical value shares a character with [start, end)."""
    return any(first < end and last > start for first, last in _around(text, start, end))


def clinical_values(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The clinical values that share a character with [start, end)."""
    return [(first, last) for first, last in _around(text, start, end) if first < end and last > start]


def _around(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    left = max(0, start - _BEFORE)
    while left > 0 and not text[left - 1].isspace() and left < start:
        left += 1
    return _values(text, left, min(len(text), end + _AFTER))


def _values(text: str, left: int, right: int) -> Iterator[tuple[int, int]]:
    for match in _GRAMMAR.finditer(text, left, right):
        yield match.span()
    measures = clinical_words().measures
    for match in _MEASURE.finditer(text, left, right):
        name = match["name"]
        if (
            name.lower() in measures
            and name != "Ph"
            and len(match["value"]) <= _LONGEST_RESULT
            and (len(name) > 2 or not name.islower())
            and not (name.lower() == "pap" and _rises(match["value"]))
        ):
            yield match.span()


def _rises(value: str) -> bool:
    """Whether two numbers cannot be pressures, of which the lower comes last: the day of "pap 8/21"."""
    pair = re.fullmatch(r"(\d+)/(\d+)", value)
    return pair is not None and int(pair[1]) < int(pair[2])
