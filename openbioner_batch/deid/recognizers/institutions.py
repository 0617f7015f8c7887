"""Finds names of hospitals, companies, schools and other institutions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.context import any_in
from openbioner_batch.deid.recognizers.lexicon import lexicon
from openbioner_batch.deid.searching import Anchored

_HEADWORD = (
    r"(?:Hospital|Hospitals|Medical[ ](?:Center|Centre|Group|Associates|Clinic|College)|Clinic|Clinics|"
    r"Health[ ](?:Center|Centre|System|Services|Care|Clinic|Partners|Network)|Healthcare|Infirmary|Hospice|"
    r"Nursing[ ](?:Home|Facility|Center)|Rehabilitation(?:[ ](?:Center|Hospital|Institute))?|Rehab(?:[ ](?:Center|"
    r"Hospital))?|Care[ ](?:Center|Centre|Home|Facility)|Cancer[ ](?:Center|Institute)|Surgery[ ]Center|"
    r"Surgical[ ]Center|"
    r"Imaging(?:[ ](?:Center|Associates))?|Laborator(?:y|ies)|Pharmacy|Dialysis(?:[ ]Center)?|Assisted[ ]Living|"
    r"Retirement[ ](?:Home|Center|Community)|Manor|Sanatorium|Institute|Psychiatric[ ]Center|Heart[ ]Center|"
    r"Eye[ ]Center|"
    r"Children['’]s[ ](?:Hospital|Medical[ ]Center)|Veterans[ ](?:Hospital|Affairs)|Urgent[ ]Care|"
    r"Family[ ](?:Practice|Medicine|Health))"
)
_FACILITY = Anchored(
    rf"(?<![^\W_])(?:(?:St|Mt|Ft)\.?[ ])?[A-Z][A-Za-zÀ-ÿ'’&-]{{1,24}}(?:[ ](?:(?:of|the|and|for|"
    rf"de)[ ]){{0,2}}(?:St\.[ ])?[A-Z][A-Za-zÀ-ÿ'’&-]{{0,24}}){{0,5}}?[ ]{_HEADWORD}\b(?:[ ]{_HEADWORD}\b)?"
)
_FACILITY_CAPITALS = Anchored(
    r"(?<![^\W_])(?:ST\.? )?[A-Z'’-]{3,20}(?: [A-Z'’-]{3,20})? "
    r"(?:HOSPITAL|MEDICAL CENTER|CLINIC|HEALTH CENTER|NURSING HOME|REHABILITATION CENTER)\b"
)
_COMPANY = Anchored(
    r"(?<![^\W_])[A-Z][A-Za-z0-9'’&-]{1,24}(?:,?[ ](?:&[ ]|and[ ]|"
    r"of[ ])?[A-Z][A-Za-z0-9'’&-]{0,24}){0,3}?,?[ ](?:Inc|LLC|L\.L\.C|Corp|Corporation|Ltd|Limited|GmbH|PLC|Co|"
    r"Company|Industries|Enterprises|Technologies|Logistics|"
    r"Holdings|Solutions|University|College|School|High[ ]School|Elementary|Church|School[ ]District|Preschool|"
    r"Montessori|"
    r"Daycare|Academy|Transit|Roofing|Construction|Landscaping|Trucking|Plumbing|Bakery|Diner|Motors|Farms|Foods)\b\.?"
)
_EMPLOYED = Anchored(
    r"(?:\b(?i:employed[ ](?:by|at|with)|works?[ ](?:at|for)|worked[ ](?:at|for)|working[ ](?:at|for)|retired[ ]from|"
    r"employer(?:[ ]name)?[\"']?[ ]?[:=]|employer[ ]name=|employee[ ]of|company[\"']?[:=]|organization[\"']?[:=]|"
    r"unternehmen:|(?<=[.;:,]\s)(?-i:Employer)|student[ ]at|job[ ]at|supervisor[ ]at|manager[ ]at)[ \"'>]{1,3}|"
    r"\bDr\.?[ ][A-Z][a-z'-]{1,20}(?:[ ][A-Z][\w'-]{0,20}\.?){0,2},?[ ](?:at|of|from|with)[ ])"
    r"(?:the[ ])?(?P<name>[A-Z][A-Za-z0-9'’&.-]{1,24}"
    r"(?:(?<![a-z]\.)[ ](?:&[ ]|and[ ]|of[ ])?[A-Z][A-Za-z0-9'’&-]{1,24}){0,4})",
)
_INSTITUTIONS = (
    (
        _FACILITY,
        "healthcare_facility",
        tuple(
            "Hospital Medical Clinic Health Infirmary Hospice Nursing Rehab Care Cancer Surg Associates Physicians "
            "Pediatrics Orthopedics Imaging Laborator "
            "Pharmacy Dialysis Living Retirement Manor Sanatorium Institute Center Veterans Family".split()
        ),
    ),
    (_FACILITY_CAPITALS, "healthcare_facility", ("HOSPITAL", "CENTER", "CLINIC", "NURSING")),
    (
        _COMPANY,
        "employer_name",
        tuple(
            "Inc LLC L.L.C Corp Ltd Limited GmbH PLC Co Industries Enterprises Technologies Logistics Holdings "
            "Solutions University School Elementary Church Preschool Montessori Daycare Academy Transit Roofing "
            "Construction Landscaping Trucking Plumbing Bakery Diner Motors Farms Foods".split()
        ),
    ),
)
_PAYERS = frozenset(
    "medicare medicaid tricare self none private commercial blue cash uninsured pending unknown va workers auto "
    "no yes".split()
)
"""Insurances that many people have, or none."""
_PROPER = r"(?:The[ ])?[A-Z][a-z'’-]{1,24}(?:[ ](?:of[ ]|the[ ])?[A-Z][a-z'’-]{1,24}){0,3}"
_TERSE = Anchored(
    r"\b(?:SNF|ALF|ILF|HHA|NH|LTACH?|OSH|VNA|HH|[Pp]harm(?:acy)?|PHARM|[Ff]acility)[ ]?[:=@]?[ ]"
    rf"(?P<after>{_PROPER})|(?:\b(?i:fr|from|to|at|via)|@)[ ](?P<before>{_PROPER}[ ](?:ED|ER|SNF|ALF|NH|Hosp|MC|VA|"
    rf"Med[ ]Ctr))\b|\b(?P<ship>(?:USS|USNS|HMS)[ ][A-Z][a-z]+)|"
    rf"(?:\b(?:Ins|Insurance|INS|Payer|Payor|Carrier|Insurer)\.?[ ]?:[ ]?)(?P<payer>{_PROPER})"
    rf"|(?:\bDr\.?[ ][\w.'’ -]{{2,30}},[ ]|\b(?:at|from|of|GP|cc)[: ]{{1,2}})(?P<surgery>(?:The[ "
    rf"])?[A-Z][a-z'’-]+(?:[ ][A-Z][a-z'’-]+)?[ ]"
    r"(?:Surgery|Practice|Health[ ]Centre))\b"
    r"|\b(?P<shop>(?:CVS|Walgreens|Rite[ ]Aid|Kroger|Walmart|Costco|Safeway|Publix|Target|Boots)(?:[ ]Pharmacy)?[ "
    r"](?:on|at|in)[ ][A-Z0-9][\w'’-]*(?:[ ][A-Z][\w'’-]*)?)"
    r"|\b(?P<order>(?:Sisters|Daughters|Brothers|Our[ ]Lady)[ ]of[ ](?:the[ ])?[A-Z][a-z]+(?:[ ][A-Z][a-z]+)?)"
)
"""Institutions in shorthand: "SNF = The Larches", "fr Kettering Valley ED"."""
_LETTERHEAD = re.compile(
    r"(?:M\.?D\.?|D\.?O\.?|N\.?P\.?|PA-C|RN|MBBS|Ph\.?D\.?)\n(?P<letterhead>[A-ZÀ-Ž][^\n:\d]{3,48})"
    r"\n(?=(?i:pager|pgr|beeper|tel|phone|fax|p\.?o\.?[ ]box|\d{1,5}[ ][A-Z]))"
)
"""The line between a signature and an address or a telephone."""
_PROPER_NAME = (
    r"(?:The[ ]|La[ ]|El[ ]|Le[ ]|(?:St|Ste|Mt|Ft)\.?[ ])?[A-Z][a-z'’-]{1,24}(?:[ ](?:of[ ]|the[ ]|of[ ]the[ ]|&[ ]|"
    r"and[ ])?[A-Z][a-z'’-]{1,24}){0,3}"
)
_OCCUPATION = (
    r"(?:works?|working|worked|employed|job|chef|cook|waiter|waitress|server|cashier|barista|bartender|driver|trucker|"
    r"teacher|janitor|custodian|roofer|"
    r"plumber|welder|clerk|guard|mechanic|electrician|carpenter|painter|dishwasher|housekeeper|receptionist|student|"
    r"aide|foreman|machinist|stylist|"
    r"groundskeeper|landscaper|baker|butcher|librarian|coach|nanny|secretary|accountant|lawyer|engineer|supervisor|"
    r"manager|mgr|owner)"
)
_CALLED_PLACE = Anchored(
    rf"\b(?:(?i:{_OCCUPATION})[ ](?:@|at|for|with|in)[ ]?|(?i:{_OCCUPATION})[ ]\(|\b(?i:[Ss]chool|daycare|day[ ]care|"
    rf"preschool|pre-k|nursery|kindergarten|college|"
    r"gym|shelter|church|parish|mosque|temple|synagogue|funeral[ ]home|mortuary|hospice|agency|group[ ]home|"
    r"care[ ]home|rest[ ]home|nursing[ ]home|hostel|home[ ]health|"
    r"charity|employer|attends|goes[ ]to|enrolled[ ]at|staying[ ]at|resides[ ]at|placed[ ]at|mail[ ]c/o|c/o|"
    r"detox[ ]at|rehab[ ]at|transport(?:ation)?(?:[ ]by|[ ]via)?|ride[ ]via|"
    r"DME|vendor|lab[ ]corp|insurance|payer)[ ]?[:=(]?[ ]?)"
    rf"(?P<name>{_PROPER_NAME})(?![^\W_]|['’])"
)
"""A name after an occupation or a kind of institution: "chef @ The Gilded Perch", "daycare (Tiny Acorns)"."""
_ALONE = re.compile(r"(?:\A|[.;:,|\n(])[ ]*\Z")
"""Before the first word of a clause."""
_SPECIALIST = Anchored(
    r"(?:\b(?:[Cc]c|CC|at|from|to|with)[: ]{1,2}|@[ ]?|"
    r",[ ])(?P<name>[A-Z][a-z'’-]{2,24}(?:[ ][A-Z][a-z'’-]{2,24})?[ ](?:Cardiology|Oncology|Urology|Nephrology|"
    r"Neurology|Dermatology|Ortho(?:pa?edics)?|Pediatrics|Paediatrics|Radiology|Gastroenterology|Pulmonary|"
    r"Rheumatology|Endocrinology|Psychiatry|"
    r"Eye[ ]Care|Dental|Podiatry|OB/GYN|Women['’]s[ ]Health|Physical[ ]Therapy|PT|Home[ ]Health|HH|Hospice|ENT|GI|"
    r"Labs?|Imaging|Drug|Drugs|Pharmacy))(?![^\W_])"
)
"""A practice by a proper name and its field: "cc Tidewater Oncology"."""
_NOT_CALLED = frozenset(
    """night nights days day part full time home work school risk bedside least most once first all her his their our
    my this that these those a an the and or with without no not also who mom dad mother father wife husband
    sister brother son daughter parent parents family friend friends aunt uncle patient pt she he they we you it
    iv po im sq ng peg picc nasal mask phone fax email text mail video telehealth zoom interpreter ambulance ems
    taxi bus car wheelchair stretcher monday tuesday wednesday thursday friday saturday sunday aa na therapy
    counseling dialysis meds chart""".split()
)
GENERIC = frozenset(
    """the this that our your their his her a an general outpatient inpatient emergency pain cardiology surgery
    surgical medical hospital clinic center local outside same day ambulatory primary care family community
    psychiatric rehabilitation rehab physical therapy home acute oncology urology neurology dermatology
    orthopedic orthopaedic ent eye dental wound diabetes diabetic anticoagulation coumadin skilled nursing
    patient discharge admission mri ct magnetic resonance diagnostic radiology nuclear medicine laboratory
    pathology pediatric obstetric gynecology pulmonary gi gastroenterology vascular renal hemodialysis dialysis
    imaging perfusion assessment plan course history and of previous prior current to at in from for on by was
    is with during after before department departments service services ward wards floor office headache sleep
    memory infusion foot allergy asthma hiv preadmission preoperative follow-up followup brief critical
    intensive weighted breast cardiac doppler diffusion hospice respiratory health urgent veterans continue
    start social occupational vocational recommend drug further he she they i we anesthesia high school college
    operating radiology theater date name procedure diagnosis impression""".split()
)
"""Words that are not part of an institution's or a town's proper name."""


_SPECIALTIES = frozenset(
    "interventional radiation palliative geriatric addiction sports internal behavioral maternal neonatal "
    "inpatient adult benign gyn "
    "plastic oral hand spine thoracic colorectal bariatric transplant maxillofacial trauma endocrine robotic "
    "elective open "
    "major minor best standard private group general nurse clinical good usual scope current".split()
)
_NO_NAMES = (GENERIC | _SPECIALTIES | lexicon().not_names, GENERIC | _PAYERS | lexicon().not_names)
"""Words that never begin a proper name; for an insurance where the index is true."""


def find_institutions(text: str) -> Iterator[Finding]:
    """Proper names of facilities, companies, schools and employers."""
    for pattern, type, words in _INSTITUTIONS:
        for match in pattern.finditer(text) if any_in(text, words) else ():
            start = match.start()
            parts = match[0].split()
            while parts and _is_generic(parts[0], pattern):
                start += len(parts[0]) + 1
                parts = parts[1:]
            if any(not _is_generic(word, pattern) for word in parts[:-1]):
                yield _institution(start, _without_dot(match[0], match.end()), type)
    for match in _TERSE.finditer(text):
        name = str(match.lastgroup)
        named = match[name].removeprefix("The ").split()
        first = named[0].lower()
        if name in ("shop", "order") or not (first in _NO_NAMES[name == "payer"] or clinical_words().knows(named[0])):
            yield _institution(
                *match.span(name), "organization" if name in ("ship", "payer") else "healthcare_facility"
            )
    for match in _LETTERHEAD.finditer(text):
        yield _institution(*match.span("letterhead"), "healthcare_facility")
    yield from _called(text)
    for match in _EMPLOYED.finditer(text):
        if match["name"].split()[0].lower() not in GENERIC:
            yield _institution(match.start("name"), _without_dot(match["name"], match.end("name")), "employer_name")


def _called(text: str) -> Iterator[Finding]:
    """Institutions whose names do not show their kind, by the words before them."""
    for match in _CALLED_PLACE.finditer(text):
        cue = match[0][: match.start("name") - match.start()]
        if (
            cue[0].isupper()
            and cue.rstrip()[-1] not in ":=(@"
            and not _ALONE.search(text[max(0, match.start() - 3) : match.start()])
        ):
            continue  # within a title: "Nursing Home Residents", "National Health Insurance Big Data"
        first = match["name"].removeprefix("The ").split()[0]
        known = clinical_words().knows(first) or first.lower() in _NOT_CALLED or first.lower() in _NO_NAMES[1]
        if not known or (
            len(match["name"].split()) > 1 and first.lower() not in _NOT_CALLED and not _all_known(match["name"])
        ):
            yield _institution(*match.span("name"), "organization")
    for match in _SPECIALIST.finditer(text):
        first = match["name"].split()[0]
        if not (clinical_words().knows(first) or first.lower() in _NO_NAMES[0]):
            yield _institution(*match.span("name"), "healthcare_facility")


def _all_known(name: str) -> bool:
    return all(clinical_words().knows(word) or word.lower() in GENERIC | lexicon().not_names for word in name.split())


def _is_generic(word: str, pattern: Anchored) -> bool:
    """Whether a word is not part of an institution's proper name; more words are not in a text of capitals."""
    bare = word.lower().strip("'’.,")
    return bare in GENERIC or (pattern is _FACILITY_CAPITALS and bare in lexicon().not_names)


def _without_dot(name: str, end: int) -> int:
    """The end of a name without the full stop of its sentence; the dot of "Inc." belongs to it."""
    return end - 1 if name.endswith(".") and not name.endswith(("Inc.", "Corp.", "Ltd.", "Co.", "L.L.C.")) else end


def _institution(start: int, end: int, type: str) -> Finding:
    return Finding(start, end, type, 0.6, ("pattern:place",))
