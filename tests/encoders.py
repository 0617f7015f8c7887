"""Small random encoders of `transformers`, their tokenizers trained here: `from encoders import FAMILIES`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

SENTENCES = (
    "The patient was given aspirin (500 mg), and no sign of lung cancer or fever was seen in mice.",
    "Mice with p53 and IL-2 were given beta-agonists; 5-FU was not.",
    "A drug that was given. A sign of cancer. A gene of mice. No dose.",
)
AWKWARD = st.lists(
    st.one_of(
        st.sampled_from("abc XYZ.,?!()[]<>-'\"\t\r\n\0 é́̈ßİΩµ αβ\u200b\u00a0\u2028‑中文字😀👩‍👧🇮🇹ﬁ\u2581Ġ"),
        st.sampled_from(["aspirin", "[SEP]", "</s>", "<mask>", " given", "p53", "IL-2", "beta-agonists", "(500 mg),"]),
        st.characters(codec="utf-8"),
    ),
    max_size=60,
).map("".join)
"""Texts that are hard to cut into words."""
_ANGLED = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
_SQUARE = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]


def _byte_level(special: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES * 5, trainer)
    return tokenizer


def _unigram(special: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=150, special_tokens=special, unk_token=special[3], show_progress=False, max_piece_length=8
    )
    tokenizer.train_from_iterator(SENTENCES * 5, trainer)
    return tokenizer


def _word_pieces() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=_SQUARE, show_progress=False)
    tokenizer.train_from_iterator(SENTENCES * 5, trainer)
    return tokenizer


_SHAPE = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "initializer_range": 0.3,
}


def roberta(folder: Path) -> None:
    """Byte-level BPE as `vocab.json` and `merges.txt`, pairs with two marks between."""
    tokenizer = _byte_level(_ANGLED)
    model = json.loads(tokenizer.to_str())["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"]), "utf-8")
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", "utf-8")
    _save(folder, "roberta", tokenizer, max_position_embeddings=260, type_vocab_size=1, pad_token_id=1)


def xlm_roberta(folder: Path) -> None:
    """SentencePiece's Unigram model as `tokenizer.json`, in the format of RoBERTa."""
    tokenizer = _unigram(_ANGLED)
    tokenizer.save(str(folder / "tokenizer.json"))
    _save(folder, "xlm-roberta", tokenizer, max_position_embeddings=260, type_vocab_size=1, pad_token_id=1)


def deberta(folder: Path) -> None:
    """DeBERTa-v3: relative positions, no token types, SentencePiece."""
    tokenizer = _unigram(_SQUARE)
    tokenizer.save(str(folder / "tokenizer.json"))
    relative = {"relative_attention": True, "position_buckets": 16, "norm_rel_ebd": "layer_norm", "share_att_key": True}
    own = {"pos_att_type": ["p2c", "c2p"], "position_biased_input": False, "type_vocab_size": 0, "pad_token_id": 0}
    _save(folder, "deberta-v2", tokenizer, max_position_embeddings=256, **relative, **own)


def electra(folder: Path) -> None:
    """WordPiece as `vocab.txt`, embeddings smaller than the layers, two token types."""
    tokenizer = _word_pieces()
    vocabulary = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", "utf-8")
    _save(folder, "electra", tokenizer, max_position_embeddings=256, embedding_size=16)


def modernbert(folder: Path) -> None:
    """Byte-level BPE with BERT's marks, attention to near tokens alone in most layers, norms without biases."""
    from transformers import PreTrainedTokenizerFast

    tokenizer = _byte_level(_SQUARE)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    roles = {f"{mark[1:-1].lower()}_token": mark for mark in _SQUARE}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **roles).save_pretrained(folder)
    ids = {"pad_token_id": 0, "cls_token_id": 1, "sep_token_id": 2, "bos_token_id": 1, "eos_token_id": 2}
    _save(folder, "modernbert", tokenizer, max_position_embeddings=256, local_attention=16, **ids, num_hidden_layers=3)


FAMILIES: dict[str, Callable[[Path], None]] = {
    "roberta": roberta,
    "xlm-roberta": xlm_roberta,
    "deberta-v2": deberta,
    "electra": electra,
    "modernbert": modernbert,
}


def _save(folder: Path, family: str, tokenizer: Tokenizer, **own: Any) -> None:
    import torch
    from transformers import AutoConfig, AutoModel

    config = AutoConfig.for_model(family, vocab_size=tokenizer.get_vocab_size(), **{**_SHAPE, **own})
    torch.manual_seed(5)
    AutoModel.from_config(config).save_pretrained(folder)
