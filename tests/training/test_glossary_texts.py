"""The texts of the package's glossary are well formed: entries, and descriptions that fit them and that do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from openbioner_batch.errors import UsageError
from openbioner_batch.model.glossary import DENIED, Glossary, GlossaryEntry
from openbioner_batch.model.glossary_files import read_entries
from openbioner_batch.training.glossary import __main__ as command
from openbioner_batch.training.glossary.material import read_taxonomies

FOLDER = Path(command.__file__).parent
ENTRIES = {path.name: read_entries(path) for path in sorted(FOLDER.glob("*.txt"))}
KINDS = ENTRIES.pop("kinds_of_names.txt")
"""Lists of names by the kind of name that they are: brand, generic or of a class. None is described as a whole."""
DESCRIBED = {path.name: read_entries(path) for path in sorted((FOLDER / "descriptions").glob("*.txt"))}
LONGEST = 20
FEWEST = 2
"""Descriptions that fit a name, and such that do not."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package's texts are those of this folder."""
    monkeypatch.setattr(command, "_HERE", tmp_path)
    return tmp_path


def fitting(glosses: Iterable[str]) -> list[str]:
    return [gloss for gloss in glosses if not gloss.startswith(DENIED)]


def denied(glosses: Iterable[str]) -> list[str]:
    return [gloss.removeprefix(DENIED) for gloss in glosses if gloss.startswith(DENIED)]


def first_names(entries: Iterable[GlossaryEntry]) -> list[str]:
    return [entry.names[0] for entry in entries]


def all_glosses() -> Iterator[tuple[str, str]]:
    """The first name of an entry or of a line of descriptions, and each gloss."""
    for entries in (*ENTRIES.values(), KINDS, *DESCRIBED.values()):
        yield from ((entry.names[0], gloss) for entry in entries for gloss in entry.glosses)


def test_the_package_has_entries_and_descriptions_of_all_of_them() -> None:
    assert sum(map(len, ENTRIES.values())) > 10_000
    assert DESCRIBED.keys() == ENTRIES.keys()
    named = [name for entries in ENTRIES.values() for name in first_names(entries)]
    assert {name for entries in DESCRIBED.values() for name in first_names(entries)} == set(named)


def test_every_entry_has_names_that_are_found() -> None:
    every = (entry for entries in (*ENTRIES.values(), KINDS) for entry in entries)
    hidden = [entry.names[0] for entry in every if not len(Glossary([entry]))]
    assert hidden == ["National Institute for Health and Care Excellence"]  # which has seven words


def test_a_name_is_of_one_kind_which_denies_the_others() -> None:
    names = Counter(name.lower() for entry in KINDS for name in entry.names)
    assert len(names) > 3_000
    assert set(names.values()) == {1}
    assert all(fitting(entry.glosses) and denied(entry.glosses) for entry in KINDS)


@pytest.mark.parametrize("name", ENTRIES)
def test_descriptions_follow_the_entries_of_their_file(name: str) -> None:
    named = first_names(ENTRIES[name])
    assert len(named) == len(set(named)), "no two entries of a file have one first name"
    described = set(first_names(DESCRIBED[name]))
    assert first_names(DESCRIBED[name]) == [name for name in named if name in described]


def test_a_name_is_described_once_where_it_is_first_an_entry() -> None:
    described = Counter(name for entries in DESCRIBED.values() for name in first_names(entries))
    assert set(described.values()) == {1}
    first: dict[str, str] = {}
    for file, entries in ENTRIES.items():
        for name in first_names(entries):
            first.setdefault(name, file)
    assert {name: file for file, entries in DESCRIBED.items() for name in first_names(entries)} == first


def test_a_line_of_descriptions_is_of_one_name_and_has_some_that_fit_and_some_that_do_not() -> None:
    for entry in (entry for entries in DESCRIBED.values() for entry in entries):
        fits, does_not = fitting(entry.glosses), denied(entry.glosses)
        assert len(entry.names) == 1, entry.names
        assert min(len(fits), len(does_not)) >= FEWEST, entry.names
        assert not set(fits) & set(does_not), entry.names


def test_there_are_more_descriptions_that_do_not_fit_than_such_that_do() -> None:
    glosses = [gloss for entries in DESCRIBED.values() for entry in entries for gloss in entry.glosses]
    assert 33_000 < len(fitting(glosses)) < len(denied(glosses))


def test_glosses_are_short_single_lines_that_say_something() -> None:
    for name, gloss in all_glosses():
        said = gloss.removeprefix(DENIED)
        assert 1 <= len(said.split()) <= LONGEST, (name, gloss)
        assert " ".join(gloss.split()) == gloss, (name, gloss)
        assert not any(mark in gloss for mark in ("|", "\t", ": ")), (name, gloss)
        assert any(map(str.isalnum, said)), (name, gloss)
        assert not said.startswith(DENIED), (name, gloss)
        assert gloss.lower().startswith(DENIED) == gloss.startswith(DENIED), (name, gloss)


def test_no_gloss_is_parted_within_brackets() -> None:
    assert [(name, gloss) for name, gloss in all_glosses() if gloss.count("(") != gloss.count(")")] == []


def test_nothing_is_said_to_be_true_and_false_of_a_name() -> None:
    glossary = Glossary(command.written_entries())
    both = []
    for meaning, entries in enumerate(glossary.meanings):
        true, false = (set(map(str.lower, texts)) for texts in glossary.said(meaning))
        if true & false:
            both.append((glossary.entries[entries[0]].names[0], true & false))
    assert both == []


def test_a_list_of_names_of_a_kind_is_not_described_as_its_first_name_is() -> None:
    written = {entry.names: entry.glosses for entry in command.written_entries()}
    assert [entry.names[0] for entry in KINDS if written[entry.names] != entry.glosses] == []


def test_entries_have_their_glosses_then_the_descriptions_of_their_first_name() -> None:
    kinds = {entry.names for entry in KINDS}
    written = iter([entry for entry in command.written_entries() if entry.names not in kinds])
    for file, entries in ENTRIES.items():
        described = {entry.names[0]: entry.glosses for entry in DESCRIBED[file]}
        for entry in entries:
            expected = GlossaryEntry(entry.names, entry.glosses + described.get(entry.names[0], ()))
            assert next(written) == expected
    assert list(written) == []
    assert set(command.descriptions()) == {entry.names[0] for entries in DESCRIBED.values() for entry in entries}


def test_descriptions_go_to_the_entries_of_their_file_with_that_first_name(folder: Path) -> None:
    (folder / "a.txt").write_text("aspirin | ASA: relieves pain\nfever: a sign\n")
    (folder / "b.txt").write_text("ASA | aspirin: a test\naspirin: thins the blood\n")
    (folder / "descriptions").mkdir()
    (folder / "descriptions" / "a.txt").write_text("aspirin: a pill; not a herb\nunknown: a thing; not a person\n")
    more = ("a pill", "not a herb")
    assert command.written_entries() == [
        GlossaryEntry(("aspirin", "ASA"), ("relieves pain", *more)),
        GlossaryEntry(("fever",), ("a sign",)),
        GlossaryEntry(("ASA", "aspirin"), ("a test",)),
        GlossaryEntry(("aspirin",), ("thins the blood",)),
    ]
    assert command.descriptions() == {"aspirin": more, "unknown": ("a thing", "not a person")}


def test_entries_stand_alone_without_descriptions(folder: Path) -> None:
    (folder / "a.txt").write_text("aspirin: relieves pain\n")
    assert command.descriptions() == {}
    assert command.written_entries() == [GlossaryEntry(("aspirin",), ("relieves pain",))]


def test_a_line_of_descriptions_of_another_form_is_refused(folder: Path) -> None:
    (folder / "a.txt").write_text("aspirin: relieves pain\n")
    (folder / "descriptions").mkdir()
    (folder / "descriptions" / "a.txt").write_text("aspirin: a pill\naspirin, a pill\n")
    with pytest.raises(UsageError, match="line 2"):
        command.descriptions()


def test_no_wording_of_a_class_reads_as_a_denial() -> None:
    wordings = [(one.name, text) for one in read_taxonomies(command.TAXONOMIES) for text in one.descriptions]
    assert len(wordings) > 5000
    assert [(name, text) for name, text in wordings if text.lower().startswith(DENIED)] == []
