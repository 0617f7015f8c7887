"""Actions are registered once: policies, replacing, help and README go by the registry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.cli.main import main
from openbioner_batch.deid.actions import ACTIONS, OUTCOMES, Action, AppliedAction, NoteContext
from openbioner_batch.deid.actions.registry import REGISTERED, ActionRegistration
from openbioner_batch.deid.deidentifier import Deidentifier
from openbioner_batch.deid.families import FAMILIES
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.policy import Policy
from openbioner_batch.deid.replacing import replace
from openbioner_batch.deid.scope import Scope
from openbioner_batch.errors import UsageError

README = Path(__file__).resolve().parents[2] / "openbioner_batch" / "deid" / "README.md"
SCOPE = Scope.for_patient(Key(b"a key of tests, 32 bytes or more"), "p1")
ORIGINALS = {"date": "03/04/2021", "age": "94", "zip": "59601", "state": "Ohio", "url": "https://roe.example/x"}


def finding(text: str, type: str, *recognizers: str) -> Finding:
    return Finding(0, len(text), type, 0.9, recognizers or ("me",))


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_does_itself_to_every_type_that_it_suits_and_is_refused_for_others(name: str) -> None:
    action = ACTIONS[name]
    assert action.name == name
    assert any(action.suits(type) for type in FAMILIES)
    for type, family in FAMILIES.items():
        if not action.suits(type):
            with pytest.raises(UsageError, match=f"'{name}' does not suit {type}: it is for"):
                Policy("mine", {type: name})
            continue
        policy = Policy("mine", {type: name})
        assert policy.needs_key == action.keyed
        assert policy.keeps(type) == action.keeps
        original = ORIGINALS.get(family, "Quandrelle 4471209")
        replaced = replace(original, [finding(original, type)], policy, SCOPE)
        (edit,) = replaced.edits
        assert edit.action in (name, "tag", "keep")
        assert edit.outcome in OUTCOMES
        assert action.keeps == (name == "keep")
        if not action.keeps and family not in ("state", "date"):
            assert "4471209" not in replaced.text
        if action.keyed:
            with pytest.raises(UsageError, match="needs a key"):
                replace(original, [finding(original, type)], policy)


def test_a_new_action_is_known_everywhere_by_its_registration(monkeypatch: pytest.MonkeyPatch) -> None:
    class Backwards(Action):
        name = "backwards"
        families = frozenset({"town"})
        keyed = True
        invents = True

        def apply(self, type: str, original: str, note: NoteContext) -> AppliedAction:
            return AppliedAction(original[::-1], self.name)

    with pytest.raises(UsageError, match=r"the actions are tag, .*keep$"):
        Policy("mine", {"city": "backwards"})
    monkeypatch.setitem(REGISTERED, "backwards", ActionRegistration("", "its characters in the other order"))
    monkeypatch.setitem(ACTIONS, "backwards", Backwards())
    policy = Policy("mine", {"city": "backwards"})
    assert policy.needs_key
    with pytest.raises(UsageError, match="does not suit url: it is for city"):
        Policy("mine", {"url": "backwards"})
    with pytest.raises(UsageError, match=r"the actions are .*, backwards$"):
        Policy("mine", {"city": "blur"})
    assert replace("Dover", [finding("Dover", "city")], policy, SCOPE).text == "revoD"
    assert (
        replace(
            "Dover",
            [
                finding("Dover", "city"),
            ],
            policy,
            SCOPE,
        )
        .edits[0]
        .action
        == "backwards"
    )
    # Something like the original stands there: it is no tag to be blotted out before the result is searched again.
    assert Deidentifier(policy, key=SCOPE.key).deidentify("Dover", SCOPE).text == "Dover"
    assert "backwards" in CliRunner().invoke(main, ["deidentify", "--help"]).output


@pytest.mark.parametrize(
    ("type", "original", "invented"),
    [
        ("phone_number", "5/325", False),
        ("medical_record_number", "L858R", False),
        ("room_number", "POD#3", False),
        ("zip_code", "10442", False),
        ("personal_date", "6/12", False),
        ("other_identifier", "1200000", False),
        ("location", "AM", False),
        ("organization", "IN", False),
        ("person_name", "Ottilie Quandrelle", True),
        ("city", "Dover", True),
    ],
)
def test_what_the_model_alone_may_have_mistaken_becomes_a_tag_and_never_an_invented_value(
    type: str, original: str, invented: bool
) -> None:
    policy = Policy("mine", {type: "shift" if type.endswith("date") else "surrogate"})
    replaced = replace(original, [finding(original, type, "model")], policy, SCOPE)
    outcome = "done" if invented else "model_alone"
    assert replaced.edits[0].outcome == outcome
    assert invented or re.fullmatch(r"\[[A-Z_]+\]", replaced.text)
    # With another witness it is what it seems to be.
    seen = replace(original, [finding(original, type, "model", "me")], policy, SCOPE)
    assert seen.edits[0].outcome != "model_alone"
    # A visible mark is no invention, whoever found it.
    for action in ("tag", "mask", "hash", "numbered-tag", "redact"):
        marked = replace(original, [finding(original, type, "model")], Policy("mine", {}, action), SCOPE)
        assert (marked.edits[0].action, marked.edits[0].outcome) == (action, "done")


@given(st.text(min_size=1, max_size=20))
def test_a_mask_shows_nothing_but_where_lines_break(original: str) -> None:
    masked = replace(original, [finding(original, "patient_name")], Policy("mine", {}, "mask")).text
    assert len(masked) == len(original)
    assert all(new == (old if old in "\r\n" else "*") for old, new in zip(original, masked, strict=True))


@pytest.mark.parametrize(
    ("type", "original", "new"),
    [
        ("zip_code", "59601-1234", "596"),
        ("zip_code", "03601", "000"),
        ("zip_code", "596", "596"),
        ("zip_code", "Ohio", "[ZIP_CODE]"),
        ("zip_code", "SW1A 2AA", "[ZIP_CODE]"),
        ("location", "Dover, OH 43055", "[LOCATION], OH 430"),
        ("age_over_89", "ninety-four", "90+"),
        ("age_over_89", "12", "12"),
        ("personal_date", "03/04/2021", "2021"),
        ("personal_date", "3/4", "[DATE]"),
        ("state", "Ohio", "Ohio"),
    ],
)
def test_what_generalising_leaves_is_told(type: str, original: str, new: str) -> None:
    replaced = replace(original, [finding(original, type)], Policy("mine", {type: "generalise"}))
    assert replaced.text == new
    told = {"[": ("tag", "unreadable"), original: ("keep", "done")}
    expected = told.get(new, told["["] if new.startswith("[") and "," not in new else ("generalise", "generalised"))
    if original == "3/4":
        expected = ("tag", "generalised")
    assert (replaced.edits[0].action, replaced.edits[0].outcome) == expected


@pytest.mark.parametrize(
    ("type", "original", "new"),
    [
        ("personal_date", "03/04/2021\u201303/06/2021", "04/01/2021\u201304/03/2021"),  # an en dash stays one
        ("personal_date", "\uff10\uff13/\uff10\uff14/\uff12\uff10\uff12\uff11", "04/01/2021"),  # full width
        ("birth_date", "\uff10\uff13/\uff10\uff14/\uff12\uff10\uff19\uff19", "[BIRTH_DATE]"),  # is to come
    ],
)
def test_a_date_in_other_signs_moves_as_well(type: str, original: str, new: str) -> None:
    patient = next(n for n in range(1000) if Scope.for_patient(SCOPE.key, str(n)).shift_days == 28)
    scope = Scope.for_patient(SCOPE.key, str(patient))
    assert replace(original, [finding(original, type)], Policy("mine", {type: "shift"}), scope).text == new


def test_readme_and_help_list_the_registry() -> None:
    text = README.read_text("utf-8")
    table = text[text.index("| action | |") :].split("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    keyed = {name: " (needs the key)" if action.keyed else "" for name, action in ACTIONS.items()}
    assert rows == [[f"`{name}`", found.summary + keyed[name]] for name, found in REGISTERED.items()]
    listed = CliRunner().invoke(main, ["deidentify", "--help"]).output
    assert all(name in listed for name in ACTIONS)
