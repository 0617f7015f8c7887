"""What goes to vLLM inside the run and what is made of its rows; the engine itself needs a GPU."""

from __future__ import annotations

import json
from typing import Any

import pytest

from openbioner_batch.training.silver.extraction import NO_LIST, ExtractionPrompt
from openbioner_batch.training.silver.outcomes import AnswerOutcome
from openbioner_batch.training.silver.settings import LlmSettings
from openbioner_batch.training.silver.vllm import FAILED, answered_row, row_or_error, sampling_of

ROW = {"shard": "000000-00000", "split": 0, "number": 0, "size": 1, "documents": None, "rejected": None}
LLM = LlmSettings(vllm="some/model")


def outcome(row: dict[str, Any]) -> AnswerOutcome:
    return AnswerOutcome.from_json(row["outcome"])


def test_a_text_is_asked_about_with_a_schema_and_a_shards_own_row_costs_a_token() -> None:
    requested = sampling_of({**ROW, "index": 0, "text": "Aspirin helps."}, ExtractionPrompt(), LLM)
    assert requested["messages"][-1]["content"] == "Aspirin helps."
    assert requested["sampling_params"]["structured_outputs"]["json"] == ExtractionPrompt().schema()
    assert (
        sampling_of({**ROW, "index": -1, "text": None}, ExtractionPrompt(), LLM)["sampling_params"]["max_tokens"] == 1
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [(json.dumps({"entities": [{"text": "aspirin", "type": "Drugs"}]}), None), ("nothing to say", NO_LIST)],
)
def test_an_answer_is_read_or_told_apart(content: str, reason: str | None) -> None:
    row = {**ROW, "index": 0, "text": "Aspirin helps.", "generated_text": content}
    row |= {"num_input_tokens": 300, "num_generated_tokens": 9}
    found = outcome(row_or_error({**answered_row(row, ExtractionPrompt()), "__inference_error__": ""}))
    assert found.usage == (300, 9)
    assert found.reason == reason
    if reason is None:
        assert found.columns == {"mentions": [{"start": 0, "end": 7, "type": "Drugs"}], "unaligned": 0}


def test_a_row_on_which_the_engine_failed_has_a_reason_without_its_text() -> None:
    row = {**ROW, "index": 0, "text": "Aspirin helps.", "__inference_error__": "ValueError: Aspirin helps."}
    assert outcome(row_or_error(row)).reason == FAILED
    assert "Aspirin" not in json.dumps(row_or_error(row))
