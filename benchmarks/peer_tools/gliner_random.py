"""GLiNER with random weights, as a tool of `peers.py`: DeBERTa-v3 of any size under GLiNER v2.1's span layers.

As a bi-encoder it reads labels by a BERT encoder of the same size, once, before any text is tagged.
"""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from typing import Any

import torch
from gliner import GLiNER, GLiNERConfig, InferencePackingConfig
from gliner.config import BiEncoderSpanConfig
from protocol import Spans, request_of_tool, serve
from transformers import AutoConfig

LABEL_TOKENS = 32
"""To which the bi-encoder pads each label."""
THRESHOLD = 0.999
"""Random weights score all spans alike: with the usual 0.5, time would go into listing thousands of them."""


def build(asked: dict[str, Any]) -> Any:
    """The model, with the settings of `deberta-v3-*` and of `gliner_*-v2.1`."""
    encoder = {
        "model_type": "deberta-v2",
        "hidden_size": asked["hidden"],
        "num_hidden_layers": asked["layers"],
        "num_attention_heads": asked["heads"],
        "intermediate_size": asked["intermediate"],
        "vocab_size": 128_100,
        "max_position_embeddings": 512,
        "type_vocab_size": 0,
        "relative_attention": True,
        "position_buckets": 256,
        "norm_rel_ebd": "layer_norm",
        "share_att_key": True,
        "pos_att_type": ["p2c", "c2p"],
        "max_relative_positions": -1,
        "position_biased_input": False,
        "layer_norm_eps": 1e-7,
    }
    settings = {
        "model_name": asked["tokenizer"],
        "encoder_config": encoder,
        "hidden_size": 512,
        "span_mode": "markerV0",
        "max_width": 12,
        "max_len": 384,
        "max_types": 30,
        "subtoken_pooling": "first",
    }
    torch.manual_seed(0)
    if not asked["labels_encoder"]:
        return GLiNER.from_config(GLiNERConfig(**settings), backbone_from_pretrained=False)
    sizes = {name: encoder[name] for name in ("hidden_size", "num_hidden_layers", "num_attention_heads")}
    labels_encoder = {
        "model_type": "bert",
        "vocab_size": AutoConfig.from_pretrained(asked["tokenizer"]).vocab_size,
        "intermediate_size": encoder["intermediate_size"],
        **sizes,
    }
    config = BiEncoderSpanConfig(
        **settings, labels_encoder=asked["tokenizer"], labels_encoder_config=labels_encoder, embed_ent_token=False
    )
    model = GLiNER.from_config(config, backbone_from_pretrained=False)
    model.data_processor.labels_tokenizer.model_max_length = LABEL_TOKENS
    return model


def find(
    model: Any, labels: list[str], embedded: Any, texts: list[str], batch_size: int, packed: bool, count: int
) -> list[Any]:
    """Tag with the first `count` labels in GLiNER's own way."""
    packing = InferencePackingConfig(max_length=512, streams_per_batch=batch_size) if packed else None
    how = {"threshold": THRESHOLD, "batch_size": batch_size, "packing_config": packing}
    if embedded is None:
        return model.inference(texts, labels[:count], **how)
    return model.batch_predict_with_embeds(texts, embedded[:count], labels[:count], **how)


def spans(found: list[Any]) -> Spans:
    """Plain lists."""
    return [[(one["start"], one["end"], one["label"]) for one in text] for text in found]


def main() -> None:
    """Serve."""
    asked = request_of_tool()
    model = build(asked).to(getattr(torch, asked["dtype"]))
    labels = [name.replace("_", " ") for name, _ in asked["types"]]
    about = {name: version(name) for name in ("torch", "transformers", "gliner")}
    parameters = sum(parameter.numel() for parameter in model.model.parameters())
    embedded = model.encode_labels(labels) if asked["labels_encoder"] else None
    serve(partial(find, model, labels, embedded), spans, {**about, "dtype": asked["dtype"], "parameters": parameters})


if __name__ == "__main__":
    main()
