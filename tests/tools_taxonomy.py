"""A small taxonomy of tools with sentences, and how `silver sentences` is requested to fill them."""

from __future__ import annotations

from pathlib import Path

from openbioner_batch.training.passages import AnnotatedPassage
from openbioner_batch.training.silver.made_settings import SentenceSettings
from openbioner_batch.training.sources import passage_groups, read_passages

TAXONOMY = """
tool:
  is: [Something to work with., a help for the hands]
cutting_tool:
  parent: tool
  is: [A tool that cuts., what has a blade]
  members: [saw, axe | hatchet, knife]
hitting_tool:
  parent: tool
  is: [A tool to hit with.]
  members: [hammer, mallet]
fruit:
  is: [What grows on trees and is sweet.]
  members: [apple, plum, pear, multi tool]
"""
SENTENCES = """# tools
He put a {tool} beside a {tool} <<today|at once>>.
{fruit} is eaten; the {cutting_tool} helps.
"""


def settings(folder: Path, output: str = "out", **more: object) -> SentenceSettings:
    fixed = {"vocabularies": (str(folder / "tools.yaml"),), "sentences": str(folder / "sentences.txt")}
    return SentenceSettings(**{**fixed, "output": str(folder / output), "passages": 60, **more})  # type: ignore[arg-type]


def passages(folder: Path) -> list[AnnotatedPassage]:
    return [passage for group in passage_groups(str(folder)) for passage in read_passages(group)]


def marked(folder: Path) -> dict[str, set[str]]:
    """The types of each name in the passages."""
    found: dict[str, set[str]] = {}
    for passage in passages(folder):
        for mention in passage.mentions:
            found.setdefault(passage.text[mention.start : mention.end].lower(), set()).add(mention.type)
    return found
