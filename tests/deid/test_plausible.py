"""Clinical values and terms stay whatever a model says of them; what may be an identifier goes."""

from __future__ import annotations

import re

import pytest
from deid.found import PATTERNS, shown

from openbioner_batch.deid.deidentifier import Deidentifier
from openbioner_batch.deid.finder import Finder, FinderSettings
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.deid.recognizers.clinical_values import clinical_values, in_clinical_value
from openbioner_batch.records import Span

VALUES = """
Vicodin 5/500 one tab q6h prn, Septra 400/80 BID, Sinemet 25/250, Humulin 70/30 22 units, Combivent 20/100.
Start 12.5 mg, then 37.5-50 mg q4-6h, 1/4 NS at 125 cc/h, D10 at 60 mL/h, 2 g IV, 1,000 mL bolus.
Na 141 K 3.9 Cl 104 CO2 26 BUN 18 Cr 1.1 Glu 188 Ca 8.8 Mg 2.1 Phos 3.3 AST 40 ALT 38 TSH 1.88 PSA 6.2
INR 3.1, PTT 68, fibrinogen 410, D-dimer 2210, ferritin 20114, CK 23456, BNP of 14500, platelets 187000.
Viral load 2400000 copies/mL, CD4 count 233, hCG 18250, troponin 0.41->1.22, lactate 4.4, procalcitonin 12.6.
ABG 7.29/55/71/22 on 2L; Hgb 8.8/26.1; BP 148/92, 92/54 and 210/118; HR 110s; T 38.4; RR 22; SpO2 93%.
BRAF V600K, KRAS G13D, EGFR T790M, PIK3CA H1047R, MPL W515L; c.5266dupC, p.Arg132His, rs6025, HLA-B*57:01, CYP2C19*2.
CPT 99214, 93000 and 36415; ICD-10 I50.33, E11.65; HCPCS J1885; LOINC 2345-7; SNOMED 44054006; NDC 0409-4887-10.
Gleason 4+5=9, pT2N1M0, stage 3/4, grade 2/3, ASA 3, GCS 15, Apgar 8/9, 4/5 strength, 2/6 murmur, 1+ edema.
G4P3013 at 38 5/7 weeks, 31w2d, cervix 6/80/-1, EFW 3450 g, newborn 2980 g.
VA 20/50 OD 20/200 OS, J5, 6/18 in the left; cup to disc 0.4; IOP 14/16.
18 Fr Foley, 22G IV, #12 blade, 7.5 ETT, 3.5 x 28 mm stent, size 6 Shiley, 5 mm port.
Titer 1:640, ratio 3:1, 24/7 care, 3/12 cores, 0/22 nodes, 9/12 months, 2 out of 10, 5/10 pain, 30 pack-years.
POD#4 from CABG, POD 2, pod #1, HD 6, DOL 11, hospital day 9, postop day 3, cycle 4, C2D15, day of life 8.
0700-1500 shift, 1900 meds, seen at 14:35, 2330: asleep, q12h, 3x/wk, 5-7 days, x4, 8-10 cm, 4-6 weeks.
L4-5 and C5-C6, T12 fracture, S1 nerve, D5 1/2NS with 20 KCl, 1/2 tab, 3/4 strength.
""".strip().splitlines()
NUMERIC_TYPES = (
    "other_identifier",
    "personal_date",
    "contact_detail",
    "location",
    "medical_record_number",
    "room_number",
)
MODEL = FinderSettings(recognizers=("model",))
SURROGATE = Deidentifier(load_policy("surrogate"), key=Key(bytes(range(32))))
_NUMBER = re.compile(r"[^\s,;()]*\d[^\s,;()]*")
_WORD = re.compile(r"[^\W\d_]+")


def spans(text: str, pattern: re.Pattern[str], type: str) -> list[Span]:
    """A model that takes everything of one form for an identifier."""
    return [Span(*match.span(), type, 0.9999, match[0]) for match in pattern.finditer(text)]


@pytest.mark.parametrize("type", NUMERIC_TYPES)
@pytest.mark.parametrize("text", VALUES)
def test_no_clinical_number_becomes_another_whatever_the_model_says(text: str, type: str) -> None:
    for pattern in (_NUMBER, re.compile(r"\d+"), re.compile(r"\d+[/.]")):
        new = SURROGATE.deidentify(text, SURROGATE.scope("p", "d"), model_spans=spans(text, pattern, type)).text
        kept = re.sub(r"\[[A-Z]+\]", "", new)
        assert set(re.findall(r"\d+", kept)) <= set(re.findall(r"\d+", text))
        assert new.count("[") <= 2, new


@pytest.mark.parametrize("text", VALUES)
def test_no_clinical_number_is_found_by_patterns(text: str) -> None:
    assert shown(text, Finder(PATTERNS).find(text)) == []


TERMS = """
HTN, HLD, CHF, CAD, COPD, DKA, CKD, AFib, MI, CVA, TIA, DVT, PE, UTI, GERD, BPH, OSA, PVD.
s/p CABG x3, c/o h/a, d/c foley, w/u neg, f/u w/ PCP, n/v/d, hx of sz, tx plan, rxn none, pt OOB.
MD aware, PA to see, RN notified, PT eval, OT eval, MA took vitals, CT neg, ID consult, SI/HI denied, DC plans.
Neuro: AAOx3. HEENT: NCAT, PERRLA. CV: RRR. Resp: CTAB. Abd: NT/ND, BS+. Ext: no C/C/E. Skin: W/D/I.
rifampin, rivaroxaban, ustekinumab, atorvastatin, ceftriaxone, Jardiance, Ozempic, Brilinta, Humira, Keytruda.
St. Jude valve, Boston Scientific lead, Smith & Nephew nail, Dr. Scholl's pads, Medtronic pump, Stryker bed.
Hunt and Hess 3, Hoehn and Yahr 2, Child-Pugh B, Wells score 4, Beers criteria, Milan criteria, Ottawa ankle rules.
Philadelphia chromosome, West Nile, Coxsackie, Ebola, St. Louis encephalitis, Rocky Mountain spotted fever, MRSA.
Norwood, Glenn and Fontan; Whipple, Billroth II; Nissen; Ross procedure; Weber and Rinne; Tinel, Phalen.
Mark the site. Will discuss. Grace period. Bill for services. Chase labs. Hope to extubate. Rose bengal stain.
CHIEF COMPLAINT: CHEST PAIN. ALLERGIES: SULFA. PLAN: D/C HOME IN AM.
Mother with CAD, father DM, brother healthy, priest visited, teacher by trade.
""".strip().splitlines()


@pytest.mark.parametrize("text", TERMS)
def test_shorthand_drugs_and_terms_are_no_names(text: str) -> None:
    """Of words that a model takes for names, one by one, at most a tenth go."""
    words = spans(text, _WORD, "person_name")
    gone = [word.text for word in words if Finder().find(text, model_spans=[word])]
    assert len(gone) <= len(words) / 10, gone


@pytest.mark.parametrize(
    ("text", "type", "value", "kept"),
    [
        ("Report from Okonkwo today.", "person_name", "Okonkwo", "Okonkwo"),
        ("p CABG Okonkwo came.", "person_name", "p CABG Okonkwo", "Okonkwo"),
        ("Seen by Okonkwo MD today.", "clinician_name", "Okonkwo MD", "Okonkwo MD"),
        ("LIN WU CAME", "person_name", "LIN WU", "LIN WU"),
        ("14 Fr Okonkwo", "person_name", "14 Fr Okonkwo", "Okonkwo"),
        ("K.B. slept well, UTI", "person_name", "K.B.", "K.B."),
        ("for mrs. okonkwo, PCN allergic", "person_name", "okonkwo", "okonkwo"),
        ("Dong-hyun says so", "person_name", "Dong-hyun", "Dong-hyun"),
        ("spoke with okonkwo today", "person_name", "okonkwo", "okonkwo"),
        ("record 8841207 pulled", "other_identifier", "8841207", "8841207"),
        ("record 8841207. Then", "other_identifier", "8841207.", "8841207"),
        ("record 8841207, and", "other_identifier", " 8841207, ", "8841207"),
        ("record -8841207", "other_identifier", "-8841207", "8841207"),
        ("record K88/41207 pulled", "other_identifier", "41207", "K88/41207"),
        ("was fine 8/9, then not", "personal_date", "8/9", "8/9"),
        ("seen on 5/6 again", "personal_date", "5/6", "5/6"),
        ("since Februry 4 she", "personal_date", "Februry 4", "Februry 4"),
        ("until Tuesday then", "personal_date", "Tuesday", "Tuesday"),
        ("went to 14K overnight", "room_number", "14K", "14K"),
        ("visiting in Green Forest now", "location", "in Green Forest", "Green Forest"),
        ("hers is Will, a student", "person_name", "Will", "Will"),
        ("pt marguerite ninety four brought in", "age_over_89", "ninety four", "ninety four"),
        ("pt marguerite ninety four brought in", "age_over_89", "ninety", "ninety four"),
        ("Cataract OD 4/27, lens", "personal_date", "4/27", "4/27"),
        ("PEA arrest 4/9 x7 min; then", "personal_date", "4/9", "4/9"),
        ("mammo fine, pap 6/25, dexa", "personal_date", "6/25", "6/25"),
        ("Baby Ottoline 3.9 kg, well", "person_name", "Ottoline", "Ottoline"),
        ("seen w/ Ottoline + Dr then", "person_name", "Ottoline", "Ottoline"),
    ],
)
def test_what_may_be_an_identifier_is_kept_as_a_whole_token(text: str, type: str, value: str, kept: str) -> None:
    start = text.index(value)
    found = Finder().find(text, model_spans=[Span(start, start + len(value), type, 0.9, value)])
    assert shown(text, found) == [(type, kept)]


def test_a_state_by_its_code_is_a_place_where_the_model_is_sure() -> None:
    def found(code: str, score: float) -> list[tuple[str, str]]:
        start = text.index(code)
        return shown(
            text, Finder(MODEL).find(text, model_spans=[Span(start, start + len(code), "location", score, code)])
        )

    text = "ski fall at Andermatt 28.12., plate 4CKL881 (TN), father had MI at 60, on NC 2 L"
    assert found("Andermatt", 0.95) == [("location", "Andermatt")]
    assert found("TN", 0.95) == [("location", "TN")]
    assert found("MI", 0.99) == found("TN", 0.6) == found("NC", 0.6) == []


def test_an_initial_that_speaks_is_a_person() -> None:
    text = "Note: C. says that it hurts. Point C. hurts."
    spans = [Span(at.start(), at.end(), "person_name", 0.9, at[0]) for at in re.finditer(r"C\.", text)]
    assert [one.start for one in Finder(MODEL).find(text, model_spans=spans)] == [text.index("C.")]


def test_parts_of_an_address_vouch_for_each_other() -> None:
    text = "Sent to 808 Kalmanova, Hickoryton, nc today"
    parts = [("808", "location"), ("Kalmanova", "location"), ("Hickoryton", "city"), ("nc", "state")]
    found = [Span(text.index(part), text.index(part) + len(part), type, 0.9, part) for part, type in parts]
    assert [part for _, part in shown(text, Finder().find(text, model_spans=found))] == [part for part, _ in parts]


@pytest.mark.parametrize(
    ("text", "parts", "kept"),
    [
        ("seen by Okonkwo. she left", ["Okonkwo. she left"], ["Okonkwo"]),
        ("seen by Okonkwo\tKalmanova", ["Okonkwo\tKalmanova"], ["Okonkwo\tKalmanova"]),
        ("seen by Okonkwo, MD today", ["Okonkwo", "MD"], ["Okonkwo", "MD"]),
        ("the MD today", ["MD"], []),
    ],
)
def test_a_name_ends_with_its_sentence_and_takes_its_credential_along(
    text: str, parts: list[str], kept: list[str]
) -> None:
    spans = [Span(text.index(part), text.index(part) + len(part), "person_name", 0.9, part) for part in parts]
    assert [part for _, part in shown(text, Finder().find(text, model_spans=spans))] == kept


@pytest.mark.parametrize("place", ["Hickoryton, nc", "Hickoryton, 44", "44, Hickoryton", "Hickoryton, 6010"])
def test_parts_of_one_finding_vouch_for_each_other(place: str) -> None:
    text = f"went home to {place} today"
    found = Finder().find(text, model_spans=[Span(13, 13 + len(place), "location", 0.9, place)])
    assert ", ".join(part for _, part in shown(text, found)) == place


@pytest.mark.parametrize("value", [".", " - ", "/", "(", "&"])
def test_a_finding_without_letter_or_digit_is_none(value: str) -> None:
    text = f"on the{value}left"
    start = text.index(value)
    for type in (*NUMERIC_TYPES, "person_name", "url"):
        assert Finder().find(text, model_spans=[Span(start, start + len(value), type, 0.9, value)]) == []


@pytest.mark.parametrize(
    "text", ["Troponin 0.012, 0.034; CK 18233", "NDC 0078-0357-15 given", "SBP 110-130s, HR 80s-90s", "1/7 hx of cough"]
)
def test_patterns_take_no_results_and_codes_for_positions_and_telephones(text: str) -> None:
    assert shown(text, Finder(PATTERNS).find(text)) == []


@pytest.mark.parametrize(
    ("text", "type", "value"),
    [
        ("a 14 Fr coude", "person_name", "14 Fr"),
        ("78yo M w/ COPD", "person_name", "M"),
        ("Sodium 131 (136-145) today", "other_identifier", "136-145"),
        ("0400 BG 71, well", "location", "0400"),
    ],
)
def test_sizes_letters_ranges_and_times_are_none(text: str, type: str, value: str) -> None:
    start = text.index(value)
    assert Finder().find(text, model_spans=[Span(start, start + len(value), type, 0.9, value)]) == []


def test_what_begins_like_a_value_and_goes_on_is_none() -> None:
    assert len(Finder(PATTERNS).find("Ph 555-0134 home")) == 1
    assert len(Finder(PATTERNS).find("Path S22-10934 & S22-11002 reviewed")) == 2


def test_a_number_that_fills_a_cell_is_no_age_by_the_model_alone() -> None:
    aged = re.compile(r"\b9[48]\b")
    rows = "date,hb\n9/5/24,94\n16/5/24,98\n"
    assert not [one for one in Finder().find(rows, model_spans=spans(rows, aged, "age_over_89")) if "age" in one.type]
    for note in ("pt,hb\nRoe I,98. Seen.", "pt,hb\nRoe I,94,stable"):
        assert "age_over_89" not in {
            one.type for one in Finder().find(note, model_spans=spans(note, aged, "age_over_89"))
        }
    for note in ("Seen today: 94, frail.", "bed 4,94,F,hip", "bed 4|F|98|hip"):
        assert "age_over_89" in {one.type for one in Finder().find(note, model_spans=spans(note, aged, "age_over_89"))}


@pytest.mark.parametrize("note", ["92y/o female.", "92M c/o SOB", "94yo/F", "92-y-o M", "Sex/Age: F/94"])
def test_units_and_sex_beside_an_age_that_patterns_found_stay_however_sure_a_model_is(note: str) -> None:
    number = re.search(r"\d+", note)
    assert number
    found = Finder().find(note, model_spans=spans(note, re.compile(r"\A.{2,9}?(?=\b[. ]|\Z)|F/94"), "age_over_89"))
    assert [(one.start, one.end) for one in found] == [number.span()]


def test_relatives_in_law_by_their_letters_are_no_names() -> None:
    text = "Family: wife, MIL, SIL at BS"
    assert Finder().find(text, model_spans=spans(text, re.compile("MIL|SIL"), "relative_name")) == []


@pytest.mark.parametrize(("text", "value"), [("pap 21/8 today", True), ("pap 8/21 today", False), ("PAP 21 now", True)])
def test_a_pressure_falls_and_the_day_of_a_smear_does_not(text: str, value: bool) -> None:
    assert in_clinical_value(text, 4, 6) == value
    assert clinical_values(text, 4, 6) == ([(0, text.rindex(" "))] if value else [])


def test_the_abbreviation_of_a_telephone_is_no_acidity() -> None:
    assert in_clinical_value("pH 417 then", 3, 6)
    assert not in_clinical_value("Ph 417 then", 3, 6)


def test_a_weekday_is_no_name() -> None:
    text = "Seen Mon, Wed and Fri."
    found = Finder(MODEL).find(text, model_spans=[Span(5, 8, "person_name", 0.82, "Mon")])
    assert shown(text, found) == []
