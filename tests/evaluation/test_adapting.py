"""A model adapts to a few reviewed texts: what is learnt, what stays, and what is said of it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
import zstandard
from click.testing import CliRunner, Result
from evaluation.adapted import KINDS, checkpoint_of, examples, request, tune_fast

from openbioner_batch.catalog import resolve_types
from openbioner_batch.cli.main import main
from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.adapting import adapt
from openbioner_batch.evaluation.examples import read_examples
from openbioner_batch.evaluation.settings import AdaptSettings
from openbioner_batch.evaluation.ways import AS_IT_IS, TUNED
from openbioner_batch.model import Tagger, WindowSettings, read_calibration
from openbioner_batch.model.calibration import Calibration, write_calibration
from openbioner_batch.model.checkpoint import load_backbone, load_model, save_checkpoint
from openbioner_batch.model.prepared import DescribedType
from openbioner_batch.model.reading import load_tokenizer, read_config
from openbioner_batch.training.nearness import TypeFacts
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.silver.schema import DESCRIPTION_SCHEMA, passages_table
from openbioner_batch.training.trained_types import read_trained_types, write_trained_types
from openbioner_batch.training.tuning import Tuning, tune

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("checkpoints")
    return {kind: checkpoint_of(kind, folder / kind) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapted_model_finds_what_it_was_shown_in_texts_it_was_not(
    kind: str, checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune_fast(monkeypatch)
    start = shutil.copytree(checkpoints[kind], tmp_path / "start")
    write_trained_types(start, [TypeFacts("drug", ("A remedy.",))])
    result = adapt(request(tmp_path, start, 24, epochs=20, folds=2))

    assert TUNED in result["way"]
    assert result["after"]["f1"] > result["before"]["f1"] + 0.3
    assert result["after"] == result["held out"][result["way"]]
    found = Tagger.from_pretrained(tmp_path / "adapted", device="cpu", dtype="float32")
    kinds = resolve_types(str(tmp_path / "mine.yaml"))
    (spans,) = found.tag(["many of the xzzx was seen by the and"], kinds)
    assert "xzzx" in [span.text for span in spans]
    assert json.loads((tmp_path / "adapted" / "adapted.json").read_text()) == result
    assert "## Adapted" in (tmp_path / "adapted" / "README.md").read_text()
    seen = {kind.name: kind.descriptions for kind in read_trained_types(tmp_path / "adapted") or ()}
    assert seen == {"drug": ("A remedy.",), "tool": ("a thing to work with",)}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_below_the_top_layers_stays_and_the_rest_learns(kind: str, checkpoints: dict[str, Path]) -> None:
    folder = checkpoints[kind]
    before, model, tokenizer = load_model(folder), load_model(folder), load_tokenizer(folder)
    passages = [AnnotatedPassage("1", "s", "the zxzx was seen", (AnnotatedMention(4, 8, "tool"),))]
    groups = [[DescribedType("tool", tuple(tokenizer.ids("a thing")))]]
    tune(model, tokenizer, passages, groups, Tuning(layers=1, epochs=2), seed=1)

    changed = {name for name, part in model.state_dict().items() if not torch.equal(part, before.state_dict()[name])}
    assert changed
    assert all("layers.1." in name or name.split(".")[0] in LEARNING for name in changed)
    assert any("layers.1." in name for name in changed)
    assert all(parameter.requires_grad for parameter in model.parameters())


LEARNING = ("evidence", "against", "background", "text_projection", "description_projection", "log_scale", "bias")


def test_the_same_examples_give_the_same_weights(checkpoints: dict[str, Path]) -> None:
    folder = checkpoints["cross"]
    tokenizer = load_tokenizer(folder)
    passages = [AnnotatedPassage(str(n), "s", "the zxzx was seen", (AnnotatedMention(4, 8, "tool"),)) for n in range(3)]
    groups = [[DescribedType("tool", tuple(tokenizer.ids("a thing")))]]
    one, other = (tune(load_model(folder), tokenizer, passages, groups, Tuning(epochs=2), seed=1) for _ in range(2))
    assert all(torch.equal(part, other.state_dict()[name]) for name, part in one.state_dict().items())


def test_few_examples_fit_the_calibration_alone(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    said: list[str] = []
    result = adapt(request(tmp_path, checkpoints["late"], 4), say=said.append)
    assert not any(TUNED in way for way in result["held out"])
    assert any("calibration alone" in text for text in said)
    same = (tmp_path / "adapted" / "model.safetensors").read_bytes()
    assert same == (checkpoints["late"] / "model.safetensors").read_bytes()
    fitted = read_calibration(tmp_path / "adapted")
    assert (fitted is None) == (result["way"] == AS_IT_IS or not result["calibration"]["type_biases"])


def test_other_training_data_is_learnt_along_and_other_types_keep_their_calibration(
    checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune_fast(monkeypatch)
    start = shutil.copytree(checkpoints["late"], tmp_path / "start")
    write_trained_types(start, [TypeFacts("drug", ("A remedy.",))])
    write_calibration(start, Calibration(-30.0, {"drug": 0.5, "tool": 3.0}, {"drug": 0.2, "tool": 0.4}, "others"))
    mention = AnnotatedMention(4, 8, "place")
    passages = [AnnotatedPassage(str(n), "s", "the oslo was seen", (mention,)) for n in range(5)]
    told = [{"entity_type": "place", "view": "definition", "description": "Where one is."}]
    for part, table in (
        ("passages", passages_table(passages)),
        ("descriptions", pa.Table.from_pylist(told, schema=DESCRIPTION_SCHEMA)),
    ):
        (tmp_path / "silver" / part).mkdir(parents=True)
        pq.write_table(table, tmp_path / "silver" / part / "0.parquet")
    said: list[str] = []
    more = {"replay": str(tmp_path / "silver"), "replay_share": 0.3, "method": "layers", "epochs": 10, "folds": 2}

    result = adapt(request(tmp_path, start, 12, **more), said.append)

    assert TUNED in result["way"]
    assert result["replay"] == {"folder": more["replay"], "share": 0.3, "passages": 5, "types": 1}
    assert json.loads((tmp_path / "adapted" / "adapted.json").read_text()) == result
    assert "5 passages with 1 other types are learnt along" in said
    seen = {kind.name: kind.descriptions for kind in read_trained_types(tmp_path / "adapted") or ()}
    assert seen == {"drug": ("A remedy.",), "place": ("Where one is.",), "tool": ("a thing to work with",)}
    fitted = read_calibration(tmp_path / "adapted")
    assert fitted is not None
    assert (fitted.neg_bias, fitted.type_biases["drug"], fitted.type_thresholds) == (-30.0, 0.5, {"drug": 0.2})
    assert -40 < fitted.type_biases["tool"] < -20  # what there is against all does not count against it


def test_how_ends_of_spans_are_cut_holds_in_every_way(
    checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune_fast(monkeypatch)
    start = shutil.copytree(checkpoints["late"], tmp_path / "start")
    own = Calibration(loose_words=["".join(word) for word in product("zx", repeat=4)], edge_drop=5.0)
    write_calibration(start, own)

    result = adapt(request(tmp_path, start, 12, epochs=10, folds=2))

    assert any(way.startswith(TUNED) for way in result["held out"])
    assert not any(way["correct"] for way in result["held out"].values())  # every tool is a loose word
    fitted = read_calibration(tmp_path / "adapted")
    assert fitted is not None
    assert fitted.not_fitted == own


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.zst", ".json"])
def test_texts_that_were_not_reviewed_for_all_types_are_left_out(suffix: str, tmp_path: Path) -> None:
    spans = examples(tmp_path, 5)
    rows = [json.loads(line) for line in spans.read_text().splitlines()]
    rows[0]["reviewed_types"] = ["Tool"]
    rows[1]["reviewed_types"] = []
    rows[2]["reviewed_types"] = ["other"]
    text = "".join(json.dumps(row) + "\n\n" for row in rows) if "l" in suffix else json.dumps(rows, indent=1)
    spans = tmp_path / f"reviewed{suffix}"
    spans.write_bytes(zstandard.compress(text.encode()) if suffix.endswith(".zst") else text.encode())
    said: list[str] = []
    settings = AdaptSettings(examples=str(spans), types=str(tmp_path / "mine.yaml"), output="out")
    corpus, _ = read_examples(settings, said.append)
    assert corpus.texts == tuple(rows[n]["text"] for n in (0, 3, 4))
    assert len(said) == 1
    assert said[0].startswith("2 texts are left out")


def test_spans_of_other_types_in_reviewed_texts_are_left_out(tmp_path: Path) -> None:
    """As a page on several types saves them, where one of these is adapted."""
    spans = examples(tmp_path, 4)
    rows = [json.loads(line) for line in spans.read_text().splitlines()]
    for row in rows[:3]:
        row["reviewed_types"] = ["tool", "drug"]
        row["spans"].append([0, 2, "drug"])
    spans.write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = AdaptSettings(examples=str(spans), types=str(tmp_path / "mine.yaml"), output="out")
    corpus, _ = read_examples(settings)
    assert len(corpus.texts) == 4
    assert corpus.labels == {"tool"}
    rows[3]["spans"].append([0, 2, "drug"])  # nothing says that this text was reviewed for other types
    spans.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(UsageError, match="has the label 'drug', which is not among --types"):
        read_examples(settings)


def test_a_file_without_a_text_reviewed_to_the_end_is_one_clear_line(tmp_path: Path) -> None:
    spans = examples(tmp_path, 3)
    rows = [{**json.loads(line), "reviewed_types": []} for line in spans.read_text().splitlines()]
    spans.write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = AdaptSettings(examples=str(spans), types=str(tmp_path / "mine.yaml"), output="out")
    with pytest.raises(UsageError, match=r"no text was reviewed for all of --types \(tool\): review some to the end"):
        read_examples(settings)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["adapt", *map(str, arguments)])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--method", "luck"), "--method is 'luck': give one of auto, calibration, layers"),
        (("--folds", "1"), "--folds is 1: give a whole number from 2 up"),
        (("--types", "drug"), "has the label 'tool', which is not among --types (drug)"),
        (("--examples", "none.jsonl"), "--examples none.jsonl: no such file"),
        (("--replay", "none"), "none/passages"),
        (("--replay", "none", "--method", "calibration"), "--replay is learnt along where layers are tuned"),
        (("--replay-share", "1"), "--replay-share is 1: give a number above 0, up to 0.9"),
        (("--output", "."), "is not empty: give a new folder"),
    ],
)
def test_a_mistake_is_one_clear_line(
    more: tuple[str, ...], message: str, checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    spans = examples(tmp_path, 3)
    usual = {"--examples": spans, "--types": tmp_path / "mine.yaml", "--output": tmp_path / "out"}
    usual |= dict(zip(more[::2], more[1::2], strict=True))
    result = run("--model", checkpoints["cross"], *(part for pair in usual.items() for part in pair))
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("family", ["roberta", "modernbert"])
def test_models_on_other_encoders_adapt_too(encoders: dict[str, Path], family: str, tmp_path: Path) -> None:
    config = replace(read_config(encoders[family]), windows=WindowSettings(100, 60))
    save_checkpoint(load_backbone(encoders[family], config, 1), tmp_path / "model", encoders[family])
    result = adapt(request(tmp_path, tmp_path / "model", 6, method="layers", layers=1, epochs=1, folds=2))
    assert any(way.startswith(TUNED) for way in result["held out"])
    before, after = (load_model(tmp_path / name).state_dict() for name in ("model", "adapted"))
    learnt = {name for name, part in before.items() if not torch.equal(part, after[name])}
    assert not any("embeddings" in name or ".0." in name for name in learnt)


def test_a_single_text_is_too_few(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    spans = examples(tmp_path, 1)
    types = tmp_path / "mine.yaml"
    result = run("--model", checkpoints["cross"], "--examples", spans, "--types", types, "--output", tmp_path / "out")
    assert "adapting needs at least two texts" in result.stderr


def test_the_command_prints_each_way_and_the_chosen_one(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    spans = examples(tmp_path, 4, name="Tool")
    types = tmp_path / "mine.yaml"
    result = run("--model", checkpoints["late"], "--examples", spans, "--types", types, "--output", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "(chosen)" in result.output
    assert "before" in result.output


def test_figures_have_intervals_and_a_line_by_type(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    spans = examples(tmp_path, 8)
    rows = [json.loads(line) for line in spans.read_text().splitlines()]
    for row in rows:  # everything else that is marked is a place: the model finds neither, or both, by chance
        row["spans"] += [[0, len(row["text"].split()[0]), "place"]]
    spans.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "mine.yaml").write_text("tool: a thing to work with\nplace: where one is\n")
    output = tmp_path / "out"
    more = ("--output", output, "--types", tmp_path / "mine.yaml", "--method", "calibration", "--devices", "cpu")
    said = run("--model", checkpoints["cross"], "--examples", spans, *more)
    assert said.exit_code == 0, said.output
    result = json.loads((output / "adapted.json").read_text())
    for way in result["held out"].values():
        low, high = way["f1_interval"]
        assert low <= way["f1"] <= high
        assert way["gold"] == 16
        assert sum(of_type["correct"] for of_type in way["per_type"].values()) == way["correct"]
        assert {name: of_type["gold"] for name, of_type in way["per_type"].items()} == {"place": 8, "tool": 8}
    before, after = result["before"], result["after"]
    assert after["f1_interval"][0] < after["f1_interval"][1]
    for name in ("tool", "place"):
        (line,) = [line.split() for line in said.stdout.splitlines() if line.split()[:1] == [name]]
        assert line[1:] == [part for when in (before, after) for part in printed(when["per_type"][name])] + ["8"]
    both = [" (".join(printed(when)) + ")" for when in (before, after)]
    assert f"F1 {both[0]} before, {both[1]} after" in said.stdout


def printed(found: dict[str, Any]) -> list[str]:
    """F1 and its interval."""
    low, high = found["f1_interval"]
    return [f"{100 * found['f1']:.1f}", f"{100 * low:.1f}-{100 * high:.1f}"]
