"""What was found once in a note is found wherever it stands again."""

from __future__ import annotations

import pytest
from deid.found import PATTERNS, assert_found, shown

from openbioner_batch.deid.finder import Finder
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.repeats import find_repeated_values, find_repeats


@pytest.mark.parametrize(
    ("note", "again"),
    [
        ("MRN 66204. Chart pulled; see 66204 in the log.", "66204"),
        ("Works at Zuniga ISD. Then Zuniga ISD called.", "Zuniga ISD"),
        ("Pager 41288. Then 41288.", "41288"),
        ("Username: lmoss81. Later lmoss81 wrote in the portal.", "lmoss81"),
        ("14 Fennel St, Dunmore, IA 50036. The Dunmore PD came. Back to Fennel St.", "Fennel St"),
        ("14 Fennel St, Dunmore, IA 50036. The Dunmore PD came. Back to Fennel St.", "Dunmore"),
        ("Seen at Clement Regional Hospital. Clement Regional records.", "Clement Regional"),
        ("Email: ott.b@example.org; ott.b wrote.", "ott.b"),
        ("Church: St. Brannoc's. St. Brannoc's pastor came.", "St. Brannoc's"),
        ("Dr. Amadi-Voss came; then Voss again.", "Voss"),
        ("Accession No. S21-10432; slide S21-10432 again", "S21-10432"),
        ("Employer: Clemwell Foods. CLEMWELL FOODS CALLED.", "CLEMWELL FOODS"),
        ("Device serial: QK-22119. QK22119 was read.", "QK22119"),
        ("https://portal.example/u/7712. See portal.example/u/7712", "portal.example/u/7712"),
        ("@lmoss81 wrote; lmoss81 again", "lmoss81"),
        ("Room 412B. Back in 412B.", "412B"),
    ],
)
def test_a_value_found_once_is_found_again(note: str, again: str) -> None:
    found = [part for _, part in shown(note, Finder(PATTERNS).find(note))]
    assert sum(again in part for part in found) == note.count(again)


def test_a_name_that_is_no_other_word_is_found_in_small_letters() -> None:
    assert_found(
        "Case manager: <clinician_name>Quillfeather</clinician_name>. <person_name>quillfeather</person_name> knows"
    )
    assert_found("Dr. <clinician_name>Penrose</clinician_name> placed a penrose drain")
    assert_found("Dr. <clinician_name>Marshall</clinician_name>: marshall plan")
    assert_found("e-mail <email_address>nurse@x.org</email_address>, nurse knows")


def test_short_and_common_values_are_not_looked_for_again() -> None:
    assert_found("Employer: <employer_name>Green Light Care</employer_name>. A green light care")
    assert_found("<room_number>Room 412</room_number>. BNP 412, K 4.1.")
    assert_found("last four <social_security_number>6789</social_security_number>, CK 6789")


@pytest.mark.parametrize("mark", ["'", "’"])
def test_a_name_is_found_again_without_what_a_possessive_adds(mark: str) -> None:
    assert_found(
        "Dr. <clinician_name>Brannigan</clinician_name> rounded. "
        f"Plan of <clinician_name>Brannigan</clinician_name>{mark}s team"
    )


@pytest.mark.parametrize(
    ("told", "again"), [(("model",), "model:repeat"), (("model", "pattern:name"), "pattern:repeat")]
)
def test_a_name_found_again_is_as_sure_as_what_told_it(told: tuple[str, ...], again: str) -> None:
    text = "Brannigan came. Then Brannigan J. left, brannigan."
    first = Finding(0, 9, "patient_name", 0.9, told)
    small = [(40, 49)] if again == "pattern:repeat" else []  # what a model takes for a name may be a word
    found = sorted(find_repeats(text, [first]), key=lambda one: one.start)
    assert [(one.start, one.end) for one in found] == [(0, 9), (21, 33), *small]
    assert {(one.type, one.recognizers) for one in found} == {("patient_name", (again,))}
    assert list(find_repeats(text, [Finding(0, 9, "patient_name", 0.6, told)])) == []


@pytest.mark.parametrize(
    ("told", "again"),
    [
        (("pattern:digits",), "pattern:digits"),
        (("pattern:digits", "pattern:number"), "pattern:repeat"),
        (("pattern:number",), "pattern:repeat"),
    ],
)
def test_a_number_told_by_its_form_alone_is_so_again(told: tuple[str, ...], again: str) -> None:
    first = Finding(0, 5, "medical_record_number", 0.8, told)
    found = list(find_repeated_values("66204 in 66204, 662045, A66204; 66204", [first]))
    assert [(one.start, one.recognizers) for one in found] == [(0, (again,)), (9, (again,)), (32, (again,))]


@pytest.mark.parametrize(
    ("type", "text", "again"),
    [
        ("email_address", "roe@x.org. To roe@x.org", ["roe@x.org"]),
        ("county", "Lomax County. Lomax County jail", ["Lomax County"]),
        ("street_address", "14 Fennel St. Then Fennel St, 14 Fennel St.", ["14 Fennel St.", "Fennel St"]),
        ("city", "Grace. Then Grace came", []),
        ("city", "Lima. Then Lima beans", []),
        ("phone_number", "4128. Then 4128", []),
    ],
)
def test_what_means_nothing_else_is_looked_for_again(type: str, text: str, again: list[str]) -> None:
    end = text.index(". ")
    first = Finding(0, end + (type == "street_address"), type, 0.8, ("pattern:place",))
    found = {text[one.start : one.end] for one in find_repeated_values(text, [first]) if one.start > end}
    assert found >= set(again)
    assert bool(found) is bool(again)
