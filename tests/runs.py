"""Runs without Ray, written shard by shard with the engine's own parts: `from runs import commit_run`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scorers import NameScorerFactory

from openbioner_batch.engine.additions import Addition
from openbioner_batch.engine.asserting import asserting
from openbioner_batch.engine.names import DATA, DELETIONS, end_file, shard_file
from openbioner_batch.engine.plan import make_plan
from openbioner_batch.engine.request import fingerprint, resolve_inputs
from openbioner_batch.engine.rows import annotation_rows
from openbioner_batch.engine.run import Tagging
from openbioner_batch.engine.settings import AnnotateSettings
from openbioner_batch.engine.shards import cut, documents_table
from openbioner_batch.engine.store import Store
from openbioner_batch.engine.tables import parquet_bytes
from openbioner_batch.engine.work import deletions_table


def commit_run(
    output: str | Path, *inputs: str | Path, shard_documents: int = 2, additions: Sequence[Addition] = (), **more: Any
) -> str:
    """Tag capitalised words of the inputs into `output`, or of new inputs, with additions; the address of the run."""
    values = {"inputs": tuple(map(str, inputs)), "output": str(output), "types": "name", **more}
    settings = AnnotateSettings.build(values | {"shard_documents": shard_documents})
    factory = NameScorerFactory()
    store = Store(settings.output)
    found = resolve_inputs(settings, lambda line: None)
    additions = (*(addition for addition in (asserting(settings),) if addition), *additions)
    wanted = fingerprint(settings, found, Tagging(settings, factory, additions).fingerprint())
    plan, _ = make_plan(store, wanted, found.files, found.format, found.options, settings.limit)
    for planned in plan.wanted:
        if store.exists(end_file(planned.ordinal)):
            continue
        totals = dict.fromkeys(("shards", "documents", "rejected", "deletions", "text_bytes"), 0)
        for shard in cut(found.format.read(planned.split, found.options), shard_documents, planned.limit):
            documents = documents_table(shard, found.kept)
            tagged = factory.scorer().score(documents["text"].to_pylist())
            deletions = deletions_table(shard.deletions)
            rows, _ = annotation_rows(
                documents, tagged, shard.rejected, deletions.num_rows, found.kept, settings.include_text, additions
            )
            if deletions.num_rows:
                store.put(shard_file(DELETIONS, planned.ordinal, shard.index), parquet_bytes(deletions))
            store.put(shard_file(DATA, planned.ordinal, shard.index), parquet_bytes(rows))
            totals["shards"] += 1
            totals["documents"] += rows.num_rows
            totals["deletions"] += deletions.num_rows
        store.put(end_file(planned.ordinal), json.dumps(totals).encode())
    return store.url


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
