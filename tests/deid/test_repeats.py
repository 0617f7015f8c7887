"""What was found once in a note is found wherever it stands again."""

from __future__ import annotations

import pytest
from deid.found import PATTERNS, assert_found, shown

from openbioner_batch.deid.finder import Finder


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
        ("Accession No. S21-10432; slide S21-10432 again", "S21-10432"),
    ],
)
def test_a_value_found_once_is_found_again(note: str, again: str) -> None:
    found = [part for _, part in shown(note, Finder(PATTERNS).find(note))]
    assert sum(again in part for part in found) == note.count(again)


def test_short_and_common_values_are_not_looked_for_again() -> None:
    assert_found("<room_number>Room 412</room_number>. BNP 412, K 4.1.")
    assert_found("last four <social_security_number>6789</social_security_number>, CK 6789")
