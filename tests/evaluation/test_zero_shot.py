"""Types that a model has seen and others apart: which types are queried, what counts as seen, and the scores."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from openbioner_batch.cli.main import main
from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation import EvaluateSettings
from openbioner_batch.evaluation.calibration import calibrate, score_queried
from openbioner_batch.evaluation.questions import QueriedCorpus, compatible_groups, describe, read_queried
from openbioner_batch.evaluation.zero_shot import count_queried, evaluate_zero_shot, find_queried, scores_of
from openbioner_batch.model import Calibration, Tagger, read_calibration, write_calibration
from openbioner_batch.records import EntityType, Span
from openbioner_batch.report.scores import print_result
from openbioner_batch.training.nearness import TypeFacts
from openbioner_batch.training.passages import AnnotatedMention, AnnotatedPassage
from openbioner_batch.training.silver.schema import DESCRIPTION_SCHEMA, passages_table
from openbioner_batch.training.trained_types import types_of_sources, write_trained_types

DESCRIPTIONS = {"drug": "a drug that was given", "disease": "a sign of cancer", "gene": "a gene of mice"}


def span(start: int, end: int, kind: str) -> Span:
    return Span(start, end, kind, 1.0, "x" * (end - start))


def write_folder(folder: Path, passages: list[AnnotatedPassage], types: dict[str, str]) -> Path:
    (folder / "passages").mkdir(parents=True)
    (folder / "descriptions").mkdir()
    pq.write_table(passages_table(passages), folder / "passages" / "0.parquet")
    rows = [{"entity_type": name, "view": "definition", "description": text} for name, text in types.items()]
    pq.write_table(pa.Table.from_pylist(rows, schema=DESCRIPTION_SCHEMA), folder / "descriptions" / "0.parquet")
    return folder


PASSAGES = [
    AnnotatedPassage(
        "1/0", "llm", "the patient was given aspirin.", (AnnotatedMention(22, 29, "drug"),), (), ("drug", "gene")
    ),
    AnnotatedPassage(
        "1/1", "llm", "lung cancer in mice.", (AnnotatedMention(0, 11, "disease"), AnnotatedMention(0, 11, "tumor"))
    ),
    AnnotatedPassage("2/0", "llm", "nothing.", (), (), ()),
    AnnotatedPassage("3/0", "other", "gene p53", (AnnotatedMention(5, 8, "gene"),)),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "test", PASSAGES, DESCRIPTIONS)


@pytest.fixture
def model(checkpoint: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(checkpoint, tmp_path / "model"))


def test_a_passage_is_asked_about_its_list_else_about_what_it_mentions(folder: Path) -> None:
    llm, other = read_queried(EvaluateSettings(str(folder), zero_shot=True))
    assert (llm.name, other.name) == ("llm", "other")
    assert llm.type_groups == ((("drug", "gene"),), (("disease",),), ())
    assert llm.undescribed == ("tumor",)
    assert [len(spans) for spans in llm.spans] == [1, 1, 0]
    assert llm.documents.tolist() == [0, 0, 1]
    (one,) = read_queried(EvaluateSettings(str(folder), corpora=("other",), zero_shot=True))
    assert one.name == "other"
    with pytest.raises(UsageError, match="llm, other"):
        read_queried(EvaluateSettings(str(folder), corpora=("none",), zero_shot=True))


def test_types_of_overlapping_mentions_do_not_compete() -> None:
    spans = [span(0, 11, "disease"), span(0, 4, "organ"), span(5, 11, "disease"), span(20, 24, "drug")]
    assert compatible_groups(["disease", "organ", "drug", "gene"], spans) == [["disease", "drug", "gene"], ["organ"]]
    assert compatible_groups(["a", "b", "c"], [], most=2) == [["a", "b"], ["c"]]
    assert compatible_groups([], []) == []


def test_a_description_is_had_in_the_view_that_is_there() -> None:
    views = {"definition": "A medicine.", "examples": "A medicine such as zinc."}
    assert describe("small_drug", views, "name") == "small drug"
    assert describe("small_drug", views, "name-definition") == "small drug: A medicine."
    assert describe("small_drug", views, "examples") == "A medicine such as zinc."
    assert describe("small_drug", views, "contextual") == "A medicine."


def corpus_of(spans: list[Span], unsure: tuple[tuple[int, int], ...] = ()) -> QueriedCorpus:
    return QueriedCorpus(
        "c", ("x" * 50,), (tuple(spans),), ((("a", "b"),),), (unsure,), np.zeros(1, np.int64),
        dict.fromkeys(("a", "b")), {}, ("definition",), "basic",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "strict", "overlap"),
    [
        ([span(0, 5, "a")], (2, 1, 1), (2, 1, 1)),
        ([span(3, 8, "a")], (2, 1, 0), (2, 1, 1)),
        ([span(0, 2, "a"), span(3, 5, "a")], (2, 2, 0), (2, 2, 1)),  # one gold span makes one right
        ([span(0, 20, "a")], (2, 1, 0), (2, 1, 1)),  # one found span finds one
        ([span(5, 10, "a")], (2, 1, 0), (2, 1, 0)),
        ([span(30, 33, "a")], (2, 0, 0), (2, 0, 0)),  # unsure
        ([], (2, 0, 0), (2, 0, 0)),
    ],
)
def test_scores_are_strict_and_by_overlap(
    found: list[Span], strict: tuple[int, int, int], overlap: tuple[int, int, int]
) -> None:
    corpus = corpus_of([span(0, 5, "a"), span(10, 15, "a")], ((32, 40),))
    assert tuple(count_queried(corpus, [found]).counts[0, 0]) == strict
    assert tuple(count_queried(corpus, [found], overlap=True).counts[0, 0]) == overlap


def test_a_found_span_of_another_type_is_wrong_both_ways() -> None:
    corpus = corpus_of([span(0, 5, "a")])
    for overlap in (False, True):
        counts = count_queried(corpus, [[span(0, 5, "b")]], overlap)
        assert counts.counts[0].tolist() == [[1, 0, 0], [0, 1, 0]]


def test_seen_types_are_those_near_what_the_model_was_trained_on(folder: Path, model: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--trained-on"):
        evaluate_zero_shot(EvaluateSettings(str(folder), str(model), zero_shot=True))
    told = "A medicine given to people."
    training = write_folder(
        tmp_path / "training", [AnnotatedPassage("9", "t", "zinc", (AnnotatedMention(0, 4, "Drugs"),))], {"Drugs": told}
    )
    settings = EvaluateSettings(str(folder), str(model), zero_shot=True, trained_on=(str(training),))
    entry = evaluate_zero_shot(settings)["corpora"]["llm"]
    assert entry["near"] == {"drug": {"to": "Drugs", "by": "name"}}
    assert (entry["seen"]["types"], entry["unseen"]["types"]) == (1, 2)
    assert entry["seen"]["strict"]["micro"]["gold"] == 1
    assert entry["unseen"]["strict"]["micro"]["gold"] == 1
    assert set(entry["unseen"]["strict"]["micro"]) >= {"f1", "f1_interval"}
    assert set(entry["unseen"]["overlap"]["macro"]) >= {"f1", "f1_interval"}
    write_trained_types(model, types_of_sources([str(training)]))
    again = evaluate_zero_shot(EvaluateSettings(str(folder), str(model), zero_shot=True))
    assert again["trained_types"]["from"] == "the checkpoint's list"
    assert again["corpora"]["llm"]["near"] == entry["near"]


def test_a_labelled_corpus_is_told_apart_too_and_agrees_with_the_plain_scores(model: Path, tmp_path: Path) -> None:
    from openbioner_batch.evaluation import evaluate

    corpus = tmp_path / "mine.jsonl"
    corpus.write_text(
        json.dumps(
            {"id": "1", "text": "the patient was given aspirin for fever", "spans": [[22, 29, "D"], [34, 39, "S"]]}
        )
    )
    types = tmp_path / "types.yaml"
    types.write_text("drug: a drug that is given\n")
    other = tmp_path / "other.yaml"
    other.write_text("complaint: no sign of fever in the patient\n")
    (model / "README.md").write_text("---\ndatasets: [x]\nopenbioner: {supervision: gold, gold_types: [drug]}\n---\n")
    requested = f"D={types},S={other}"
    result = evaluate_zero_shot(EvaluateSettings(str(corpus), str(model), types=requested, zero_shot=True))
    (entry,) = result["corpora"].values()
    assert result["trained_types"]["from"] == "the checkpoint's card"
    assert entry["near"] == {"drug": {"to": "drug", "by": "name"}}
    plain = evaluate(EvaluateSettings(str(corpus), str(model), types=requested))["corpora"]["mine"]["micro"]
    for count in ("gold", "predicted", "correct"):
        parts = [entry[part]["strict"]["micro"][count] if entry[part]["strict"] else 0 for part in ("seen", "unseen")]
        assert sum(parts) == plain[count]


def test_the_command_prints_both_parts(folder: Path, model: Path) -> None:
    write_trained_types(model, types_of_sources([str(folder)]))
    command = ["evaluate", "--zero-shot", "--corpus", str(folder), "--model", str(model)]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    head = result.stdout.splitlines()[0].split()
    assert head == ["corpus", "figures", "types", "scores", "precision", "recall", "F1", "95", "%", "gold"]
    assert "unseen types" in result.output
    assert json.loads(CliRunner().invoke(main, [*command, "--json"]).stdout)["corpora"].keys() == {"llm", "other"}
    wrong = CliRunner().invoke(main, ["evaluate", "--corpus", str(folder), "--trained-on", str(folder)])
    assert wrong.exit_code == 2
    assert "--zero-shot" in wrong.output


def test_each_average_has_precision_recall_and_an_interval(
    leaning: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_calibration(model, Calibration(neg_bias=-0.7))
    write_trained_types(model, [TypeFacts("gene")])
    result = evaluate_zero_shot(EvaluateSettings(str(leaning), str(model), zero_shot=True))
    print_result(result)
    printed = capsys.readouterr().out.splitlines()
    assert "calibrated" in printed  # it is not known on what
    table = [line for line in printed if "strict" in line or "overlap m" in line]
    lines = iter(table)
    assert table[0].startswith("llm     unseen types")
    assert max(map(len, table)) <= 100
    entry = result["corpora"]["llm"]
    for part in ("unseen", "seen"):
        for measure in ("strict", "overlap"):
            for average, title in (("micro", "micro"), ("macro", "macro"), ("macro_frequent", "macro, 3+")):
                found = entry[part][measure][average]
                numbers = [f"{100 * found[name]:.1f}" for name in ("precision", "recall", "f1")]
                low, high = found["f1_interval"]
                assert low <= found["f1"] <= high
                shown = " ".join(next(lines).split())
                assert f"{measure} {title} {' '.join(numbers)} {100 * low:.1f}-{100 * high:.1f}" in shown
    assert not list(lines)
    assert entry["unseen"]["strict"]["micro"]["f1_interval"][0] < entry["unseen"]["strict"]["micro"]["f1_interval"][1]


def test_rare_types_are_not_in_the_macro_of_frequent_ones() -> None:
    spans = [span(start, start + 5, "a") for start in (0, 10, 20)] + [span(30, 35, "b"), span(40, 45, "b")]
    counts = count_queried(corpus_of(spans), [spans[:1] + spans[3:]])
    scores = scores_of(counts, ["a", "b"], "c", EvaluateSettings("c", zero_shot=True))
    assert scores is not None
    frequent = scores["macro_frequent"]
    assert (frequent["types"], frequent["least_gold"]) == (1, 3)
    assert (frequent["precision"], frequent["recall"], frequent["f1"]) == (1, pytest.approx(1 / 3), 0.5)
    assert frequent["f1_interval"] == [0.5, 0.5]  # there is one document to draw
    assert scores["macro"]["f1"] == 0.75


def test_types_of_derived_labels_are_named_here_too(
    folder: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (model / "README.md").write_text("---\ndatasets: [x]\nopenbioner: {derived_types: [gene, rna]}\n---\n")
    write_trained_types(model, [TypeFacts("gene")])
    result = evaluate_zero_shot(EvaluateSettings(str(folder), str(model), zero_shot=True, corpora=("llm",)))
    assert result["corpora"]["llm"]["derived_types"] == ["gene"]
    print_result(result)
    assert "llm: the model learned gene from labels that rules derive, not from people's" in capsys.readouterr().out


@pytest.fixture
def leaning(tagger: Tagger, tmp_path: Path) -> Path:
    """Passages whose gold is what the small model finds with a bias; what it is least sure of counts neither way."""
    random = np.random.default_rng(1)
    words = "the of patient aspirin lung cancer mice gene was given in with and no sign fever".split()
    texts = [" ".join(random.choice(words, 9)) for _ in range(40)]
    biased = Tagger.from_pretrained(tagger._directory, "cpu", "float32")
    biased.calibration = Calibration(neg_bias=-1.0)
    types = [EntityType(name, text) for name, text in DESCRIPTIONS.items()]
    passages = [
        AnnotatedPassage(
            f"{number}/0",
            "llm",
            text,
            tuple(AnnotatedMention(one.start, one.end, one.type) for one in spans),
            ((0, 5),) if number % 2 else (),
            tuple(DESCRIPTIONS) if number % 3 else ("drug", "gene"),
        )
        for number, (text, spans) in enumerate(zip(texts, biased.tag(texts, types), strict=True))
    ]
    return write_folder(tmp_path / "leaning", passages, DESCRIPTIONS)


def test_what_is_fitted_to_passages_is_what_is_scored(leaning: Path, tagger: Tagger) -> None:
    (corpus,) = read_queried(EvaluateSettings(str(leaning), zero_shot=True))
    scored = score_queried(tagger, corpus)
    assert sum(part.golds for part in scored.parts) == sum(map(len, corpus.spans))
    assert all(scored.halves)
    calibrated = Tagger.from_pretrained(tagger._directory, "cpu", "float32")
    for calibration in (Calibration(), Calibration(neg_bias=-1.0), Calibration(neg_bias=-0.5, threshold=0.5)):
        calibrated.calibration = calibration
        gold, predicted, correct = count_queried(corpus, list(find_queried(calibrated, corpus))).counts.sum(axis=(0, 1))
        assert scored.f1(calibration) == pytest.approx(2 * correct / (gold + predicted))


def test_passages_give_values_for_all_types_and_leave_those_of_single_ones(
    leaning: Path, model: Path, tmp_path: Path
) -> None:
    own = Calibration(neg_bias=1.0, type_biases={"cell": 0.5}, type_thresholds={"cell": 0.6}, fitted_on="devel of X")
    write_calibration(model, own)
    settings = EvaluateSettings(str(leaning), str(model), zero_shot=True)
    with pytest.raises(UsageError, match="--fit general"):
        calibrate(settings, tmp_path / "none")
    result = calibrate(settings, tmp_path / "fitted", fit="general")
    found = read_calibration(tmp_path / "fitted")
    assert found is not None
    assert found.as_json() == result["calibration"]
    assert found.neg_bias < 0
    assert found.biases(["cell"]) @ [-1, 1] == own.biases(["cell"]) @ [-1, 1]
    assert found.type_thresholds == {"cell": 0.6}
    assert found.fitted_on == "devel of X; passages of llm"
    figures = result["corpora"]["llm"]["devel"]
    assert figures["after"] > figures["before"]
    again = calibrate(replace(settings, model=str(tmp_path / "fitted")), tmp_path / "fitted", fit="general")
    assert again["calibration"] == result["calibration"]
    write_calibration(model, Calibration(type_thresholds=dict.fromkeys(DESCRIPTIONS, 0.5)))
    with pytest.raises(UsageError, match="values of its own"):
        calibrate(settings, tmp_path / "nothing", fit="general")
