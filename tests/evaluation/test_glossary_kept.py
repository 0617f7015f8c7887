"""`evaluate` scores with the glossary that is chosen; `calibrate` and `adapt` keep and use the checkpoint's own."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from evaluation.adapted import request
from glossaries import LINE, OWN_NAME, USERS_NAME, late_checkpoint, with_glossary

from openbioner_batch.catalog import resolve_types
from openbioner_batch.cli.main import main
from openbioner_batch.evaluation.adapting import adapt
from openbioner_batch.model import Tagger
from openbioner_batch.model.calibration import Calibration, read_calibration, write_calibration
from openbioner_batch.model.glossary_files import GlossaryChoice
from openbioner_batch.model.location import GLOSSARY_FILES


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return late_checkpoint(tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="module")
def model(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_glossary(bare, tmp_path_factory.mktemp("known") / "model")


@pytest.fixture
def requested(tmp_path: Path) -> list[str]:
    lines = [f"{name}\tB-Drug\n" for name in (OWN_NAME, USERS_NAME)]
    (tmp_path / "corpus.tsv").write_text("\n".join(lines))
    return ["--corpus", str(tmp_path / "corpus.tsv"), "--types", "Drug=drug", "--devices", "cpu"]


def call(*arguments: object) -> Any:
    return CliRunner().invoke(main, list(map(str, arguments)))


def test_figures_say_which_glossary_they_are_with(
    bare: Path, model: Path, requested: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "own.txt"
    file.write_text(LINE)
    found = {}
    for name, given in {"own": (), "none": ("--glossary", "none"), "more": ("--glossary", file)}.items():
        found[name] = json.loads(call("evaluate", *requested, "--model", model, *given, "--json").stdout)
    without = json.loads(call("evaluate", *requested, "--model", bare, "--json").stdout)
    assert "glossary" not in found["own"]
    assert found["none"]["glossary"] == "none"
    assert found["more"]["glossary"] == GlossaryChoice.of(str(file)).digest
    counts = {name: one["corpora"]["corpus"]["micro"] for name, one in found.items()}
    assert counts["none"] == without["corpora"]["corpus"]["micro"]
    assert [counts[name]["correct"] for name in ("none", "own", "more")] == [0, 1, 2]
    for given, note in (("none", "no glossary"), (file, "the user's glossary beside the model's own")):
        assert note in call("evaluate", *requested, "--model", model, "--glossary", given).stdout


def test_a_wrong_glossary_is_one_line(checkpoint: Path, requested: list[str], tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("Secretum\n")
    wrong = call("evaluate", *requested, "--model", checkpoint, "--glossary", tmp_path / "own.txt")
    (tmp_path / "own.txt").write_text(LINE)
    no_head = call("evaluate", *requested, "--model", checkpoint, "--glossary", tmp_path / "own.txt")
    for result, message in ((wrong, "own.txt, line 1: expected"), (no_head, "has no glossary.safetensors")):
        (line,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
        assert result.exit_code == 2
        assert message in line
        assert "Secretum" not in result.output


def assert_kept(output: Path, model: Path) -> None:
    for name in GLOSSARY_FILES:
        assert (output / name).read_bytes() == (model / name).read_bytes()
    assert Tagger.from_pretrained(output, device="cpu").glossary is not None


def test_a_calibrated_checkpoint_keeps_its_glossary(model: Path, requested: list[str], tmp_path: Path) -> None:
    result = call("calibrate", *requested, "--model", model, "--output", tmp_path / "calibrated")
    assert result.exit_code == 0, result.output
    assert_kept(tmp_path / "calibrated", model)


@pytest.mark.parametrize("method", ["calibration", "layers"])
def test_an_adapted_checkpoint_keeps_its_glossary(method: str, model: Path, tmp_path: Path) -> None:
    adapt(request(tmp_path, model, 8, method=method, folds=2, epochs=1))
    assert_kept(tmp_path / "adapted", model)


def test_adapting_scores_the_model_as_it_is_used(bare: Path, tmp_path: Path) -> None:
    settings = request(tmp_path, bare, 8, method="calibration", folds=2)
    lines = [json.loads(line) for line in (tmp_path / "spans.jsonl").read_text().splitlines()]
    names = {line["text"][start:end] for line in lines for start, end, _ in line["spans"]}
    known = with_glossary(bare, tmp_path / "known", *names)
    predicted = {}
    for model, output in ((bare, "without"), (known, "with")):
        found = adapt(replace(settings, model=str(model), output=str(tmp_path / output)))["before"]
        tagger = Tagger.from_pretrained(model, device="cpu", dtype="float32")
        spans = tagger.tag([line["text"] for line in lines], resolve_types(settings.types))
        assert found["predicted"] == sum(map(len, spans))
        predicted[output] = found["predicted"]
    assert predicted["with"] != predicted["without"]


def test_types_that_keep_their_values_are_scored_as_they_are_found(model: Path, tmp_path: Path) -> None:
    lines = [f"{OWN_NAME}\tB-{label}\n" for label in ("Drug", "Other") * 4]
    (tmp_path / "corpus.tsv").write_text("\n".join(lines))
    types = ["--types", "Drug=drug,Other=chemical", "--corpus", tmp_path / "corpus.tsv", "--devices", "cpu"]
    carried = shutil.copytree(model, tmp_path / "carried")
    write_calibration(carried, Calibration(plain_types=["drug"]))
    result = call("calibrate", *types, "--fit", "general", "--model", carried, "--output", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.output
    fitted = json.loads(result.stdout)
    used = json.loads(call("evaluate", *types, "--model", tmp_path / "out", "--json").stdout)
    (figures,) = fitted["corpora"].values()
    assert figures["devel"]["after"] == pytest.approx(used["corpora"]["corpus"]["micro"]["f1"])
    assert fitted["calibration"]["plain_types"] == ["drug"]
    assert not fitted["calibrated"]


def test_values_for_all_types_are_fitted_to_a_plain_type_that_is_described_otherwise(
    model: Path, tmp_path: Path
) -> None:
    lines = [*[f"{OWN_NAME}\tB-Drug\n"] * 4, *[f"{USERS_NAME}\tO\n"] * 4]
    (tmp_path / "corpus.tsv").write_text("\n".join(lines))
    (tmp_path / "own.yaml").write_text("drug: a thing to work with\n")
    given = ["--corpus", tmp_path / "corpus.tsv", "--devices", "cpu"]
    own = ["--types", f"Drug={tmp_path / 'own.yaml'}", *given]
    before = Calibration(type_biases={"drug": -9.0}, type_thresholds={"drug": 0.9}, plain_types=["drug"])
    carried = shutil.copytree(model, tmp_path / "carried")
    write_calibration(carried, before)
    fit = ["--fit", "general", "--model", carried, "--output", tmp_path / "out", "--json"]
    refused = call("calibrate", "--types", "Drug=drug", *given, *fit)
    assert "has values of its own" in refused.output
    result = call("calibrate", *own, *fit)
    assert result.exit_code == 0, result.output
    after = read_calibration(tmp_path / "out")
    assert after is not None
    assert after.neg_bias > 0  # since both names are found without
    assert after.plain_types == {"drug"}
    assert after.biases(["drug"]) @ [-1, 1] == before.biases(["drug"]) @ [-1, 1]
    assert after.thresholds(["drug"]) == before.thresholds(["drug"])
    (figures,) = json.loads(result.stdout)["corpora"].values()
    used = json.loads(call("evaluate", *own, "--model", tmp_path / "out", "--json").stdout)
    assert figures["devel"]["after"] == pytest.approx(used["corpora"]["corpus"]["micro"]["f1"])
    assert figures["devel"]["after"] > figures["devel"]["before"]


def test_a_plain_type_that_is_described_otherwise_is_adapted_from_what_it_is_found_with(
    model: Path, tmp_path: Path
) -> None:
    settings = request(tmp_path, model, 8, method="calibration", folds=2)
    lines = [json.loads(line) for line in (tmp_path / "spans.jsonl").read_text().splitlines()]
    fitted = Calibration(type_thresholds={"tool": 1.0}, plain_types=["tool"])
    found = {}
    for name, calibration in {"nothing": Calibration(), "fitted for another": fitted}.items():
        carried = shutil.copytree(model, tmp_path / name)
        write_calibration(carried, calibration)
        found[name] = adapt(replace(settings, model=str(carried), output=str(tmp_path / f"{name}, adapted")))["before"]
        tagger = Tagger.from_pretrained(carried, device="cpu", dtype="float32")
        spans = tagger.tag([line["text"] for line in lines], resolve_types(settings.types))
        assert found[name]["predicted"] == sum(map(len, spans)) > 0
    assert found["nothing"] == found["fitted for another"]


def test_a_plain_type_of_the_catalog_is_adapted_from_what_is_found_without_the_glossary(
    bare: Path, tmp_path: Path
) -> None:
    settings = replace(request(tmp_path, bare, 8, method="calibration", folds=2), types="drug")
    examples = tmp_path / "spans.jsonl"
    examples.write_text(examples.read_text().replace('"tool"', '"drug"'))
    lines = [json.loads(line) for line in examples.read_text().splitlines()]
    known = with_glossary(bare, tmp_path / "known", *(line["text"][a:b] for line in lines for a, b, _ in line["spans"]))
    predicted = {}
    for name, plain in {"known": (), "plain": ("drug",)}.items():
        carried = shutil.copytree(known, tmp_path / f"model, {name}")
        write_calibration(carried, Calibration(plain_types=plain))
        result = adapt(replace(settings, model=str(carried), output=str(tmp_path / f"adapted, {name}")))
        tagger = Tagger.from_pretrained(carried, device="cpu", dtype="float32")
        predicted[name] = result["before"]["predicted"]
        assert predicted[name] == sum(map(len, tagger.tag([line["text"] for line in lines], resolve_types("drug"))))
    assert predicted["known"] != predicted["plain"]
