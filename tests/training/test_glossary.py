"""A model that is given the package's glossary finds its names, and stays the same otherwise."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from glossaries import late_checkpoint
from training.samples import write_silver
from training.taxonomies import write_taxonomies

from openbioner_batch.errors import UsageError
from openbioner_batch.model import EntityType, Tagger, save_checkpoint
from openbioner_batch.model.checkpoint import checkpoint_digest, load_backbone
from openbioner_batch.model.glossary import Glossary
from openbioner_batch.model.glossary_files import GlossaryChoice, read_entries
from openbioner_batch.model.glossary_head import GlossaryHead
from openbioner_batch.model.location import GLOSSARY, GLOSSARY_FILES, GLOSSARY_HEAD
from openbioner_batch.model.reading import read_config
from openbioner_batch.training.glossary import __main__ as command
from openbioner_batch.training.glossary import drawing
from openbioner_batch.training.glossary.fitting import FittingSettings
from openbioner_batch.training.glossary.material import class_entries, read_taxonomies

pytestmark = pytest.mark.usefixtures("one_thread")

TEXTS = "aspirin | ASA: relieves pain; antiplatelet drug\nlung cancer: a tumour; a disease\nfever: a sign of disease\n"
DESCRIBED = (
    "aspirin: a painkiller; a tablet; not a herb; not a disease\nfever: an illness; a heat; not a drug; not pain\n"
)
STEPS = FittingSettings(steps=3)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package's glossary is a small one; returns the folder of its texts."""
    folder = tmp_path / "texts"
    (folder / "descriptions").mkdir(parents=True)
    (folder / "some.txt").write_text(TEXTS)
    (folder / "descriptions" / "some.txt").write_text(DESCRIBED)
    monkeypatch.setattr(command, "TAXONOMIES", write_taxonomies(tmp_path / "names"))
    monkeypatch.setattr(command, "_HERE", folder)
    monkeypatch.setattr(drawing, "_JUMBLED", 20)
    monkeypatch.setattr(drawing, "_COMPLEMENTED", 20)
    return folder


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return late_checkpoint(tmp_path_factory.mktemp("models"))


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
    assert list(tagger.glossary.entries) == [*class_entries(classes), *command.written_entries()]
    types = [EntityType("drug", "a medicine"), EntityType("illness", "an illness")]
    words = tagger.preparer(types).prepare(["no aspirin in lung cancers"])
    assert len(words.known_names) == 2
    plain = Tagger.from_pretrained(tmp_path / "known", "cpu", "float32", glossary=GlossaryChoice(own=False))
    found, without = (np.concatenate(list(one.word_logits(words)), 1) for one in (tagger, plain))
    assert np.isfinite(found).all()
    assert (found != without).any()
    assert len(tagger.tag(["no aspirin in lung cancers", ""], types)) == 2


def test_the_head_has_the_tokens_of_each_statement_as_the_model_reads_it(
    small: Path, late: Path, tmp_path: Path
) -> None:
    command.give_glossary(late, tmp_path / "known", settings=STEPS)
    head = GlossaryHead.read(tmp_path / "known" / GLOSSARY_HEAD, read_config(late).hidden)
    glossary = GlossaryChoice().load(tmp_path / "known")
    assert glossary is not None
    assert {"a painkiller", "a herb", "relieves pain", "An illness."} <= set(glossary.statements)
    read = command._Reader(late).statements(glossary.statements)
    assert head.counts.tolist() == read.counts.tolist()
    stored = head.tokens / np.linalg.norm(head.tokens.astype(np.float32), axis=1, keepdims=True)
    # the rounding of int8, and that of the head's own weights
    assert np.abs(stored - head.project(read.every().numpy())).max() < 0.02


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


def test_descriptions_teach_it_what_entries_do_not_say(small: Path, late: Path, tmp_path: Path) -> None:
    described = small / "descriptions" / "some.txt"
    heads = []
    for name, texts in (("a", DESCRIBED), ("b", DESCRIBED.partition("\n")[2])):
        described.write_text(texts)
        command.give_glossary(late, tmp_path / name, settings=STEPS)
        heads.append(GlossaryHead.read(tmp_path / name / GLOSSARY_HEAD, read_config(late).hidden))
    assert len(heads[0].counts) == len(heads[1].counts) + 3  # "a disease" is said of lung cancer too
    assert (heads[0].query != heads[1].query).any()
    described.unlink()
    assert np.isfinite(command.give_glossary(late, tmp_path / "c", settings=STEPS)).all()


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
        assert re.fullmatch(rf"3 steps, loss \d\.\d{{3}} to \d\.\d{{3}}: {tmp_path / name}\n", result.stdout)
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
    said = "Error: checkpoint is no late-interaction model on BERT's layers: a glossary needs one, such as bundled-open"
    assert line == said
    assert not (tmp_path / "known").exists()
    with pytest.raises(UsageError):
        command.give_glossary(cross, tmp_path / "known", settings=STEPS)


def test_an_encoder_that_transformers_runs_is_refused_too(
    small: Path, encoders: dict[str, Path], tmp_path: Path
) -> None:
    shape = read_config(encoders["electra"])
    model = load_backbone(encoders["electra"], dataclasses.replace(shape, separate_layers=shape.layers), 1)
    save_checkpoint(model, tmp_path / "late", tokenizer_from=encoders["electra"])
    with pytest.raises(UsageError, match="late is no late-interaction model on BERT's layers: a glossary needs one"):
        command.give_glossary(tmp_path / "late", tmp_path / "known", settings=STEPS)


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
