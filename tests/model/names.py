"""What tests of finding names share: small glossaries, and texts in which their names stand."""

from __future__ import annotations

from hypothesis import strategies as st

from openbioner_batch.model.glossary import Glossary, GlossaryEntry

NAMES = ["lung cancer", "aspirin", "fever", "IL-2", "ALL", "MAO", "therapy", "p53 gene", "Sjögren", "box", "x-ray dose"]
WORDS = [*NAMES, "lung", "cancers", "Fevers", "therapies", "boxes", "il 2", "all", "MAOs", "of", "X-RAY", "gene p53"]
MARKS = [" ", "-", ", ", ".", "\n", "\u0301", "\u200b", "😀", "\ud800", "_", "é", "s", "(", "'s ", "İ", ""]
texts = st.lists(st.sampled_from(WORDS) | st.sampled_from(MARKS), max_size=30).map("".join) | st.text()


def glossary(*names: str) -> Glossary:
    return Glossary(GlossaryEntry((name,), (f"what {name} is",)) for name in names)


def found(text: str, *names: str) -> list[str]:
    return [text[name.start : name.end] for name in glossary(*names).find(text)]
