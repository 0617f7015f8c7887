"""The package's glossary is well formed, and a model that is given it finds its names and stays the same otherwise."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from glossaries import PROJECTION, late_checkpoint
from training.samples import write_silver

from openbioner_batch.errors import UsageError
from openbioner_batch.model import EntityType, Tagger
from openbioner_batch.model.checkpoint import checkpoint_digest
from openbioner_batch.model.glossary import Glossary, GlossaryEntry
from openbioner_batch.model.glossary_files import GlossaryChoice, read_entries
from openbioner_batch.model.knowledge import GlossaryHead
from openbioner_batch.model.location import GLOSSARY, GLOSSARY_FILES, GLOSSARY_HEAD
from openbioner_batch.training.glossary import __main__ as command
from openbioner_batch.training.glossary import fitting
from openbioner_batch.training.glossary.fitting import FittingSettings
from openbioner_batch.training.glossary.material import (
    FAR,
    NOT,
    OF,
    class_entries,
    class_labels,
    passage_labels,
    read_taxonomies,
)
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage

ILLNESSES = """
illness:
  is: [An illness., 'what makes people ill']
  members: [sickness]
infection:
  parent: illness
  is: [An illness that germs cause.]
  members: [influenza | flu, pneumonia]
lung_illness:
  parent: illness
  is: [An illness of the lungs.]
  members: [asthma, pneumonia]
group:
  is: [A class without members.]
"""
MEDICINES = """
medicine:
  is: [A medicine., 'what is given to heal']
  members: [aspirin, salbutamol]
"""
TEXTS = "aspirin | ASA: relieves pain; antiplatelet drug\nlung cancer: a tumour; a disease\nfever: a sign of disease\n"
STEPS = FittingSettings(steps=3)
SHIPPED = sorted(Path(command.__file__).parent.glob("*.txt"))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Small products take longest where many threads wait for a busy core."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def taxonomies(tmp_path: Path) -> Path:
    folder = tmp_path / "names"
    folder.mkdir()
    (folder / "illnesses.yaml").write_text(ILLNESSES)
    (folder / "meds.yaml").write_text(MEDICINES)
    (folder / "expressions.yaml").write_text("dose:\n  is: [An amount.]\n  members: [ten milligrams]\n")
    return folder


@pytest.fixture
def small(taxonomies: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package's glossary is a small one; returns the folder of its texts."""
    folder = taxonomies.parent / "texts"
    folder.mkdir()
    (folder / "some.txt").write_text(TEXTS)
    monkeypatch.setattr(command, "TAXONOMIES", taxonomies)
    monkeypatch.setattr(command, "_HERE", folder)
    monkeypatch.setattr(fitting, "_JUMBLED", 20)
    return folder


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return late_checkpoint(tmp_path_factory.mktemp("models"))


def labels_of(folder: Path, *more: GlossaryEntry) -> Callable[[str, str], int]:
    """What the label is of a class and a name."""
    classes = [one for one in read_taxonomies(folder) if one.members]
    glossary = Glossary([*class_entries(classes), *more])
    labels = class_labels(glossary, classes)
    assert labels.shape == (len(classes), len(glossary.meanings))
    rows = {one.name: row for row, one in enumerate(classes)}

    def label(of_class: str, name: str) -> int:
        (known,) = glossary.find(name)
        return int(labels[rows[of_class], known.meaning])

    return label


def test_taxonomies_are_read_with_all_names_of_members_and_without_expressions(taxonomies: Path) -> None:
    classes = read_taxonomies(taxonomies)
    assert [(one.taxonomy, one.name, one.parent) for one in classes] == [
        ("illnesses", "illness", None),
        ("illnesses", "infection", "illness"),
        ("illnesses", "lung_illness", "illness"),
        ("illnesses", "group", None),
        ("meds", "medicine", None),
    ]
    assert classes[1].members == ("influenza", "flu", "pneumonia")
    assert classes[4].descriptions == ("A medicine.", "what is given to heal")
    assert class_entries(classes)[1] == GlossaryEntry(classes[1].members, classes[1].descriptions)


def test_a_name_is_of_its_classes_and_of_those_above_and_not_of_others(taxonomies: Path) -> None:
    label = labels_of(taxonomies)
    expected = {
        "illness": {"sickness": OF, "flu": OF, "asthma": OF, "pneumonia": OF, "aspirin": FAR},
        "infection": {"sickness": NOT, "flu": OF, "influenza": OF, "asthma": NOT, "pneumonia": OF, "aspirin": FAR},
        "lung_illness": {"sickness": NOT, "flu": NOT, "asthma": OF, "pneumonia": OF, "salbutamol": FAR},
        "medicine": {"sickness": FAR, "flu": FAR, "pneumonia": FAR, "aspirin": OF, "salbutamol": OF},
    }
    assert {kind: {name: label(kind, name) for name in names} for kind, names in expected.items()} == expected


def test_a_name_that_no_class_has_is_of_none_and_more_entries_do_not_change_a_members(taxonomies: Path) -> None:
    more = (GlossaryEntry(("asthma", "cough"), ("treated with salbutamol",)),)
    label = labels_of(taxonomies, *more)
    for kind, of_asthma in (("illness", OF), ("infection", NOT), ("lung_illness", OF), ("medicine", FAR)):
        assert label(kind, "asthma") == of_asthma
        assert label(kind, "cough") == 0


def test_taxonomies_that_share_names_say_nothing_of_each_others_classes(taxonomies: Path) -> None:
    (taxonomies / "uses.yaml").write_text("painkiller:\n  is: [It relieves pain.]\n  members: [Aspirin, ibuprofen]\n")
    label = labels_of(taxonomies)
    assert label("medicine", "aspirin") == label("painkiller", "aspirin") == OF
    assert label("medicine", "ibuprofen") == label("painkiller", "salbutamol") == 0
    assert label("illness", "ibuprofen") == label("painkiller", "flu") == FAR


def passage(text: str, *mentions: tuple[str, str], unsure: tuple[tuple[int, int], ...] = ()) -> AnnotatedPassage:
    marked = [(text.index(words), words, kind) for words, kind in mentions]
    return AnnotatedPassage(
        "1", "x", text, tuple(AnnotatedMention(at, at + len(words), kind) for at, words, kind in marked), unsure
    )


def counts_of(described: dict[str, str], *passages: AnnotatedPassage) -> dict[tuple[str, str], tuple[float, int]]:
    """By type and name: in which part of its places a mention begins or ends with it, and how many there are."""
    names = ("aspirin", "lung cancer", "fever")
    found = passage_labels(Glossary(GlossaryEntry((name,), (name,)) for name in names), passages, described)
    assert all(described[kind] == text for kind, text in found.descriptions)
    assert (np.diff(found.types) >= 0).all()
    rows = zip(found.types, found.meanings, found.within, found.times, strict=True)
    return {
        (found.descriptions[kind][0], names[meaning]): (float(within), int(times))
        for kind, meaning, within, times in rows
    }


def test_names_count_where_a_mention_begins_or_ends_with_them() -> None:
    found = counts_of(
        {"disease": "an illness", "drug": "a medicine"},
        passage("old lung cancer and fever, Fever", ("old lung cancer", "disease")),
        passage("fever after lung cancer; aspirin", ("fever after", "disease"), ("aspirin", "drug")),
        passage("the many lung cancer trials that failed", ("many lung cancer trials", "disease")),
        passage("aspirin (fever) was", ("(fever)", "disease")),
        passage("aspirin of no type"),
    )
    assert found == {
        ("disease", "lung cancer"): (1 / 3, 3),
        ("disease", "fever"): (2 / 4, 4),
        ("disease", "aspirin"): (0, 2),
        ("drug", "aspirin"): (1, 1),
        ("drug", "fever"): (0, 1),
        ("drug", "lung cancer"): (0, 1),
    }


def test_types_without_a_description_and_ranges_without_a_label_do_not_count() -> None:
    text = "lung cancer, fever, aspirin"
    doubtful = passage(text, ("lung cancer", "disease"), ("aspirin", "drug"), unsure=((14, 16),))
    assert counts_of({"disease": "an illness"}, doubtful) == {
        ("disease", "lung cancer"): (1, 1),
        ("disease", "aspirin"): (0, 1),
    }


def test_without_passages_there_are_no_labels() -> None:
    assert counts_of({"disease": "an illness"}) == {}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_entry_of_the_package_has_names_that_are_found_and_short_glosses(path: Path) -> None:
    assert sum(not len(Glossary([entry])) for entry in read_entries(path)) <= 1  # one has a name of seven words
    for entry in read_entries(path):
        assert entry.glosses
        assert max(len(gloss.split()) for gloss in entry.glosses) <= 20, entry.names
        assert not any("|" in gloss or "\t" in gloss for gloss in entry.glosses), entry.names


def test_the_package_has_entries() -> None:
    assert len(SHIPPED) > 3
    assert len(command.written_entries()) == sum(len(read_entries(path)) for path in SHIPPED)


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_a_model_that_is_given_a_glossary_tags_with_it(small: Path, late: Path, tmp_path: Path) -> None:
    losses = command.give_glossary(late, tmp_path / "known", settings=STEPS)
    assert len(losses) == 3
    assert np.isfinite(losses).all()
    before, after = hashes(late), hashes(tmp_path / "known")
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == set(GLOSSARY_FILES)
    assert checkpoint_digest(tmp_path / "known") != checkpoint_digest(late)
    tagger = Tagger.from_pretrained(tmp_path / "known", "cpu", "float32")
    assert tagger.glossary is not None
    classes = [one for one in read_taxonomies(command.TAXONOMIES) if one.members]
    assert list(tagger.glossary.entries) == [*class_entries(classes), *read_entries(small / "some.txt")]
    types = [EntityType("drug", "a medicine"), EntityType("illness", "an illness")]
    words = tagger.preparer(types).prepare(["no aspirin in lung cancers"])
    assert len(words.known_names) == 2
    plain = Tagger.from_pretrained(tmp_path / "known", "cpu", "float32", glossary=GlossaryChoice(own=False))
    found, without = (np.concatenate(list(one.word_logits(words)), 1) for one in (tagger, plain))
    assert np.isfinite(found).all()
    assert (found != without).any()
    assert len(tagger.tag(["no aspirin in lung cancers", ""], types)) == 2


def test_the_head_has_a_vector_of_each_gloss_as_the_model_reads_it(small: Path, late: Path, tmp_path: Path) -> None:
    command.give_glossary(late, tmp_path / "known", settings=STEPS)
    head = GlossaryHead.read(tmp_path / "known" / GLOSSARY_HEAD, PROJECTION)
    glossary = GlossaryChoice().load(tmp_path / "known")
    assert glossary is not None
    assert len(head.vectors) == len(glossary.all_glosses)
    encode = command._encoder(late)
    read = head.project(encode([("entity", gloss) for gloss in glossary.all_glosses]))
    stored = head.vectors / np.linalg.norm(head.vectors.astype(np.float32), axis=1, keepdims=True)
    # the rounding of int8, and that of the head's own weights
    assert np.abs(stored - read).max() < 0.02


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(small: Path, late: Path, tmp_path: Path) -> None:
    losses = [command.give_glossary(late, tmp_path / name, settings=STEPS) for name in "ab"]
    assert losses[0] == losses[1]
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")
    command.give_glossary(late, tmp_path / "c", settings=FittingSettings(steps=3, seed=1))
    a, c = hashes(tmp_path / "a"), hashes(tmp_path / "c")
    assert a[GLOSSARY] == c[GLOSSARY]
    assert a[GLOSSARY_HEAD] != c[GLOSSARY_HEAD]


def test_a_model_that_has_a_glossary_is_given_the_new_one(small: Path, late: Path, tmp_path: Path) -> None:
    command.give_glossary(late, tmp_path / "a", settings=STEPS)
    (small / "some.txt").write_text("cough: a symptom; a reflex\n")
    for source, name in ((tmp_path / "a", "again"), (late, "first")):
        command.give_glossary(source, tmp_path / name, settings=STEPS)
    assert hashes(tmp_path / "again") == hashes(tmp_path / "first")
    Tagger.from_pretrained(tmp_path / "again", "cpu", "float32")


def test_one_taxonomy_alone_is_enough(small: Path, late: Path, tmp_path: Path) -> None:
    (command.TAXONOMIES / "meds.yaml").unlink()
    assert np.isfinite(command.give_glossary(late, tmp_path / "known", settings=STEPS)).all()


def call(model: Path, output: Path, *more: object) -> Result:
    return CliRunner().invoke(command.main, [*map(str, (model, "--output", output, "--steps", 3, *more))])


def test_passages_teach_it_too_but_for_types_that_are_left_out(small: Path, late: Path, tmp_path: Path) -> None:
    silver = write_silver(tmp_path / "silver", passages=30, files=2)
    left_out = tmp_path / "types.txt"
    heads = {}
    for name, without in (("all", ""), ("some", "drug\n"), ("none", "drug\ndisease\ngene\n")):
        left_out.write_text(without)
        result = call(late, tmp_path / name, "--passages", silver, "--without", left_out)
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith("3 steps, loss ")
        assert str(tmp_path / name) in result.stdout
        heads[name] = hashes(tmp_path / name)[GLOSSARY_HEAD]
    assert call(late, tmp_path / "bare").exit_code == 0
    assert hashes(tmp_path / "bare")[GLOSSARY_HEAD] == heads["none"]
    assert len(set(heads.values())) == 3
    glossary = Glossary(read_entries(small / "some.txt"))
    kept = command._labels(glossary, str(silver), frozenset({"drug"}))
    assert [name for name, _ in kept.descriptions] == ["disease", "gene"]
    assert dict(kept.descriptions)["disease"] == "a sign of cancer", "the first view counts"


def test_an_existing_folder_is_refused_and_stays(small: Path, late: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    result = call(late, tmp_path / "there")
    assert result.exit_code == 1
    assert result.stderr == f"Error: --output {tmp_path / 'there'} exists: give a new folder\n"
    assert list((tmp_path / "there").iterdir()) == []


def test_a_cross_encoder_is_refused_in_one_line(small: Path, late: Path, tmp_path: Path) -> None:
    cross = late.parent / "cross" / "checkpoint"
    result = call(cross, tmp_path / "known")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line == "Error: checkpoint is no late-interaction model: a glossary needs one, such as bundled-open"
    assert not (tmp_path / "known").exists()
    with pytest.raises(UsageError):
        command.give_glossary(cross, tmp_path / "known", settings=STEPS)


def test_a_damaged_model_and_no_steps_are_refused(small: Path, late: Path, tmp_path: Path) -> None:
    damaged = shutil.copytree(late, tmp_path / "damaged")
    (damaged / "model.safetensors").write_bytes(b"damaged")
    result = call(damaged, tmp_path / "known")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    none = call(late, tmp_path / "known", "--steps", 0)
    assert none.exit_code == 2
    assert "--steps" in none.stderr
    assert not (tmp_path / "known").exists()
