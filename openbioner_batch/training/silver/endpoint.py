"""Checks an endpoint, so that a mistake is reported before anything starts."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request

from openbioner_batch.errors import UsageError
from openbioner_batch.training.silver.settings import KEY_VARIABLE, LlmSettings, read_key

PATIENCE_S = 10.0


def check_llm(llm: LlmSettings, on_cluster: bool) -> None:
    """Find the mistakes that can be found without a request.

    Listing an endpoint's models costs nothing; where a server cannot, the first request shows the mistake. On a cluster
    the driver may be unable to reach the endpoint, so it is not checked.

    Raises:
        UsageError: vLLM is not installed, the key's file cannot be read, or the endpoint cannot be reached or refuses
            the key.
    """
    if llm.vllm is not None:
        from openbioner_batch.training.silver.vllm import check_vllm

        check_vllm()
        return
    key = read_key(llm.api_key_file)
    if on_cluster:
        return
    endpoint = (llm.endpoint or "").rstrip("/")
    request = urllib.request.Request(f"{endpoint}/models", headers={"Authorization": f"Bearer {key}"} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
            names = model_names(response.read())
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            given = f"--api-key-file {llm.api_key_file}" if llm.api_key_file else f"the variable {KEY_VARIABLE}"
            raise UsageError(
                f"--endpoint {endpoint} refuses {f'the key of {given}' if key else 'a request without a key'} "
                f"(HTTP {error.code}): give a valid one by --api-key-file or {KEY_VARIABLE}"
            ) from None
        return
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise UsageError(
            f"--endpoint {endpoint} cannot be reached ({' '.join(str(reason).split())[:120]}): is the server running?"
        ) from None
    if names and llm.model not in names:
        some = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        raise UsageError(f"--model {llm.model}: the endpoint {endpoint} has {some}")


def model_names(data: bytes) -> list[str]:
    """The models that a list in the protocol's form names; none where it has another form."""
    try:
        return [str(model["id"]) for model in json.loads(data)["data"]]
    except (ValueError, LookupError, TypeError):
        return []
