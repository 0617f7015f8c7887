"""Spans are judged in a browser, by keys and by mouse, saved as examples and loaded again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report.browser import CHROMIUM, REASON, Browser
from report.pages import make_page, sampled

from openbioner_batch.formats.gold_jsonl import read_gold_jsonl

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=REASON)

TEXT = "🙂 Aspirin and IL-2 inhibitors for breast cancer, no fever."
SPANS = ((2, 9, "drug", 0.9), (14, 18, "gene", 0.6), (41, 47, "disease", 0.5))
DOCUMENTS = (
    sampled("1", TEXT, *SPANS),
    sampled("2", "Given metformin.", (0, 5, "drug", 0.4)),
    sampled("3", "nothing here"),
)


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Browser]:
    """A page of three documents; it must neither complain nor request anything."""
    path = tmp_path / "page.html"
    path.write_text(make_page(DOCUMENTS, judging=True), "utf-8")
    browser.open(path)
    yield browser
    assert browser.complaints == []
    requested = {address.partition("#")[0] for address in browser.requests if not address.startswith("blob:")}
    assert requested == {path.as_uri()}
    browser.evaluate("unsaved = false")  # or leaving the page would be requested about


def said(browser: Browser) -> str:
    found: str = browser.evaluate("at('selected').textContent")
    return found


def judged(browser: Browser) -> str:
    found: str = browser.evaluate("at('judged').textContent")
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def give_file(browser: Browser, path: Path) -> None:
    """What is chosen in the file dialog; waits until the page has taken it."""
    browser.evaluate("at('selected').textContent = ''")
    root = browser.call("DOM.getDocument")["root"]["nodeId"]
    node = browser.call("DOM.querySelector", nodeId=root, selector="#judge-file")["nodeId"]
    browser.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])
    started = time.monotonic()
    while not said(browser):
        assert time.monotonic() - started < 60, "the file is not read"
        time.sleep(0.02)


def test_all_is_judged_by_keys_and_saved_as_examples(opened: Browser, tmp_path: Path) -> None:
    opened.press("r")
    assert "Choose a span first" in said(opened)
    opened.press("n", "r")
    assert said(opened).startswith("IL-2 – gene, score 0.60")
    opened.press("w")
    assert said(opened).startswith("cancer – disease")
    assert judged(opened) == "0 of 3 documents reviewed, 2 spans judged"
    # Missing: "breast cancer" in place of "cancer", chosen by keys.
    opened.press("t", *["ArrowRight"] * 7)
    assert said(opened) == "Chosen: breast"
    opened.hold_shift("ArrowRight")
    assert said(opened) == "Chosen: breast cancer"
    opened.press("m")
    assert said(opened) == "Marked as disease: breast cancer"
    opened.press("d")
    assert judged(opened) == "1 of 3 documents reviewed, 4 spans judged; this one for drug, disease, gene"
    opened.press("a", "j", "1", "d")  # without drugs, of which alone the document has spans
    assert "Spans of low scores" not in said(opened)
    path = opened.saved(tmp_path / "down", ".jsonl")
    assert path.name == "reviewed-spans.jsonl"
    first, second = lines(path)
    assert first == {
        "id": "1",
        "text": TEXT,
        "spans": [{"start": 2, "end": 9, "type": "drug"}, {"start": 34, "end": 47, "type": "disease"}],
        "reviewed_types": ["drug", "disease", "gene"],
        "wrong": [{"start": 14, "end": 18, "type": "gene"}, {"start": 41, "end": 47, "type": "disease"}],
    }
    assert (second["spans"], second["reviewed_types"], second["wrong"]) == ([], ["disease", "gene"], [])
    gold = list(read_gold_jsonl(path))
    assert [span.text for span in gold[0].spans] == ["Aspirin", "breast cancer"]
    assert opened.evaluate("unsaved") is False


def test_saved_work_is_loaded_again_and_goes_on(opened: Browser, tmp_path: Path) -> None:
    opened.press("n", "r", "w", *["ArrowRight"] * 2, "m", "d", "j", "n", "w")
    path = opened.saved(tmp_path / "down", ".jsonl")
    before = lines(path)
    assert len(before) == 2
    assert before[1]["reviewed_types"] == []
    opened.evaluate("unsaved = false")
    opened.open(tmp_path / "page.html")
    assert judged(opened) == "0 of 3 documents reviewed, 0 spans judged"
    give_file(opened, path)
    assert said(opened) == "Loaded 2 of 2 documents; the others are not of this page."
    assert lines(opened.saved(tmp_path / "again", ".jsonl")) == before
    opened.press("d", "u")
    assert judged(opened).startswith("0 of 3 documents reviewed")
    path.write_text(json.dumps({**before[0], "text": "another"}) + "\n")
    give_file(opened, path)
    assert said(opened).startswith("Loaded 0 of 1")
    path.write_text("no JSON")
    give_file(opened, path)
    assert "no saved work" in said(opened)


def test_what_is_added_can_be_taken_back_and_hidden_spans_are_not_reviewed(opened: Browser) -> None:
    opened.press("j", "ArrowRight", "ArrowRight", "m")
    assert said(opened) == "Marked as drug: metformin"
    tree = opened.tree()
    assert tree.xpath("//mark[contains(@class, 'judged-added')]/text()") == ["metformin"]
    opened.press("n", "n", "w")
    assert not opened.tree().xpath("//mark[contains(@class, 'judged-added')]")
    opened.evaluate("change({ score: 0.3 })")
    opened.press("d")
    assert "set the score to 0" in said(opened)
    opened.press("0", "d")
    assert judged(opened).startswith("1 of 3 documents reviewed")
    opened.press("d")
    assert judged(opened).startswith("0 of 3 documents reviewed")


def test_a_mouse_selects_across_marks_and_type_names_are_no_text(opened: Browser) -> None:
    opened.evaluate("change({ labels: true })")
    opened.evaluate(
        """(() => {
          const nodes = textNodes();
          const range = document.createRange();
          const last = nodes.find(({ node }) => node.data.includes("inhibitors"));
          range.setStart(nodes[1].node, 0);
          range.setEnd(last.node, last.node.data.indexOf("inhibitors") + "inhibitors ".length);
          getSelection().removeAllRanges();
          getSelection().addRange(range);
        })()"""
    )
    opened.evaluate("at('judge-missing').click()")
    assert said(opened) == "Marked as drug: Aspirin and IL-2 inhibitors"
    assert judged(opened) == "0 of 3 documents reviewed, 2 spans judged"  # "Aspirin" had other bounds


def test_every_control_is_reached_by_the_tab_key_and_stands_out(opened: Browser) -> None:
    opened.press("n", "r", "w", "w")
    reached = set()
    for _ in range(30):
        opened.press("Tab")
        reached.add(opened.evaluate("document.activeElement.id"))
    wanted = "right wrong undo type missing reviewed save load"
    assert {f"judge-{name}" for name in wanted.split()} <= reached
    found = opened.evaluate((Path(__file__).parent / "contrasts.js").read_text())
    assert found[0][0] >= 4.5, found[:5]


def test_pages_without_texts_and_of_deidentification_judge_nothing(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(make_page(DOCUMENTS), "utf-8")
    browser.open(path)
    assert not browser.tree().xpath("//*[starts-with(@id, 'judg')]")
    browser.press("n", "r", "d", "s")
    assert browser.complaints == []
