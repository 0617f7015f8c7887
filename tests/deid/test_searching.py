"""Anchored expressions find what plain ones do: those of the package on notes, and any in any text."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import openbioner_batch
import openbioner_batch.deid.finder
from openbioner_batch.deid.searching import Anchored
from openbioner_batch.deid.searching.heads import heads_of, keys_of

PACKAGE = Path(openbioner_batch.__file__).parent
CHALLENGE = PACKAGE.parent / "benchmarks" / "challenge"


def expressions() -> dict[str, Anchored]:
    """Every anchored expression of the package, by the module that has it and its name."""
    found: dict[Anchored, str] = {}
    for module, loaded in sorted(sys.modules.items()):
        if module.startswith("openbioner_batch.deid"):
            for name, value in vars(loaded).items():
                for place, one in enumerate(_flat(value)):
                    found.setdefault(one, f"{module.rsplit('.', 1)[1]}:{name}:{place}")
    return {name: one for one, name in found.items()}


def _flat(value: object) -> list[Anchored]:
    if isinstance(value, tuple):
        return [one for part in value for one in _flat(part)]
    return [value] if isinstance(value, Anchored) else []


EXPRESSIONS = expressions()


@pytest.fixture(scope="module")
def notes() -> list[str]:
    """Notes, snippets and traps, line by line with their marks, and in other case."""
    files = [PACKAGE / "data" / "sample_clinical.jsonl", *sorted(CHALLENGE.rglob("*.txt"))]
    lines = [line for path in files for line in path.read_text("utf-8").splitlines()]
    texts = [line.replace("\\n", "\n").replace("\\t", "\t") for line in lines]
    joined = ["\n".join(texts[place : place + 8]) for place in range(0, len(texts), 8)]
    return [*joined, *(text.upper() for text in joined[::8]), *(text.lower() for text in joined[1::8])]


def spans(expression: Anchored | re.Pattern[str], text: str) -> list[tuple[tuple[int, int], str | None]]:
    return [(match.span(), match.lastgroup) for match in expression.finditer(text)]


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_each_expression_of_the_package_finds_what_it_finds_unanchored(name: str, notes: list[str]) -> None:
    expression = EXPRESSIONS[name]
    for text in notes:
        assert spans(expression, text) == spans(expression.pattern, text)


def test_there_are_expressions_and_all_have_heads() -> None:
    assert len(EXPRESSIONS) > 60
    plain = [name for name, one in EXPRESSIONS.items() if heads_of(one.pattern) is None]
    assert not plain, "searched at every character: begin them with a boundary, or use re.compile"


WORDS = ["rm", "Bed", "s/p", "k", "9", "12:", "_", "#", "ß", "İ", "ſ", "ı", "σ", "²", "Ł"]
GUARDS = [
    "",
    r"\b",
    r"(?<![^\W_])",
    r"(?<!\w)",
    r"(?<!\d)",
    r"(?<![^\W\d_])",
    r"(?<=[ |])",
    r"(?<!-)",
    r"(?m:^)",
    r"(?<=a|\n)",
]
CLASSES = [r"\d", r"\w", r"\s", r"[^\W\d_]", r"[^\W_]", "[A-Z]", "[a-z]", "[Kk]", "[A-ZÀ-Þ]", r"[ \t]", "[#@]", "."]


def parts() -> st.SearchStrategy[str]:
    """Parts of expressions: words, classes, and repeats, groups and choices of them."""
    leaves = st.one_of(st.sampled_from(WORDS).map(re.escape), st.sampled_from(CLASSES), st.sampled_from(GUARDS))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map("".join),
            st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
            inner.map(lambda one: f"(?:{one})?"),
            inner.map(lambda one: f"(?:{one}){{1,3}}"),
            inner.map(lambda one: f"(?:{one}){{4}}"),
            inner.map(lambda one: f"(?i:{one})"),
            inner.map(lambda one: f"(?>{one})"),
        ),
        max_leaves=6,
    )


@settings(max_examples=200, deadline=None)
@given(
    expression=st.tuples(st.sampled_from(GUARDS), parts()).map("".join),
    flags=st.sampled_from([re.NOFLAG, re.IGNORECASE, re.MULTILINE]),
    text=st.lists(
        st.sampled_from([*WORDS, *(word.swapcase() for word in WORDS), *"aZé1 \t\n.-|\u212a"]), max_size=24
    ).map("".join),
)
def test_any_expression_finds_what_it_finds_unanchored(expression: str, flags: re.RegexFlag, text: str) -> None:
    plain = [match.span() for match in re.finditer(expression, text, flags)]
    assert [match.span() for match in Anchored(expression, flags).finditer(text)] == plain


MIXED = [*CLASSES, r"[\d#]", r"[\s/]", r"[a-c\d]", r"[^a-c]", r"[^\W\d]", r"[^\d\s]", r"[\w-]", r"(?>[A-Z]|\d)", r"\W"]


@pytest.mark.parametrize("part", MIXED)
def test_any_class_behind_any_guard_finds_what_it_finds_unanchored(part: str) -> None:
    text = "\n".join([*WORDS, *(f"a{word} {word}|{word}-{word}" for word in WORDS), "Zé1 \t.-|"])
    for guard in GUARDS:
        for flags in (re.NOFLAG, re.IGNORECASE, re.MULTILINE):
            plain = [match.span() for match in re.finditer(guard + part, text, flags)]
            assert [match.span() for match in Anchored(guard + part, flags).finditer(text)] == plain, guard


@pytest.mark.parametrize(
    "expression", ["room", r"(?<!\d)ward", r"\b(?:ward)?", r"\b[ ]ward", r"(?a:\bward)", r"(?<!\w)[^a]", r"\b(?:x|.)"]
)
def test_nothing_is_certain_of_what_may_begin_within_a_word_or_with_a_blank(expression: str) -> None:
    assert heads_of(re.compile(expression)) is None


@pytest.mark.parametrize(
    ("expression", "heads"),
    [
        (r"\b(?i:bed|rm)[ ]\d", {("folded", "bed"), ("folded", "rm ")}),
        (r"(?<![^\W_])(?:OR|Th)(?:[ ]?#)?", {("exact", one) for one in ("OR", "OR ", "OR#", "Th", "Th ", "Th#")}),
        (r"(?<!\w)\d{2}/", {("kind", "digit")}),
        (r"@[a-z]|->", {("exact", "@" + chr(letter)) for letter in range(97, 123)} | {("exact", "->")}),
    ],
)
def test_heads(expression: str, heads: set[tuple[str, str]]) -> None:
    assert heads_of(re.compile(expression)) == heads


def test_letters_that_match_without_case_have_one_key() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    for letter in "abeikszäł":
        for other in re.findall(letter, every, re.IGNORECASE):
            assert ("folded", letter) in keys_of(other), other


def test_a_text_is_searched_as_a_whole() -> None:
    expression = Anchored(r"\b(?:bed|ward)[ ]\d+")
    text = "Ward 4, bed 12, ward 7, forward 9"
    assert [match[0] for match in expression.finditer(text)] == ["bed 12", "ward 7"]
    first = expression.search(text)
    assert first is not None
    assert first[0] == "bed 12"
    assert expression.search("a floor") is None
