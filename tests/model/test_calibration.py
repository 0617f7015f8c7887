"""Biases and thresholds that are stored with a checkpoint."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openbioner_batch.engine.model_scorer import ModelScorerFactory
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.errors import CheckpointError, UsageError
from openbioner_batch.model import Calibration, EntityType, Tagger, read_calibration, write_calibration
from openbioner_batch.model.reading import read_config

TEXTS = ["aspirin was given to the patient with lung cancer .", "no sign of fever in mice , p53 given ."]


@pytest.fixture
def own_checkpoint(checkpoint: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(checkpoint, tmp_path / "checkpoint"))


def spans(directory: Path, types: list[EntityType], **options: Any) -> list:
    return Tagger.from_pretrained(directory, device="cpu", dtype="float32", **options).tag(TEXTS, types)


def test_another_calibration_for_some_types_alone() -> None:
    own = Calibration(-2.0, {"drug": 0.5, "tool": 1.0}, {"drug": 0.2, "tool": 0.4}, "corpora")
    other = Calibration(1.0, {"tool": 2.0, "city": 9.0}, {"tool": 0.7, "city": 0.1}, "texts")

    both = own.with_types(other, ["tool", "place"])

    for names in (["tool"], ["place"], ["tool", "place"]):
        ours, theirs = both.biases(names), other.biases(names)
        assert np.allclose(ours - ours[0], theirs - theirs[0])
    assert np.array_equal(both.biases(["drug", "gene", "city"]), own.biases(["drug", "gene", "city"]))
    assert both.type_thresholds == {"drug": 0.2, "tool": 0.7}
    assert both.fitted_on == "corpora; texts"
    assert Calibration().with_types(Calibration(), ["tool"]) == Calibration()


def test_a_threshold_for_all_types_and_those_of_another_calibration() -> None:
    own = Calibration(type_thresholds={"drug": 0.2}, threshold=0.7, loose_words=["of"], edge_drop=2.0)
    assert own.thresholds(["drug", "gene"]).tolist() == pytest.approx([0.2, 0.7])
    for other in (
        Calibration(),
        Calibration(threshold=0.3, loose_words=["the"], edge_drop=1.0),
        Calibration(type_thresholds={"tool": 0.7}, threshold=0.1),
    ):
        both = own.with_types(other, ["tool"])
        assert both.thresholds(["tool"]) == other.thresholds(["tool"])
        assert both.thresholds(["drug", "gene"]).tolist() == pytest.approx([0.2, 0.7])
        assert both.not_fitted == own.not_fitted


def test_how_ends_are_cut_is_what_stays_where_values_are_fitted_anew() -> None:
    own = Calibration(-2.0, {"drug": 0.5}, {"drug": 0.2}, "corpora", 0.7, ["of"], 3.0)

    assert own.not_fitted == Calibration(loose_words=["of"], edge_drop=3.0)


def test_what_is_written_is_read_and_nothing_else_changes(own_checkpoint: Path) -> None:
    before = json.loads((own_checkpoint / "config.json").read_text())
    config = read_config(own_checkpoint)
    for more in ({}, {"threshold": 0.25, "loose_words": ["the", "of"], "edge_drop": 3.0}):
        calibration = Calibration(0.5, {"drug": -1.0}, {"disease": 0.7}, "a corpus, devel", **more)
        write_calibration(own_checkpoint, calibration)
        assert read_calibration(own_checkpoint) == calibration
        assert calibration.as_json().keys() >= more.keys()
        # a run of an older version has the same fingerprint
        assert more or calibration.as_json().keys().isdisjoint({"threshold", "loose_words", "edge_drop"})
    assert read_config(own_checkpoint) == config
    write_calibration(own_checkpoint, None)
    assert read_calibration(own_checkpoint) is None
    assert json.loads((own_checkpoint / "config.json").read_text()) == before


def test_without_a_calibration_scores_are_what_the_logits_say(checkpoint: Path, types: list[EntityType]) -> None:
    tagger = Tagger.from_pretrained(checkpoint, device="cpu", dtype="float32")
    assert tagger.calibration is None
    neutral = Tagger.from_pretrained(checkpoint, device="cpu", dtype="float32")
    neutral.calibration = Calibration()
    assert tagger.tag(TEXTS, types) == neutral.tag(TEXTS, types)


def test_a_bias_for_no_entity_silences_and_the_option_takes_it_back(
    own_checkpoint: Path, types: list[EntityType]
) -> None:
    plain = spans(own_checkpoint, types)
    assert any(plain)
    write_calibration(own_checkpoint, Calibration(neg_bias=100.0))
    assert spans(own_checkpoint, types) == [[], []]
    assert spans(own_checkpoint, types, calibrated=False) == plain


def test_a_types_bias_is_its_own_by_name(own_checkpoint: Path, types: list[EntityType]) -> None:
    write_calibration(own_checkpoint, Calibration(type_biases={"drug": 100.0}))
    assert {span.type for found in spans(own_checkpoint, types) for span in found} == {"drug"}
    others = [EntityType(f"other {kind.name}", kind.description) for kind in types]
    without = spans(own_checkpoint, others, calibrated=False)
    assert spans(own_checkpoint, others) == without


def test_a_threshold_drops_the_spans_below_it(own_checkpoint: Path, types: list[EntityType]) -> None:
    plain = spans(own_checkpoint, types)
    scores = sorted(span.score for found in plain for span in found if span.type == "drug")
    least = float(np.median(scores))
    write_calibration(own_checkpoint, Calibration(type_thresholds={"drug": least}))
    kept = [[span for span in found if span.type != "drug" or span.score >= np.float32(least)] for found in plain]
    assert spans(own_checkpoint, types) == kept
    assert kept != plain
    write_calibration(own_checkpoint, Calibration(type_thresholds={"disease": 0.0}, threshold=least))
    others = {kind.name for kind in types} - {"disease"}
    kept = [[s for s in found if s.type not in others or s.score >= np.float32(least)] for found in plain]
    assert spans(own_checkpoint, types) == kept


@pytest.mark.parametrize(
    "wrong",
    [
        {"neg_bias": "high"},
        {"type_biases": {"drug": float("inf")}},
        {"type_thresholds": {"drug": 1.5}},
        {"threshold": -0.1},
        {"threshold": True},
        {"loose_words": "of"},
        {"loose_words": ["of", 1]},
        {"loose_words": 3},
        {"edge_drop": -0.5},
        {"edge_drop": "3"},
        {"edge_drop": True},
        {"edge_drop": None},
        {"edge_drop": [3]},
        {"edge_drop": float("inf")},
        {"edge_drop": float("nan")},
        {"unknown": 1},
        [1.0],
    ],
)
def test_a_malformed_calibration_is_refused(own_checkpoint: Path, wrong: object) -> None:
    path = own_checkpoint / "config.json"
    raw = json.loads(path.read_text())
    raw["openbioner_batch"]["calibration"] = wrong
    path.write_text(json.dumps(raw))
    with pytest.raises(CheckpointError, match="calibration"):
        Tagger.from_pretrained(own_checkpoint, device="cpu")


def test_a_threshold_of_a_request_holds_for_every_type_whatever_the_checkpoint_says(
    own_checkpoint: Path, types: list[EntityType]
) -> None:
    everything = spans(own_checkpoint, types, threshold=0.0)
    least = float(np.median([span.score for of_text in everything for span in of_text]))
    for stored in (None, Calibration(type_thresholds={"drug": 1.0}), Calibration(threshold=1.0)):
        write_calibration(own_checkpoint, stored)
        assert spans(own_checkpoint, types, threshold=0.0) == everything
        for calibrated in (True, False):
            kept = spans(own_checkpoint, types, threshold=least, calibrated=calibrated)
            assert kept == [[span for span in of_text if span.score >= least] for of_text in everything]
            assert sum(map(len, kept)) not in (0, sum(map(len, everything)))


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan"), True, "0.5"])
def test_a_threshold_of_a_request_that_is_no_share_is_refused(own_checkpoint: Path, wrong: Any) -> None:
    with pytest.raises(UsageError, match="expected a number from 0 to 1"):
        Tagger.from_pretrained(own_checkpoint, device="cpu", threshold=wrong)


def test_the_calibration_is_part_of_a_runs_fingerprint(own_checkpoint: Path, tmp_path: Path) -> None:
    type_file = tmp_path / "drug.yaml"
    type_file.write_text("drug: a drug that is given\n")
    write_calibration(own_checkpoint, Calibration(neg_bias=1.0))

    def calibration(**options: Any) -> Any:
        settings = AnnotateSettings(
            inputs=("in",), output="out", types=str(type_file), model=str(own_checkpoint), devices="cpu", **options
        )
        factory = ModelScorerFactory.from_settings(settings, on_cluster=False)
        assert factory.scorer().calibration == factory.calibration
        return factory.fingerprint()["calibration"]

    found = calibration()
    assert isinstance(found, dict)
    assert found["neg_bias"] == 1.0
    assert calibration(no_calibration=True) is None
    stored = found.get("threshold", 0.0)
    assert (stored, calibration(threshold=0.25)["threshold"]) == (0.0, 0.25)
    assert calibration(threshold=0.25, no_calibration=True)["neg_bias"] == 0.0
