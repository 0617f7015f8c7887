"""Users' type files: forgiving in layout, and clear about what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from openbioner_batch.catalog import VIEWS, read_type_file
from openbioner_batch.errors import UsageError


def write(folder: Path, content: str | bytes, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_plain_mapping_of_names_to_descriptions_is_a_set(tmp_path: Path) -> None:
    types = read_type_file(write(tmp_path, "food: Something to eat.\nTable Ware: >\n  Plates\n  and spoons.\n"))
    assert types.name == "mine"
    assert [type.name for type in types.types] == ["food", "Table Ware"]
    assert types.types[1].descriptions == dict.fromkeys(VIEWS, "Plates and spoons.")
    assert types.groups == {}


def test_the_full_layout_keeps_everything(tmp_path: Path) -> None:
    types = read_type_file(
        write(
            tmp_path,
            """
            set: kitchen
            summary: Things in kitchens
            groups: {core: [Food]}
            types:
              food:
                aliases: [meal, Fare]
                source: A cookbook
                descriptions: {definition: Something to eat., examples: Bread or soup.}
              spoon: {description: A tool to eat soup with.}
            """,
        )
    )
    food, spoon = types.types
    assert (types.name, types.summary) == ("kitchen", "Things in kitchens")
    assert (food.aliases, food.source, food.set) == (("meal", "Fare"), "A cookbook", "kitchen")
    assert food.descriptions == {"definition": "Something to eat.", "examples": "Bread or soup."}
    assert spoon.descriptions["contextual"] == "A tool to eat soup with."
    assert types.groups == {"core": (food,)}


@pytest.mark.parametrize("above", ["", "types:\n"])
def test_a_list_of_named_types_is_a_set(tmp_path: Path, above: str) -> None:
    listed = "- {name: food, description: Something to eat.}\n- {name: spoon, description: A tool., aliases: [ladle]}\n"
    types = read_type_file(write(tmp_path, above + listed))
    assert [(type.name, type.aliases) for type in types.types] == [("food", ()), ("spoon", ("ladle",))]
    with pytest.raises(UsageError, match=r"types\[2\]: 'food' is given twice"):
        read_type_file(write(tmp_path, above + listed + "- {name: food, description: Again.}\n"))


def test_a_type_may_be_called_types(tmp_path: Path) -> None:
    assert [type.name for type in read_type_file(write(tmp_path, "types: Kinds of things.\n")).types] == ["types"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "expected entity types"),
        ("- food\n", ": types[0]: expected a mapping with `name`"),
        ("types: [{description: A.}]\n", ": types[0]: expected a mapping with `name`"),
        ("types: 3\n", "types: expected a mapping"),
        ("types: []\n", "types: expected at least one"),
        ("types: {}\n", "types: expected at least one"),
        ("types: {food: 3}\n", ": types.food: expected a description"),
        ("food: ''\n", ": food.description: expected a text that is not empty"),
        ("yes: A word.\n", ": True: expected a name in text"),
        (
            "food: {descriptions: {defnition: Eaten.}}\n",
            ": food.descriptions.defnition: unknown key; expected one of definition",
        ),
        ("food: {descriptions: {}}\n", ": food.descriptions: expected at least one of definition"),
        ("food: {aliases: [meal]}\n", ": food: expected either `description`"),
        ("food: {description: Eaten., descriptions: {definition: Eaten.}}\n", ": food: expected either"),
        ("food: {description: Eaten., alias: meal}\n", ": food.alias: unknown key"),
        ("food: {description: Eaten., aliases: meal}\n", ": food.aliases: expected a list"),
        ("food: {description: Eaten., aliases: [meal, Meal]}\n", ": food.aliases: a name is listed twice"),
        ("food: {description: Eaten., source: 3}\n", ": food.source: expected a text"),
        ("food: Eaten.\nfood: Again.\n", "line 2, column 1: 'food' is given twice"),
        ("cell line: A.\ncell_line: B.\n", ": cell_line: the name or alias 'cell_line' belongs to cell line"),
        (
            "food: A.\nmeal: {description: B., aliases: [FOOD]}\n",
            ": meal: the name or alias 'FOOD' belongs to food",
        ),
        ("food: such as: bread\n", "line 1"),
        ("types: {food: A.}\nextra: 1\n", "extra: unknown key; expected one of set, summary, groups, types"),
        ("types: {food: A.}\ngroups: [food]\n", "groups: expected a mapping"),
        ("types: {food: A.}\ngroups: {core: food}\n", "groups.core: expected a list"),
        ("types: {food: A.}\ngroups: {core: [spoon]}\n", "groups.core: 'spoon' is not among the file's types: food"),
        ("types: {food: A.}\ngroups: {a: [food], b: [food]}\n", "groups.b: 'food' is in groups.a already"),
        (b"food: \xff\xfe\n", "not UTF-8"),
        (b"food: \x00\n", "not valid YAML"),
        ("food: !!python/object:os.system {}\n", "not valid YAML"),
    ],
)
def test_an_error_names_the_file_the_key_and_what_was_expected(
    tmp_path: Path, content: str | bytes, complaint: str
) -> None:
    path = write(tmp_path, content)
    with pytest.raises(UsageError) as caught:
        read_type_file(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_group_of_more_types_than_can_compete_is_refused(tmp_path: Path) -> None:
    names = [f"kind_{number}" for number in range(26)]
    types = "".join(f"  {name}: Number {name}.\n" for name in names)
    with pytest.raises(UsageError, match=r"groups\.all: 26 types; at most 25"):
        read_type_file(write(tmp_path, f"groups: {{all: [{', '.join(names)}]}}\ntypes:\n{types}"))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read the type file '.*none\.yaml'"):
        read_type_file(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="cannot read the type file"):
        read_type_file(tmp_path)
