"""Finished runs of `deidentify`, reviewed: `from report.reviews import deidentified, sample, answer, told`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from click.testing import CliRunner, Result
from report.pages import data_of

from openbioner_batch.cli.main import main
from openbioner_batch.deid.keys import generate_key
from openbioner_batch.deid.run import deidentify
from openbioner_batch.deid.settings import DeidentifySettings

NOTES = [
    {
        "id": f"n{number}",
        "patient": f"p{number % 7}",
        "kind": ("nursing", "letter", "letter", None)[number % 4],
        "text": f"é🙂 Note {number}: Maria Lopez, MRN 4471209, was seen on 1/2/2021 with Zqx{number}.",
    }
    for number in range(40)
]


def write_input(folder: Path, name: str) -> Path:
    if name == "text":
        (folder / "in").mkdir()
        for note in NOTES:
            (folder / "in" / f"{note['id']}.txt").write_text(str(note["text"]), "utf-8")
        return folder / "in"
    if name == "parquet":
        pq.write_table(pa.Table.from_pylist(NOTES), folder / "in.parquet")
    elif name == "csv":
        pa.Table.from_pylist(NOTES).to_pandas().to_csv(folder / "in.csv", index=False)
    else:
        (folder / "in.jsonl").write_text("".join(json.dumps(note) + "\n" for note in NOTES), "utf-8")
    return folder / f"in.{name}"


def deidentified(folder: Path, name: str = "jsonl", **more: Any) -> Path:
    """A finished run of 40 notes in shards of 9."""
    values: dict[str, Any] = {
        "inputs": (str(write_input(folder, name)),),
        "output": str(folder / "out"),
        "policy": "surrogate",
        "model": "none",
        "key_file": str(generate_key(folder / "key")),
        "shard_documents": 9,
        "executor": "in-process",
    }
    values |= (
        {"patient_scope": "document"} if name == "text" else {"patient_field": "patient", "keep_fields": ("kind",)}
    )
    settings = {key: value for key, value in (values | more).items() if value is not None}
    deidentify(DeidentifySettings.build(settings))
    return folder / "out"


def review(*arguments: str | Path | int) -> Result:
    return CliRunner().invoke(main, ["review", *map(str, arguments)])


def sample(out: Path, *more: str | int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The plan, and what the page holds."""
    html, plan = out.parent / "review.html", out.parent / "plan.json"
    result = review("sample", out, "--html", html, "--plan", plan, *more)
    assert result.exit_code == 0, result.output
    return json.loads(plan.read_text("utf-8")), data_of(html.read_text("utf-8"))


def answer(
    folder: Path, page: dict[str, Any], reviewer: str, marks: dict[int, list[str]], done: range | None = None
) -> Path:
    """A reviewer's file, as the page saves it: `marks` are words that were seen in a note."""
    notes: dict[int, dict[str, Any]] = {
        place: {"done": True, "marks": []} for place in done or range(len(page["notes"]))
    }
    for place, words in marks.items():
        text = page["notes"][place]
        found = [[text.index(word), text.index(word) + len(word), "name"] for word in words]
        notes.setdefault(place, {"done": False, "marks": []})["marks"] = found
    path = folder / f"{reviewer}.json"
    head = {name: page[name] for name in ("format", "version", "package")}
    path.write_text(json.dumps({**head, "reviewer": reviewer, "notes": notes}))
    return path


def told(out: Path, *files: Path) -> dict[str, Any]:
    """The report as JSON; its page is written beside it."""
    folder = out.parent
    arguments = [
        "--plan",
        folder / "plan.json",
        "--html",
        folder / "signed.html",
        "--json-output",
        folder / "signed.json",
    ]
    result = review("report", out, *files, *arguments)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads((folder / "signed.json").read_text("utf-8"))
    return found
