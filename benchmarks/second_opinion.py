"""Whether the encoder's opinion on what is negated adds to the rules': cues as a described type, by `bundled-open`.

    python benchmarks/second_opinion.py context_dev.jsonl.gz

A mention is negated for the encoder if a cue stands before it in its clause. The figures are F1 of `negated` for the
rules, for the encoder, and for both (either says so), at several scores that a cue needs at least.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import click
from assertion import Example, load_examples, ours, scores
from common.results import show_table

from openbioner_batch.model import Tagger
from openbioner_batch.records import EntityType, Span

CUE = EntityType(
    "negation_cue",
    "A word or phrase that denies or negates a finding, such as no, not, denies, without, negative for, absence of, "
    "ruled out, free of or no evidence of.",
)
CLAUSE_END = re.compile(r"\b(?:but|however|although|except|while|which|who)\b|[;:.]")


def denied(one: Example, cues: list[Span], least: float) -> bool:
    """Whether a cue stands before the mention in its clause."""
    before = (cue for cue in cues if cue.score >= least and cue.end <= one.start)
    return any(not CLAUSE_END.search(one.text, cue.end, one.start) for cue in before)


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
def main(path: Path) -> None:
    """Precision, recall and F1 of `negated` on a corpus of sentences with a concept each."""
    examples = load_examples(path)
    tagger = Tagger.from_pretrained("bundled-open", device="cpu", dtype="bfloat16")
    began = time.process_time()
    cues = tagger.tag([one.text for one in examples], [(CUE,)])
    seconds = (time.process_time() - began) / len(examples)
    rules = ours()(examples)
    rows = [("rules", "", *_figures(examples, rules))]
    for least in (0.0, 0.5, 0.7, 0.8, 0.9):
        encoder = [
            {"negated"} if denied(one, found, least) else set() for one, found in zip(examples, cues, strict=True)
        ]
        either = [said | more for said, more in zip(rules, encoder, strict=True)]
        rows += [
            ("encoder", f"{least}", *_figures(examples, encoder)),
            ("either", f"{least}", *_figures(examples, either)),
        ]
    show_table(("by", "least score", "precision", "recall", "F1"), rows)
    click.echo(f"the encoder took {1000 * seconds:.0f} ms of CPU a sentence")


def _figures(examples: list[Example], said: list[set[str]]) -> list[str]:
    found = scores(examples, said, ["negated"])["negated"]
    return [f"{100 * found[name]:.1f}" for name in ("precision", "recall", "f1")]


if __name__ == "__main__":
    main()
