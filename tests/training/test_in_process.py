"""Training in one process, without Ray: the same batches, checkpoints and curve, also from a prepared file."""

from __future__ import annotations

import dataclasses
import io
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
import yaml
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))

from processes import wait_until
from runs_of_training import STEPS, assert_same_training, config_file, curve, separate_run
from samples import synthetic_passage, write_silver
from support import S3Server

from openbioner_batch.cli.pretrain import command
from openbioner_batch.errors import UsageError
from openbioner_batch.model import Tagger
from openbioner_batch.training import ray_corpus
from openbioner_batch.training.corpus import Corpus, flatten, tokenize_sources
from openbioner_batch.training.material import Material, gather_material, source_types
from openbioner_batch.training.nearness import mention_key
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.pieces import tokenize_passages
from openbioner_batch.training.run import prepare, pretrain
from openbioner_batch.training.settings_file import load_settings
from openbioner_batch.training.silver.schema import DESCRIPTION_SCHEMA, passages_table
from openbioner_batch.training.start import training_tokenizer

ALONE = ["executor=in-process", "parallel.workers=1", "parallel.threads=1"]


def finish(config: Path, *changes: str) -> dict[str, Any]:
    """The whole of a run in this process, or the rest of it."""
    return pretrain(load_settings(str(config), [*ALONE, *changes]), io.StringIO())


def test_flat_pieces_are_those_that_went_in(tagger: Tagger) -> None:
    passages = [synthetic_passage(number, ("drug", "gene") if number % 2 else None) for number in range(20)]
    pieces = list(tokenize_passages(passages, tagger.tokenizer, 12))
    flat = flatten(pieces)
    assert any(piece.unsure for piece in pieces)
    for number, piece in enumerate(pieces):
        found = flat.piece(number)
        for name in ("source", "mentions", "unsure", "annotated"):
            assert getattr(found, name) == getattr(piece, name)
        for name in ("token_ids", "word_starts"):
            np.testing.assert_array_equal(getattr(found, name), getattr(piece, name))
            assert getattr(found, name).dtype == getattr(piece, name).dtype


def test_types_whose_labels_rules_derive_are_no_gold_types(checkpoint: Path, tmp_path: Path) -> None:
    config = config_file(tmp_path, "run", checkpoint, schedule={"steps": 1}, validation={})
    closed = [synthetic_passage(number, ("drug", "gene", "rna_noun_phrase")) for number in range(8)]
    pq.write_table(passages_table(closed), tmp_path / "silver" / "passages" / "closed.parquet")
    facts = finish(config, "card.supervision=mixed")
    assert (facts["gold_types"], facts["derived_types"]) == (["drug", "gene"], ["rna_noun_phrase"])


def test_a_corpus_of_no_weight_is_not_trained_on_nor_are_its_types(checkpoint: Path, tmp_path: Path) -> None:
    leave_out(tokenize_sources, checkpoint, tmp_path)


def test_a_corpus_of_no_weight_is_not_trained_on_with_ray(ray_here: None, checkpoint: Path, tmp_path: Path) -> None:
    leave_out(ray_corpus.tokenize_sources_on_ray, checkpoint, tmp_path)


def leave_out(read: Callable[..., Corpus], checkpoint: Path, tmp_path: Path) -> None:
    """Gathers a folder of two corpora with one of them left out, and whole."""
    write_silver(tmp_path / "silver", passages=6, files=1)
    mentions = (AnnotatedMention(0, 4, "city"), AnnotatedMention(8, 12, "drug"))
    other = AnnotatedPassage("1", "atlas", "Oslo or zinc was given", mentions, annotated=("city", "drug"))
    pq.write_table(passages_table([other]), tmp_path / "silver" / "passages" / "other.parquet")
    told = [{"entity_type": "city", "view": "definition", "description": "where many live"}]
    table = pa.Table.from_pylist(told, schema=DESCRIPTION_SCHEMA)
    pq.write_table(table, tmp_path / "silver" / "descriptions" / "other.parquet")

    def gathered(weight: float) -> Material:
        source = {"path": str(tmp_path / "silver"), "source_weights": {"atlas": weight}}
        settings = load_settings(str(config_file(tmp_path, "run", checkpoint, sources=[source], validation={})))
        found = gather_material(settings, training_tokenizer(settings), read)
        return dataclasses.replace(found, types=source_types(settings))

    without, whole = gathered(0), gathered(0.5)
    assert (without.corpus.counts, whole.corpus.counts) == ({"synthetic": 6}, {"atlas": 1, "synthetic": 6})
    assert sorted(whole.corpus.groups(["atlas"]).tolist()) == [0] * 6 + [1]
    with pytest.raises(UsageError, match=r"batch\.apart names 'globe'; the passages come from atlas, synthetic"):
        whole.corpus.groups(["globe"])
    assert (without.corpus.annotated, whole.corpus.annotated) == ((), ("city", "drug"))
    assert whole.descriptions.keys() - without.descriptions.keys() == {"city"}
    assert whole.types is not None
    assert without.types is not None
    assert {one.name for one in whole.types} - {one.name for one in without.types} == {"city"}
    drug = next(one for one in without.types if one.name == "drug")
    assert mention_key("zinc") not in drug.mentions


def test_a_killed_run_ends_as_one_that_was_left_alone(checkpoint: Path, tmp_path: Path) -> None:
    config = config_file(tmp_path, "killed", checkpoint)
    command = [sys.executable, "-m", "openbioner_batch.cli.main", "pretrain", "--config", str(config)]
    command += ["--executor", "in-process", "--set", "parallel.threads=1"]
    run = tmp_path / "killed"
    process = subprocess.Popen(command, start_new_session=True)
    try:
        kept = run / "checkpoints" / "kept.json"
        wait_until(lambda: kept.exists() or process.poll() is not None, what="no checkpoint")
        assert process.poll() is None
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert not (run / "model").exists()
    finish(config)
    whole = config_file(tmp_path, "whole", checkpoint)
    facts = finish(whole)

    assert_same_training(run, tmp_path / "whole")
    assert facts["f1"] > 0
    assert 1 <= len(list((run / "checkpoints").glob("step-*"))) <= 2
    assert finish(whole) == facts, "a finished run does nothing"


def test_a_prepared_file_trains_as_its_sources_do_without_them(checkpoint: Path, tmp_path: Path) -> None:
    config = separate_run(tmp_path, "read", checkpoint, "all", schedule={"steps": 10, "encoder_rate": 1e-3})
    finish(config)
    stored = tmp_path / "prepared.npz"
    answer = CliRunner().invoke(command, ["--config", str(config), "--prepare", str(stored)])
    assert answer.exit_code == 0, answer.output
    assert "pieces" in answer.output
    for folder in ("silver", "texts"):
        shutil.rmtree(tmp_path / folder)
    finish(config, f"prepared={stored}", f"output={tmp_path / 'carried'}")
    read, carried = curve(tmp_path / "read"), curve(tmp_path / "carried")
    assert carried == read
    for name in ("likeness.npy", "model/trained_types.jsonl.gz", "model/model.safetensors"):
        assert (tmp_path / "carried" / name).read_bytes() == (tmp_path / "read" / name).read_bytes()
    with pytest.raises(UsageError, match=r"was made for other start\.text_tokens: make it again"):
        finish(config, f"prepared={stored}", "start.text_tokens=41", f"output={tmp_path / 'other'}")
    stored.write_bytes(b"nonsense")
    with pytest.raises(UsageError, match="damaged, or was not made by pretrain --prepare"):
        finish(config, f"prepared={stored}", f"output={tmp_path / 'other'}")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["executor=in-process"], "one worker, and parallel.workers is 2: set it to 1"),
        ([*ALONE, "parallel.zero_stage=1"], "shards nothing: set parallel.zero_stage to 0"),
        ([*ALONE, "ray_address=auto"], "trains without Ray: leave out ray_address"),
    ],
)
def test_what_needs_several_processes_is_refused(
    checkpoint: Path, tmp_path: Path, changes: list[str], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        load_settings(str(config_file(tmp_path, "run", checkpoint)), changes)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_missed_at_once(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"this machine has 0: lower it, or set parallel\.devices to cpu"):
        finish(config_file(tmp_path, "run", checkpoint), "parallel.devices=gpu")


def test_a_run_of_another_kind_is_not_resumed(checkpoint: Path, tmp_path: Path) -> None:
    config = config_file(tmp_path, "run", checkpoint, schedule={"steps": 2}, validation={})
    finish(config)
    with pytest.raises(UsageError, match='holds a run whose executor is "in-process", not "ray"'):
        pretrain(load_settings(str(config), ["parallel.workers=1", "schedule.steps=4"]), io.StringIO())


@pytest.mark.slow
def test_an_object_store_keeps_the_best_and_the_latest(s3: S3Server, checkpoint: Path, tmp_path: Path) -> None:
    import fsspec

    storage = f"{s3.bucket()}/run"
    config = config_file(tmp_path, "run", checkpoint)
    for steps in (20, 40):
        facts = finish(config, f"output={storage}", f"schedule.steps={steps}", "schedule.kind=constant")
        assert facts["steps"] == steps
    files = fsspec.filesystem("s3").find(storage)
    folders = {name.split("/")[-2] for name in files if "/step-" in name}
    assert f"step-{STEPS:08}" in folders
    assert len(folders) <= 2
    assert any(name.endswith("model/model.safetensors") for name in files)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("separate", [0, "all"], ids=["cross-encoder", "late"])
def test_the_curve_is_that_of_ray(ray_here: None, checkpoint: Path, tmp_path: Path, separate: int | str) -> None:
    write_silver(tmp_path / "silver")
    one = {"parallel": {"workers": 1, "threads": 1}}
    for name in ("ray", "alone"):
        if separate:
            separate_run(tmp_path, name, checkpoint, separate, **one)
        else:
            config_file(tmp_path, name, checkpoint, **one)
    pretrain(load_settings(str(tmp_path / "ray.yaml")), io.StringIO())
    finish(tmp_path / "alone.yaml")
    assert_same_training(tmp_path / "alone", tmp_path / "ray")


def test_preparing_says_what_it_cannot_read(checkpoint: Path, tmp_path: Path) -> None:
    config = config_file(tmp_path, "run", checkpoint, sources=[{"path": str(tmp_path / "nowhere")}])
    with pytest.raises(UsageError, match="nowhere"):
        prepare(load_settings(str(config)), str(tmp_path / "out.npz"))
    assert yaml.safe_load(config.read_text())["output"]
