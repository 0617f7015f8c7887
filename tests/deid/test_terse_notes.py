"""What terse notes of many wards say of people, beds, days and numbers, and what in them is none of it.

Each kind has its instances, and the clinical sentences that look like it.
"""

from __future__ import annotations

import pytest
from deid.found import PATTERNS, assert_found, shown

from openbioner_batch.deid.finder import Finder, FinderSettings
from openbioner_batch.records import Span

CLINICIAN, PATIENT, RELATIVE, PERSON = "clinician_name", "patient_name", "relative_name", "person_name"


def c(name: str) -> str:
    return f"<{CLINICIAN}>{name}</{CLINICIAN}>"


def room(value: str) -> str:
    return f"<room_number>{value}</room_number>"


def day(value: str, type: str = "personal_date") -> str:
    return f"<{type}>{value}</{type}>"


NAMES_AFTER_ROLES = (
    f"HCA {c('Bev')} did obs, SHO {c('Kemi')} bleeped",
    f"F1 {c('Tolu')} to cannulate",
    f"ENP {c('Babs')}: lac closed",
    f"Porter {c('Dougie')} took her down",
    f"enf. {c('Rosângela')} e téc. {c('Wesley')}",
    f"vpk {c('Femke')} belt terug",
    f"Pflege {c('Anja')} informiert",
    f"S/N {c('Chidinma')} escorted",
    f"nurse mgr {c('Oduya')} aware",
    f"hubby <{RELATIVE}>Reg</{RELATIVE}> upset",
    f"Tochter <{RELATIVE}>Silke</{RELATIVE}> angerufen",
    f"hija <{RELATIVE}>Maribel</{RELATIVE}> presente",
    f"nan <{RELATIVE}>Doreen</{RELATIVE}> in custody",
    f"trooper <{PERSON}>Maddox</{PERSON}> at bedside",
    f"caseworker <{PERSON}>Lindy</{PERSON}> called",
    f"pilot <{PERSON}>Hal</{PERSON}>, flight RN {c('Cass')}",
    f"<{PATIENT}>Pettibone</{PATIENT}> rotated, no PTX",
    f"Appeal by us re <{PATIENT}>Delacroix</{PATIENT}>.",
)
NO_NAMES_AFTER_ROLES = (
    "RN Notified. NP Swab sent. PCA Dilaudid 0.2. Charge Nurse Aware.",
    "Resident Assessment done; Driver Training; Para Aortic nodes",
    "Case Manager Note. Tech Present. SHO Will review",
    "Agent Orange exposure. Attending Addendum. Medic Alert bracelet on",
    "Still denies pain. Overnight slept well. Reportedly refused meds",
    "re: K 5.9, re Ozempic, re: BP",
)
BEDS = (
    f"{room('7A')} <{PERSON}>Diane Pruitt</{PERSON}> | {room('7B')} <{PATIENT}>Zamora</{PATIENT}> | {room('8')} empty",
    f"Beds: {room('A2')} <{PATIENT}>Chaudhry</{PATIENT}> (abx), {room('A3')} <{PATIENT}>Dobbs</{PATIENT}> (home)",
    f"By {room('bed: C3')} <{PATIENT}>ABARA</{PATIENT}> BNO. {room('C4')} <{PATIENT}>ABARO</{PATIENT}> NBM",
    f"{room('3')}. Mr <{PATIENT}>Hale</{PATIENT}> - cath\n{room('4')}. Mrs <{PATIENT}>Oduya</{PATIENT}> - echo",
    f"HD in {room('chair 17')}, K 4.1",
    f"Pt in {room('hallway bed 3')}",
    f"Roomed {room('B14')} at 1510",
    f"{room('Zi. 217')}, RR 130/70",
    f"{room('hab. 308')}, caída",
    f"{room('Chambre 12')}, TA ok",
    f"{room('Leito 7-B')}: FC 88",
    f"{room('Kamer 214')}, RR goed",
    f"OR {room('7')}: surg in room",
    f"{room('Rm 9')} <{PATIENT}>Fitch</{PATIENT}> 1:1",
    f"{room('chair 12')} <{PATIENT}>Tuttle</{PATIENT}>, dry wt 68",
)
NO_BEDS = (
    "Bed 4 bath given; chair rise 2; hall walk x2; resus 2 L NS",
    "POD1 THA wbat | POD2 TKA | POD3 CABG off pressors | 8 empty canisters",
    "A1 Pulley release. A2 Intact. C3 Root. C4 Root. B12 Low.",
    "T3 Elevated. T4 Normal. L4 Laminectomy; L5 Foraminotomy",
    "1. Lasix 40 2. Coreg 3. Encourage fluids",
    "1. Tylenol 650\n2. Encourage fluids\n3. Elevate legs",
    "OR 2.1 (1.1-3.0); OR 2 h later; mean age of ward 84",
)
SIGNED = (
    f"0900 metop 25 held {c('sjw')}; 1300 APAP 650 {c('sjw')}; 2100 trazodone refused {c('rbk')}",
    f"0600 250 400 {c('RSV')}\n1400 300 150 {c('RSV')}\n2200 180 500 {c('MJP')}",
    f"Vetted {c('RCB')}, verified {c('HS-M')}",
    f"spec hemolyzed, redraw {c('JPM')}",
    f"Init: {c('CWK')}/{c('LMC')}. Wt 71.2",
    f"Radiog: {c('TJK')}. Exam done",
    f"{c('GHT')}/<username>mlk</username> D: {day('9/12')} T: {day('9/13')}",
    f"Dictated not read, {c('GHT')}",
    f"FHR 171. Tech {c('KBQ')}. EDD set",
    f"rpt by {c('LDN')} @ 1900",
    f"All well, agrees with plan. {c('JBQ')}",
    "called by tech <username>dlr4</username>",
    "opened by <username>t.okafor</username>",
    "<username>rn_tmwangi</username> opened the chart",
    "prior edit <username>cmurray3</username>",
    "seen <username>hbrandt2</username> note",
)
NOT_SIGNED = (
    "0900 held HR 52; 1300 given po; 2100 refused",
    "Init dose 5 mg, init BP 90; DFE: flat; verified OK; checked INR",
    "stage3 CKD, grade2 SEM, hour24, week12, covid19, step1 done",
    "read as neg. Signed electronically. Plan: NPO",
    "RB lead; drawn AM; counted 4x4; cut XS; scanned RLE",
    "E. coli, s.aureus, b.i.d. Dictated but not read",
)
DAYS = (
    f"Eloped {day('6-30')} w IV in situ",
    f"Adm {day('2-9')}, extubated {day('2-13')}, d/c {day('2-20')}.",
    f"last fill {day('05.30')}, next {day('09.30')}; A1c 7.9",
    f"INR {day('3/3')} 2.1, {day('3/10')} 3.4, {day('3/17')} 2.8",
    f"INR {day('1/2')} 2.3 (4 mg), {day('8/2')} 3.9 (3 mg), {day('15/2')} 2.6",
    f"2nd try 4:40 {day('6/20')}, busy",
    f"Evolução {day('07/set')} 10h afebril",
    f"away until {day('the twenty second')}",
    f"Scratch that, {day('the eleventh')}, wrong arm",
    f"date of birth {day('seven seven forty one', 'birth_date')}",
    f"fell on {day('St Stephen’s Day')}",
    f"Entlassung {day('12.9.')}, CRP 45",
    f"seen on {day('Boxing Day')} and {day('Nowruz')}",
)
NO_DAYS = (
    "EF 35-40, RVSP 6-30 mmHg, seen 3-4 x/wk, placed 2-3 with assist",
    "Started 6-30 min before; last 2-3 days; called 2-3 times; fell 2-3 times",
    "pain 4/10 0800, 6/10 1200; strength 3/5 4, 4/5 5",
    "on the second toe; from the eleventh rib; until the twelfth week",
    "last 0.05 mg; next 1.5 h; seen 2.5 cm; LMP 6/52 ago",
    "natal cleft; lent him a walker; 10 reps/set",
)
NUMBERS = (
    "band <other_identifier>TQX 4402</other_identifier>, O neg",
    "seaman's bk <passport_number>FI 889201</passport_number>",
    "ref no <other_identifier>9 44 1207</other_identifier> pending",
    "PA <other_identifier>2024-778130</other_identifier> denied",
    "inmate no <other_identifier>44120-019</other_identifier>",
    "veh <license_plate>KVX-4417</license_plate>",
    "tail <license_plate>N418ZQ</license_plate>, LZ set",
    "van <license_plate>RTG-918</license_plate>",
    "Crew <vehicle_identifier>MK417</vehicle_identifier>",
    "@ <phone_number>555-0197 x331</phone_number>",
    "tél <phone_number>01 99 00 27 45</phone_number>",
    "Eircode <zip_code>H91 X0Y0</zip_code>",
    "<street_address>Deichstr. 9</street_address>, <zip_code>26721</zip_code> <city>Lüttenburg</city>",
    '{"age":<age_over_89>95</age_over_89>,"prov":"<clinician_name>hbrandt2</clinician_name>"}',
    '<note room="<room_number>512</room_number>" wt="81">',
    "PT=<patient_name>Ines Galvao</patient_name>;RM=<room_number>318</room_number>;K=4.1",
    "RM=<room_number>318</room_number>;AGE=<age_over_89>94</age_over_89>;K=4.1",
    "prison no. <other_identifier>A4417CX</other_identifier>, C wing <room_number>cell 3-14</room_number>",
    "<room_number>DORM E-2</room_number>, tooth pain",
    "Mrs <patient_name>Halloran</patient_name>, <age_over_89>95</age_over_89> last week, well",
    "<patient_name>Jane Roe</patient_name> OOB to chair 2 hours, NPO",
    'Hx "<age_over_89>98</age_over_89> F fall". CT neg',
)
NO_NUMBERS = (
    "serial troponins 14 22 19; NSS 500 1000; band 3 protein; bands 10",
    "van 20 mg; CAR T19 cells; reg diet 1800 ADA; tail vein 22G; crew cut",
    "0600 25 40 50 60; glucose 101 120 140; ref range 10 20 30",
    "Cefazolin 2 g, Novalgin 30-30-30-30",
    "EF=35; PT=13.2; INR=1.1; PA=40; RN=aware",
    "temp 98 F oral; T 98 F",
    "grp 2 PH; grp B strep; lab no change; T cell 3-6 %; T cell 10-15; cell count 400; BP 120, 98 last week",
)
INSTITUTIONS = (
    "chef @ <organization>The Gilded Perch</organization>, burn 4%",
    "RSV at daycare (<organization>Tiny Acorns</organization>)",
    "mail c/o <organization>Open Door Mission</organization>",
    "roofer (<employer_name>Apex Roofing</employer_name>) fell",
    "Ride via <organization>Wheelers Van Lines</organization>.",
    "note for <employer_name>Sunny Days Preschool</employer_name>.",
    "ped vs auto at <street_address>Main & 4th</street_address>, GCS 7",
    "Cc <healthcare_facility>Tidewater Oncology</healthcare_facility>.",
)
NO_INSTITUTIONS = (
    "works Nights; attends AA; via PEG; school OK; c/o Pain; daycare Yes",
    "d/w Radiation Oncology; from Interventional Radiology; to Outpatient Cardiology",
    "in Physical Therapy; at Bedside; via Nasal cannula",
)
NO_PAPERS = (
    "Moved 4 extremities well; assigned 1 : 1 to placebo; assigned to 6 cycles of platinum",
    "inhibited by EGR1 and activated by FPR1; protein kinase31 and alpha1 leads to 3- or alpha1",
    "given with the agent. Furthermore, the effect fell; traction via Gardner-Wells tongs; induced via Emodin",
    "Twin B, cardiac activity normal; pairs of twins (P < .05); initial GEO database; assigned to 40 raised cages",
    "Micronase 2.5 mg PO QAM #30; Amoxil 500 mg PO Daily #30; 1 tab PO Tid #90",
    "Coxsackievirus B4: an underestimated pathogen; prostaglandin E1: role of monoamines; concentrated by (NH4)2SO4",
    "closed with Alfred clamps, with Erich arch bars; measured by ELISA and sorted; via Principal Component Analysis",
    "Urine in Nursing Home Residents; National Health Insurance Big Data; the Transport Proteins as Regulators",
    "by the TOVA Continuous Performance Test; the Alberta Stroke Program score",
)
NO_QUANTITIES = (
    "up in chair x2, bed alarm x1, stretcher X3; RV 0.5V@0.4ms, LV 0.75V@0.4, A 1.25V@0.5",
    "D50 50CC IV push; P95 12HR; B12 low; Hip and 3rd toe; pain at Knee and 2nd toe",
    "Needle entered L4 interspace; signed T1 series; message B12 low; released S1 nerve; tech T2 map; prior M1 disease",
    "PT=13.2;INR=1.1;BED=flat;BY=mouth;MD=aware;USER=none;RN=1:1",
    '{"age": 45, "bed": "flat", "by": "mouth", "pt": 13.2, "md": "aware"}',
    "sent by FAX; obtained by ABG; given by IVP; since the fifteenth session; until the thirtieth minute",
    "Diet reg 2000 ADA; hit by car 45 MPH; struck by van 30 KPH; off truck 10 FT; vessel CTO1 2VD",
    "Visual acuity R: 20/20 L: 20/25; strength R: 4/5, A: 5/5; T: 5/6 teeth",
    "Pain 14:30 5/10, 18:00 3/10. BP 10:00 12/8, 14:00 13/9.",
    "Squats 10/set, 3 sets; K this am 3.5. Repeat; RR 1.2. CI 1.1; ETT Fr 7.5. Do 2.5. So 4.2.",
    "PSA prev 10.04, now 8.2; PSA last 11.05; Hgb since 10.02",
    "OOB to chair 2 hours; up in chair 30 min; ambulated in hallway 200 feet; walked hall 150 ft x2",
    "theatre 2 hours; incubator 34 C; stretcher 15 min; bed 2 hours; floor 3 exercises; station 0; crew 2 members",
    "Neuro checks at 08 10 12 14 16. Vitals 06 10 14 18 22",
    "1400 Settled.\n1500 Voided.\n1600 Asleep.\n2200 Medicated.\n1200 Started",
    "Coverage denied. Site rotated. Supper refused. Resident refused. Parent denies. Tech QA.",
    "started 5-10. ordered 1-2. called 2-3. Plt fell 8-10, replaced 2-4. drawn 8-10.",
)
SPELLED = (
    "that is <person_name>K U C E R A</person_name> medical record",
    "spelled <person_name>papa india alpha</person_name> period",
    "name spelled <person_name>S-Z-A-B-O</person_name>, age 40",
)
NOT_SPELLED = ("A B C D E approach; R R R no M R G; C D I", "alpha thal, delta gap, kilo 81, echo EF 60, victor")


@pytest.mark.parametrize("note", [*NAMES_AFTER_ROLES, *BEDS, *SIGNED, *DAYS, *NUMBERS, *INSTITUTIONS, *SPELLED])
def test_identifiers_of_terse_notes(note: str) -> None:
    assert_found(note)


@pytest.mark.parametrize(
    "note",
    [
        *NO_NAMES_AFTER_ROLES,
        *NO_BEDS,
        *NOT_SIGNED,
        *NO_DAYS,
        *NO_NUMBERS,
        *NO_INSTITUTIONS,
        *NO_PAPERS,
        *NO_QUANTITIES,
        *NOT_SPELLED,
    ],
)
def test_clinical_sentences_that_look_like_them(note: str) -> None:
    assert shown(note, Finder(PATTERNS).find(note)) == []


def found_by_the_model(note: str, value: str, type: str) -> list[tuple[str, str]]:
    """What is left of a finding of the model alone."""
    start = note.index(value)
    finder = Finder(FinderSettings(recognizers=("model",)))
    return shown(note, finder.find(note, None, [Span(start, start + len(value), type, 0.8, value)]))


@pytest.mark.parametrize(
    ("note", "value", "type"),
    [
        ("Hickman flushed, Groshong capped, Huber 20g.", "Hickman", PERSON),
        ("Graves, TRAb 8.1, Burch-Wartofsky 35, Plummer nails, Pemberton neg.", "Graves", PERSON),
        ("Brodsky 3+, Cottle +, Epley x2, Weber mid, Rinne +.", "Weber", PERSON),
        ("Bohr, Haldane, Starling, Laplace revised.", "Bohr, Haldane, Starling, Laplace", PERSON),
        ("Nissen 360, Toupet 270, Heller, Lichtenstein 15x10.", "Heller", "location"),
        ("Oma, 94 Jahre, Foley-Katheter, Rollator", "Jahre", PERSON),
        ("Gehstock weg, Katheter liegt", "Katheter", PERSON),
        ("Acude a cita, matrona avisada", "cita", PERSON),
        ("UTI sx 3/7, nitro MR", "3/7", "personal_date"),
        ("amox 500 tds 5/7, rest", "5/7", "personal_date"),
        ("PDAC 2.8 cm, LN 3/17, R0", "3/17", "personal_date"),
        ("MAR 0900 held", "MAR 0900", "personal_date"),
        ("CRP 211/148/62, Na 140", "211/148/62", "other_identifier"),
        ("0600 250 400 / 1400 300 150; net +340", "0600 250 400 / 1400 300 150", "other_identifier"),
    ],
)
def test_terms_and_values_that_the_model_alone_finds_stay(note: str, value: str, type: str) -> None:
    assert found_by_the_model(note, value, type) == []


@pytest.mark.parametrize(
    ("note", "value", "type"),
    [
        ("Hickman slept well, Foley in, Groshong capped.", "Hickman", PERSON),
        ("Frau Schlüssel klagt", "Schlüssel", PERSON),
        ("Dr Weber at bedside. Rinne +, Epley x2.", "Weber", PERSON),
        ("Present: Murphy, Jones, Wagner.", "Murphy, Jones, Wagner", PERSON),
        ("Seen on 3/7, back 5/7", "3/7", "personal_date"),
        ("card 1234 5678 9012 lost", "1234 5678 9012", "other_identifier"),
    ],
)
def test_people_and_days_that_the_model_finds_are_found(note: str, value: str, type: str) -> None:
    assert found_by_the_model(note, value, type)
