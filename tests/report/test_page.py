"""The page as a file: whole, inert, and in order for whoever does not see it."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report.pages import data_of, make_page, parsed, sampled

from openbioner_batch.report.page.build import MOST_CHARACTERS, json_in_html
from openbioner_batch.report.page.charts import nice_ceiling, rates, ticks
from openbioner_batch.report.page.markup import element, number, percent_text

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!--<script>",
    "]]>&lt;\u2028\x00\x1b[2J\u202e$title ${x}",
    "' onmouseover='alert(1)\" x=\"",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_document_is_data_and_never_markup(text: str) -> None:
    harmless = parsed(make_page([sampled("a", "b", (0, 1, "drug", 0.5))]))
    page = make_page([sampled(text, text, (0, len(text), "drug", 0.5))], title=text)
    tree = parsed(page)

    assert [node.tag for node in tree.iter()] == [node.tag for node in harmless.iter()]
    assert [sorted(node.keys()) for node in tree.iter("*")] == [sorted(node.keys()) for node in harmless.iter("*")]
    (document,) = data_of(page)["documents"]
    assert (document["id"], document["text"]) == (text, text)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e]", page.partition('id="data"')[0])


@given(st.text())
def test_json_in_a_page_ends_no_element_and_says_the_same(text: str) -> None:
    import json

    written = json_in_html({text: [text]})
    assert not set(written) & set("<>&\u2028\u2029")
    assert json.loads(written) == {text: [text]}


def test_names_of_types_are_escaped_in_elements_and_attributes() -> None:
    made = element("p", "<b>", aria_label='"><script>', class_=None, hidden=True)
    assert made == '<p aria-label="&quot;&gt;&lt;script&gt;" hidden>&lt;b&gt;</p>'


def test_the_policy_allows_the_one_script_and_style_and_no_address_at_all() -> None:
    page = make_page([sampled("a", "b")])
    (policy,) = parsed(page).xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    for name in ("script", "style"):
        content = re.findall(rf"<{name}>(.*?)</{name}>", page, re.DOTALL)
        assert len(content) == 1
        digest = base64.b64encode(hashlib.sha256(content[0].encode()).digest()).decode()
        assert rules[f"{name}-src"] == f"'sha256-{digest}'"
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["require-trusted-types-for"] == "'script'"
    assert not re.search(r"https?:|//\w|url\(|@import|\bsrc=|innerHTML|\bstyle=", page)


def test_there_are_landmarks_headings_and_a_way_past_the_links() -> None:
    tree = parsed(make_page([sampled("a", "b")]))
    assert tree.xpath("//html/@lang") == ["en"]
    assert len(tree.xpath("//h1")) == 1
    for landmark in ("header", "nav", "main", "footer"):
        assert tree.xpath(f"//body/{landmark}")
    targets = {f"#{id}" for id in tree.xpath("//@id")}
    links = tree.xpath("//a/@href")
    assert links[0] == "#main"
    assert set(links) <= targets
    for node in tree.xpath("//*[@aria-labelledby]"):
        assert tree.xpath(f"//*[@id='{node.get('aria-labelledby')}']")
    assert len(tree.xpath("//@id")) == len(set(tree.xpath("//@id")))
    for field in tree.xpath("//input"):
        assert tree.xpath(f"//label[@for='{field.get('id')}']") or field.getparent().tag == "label"


def test_without_a_sample_there_is_no_browser_of_documents() -> None:
    tree = parsed(make_page([]))
    assert not tree.xpath("//*[@id='documents']")
    assert "#documents" not in tree.xpath("//a/@href")


def test_of_a_very_long_document_the_beginning_is_carried_and_the_rest_is_counted() -> None:
    text = "Aspirin " * MOST_CHARACTERS
    found = sampled("a", text, (0, 7, "drug", 0.9), (MOST_CHARACTERS - 3, MOST_CHARACTERS + 3, "drug", 0.9))
    (document,) = data_of(make_page([found]))["documents"]
    assert len(document["text"]) == MOST_CHARACTERS
    assert document["cut"] == [len(text) - MOST_CHARACTERS, 1]
    assert [mark[:3] for mark in document["marks"]] == [[0, 7, 0]]


def test_a_document_without_its_text_brings_its_mentions_alone() -> None:
    found = sampled("a", "Aspirin helps", (0, 7, "drug", 0.9), keep_text=False)
    page = make_page([found])
    (document,) = data_of(page)["documents"]
    assert "text" not in document
    assert document["marks"] == [[0, 7, 0, 0.9, "Aspirin", ""]]
    assert "helps" not in page


def test_numbers_and_shares_are_told_as_people_read_them() -> None:
    assert [number(value) for value in (0, 12345, 0.714, 23.45, 151.3)] == ["0", "12,345", "0.71", "23.4", "151"]
    shares = [percent_text(part, 10_000) for part in (0, 1, 55, 1234, 9950, 9999, 10_000)]
    assert shares == ["0 %", "< 0.1 %", "0.6 %", "12 %", "99.5 %", "> 99.9 %", "100 %"]
    assert percent_text(0, 0) == "–"


@settings(max_examples=100)
@given(st.lists(st.integers(0, 500), min_size=1, max_size=240), st.sampled_from([1.0, 4.0]))
def test_rates_lie_between_none_and_what_commits_allow(steps: list[int], step_seconds: float) -> None:
    seconds = len(steps) * step_seconds
    found = rates(steps, step_seconds, seconds)
    assert len(found) == len(steps)
    assert all(0 <= rate <= sum(steps) / step_seconds for rate in found)


def test_a_steady_session_has_one_rate_however_its_commits_fall() -> None:
    lumps = [0, 0, 0, 200] * 30
    found = rates(lumps, 1.0, 120.0)
    assert found[20:100] == pytest.approx([50.0] * 80, rel=0.15)


@given(st.floats(1e-3, 1e9))
def test_axes_have_round_ends_and_few_ticks(value: float) -> None:
    assert value <= nice_ceiling(value) <= 2.5 * value
    assert 1 <= len(ticks(value)) <= 9
    assert all(tick < max(value, 1) for tick in ticks(value))
