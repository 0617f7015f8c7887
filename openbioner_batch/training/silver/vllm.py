"""vLLM inside the run, for machines with GPUs."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import partial
from typing import Any

from openbioner_batch.errors import UsageError
from openbioner_batch.training.silver.outcomes import AnswerOutcome, collector_row
from openbioner_batch.training.silver.prompt import Prompt
from openbioner_batch.training.silver.settings import LlmSettings

BATCH = 64
FAILED = "vLLM failed on the text"


def check_vllm() -> None:
    """Check that vLLM is installed.

    Raises:
        UsageError: the package is missing; names the extra that brings it.
    """
    if importlib.util.find_spec("vllm") is None:
        raise UsageError(
            "--vllm needs vLLM, which is not installed: pip install 'openbioner-batch[vllm]' on machines with a GPU, "
            "or serve the model elsewhere and give --endpoint"
        )


def vllm_processor(prompt: Prompt, llm: LlmSettings) -> Callable[[Any], Any]:
    """Ray Data's vLLM processor for a prompt: a dataset of the graph's rows in, one of collected rows out."""
    from ray.data.llm import build_processor, vLLMEngineProcessorConfig

    config = vLLMEngineProcessorConfig(
        model_source=llm.model_name,
        engine_kwargs={"enable_prefix_caching": True},  # every prompt begins with the same instructions
        batch_size=BATCH,
        should_continue_on_error=True,
    )
    processor = build_processor(
        config,
        preprocess=partial(sampling_of, prompt=prompt, llm=llm),
        postprocess=partial(answered_row, prompt=prompt),
    )
    return lambda rows: processor(rows).map(row_or_error)


def sampling_of(row: dict[str, Any], prompt: Prompt, llm: LlmSettings) -> dict[str, Any]:
    """Ray's preprocess: the chat of a row, and the sampling."""
    text = row["text"]
    sampling: dict[str, Any] = {"temperature": llm.temperature, "seed": llm.seed, "max_tokens": llm.max_tokens}
    if not isinstance(text, str):
        # the shard's own row must pass the engine too, so it requests a single token
        return {"messages": prompt.messages(""), "sampling_params": {**sampling, "max_tokens": 1}}
    if llm.response_format != "none":
        sampling["structured_outputs"] = {"json": prompt.schema()}
    return {"messages": prompt.messages(text), "sampling_params": sampling}


def answered_row(row: dict[str, Any], prompt: Prompt) -> dict[str, Any]:
    """Ray's postprocess: the outcome of a row, with its answer read."""
    text = row["text"]
    if not isinstance(text, str):
        return collector_row(row, AnswerOutcome())
    usage = (int(row.get("num_input_tokens") or 0), int(row.get("num_generated_tokens") or 0))
    content = row["generated_text"]
    problem = prompt.problem(text, content)
    outcome = AnswerOutcome(usage=usage, reason=problem) if problem else AnswerOutcome(content=content, usage=usage)
    return collector_row(row, outcome.read(text, prompt))


def row_or_error(row: dict[str, Any]) -> dict[str, Any]:
    """The collected row, also where the engine gave an error instead of an answer."""
    if row.get("__inference_error__"):
        return collector_row(row, AnswerOutcome(reason=FAILED))
    return {name: value for name, value in row.items() if name != "__inference_error__"}
