"""Late interaction arranged for inference says what the plain module says, however many types are queried."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from openbioner_batch.errors import UsageError
from openbioner_batch.model import EntityType, Tagger, native, save_checkpoint
from openbioner_batch.model.config import LateSettings
from openbioner_batch.model.encoder import initialize
from openbioner_batch.model.inference import InferenceStack
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.late_inference import LateInference
from openbioner_batch.model.layout import Layout
from openbioner_batch.model.placing import Placed

SECTION = "aspirin was given in lung cancer. no sign of fever in the patient. "
TEXTS = [SECTION * n for n in (1, 3, 2)] + ["fever", SECTION]
MANY = [EntityType(f"type{number}", "a drug " * (1 + number % 3) + f"in {number}") for number in range(70)]


@pytest.fixture(params=[{}, {"shared_encoder": True}, {"competing": True}], ids=str)
def model(request: pytest.FixtureRequest, tagger: Tagger) -> LateEncoder:
    config = tagger.encoder.config
    config = dataclasses.replace(
        config, separate_layers=config.layers, late=LateSettings(8, **request.param), initializer_range=0.2
    )
    found = LateEncoder(config).eval()
    initialize(found, seed=1)
    return found


@pytest.fixture
def late(model: LateEncoder, tagger: Tagger, tmp_path: Path) -> Tagger:
    save_checkpoint(model, tmp_path, tagger._directory)
    return Tagger.from_pretrained(tmp_path, "cpu", "float32")


@torch.inference_mode()
def plain(model: LateEncoder, tagger: Tagger, text: str, types: list[EntityType]) -> np.ndarray:
    """The logits of every token of a text, [CLS] included, one description at a time through the trained module."""
    tokens = tagger.tokenizer
    ids = torch.tensor([[tokens.cls, *tokens.ids(text)]])
    columns = []
    for kind in types:
        of_kind = torch.tensor([[tokens.cls, *tokens.ids(kind.description), tokens.sep]])
        logits = model(ids, torch.tensor([ids.shape[1]]), of_kind, torch.tensor([of_kind.shape[1]]))[0]
        columns.append(logits[:, 1])
    return torch.stack([logits[:, 0], *columns], 1).numpy()


@pytest.mark.parametrize("types", [1, 5, 70])
def test_it_says_what_the_plain_module_says(model: LateEncoder, late: Tagger, types: int) -> None:
    for text in ("fever", SECTION):
        found = late.logits(text, MANY[:types])
        np.testing.assert_allclose(found, plain(model, late, text, MANY[:types]), atol=2e-5)


def test_a_model_that_was_trained_with_names_reads_them_before_descriptions(
    model: LateEncoder, late: Tagger, tmp_path: Path
) -> None:
    model.config = dataclasses.replace(model.config, late=dataclasses.replace(model.config.late, named=True))
    save_checkpoint(model, tmp_path / "named", late._directory)
    named = Tagger.from_pretrained(tmp_path / "named", "cpu", "float32")
    told = [EntityType("lung_cancer", "lung cancer: a drug"), EntityType("b", "b: fever")]
    kinds = [EntityType("lung_cancer", "a drug"), EntityType("b", "fever")]
    assert (named.logits(SECTION, kinds) == late.logits(SECTION, told)).all()
    with pytest.raises(UsageError, match=r"type 'fever_fever': its name and description take .* tokens"):
        named.preparer([EntityType("fever_fever", "drug " * (named.windows.description_tokens - 2))])


@pytest.mark.parametrize("kernels", ["0", "1"])
def test_bfloat16_is_near_with_kernels_and_without(
    model: LateEncoder, late: Tagger, kernels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(native.SWITCH, kernels)
    near = Tagger(model, late.tokenizer, late._directory, "cpu", "bfloat16")
    np.testing.assert_allclose(near.logits(SECTION, MANY[:5]), late.logits(SECTION, MANY[:5]), atol=0.5)


def logits_of(tagger: Tagger, texts: list[str], types: list[EntityType]) -> np.ndarray:
    """Column 0 for no entity, then every type, whatever its group."""
    groups = list(tagger.word_logits(tagger.preparer(types).prepare(texts)))
    assert all(np.array_equal(group[:, 0], groups[0][:, 0]) for group in groups)
    return np.concatenate([groups[0][:, :1], *(group[:, 1:] for group in groups)], 1)


def test_a_text_says_the_same_whatever_it_is_batched_with_and_asked_beside(late: Tagger) -> None:
    together = logits_of(late, TEXTS, MANY)
    low = 0
    for text in TEXTS:
        alone = logits_of(late, [text], MANY[40:42])
        np.testing.assert_allclose(alone, together[low : low + len(alone)][:, [0, 41, 42]], atol=1e-5)
        low += len(alone)
    assert low == len(together)


def test_types_that_do_not_compete_are_judged_one_by_one_without_a_limit_and_may_overlap(late: Tagger) -> None:
    prepared = late.preparer(MANY).prepare(TEXTS)
    if late.encoder.config.late.competing:
        assert [len(group) for group in prepared.groups] == [23, 23, 24]
        return
    assert [len(group) for group in prepared.groups] == [1] * 70
    late.nested = True
    together = [[(s.start, s.end, s.type) for s in spans] for spans in late.tag(TEXTS, MANY)]
    for kind in MANY[::20]:
        alone = [[(s.start, s.end, s.type) for s in spans] for spans in late.tag(TEXTS, [kind])]
        assert alone == [[span for span in spans if span[2] == kind.name] for spans in together]


def test_of_spans_that_overlap_the_better_scored_stays_unless_nested_ones_are_wanted(late: Tagger) -> None:
    prepared = late.preparer(MANY[:2]).prepare(["aspirin was given"])
    if late.encoder.config.late.competing:
        return
    wide, inner = np.zeros((2, 3, 2), np.float32)
    wide[:, 1], inner[1, 1] = 1, 3

    def found() -> list[str]:
        (spans,) = late.decode(prepared, [wide, inner])
        return [span.text for span in spans]

    assert found() == ["was"]
    late.nested = True
    assert found() == ["aspirin was given", "was"]


def test_a_text_and_a_description_are_read_once(late: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    compute = InferenceStack.embed

    def counted(self: InferenceStack, placed: Placed) -> tuple[torch.Tensor, torch.Tensor]:
        read.append(sum(group.sequences for group in placed.layout.groups))
        return compute(self, placed)

    monkeypatch.setattr(InferenceStack, "embed", counted)
    tagged = late.annotate(TEXTS, MANY)
    assert tagged[-1].repeated == tagged[-1].windows
    assert sum(read) == sum(one.windows - one.repeated for one in tagged) + len(MANY)
    read.clear()
    late.tag(["fever"], MANY[5:])
    assert sum(read) == 1


def test_what_memory_does_not_hold_is_halved(late: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = logits_of(late, TEXTS, MANY)
    compute = LateInference.__call__

    def scarce(encoder: LateInference, layout: Layout, shifted: bool = False) -> torch.Tensor:
        if sum(group.sequences for group in layout.groups) > 1:
            torch.empty(1 << 60, dtype=torch.uint8)  # more than any machine has: torch's own error
        return compute(encoder, layout, shifted)

    monkeypatch.setattr(LateInference, "__call__", scarce)
    np.testing.assert_allclose(logits_of(late, TEXTS, MANY), whole, atol=1e-5)


def test_scores_beyond_floats_are_guarded_against(model: LateEncoder, late: Tagger) -> None:
    for stack in {id(part): part for part in (model.text, model.description_encoder)}.values():
        for layer in stack.layers:
            layer.query_key_value.weight.data.mul_(40)
    strong = Tagger(model, late.tokenizer, late._directory, "cpu", "float32")
    np.testing.assert_allclose(strong.logits(SECTION, MANY[:5]), plain(model, strong, SECTION, MANY[:5]), atol=1e-3)


def ids_of(tagger: Tagger, *texts: str) -> list[tuple[int, ...]]:
    """Descriptions as they are read."""
    return [(tagger.tokenizer.cls, *tagger.tokenizer.ids(text), tagger.tokenizer.sep) for text in texts]


@torch.inference_mode()
def plain_states(model: LateEncoder, ids: tuple[int, ...]) -> np.ndarray:
    """Of a description's tokens but the first and the last, read alone through the trained module."""
    read = model.description_encoder.read_alone
    return read(torch.tensor([ids]), torch.tensor([len(ids)]), model.config.layers)[0, 1:-1].numpy()


DESCRIBED = ("fever", "a drug", "", "mice", "a sign of lung cancer or fever", "a drug", "given in fever", SECTION)


def states_of(tagger: Tagger, ids: list[tuple[int, ...]], token_budget: int = 1000) -> list[np.ndarray]:
    assert isinstance(tagger.encoder, LateInference)
    return tagger.encoder.description_states(ids, token_budget)


@pytest.mark.parametrize("token_budget", [1, 12, 1000])
def test_states_of_descriptions_are_what_the_plain_module_reads(
    model: LateEncoder, late: Tagger, token_budget: int
) -> None:
    ids = ids_of(late, *DESCRIBED)
    found = states_of(late, ids, token_budget)
    assert [some.shape for some in found] == [(len(one) - 2, late.encoder.config.hidden) for one in ids]
    for some, one in zip(found, ids, strict=True):
        assert some.dtype == np.float32
        np.testing.assert_allclose(some, plain_states(model, one), atol=2e-5)
    assert states_of(late, []) == []


def test_states_of_a_description_are_the_same_whatever_is_read_beside_it(late: Tagger) -> None:
    ids = ids_of(late, *DESCRIBED)
    alone = [states_of(late, [one])[0] for one in ids]
    random = np.random.default_rng(1)
    for _ in range(20):
        order = random.permutation(len(ids))[: random.integers(1, len(ids) + 1)].tolist()
        together = states_of(late, [ids[place] for place in order], int(random.integers(1, 80)))
        for some, place in zip(together, order, strict=True):
            np.testing.assert_allclose(some, alone[place], atol=1e-5)


def test_the_vector_of_a_description_is_its_projected_mean_state(model: LateEncoder, late: Tagger) -> None:
    ids = ids_of(late, *DESCRIBED)
    assert isinstance(late.encoder, LateInference)
    found = late.encoder.read_descriptions(ids, 30)
    with torch.inference_mode():
        for vector, one in zip(found, ids, strict=True):
            read = model.description_encoder.read_alone
            states = read(torch.tensor([one]), torch.tensor([len(one)]), model.config.layers)[0]
            expected = torch.nn.functional.normalize(model.description_projection(states.mean(0)), dim=-1)
            np.testing.assert_allclose(vector, expected.numpy(), atol=2e-5)


def test_states_of_descriptions_in_bfloat16_are_near(model: LateEncoder, late: Tagger) -> None:
    near = Tagger(model, late.tokenizer, late._directory, "cpu", "bfloat16")
    ids = ids_of(late, *DESCRIBED)
    for some, exact in zip(states_of(near, ids), states_of(late, ids), strict=True):
        assert some.dtype == np.float32
        np.testing.assert_allclose(some, exact, atol=0.3)


def test_states_beyond_floats_are_guarded_against(model: LateEncoder, late: Tagger) -> None:
    for layer in model.description_encoder.layers:
        layer.query_key_value.weight.data.mul_(40)
    strong = Tagger(model, late.tokenizer, late._directory, "cpu", "float32")
    ids = ids_of(late, *DESCRIBED)
    for some, one in zip(states_of(strong, ids, 20), ids, strict=True):
        np.testing.assert_allclose(some, plain_states(model, one), atol=1e-3)


def test_no_texts_and_no_words(late: Tagger) -> None:
    assert late.tag([], MANY) == []
    assert late.tag(["", " \n"], MANY) == [[], []]
    assert late.logits("aspirin", []).shape == (2, 1)
