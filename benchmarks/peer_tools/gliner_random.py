"""GLiNER with random weights, as a tool of `peers.py`: an encoder of any size under GLiNER v2.1's span layers.

The encoder is DeBERTa-v3, or Ettin's ModernBERT for GLiNER-bi-v2. As a bi-encoder it reads labels by a BERT encoder of
bge-small's size, once, before any text is tagged.
"""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from typing import Any

import torch
from gliner import GLiNER, GLiNERConfig, InferencePackingConfig
from gliner.config import BiEncoderSpanConfig
from gliner.model import BiEncoderSpanGLiNER
from protocol import Spans, request_of_tool, serve
from transformers import AutoTokenizer

LABEL_TOKENS = 32
"""To which the bi-encoder pads each label."""
THRESHOLD = 0.999
"""Random weights score all spans alike: with the usual 0.5, time would go into listing thousands of them."""


def encoder_of_texts(request: dict[str, Any]) -> dict[str, Any]:
    """The settings of `deberta-v3-*`, or, for GLiNER-bi-v2, of Ettin's ModernBERT."""
    sizes = {
        "hidden_size": request["hidden"],
        "num_hidden_layers": request["layers"],
        "num_attention_heads": request["heads"],
        "intermediate_size": request["intermediate"],
    }
    if request["kind"] == "gliner-bi-v2":
        return {
            "model_type": "modernbert",
            "vocab_size": 50_368,
            "max_position_embeddings": 7999,
            "local_attention": 128,
            "global_attn_every_n_layers": 3,
            **sizes,
        }
    return {
        "model_type": "deberta-v2",
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
        **sizes,
    }


def build(request: dict[str, Any]) -> Any:
    """The model, with the settings of `gliner_*-v2.1`, of GLiNER-BioMed's bi-encoders, or of GLiNER-bi-v2."""
    encoder = encoder_of_texts(request)
    settings = {
        "model_name": request["tokenizer"],
        "encoder_config": encoder,
        "hidden_size": 512,
        "span_mode": "markerV0",
        "max_width": 12,
        "max_len": 384,
        "max_types": 30,
        "subtoken_pooling": "first",
    }
    torch.manual_seed(0)
    if request["kind"] == "gliner":
        return whole(GLiNER.from_config(GLiNERConfig(**settings), backbone_from_pretrained=False))
    labels_encoder = {
        "model_type": "bert",
        "vocab_size": len(AutoTokenizer.from_pretrained(request["tokenizer"])),
        "hidden_size": 384,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 1536,
    }
    config = BiEncoderSpanConfig(
        **settings, labels_encoder=request["tokenizer"], labels_encoder_config=labels_encoder, embed_ent_token=False
    )
    model = BiEncoderSpanGLiNER.load_from_config(config, backbone_from_pretrained=False)
    model.data_processor.labels_tokenizer.model_max_length = LABEL_TOKENS
    return whole(model)


def whole(model: Any) -> Any:
    """The model without the limit of BERT's tokenizer, which its own has not: texts stand after the labels."""
    model.data_processor.transformer_tokenizer.model_max_length = 1 << 30
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
    request = request_of_tool()
    model = build(request).to(getattr(torch, request["dtype"]))
    labels = [name.replace("_", " ") for name, _ in request["types"]]
    about = {name: version(name) for name in ("torch", "transformers", "gliner")}
    parameters = sum(parameter.numel() for parameter in model.model.parameters())
    embedded = model.encode_labels(labels) if request["kind"] != "gliner" else None
    serve(partial(find, model, labels, embedded), spans, {**about, "dtype": request["dtype"], "parameters": parameters})


if __name__ == "__main__":
    main()
