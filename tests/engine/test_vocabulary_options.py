"""Options of vocabularies as `annotate` and `link` take them: how many concepts, and which names of a dictionary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from outputs import rows
from runs import commit_run

from openbioner_batch.concepts.building import build_vocabulary
from openbioner_batch.engine.link_run import LinkSettings, link
from openbioner_batch.engine.run import annotate
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.errors import PlanMismatchError

COLDS = ("Common cold", "Chronic obstructive lung disease", "Low temperature")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"id": "1", "text": "Cold is what brought her."}) + "\n")
    return path


@pytest.fixture
def vocab(tmp_path: Path) -> str:
    """Three concepts of one name."""
    terms = [
        f'[Term]\nid: X:{number}\nname: {name}\nsynonym: "Cold" EXACT []\n' for number, name in enumerate(COLDS, 1)
    ]
    (tmp_path / "x.obo").write_text("\n".join(["format-version: 1.2\ndata-version: x/1\n", *terms]))
    build_vocabulary(str(tmp_path / "x.obo"), str(tmp_path / "x.vocab"))
    return str(tmp_path / "x.vocab")


def concepts_of_cold(folder: Path) -> int:
    (span,) = [span for row in rows(folder) for span in row["spans"]]
    assert span["text"] == "Cold"
    return len({concept["id"] for concept in span["concepts"]})


@pytest.mark.parametrize("top", [1, 2, 3])
def test_annotate_gives_as_many_concepts_as_asked(tmp_path: Path, corpus: Path, vocab: str, top: int) -> None:
    values: dict[str, Any] = {"inputs": (str(corpus),), "output": str(tmp_path / "out"), "executor": "in-process"}
    values |= {"dictionary": f"finding={vocab}", "link": f"finding={vocab}", "link_top": top}
    annotate(AnnotateSettings.build(values), say=lambda line: None)
    assert concepts_of_cold(tmp_path / "out") == top
    with pytest.raises(PlanMismatchError, match=f"link top: {top} then, 4 now"):
        annotate(AnnotateSettings.build(values | {"link_top": 4}), say=lambda line: None)


@pytest.mark.parametrize("top", [1, 2, 3])
def test_link_gives_as_many_concepts_as_asked(tmp_path: Path, corpus: Path, vocab: str, top: int) -> None:
    run = commit_run(tmp_path / "run", corpus, include_text=True)
    values = {"run": run, "output": str(tmp_path / "out"), "link": f"name={vocab}", "workers": 1, "link_top": top}
    link(LinkSettings.build(values), lambda line: None)
    assert concepts_of_cold(tmp_path / "out") == top
    with pytest.raises(PlanMismatchError, match=f"link top: {top} then, 4 now"):
        link(LinkSettings.build(values | {"link_top": 4}), lambda line: None)


@pytest.mark.parametrize(
    ("option", "found"),
    [
        (None, ["Low temperature", "common cold"]),
        ("dictionary_wordings", ["Low temperature", "temperature is low", "common cold"]),
        ("dictionary_nested", ["Low temperature", "common cold", "cold"]),
    ],
)
def test_annotate_looks_for_names_as_asked(tmp_path: Path, vocab: str, option: str | None, found: list[str]) -> None:
    text = "Low temperature. Her temperature is low. A common cold."
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": text}) + "\n")
    values: dict[str, Any] = {"inputs": (str(tmp_path / "in.jsonl"),), "output": str(tmp_path / "out")}
    values |= {"dictionary": f"finding={vocab}", "executor": "in-process"} | ({option: True} if option else {})
    annotate(AnnotateSettings.build(values), say=lambda line: None)
    assert [span["text"] for row in rows(tmp_path / "out") for span in row["spans"]] == found
