"""The package's own entity types hold together and read as descriptions should."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from openbioner_batch.catalog import VIEWS, CatalogType, TypeSet, load_catalog
from openbioner_batch.catalog.base import normalise
from openbioner_batch.records import MOST_TYPES_IN_A_GROUP

SETS = load_catalog().sets
TYPES = [type for one in SETS for type in one.types]
WORDS = {"definition": (10, 25), "examples": (15, 35), "contextual": (12, 30)}

each_set = pytest.mark.parametrize("types", SETS, ids=lambda one: one.name)
each_type = pytest.mark.parametrize("type", TYPES, ids=lambda one: f"{one.set}.{one.name}")


def test_there_are_enough_types_of_each_kind() -> None:
    sizes = {one.name: len(one.types) for one in SETS}
    assert list(sizes) == ["biomedical", "clinical", "phi", "noun_phrases"]
    assert sizes["biomedical"] >= 40
    assert sizes["clinical"] >= 30
    assert sizes["phi"] >= 25


@each_type
def test_a_type_has_three_distinct_views_of_sane_length(type: CatalogType) -> None:
    assert tuple(type.descriptions) == VIEWS
    assert len(set(type.descriptions.values())) == len(VIEWS)
    for view, text in type.descriptions.items():
        least, most = WORDS[view]
        assert least <= len(text.split()) <= most, (view, text)
        assert text.endswith(".")


@each_type
def test_names_are_snake_case(type: CatalogType) -> None:
    for name in (type.name, *type.aliases):
        assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", name)


@each_set
def test_names_and_aliases_are_unique_in_a_set(types: TypeSet) -> None:
    words = Counter(normalise(word) for type in types.types for word in (type.name, *type.aliases))
    assert [word for word, count in words.items() if count > 1] == []


@each_set
def test_no_two_types_of_a_set_share_a_description(types: TypeSet) -> None:
    texts = Counter(text for type in types.types for text in type.descriptions.values())
    assert [text for text, count in texts.items() if count > 1] == []


@each_set
def test_each_type_is_in_one_group_of_bounded_size(types: TypeSet) -> None:
    members = Counter(type.name for group in types.groups.values() for type in group)
    assert members == Counter(type.name for type in types.types)
    assert max(len(group) for group in types.groups.values()) <= MOST_TYPES_IN_A_GROUP


def test_sets_can_be_asked_together_because_no_two_types_share_a_name() -> None:
    assert [name for name, count in Counter(type.name for type in TYPES).items() if count > 1] == []


def test_a_set_or_group_is_never_shadowed_by_a_type() -> None:
    words = {normalise(word) for type in TYPES for word in (type.name, *type.aliases)}
    assert words.isdisjoint(one.name for one in SETS)
    for one in SETS:
        names = {normalise(word) for type in one.types for word in (type.name, *type.aliases)}
        assert names.isdisjoint(one.groups), one.name


def test_phi_covers_every_paragraph_of_the_safe_harbor_list() -> None:
    phi = load_catalog().set_named("phi")
    assert phi is not None
    assert all(type.source and "45 CFR 164.514(b)(2)(i)" in type.source for type in phi.types)
    cited = {
        letter
        for type in phi.types
        for letter in re.findall(r"^45 CFR 164\.514\(b\)\(2\)\(i\)\((\w)\)", type.source or "")
    }
    assert cited == set("ABCDEFGHIJKLMNOPQR")
