"""What is fitted to scored corpora: pairs of a bias and a threshold, for all types and for single ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from openbioner_batch.evaluation.calibration import held_out_f1
from openbioner_batch.evaluation.fitting import LEAST_GAIN, STAGES, fit_biases, fit_stages
from openbioner_batch.evaluation.scored import ScoredCorpus, ScoredPart, scored_part
from openbioner_batch.model import Calibration
from openbioner_batch.model.prepared import DescribedType, Prepared
from openbioner_batch.records import Span

Runs = Sequence[tuple[Sequence[float], bool]]
"""Neighbouring words by how far the logit of the type is above that of no entity, and whether they are a mention."""
NONE, NEG, PAIR, TYPES = STAGES
SURE, TWO_WORDS, DOUBTFUL = ([1.0], True), ([1.0, -1.0], True), ([-0.5], False)
ENDS_UNSURELY: Runs = [SURE, TWO_WORDS, *[DOUBTFUL] * 6] * 10
"""Without a bias half of the mentions lose their second word; a bias that lets it in lets six false mentions in too."""


def part(name: str, runs: Runs) -> ScoredPart:
    words: list[str] = []
    margins: list[float] = []
    spans: list[Span] = []
    for of_run, is_mention in runs:
        start = sum(len(word) + 1 for word in words)
        words += ["w"] * len(of_run)
        if is_mention:
            end = sum(len(word) + 1 for word in words) - 1
            spans.append(Span(start, end, name, 1.0, "w" * (end - start)))
        words.append("o")
        margins += [*of_run, -9.0]
    text = " ".join(words)
    starts = np.cumsum([0, *(len(word) + 1 for word in words)])[:-1]
    prepared = Prepared(
        texts=(text,),
        groups=((DescribedType(name, ()),),),
        token_ids=np.zeros(len(words), np.int32),
        window_bounds=np.array([0, len(words)]),
        document_windows=np.ones(1, np.int32),
        document_tokens=np.array([len(words)]),
        document_words=np.array([0, len(words)]),
        word_tokens=np.arange(len(words)),
        word_offsets=np.stack([starts, starts + [len(word) for word in words]], 1),
        word_breaks=np.zeros(len(words), np.bool_),
    )
    logits = np.stack([np.zeros(len(words)), margins], 1).astype(np.float32)
    return scored_part(prepared, 0, logits, [spans])


def corpus(first: Mapping[str, Runs], second: Mapping[str, Runs] | None = None) -> ScoredCorpus:
    """A corpus whose halves are alike, unless a second one is given."""
    halves = [tuple(part(name, runs) for name, runs in half.items()) for half in (first, second or first)]
    return ScoredCorpus("made", (halves[0], halves[1]))


def shifted(runs: Runs, by: float) -> Runs:
    return [([margin + by for margin in margins], is_mention) for margins, is_mention in runs]


def test_a_pair_is_found_that_one_value_after_the_other_does_not_lead_to() -> None:
    made = corpus({"drug": ENDS_UNSURELY})
    found = fit_stages([made])
    assert list(found) == list(STAGES)
    # any bias alone is worse than none; and without a bias no threshold helps
    assert found[NEG] == found[NONE] == Calibration()
    assert made.f1(found[NEG]) == 0.5
    assert all(made.f1(Calibration(threshold=least)) <= 0.5 for least in (0.3, 0.55, 0.6, 0.7, 0.8))
    assert made.f1(found[PAIR]) == 1.0
    assert -2.5 < found[PAIR].neg_bias < -1.0  # of equally good ones the one in the middle
    assert found[TYPES] == found[PAIR]  # which the single type has nothing to add to


def test_the_pair_of_all_types_serves_those_that_no_corpus_has() -> None:
    made = corpus({"drug": ENDS_UNSURELY})
    found = fit_stages([made])[TYPES]
    assert found.threshold > 0
    assert found.type_biases == found.type_thresholds == {}
    assert corpus({"gene": ENDS_UNSURELY}).f1(found) == 1.0


def test_a_type_has_a_pair_of_its_own_where_that_gains() -> None:
    made = corpus({"drug": ENDS_UNSURELY, "gene": ENDS_UNSURELY, "cell": shifted(ENDS_UNSURELY, 2.5)})
    found = fit_stages([made])
    assert made.f1(found[PAIR]) < 0.9
    assert made.f1(found[TYPES]) == 1.0
    assert set(found[TYPES].type_biases) == {"cell"}
    assert corpus({"drug": ENDS_UNSURELY}).f1(found[TYPES]) == 1.0
    assert (found[TYPES].neg_bias, found[TYPES].threshold) == (found[PAIR].neg_bias, found[PAIR].threshold)


def test_a_type_may_do_without_the_threshold_of_all_others() -> None:
    certain: Runs = [([1.0], True), ([-0.6], True), ([-3.0], False)] * 20
    made = corpus({"drug": [*ENDS_UNSURELY] * 3, "cell": certain})
    found = fit_stages([made])[TYPES]
    assert found.threshold > 0.5
    assert made.f1(found) == 1.0
    assert found.thresholds(["cell"])[0] < 0.9 * found.threshold


@pytest.mark.parametrize(("missed", "other_corpora", "has_own"), [(4, 0, True), (1, 0, False), (4, 3, False)])
def test_a_gain_of_hardly_anything_is_left(missed: int, other_corpora: int, has_own: bool) -> None:
    drug: Runs = [([2.0], True), ([1.0], False)] * 250
    cell: Runs = [([3.0], True)] * 250
    made = corpus({"drug": drug, "cell": [*cell, *[([0.5], True)] * missed]})
    others = [corpus({"drug": drug}) for _ in range(other_corpora)]
    found = fit_stages([made, *others])
    gain = (1.0 - made.f1(found[PAIR])) / (1 + other_corpora)
    assert gain > 0
    assert (gain > LEAST_GAIN) == has_own
    assert bool(found[TYPES].type_biases) == has_own


def test_what_was_best_before_other_types_were_mended_is_looked_at_again() -> None:
    # of the doubtful mentions of cells eight in twenty are right: better than nothing until drugs are found
    cell: Runs = [([3.0], True)] * 20 + [([0.5], True)] * 8 + [([0.5], False)] * 12
    drug: Runs = [([-2.0], True), ([-3.0], False)] * 50
    made = corpus({"cell": cell, "drug": drug})
    found = fit_stages([made], Calibration(), "types")[TYPES]
    assert made.f1(found) == pytest.approx(140 / 148)


def test_a_single_lucky_point_of_the_grid_is_not_taken() -> None:
    # just at -2 one more mention is right; a wide range above 0 has nearly as many
    lucky: Runs = [([2.0], True), ([1.5], False)] * 30 + [([-1.9], True)] * 31 + [([-2.1], False)] * 200
    broad: Runs = [([2.0], True), ([1.5], False)] * 30 + [([-1.9], True)] * 31 + [([-2.6], False)] * 200
    assert fit_stages([corpus({"drug": lucky})])[NEG].neg_bias > -1.75
    assert fit_stages([corpus({"drug": broad})])[NEG].neg_bias < -1.9


def test_the_stage_is_chosen_on_the_half_that_it_was_not_fitted_on() -> None:
    steady: Runs = [([2.0], True), ([1.0], False)] * 40
    low: Runs = [([0.5], True), ([-0.5], False)] * 10
    high: Runs = [([3.0], True), ([1.0], False)] * 10
    made = corpus({"drug": steady, "cell": low}, {"drug": steady, "cell": high})
    fitted = fit_stages([made.half(0)])
    assert made.half(0).f1(fitted[TYPES]) == 1.0 > made.half(0).f1(fitted[PAIR])
    by_stage = held_out_f1([made], Calibration(), "all")
    assert by_stage[TYPES] < by_stage[PAIR]


def test_fitted_for_all_types_alone_single_ones_are_found_as_before() -> None:
    made = corpus({"drug": ENDS_UNSURELY, "cell": ENDS_UNSURELY})
    before = Calibration(0.5, {"cell": 0.75}, {"cell": 0.6}, loose_words=["of"], edge_drop=3.0)
    found = fit_stages([made], before, "general")
    assert list(found) == [NONE, NEG, PAIR]
    assert corpus({"drug": ENDS_UNSURELY}).f1(found[PAIR]) == 1.0
    assert found[PAIR].not_fitted == before.not_fitted
    for of_stage in found.values():
        assert of_stage.biases(["cell"]) @ [-1, 1] == pytest.approx(before.biases(["cell"]) @ [-1, 1])
        assert of_stage.thresholds(["cell"]) == before.thresholds(["cell"])


def test_fitted_for_single_types_alone_all_else_stays() -> None:
    before = Calibration(0.5, {"gene": 1.0}, {"gene": 0.9}, threshold=0.6, loose_words=["of"], edge_drop=3.0)
    made = corpus({"drug": ENDS_UNSURELY})
    found = fit_stages([made], before, "types")
    assert list(found) == [NONE, TYPES]
    assert found[NONE] == before
    assert made.f1(found[TYPES]) == 1.0
    after = found[TYPES]
    assert (after.neg_bias, after.threshold) == (0.5, 0.6)
    assert after.not_fitted == before.not_fitted
    assert (after.type_biases["gene"], after.type_thresholds["gene"]) == (1.0, 0.9)


def test_a_few_spans_are_given_biases_alone() -> None:
    plain: Runs = [([1.0], True), ([-1.0], False)] * 20
    made = corpus({"drug": [*plain] * 3, "cell": shifted(plain, 2.0)})
    start = Calibration(loose_words=["of"], edge_drop=3.0)
    found = fit_biases([made], start)
    assert len(found) == 2
    for calibration in found.values():
        assert calibration.threshold == 0
        assert calibration.type_thresholds == {}
        assert calibration.not_fitted == start
    assert list(found.values())[1].type_biases["cell"] < 0


def test_a_pair_is_searched_with_unsure_ends_cut_off() -> None:
    # some mentions have a second word at 1.5; behind others stands a word at 2.0 that is not of them
    runs: Runs = [([4.0, 1.5], True), ([1.0], True)] * 10
    beside = part("drug", [([8.0], True), ([-9.0], False)] * 10)
    beside.logits[1::4, 1] = 2.0
    made = ScoredCorpus("made", ((part("drug", runs), beside), ()))
    start = Calibration(edge_drop=3.0)
    assert made.f1(Calibration()) < 0.7
    assert made.f1(start) == 1.0
    assert made.f1(fit_stages([made])[PAIR]) < 1.0  # no bias mends both
    for found in fit_stages([made], start).values():
        assert found == start


def test_counts_by_threshold_are_those_of_one_threshold_after_the_other() -> None:
    made = part("drug", ENDS_UNSURELY)
    thresholds = np.array([0.0, 0.3, 0.7311, 0.9, 1.0])
    for bias in (-1.5, 0.0):
        at_once = made.counts_by_threshold(Calibration(bias), {"drug"}, thresholds)
        alone = [made.counts(Calibration(bias, threshold=float(least))) for least in thresholds]
        assert at_once.tolist() == np.array(alone).tolist()


def test_a_type_whose_values_are_fitted_anew_is_no_plain_type() -> None:
    made = corpus({"drug": ENDS_UNSURELY})
    before = Calibration(type_biases={"drug": 0.5, "cell": 1.0}, edge_drop=3.0, plain_types=["drug", "cell", "sign"])
    assert before.without_types(["drug"]).plain_types == {"cell", "sign"}
    for found in fit_stages([made], before.without_types(["drug"]), "types").values():
        assert found.plain_types == {"cell", "sign"}
    other = corpus({"tool": ENDS_UNSURELY})
    for found in fit_stages([other], before, "general").values():
        assert found.plain_types == before.plain_types, "whether they have biases or not"
