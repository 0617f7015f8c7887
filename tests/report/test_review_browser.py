"""The page for reviewers in a browser: text is marked by mouse and by keys, and work is saved and loaded again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from report.browser import CHROMIUM, REASON, Browser
from report.reviews import NOTES, deidentified, sample, told

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=REASON)


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Browser]:
    """The page on a sample of 14 notes; it must neither complain nor request anything."""
    sample(deidentified(tmp_path), "--leaks-below", "20%")
    browser.open(tmp_path / "review.html")
    yield browser
    assert browser.complaints == []
    requested = {address.partition("#")[0] for address in browser.requests if not address.startswith("blob:")}
    assert requested == {(tmp_path / "review.html").as_uri()}
    browser.evaluate("unsaved = false")  # or leaving the page would be requested about


def marks(browser: Browser) -> list[list[str]]:
    """The marks of the note that is shown: words and kind."""
    rows = browser.tree().xpath("//tbody[@id='mark-rows']/tr")
    return [["".join(cell.itertext()) for cell in row][:2] for row in rows]


def text(browser: Browser) -> str:
    found: str = browser.evaluate("document.getElementById('text').textContent")
    return found


def select(browser: Browser, words: str) -> None:
    """Select words of the text as a mouse does: within and across the nodes of marks."""
    browser.evaluate(
        """(words => {
          const walker = document.createTreeWalker(at("text"), NodeFilter.SHOW_TEXT);
          const start = at("text").textContent.indexOf(words), end = start + words.length;
          const range = document.createRange();
          let before = 0;
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const after = before + node.length;
            if (before <= start && start < after) range.setStart(node, start - before);
            if (before < end && end <= after) range.setEnd(node, end - before);
            before = after;
          }
          getSelection().removeAllRanges();
          getSelection().addRange(range);
        })("""
        + json.dumps(words)
        + ")"
    )


def status(browser: Browser) -> str:
    (found,) = browser.tree().xpath("//p[@id='status']/text()")
    return str(found)


def name_reviewer(browser: Browser, name: str) -> None:
    browser.evaluate(f"at('reviewer').value = {json.dumps(name)}")


def test_a_selection_becomes_a_mark_at_code_points_and_overlaps_give_way(opened: Browser) -> None:
    assert status(opened) == "0 of 14 notes done, 0 marks"
    shown = text(opened)
    assert shown.startswith("é🙂 Note ")
    left = shown.rpartition(" ")[2].rstrip(".")
    select(opened, f" {left}")  # the blank before it is left out
    opened.press("6")
    assert marks(opened) == [[left, "Number or id"]]
    assert opened.evaluate("here().marks[0].start") == len(shown[: shown.index(left)])
    select(opened, f"with {left}")
    opened.press("8")
    assert marks(opened) == [[f"with {left}", "Other"]]
    assert text(opened) == shown
    assert opened.tree().xpath("string(//div[@id='text']/mark)") == f"with {left}"
    opened.evaluate("document.querySelector('#mark-rows button').click()")
    assert marks(opened) == []
    assert status(opened) == "0 of 14 notes done, 0 marks"


def test_all_of_it_can_be_done_by_keys(opened: Browser) -> None:
    opened.press("1")
    assert "Select the text first" in opened.tree().xpath("string(//p[@id='selected'])")
    opened.press("ArrowRight", "ArrowRight")
    opened.hold_shift("ArrowRight")
    chosen = " ".join(text(opened).split()[1:3])
    assert opened.tree().xpath("string(//p[@id='selected'])") == f"Chosen: {chosen}"
    opened.press("1", "ArrowRight", "3")
    words = text(opened).split()
    assert marks(opened) == [[chosen, "Name"], [words[3], "Location"]]
    opened.press("ArrowLeft", "x")
    assert len(marks(opened)) == 1
    opened.press("Enter")
    assert opened.tree().xpath("string(//h3[@id='document-title'])") == "Note 2 of 14"
    assert status(opened) == "1 of 14 notes done, 1 mark"
    opened.press("k", "u")
    assert status(opened) == "0 of 14 notes done, 1 mark"
    opened.press("Enter", "j", "k")
    assert opened.tree().xpath("string(//h3[@id='document-title'])") == "Note 2 of 14"
    opened.press("?")
    assert opened.evaluate("document.getElementById('keys').open")
    opened.press("Escape")


def test_work_is_saved_without_text_loaded_again_and_read_by_the_report(
    opened: Browser, tmp_path: Path, browser: Browser
) -> None:
    opened.press("s")
    assert "name first" in opened.tree().xpath("string(//p[@id='selected'])")
    opened.evaluate("document.activeElement.blur()")
    name_reviewer(opened, "Ann Ö.")
    left = text(opened).rpartition(" ")[2].rstrip(".")
    select(opened, left)
    opened.press("1", *["Enter"] * 14)
    assert status(opened) == "14 of 14 notes done, 1 mark"
    assert "All notes are done" in opened.tree().xpath("string(//p[@id='selected'])")
    answers = json.loads(opened.saved(tmp_path / "down", ".json").read_text("utf-8"))
    assert answers["reviewer"] == "Ann Ö."
    assert len(answers["notes"]) == 14
    assert not [
        word
        for note in NOTES
        for word in str(note["text"]).split()[3:]
        if len(word) > 4 and word in json.dumps(answers)
    ]
    assert opened.evaluate("unsaved") is False
    (path,) = (tmp_path / "down").glob("*.json")
    report = told(tmp_path / "out", path)
    assert (report["leaking_notes"], report["sample"]["read"]) == (1, 14)
    assert report["misses"][0]["end"] - report["misses"][0]["start"] == len(left)

    opened.open(tmp_path / "review.html")
    assert status(opened) == "0 of 14 notes done, 0 marks"
    give_file(opened, path)
    assert status(opened) == "14 of 14 notes done, 1 mark"
    assert marks(opened) == [[left, "Name"]]
    assert opened.evaluate("at('reviewer').value") == "Ann Ö."
    path.write_text(json.dumps(answers | {"package": "another"}))
    give_file(opened, path)
    assert "another sample" in opened.tree().xpath("string(//p[@id='selected'])")
    path.write_text("no JSON")
    give_file(opened, path)
    assert "not a saved review" in opened.tree().xpath("string(//p[@id='selected'])")


def give_file(browser: Browser, path: Path) -> None:
    """What the reviewer chooses in the file dialog; waits until the page has taken it."""
    browser.evaluate("at('selected').textContent = ''")
    root = browser.call("DOM.getDocument")["root"]["nodeId"]
    node = browser.call("DOM.querySelector", nodeId=root, selector="#file")["nodeId"]
    browser.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])
    started = time.monotonic()
    while not browser.evaluate("at('selected').textContent"):
        assert time.monotonic() - started < 30, "the file is not read"
        time.sleep(0.02)


def test_every_control_is_reached_by_the_tab_key_and_stands_out(opened: Browser) -> None:
    reached = []
    for _ in range(24):
        opened.press("Tab")
        reached.append(opened.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    for wanted in ("reviewer", "save", "load", "show-keys", "1 Name", "8 Other", "done"):
        assert wanted in reached
    select(opened, "Note")
    opened.press("1")
    found = opened.evaluate((Path(__file__).parent / "contrasts.js").read_text())
    assert found[0][0] >= 4.5, found[:5]


def test_the_report_to_sign_is_quiet_and_asks_for_nothing(opened: Browser, browser: Browser, tmp_path: Path) -> None:
    from report.reviews import answer

    _, page = sample(tmp_path / "out", "--leaks-below", "20%")
    told(tmp_path / "out", answer(tmp_path, page, "Ann", {0: ["Zqx"]}))
    opened.evaluate("unsaved = false")
    browser.open(tmp_path / "signed.html")
    assert browser.complaints == []
    assert {address.partition("#")[0] for address in browser.requests} == {(tmp_path / "signed.html").as_uri()}
    assert "leak" in browser.tree().xpath("string(//p[@class='statement'])")
    browser.open(tmp_path / "review.html")
