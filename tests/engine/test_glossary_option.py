"""`--glossary`: what a user says of names reaches reader and scorer, is part of the plan, and is never repeated."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from glossaries import LINE, OWN_NAME, SHIFT, TEXT, USERS_NAME, late_checkpoint, with_glossary

from openbioner_batch.cli.main import main
from openbioner_batch.deid.settings import DeidentifySettings
from openbioner_batch.engine.model_scorer import ModelScorerFactory
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.engine.summary import notes_on
from openbioner_batch.errors import CheckpointError, UsageError
from openbioner_batch.model.glossary import GlossaryEntry
from openbioner_batch.model.glossary_files import GlossaryChoice, write_glossary
from openbioner_batch.model.glossary_reader import _DENIED, _GIVEN
from openbioner_batch.model.knowledge import _MOST_UP, _UP
from openbioner_batch.model.location import GLOSSARY
from openbioner_batch.options import fields_of

OTHER_LINE = f"{USERS_NAME}: a dye\n"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return late_checkpoint(tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="module")
def model(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_glossary(bare, tmp_path_factory.mktemp("known") / "model")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "own.txt").write_text(LINE)
    return tmp_path / "own.txt"


def factory_of(model: Path, glossary: object = None, said: list[str] | None = None) -> ModelScorerFactory:
    more: dict[str, Any] = {} if glossary is None else {"glossary": str(glossary)}
    settings = AnnotateSettings(
        ("in",), "out", "drug,disease", model=str(model), devices="cpu", dtype="float32", **more
    )  # fmt: skip
    return ModelScorerFactory.from_settings(settings, False, ([] if said is None else said).append)


def logits_of(factory: ModelScorerFactory) -> dict[str, np.ndarray]:
    """The logits of both types at each word of the text."""
    prepared = factory.preparer().prepare([TEXT])
    logits = np.concatenate([group[:, 1:] for group in factory.scorer().word_logits(prepared)], 1)
    return {TEXT[start:end]: row for (start, end), row in zip(prepared.word_offsets.tolist(), logits, strict=True)}


def test_entries_of_a_file_add_to_the_checkpoints_own(bare: Path, model: Path, file: Path) -> None:
    without, own, both = (logits_of(factory_of(*given)) for given in ((bare,), (model,), (model, file)))
    for name, its, all_ in ((OWN_NAME, SHIFT, SHIFT), (USERS_NAME, 0, min(SHIFT + _UP * _GIVEN, _MOST_UP))):
        np.testing.assert_allclose(own[name] - without[name], its, atol=1e-3)
        np.testing.assert_allclose(both[name] - without[name], all_, atol=1e-3)


def test_what_a_file_denies_of_a_name_counts_against_it(bare: Path, model: Path, file: Path) -> None:
    file.write_text(f"{OWN_NAME}: not an antibiotic\n{USERS_NAME}: a dye; not an antibiotic\n")
    without, both = (logits_of(factory_of(*given)) for given in ((bare,), (model, file)))
    own, users = SHIFT / _UP, SHIFT / _UP + _GIVEN
    for name, logit in ((OWN_NAME, own - _DENIED * users), (USERS_NAME, users - _DENIED * users)):
        assert logit >= 0
        np.testing.assert_allclose(both[name] - without[name], _UP * logit, atol=1e-3)


def test_workers_need_no_file(model: Path, file: Path) -> None:
    made = factory_of(model, file)
    expected, sent = logits_of(made), pickle.dumps(made)
    file.unlink()
    found = logits_of(pickle.loads(sent))
    assert found.keys() == expected.keys()
    for word, row in expected.items():
        np.testing.assert_array_equal(found[word], row)


def test_none_is_the_model_without_a_glossary(bare: Path, model: Path) -> None:
    without, left_out = factory_of(bare), factory_of(model, "none")
    for word, row in logits_of(without).items():
        np.testing.assert_array_equal(logits_of(left_out)[word], row)
    assert left_out.fingerprint()["glossary"] == "none"
    assert notes_on(left_out.fingerprint()) == (*notes_on(without.fingerprint()), "glossary: none")


def test_it_is_in_the_plan_only_where_it_is_chosen(bare: Path, model: Path) -> None:
    plain = factory_of(model).fingerprint()
    assert "glossary" not in plain, "plans of runs without the option stay as they were"
    assert plain["model"] != factory_of(bare).fingerprint()["model"], "the checkpoint's own is part of the model"


def test_the_plan_has_what_a_file_says_and_not_where_it_is(model: Path, file: Path, tmp_path: Path) -> None:
    fingerprint = factory_of(model, file).fingerprint()
    (tmp_path / "elsewhere.txt").write_text(f"# the same\n\n{LINE}")
    assert factory_of(model, tmp_path / "elsewhere.txt").fingerprint() == fingerprint
    file.write_text(OTHER_LINE)
    other = factory_of(model, file).fingerprint()
    assert {name for name in fingerprint if other[name] != fingerprint[name]} == {"glossary"}


def test_how_many_names_there_are_is_said_where_a_user_adds_some(model: Path, file: Path) -> None:
    said: list[str] = []
    for glossary in (None, "none", file):
        factory_of(model, glossary, said)
    assert said == ["glossary: 2 names, with those of --glossary"]


def annotated(folder: Path, model: Path, *more: object) -> Result:
    if not (source := folder / "a.jsonl").is_file():
        source.write_text(json.dumps({"id": "1", "text": TEXT}) + "\n")
    command = ["annotate", source, "--output", folder / "out", "--types", "drug", "--model", model]
    return CliRunner().invoke(main, [*map(str, [*command, "--devices", "cpu", *more])])


def test_a_run_says_which_it_used_and_is_resumed_with_no_other(model: Path, file: Path, tmp_path: Path) -> None:
    first = annotated(tmp_path, model, "--glossary", file)
    assert first.exit_code == 0, first.output
    assert "glossary: 2 names" in first.stderr
    assert "note: glossary: the model's own and the user's (" in first.stdout
    assert annotated(tmp_path, model, "--glossary", file).exit_code == 0
    file.write_text(OTHER_LINE)
    for glossary, now in (((), "none now"), (("--glossary", "none"), "none now"), (("--glossary", file), " now")):
        other = annotated(tmp_path, model, *glossary)
        assert other.exit_code == 2
        assert "other settings (glossary: " in other.stderr
        assert now in other.stderr
    kept = b"".join(path.read_bytes() for path in (tmp_path / "out/_run").rglob("*") if path.is_file())
    assert b"antiepileptic" not in kept
    assert "antiepileptic" not in first.output


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Secretum no colon\n", "{file}, line 1: expected names, a colon and a space"),
        (f"# mine\n{LINE}Secretum:\n", "{file}, line 3: expected names, a colon and a space"),
        ("", "{file}: no entries"),
        (None, "{file}: cannot be read (No such file or directory)"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_without_its_words(
    content: str | None, message: str, model: Path, file: Path, tmp_path: Path
) -> None:
    file.unlink()
    if content is not None:
        file.write_text(content)
    result = annotated(tmp_path, model, "--glossary", file)
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert result.exit_code == 2
    assert line.startswith("error: --glossary " + message.format(file=file))
    assert "Secretum" not in result.output
    assert not (tmp_path / "out").exists()


def test_a_model_without_a_head_takes_none(bare: Path, file: Path, tmp_path: Path) -> None:
    for other in (bare, bare.parent / "cross" / "checkpoint"):
        result = annotated(tmp_path, other, "--glossary", file)
        (line,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
        assert result.exit_code == 2
        assert line.startswith(f"error: --glossary: {other.name} has no glossary.safetensors")


def test_a_model_that_would_ignore_the_glossary_beside_it_is_refused_before_the_run_begins(
    bare: Path, tmp_path: Path
) -> None:
    cross = with_glossary(bare.parent / "cross" / "checkpoint", tmp_path / "model")
    refused = annotated(tmp_path, cross)
    (line,) = [line for line in refused.stderr.splitlines() if line.startswith("error: ")]
    assert refused.exit_code == 2
    assert line.startswith(f"error: {cross}: it has a glossary, which late interaction on BERT's layers alone reads")
    assert line.endswith(", or give --glossary none (annotate, evaluate)")
    assert not (tmp_path / "out").exists()
    left_out = annotated(tmp_path, cross, "--glossary", "none")
    assert left_out.exit_code == 0, left_out.output


def test_a_url_is_refused_without_being_repeated(model: Path) -> None:
    with pytest.raises(UsageError, match=r"^--glossary is a URL: give a local file") as caught:
        factory_of(model, "s3://key:secret@bucket/own.txt")
    assert "secret" not in str(caught.value)


def test_it_says_nothing_without_a_model() -> None:
    with pytest.raises(UsageError, match="--glossary says nothing without --types"):
        AnnotateSettings(("in",), "out", dictionary=("drug=v",), glossary="none")


def test_a_configuration_file_may_name_it(model: Path, file: Path, tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(f"glossary: {file}\n")
    assert "glossary: 2 names" in annotated(tmp_path, model, "--config", tmp_path / "run.yaml").stderr


def test_a_file_from_windows_is_read(model: Path, file: Path) -> None:
    expected = factory_of(model, file).fingerprint()
    file.write_bytes(b"\xef\xbb\xbf" + f"# mine\n{LINE}".replace("\n", "\r\n").encode())
    assert factory_of(model, file).fingerprint() == expected


def test_a_process_parses_a_glossary_once_and_a_changed_one_anew(model: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(model, tmp_path / "model")
    first = GlossaryChoice().load(folder)
    assert first is not None
    assert GlossaryChoice().load(folder) is first
    write_glossary([GlossaryEntry(("aspirin", "ibuprofen"), ("relieves pain",))], folder)
    changed = GlossaryChoice().load(folder)
    assert changed is not None
    assert len(changed) == 2
    (folder / GLOSSARY).write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match="not a glossary"):
        GlossaryChoice().load(folder)


def test_de_identification_keeps_to_the_checkpoints_own(tmp_path: Path) -> None:
    settings = DeidentifySettings(("in",), "out", policy="surrogate", key_file=str(tmp_path / "key"))
    assert settings.tagging(("in",), "out").glossary is None
    assert "glossary" not in fields_of(DeidentifySettings)
