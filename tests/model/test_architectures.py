"""Encoders that `transformers` runs: the adapter says what they say, and their tokenizers' words are BERT's."""

from __future__ import annotations

import dataclasses
import itertools
import json
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from encoders import FAMILIES, SENTENCES
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from openbioner_batch.errors import CheckpointError, UsageError
from openbioner_batch.model import EntityType, Tagger, WindowSettings, checkpoint_digest, save_checkpoint
from openbioner_batch.model.architectures import ARCHITECTURES, by_model_type
from openbioner_batch.model.architectures.automodel import AutoModelArchitecture
from openbioner_batch.model.architectures.automodel.shape import FAMILIES as SUPPORTED
from openbioner_batch.model.architectures.automodel.tokens import FastTokenizer, tokens_of_words
from openbioner_batch.model.checkpoint import load_backbone, load_model
from openbioner_batch.model.config import with_separate_layers
from openbioner_batch.model.models import Model
from openbioner_batch.model.reading import architecture_note, load_tokenizer, read_config
from openbioner_batch.model.tokens import Tokenizer
from openbioner_batch.model.variants import count_parameters

TYPES = [EntityType("drug", "A drug that was given."), EntityType("disease", "A sign of cancer.")]
WINDOWS = WindowSettings(text_tokens=70, description_tokens=40, overlap_tokens=10)


def model_on(directory: Path, layers: int, seed: int = 3) -> Model:
    config = dataclasses.replace(read_config(directory), windows=WINDOWS, encoder_dropout=0.0, head_dropout=0.0)
    late = dataclasses.replace(config.late, projection=8, competing=True) if layers else config.late
    model = load_backbone(directory, dataclasses.replace(config, separate_layers=layers, late=late), seed).eval()
    for name, part in model.named_parameters():
        if name.split(".")[0] in ("evidence", "against", "background"):
            torch.nn.init.normal_(part, std=0.5, generator=torch.Generator().manual_seed(len(name)))
        if name == "evidence.bias":
            part.data += 6.0
    return model


def tagger_on(directory: Path, late: bool, folder: Path) -> Tagger:
    """A tagger on a saved and loaded model, in float32."""
    model = model_on(directory, read_config(directory).layers if late else 0)
    save_checkpoint(model, folder, tokenizer_from=directory)
    return Tagger.from_pretrained(folder, device="cpu", dtype="float32")


def test_every_family_that_is_registered_is_tested() -> None:
    assert set(FAMILIES) == set(SUPPORTED)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_cross_encoder_says_what_plain_transformers_and_the_heads_say(
    encoders: dict[str, Path], family: str, tmp_path: Path
) -> None:
    from transformers import AutoModel, AutoTokenizer

    tagger = tagger_on(encoders[family], late=False, folder=tmp_path)
    plain, tokenizer = (
        AutoModel.from_pretrained(encoders[family]).eval(),
        AutoTokenizer.from_pretrained(encoders[family]),
    )
    stored = load_model(tmp_path)
    text = SENTENCES[0]

    def states(*parts: str) -> torch.Tensor:
        inputs = tokenizer(*parts, return_tensors="pt", return_token_type_ids=family == "electra")
        with torch.no_grad():
            return plain(**inputs).last_hidden_state[0]

    def said(head: str, of: torch.Tensor) -> np.ndarray:
        with torch.no_grad():
            return getattr(stored, head)(of)[:, 0].numpy()

    tokens = len(tokenizer.tokenize(text))
    alone, pairs = states(text)[: 1 + tokens], [states(text, kind.description)[: 1 + tokens] for kind in TYPES]
    none = np.max([said("background", alone), *(said("against", pair) for pair in pairs)], 0)
    expected = np.stack([none, *(said("evidence", pair) for pair in pairs)], 1)
    found = tagger.logits(text, TYPES)
    assert np.abs(found).max() > 0.1
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_late_interaction_says_what_plain_transformers_and_the_heads_say(
    encoders: dict[str, Path], family: str, tmp_path: Path
) -> None:
    from transformers import AutoModel

    tagger = tagger_on(encoders[family], late=True, folder=tmp_path)
    plain, model = AutoModel.from_pretrained(encoders[family]).eval(), load_model(tmp_path)
    text = SENTENCES[1]

    def states(words: str) -> torch.Tensor:
        ids = [tagger.tokenizer.cls, *tagger.tokenizer.ids(words), tagger.tokenizer.sep]
        with torch.no_grad():
            return plain(torch.tensor([ids])).last_hidden_state[0]

    def unit(of: torch.Tensor, projection: str) -> torch.Tensor:
        return torch.nn.functional.normalize(of @ getattr(model, projection).weight.T, dim=-1)

    with torch.no_grad():
        of_text = states(text)[:-1]
        descriptions = torch.stack([plain_mean(plain, tagger.tokenizer, kind.description) for kind in TYPES])
        cosines = unit(of_text, "text_projection") @ unit(descriptions, "description_projection").T
        expected = torch.cat([model.background(of_text), model.log_scale.exp() * cosines + model.bias], 1)
    np.testing.assert_allclose(tagger.logits(text, TYPES), expected.numpy(), atol=1e-5)


def plain_mean(plain: torch.nn.Module, tokenizer: Tokenizer, words: str) -> torch.Tensor:
    ids = [tokenizer.cls, *tokenizer.ids(words), tokenizer.sep]
    return plain(torch.tensor([ids])).last_hidden_state[0].mean(0)


@pytest.mark.parametrize("late", [False, True], ids=["cross", "late"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_text_is_tagged_alike_whatever_it_is_batched_with(
    encoders: dict[str, Path], family: str, late: bool, tmp_path: Path
) -> None:
    tagger = tagger_on(encoders[family], late, tmp_path)
    texts = [SENTENCES[0], "", "Fever.", " ".join(SENTENCES * 3), "\n ", SENTENCES[0]]
    together = tagger.annotate(texts, TYPES)
    assert together[3].windows > 1
    assert together[5].repeated == together[5].windows == 1
    assert sum(len(tagged.spans) for tagged in together)
    tagger.token_budget = 64
    for text, tagged in zip(texts, together, strict=True):
        (alone,) = tagger.annotate([text], TYPES)
        assert [(s.start, s.end, s.type) for s in alone.spans] == [(s.start, s.end, s.type) for s in tagged.spans]
        np.testing.assert_allclose([s.score for s in alone.spans], [s.score for s in tagged.spans], atol=1e-5)


@pytest.mark.parametrize("family", ["roberta", "deberta-v2"])
def test_a_batch_that_does_not_fit_in_memory_is_computed_in_halves(
    encoders: dict[str, Path], family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagger = tagger_on(encoders[family], False, tmp_path)
    texts = list(SENTENCES)
    expected = tagger.tag(texts, TYPES)
    whole = tagger.encoder._model.forward  # type: ignore[union-attr]

    def small(token_ids: torch.Tensor, segments: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        if len(token_ids) > 2:
            raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes.")
        return whole(token_ids, segments, lengths)

    monkeypatch.setattr(tagger.encoder._model, "forward", small)  # type: ignore[union-attr]
    found = tagger.tag(texts, TYPES)
    assert [[(s.start, s.end, s.type) for s in spans] for spans in found] == [
        [(s.start, s.end, s.type) for s in spans] for spans in expected
    ]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_saved_model_is_loaded_again_and_bfloat16_is_near_it(
    encoders: dict[str, Path], family: str, tmp_path: Path
) -> None:
    for layers in (0, read_config(encoders[family]).layers):
        model, folder = model_on(encoders[family], layers), tmp_path / str(layers)
        save_checkpoint(model, folder, tokenizer_from=encoders[family])
        again = load_model(folder)
        assert again.config == model.config
        assert count_parameters(model.config) == sum(part.numel() for part in model.parameters())
        assert all(torch.equal(part, again.state_dict()[name]) for name, part in model.state_dict().items())
        save_checkpoint(again, tmp_path / f"{layers} again", tokenizer_from=folder)
        assert checkpoint_digest(tmp_path / f"{layers} again") == checkpoint_digest(folder)
        exact, rough = (
            Tagger.from_pretrained(folder, "cpu", dtype).logits(SENTENCES[0], TYPES)
            for dtype in ("float32", "bfloat16")
        )
        assert np.abs(exact - rough).max() < 0.1 * np.abs(exact).max()


AWKWARD = st.lists(
    st.one_of(
        st.sampled_from("abc XYZ.,?!()[]<>-'\"\t\r\n\0 é́̈ßİΩµ αβ\u200b\u00a0\u2028‑中文字😀👩‍👧🇮🇹ﬁ\u2581Ġ"),
        st.sampled_from(["aspirin", "[SEP]", "</s>", "<mask>", " given", "p53", "IL-2", "beta-agonists", "(500 mg),"]),
        st.characters(codec="utf-8"),
    ),
    max_size=60,
).map("".join)


@pytest.fixture(scope="session")
def tokenizers(encoders: dict[str, Path]) -> dict[str, Tokenizer]:
    return {name: load_tokenizer(directory) for name, directory in encoders.items()}


@pytest.mark.parametrize("family", FAMILIES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(text=AWKWARD)
@example(text="  aspirin (500 mg),\n\n given\tfever ")
@example(text="[SEP] [CLS] [MASK] [PAD] [UNK] <s> </s> <mask> <pad>")
@example(text="中文字 e\u0301 😀")
def test_words_are_berts_and_no_text_spells_a_special_token(
    tokenizers: dict[str, Tokenizer], family: str, text: str
) -> None:
    tokenizer = tokenizers[family]
    assert isinstance(tokenizer, FastTokenizer)
    (found,) = tokenizer.encode([text])
    words = tokenizer._words.encode(text).offsets
    assert len(found.ids) == len(found.offsets) == len(found.word_ids)
    special = {tokenizer.cls, tokenizer.sep, tokenizer.mask}
    assert not special & set(found.ids.tolist())
    assert not special & set(tokenizer.ids(text))
    begins = np.flatnonzero(np.diff(found.word_ids, prepend=-1))
    starts = [start for start, _ in words]
    ends = {end for _, end in words}
    assert (np.diff(found.word_ids) >= 0).all()
    assert (found.offsets[:, 0] <= found.offsets[:, 1]).all()
    assert (np.diff(found.offsets[:, 0]) >= 0).all()
    spans = [
        (int(found.offsets[a, 0]), int(found.offsets[b - 1, 1]))
        for a, b in itertools.pairwise([*begins, len(found.ids)])
    ]
    assert all(start in starts and end in ends for start, end in spans)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
    # No letter or digit that the tokenizer sees is left to no word.
    seen = tokenizer._rust.encode(text, add_special_tokens=False).offsets
    covered = {place for start, end in spans for place in range(start, end)}
    for start, end in words:
        touched = any(a < end and start < b for a, b in seen)
        if touched and text[start].isalnum() and family not in ("deberta-v2", "xlm-roberta"):
            assert covered >= set(range(start, end)), text[start:end]


@pytest.mark.parametrize("family", FAMILIES)
def test_ordinary_words_have_the_offsets_that_a_reader_sees(tokenizers: dict[str, Tokenizer], family: str) -> None:
    text = "\n  Given aspirin (500 mg), p53\tand beta-agonists: no\n\nfever. "
    (found,) = tokenizers[family].encode([text])
    begins = np.flatnonzero(np.diff(found.word_ids, prepend=-1))
    words = [
        text[found.offsets[a, 0] : found.offsets[b - 1, 1]] for a, b in itertools.pairwise([*begins, len(found.ids)])
    ]
    wanted = ["Given", "aspirin", "500", "mg", "p53", "and", "beta", "agonists", "no", "fever"]
    assert [word for word in words if word.isalnum()] == wanted
    assert all(not any(one.isspace() for one in word) for word in words)


def test_tokens_over_several_words_are_of_the_first_that_is_no_mark() -> None:
    def words(text: str, tokens: list[tuple[int, int]], bounds: list[tuple[int, int]]) -> list[str]:
        ids = np.arange(len(tokens))
        found = tokens_of_words(text, ids, np.array(tokens), np.array(bounds), np.zeros(len(ids), bool))
        begins = np.flatnonzero(np.diff(found.word_ids, prepend=-1))
        edges = itertools.pairwise([*begins, len(found.ids)])
        return [text[found.offsets[a, 0] : found.offsets[b - 1, 1]] for a, b in edges]

    assert words("beta-agonist", [(0, 4), (4, 6), (6, 12)], [(0, 4), (4, 5), (5, 12)]) == ["beta", "agonist"]
    assert words("Ca++", [(0, 2), (2, 4)], [(0, 2), (2, 3), (3, 4)]) == ["Ca", "++"]
    assert words("fever.", [(0, 3), (3, 6)], [(0, 5), (5, 6)]) == ["fever"]
    assert words("中文", [(0, 2)], [(0, 1), (1, 2)]) == ["中文"]
    assert words(" a b", [(0, 2), (2, 4)], [(1, 2), (3, 4)]) == ["a", "b"]


@pytest.mark.parametrize("family", FAMILIES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(text=AWKWARD, words=st.sampled_from(["basic", "whitespace", "pieces"]))
def test_spans_slice_back(taggers: dict[str, Tagger], family: str, text: str, words: str) -> None:
    for document, spans in zip([text, "no fever"], taggers[family].tag([text, "no fever"], TYPES, words), strict=True):
        for span in spans:
            assert document[span.start : span.end] == span.text
            assert 0 <= span.start < span.end <= len(document)
        assert all(a.end <= b.start for a, b in itertools.pairwise(spans))


@pytest.fixture(scope="session")
def taggers(encoders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tagger]:
    return {name: tagger_on(directory, False, tmp_path_factory.mktemp("model")) for name, directory in encoders.items()}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_tokenizer_travels(tokenizers: dict[str, Tokenizer], family: str) -> None:
    there = pickle.loads(pickle.dumps(tokenizers[family]))
    for text in (*SENTENCES, "[SEP] </s> <mask> [MASK]"):
        assert there.ids(text) == tokenizers[family].ids(text)


def test_sentencepiece_alone_is_read(encoders: dict[str, Path], tmp_path: Path) -> None:
    """DeBERTa-v3 is published without a `tokenizer.json`."""
    sentencepiece = pytest.importorskip("sentencepiece", reason="the sentencepiece extra is not installed")
    (tmp_path / "text").write_text("\n".join(SENTENCES * 20), "utf-8")
    special = {f"{name}_id": number for number, name in enumerate(("pad", "bos", "eos", "unk"))}
    pieces = {"pad_piece": "[PAD]", "bos_piece": "[CLS]", "eos_piece": "[SEP]", "unk_piece": "[UNK]"}
    sentencepiece.SentencePieceTrainer.train(
        input=str(tmp_path / "text"),
        model_prefix=str(tmp_path / "spm"),
        vocab_size=48,
        minloglevel=2,
        **special,
        **pieces,
    )
    (tmp_path / "config.json").write_bytes((encoders["deberta-v2"] / "config.json").read_bytes())
    tokenizer = load_tokenizer(tmp_path)
    (found,) = tokenizer.encode(["Given aspirin, [SEP]"])
    begins = np.flatnonzero(np.diff(found.word_ids, prepend=-1))
    assert found.offsets[begins, 0].tolist() == [0, 6, 13, 16]
    assert (tokenizer.cls, tokenizer.sep) == (1, 2)


def test_sentencepiece_that_is_not_installed_is_named(
    encoders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    (tmp_path / "config.json").write_bytes((encoders["deberta-v2"] / "config.json").read_bytes())
    (tmp_path / "spm.model").write_bytes(b"no model")
    with pytest.raises(CheckpointError, match=r"without tokenizer.json needs openbioner-batch\[sentencepiece\]"):
        load_tokenizer(tmp_path)


def test_what_old_berts_added_changes_no_digest_but_goes_with_a_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    model = load_model(checkpoint)
    save_checkpoint(model, tmp_path / "a", checkpoint)
    before = checkpoint_digest(tmp_path / "a")
    (tmp_path / "a" / "added_tokens.json").write_text("{}")
    assert checkpoint_digest(tmp_path / "a") == before
    save_checkpoint(model, tmp_path / "b", tmp_path / "a")
    assert (tmp_path / "b" / "added_tokens.json").is_file()


def test_a_vocabulary_of_berts_may_lie_beside_any_config(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_bytes((checkpoint / "vocab.txt").read_bytes())
    (tmp_path / "config.json").write_text('{"model_type": "distilbert"}')
    assert load_tokenizer(tmp_path).ids("fever") == load_tokenizer(checkpoint).ids("fever")


def refused(directory: Path, match: str, **raw: object) -> None:
    (directory / "config.json").write_text(json.dumps(raw), "utf-8")
    with pytest.raises(CheckpointError, match=match) as caught:
        read_config(directory)
    assert "\n" not in str(caught.value)
    assert str(directory) in str(caught.value)


def test_what_is_no_encoder_is_refused_in_a_line(tmp_path: Path) -> None:
    refused(
        tmp_path,
        "'llama', a decoder; expected an encoder: bert, .*modernbert",
        model_type="llama",
        architectures=["LlamaForCausalLM"],
    )
    refused(tmp_path, "model_type is 't5'; expected an encoder", model_type="t5")
    refused(tmp_path, "is_decoder is true", model_type="roberta", is_decoder=True)
    refused(
        tmp_path, r"encoder.model_type is 'gpt2'", model_type="openbioner-automodel", encoder={"model_type": "gpt2"}
    )
    refused(tmp_path, "no roberta config.json that transformers takes", model_type="roberta", hidden_size="wide")


def test_layers_of_other_encoders_are_separate_all_or_none(encoders: dict[str, Path], tmp_path: Path) -> None:
    config = read_config(encoders["modernbert"])
    for layers in (1, 2):
        with pytest.raises(CheckpointError, match=rf"separate_layers is {layers}; .* 0 .* or all 3"):
            dataclasses.replace(config, separate_layers=layers)
    with pytest.raises(UsageError, match="only BERT's layers"):
        with_separate_layers(config, 1)


def test_a_plain_encoder_does_not_tag_and_code_is_not_run(encoders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"a plain electra encoder, .* pretrain"):
        Tagger.from_pretrained(encoders["electra"])
    for path in encoders["roberta"].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    raw = json.loads((tmp_path / "config.json").read_text())
    code = {"AutoConfig": "code.Config", "AutoModel": "code.Model", "AutoTokenizer": ["code.Tokenizer", None]}
    (tmp_path / "config.json").write_text(json.dumps({**raw, "auto_map": code}))
    (tmp_path / "code.py").write_text("raise SystemExit('ran')")
    assert load_backbone(tmp_path, read_config(tmp_path), 0).config.layers == 2
    assert load_tokenizer(tmp_path).ids("fever")


def test_weights_that_are_missing_or_more_than_tensors_are_refused(encoders: dict[str, Path], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    for path in encoders["electra"].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    tensors = load_file(tmp_path / "model.safetensors")
    left_out = next(name for name in tensors if "layer.1" in name)
    save_file(
        {name: part for name, part in tensors.items() if name != left_out},
        tmp_path / "model.safetensors",
        {"format": "pt"},
    )
    with pytest.raises(CheckpointError, match=f"{left_out.removeprefix('electra.')}' is missing"):
        load_backbone(tmp_path, read_config(tmp_path), 0)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="no weights"):
        load_backbone(tmp_path, read_config(tmp_path), 0)
    torch.save({"encoder": Path("x")}, tmp_path / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="more than tensors"):
        load_backbone(tmp_path, read_config(tmp_path), 0)
    torch.save(tensors, tmp_path / "pytorch_model.bin")
    assert load_backbone(tmp_path, read_config(tmp_path), 0).config.layers == 2


def test_a_tokenizer_that_is_missing_is_one_line(encoders: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((encoders["modernbert"] / "config.json").read_bytes())
    with pytest.raises(CheckpointError, match="cannot load its tokenizer") as caught:
        load_tokenizer(tmp_path)
    assert "\n" not in str(caught.value)


def test_the_note_says_that_it_is_slower(encoders: dict[str, Path], checkpoint: Path) -> None:
    assert "type modernbert, which transformers runs: slower" in (architecture_note(encoders["modernbert"]) or "")
    assert architecture_note(checkpoint) is None
    assert isinstance(by_model_type({"model_type": "roberta"}, ""), AutoModelArchitecture)
    assert len({name for one in ARCHITECTURES for name in one.model_types}) == sum(
        len(one.model_types) for one in ARCHITECTURES
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_a_mark_that_is_a_word_of_its_own_is_in_one_span(taggers: dict[str, Tagger], family: str) -> None:
    for text in ("aaaaaaaaaaaa,\u0301", "fever\u0301 \u0301a"):
        (spans,) = taggers[family].tag([text], TYPES, "basic")
        assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
