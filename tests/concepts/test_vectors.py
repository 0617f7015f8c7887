"""An index with vectors: mentions that nothing else finds get the concept of the name with the nearest vector."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from encoders import FAMILIES
from tiny import tiny_checkpoint
from vocabularies import obo

from openbioner_batch.cli.main import main
from openbioner_batch.concepts import index_file
from openbioner_batch.concepts.building import build_vocabulary
from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.concepts.linker import OF_VECTORS, Linker, Mention
from openbioner_batch.concepts.vectors import VECTORS, NearestVectors
from openbioner_batch.errors import CheckpointError, UsageError
from openbioner_batch.model.reading import load_tokenizer
from openbioner_batch.model.text_vectors import TextEncoder

ROWS = """id,name,synonyms,parents
T:1,Abnormality of the limbs,,
T:2,Short finger,,T:1
T:3,Broad thumb,,T:1
T:4,Increased appetite,POLYPH,
T:5,Fever,Elevated body temperature,
T:6,Low body temperature,,
"""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "t.csv"
    path.write_text(ROWS)
    return path


@pytest.fixture(scope="module")
def indexed(table: Path) -> Vocabulary:
    build_vocabulary(str(table), str(table.with_suffix(".vocab")), encoder="bundled-open")
    return Vocabulary(str(table.with_suffix(".vocab")))


@pytest.fixture(scope="module")
def plain_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random encoder of another family than BERT's."""
    folder = tmp_path_factory.mktemp("electra")
    FAMILIES["electra"](folder)
    return folder


@pytest.mark.parametrize(
    ("mention", "id"),
    [
        ("pyretic", "T:5"),
        ("digits of diminutive size", "T:2"),
        ("ravenous hunger", "T:4"),
    ],
)
def test_a_mention_in_other_words_gets_the_nearest_name(
    table: Path, indexed: Vocabulary, mention: str, id: str
) -> None:
    (found,) = Linker(indexed).link([Mention(mention)]).values()
    assert [concept.id for concept in found] == [id]
    assert 0 < found[0].score <= OF_VECTORS
    build_vocabulary(str(table), str(table.with_suffix(".plain")))
    assert Linker(Vocabulary(str(table.with_suffix(".plain")))).link([Mention(mention)]) == {Mention(mention): ()}


def test_what_is_found_otherwise_is_as_it_was(table: Path, indexed: Vocabulary) -> None:
    build_vocabulary(str(table), str(table.with_suffix(".plain")))
    mentions = [Mention(text) for text in ("Fevers", "finger, short", "short fingerr", "limbs", "POLYPH", "polyph")]
    plain = Linker(Vocabulary(str(table.with_suffix(".plain"))), 3).link(mentions)
    assert all(plain.values())
    assert Linker(indexed, 3).link(mentions) == plain


def test_the_nearest_name_is_passed_over_where_it_contradicts(indexed: Vocabulary) -> None:
    mention = "decreased hunger for food"
    near = [indexed.name(name) for name, _ in next(NearestVectors(indexed, 5).find([mention]))]
    assert near[0] == "Increased appetite"
    (found,) = Linker(indexed, 9).link([Mention(mention)]).values()
    assert "T:4" not in [concept.id for concept in found]
    assert found


def test_neither_abbreviations_nor_what_has_no_words_is_compared(indexed: Vocabulary) -> None:
    mentions = [Mention(text) for text in ("XYZ", "?!", "", " ")]
    assert set(Linker(indexed).link(mentions).values()) == {()}
    (expanded,) = Linker(indexed).link([Mention("PYR", "pyretic state")]).values()
    assert expanded[0].id == "T:5"
    names = [indexed.name(name) for name, _ in next(NearestVectors(indexed, 99).find(["polyph"]))]
    assert "POLYPH" not in names  # nor are abbreviations near


def test_a_least_score_of_three_tenths_leaves_them_out_and_loads_nothing(
    indexed: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TextEncoder, "from_pretrained", lambda *_: pytest.fail("loaded"))
    mentions = [Mention("pyretic"), Mention("unusually rather short finger")]
    found = Linker(indexed, least=0.3).link(mentions)
    assert [bool(concepts) for concepts in found.values()] == [False, True]


def test_more_concepts_each_once_best_first(indexed: Vocabulary) -> None:
    (found,) = Linker(indexed, 4).link([Mention("pyretic")]).values()
    assert len(found) == len({concept.id for concept in found}) == 4
    assert [concept.score for concept in found] == sorted((concept.score for concept in found), reverse=True)


def test_ties_go_by_the_stated_rules(tmp_path: Path) -> None:
    rows = ["T:1,Screwdriver,pyrexia", "T:2,PyreXia,", "T:3,pyrexia,"]  # to an uncased encoder three times the same
    (tmp_path / "t.csv").write_text("id,name,synonyms\n" + "\n".join(rows) + "\n")
    build_vocabulary(str(tmp_path / "t.csv"), str(tmp_path / "t.vocab"), encoder="bundled-open")
    (found,) = Linker(Vocabulary(str(tmp_path / "t.vocab")), 3).link([Mention("high temperature")]).values()
    assert [concept.id for concept in found] == ["T:2", "T:3", "T:1"]


def test_a_mention_is_linked_alike_whatever_it_comes_with(indexed: Vocabulary) -> None:
    words = "ache broken burning cold giant hot itching limping red sleepless swollen tired weak".split()
    mentions = [Mention(f"{one} {other}") for one in words for other in words if one != other]
    together = Linker(indexed, 3).link(mentions)
    for mention in mentions[::29]:
        assert Linker(indexed, 3).link([mention]) == {mention: together[mention]}
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(before + 1)
        assert Linker(indexed, 3).link(mentions[::-1]) == together
        assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)


def test_vectors_are_those_of_the_encoder_in_half_precision(indexed: Vocabulary) -> None:
    encoder = TextEncoder.from_pretrained("bundled-open")
    names = [indexed.name(number) for number in range(indexed.names)]
    stored = indexed.arrays[VECTORS].reshape(indexed.names, -1)
    assert stored.dtype == np.float16
    assert np.array_equal(stored, encoder.vectors(names).astype(np.float16))
    assert not stored.flags.owndata  # mapped


def test_the_same_source_and_encoder_give_the_same_bytes(tmp_path: Path, table: Path, indexed: Vocabulary) -> None:
    build_vocabulary(str(table), str(tmp_path / "again.vocab"), encoder="bundled-open")
    assert (tmp_path / "again.vocab").read_bytes() == Path(indexed.path).read_bytes()
    build_vocabulary(str(table), str(tmp_path / "plain.vocab"))
    plain = Vocabulary(str(tmp_path / "plain.vocab"))
    assert set(indexed.arrays) - set(plain.arrays) == {VECTORS}
    assert set(indexed.about) - set(plain.about) == {"encoder"}
    assert indexed.digest != plain.digest
    index_file.check(indexed.path)


def test_an_encoder_is_looked_for_and_known_by_its_digest(tmp_path: Path, plain_encoder: Path) -> None:
    encoder = tmp_path / "models" / "small"
    shutil.copytree(plain_encoder, encoder)
    index = tmp_path / "index" / "x.vocab"
    index.parent.mkdir()
    build_vocabulary(str(obo(tmp_path)), str(index), roots=["X:1"], encoder=str(encoder))
    assert Vocabulary(str(index)).about["encoder"]["name"] == str(encoder)

    def link() -> list[str]:
        (found,) = Linker(Vocabulary(str(index))).link([Mention("wholly other words")]).values()
        return [concept.id for concept in found]

    wanted = link()
    assert len(wanted) == 1
    shutil.move(encoder, index.parent)  # beside the index it is found too
    assert link() == wanted
    shutil.move(index.parent / "small", tmp_path / "elsewhere")
    with pytest.raises(UsageError) as missing:
        link()
    for part in (str(encoder), str(index.parent / "small"), f"--root X:1 --encoder {encoder}`", "without --encoder"):
        assert part in str(missing.value)
    shutil.copytree(tmp_path / "elsewhere", encoder)
    (encoder / "config.json").write_text((encoder / "config.json").read_text() + "\n")
    with pytest.raises(UsageError, match=f"{encoder} is another model"):
        link()
    assert "\n" not in str(missing.value)


def test_command(tmp_path: Path) -> None:
    def run(*arguments: object, code: int = 0) -> str:
        result = CliRunner().invoke(main, ["vocabulary", *map(str, arguments)])
        assert result.exit_code == code, result.output
        return result.output

    index = tmp_path / "x.vocab"
    run("build", obo(tmp_path), "--output", index, "--encoder", "bundled-open")
    assert "X:4  Seizure" in run("find", index, "convulsion", "--link-top", 1)
    crossed = run("build", obo(tmp_path), "--output", index, "--encoder", tiny_checkpoint(tmp_path / "t"), code=2)
    assert "a cross-encoder" in crossed
    assert "no such directory" in run("build", obo(tmp_path), "--output", index, "--encoder", tmp_path / "no", code=2)


def test_a_plain_encoder_gives_the_mean_of_its_last_states(plain_encoder: Path) -> None:
    from transformers import AutoModel

    text = "signs of fever"
    encoder = TextEncoder.from_pretrained(plain_encoder)
    tokenizer = load_tokenizer(plain_encoder)
    ids = [tokenizer.cls, *tokenizer.ids(text), tokenizer.sep]
    with torch.no_grad():
        states = AutoModel.from_pretrained(plain_encoder).eval()(torch.tensor([ids])).last_hidden_state[0]
    wanted = torch.nn.functional.normalize(states.mean(0), dim=0).numpy()
    np.testing.assert_allclose(encoder.vectors(["fever", text, text])[1:], [wanted, wanted], atol=1e-5)
    nothing = encoder.vectors([])
    assert (nothing.dtype, nothing.shape) == (np.float32, (0, encoder.size))


def test_a_bert_of_another_program_is_read_too(tmp_path: Path) -> None:
    from transformers import AutoModel, BertConfig, BertModel

    torch.manual_seed(3)
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=40, max_position_embeddings=64, **shape)).save_pretrained(tmp_path)
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefgh", *(f"##{sign}" for sign in "abcdefgh")]
    (tmp_path / "vocab.txt").write_text("\n".join(pieces) + "\n")
    encoder = TextEncoder.from_pretrained(tmp_path)
    ids = [2, *load_tokenizer(tmp_path).ids("abc head"), 3]
    with torch.no_grad():
        states = AutoModel.from_pretrained(tmp_path).eval()(torch.tensor([ids])).last_hidden_state[0]
    wanted = torch.nn.functional.normalize(states.mean(0), dim=0).numpy()
    np.testing.assert_allclose(encoder.vectors(["abc head"])[0], wanted, atol=1e-5)
    assert encoder.size == 16
    long = encoder.vectors(["a " * 500, "a " * 501, "\ud800"])
    assert np.array_equal(long[0], long[1])
    assert np.isfinite(long).all()


def test_an_encoder_must_be_one(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
    with pytest.raises(CheckpointError, match="expected an encoder"):
        TextEncoder.from_pretrained(tmp_path)
