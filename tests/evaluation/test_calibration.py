"""Biases and thresholds are fitted to devel: they mend what is off, and leave alone what is not."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation import EvaluateSettings, count_found, evaluate, find_spans, read_corpus
from openbioner_batch.evaluation.ablation import ENSEMBLES, SINGLE, ablate
from openbioner_batch.evaluation.benchmark import model_finder
from openbioner_batch.evaluation.calibration import calibrate, score_corpus
from openbioner_batch.evaluation.fitting import STAGES, fit_biases, fit_stages
from openbioner_batch.evaluation.labels import resolve_labels
from openbioner_batch.evaluation.scored import ScoredCorpus
from openbioner_batch.evaluation.tasks import Task
from openbioner_batch.model import Calibration, Tagger, read_calibration, write_calibration
from openbioner_batch.model.encoder import CrossEncoder
from openbioner_batch.report.ablation import draw_ablation
from openbioner_batch.report.scores import ablation_table

WORDS = "the of patient aspirin lung cancer mice gene was given in with and no sign fever".split()


def sentences(number: int, seed: int) -> list[list[str]]:
    random = np.random.default_rng(seed)
    return [random.choice(WORDS, size=random.integers(5, 12)).tolist() for _ in range(number)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tagger: Tagger) -> Path:
    """A corpus whose gold is what the small model finds by itself, in its devel and its test split."""
    folder = tmp_path_factory.mktemp("corpora")
    (folder / "drug.yaml").write_text("drug: a drug that is given\n")
    (folder / "disease.yaml").write_text("disease: a sign of lung cancer or fever\n")
    described = labels(folder).described("definition")
    for split, seed in (("devel", 1), ("test", 2)):
        lines = []
        tokenised = sentences(120, seed)
        found = tagger.tag([" ".join(tokens) for tokens in tokenised], described, words="whitespace")
        for tokens, spans in zip(tokenised, found, strict=True):
            tags = ["O"] * len(tokens)
            starts = {int(place): index for index, place in enumerate(np.cumsum([0, *(len(t) + 1 for t in tokens)]))}
            for span in spans:
                first, after = starts[span.start], starts[span.end + 1]
                tags[first:after] = [f"B-{span.type}", *[f"I-{span.type}"] * (after - first - 1)]
            lines.append("".join(f"{token}\t{tag}\n" for token, tag in zip(tokens, tags, strict=True)))
        (folder / f"{split}.tsv").write_text("\n".join(lines))
    return folder


def labels(folder: Path):  # type: ignore[no-untyped-def]
    return resolve_labels({name: str(folder / f"{name}.yaml") for name in ("drug", "disease")})


def settings(folder: Path, model: Path, **options: object) -> EvaluateSettings:
    types = f"drug={folder / 'drug.yaml'},disease={folder / 'disease.yaml'}"
    return EvaluateSettings(str(folder), str(model), types=types, devices="cpu", **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def scored(folder: Path, tagger: Tagger) -> ScoredCorpus:
    task = Task(read_corpus(folder / "devel.tsv"), labels(folder), "definition")
    return score_corpus(tagger, task, "whitespace")


def shifted(corpus: ScoredCorpus, shift: list[float]) -> ScoredCorpus:
    """The corpus as a model would score it whose logits are off."""
    halves = tuple(
        tuple(dataclasses.replace(part, logits=part.logits + np.array(shift, np.float32)) for part in half)
        for half in corpus.halves
    )
    return ScoredCorpus(corpus.name, halves)  # type: ignore[arg-type]


def test_what_is_searched_over_is_what_evaluate_scores(
    folder: Path, tagger: Tagger, cross_encoder: CrossEncoder, scored: ScoredCorpus
) -> None:
    corpus = read_corpus(folder / "devel.tsv")
    biased = Calibration(neg_bias=0.5, type_thresholds={"drug": 0.6})
    for calibration in (None, biased, dataclasses.replace(biased, edge_drop=0.1)):
        calibrated = Tagger(
            cross_encoder, tagger.tokenizer, folder, "cpu", "float32", tagger.windows, calibration=calibration
        )
        finder = model_finder(calibrated, [labels(folder).described("definition")], "whitespace")
        counts = count_found(corpus, labels(folder), find_spans(finder, corpus))
        assert scored.f1(calibration or Calibration()) == pytest.approx(counts.scores.micro.quality.f1)
    assert scored.f1(biased) != scored.f1(dataclasses.replace(biased, edge_drop=0.1))


def test_a_model_that_is_right_is_left_alone(scored: ScoredCorpus) -> None:
    assert scored.f1(Calibration()) == 1.0
    assert set(fit_stages([scored])) == set(STAGES)
    assert all(found == Calibration() for found in fit_stages([scored]).values())


def test_a_shift_against_no_entity_is_taken_back(scored: ScoredCorpus) -> None:
    off = shifted(scored, [1.5, 0.0, 0.0])
    found = fit_stages([off])["NEG bias"]
    assert found.neg_bias == pytest.approx(-1.5, abs=0.3)
    assert off.f1(found) > off.f1(Calibration())
    assert off.f1(found) > 0.9


def test_a_shift_of_one_type_is_taken_back_for_that_type(scored: ScoredCorpus) -> None:
    off = shifted(scored, [0.0, 1.5, 0.0])
    found = fit_biases([off], Calibration())["NEG bias and biases of types"]
    drug, disease = (found.type_biases.get(name, 0.0) for name in ("drug", "disease"))
    assert drug - disease == pytest.approx(-1.5, abs=0.6)
    assert off.f1(found) > off.f1(Calibration())


def test_a_half_is_every_other_sentence(scored: ScoredCorpus) -> None:
    assert [sum(len(part.prepared.texts) for part in scored.half(which).parts) for which in (0, 1)] == [60, 60]
    assert sum(part.golds for part in scored.parts) == sum(
        part.golds for which in (0, 1) for part in scored.half(which).parts
    )


def test_calibrate_stores_what_it_fits_and_reports_devel_and_test(
    folder: Path, checkpoint: Path, tmp_path: Path
) -> None:
    # A spoiled copy: its heads lean to no entity.
    spoiled = Path(shutil.copytree(checkpoint, tmp_path / "spoiled"))
    from safetensors.torch import load_file, save_file

    tensors = load_file(spoiled / "model.safetensors")
    for name in ("linear_zero2.bias", "linear_zero3.bias"):
        tensors[name] = tensors[name] + 1.5
    save_file(tensors, spoiled / "model.safetensors", metadata={"format": "pt"})
    result = calibrate(settings(folder, spoiled), tmp_path / "mended")
    stored = read_calibration(tmp_path / "mended")
    assert stored is not None
    assert stored.as_json() == result["calibration"]
    assert stored.neg_bias < 0
    (figures,) = result["corpora"].values()
    by_stage = result["held_out_by_stage"]
    assert by_stage[result["stage"]] == max(by_stage.values()) > by_stage["none"]
    for part in ("devel", "test"):
        assert figures[part]["after"] > figures[part]["before"]
    used = evaluate(settings(folder, tmp_path / "mended"))
    (entry,) = used["corpora"].values()
    assert entry["micro"]["f1"] == pytest.approx(figures["test"]["after"])
    again = calibrate(settings(folder, tmp_path / "mended"), tmp_path / "mended", test=False)
    assert again["calibration"] == result["calibration"]


def test_where_nothing_holds_nothing_is_stored_but_zeros(folder: Path, checkpoint: Path, tmp_path: Path) -> None:
    result = calibrate(settings(folder, checkpoint), tmp_path / "same", test=False)
    assert result["stage"] == "none"
    assert read_calibration(tmp_path / "same") == Calibration(fitted_on=result["calibration"]["fitted_on"])
    with pytest.raises(UsageError, match="has one text alone"):
        calibrate(settings(folder, checkpoint, limit=1), tmp_path / "one", test=False)


def test_an_ablation_scores_every_view_and_ensemble(folder: Path, tmp_path: Path, bundled_small: Path) -> None:
    requested = EvaluateSettings(
        str(folder), str(bundled_small), types="drug=drug,disease=disease", devices="cpu", limit=6, resamples=50
    )
    result = ablate(requested)
    rows = [*SINGLE, *("+".join(views) for views in ENSEMBLES)]
    assert result["views"] == rows
    (entry,) = result["corpora"].values()
    assert list(entry["views"]) == rows
    for view in ("name", "definition+examples"):
        (alone,) = evaluate(dataclasses.replace(requested, view=view))["corpora"].values()
        assert alone["micro"] == entry["views"][view]
    assert result["against_definition"]["definition"] == {"f1": 0.0, "f1_interval": [0.0, 0.0]}
    assert ablation_table(result).row_count == len(rows)
    draw_ablation(result, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


@pytest.fixture(scope="module")
def bundled_small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint whose budget the catalog's descriptions fit."""
    from tiny import tiny_checkpoint

    return tiny_checkpoint(tmp_path_factory.mktemp("tiny"))


def test_sentences_are_fitted_to_alone_and_joined(folder: Path, checkpoint: Path, tmp_path: Path) -> None:
    result = calibrate(settings(folder, checkpoint, limit=40), tmp_path / "both", joined=8)
    alone, joined = result["corpora"]
    assert joined == f"{alone} in texts of 8"
    for figures in result["corpora"].values():
        assert set(figures) == {"kind", "devel", "test"}
    assert result["corpora"][alone]["devel"]["before"] == 1.0  # whose gold is what the model finds


def test_single_types_are_fitted_beside_what_the_checkpoint_carries(
    folder: Path, checkpoint: Path, tmp_path: Path
) -> None:
    carried = Path(shutil.copytree(checkpoint, tmp_path / "carried"))
    own = Calibration(
        neg_bias=2.0,
        threshold=0.9,
        type_biases={"cell": 0.5, "drug": 4.0},
        loose_words=["of"],
        edge_drop=6.0,
        fitted_on="devel of X",
    )
    write_calibration(carried, own)
    result = calibrate(settings(folder, carried), tmp_path / "fitted", test=False, fit="types")
    found = read_calibration(tmp_path / "fitted")
    assert found is not None
    assert (found.neg_bias, found.threshold, found.not_fitted) == (2.0, 0.9, own.not_fitted)
    assert found.type_biases["cell"] == 0.5
    assert found.type_biases["drug"] < 4.0
    assert found.fitted_on == f"devel of X; devel of {next(iter(result['corpora']))}"
    assert result["stage"] == STAGES[-1]
    whole = calibrate(settings(folder, carried), tmp_path / "whole", test=False)
    assert (whole["calibration"]["loose_words"], whole["calibration"]["edge_drop"]) == (["of"], 6.0)
    assert "cell" not in whole["calibration"]["type_biases"]
