"""Glossaries are read from people's text files and from checkpoints, and what is wrong is said without their words."""

from __future__ import annotations

import dataclasses
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowing import constant_head

from openbioner_batch.errors import CheckpointError, UsageError
from openbioner_batch.model.config import ModelConfig
from openbioner_batch.model.glossary import Glossary, GlossaryEntry
from openbioner_batch.model.glossary_files import GlossaryChoice, read_entries, write_glossary
from openbioner_batch.model.location import GLOSSARY, GLOSSARY_HEAD
from openbioner_batch.model.reading import config_to_json

OWN = [GlossaryEntry(("aspirin", "ASA"), ("relieves pain", "antiplatelet drug")), GlossaryEntry(("Sjögren",), ("é😀",))]
MORE = "Keppra | levetiracetam: antiepileptic drug; prevents fits\n"
KEPPRA = GlossaryEntry(("Keppra", "levetiracetam"), ("antiepileptic drug", "prevents fits"))
parts = st.text(st.characters(codec="utf-8", exclude_characters="|:;#\ufeff\r\n"), min_size=1).map(str.strip)
entries = st.builds(
    GlossaryEntry,
    *[st.lists(parts.filter(bool), min_size=1, max_size=3, unique=True).map(tuple)] * 2,
)


LATE = ModelConfig(10, 8, 2, 2, 16, 512, separate_layers=2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shape, the glossary and the head of a checkpoint."""
    write_shape(LATE, tmp_path)
    write_glossary(OWN, tmp_path)
    constant_head(0).write(tmp_path / GLOSSARY_HEAD)
    return tmp_path


def write_shape(config: ModelConfig, directory: Path) -> None:
    (directory / "config.json").write_text(json.dumps(config_to_json(config)))


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


@given(st.lists(entries, min_size=1))
def test_what_is_written_as_text_is_read_again(tmp_path_factory: pytest.TempPathFactory, some: list) -> None:
    lines = [" | ".join(entry.names) + ": " + " ; ".join(entry.glosses) for entry in some]
    path = written(tmp_path_factory.mktemp("text") / "names.txt", "\n".join(lines))
    assert read_entries(path) == some


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_comments_empty_lines_byte_order_marks_and_repetitions_do_not_matter(
    tmp_path: Path, start: str, end: str
) -> None:
    lines = [
        "# names: their glosses",
        "",
        "  ",
        "Keppra|levetiracetam | Keppra: antiepileptic drug ;prevents fits; ",
        "",
    ]
    path = tmp_path / "names.txt"
    path.write_bytes((start + end.join(lines)).encode())
    assert read_entries(path) == [KEPPRA]


def test_later_colons_belong_to_the_glosses(tmp_path: Path) -> None:
    path = written(tmp_path / "names.txt", "a:b: one: two; three:four")
    assert read_entries(path) == [GlossaryEntry(("a:b",), ("one: two", "three:four"))]


def test_what_is_false_of_a_name_is_read_as_it_is_written(tmp_path: Path) -> None:
    path = written(tmp_path / "names.txt", "Keppra:  not a dye ;prevents fits; not a test;not; notable")
    (entry,) = read_entries(path)
    assert entry.glosses == ("not a dye", "prevents fits", "not a test", "not", "notable")
    assert Glossary([entry]).said(0) == (("prevents fits", "not", "notable"), ("a dye", "a test"))


@pytest.mark.parametrize("line", ["secretname", "secretname:", ": secretname", "secretname: ; ", "| : secretname"])
def test_a_line_of_another_form_is_named_without_its_words(tmp_path: Path, line: str) -> None:
    path = written(tmp_path / "names.txt", f"# comment\nKeppra: prevents fits\x0b\x85\u2028\n\n{line}\nsecretsecond")
    with pytest.raises(UsageError, match=r"names\.txt, line 4: expected names") as error:
        read_entries(path)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# only a comment"])
def test_a_file_without_entries_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "names.txt").write_bytes(content)
    with pytest.raises(UsageError, match=r"names\.txt: no entries"):
        read_entries(tmp_path / "names.txt")


def test_a_file_that_cannot_be_read_is_named_without_its_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing\.txt: cannot be read \(No such file"):
        read_entries(tmp_path / "missing.txt")
    with pytest.raises(UsageError, match="cannot be read"):
        read_entries(tmp_path)
    (tmp_path / "latin.txt").write_bytes("secret: fièvre".encode("latin-1"))
    with pytest.raises(UsageError, match=r"latin\.txt: cannot be read \(it is not UTF-8\)") as error:
        read_entries(tmp_path / "latin.txt")
    assert "secret" not in str(error.value)


@given(st.lists(entries, max_size=5))
def test_what_is_stored_with_a_checkpoint_is_read_again_and_the_same_bytes_each_time(
    tmp_path_factory: pytest.TempPathFactory, some: list
) -> None:
    first, second = (tmp_path_factory.mktemp("stored") for _ in range(2))
    for directory in (first, second):
        write_shape(LATE, directory)
        write_glossary(some, directory)
        (directory / GLOSSARY_HEAD).touch()
    assert (first / GLOSSARY).read_bytes() == (second / GLOSSARY).read_bytes()
    loaded = GlossaryChoice().load(first)
    assert loaded is not None
    assert loaded.entries == tuple(some)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        gzip.compress(b"text", mtime=0),
        gzip.compress(b"\xff\n", mtime=0),
        gzip.compress(b"[1]\n", mtime=0),
        gzip.compress(b'{"names": ["a"]}\n', mtime=0),
        gzip.compress(b'{"names": "aspirin", "glosses": ["a"]}\n', mtime=0),
        gzip.compress(b'{"names": [1], "glosses": ["a"]}\n', mtime=0),
        gzip.compress(b'{"names": null, "glosses": ["a"]}\n', mtime=0),
    ],
)
def test_a_damaged_glossary_is_named(folder: Path, content: bytes) -> None:
    (folder / GLOSSARY).write_bytes(content)
    with pytest.raises(CheckpointError, match=r"glossary\.jsonl\.gz: not a glossary"):
        GlossaryChoice().load(folder)


def test_a_missing_glossary_is_named(folder: Path) -> None:
    (folder / GLOSSARY).unlink()
    with pytest.raises(CheckpointError, match=r"glossary\.jsonl\.gz: not a glossary"):
        GlossaryChoice().load(folder)


def test_whatever_byte_is_damaged_the_glossary_is_the_same_or_named(folder: Path) -> None:
    whole = (folder / GLOSSARY).read_bytes()
    named = 0
    for place in range(len(whole)):
        (folder / GLOSSARY).write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            loaded = GlossaryChoice().load(folder)
        except CheckpointError:
            named += 1
        else:
            assert loaded is not None
            assert loaded.entries == tuple(OWN)
        (folder / GLOSSARY).write_bytes(whole[:place])
        with pytest.raises(CheckpointError):
            GlossaryChoice().load(folder)
    assert named > len(whole) / 2


def test_an_option_names_a_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = written(tmp_path / "names.txt", MORE)
    assert GlossaryChoice.of(None) == GlossaryChoice()
    assert GlossaryChoice.of("none") == GlossaryChoice(own=False)
    assert GlossaryChoice.of(str(path)) == GlossaryChoice.of("~/names.txt") == GlossaryChoice(entries=(KEPPRA,))
    with pytest.raises(UsageError, match="None: cannot be read"):
        GlossaryChoice.of("None")


def test_the_digest_tells_choices_apart_and_not_files(tmp_path: Path) -> None:
    first, second = written(tmp_path / "a.txt", MORE), written(tmp_path / "b.txt", f"# the same\n\n{MORE}")
    assert GlossaryChoice().digest is None
    assert GlossaryChoice.of("none").digest == "none"
    assert GlossaryChoice.of(str(first)).digest == GlossaryChoice.of(str(second)).digest
    choices = [
        (),
        (KEPPRA,),
        (*OWN, KEPPRA),
        (KEPPRA, *OWN),
        (dataclasses.replace(KEPPRA, glosses=("prevents fits",)),),
    ]
    digests = {GlossaryChoice(own, some).digest for own in (True, False) for some in choices}
    assert len(digests) == 2 * len(choices)


def entries_of(glossary: Glossary | None) -> list[GlossaryEntry] | None:
    return None if glossary is None else list(glossary.entries)


def test_a_choice_loads_the_glossary_of_the_checkpoint_more_or_none(folder: Path) -> None:
    assert entries_of(GlossaryChoice().load(folder)) == OWN
    assert entries_of(GlossaryChoice(entries=(KEPPRA,)).load(folder)) == [*OWN, KEPPRA]
    assert entries_of(GlossaryChoice(own=False).load(folder)) is None
    assert entries_of(GlossaryChoice(False, (KEPPRA,)).load(folder)) == [KEPPRA]


def test_a_checkpoint_without_a_head_has_no_glossary_and_takes_no_entries(folder: Path) -> None:
    (folder / GLOSSARY_HEAD).unlink()
    for own in (True, False):
        assert GlossaryChoice(own).load(folder) is None
        with pytest.raises(UsageError, match=rf"--glossary: {folder.name} has no glossary\.safetensors"):
            GlossaryChoice(own, (KEPPRA,)).load(folder)


@pytest.mark.parametrize("layers", [0, 1])
def test_a_glossary_beside_a_model_that_would_ignore_it_is_refused_unless_it_is_left_out(
    folder: Path, layers: int
) -> None:
    write_shape(dataclasses.replace(LATE, separate_layers=layers), folder)
    (folder / GLOSSARY).write_bytes(b"not read")
    for choice in (GlossaryChoice(), GlossaryChoice(entries=(KEPPRA,)), GlossaryChoice(False, (KEPPRA,))):
        with pytest.raises(CheckpointError, match=r"remove glossary\.jsonl\.gz and glossary\.safetensors, or") as error:
            choice.load(folder)
        assert str(error.value).startswith(f"{folder}: it has a glossary, which late interaction on BERT's layers")
        assert len(str(error.value).splitlines()) == 1
    assert GlossaryChoice(own=False).load(folder) is None


def test_whether_there_is_one_is_known_before_it_is_read(folder: Path) -> None:
    (folder / GLOSSARY).write_bytes(b"not read")
    assert GlossaryChoice().applies_to(folder)
    assert not GlossaryChoice(own=False).applies_to(folder)
    (folder / GLOSSARY_HEAD).unlink()
    assert not GlossaryChoice().applies_to(folder)


def test_what_is_false_of_a_name_may_begin_with_a_capital(tmp_path: Path) -> None:
    path = written(tmp_path / "names.txt", "Keppra: Not an antibiotic; nothing; NOT a dye; not a dye")
    assert read_entries(path) == [GlossaryEntry(("Keppra",), ("not an antibiotic", "nothing", "not a dye"))]


@pytest.mark.parametrize("name", ["ab", "(a) |b", "one two three four five six seven"])
def test_a_users_entry_whose_names_are_never_found_is_refused_without_its_words(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / "names.txt", f"Keppra | ab: prevents fits\n{name}: secret")
    with pytest.raises(
        UsageError, match=r"entry 2 of 2: none of its names can be found; expected one of at least 3"
    ) as e:
        GlossaryChoice.of(str(path))
    assert "secret" not in str(e.value)
    assert "seven" not in str(e.value)
