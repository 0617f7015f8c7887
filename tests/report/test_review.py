"""A review from a finished run to the report that is signed."""

from __future__ import annotations

import base64
import json
import math
import re
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from report.pages import parsed
from report.reviews import NOTES, answer, deidentified, review, sample, told

from openbioner_batch.report.opened import open_output
from openbioner_batch.report.review.drawing import draw_notes
from openbioner_batch.report.review.plan import ReviewGoal


@pytest.mark.parametrize("name", ["jsonl", "csv", "parquet", "text"])
def test_a_sample_has_new_notes_of_the_run_and_nothing_of_what_was_replaced(name: str, tmp_path: Path) -> None:
    out = deidentified(tmp_path, name)
    plan, page = sample(out, "--leaks-below", "20%", "--seed", 3)
    assert len(page["notes"]) == len(plan["notes"]) == 14  # 0.8 ** 14 < 0.05
    assert len({(note["shard"], note["split"], note["place"]) for note in plan["notes"]}) == 14
    for text in page["notes"]:
        assert text.startswith("é🙂 Note ")
        assert "Lopez" not in text
    written = (tmp_path / "plan.json").read_text("utf-8")
    assert not [text for text in page["notes"] if text[3:11] in written]
    for path in (tmp_path / "review.html", tmp_path / "plan.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_texts_of_fhir_resources_are_reviewed_and_replacements_in_each_are_no_leaks(tmp_path: Path) -> None:
    def resource(number: int) -> dict[str, Any]:
        data = base64.b64encode(f"Ü🙂 Maria Lopez came on 1/2/2021 with Zqx{number}.".encode()).decode()
        return {
            "resourceType": "DiagnosticReport",
            "id": f"r{number}",
            "status": "final",
            "code": {"text": f"panel of Lopez, MRN 44712{number:02}"},
            "subject": {"reference": f"Patient/{number}", "display": "Maria Lopez"},
            "presentedForm": [{"contentType": "text/plain", "data": data}],
            "conclusion": f"Maria Lopez, MRN 44712{number:02}, is well; Vvq{number} too.",
        }

    patient = {"resourceType": "Patient", "id": "9", "name": [{"family": "Lopez", "given": ["Maria"]}]}
    lines = [json.dumps(one) + "\n" for one in [*map(resource, range(20)), patient]]
    (tmp_path / "in.ndjson").write_text("".join(lines), "utf-8")
    more = {"inputs": (str(tmp_path / "in.ndjson"),), "format": "fhir", "patient_field": None, "keep_fields": ()}
    out = deidentified(tmp_path, **more)
    plan, page = sample(out, "--leaks-below", "20%", "--stratify", "resourceType")
    assert plan["sizes"] == {"DiagnosticReport": 20}
    assert len(page["notes"]) == 14
    marks: dict[int, list[str]] = {
        0: [re.search(r"Zqx\d+", page["notes"][0])[0], re.search(r"Vvq\d+", page["notes"][0])[0]]
    }  # type: ignore[index]
    replaced = [re.search(r"MRN (\d+)", page["notes"][1]), re.search(r"🙂 (\S+ \S+) came", page["notes"][1])]
    marks[1] = [found[1] for found in replaced if found]
    assert len(marks[1]) == 2
    found = told(out, answer(tmp_path, page, "Ann", marks))
    assert (found["leaking_notes"], found["missed_identifiers"], found["marks_on_replacements"]) == (1, 2, 2)


def test_the_same_request_gives_the_same_files_and_another_seed_others(tmp_path: Path) -> None:
    out = deidentified(tmp_path)
    first = sample(out, "--leaks-below", "20%")
    files = [(tmp_path / name).read_bytes() for name in ("review.html", "plan.json")]
    assert sample(out, "--leaks-below", "20%") == first
    assert [(tmp_path / name).read_bytes() for name in ("review.html", "plan.json")] == files
    assert sample(out, "--leaks-below", "20%", "--seed", 1)[0]["notes"] != first[0]["notes"]


def test_strata_are_sampled_by_their_share_and_at_least_so_often(tmp_path: Path) -> None:
    out = deidentified(tmp_path)
    plan, _ = sample(out, "--stratify", "kind", "--leaks-below", "20%")
    assert plan["sizes"] == {"(no value)": 10, "letter": 20, "nursing": 10}
    assert Counter(note["stratum"] for note in plan["notes"]) == plan["drawn"]
    assert plan["drawn"]["letter"] in (7, 8)
    assert sample(out, "--stratify", "kind", "--leaks-below", "20%", "--least", 9)[0]["drawn"] == {
        "(no value)": 9, "letter": 9, "nursing": 9}  # fmt: skip
    whole, _ = sample(out, "--stratify", "kind")
    assert whole["drawn"] == whole["sizes"]


def test_each_note_is_drawn_as_often_as_others(tmp_path: Path) -> None:
    run = open_output(str(deidentified(tmp_path)))
    seen: Counter[tuple[int, int]] = Counter()
    for seed in range(800):
        _, notes = draw_notes(run, ReviewGoal(0.3, 0.95, 0), seed, None, 0)
        assert len(notes) == 9
        seen.update((note.shard, note.place) for note in notes)
    assert len(seen) == 40
    expected, spread = 800 * 9 / 40, math.sqrt(800 * 9 / 40 * (1 - 9 / 40))
    assert all(abs(count - expected) < 4.5 * spread for count in seen.values())


def test_a_missed_name_is_a_leak_and_a_mark_on_a_replacement_is_none(tmp_path: Path) -> None:
    out = deidentified(tmp_path)
    plan, page = sample(out, "--stratify", "kind", "--leaks-below", "20%")
    count = len(page["notes"])
    place = next(at for at, note in enumerate(plan["notes"]) if note["stratum"] == "letter")
    text = page["notes"][place]
    invented = text.partition(": ")[2].partition(",")[0]
    left = text.rpartition(" ")[2].rstrip(".")
    assert left.startswith("Zqx")
    both = told(out, answer(tmp_path, page, "Ann", {place: [invented, left]}), answer(tmp_path, page, "Bo", {}))
    assert (both["leaking_notes"], both["missed_identifiers"], both["marks_on_replacements"]) == (1, 1, 1)
    assert both["sample"] | {"read": count, "not_read": 0} == both["sample"]
    assert both["strata"]["letter"]["leaking"] == 1
    assert both["strata"]["nursing"]["leaking"] == 0
    assert both["missed_by_kind"] == {"name": 1}
    assert both["misses"][0]["reviewers"] == ["Ann"]
    assert both["read_by_several"] == {"notes": count, "disagreed": 1}
    assert not both["wanted"]["reached"]
    assert both["leak_rate"] < both["bound"] < 1
    assert both["replaced_identifiers"] == 3 * count
    one = told(out, answer(tmp_path, page, "Bo", {}))
    assert one["wanted"]["reached"]
    assert one["bound"] <= 0.2
    for name in ("signed.json", "signed.html"):
        written = (tmp_path / name).read_text("utf-8")
        assert left not in written
        assert invented not in written


def test_notes_that_were_not_read_are_told_and_a_leak_in_one_counts(tmp_path: Path) -> None:
    out = deidentified(tmp_path)
    _, page = sample(out, "--leaks-below", "20%")
    found = told(out, answer(tmp_path, page, "Ann", {13: ["Zqx"]}, done=range(10)))
    assert found["sample"] | {"read": 11, "not_read": 3, "drawn": 14} == found["sample"]
    assert found["leaking_notes"] == 1
    assert found["bound_if_unread_leak"] > found["bound"]
    assert "3 notes of the sample were not read" in parsed((tmp_path / "signed.html").read_text("utf-8")).xpath(
        "string(.)"
    )


def test_what_is_signed_says_the_bound_in_words(tmp_path: Path) -> None:
    out = deidentified(tmp_path)
    _, page = sample(out, "--leaks-below", "20%")
    found = told(out, answer(tmp_path, page, "Ann", {}))
    tree = parsed((tmp_path / "signed.html").read_text("utf-8"))
    words = tree.xpath("string(//p[@class='statement'])")
    assert words == (
        "Of 40 notes, 14 were read, of which none leaks an identifier. With 95 % confidence at most 19.3 % of all "
        "notes leak (fewer than 1 in 5)."
    )
    assert found["bound"] == pytest.approx(1 - 0.05 ** (1 / 14))
    assert tree.xpath("//dl[@class='signature']//dt/text()") == ["Name", "Position", "Date", "Signature"]
    assert "reached" in tree.xpath("string(//h1)")
    _, whole = sample(out)
    all_read = told(out, answer(tmp_path, whole, "Ann", {}))
    assert all_read["bound"] == 0.0
    assert "All were read" in parsed((tmp_path / "signed.html").read_text("utf-8")).xpath("string(.)")


def test_the_exit_code_tells_whether_the_bound_was_reached(tmp_path: Path) -> None:
    out = deidentified(tmp_path)
    _, page = sample(out, "--leaks-below", "20%")
    good, bad = answer(tmp_path, page, "Ann", {}), answer(tmp_path, page, "Bo", {0: ["Zqx"]})
    arguments = ("--plan", tmp_path / "plan.json", "--fail-if-not-reached")
    assert review("report", out, good, *arguments).exit_code == 0
    failed = review("report", out, bad, *arguments)
    assert failed.exit_code == 1
    assert "not reached" in failed.output


def test_requests_that_cannot_be_met_are_refused_in_a_line(tmp_path: Path) -> None:
    out = deidentified(tmp_path)
    place = ("--html", tmp_path / "x.html", "--plan", tmp_path / "x.json")

    def refused(*arguments: str | Path, words: str) -> None:
        result = review(*arguments)
        assert result.exit_code == 2
        assert words in result.output
        assert result.output.count("\n") == 1

    refused("sample", out, *place, "--stratify", "ward", words="it has kind")
    refused("sample", out, *place, "--leaks-below", "2", words="give a share")
    refused("sample", out, *place, "--leaks-below", "none", words="give a share")
    refused("sample", out, *place, "--confidence", "50%", words="90% or more")
    refused("sample", out, "--html", out / "x.html", "--plan", tmp_path / "x.json", words="lies in the run's folder")
    refused("sample", tmp_path, *place, words="holds no run")
    refused(
        "sample", out, "--html", tmp_path / "no" / "x.html", "--plan", tmp_path / "x.json", words="cannot be written"
    )
    _, page = sample(out, "--leaks-below", "20%")
    good, plan = answer(tmp_path, page, "Ann", {}), tmp_path / "plan.json"
    broken = tmp_path / "broken.json"
    for text in ("", "{}", "[]", good.read_text().replace('"version": 1', '"version": 9'), "\x00"):
        broken.write_text(text)
        refused("report", out, broken, "--plan", plan, words="not a saved review")
    broken.write_text(plan.read_text().replace('"seed": 0', '"seed": 1'))
    refused("report", out, good, "--plan", broken, words="was changed after it was written")
    refused("report", out, good, "--plan", good, words="not a plan of a review")
    refused("report", out, good, "--plan", tmp_path / "none", words="cannot be read")
    refused("report", out, good, good, "--plan", plan, words="two files are of reviewer Ann")
    broken.write_text(good.read_text().replace(page["package"], "0" * 16))
    refused("report", out, broken, "--plan", plan, words="is of sample 0000000000000000")
    broken.write_text(
        good.read_text().replace('"0": {"done": true, "marks": []', '"0": {"done": true, "marks": [[0, 9999, "name"]]')
    )
    refused("report", out, broken, "--plan", plan, words="marks what is not in the sample")


def test_a_run_that_was_changed_since_is_not_reported_on(tmp_path: Path) -> None:
    out = deidentified(tmp_path)
    _, page = sample(out, "--leaks-below", "20%")
    for file in (out / "data").iterdir():
        file.write_text(file.read_text("utf-8").replace("was seen", "was heard"), "utf-8")
    result = review("report", out, answer(tmp_path, page, "Ann", {}), "--plan", tmp_path / "plan.json")
    assert result.exit_code == 1
    assert "draw it again" in result.output


def test_tags_and_invented_values_are_explained_each_where_it_stands(tmp_path: Path) -> None:
    sample(deidentified(tmp_path))
    invented = parsed((tmp_path / "review.html").read_text("utf-8")).xpath("string(//header)")
    assert "mark them too" in invented
    (tmp_path / "tags").mkdir()
    sample(deidentified(tmp_path / "tags", policy="tags"))
    tags = parsed((tmp_path / "tags" / "review.html").read_text("utf-8")).xpath("string(//header)")
    assert "need no mark" in tags


def test_a_hostile_note_is_data(tmp_path: Path) -> None:
    NOTES[0]["text"], kept = "</script><script>alert(1)</script> <b>1</b>", NOTES[0]["text"]
    try:
        _, page = sample(deidentified(tmp_path))
    finally:
        NOTES[0]["text"] = kept
    assert any(text.startswith("</script>") for text in page["notes"])
    assert len(parsed((tmp_path / "review.html").read_text("utf-8")).xpath("//script")) == 2
