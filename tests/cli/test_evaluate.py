"""`openbioner-batch evaluate` and `calibrate`: a real model, however small, scored on corpora."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from openbioner_batch.cli import calibrate as calibrate_cli
from openbioner_batch.cli import evaluate as evaluate_cli
from openbioner_batch.errors import UsageError
from openbioner_batch.model import Tagger, read_calibration

ROOT = Path(__file__).resolve().parents[2]
DESCRIPTION = "a drug that is given"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.tsv"
    path.write_text("aspirin\tB-Drug\nwas\tO\ngiven\tO\n\nno\tO\naspirin\tB-Drug\n")
    return path


@pytest.fixture
def type_file(tmp_path: Path) -> Path:
    path = tmp_path / "drug.yaml"
    path.write_text(json.dumps({"drug": DESCRIPTION}))
    return path


def evaluate(*arguments: object) -> Result:
    return CliRunner().invoke(evaluate_cli.command, [str(argument) for argument in arguments], catch_exceptions=False)


def test_json_holds_the_scores_and_what_was_asked(corpus: Path, type_file: Path, checkpoint: Path) -> None:
    answer = evaluate(
        "--corpus", corpus, "--types", f"Drug={type_file}", "--model", checkpoint, "--devices", "cpu", "--json"
    )
    found = json.loads(answer.stdout)
    assert found["digest"] == Tagger.from_pretrained(checkpoint, device="cpu").digest
    entry = found["corpora"]["corpus"]
    assert entry["types"] == {"Drug": "drug"}
    assert entry["kind"] == "unknown"
    assert entry["micro"]["gold"] == 2
    low, high = entry["micro"]["f1_interval"]
    assert low <= entry["micro"]["f1"] <= high
    assert "corpus: 2 texts done" in answer.stderr


def test_one_corpus_is_a_table_of_its_types(corpus: Path, type_file: Path, checkpoint: Path) -> None:
    answer = evaluate("--corpus", corpus, "--types", f"Drug={type_file}", "--model", checkpoint, "--limit", 1)
    title, head, *rows = answer.stdout.splitlines()
    assert title == "corpus, unknown: 1 sentences, strict by tokens"
    assert head.split()[0] == "type"
    assert [row.split()[0] for row in rows] == ["Drug", "micro", "macro"]
    assert rows[0].split()[5] == "1"  # one gold entity in the first sentence


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--corpus", "nowhere.tsv", "--types", "Drug=drug"], "--corpus nowhere.tsv: no such file or folder"),
        (["--corpus", str(ROOT / "Makefile"), "--types", "Drug=drug"], "the suffix belongs to no known format"),
        (["--corpus", "x.tsv", "--split", "train"], "--split is 'train'"),
        (["--corpus", "x.tsv", "--view", "poem"], "--view poem"),
        (["--corpus", "x.tsv", "--corpora", "CoNLL"], "expected some of NCBI-disease"),
        (["--corpus", "x.tsv", "--limit", "0"], "--limit is 0"),
        (["--corpus", "x.tsv", "--plot", "x.png"], "--plot draws"),
    ],
)
def test_a_wrong_request_is_the_users_error(arguments: list[str], message: str, checkpoint: Path) -> None:
    with pytest.raises(UsageError, match=message):
        evaluate(*arguments, "--model", checkpoint)


def test_a_file_gives_what_the_flags_do_not(corpus: Path, type_file: Path, checkpoint: Path, tmp_path: Path) -> None:
    config = tmp_path / "evaluate.yaml"
    config.write_text(f"corpus: {corpus}\ntypes: [Drug={type_file}]\nmodel: {checkpoint}\nlimit: 1\njson: true\n")
    assert json.loads(evaluate("--config", config).stdout)["limit"] == 1
    assert json.loads(evaluate("--config", config, "--limit", 2).stdout)["limit"] == 2
    config.write_text("corpora_folder: x\n")
    with pytest.raises(UsageError, match="unknown key 'corpora_folder': the keys are corpus, "):
        evaluate("--config", config)


def test_a_folder_of_known_corpora_is_a_table_with_their_average(tmp_path: Path) -> None:
    for name, label in (("NCBI-disease", "Disease"), ("BC2GM", "GENE")):
        (tmp_path / name).mkdir()
        with gzip.open(tmp_path / name / "test.tsv.gz", "wt") as stream:
            stream.write(f"Lung\tB-{label}\ncancer\tI-{label}\nin\tO\nmice\tO\n\nNo\tO\nfever\tB-{label}\n\n")
    answer = evaluate("--corpus", tmp_path, "--allow-trained")
    head, *rows = answer.stdout.splitlines()
    assert head.split()[0] == "corpus"
    assert [row.split()[0] for row in rows[:3]] == ["NCBI-disease", "BC2GM", "average"]
    only = evaluate("--corpus", tmp_path, "--allow-trained", "--corpora", "bc2gm", "--json")
    assert list(json.loads(only.stdout)["corpora"]) == ["BC2GM"]


def test_the_job_takes_the_same_arguments(corpus: Path, type_file: Path, checkpoint: Path) -> None:
    arguments = ["--corpus", corpus, "--types", f"Drug={type_file}", "--model", checkpoint, "--json"]
    done = subprocess.run(
        [sys.executable, ROOT / "jobs" / "evaluate.py", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["corpora"]["corpus"]["micro"]["gold"] == 2


def test_calibrate_writes_a_checkpoint_that_evaluate_uses(
    corpus: Path, type_file: Path, checkpoint: Path, tmp_path: Path
) -> None:
    output = tmp_path / "calibrated"
    requested = ["--corpus", str(corpus), "--types", f"Drug={type_file}"]
    done = CliRunner().invoke(
        calibrate_cli.command, [*requested, "--model", str(checkpoint), "--output", str(output)], catch_exceptions=False
    )
    assert done.exit_code == 0
    assert "NEG bias" in done.stdout
    assert read_calibration(output) is not None
    assert read_calibration(checkpoint) is None
    used = json.loads(evaluate(*requested, "--model", output, "--json").stdout)
    assert used["calibrated"] == "devel of corpus"
    plain = json.loads(evaluate(*requested, "--model", output, "--json", "--no-calibration").stdout)
    before = json.loads(evaluate(*requested, "--model", checkpoint, "--json").stdout)
    assert plain["calibrated"] is False
    assert plain["corpora"]["corpus"]["micro"] == before["corpora"]["corpus"]["micro"]
    with_least = [*requested, "--model", checkpoint, "--threshold"]
    found = {least: json.loads(evaluate(*with_least, least, "--json").stdout) for least in ("0", "1")}
    assert [one["calibrated"] for one in found.values()] == [False, False]
    assert found["0"]["corpora"]["corpus"]["micro"] == before["corpora"]["corpus"]["micro"]
    assert found["1"]["corpora"]["corpus"]["micro"]["predicted"] == 0
    assert "spans with a score of 1.0 and more" in evaluate(*with_least, "1").stdout


def test_calibrate_does_not_write_into_another_folder(
    corpus: Path, type_file: Path, checkpoint: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(checkpoint, other)
    requested = ["--corpus", str(corpus), "--types", f"Drug={type_file}", "--model", str(checkpoint)]
    with pytest.raises(UsageError, match="is not empty"):
        CliRunner().invoke(calibrate_cli.command, [*requested, "--output", str(other)], catch_exceptions=False)


def test_finding_identifiers_is_a_task_of_its_own(tmp_path: Path) -> None:
    notes = tmp_path / "notes.jsonl"
    text = "Patient: Ann Lee, MRN: 2208714."
    spans = [[9, 16, "patient_name"], [23, 30, "medical_record_number"]]
    notes.write_text(json.dumps({"id": "1", "text": text, "spans": spans}) + "\n")
    arguments = ("--task", "deid", "--corpus", notes, "--model", "none")
    table = evaluate(*arguments)
    assert table.exit_code == 0, table.output
    assert "medical_record_number" in table.stdout
    result = json.loads(evaluate(*arguments, "--json").stdout)
    assert result["corpora"]["notes"]["tokens"]["by_type"]["medical_record_number"]["recall"] == 1
    with pytest.raises(UsageError, match="--resamples does not go with --task deid"):
        evaluate(*arguments, "--resamples", 10)
