"""FHIR resources for tests, and what a policy makes of them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openbioner_batch.deid.fhir import TransformedResource, transform
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.policy import Policy, load_policy
from openbioner_batch.deid.scope import Scope

KEY = Key(b"a key of sixteen" * 2)


def report(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "DiagnosticReport", "id": "r1", "status": "final", **elements}


def transformed(policy: str, **elements: Any) -> TransformedResource:
    return transform(report(**elements), load_policy(policy), Scope.for_patient(KEY, "p", 7), lambda text: text)


def person(policy: str | Policy, **elements: Any) -> TransformedResource:
    found = {"resourceType": "Patient", "id": "p", **elements}
    named = load_policy(policy) if isinstance(policy, str) else policy
    return transform(found, named, Scope.for_patient(KEY, "p", 7), lambda text: text)


def kept(done: TransformedResource) -> dict[str, Any]:
    """What is left beside kind, id and status."""
    return {name: value for name, value in done.resource.items() if name not in ("resourceType", "id", "status")}


def attachment(text: str, **more: Any) -> dict[str, Any]:
    return {"contentType": "text/plain", "data": base64.b64encode(text.encode()).decode(), **more}


def note(text: str = "Seen today.", **elements: Any) -> dict[str, Any]:
    content = [{"attachment": attachment(text)}]
    return {"resourceType": "DocumentReference", "id": "d1", "status": "current", "content": content, **elements}


def written(folder: Path) -> str:
    """All that a run wrote, attachments unpacked."""
    text = "".join(file.read_text() for file in sorted((folder / "data").iterdir()))
    unpacked = (base64.b64decode(data).decode() for data in re.findall(r'"data": "(.*?)"', text))
    return "\n".join([text, *unpacked])


def resources(folder: Path) -> list[dict[str, Any]]:
    lines = [line for file in sorted((folder / "data").iterdir()) for line in file.read_text().splitlines()]
    return [json.loads(line) for line in lines]


def run(
    run_here: Callable[..., Any], folder: Path, key_file: Path, found: list[dict[str, Any]], *rest: Any, **more: Any
) -> Any:
    (folder / "in.ndjson").write_text("".join(json.dumps(one) + "\n" for one in found))
    more = {"policy": "safe-harbor", **more}
    return run_here(folder / "in.ndjson", *rest, format="fhir", key_file=key_file, **more)
