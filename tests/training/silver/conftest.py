"""Servers of the chat-completions protocol, and silver runs against them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import tools_taxonomy
from llm_server import LlmServer, Settings

from openbioner_batch.training.silver.annotate import annotate_silver
from openbioner_batch.training.silver.report import SilverReport
from openbioner_batch.training.silver.settings import SilverSettings

Serve = Callable[..., LlmServer]
RunSilver = Callable[..., SilverReport]

SENTENCES = (
    "The patient was given aspirin and metformin for diabetes.",
    "There was chest pain with fever, and the heart was enlarged.",
    "A colonoscopy was done after pancreatitis had eased.",
    "Hypertension was treated with lisinopril, metoprolol and heparin.",
    "No nausea and no vomiting were reported at the visit.",
    "The knee was swollen, and arthroscopy showed osteoarthritis.",
)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers on loopback, each with settings of its own."""
    servers = []

    def serve(**settings: Any) -> LlmServer:
        servers.append(LlmServer(Settings(**settings)))
        Thread(target=servers[-1].serve_forever, daemon=True).start()
        return servers[-1]

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def run_silver(tmp_path: Path) -> RunSilver:
    """Annotates into `tmp_path/out`, in this process unless `executor` says otherwise."""

    def run_silver(server: LlmServer, inputs: Path, **more: Any) -> SilverReport:
        values = {
            "inputs": (str(inputs),),
            "output": str(tmp_path / "out"),
            "endpoint": server.url,
            "model": "test-model",
            "max_retries": 2,
            "passage_words": 20,
            "shard_documents": 10,
            "min_type_count": 2,
            "executor": "in-process",
            **more,
        }
        return annotate_silver(SilverSettings.build(values), lambda line: None)

    return run_silver


def write_notes(path: Path, notes: int, extra: tuple[str, ...] = (), seed: int = 5) -> Path:
    """Notes of a few sentences each, as JSON lines; `extra` texts come at the end, one note each."""
    rng = random.Random(seed)
    texts = [" ".join([f"Note {n} was written.", *rng.sample(SENTENCES, 3)]) for n in range(notes)]
    lines = [json.dumps({"id": f"note-{n}", "text": text}) for n, text in enumerate([*texts, *extra])]
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder with the taxonomy of tools and its sentences."""
    (tmp_path / "tools.yaml").write_text(tools_taxonomy.TAXONOMY)
    (tmp_path / "sentences.txt").write_text(tools_taxonomy.SENTENCES)
    return tmp_path
