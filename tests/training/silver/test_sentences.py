"""Silver data from sentences with slots: names are labelled with all above them, and siblings are surely absent."""

from __future__ import annotations

import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from tools_taxonomy import marked, passages, settings

from openbioner_batch.cli.main import main
from openbioner_batch.errors import UsageError
from openbioner_batch.training.silver.ontology.classes import Classes, read_part
from openbioner_batch.training.silver.ontology.sentences import Filler, fill_sentences, read_sentences
from openbioner_batch.training.sources import read_descriptions


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


def test_only_the_first_members_of_each_class_are_drawn_with_all_their_types(made: Path) -> None:
    with (made / "tools.yaml").open("a") as file:
        file.write("gift:\n  parent: tool\n  is: [What is given.]\n  members: [spoon, mallet, hammer]\n")
    (made / "sentences.txt").write_text("It is a {tool}.\n")
    fill_sentences(settings(made, members=2))
    assert marked(made / "out") == {
        "saw": {"tool", "cutting_tool"},
        "axe": {"tool", "cutting_tool"},
        "hatchet": {"tool", "cutting_tool"},
        "hammer": {"tool", "hitting_tool", "gift"},
        "mallet": {"tool", "hitting_tool", "gift"},
        "spoon": {"tool", "gift"},
    }
    # The hammer is the third gift: it is drawn for other classes, but is of this one there too.
    (made / "sentences.txt").write_text("It is a {gift}.\n")
    fill_sentences(settings(made, "gifts", members=2))
    assert marked(made / "gifts").keys() == {"spoon", "mallet"}


def test_without_a_number_of_members_all_are_drawn_and_a_folder_from_before_the_options_is_its_own(made: Path) -> None:
    (made / "sentences.txt").write_text("It is a {cutting_tool}.\n")
    fill_sentences(settings(made))
    assert marked(made / "out").keys() == {"saw", "axe", "hatchet", "knife"}
    state = json.loads((made / "out" / "_run" / "sentences.json").read_text())
    assert not {"members", "exceptions"} & state.keys()
    assert "passages" in state
    with pytest.raises(UsageError, match="give another folder"):
        fill_sentences(settings(made, members=2))


def test_a_class_whose_first_members_are_of_another_vocabulary_has_its_others_drawn(made: Path) -> None:
    (made / "more.yaml").write_text("sharp:\n  is: [What cuts.]\n  members: [saw, glass, thorn]\n")
    (made / "sentences.txt").write_text("It is {sharp}.\n")
    both = (str(made / "tools.yaml"), str(made / "more.yaml"))
    fill_sentences(settings(made, vocabularies=both, members=1))
    assert marked(made / "out").keys() == {"glass", "thorn"}


def test_members_of_a_vocabulary_that_lists_none_cannot_be_counted(made: Path) -> None:
    path = made / "tools.obo"
    path.write_text("format-version: 1.2\n\n[Term]\nid: T:1\nname: tool\n\n[Term]\nid: T:2\nname: saw\nis_a: T:1\n")
    (made / "sentences.txt").write_text("It is a {tool}.\n")
    fill_sentences(settings(made, vocabularies=(str(path),)))
    with pytest.raises(UsageError, match="--members: no vocabulary lists members"):
        fill_sentences(settings(made, "few", vocabularies=(str(path),), members=3))


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
