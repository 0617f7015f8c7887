"""Classes of what is of a class but not of one below it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from tools_taxonomy import TAXONOMY, marked, passages, settings

from openbioner_batch.training.silver.ontology.classes import read_part
from openbioner_batch.training.silver.ontology.exceptions import with_exceptions
from openbioner_batch.training.silver.ontology.sentences import fill_sentences
from openbioner_batch.training.sources import read_descriptions


def test_an_exception_is_of_all_members_of_a_class_but_those_of_one_below_it(made: Path) -> None:
    with (made / "tools.yaml").open("a") as file:
        file.write("drill:\n  parent: tool\n  is: [What makes holes.]\n  members: [gimlet, awl]\n")
    fill_sentences(settings(made, exceptions=1))
    (kind,) = {kind for kind, _, _ in read_descriptions(str(made / "out")) if "_but_not_" in kind}
    but = kind.removeprefix("tool_but_not_")
    assert but in ("cutting_tool", "hitting_tool", "drill")
    assert any(kind in (passage.annotated or ()) for passage in passages(made / "out"))
    for passage in passages(made / "out"):
        marked: dict[tuple[int, int], set[str]] = {}
        for mention in passage.mentions:
            marked.setdefault((mention.start, mention.end), set()).add(mention.type)
        for types in marked.values():
            assert (kind in types) == ("tool" in types and but not in types)
    fill_sentences(settings(made, "again", exceptions=1, name="out"))
    assert (made / "again/descriptions/000000.parquet").read_bytes() == (
        made / "out/descriptions/000000.parquet"
    ).read_bytes()


def exceptions(folder: Path, more: str = "", **wanted: object) -> dict[str, set[str]]:
    """The members of each exception of the tools and what is added to them."""
    with (folder / "tools.yaml").open("a") as file:
        file.write(more)
    part = with_exceptions(read_part(str(folder / "tools.yaml")), 9, np.random.default_rng(0), **wanted)  # type: ignore[arg-type]
    return {
        concept.id: {other.names[0].text for other in part.concepts if concept.id in other.parents}
        for concept in part.concepts
        if " without " in concept.id
    }


def test_members_of_both_are_in_no_exception(made: Path) -> None:
    gift = "gift:\n  parent: tool\n  is: [What is given.]\n  members: [hammer, saw, spoon, fork]\n"
    assert exceptions(made, gift) == {
        "tool without cutting_tool": {"hammer", "mallet", "spoon", "fork"},
        "tool without hitting_tool": {"saw", "axe", "knife", "spoon", "fork"},
        "tool without gift": {"axe", "knife", "mallet"},
    }


def test_an_exception_that_equals_a_class_or_leaves_one_member_out_is_not_made(made: Path) -> None:
    assert exceptions(made) == {}
    assert list(exceptions(made, "pin:\n  parent: tool\n  is: [What holds.]\n  members: [pin]\n")) == [
        "tool without cutting_tool",
        "tool without hitting_tool",
    ]


def test_no_exception_names_a_type_that_is_held_out(made: Path) -> None:
    drill = "drill:\n  parent: tool\n  is: [What makes holes.]\n  members: [gimlet, awl]\n"
    assert "tool without drill" not in exceptions(made, drill, unwanted=lambda name: name == "drill")


def test_exceptions_are_described_by_names_and_short_noun_phrases(made: Path) -> None:
    told = "[A Bosch drill., 'awl, gimlet', A thing but no hammer]"
    drill = f"drill:\n  parent: tool\n  is: {told}\n  members: [gimlet, awl]\n"
    (made / "tools.yaml").write_text(TAXONOMY.replace("a help for the hands", "Any help for the hands") + drill)
    part = with_exceptions(read_part(str(made / "tools.yaml")), 9, np.random.default_rng(0))
    (made_of,) = [concept for concept in part.concepts if concept.id == "tool without drill"]
    for text in (made_of.definition or "", *made_of.wordings):
        assert re.search("not|other than|except", text)
        assert text.rstrip(")").endswith(("drill", "a Bosch drill"))


def test_an_exception_is_filled_with_first_members_alone_and_not_made_of_fewer_than_two(made: Path) -> None:
    with (made / "tools.yaml").open("a") as file:
        file.write("gift:\n  parent: tool\n  is: [What is given.]\n  members: [hammer, saw, spoon, mallet, fork]\n")
    (made / "sentences.txt").write_text("It is a {tool without hitting_tool}.\n")
    fill_sentences(settings(made, members=2, exceptions=9))
    assert marked(made / "out").keys() == {"saw", "axe", "hatchet"}
    kinds = {}
    for members in (0, 2):
        part = with_exceptions(read_part(str(made / "tools.yaml"), members=members), 9, np.random.default_rng(0))
        kinds[members] = {concept.id for concept in part.concepts if " without " in concept.id}
    # An axe and a knife are no gifts, but the knife is the third cutting tool.
    assert kinds[0] - kinds[2] == {"tool without gift"}
    assert kinds[2] == {"tool without cutting_tool", "tool without hitting_tool"}
