"""What a selection of types means."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest

from openbioner_batch.catalog import VIEWS, find_types, load_catalog, resolve_types
from openbioner_batch.errors import UsageError
from openbioner_batch.records import EntityType, TypeGroup


def names(groups: tuple[TypeGroup, ...]) -> list[list[str]]:
    return [[type.name for type in group] for group in groups]


def set_groups(name: str) -> list[list[str]]:
    one = load_catalog().set_named(name)
    assert one is not None
    return [[type.name for type in group] for group in one.groups.values()]


def test_names_asked_one_by_one_compete_in_the_order_asked() -> None:
    groups = resolve_types("drug, disease,")
    assert names(groups) == [["drug", "disease"]]
    assert groups[0][1] == EntityType("disease", load_catalog().lookup("disease").descriptions["definition"])


@pytest.mark.parametrize(
    "requested", ["cell_line", "Cell Line", "CELL-LINE", "cultured cell line", "biomedical.cell_line"]
)
def test_case_spaces_hyphens_and_aliases_do_not_matter(requested: str) -> None:
    assert names(resolve_types(requested)) == [["cell_line"]]


def test_a_set_comes_in_its_declared_groups() -> None:
    assert names(resolve_types("Biomedical")) == set_groups("biomedical")
    assert names(resolve_types("clinical,phi")) == set_groups("clinical") + set_groups("phi")


def test_a_group_of_a_set_can_be_asked() -> None:
    clinical = load_catalog().set_named("clinical")
    assert clinical is not None
    assert names(resolve_types("clinical.care")) == [[type.name for type in clinical.groups["care"]]]


def test_types_asked_by_name_form_a_group_before_those_of_sets() -> None:
    groups = names(resolve_types("phi.contacts,disease,age"))
    assert groups[0] == ["disease", "age"]
    assert "phone_number" in groups[1]


def test_more_names_than_can_compete_are_split_evenly() -> None:
    requested = [type.name for type in find_types("biomedical")][:40]
    assert [len(group) for group in resolve_types(",".join(requested))] == [20, 20]


def test_a_type_asked_twice_stays_where_it_came_first() -> None:
    groups = names(resolve_types("disease,biomedical,disorder"))
    assert groups[0] == ["disease"]
    assert sum(group.count("disease") for group in groups) == 1
    assert sorted(chain(*groups)) == sorted(chain(*set_groups("biomedical")))


def test_a_name_in_two_sets_is_a_types_own_name_before_an_alias_and_the_earlier_set_first() -> None:
    # `date` is a clinical type and an alias in phi; `symptom` a biomedical type and an alias in clinical.
    assert find_types("date")[0].set == "clinical"
    assert find_types("phi.date")[0].set == "phi"
    assert find_types("symptom")[0].set == "biomedical"
    assert find_types("clinical.symptom")[0].name == "sign_or_symptom"
    # `body_part` is an alias in both.
    assert find_types("body_part")[0].set == "biomedical"
    assert find_types("clinical.body_part")[0].name == "biological_structure"


@pytest.mark.parametrize("view", VIEWS)
def test_the_view_chooses_the_description(view: str) -> None:
    ((type,),) = resolve_types("gene", view)
    assert type.description == load_catalog().lookup("gene").descriptions[view]


def test_an_unknown_view_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'short'; expected one of: definition, examples, contextual"):
        resolve_types("disease", "short")


@pytest.mark.parametrize(
    ("requested", "hint"),
    [
        ("diseas", "did you mean disease"),
        ("phi.phone_numbr", "did you mean phi.phone_number"),
        ("biomedcal", "did you mean biomedical"),
        ("phi.disease", "no entity type or set is called 'phi.disease'"),
        ("xyzzy", "`openbioner-batch types` lists all (sets: biomedical, clinical, phi, noun_phrases)"),
        ("my_types.txt", "a file that ends in .yaml"),
    ],
)
def test_an_unknown_name_gets_close_matches_and_the_way_to_list(requested: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_types(f"disease,{requested}")
    assert repr(requested) in str(caught.value)
    assert hint in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("requested", ["", " , "])
def test_an_empty_selection_is_refused(requested: str) -> None:
    with pytest.raises(UsageError, match="no entity types were named"):
        resolve_types(requested)


def test_a_users_file_mixes_with_the_catalog(tmp_path: Path) -> None:
    path = tmp_path / "mine.yml"
    path.write_text("food: Something to eat.\nspoon: A tool to eat with.\n")
    for view in VIEWS:
        ((food, spoon, disease),) = resolve_types(f"{path},disease", view)
        assert (food, spoon) == (EntityType("food", "Something to eat."), EntityType("spoon", "A tool to eat with."))
        assert disease.description == load_catalog().lookup("disease").descriptions[view]


def test_a_users_file_keeps_its_groups_and_its_other_types_compete_with_names_asked(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("groups: {tools: [spoon, fork]}\ntypes: {food: Eaten., fork: Pointed tool., spoon: Round tool.}\n")
    assert names(resolve_types(f"{path},disease")) == [["food", "disease"], ["spoon", "fork"]]


def test_a_view_that_a_users_type_lacks_is_refused_with_those_it_has(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("food: {descriptions: {definition: Eaten., examples: Bread.}}\n")
    assert names(resolve_types(str(path), "examples")) == [["food"]]
    with pytest.raises(
        UsageError, match=r"mine\.food has no description view 'contextual'; it has: definition, examples"
    ):
        resolve_types(str(path), "contextual")


def test_two_different_types_of_one_name_are_refused_and_equal_ones_are_one(tmp_path: Path) -> None:
    other, same = tmp_path / "other.yaml", tmp_path / "same.yaml"
    other.write_text("Disease: Anything that makes me unwell.\n")
    same.write_text(f"disease: {load_catalog().lookup('disease').descriptions['definition']!r}\n")
    assert names(resolve_types(f"disease,{same}")) == [["disease"]]
    with pytest.raises(UsageError, match=r"biomedical\.disease and other\.Disease"):
        resolve_types(f"disease,{other}")
