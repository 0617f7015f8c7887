"""Silver data from sentences with slots: names are labelled with all above them, and siblings are surely absent."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from openbioner_batch.cli.main import main
from openbioner_batch.errors import UsageError
from openbioner_batch.training.passages import AnnotatedPassage
from openbioner_batch.training.silver.made_settings import SentenceSettings
from openbioner_batch.training.silver.ontology.classes import Classes, read_part
from openbioner_batch.training.silver.ontology.exceptions import with_exceptions
from openbioner_batch.training.silver.ontology.sentences import Filler, fill_sentences, read_sentences
from openbioner_batch.training.sources import passage_groups, read_descriptions, read_passages

TAXONOMY = """
tool:
  is: [Something to work with., a help for the hands]
cutting_tool:
  parent: tool
  is: [A tool that cuts., what has a blade]
  members: [saw, axe | hatchet, knife]
hitting_tool:
  parent: tool
  is: [A tool to hit with.]
  members: [hammer, mallet]
fruit:
  is: [What grows on trees and is sweet.]
  members: [apple, plum, pear, multi tool]
"""
SENTENCES = """# tools
He put a {tool} beside a {tool} <<today|at once>>.
{fruit} is eaten; the {cutting_tool} helps.
"""


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / "tools.yaml").write_text(TAXONOMY)
    (tmp_path / "sentences.txt").write_text(SENTENCES)
    return tmp_path


def settings(folder: Path, output: str = "out", **more: object) -> SentenceSettings:
    fixed = {"vocabularies": (str(folder / "tools.yaml"),), "sentences": str(folder / "sentences.txt")}
    return SentenceSettings(**{**fixed, "output": str(folder / output), "passages": 60, **more})  # type: ignore[arg-type]


def passages(folder: Path) -> list[AnnotatedPassage]:
    return [passage for group in passage_groups(str(folder)) for passage in read_passages(group)]


def test_names_are_labelled_with_all_that_is_above_them(made: Path) -> None:
    fill_sentences(settings(made))
    kinds = {
        "saw": {"tool", "cutting_tool"},
        "axe": {"tool", "cutting_tool"},
        "hatchet": {"tool", "cutting_tool"},
        "hammer": {"tool", "hitting_tool"},
        "plum": {"fruit"},
    }
    seen: set[str] = set()
    for passage in passages(made / "out"):
        assert "{" not in passage.text
        assert "<<" not in passage.text
        found: dict[tuple[int, int], set[str]] = {}
        for mention in passage.mentions:
            found.setdefault((mention.start, mention.end), set()).add(mention.type)
        for (start, end), types in found.items():
            name = passage.text[start:end].lower()
            seen.add(name)
            assert types == kinds.get(name, types)
    assert kinds.keys() <= seen


def test_siblings_are_surely_absent_and_what_is_there_is_not(made: Path) -> None:
    fill_sentences(settings(made))
    for passage in passages(made / "out"):
        present = {mention.type for mention in passage.mentions}
        assert passage.annotated is not None
        assert present <= set(passage.annotated)
        if "fruit" not in present and "hitting_tool" not in present:
            assert "hitting_tool" in passage.annotated
    assert any(
        "hitting_tool" not in {mention.type for mention in passage.mentions} for passage in passages(made / "out")
    )


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


def test_every_wording_is_a_view(made: Path) -> None:
    fill_sentences(settings(made))
    found = {(kind, view): text for kind, view, text in read_descriptions(str(made / "out"))}
    assert found["cutting_tool", "definition"] == "A tool that cuts."
    assert found["cutting_tool", "definition 2"] == "what has a blade"
    assert ("hitting_tool", "definition 2") not in found


def test_names_within_a_phrase_are_labelled_where_it_is_said_to_be_one(made: Path) -> None:
    with (made / "tools.yaml").open("a") as file:
        file.write("want:\n  is: [What somebody asks for.]\n  members: [no knife, a plum at noon]\n")
    (made / "sentences.txt").write_text("He wants {want}.\n")
    fill_sentences(settings(made))
    assert {mention.type for passage in passages(made / "out") for mention in passage.mentions} == {"want"}
    fill_sentences(settings(made, "nested", phrases=("want",)))
    found = {(p.text[m.start : m.end], m.type) for p in passages(made / "nested") for m in p.mentions}
    assert found >= {("no knife", "want"), ("knife", "cutting_tool"), ("plum", "fruit"), ("a plum at noon", "want")}
    with pytest.raises(UsageError, match="--phrases wish: no such class"):
        fill_sentences(settings(made, phrases=("wish",)))


def test_articles_and_capitals_agree_with_the_name(made: Path) -> None:
    fill_sentences(settings(made))
    texts = " ".join(passage.text for passage in passages(made / "out"))
    assert "an axe" in texts
    assert "a axe" not in texts
    assert "a saw" in texts
    assert "an saw" not in texts
    assert "Plum is eaten" in texts


def test_the_same_request_gives_the_same_passages_and_another_seed_others(made: Path) -> None:
    fill_sentences(settings(made, name="x"))
    fill_sentences(settings(made, "again", name="x"))
    fill_sentences(settings(made, "other", name="x", seed=1))
    assert passages(made / "out") == passages(made / "again")
    assert passages(made / "out") != passages(made / "other")


def test_a_folder_that_holds_something_else_is_left_alone(made: Path) -> None:
    fill_sentences(settings(made))
    before = passages(made / "out")
    with pytest.raises(UsageError, match="give another folder"):
        fill_sentences(settings(made, seed=1))
    fill_sentences(settings(made))
    assert passages(made / "out") == before
    (made / "paid" / "descriptions").mkdir(parents=True)
    (made / "paid" / "descriptions" / "000000.parquet").write_bytes(b"an LLM was paid for this")
    with pytest.raises(UsageError, match="give another folder"):
        fill_sentences(settings(made, "paid"))
    assert (made / "paid" / "descriptions" / "000000.parquet").is_file()


def test_a_type_of_a_held_out_name_is_not_made(made: Path) -> None:
    (made / "without.txt").write_text("hitting tool\n")
    fill_sentences(settings(made, without=str(made / "without.txt")))
    assert {kind for kind, _, _ in read_descriptions(str(made / "out"))} == {"tool", "cutting_tool", "fruit"}


def test_a_slot_of_no_class_is_named_with_its_line(made: Path) -> None:
    (made / "sentences.txt").write_text("# one\nThe {tol} broke.\n")
    with pytest.raises(UsageError, match=r"sentences\.txt, line 2: \{tol\} is no class"):
        fill_sentences(settings(made))
    (made / "sentences.txt").write_text("# nothing\n")
    with pytest.raises(UsageError, match="has no sentences"):
        fill_sentences(settings(made))


def test_the_command_prints_what_was_made(made: Path) -> None:
    arguments = [
        "silver",
        "sentences",
        "tools.yaml",
        "--sentences",
        "sentences.txt",
        "--output",
        "o",
        "--passages",
        "9",
    ]
    paths = [str(made / item) if item.endswith((".yaml", ".txt")) or item == "o" else item for item in arguments]
    result = CliRunner().invoke(main, paths)
    assert result.exit_code == 0, result.output
    assert "passages" in result.output
    assert len(passages(made / "o")) == 9


OWN = files("openbioner_batch.training")
VOCABULARIES = [(OWN / "taxonomy" / "classes.yaml", OWN / "taxonomy" / "sentences.txt", ("expression",), 500)]
VOCABULARIES += [
    (OWN / "names" / f"{name}.yaml", OWN / "names" / f"{name}.txt", (), 50)
    for name in (
        "body",
        "care",
        "expressions",
        "illnesses",
        "living",
        "meds_kind",
        "meds_use",
        "molecules",
        "body_axes",
        "illness_axes",
        "meds_plain",
        "world_axes",
    )
]


@pytest.mark.parametrize(("vocabulary", "lines", "phrases", "least"), VOCABULARIES)
def test_the_vocabularies_of_the_package_fill_their_sentences(
    vocabulary: Traversable, lines: Traversable, phrases: tuple[str, ...], least: int
) -> None:
    classes = Classes([read_part(str(vocabulary))])
    filler = Filler(classes, lines.name, phrases)
    sentences = read_sentences(str(lines))
    for number, sentence in sentences:
        filler.check(number, sentence)
    described = [concept for concept in classes.concepts if concept.definition]
    assert len(described) > least
    assert all(len(concept.wordings) >= 2 for concept in described)
    passage = filler.passage("x", sentences, np.random.default_rng(0))
    assert passage.found
