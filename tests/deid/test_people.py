"""Names among capitalised words: where they begin and end, and which words of a language are names there."""

from __future__ import annotations

import pytest
from deid.found import assert_found

FOUND = """
Patient: <patient_name>王小明</patient_name>, 64M
came with wife <relative_name>Anna Lomax</relative_name> T4 normal
<person_name>Anna Young</person_name> was seen
<person_name>Anna Hope</person_name> was seen
seen by Dr. <clinician_name>Hope</clinician_name> today
seen by Dr. <clinician_name>X</clinician_name>.
wife <relative_name>Hope</relative_name> called
Dr. <clinician_name>Lomax</clinician_name>  <person_name>Maria Ortiz</person_name>
plan of Dr. <clinician_name>Lomax Jr.</clinician_name> stands
met Dr. <clinician_name>Lomax</clinician_name>. <person_name>Maria Ortiz</person_name> was not there
<clinician_name>Lena Ortiz</clinician_name>, RN and <clinician_name>Noor Haddad</clinician_name>, MD rounded
sister <relative_name>Jane Lomax</relative_name> NPO
Patient: <patient_name>Lomax, Jane A</patient_name>, seen
<person_name>LOMAX, JANE</person_name> was here
Attending: Dr. <clinician_name>Maria de la Cruz</clinician_name>
<clinician_name>O'Neill</clinician_name>, MD
Thank you.\\nSincerely,\\n<clinician_name>Brannigan</clinician_name>
Very truly yours,\\n\\n  <clinician_name>Xiomara Quispe</clinician_name>
Patient: <patient_name>Lomax, Jane</patient_name> Notes reviewed
Attending: <clinician_name>Lomax</clinician_name>, Dr. <clinician_name>Ortiz</clinician_name> was there
mother’s maiden name: <relative_name>Brannigan</relative_name>
Re: <patient_name>Lomax</patient_name>
w/ Drs. <clinician_name>Amadi</clinician_name> & <clinician_name>Lomax</clinician_name>.
Drs <clinician_name>Ng</clinician_name>, <clinician_name>Lo</clinician_name>, and <clinician_name>Ida</clinician_name>
DRS. <clinician_name>AMADI</clinician_name> AND <clinician_name>LOMAX</clinician_name>
nurses <clinician_name>Amadi</clinician_name> and <clinician_name>J. Lomax</clinician_name>
Drs. <clinician_name>Amadi</clinician_name> and ICU team
Messrs. <person_name>Ortiz</person_name> and <person_name>Lomax</person_name>
Attending Dr: <clinician_name>Brannigan</clinician_name>
seen by Sr <patient_name>Brannigan</patient_name> today
Patient> <patient_name>Lomax</patient_name>
wound dressed.\\nsigned\\nby <clinician_name>KM</clinician_name>, sent
signed but not read by <clinician_name>K.M.</clinician_name>
Wound healed.\\n<clinician_name>LWB/kvz12</clinician_name>
10:30 | <clinician_name>CW</clinician_name> | ok
Nurse <clinician_name>Lomax Ortiz</clinician_name> called, nurse <clinician_name>Lomax P.</clinician_name> too
Nurse <clinician_name>Lomax</clinician_name> Float pool
<patient_name>ROE, JANE</patient_name> came
<patient_name>DOE, ANN</patient_name> came
<patient_name>DOE, QUIL</patient_name> came
BEST REGARDS, \\n<clinician_name>Lena Ortiz</clinician_name>
""".strip().splitlines()

NONE = """
did his best,\\nBrannigan pads used
Sincerely,\\nFloat
Sincerely,\\nRadiology
sincerely, Brannigan
A RN called
rhythm SR Brannigan noted
seen by agent. Furthermore it held
Completed the TOVA Continuous Performance Test
BUN/na
PT/ok
ROE, XQZ
SNF re: DME. Sent
f/u re: CPAP
Re: Coumadin
PT: WFL, OT: SBA
RNs Notified, Aware and Charge
""".strip().splitlines()


@pytest.mark.parametrize("note", FOUND)
def test_names_are_taken_whole_and_alone(note: str) -> None:
    assert_found(note.replace("\\n", "\n"))


@pytest.mark.parametrize("note", NONE)
def test_what_stands_where_names_do_is_no_name(note: str) -> None:
    assert_found(note.replace("\\n", "\n"))
