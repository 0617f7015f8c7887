"""Runs in the process of the test: `from runs import commit_run`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scorers import NameScorerFactory

from openbioner_batch.engine.additions import Addition
from openbioner_batch.engine.asserting import assertion_addition
from openbioner_batch.engine.request import resolve_inputs
from openbioner_batch.engine.run import Tagging
from openbioner_batch.engine.session import run_pipeline
from openbioner_batch.engine.settings import AnnotateSettings


def commit_run(
    output: str | Path,
    *inputs: str | Path,
    shard_documents: int = 2,
    additions: Sequence[Addition] = (),
    label: str = "name",
    **more: Any,
) -> str:
    """Tag capitalised words of the inputs into `output`, or of new inputs, with additions; the address of the run."""
    values = {"inputs": tuple(map(str, inputs)), "output": str(output), "types": label, "max_quarantined": "100%"}
    values |= {"executor": "in-process", "shard_documents": shard_documents, **more}
    settings = AnnotateSettings.build(values)
    additions = (*(addition for addition in (assertion_addition(settings),) if addition), *additions)
    tagging = Tagging(settings, NameScorerFactory(label), additions)
    found = resolve_inputs(settings, _silent)
    return run_pipeline(settings, found, lambda on_cluster: tagging, _silent).output


def _silent(line: str) -> None:
    pass


def write_pubmed(path: Path, citations: Sequence[tuple[str, str]], deleted: Sequence[str] = ()) -> Path:
    """A PubMed file of (PMID, title) and of deletions after them."""
    body = "".join(
        f"<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID><Article><Journal><JournalIssue><PubDate><Year>"
        f"{2000 + int(pmid) % 3}</Year></PubDate></JournalIssue></Journal><ArticleTitle>{title}</ArticleTitle>"
        f"<Abstract><AbstractText>About {title}.</AbstractText></Abstract></Article></MedlineCitation></PubmedArticle>"
        for pmid, title in citations
    )
    gone = "".join(f"<PMID>{pmid}</PMID>" for pmid in deleted)
    body += f"<DeleteCitation>{gone}</DeleteCitation>" if gone else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"<PubmedArticleSet>{body}</PubmedArticleSet>", encoding="utf-8")
    return path
