"""The page in a browser: its scripts run without a word, documents are marked right, filters and keys work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report.browser import CHROMIUM, REASON, Browser
from report.pages import make_page, sampled

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=REASON)

HOSTILE = "</script><script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\"> 🙂 Ann"
OVERLAPPING = "🙂 BRCA1 mutation carriers\nwith breast cancer"
SPANS = ((2, 7, "gene", 0.95), (2, 16, "disease", 0.6), (8, 25, "drug", 0.4), (31, 44, "disease", 0.9))
DOCUMENTS = (
    sampled("<b>1</b>", HOSTILE, (0, 9, "drug", 0.9), (len(HOSTILE) - 3, len(HOSTILE), "gene", 0.3)),
    sampled("2", OVERLAPPING, *SPANS),
    sampled("3", "nothing here"),
)


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Browser]:
    """A page of three documents; it must neither complain nor request anything."""
    path = tmp_path / "page.html"
    path.write_text(make_page(DOCUMENTS, title="fine"), "utf-8")
    browser.open(path)
    yield browser
    assert browser.complaints == []
    assert {address.partition("#")[0] for address in browser.requests} == {path.as_uri()}


def show(browser: Browser, query: str) -> Any:
    browser.evaluate(f"location.hash = '#documents?{query}'")
    return browser.tree()


def shown(tree: Any) -> list[str]:
    """The ids in the list of documents."""
    return ["".join(item.xpath(".//bdi//text()")) for item in tree.xpath("//ol[@id='list']/li[not(@hidden)]")]


def text_of(tree: Any) -> str:
    return "".join(tree.xpath("//div[@id='text']//text()[not(parent::span)]"))


def marked(tree: Any) -> list[str]:
    """The text under each mark, put together from its pieces."""
    found: dict[int, str] = {}
    for node in tree.xpath("//div[@id='text']/mark"):
        for number in node.get("data-marks").split():
            found[int(number)] = found.get(int(number), "") + "".join(node.itertext())
    return [found[number] for number in sorted(found)]


def test_a_hostile_document_is_shown_as_it_is_and_does_nothing(opened: Browser) -> None:
    tree = opened.tree()
    assert tree.xpath("//title/text()") == ["fine"]
    assert not tree.xpath("//img")
    assert len(tree.xpath("//script")) == 2
    assert text_of(tree) == HOSTILE
    assert marked(tree) == [HOSTILE[:9], "Ann"]
    assert shown(tree) == ["<b>1</b>", "2", "3"]
    assert tree.xpath("//p[@id='status']/text()") == ["3 of 3 documents, 6 spans"]
    assert tree.xpath("//div[@id='type-filters']/button[@aria-pressed]/text()") == ["drug", "disease", "gene"]


def test_spans_that_overlap_are_all_marked_and_the_text_stays_what_it_is(opened: Browser) -> None:
    tree = show(opened, "doc=2")
    assert text_of(tree) == OVERLAPPING
    # In the order of the page: where they begin, the longer first.
    assert marked(tree) == ["BRCA1 mutation", "BRCA1", "mutation carriers", "breast cancer"]
    nested, crossing = tree.xpath("//mark")[0], tree.xpath("//mark")[2]
    assert (nested.get("data-marks"), nested.get("class").split()[0]) == ("0 1", "k2")
    assert (crossing.get("data-marks"), crossing.text) == ("0 2", "mutation")
    assert "var(--k1)" in nested.get("style")
    assert tree.xpath("//div[@id='text']/span/text()") == ["gene", "disease", "drug", "disease"]


def test_filters_by_type_and_score_and_words_hold_for_list_and_document(opened: Browser) -> None:
    tree = show(opened, "doc=2&type=disease&score=0.8&labels=1")
    assert (shown(tree), marked(tree)) == (["2"], ["breast cancer"])
    assert tree.xpath("//p[@id='status']/text()") == ["1 of 3 documents, 1 span"]
    assert tree.xpath("//button[@aria-pressed='true']/text()") == ["disease"]
    assert "labelled" in tree.xpath("//div[@id='text']/@class")[0]

    tree = show(opened, "find=NOTHING")
    assert (shown(tree), text_of(tree)) == (["3"], "nothing here")

    tree = show(opened, "type=&find=x")
    assert shown(tree) == []
    assert tree.xpath("//p[@id='selected']/text()") == ["No document is left: change the filters."]


def test_keys_step_through_documents_and_spans_and_set_filters(opened: Browser) -> None:
    opened.press("j", "n", "n")
    tree = opened.tree()
    assert tree.xpath("//h3[@id='document-title']/text()") == ["2"]
    assert tree.xpath("//p[@id='selected']/text()") == ["BRCA1 – gene, score 0.95, characters 2 to 7"]
    assert opened.evaluate("document.activeElement.className") == "k2 first last on"
    opened.press("k", "3", "1")
    assert marked(opened.tree()) == ["BRCA1 mutation", "breast cancer"]  # the other document has no such span
    assert opened.evaluate("location.hash") == "#documents?doc=2&type=disease"
    opened.press("0", "?")
    assert opened.evaluate("document.getElementById('keys').open")
    opened.press("Escape", "/", "h", "e", "r", "e")
    assert shown(opened.tree()) == ["3"]


def test_all_can_be_reached_by_the_tab_key(opened: Browser) -> None:
    show(opened, "doc=2")
    reached = []
    for _ in range(30):
        opened.press("Tab")
        reached.append(opened.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    for wanted in ("Skip to the report", "drug", "gene", "score", "find", "labels", "show-keys", "Spans as a table"):
        assert wanted in reached
    assert sum(label.startswith(("<b>1", "23", "24", "3")) for label in reached) <= 2  # of the list only the current


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_what_is_behind_it(browser: Browser, tmp_path: Path, scheme: str) -> None:
    """At least 4.5 to 1, as WCAG 2 AA requires; twelve types use all colours."""
    types = [f"type {number}" for number in range(12)]
    places = [(4 * number, 4 * number + 3, name, 0.9) for number, name in enumerate(types)]
    page = make_page([sampled("1", "abc " * 12, *places), sampled("2", "x")], types=types)
    (tmp_path / "page.html").write_text(page, "utf-8")
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.open(tmp_path / "page.html", "#documents?labels=1&find=abc")
    browser.press("1", "n")
    found = browser.evaluate((Path(__file__).parent / "contrasts.js").read_text())
    assert len([kind for _, kind, *_ in found if kind == "MARK"]) == 11
    assert found[0][0] >= 4.5, found[:5]
    assert browser.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") == (scheme == "dark")


def test_without_texts_the_mentions_are_a_table(browser: Browser, tmp_path: Path) -> None:
    found = sampled("4", "Aspirin & <i>", (0, 7, "drug", 0.9), (10, 13, "gene", 0.2), keep_text=False)
    (tmp_path / "page.html").write_text(make_page([found]), "utf-8")
    browser.open(tmp_path / "page.html")
    tree = browser.tree()
    rows = [["".join(cell.itertext()) for cell in row] for row in tree.xpath("//tbody[@id='mark-rows']/tr")]
    assert rows == [["Aspirin", "drug", "0.90", "0–7", ""], ["<i>", "gene", "0.20", "10–13", ""]]
    assert tree.xpath("//details[@id='mark-table']/@open")


def test_a_thousand_documents_open_quickly(browser: Browser, tmp_path: Path) -> None:
    """Counted in seconds of processor time, since a machine may be busy; it takes a third of one."""
    text = "Aspirin for BRCA1 carriers with breast cancer. " * 60
    places = [(47 * n, 47 * n + 7, "drug", 0.9) for n in range(60)]
    many = [sampled(f"document {number}", f"{number:03} {text}", *places) for number in range(1000)]
    (tmp_path / "page.html").write_text(make_page(many), "utf-8")
    browser.call("Performance.enable", timeDomain="threadTicks")
    browser.open(tmp_path / "page.html")
    assert browser.evaluate("document.querySelectorAll('#list li').length") == 1000
    assert browser.evaluate("document.querySelectorAll('mark').length") == 60
    opening = busy(browser)
    assert 0 < opening < 3
    show(browser, "score=0.95")
    assert busy(browser) - opening < 1


def busy(browser: Browser) -> float:
    """Seconds for which the page's own thread has worked."""
    found = {metric["name"]: metric["value"] for metric in browser.call("Performance.getMetrics")["metrics"]}
    return float(found["TaskDuration"])
