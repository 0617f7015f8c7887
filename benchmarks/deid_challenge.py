"""What de-identification leaks and what it spoils on the challenge set, snippets and traps written by hand.

    python benchmarks/deid_challenge.py --model bundled-phi --json benchmarks/results/deid_challenge-bundled-phi.json
    python benchmarks/deid_challenge.py --model none --show

`challenge/snippets.txt` holds terse, odd and mixed styles with their identifiers marked, `challenge/traps.txt`
sentences without any. Nothing is trained on either. `--part second` scores those in `challenge/second/`, which were
written before rules were mended after the first part's output, and were not read while they were. `--part third`
to `thirteenth` are hold-outs that were scored unread; all but the last were read afterwards, and rules
were written after them.

Counted are, under the policies tags (what is found), surrogate (numbers) and safe-harbor (ages):

- identifiers leaked whole: no letter or digit of them is covered; in part: some letter or digit is not;
- edits outside identifiers, in traps and in snippets;
- numbers changed: an edit outside identifiers that puts other digits where digits stood, without a tag;
- ages over 89 that safe-harbor leaves, whole or in part.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from common.machine import machine
from common.results import json_option, write_json

from openbioner_batch.catalog import resolve_types
from openbioner_batch.deid.deidentifier import Deidentifier
from openbioner_batch.deid.finder import FinderSettings
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.known import KnownIdentifiers
from openbioner_batch.deid.policy import load_policy
from openbioner_batch.deid.recognizers import MODEL_TYPES
from openbioner_batch.deid.replacing import Edit
from openbioner_batch.errors import OpenBioNERError, UsageError
from openbioner_batch.records import Span
from openbioner_batch.training.marks import read_marks

FOLDER = Path(__file__).parent / "challenge"
PARTS = {"first": FOLDER} | {
    name: FOLDER / name
    for name in (
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
        "eleventh",
        "twelfth",
        "thirteenth",
    )
}
_TAG = re.compile(r"\[[A-Z][A-Z _]*\d*\]|\[[A-Z_]+_\d+\]")


@dataclass(frozen=True, slots=True)
class Gold:
    """An identifier that is marked by hand."""

    start: int
    end: int
    type: str
    """Empty where it may be replaced or left."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A short text, its identifiers, and what the record's columns say."""

    text: str
    gold: tuple[Gold, ...]
    known: dict[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A snippet and what a policy made of it."""

    snippet: Snippet
    text: str
    edits: tuple[Edit, ...]
    """The edits that change or cover something: what the policy keeps is left out."""

    def outside(self) -> list[Edit]:
        """The edits that share no letter with a marked stretch."""
        return [
            one for one in self.edits if not any(one.start < g.end and g.start < one.end for g in self.snippet.gold)
        ]

    def uncovered(self, gold: Gold) -> int:
        """Letters and digits of an identifier that no edit covers; of an age in digits the digits are what counts."""
        covered = {place for edit in self.edits for place in range(edit.start, edit.end)}
        return sum(place not in covered for place in self.counted(gold))

    def counted(self, gold: Gold) -> list[int]:
        """Where the letters and digits stand that must be covered."""
        text, places = self.snippet.text, range(gold.start, gold.end)
        digits = [place for place in places if text[place].isdigit()]
        if gold.type == "age_over_89" and digits:
            return digits
        return [place for place in places if text[place].isalnum()]


def read_snippets(path: Path) -> list[Snippet]:
    """The snippets of a file; see the head of `challenge/snippets.txt` for how they are written."""
    lines = path.read_text("utf-8").splitlines()
    return [_snippet(line) for line in lines if line and not line.startswith("#")]


def _snippet(line: str) -> Snippet:
    marked, _, columns = line.partition(" ;; ")
    marked = marked.replace("\\n", "\n").replace("\\t", "\t")
    text, marks = read_marks(marked)
    known = dict(pair.split("=", 1) for pair in columns.split("; ") if pair)
    return Snippet(text, tuple(Gold(*mark) for mark in marks), known)


def deidentified(
    snippets: Sequence[Snippet], spans: Sequence[Sequence[Span]], policy: str, recognizers: tuple[str, ...]
) -> Iterator[Outcome]:
    """Each snippet as a note of a patient of its own, replaced by a policy with a fixed key.

    Args:
        snippets: the texts.
        spans: the model's on each.
        policy: a preset.
        recognizers: what finds.
    """
    worker = Deidentifier(load_policy(policy), FinderSettings(recognizers=recognizers), Key(bytes(range(32))))
    for number, (snippet, found) in enumerate(zip(snippets, spans, strict=True)):
        known = KnownIdentifiers.from_fields(snippet.known) if snippet.known else None
        new = worker.deidentify(snippet.text, worker.scope(f"patient {number}", str(number)), known, found)
        yield Outcome(snippet, new.text, tuple(edit for edit in new.edits if edit.action != "keep"))


def changed_numbers(outcome: Outcome) -> list[tuple[str, str]]:
    """Numbers outside identifiers that became other numbers, and their replacements; tags do not count."""
    found = []
    for edit in outcome.outside():
        old, new = outcome.snippet.text[edit.start : edit.end], outcome.text[edit.new_start : edit.new_end]
        digits = [re.sub(r"\D", "", one) for one in (old, _TAG.sub("", new))]
        if all(digits) and digits[0] != digits[1]:
            found.append((old, new))
    return found


def score(snippets: Sequence[Outcome], traps: Sequence[Outcome]) -> dict[str, Any]:
    """Counts of what was found, under a policy that covers all that is."""
    gold = [(outcome, one) for outcome in snippets for one in outcome.snippet.gold if one.type]
    left = [(outcome, one, outcome.uncovered(one)) for outcome, one in gold]
    whole = [(o, one) for o, one, count in left if count == len(o.counted(one))]
    return {
        "snippets": len(snippets),
        "identifiers": len(gold),
        "leaked_whole": len(whole),
        "leaked_whole_by_type": dict(Counter(one.type for _, one in whole).most_common()),
        "leaked_in_part": sum(count > 0 for _, _, count in left) - len(whole),
        "snippets_with_a_leak": len({id(outcome) for outcome, _, count in left if count}),
        "edits_outside_in_snippets": sum(len(outcome.outside()) for outcome in snippets),
        "traps": len(traps),
        "edits_in_traps": sum(len(outcome.outside()) for outcome in traps),
        "traps_with_an_edit": sum(bool(outcome.outside()) for outcome in traps),
    }


def measure(model: str, folder: Path = FOLDER, alone: bool = False) -> tuple[dict[str, Any], list[str]]:
    """All counts of a model (`none` for patterns and known values alone), and what went wrong, a line each.

    Args:
        model: a checkpoint.
        folder: of the snippets and traps.
        alone: whether the model finds without patterns and known values.

    Raises:
        UsageError: the model does not exist.
    """
    snippets, traps = read_snippets(folder / "snippets.txt"), read_snippets(folder / "traps.txt")
    if any(trap.gold for trap in traps):
        raise UsageError(f"{folder.name}/traps.txt marks an identifier: it holds sentences without any")
    both = [*snippets, *traps]
    spans: list[list[Span]] = [[] for _ in both]
    if model != "none":
        from openbioner_batch.model import Tagger

        tagger = Tagger.from_pretrained(model, dtype="float32")
        spans = [
            list(found) for found in tagger.tag([one.text for one in both], resolve_types(MODEL_TYPES), words="pieces")
        ]
    beside = () if alone else ("patterns", "known")
    recognizers = beside if model == "none" else ("model", *beside)
    runs = {name: list(deidentified(both, spans, name, recognizers)) for name in ("tags", "surrogate", "safe-harbor")}
    at = len(snippets)
    result = score(runs["tags"][:at], runs["tags"][at:])
    numbers = [pair for outcome in runs["surrogate"] for pair in changed_numbers(outcome)]
    ages = [
        (outcome, one) for outcome in runs["safe-harbor"] for one in outcome.snippet.gold if one.type == "age_over_89"
    ]
    left = [(outcome, one) for outcome, one in ages if outcome.uncovered(one)]
    result |= {"numbers_changed": len(numbers), "ages_over_89": len(ages), "ages_over_89_left": len(left)}
    lines = [f"leaked: {o.snippet.text[g.start:g.end]!r} ({g.type}) of {o.snippet.text!r}"
             for o in runs["tags"][:at] for g in o.snippet.gold if g.type and o.uncovered(g)]  # fmt: skip
    lines += [f"edit: {o.snippet.text[e.start:e.end]!r} ({e.type}, {', '.join(e.recognizers)}) of {o.snippet.text!r}"
              for o in runs["tags"] for e in o.outside()]  # fmt: skip
    lines += [f"number: {old!r} -> {new!r}" for old, new in numbers]
    lines += [f"age left: {o.snippet.text[g.start : g.end]!r} of {o.snippet.text!r}" for o, g in left]
    return result, lines


@click.command()
@click.option("--model", default="bundled-phi", show_default=True, help="Checkpoint, or none.")
@click.option("--part", type=click.Choice(sorted(PARTS)), default="first", show_default=True, help="Which snippets.")
@click.option("--alone", is_flag=True, help="The model without patterns and known values.")
@click.option("--show", is_flag=True, help="Print every leak and every edit outside identifiers.")
@json_option
def main(model: str, part: str, alone: bool, show: bool, json_path: Path | None) -> None:
    """Score `deidentify` on the challenge set."""
    if alone and model == "none":
        raise UsageError("--alone needs a --model: without one, nothing finds")
    result, lines = measure(model, PARTS[part], alone)
    for line in lines if show else ():
        click.echo(line)
    for name, value in result.items():
        click.echo(f"{name.replace('_', ' '):32}{value}")
    write_json(
        json_path, {"model": model, "part": part, **({"alone": True} if alone else {}), **result, "machine": machine()}
    )


if __name__ == "__main__":
    try:
        main()
    except OpenBioNERError as error:
        raise SystemExit(f"error: {error}") from None
