"""A plain loop over transformers, as users write it, as a tool of `peers.py`: batches of texts, one pass a type."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from pathlib import Path

import torch
from protocol import Spans, request_of_tool, serve
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoTokenizer, BertModel


class TaggerModel(nn.Module):
    """A checkpoint in the published format."""

    def __init__(self, checkpoint: str) -> None:
        super().__init__()
        config = AutoConfig.from_pretrained(checkpoint)
        self.bert = BertModel(config)
        self.linear, self.linear_zero2, self.linear_zero3 = (nn.Linear(config.hidden_size, 1) for _ in range(3))
        self.load_state_dict(load_file(Path(checkpoint) / "model.safetensors"))

    def forward(self, inputs: dict[str, Tensor], separator: int) -> tuple[Tensor, Tensor, Tensor]:
        """What each head says of every token."""
        after_separator = (inputs["input_ids"] == separator).cumsum(1) > 0
        states = self.bert(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            token_type_ids=after_separator.long() * inputs["attention_mask"],
        ).last_hidden_state
        return self.linear(states)[..., 0], self.linear_zero2(states)[..., 0], self.linear_zero3(states)[..., 0]


@torch.inference_mode()
def find(
    model: TaggerModel, tokenizer: object, types: list[list[str]], texts: list[str], batch_size: int, count: int
) -> Spans:
    """The spans of the first `count` types in each text, batch by batch."""
    found = []
    for start in range(0, len(texts), batch_size):
        found += _tag(model, tokenizer, types[:count], texts[start : start + batch_size])
    return found


def _tag(model: TaggerModel, tokenizer, types: list[list[str]], texts: list[str]) -> Spans:  # type: ignore[no-untyped-def]
    words = [text.split(" ") for text in texts]
    alone = tokenizer(words, is_split_into_words=True, padding=True, truncation=True, return_tensors="pt")
    # Without the final [SEP], as the model was trained.
    ends = alone["input_ids"] == tokenizer.sep_token_id
    without = {
        "input_ids": alone["input_ids"].masked_fill(ends, 0),
        "attention_mask": alone["attention_mask"].masked_fill(ends, 0),
    }
    length = ends.shape[1]
    negative = model(without, tokenizer.sep_token_id)[2]
    columns = []
    for _, description in types:
        inputs = tokenizer(
            words, [description.split(" ")] * len(words), is_split_into_words=True, padding=True,
            truncation="only_first", return_tensors="pt",
        )  # fmt: skip
        evidence, against, _ = model(inputs, tokenizer.sep_token_id)
        negative = torch.maximum(negative, against[:, :length])
        columns.append(evidence[:, :length])
    judged = torch.stack([negative, *columns], -1).argmax(-1).tolist()
    return [_spans(words[i], alone.word_ids(i), judged[i], types) for i in range(len(texts))]


def _spans(words: list[str], word_ids: list[int | None], judged: list[int], types: list[list[str]]) -> list:
    found: list[tuple[int, int, str]] = []
    offsets: list[tuple[int, int]] = []
    last: int | None = None
    start = previous = 0
    for written in words:
        offsets.append((start, start + len(written)))
        start += len(written) + 1
    for word, label in zip(word_ids, judged, strict=True):
        if word is None or word == last:
            continue
        if label and label == previous:
            found[-1] = (found[-1][0], offsets[word][1], found[-1][2])
        elif label:
            found.append((*offsets[word], types[label - 1][0]))
        last, previous = word, label
    return found


def main() -> None:
    """Serve."""
    request = request_of_tool()
    model = TaggerModel(request["checkpoint"]).eval().to(getattr(torch, request["dtype"]))
    tokenizer = AutoTokenizer.from_pretrained(request["checkpoint"])
    about = {name: version(name) for name in ("torch", "transformers")}
    serve(
        partial(find, model, tokenizer, request["types"]),
        lambda found: found,
        {**about, "dtype": str(model.bert.dtype).removeprefix("torch.")},
    )


if __name__ == "__main__":
    main()
