"""Runs in a peer's environment: rows on standard input as JSON, their flags on the last line of standard output."""

from __future__ import annotations

import json
import sys
from typing import Any

NAMES = {
    "is_negated": "negated",
    "is_uncertain": "uncertain",
    "is_hypothetical": "hypothetical",
    "is_historical": "historical",
    "is_family": "family",
}


def medspacy_reader() -> tuple[Any, Any]:
    """medSpaCy's ConText with the rules that it brings."""
    import medspacy  # noqa: F401 - registers its components
    import spacy

    language = spacy.blank("en")
    language.add_pipe("sentencizer")
    language.add_pipe("medspacy_context")

    def flags(entity: Any) -> list[str]:
        return [flag for name, flag in NAMES.items() if getattr(entity._, name)]

    return language, flags


def negspacy_reader() -> tuple[Any, Any]:
    """negspaCy with its termset for clinical English, which knows negation alone."""
    import spacy
    from negspacy.negation import Negex  # noqa: F401 - registers its component
    from negspacy.termsets import termset

    language = spacy.blank("en")
    language.add_pipe("sentencizer")
    language.add_pipe("negex", config={"neg_termset": termset("en_clinical").get_patterns(), "ent_types": []})
    return language, lambda entity: ["negated"] if entity._.negex else []


def main() -> None:
    """Read mentions as JSON from standard input, judge them with the peer that is named, and print the flags."""
    language, flags = {"medspacy": medspacy_reader, "negspacy": negspacy_reader}[sys.argv[1]]()
    found = []
    for row in json.load(sys.stdin):
        doc = language.make_doc(row["text"])
        span = doc.char_span(row["start"], row["end"], label="MENTION", alignment_mode="expand")
        doc.set_ents([span])
        for _, pipe in language.pipeline:
            doc = pipe(doc)
        found.append(flags(doc.ents[0]))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
