"""Policies: presets cover every type, and a mistake is answered with what would be right."""

from __future__ import annotations

import pickle
from datetime import date
from pathlib import Path

import pytest

from openbioner_batch.catalog import load_catalog
from openbioner_batch.deid.actions import ACTIONS
from openbioner_batch.deid.families import FAMILIES, family_of
from openbioner_batch.deid.policy import PRESETS, Policy, load_policy
from openbioner_batch.errors import UsageError


def phi_types() -> list[str]:
    phi = load_catalog().set_named("phi")
    assert phi is not None
    return [type.name for type in phi.types]


def test_every_type_of_the_catalog_has_a_family_and_no_family_has_another() -> None:
    assert sorted(FAMILIES) == sorted(phi_types())


def test_a_type_of_a_users_own_is_an_identifier() -> None:
    assert family_of("badge_colour") == "identifier"


@pytest.mark.parametrize("name", PRESETS)
def test_presets_load_and_travel(name: str) -> None:
    policy = load_policy(name)
    assert policy.name == name
    assert policy.summary
    assert all(policy.action(type) in ACTIONS for type in phi_types())
    assert pickle.loads(pickle.dumps(policy)) == policy


def test_only_the_surrogate_preset_needs_a_key_and_it_invents_all_that_can_be() -> None:
    assert [name for name in PRESETS if load_policy(name).needs_key] == ["surrogate"]
    surrogate = load_policy("surrogate")
    tagged = [type for type in phi_types() if surrogate.action(type) == "tag"]
    assert tagged == ["unique_characteristic"]


def test_safe_harbor_keeps_nothing_but_states_and_countries_whole() -> None:
    policy = load_policy("safe-harbor")
    assert {type for type in phi_types() if policy.action(type) == "keep"} == {"state", "country"}


def test_a_file_says_what_happens_to_each_type(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "date_order: day-first\ndefault: redact\nreference_date: 2020-05-01\ntypes:\n  city: keep\n  url: hash\n"
    )
    policy = load_policy(path)
    assert policy == Policy("mine", {"city": "keep", "url": "hash"}, "redact", "day-first", date(2020, 5, 1))
    assert policy.needs_key
    assert [policy.action(type) for type in ("city", "url", "patient_name", "no_such_type")] == [
        "keep",
        "hash",
        "redact",
        "redact",
    ]
    assert load_policy(path, date(2024, 1, 1)).reference_date == date(2024, 1, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("types: {patient: tag}", "unknown type 'patient': the types are .*patient_name"),
        ("types: {city: blur}", "city is 'blur': the actions are tag, numbered-tag"),
        ("types: {city: shift}", "'shift' does not suit city: it is for birth_date, admission_date"),
        ("types: {unique_characteristic: surrogate}", "does not suit unique_characteristic"),
        ("types: {city: [tag]}", "the actions are"),
        ("default: shift", "does not suit every type"),
        ("date_order: american", "give one of month-first, day-first"),
        ("date_order: [dmy]", "give one of month-first, day-first"),
        ("date_order: mdy", "^policy mine: date_order is 'mdy', which is now spelled 'month-first'$"),
        ("date_order: dmy", "^policy mine: date_order is 'dmy', which is now spelled 'day-first'$"),
        ("reference_date: soon", "give a day such as 2026-12-31"),
        ("actions: {}", "unknown key 'actions': the keys are policy, summary"),
        ("[]", "must be a mapping"),
        ("types: [", "not valid YAML"),
    ],
)
def test_a_mistake_is_answered_with_what_is_valid(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(content)
    with pytest.raises(UsageError, match=message):
        load_policy(tmp_path / "mine.yaml")


def test_a_file_may_name_and_describe_its_policy(tmp_path: Path) -> None:
    path = tmp_path / "mine.yml"
    path.write_text("policy: ours\nsummary: As agreed\n")
    policy = load_policy(path)
    assert (policy.name, policy.summary, policy.actions, policy.default) == ("ours", "As agreed", {}, "tag")


def test_a_day_with_a_time_is_no_reference_date(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("reference_date: 2026-12-31 10:00:00")
    with pytest.raises(UsageError, match="give a day such as 2026-12-31"):
        load_policy(tmp_path / "mine.yaml")


def test_a_policy_keeps_what_it_says_and_does_not_change() -> None:
    actions = {"city": "keep", "state": "tag"}
    policy = Policy("mine", actions)
    actions["state"] = "keep"
    assert [type for type in FAMILIES if policy.keeps(type)] == ["city"]
    with pytest.raises(TypeError):
        policy.actions["state"] = "keep"  # type: ignore[index]
    assert Policy("mine", {}, "keep").keeps("no_such_type")


def test_an_unknown_policy_is_answered_with_the_presets(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"unknown policy 'safe': give safe-harbor, .* or a file that ends in .yaml"):
        load_policy("safe")
    with pytest.raises(UsageError, match="cannot be read"):
        load_policy(tmp_path / "missing.yaml")


def test_the_fingerprint_changes_with_what_the_output_depends_on() -> None:
    base = Policy("a", {"city": "tag"})
    same = Policy("b", {"city": "tag"}, summary="other words")
    others = [
        Policy("a", {"city": "keep"}),
        Policy("a", {"city": "surrogate"}),
        Policy("a", {"city": "tag"}, "redact"),
        Policy("a", {"city": "tag"}, date_order="day-first"),
        Policy("a", {"city": "tag"}, reference_date=date(2020, 1, 1)),
    ]
    assert same.fingerprint == base.fingerprint
    assert len({base.fingerprint, *(other.fingerprint for other in others)}) == 6
