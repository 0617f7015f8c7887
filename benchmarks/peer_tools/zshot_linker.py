"""zshot's LinkerSMXM, the reference implementation, as a tool of `peers.py`."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from typing import Any

import spacy
import torch
from protocol import Spans, request_of_tool, serve
from transformers import BertTokenizerFast  # type: ignore[attr-defined, unused-ignore] # of version 4
from zshot.linker import LinkerSMXM
from zshot.linker.linker import Linker
from zshot.utils.data_models import Entity


class LocalLinker(LinkerSMXM):
    """LinkerSMXM with the checkpoint's own vocabulary, where it would fetch bert-large-cased's from the hub."""

    def __init__(self, checkpoint: str) -> None:
        Linker.__init__(self)
        self.tokenizer = BertTokenizerFast.from_pretrained(checkpoint, truncation_side="left")
        self.model_name = checkpoint
        self.model: Any = None


def cast(model: Any, dtype: str) -> None:
    """Cast the weights, for which zshot has no setting; logits are float32, since it makes arrays of NumPy of them."""
    model.to(getattr(torch, dtype))
    model.register_forward_hook(lambda _model, _inputs, logits: logits.float())


def find(
    linker: LocalLinker, blank: Any, entities: list[Entity], texts: list[str], batch_size: int, count: int
) -> list[Any]:
    """Tag with the linker alone: the spaCy pipeline around it would only add time."""
    linker.set_kg(entities[:count])
    return linker.predict([blank.make_doc(text) for text in texts], batch_size)


def spans(found: list[Any]) -> Spans:
    """Plain lists."""
    return [[(span.start, span.end, span.label) for span in one] for one in found]


def main() -> None:
    """Serve."""
    request = request_of_tool()
    linker = LocalLinker(request["checkpoint"])
    entities = [Entity(name=name, description=description) for name, description in request["types"]]
    linker.set_kg(entities)
    linker.load_models()
    cast(linker.model, request["dtype"])
    about = {name: version(name) for name in ("torch", "transformers", "zshot")}
    serve(
        partial(find, linker, spacy.blank("en"), entities),
        spans,
        {**about, "dtype": str(linker.model.dtype).removeprefix("torch.")},
    )


if __name__ == "__main__":
    main()
