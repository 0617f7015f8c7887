"""A run that was finished without links and linked later is in all things one that was linked at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from outputs import contents, rows
from runs import commit_run, write_pubmed
from vocabularies import obo

from openbioner_batch.concepts.building import build_vocabulary
from openbioner_batch.engine.concepts import DICTIONARY, LINK, DictionarySpans, Linking, sources
from openbioner_batch.engine.link_run import FROM, Linked, link
from openbioner_batch.engine.names import PLAN, shard_file
from openbioner_batch.engine.settings import LinkSettings
from openbioner_batch.engine.status import run_status
from openbioner_batch.engine.store import TEMPORARY
from openbioner_batch.errors import PlanMismatchError, RunFailedError, UsageError

TEXTS = ["Seizures and a renal cyst.", "Epileptic fit (Efit) is common. Efit is treated.", "Brachydactyly was seen."]


@pytest.fixture
def vocab(tmp_path: Path) -> str:
    build_vocabulary(str(obo(tmp_path / "v")), str(tmp_path / "x.vocab"))
    return str(tmp_path / "x.vocab")


def write(path: Path, texts: list[str]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps({"id": str(n), "text": text}) + "\n" for n, text in enumerate(texts)))
    return path


def linked(run: str, output: Path, vocab: str, said: list[str] | None = None, **more: Any) -> Linked:
    values = {"run": run, "output": str(output), "link": f"name={vocab}", "workers": 1}
    return link(LinkSettings.build(values | more), ([] if said is None else said).append)


def test_what_other_additions_counted_is_counted_still(tmp_path: Path, vocab: str) -> None:
    corpus = write(tmp_path / "in" / "a.jsonl", TEXTS)
    named = DictionarySpans(sources(DICTIONARY, [f"name={vocab}"]))
    linking = Linking(sources(LINK, [f"name={vocab}"]))
    commit_run(tmp_path / "at-once", corpus, include_text=True, additions=[named, linking])
    plain = commit_run(tmp_path / "plain", corpus, include_text=True, additions=[named])
    linked(plain, tmp_path / "later", vocab)
    assert contents(tmp_path / "later") == contents(tmp_path / "at-once")
    later, at_once = (run_status(str(tmp_path / name)) for name in ("later", "at-once"))
    assert later["amounts"] == at_once["amounts"]
    assert later["amounts"]["found_by_dictionary_alone"] > 0


def test_withdrawn_records_and_kept_columns_go_along(tmp_path: Path, vocab: str) -> None:
    file = write_pubmed(tmp_path / "in" / "p.xml", [("1", "Seizure"), ("2", "Nothing"), ("3", "Cyst")], ["7", "8"])
    commit_run(tmp_path / "at-once", file, include_text=True, additions=[Linking(sources(LINK, [f"name={vocab}"]))])
    linked(commit_run(tmp_path / "plain", file, include_text=True), tmp_path / "later", vocab)
    assert contents(tmp_path / "later") == contents(tmp_path / "at-once")
    assert [row["document_id"] for row in rows(tmp_path / "later", "deletions")] == ["7", "8"]


def test_texts_of_several_files_are_read_again_for_what_is_left(tmp_path: Path, vocab: str) -> None:
    for name in "abc":
        write(tmp_path / "in" / f"{name}.jsonl", [f"{text} {name}" for text in TEXTS])
    plain = commit_run(tmp_path / "plain", tmp_path / "in")
    linked(plain, tmp_path / "out", vocab, source=(str(tmp_path / "in"),))
    wanted = contents(tmp_path / "out")
    names = [f"data/{name}" for name in sorted(path.name for path in (tmp_path / "out" / "data").iterdir())]
    for left in (names[1:], names[:1] + names[-1:], names):
        for name in left:
            (tmp_path / "out" / name).unlink()
        found = linked(plain, tmp_path / "out", vocab, source=(str(tmp_path / "in"),))
        assert found.shards == len(left)
        assert contents(tmp_path / "out") == wanted


def test_a_source_is_not_read_where_the_run_has_its_texts(tmp_path: Path, vocab: str) -> None:
    plain = commit_run(tmp_path / "plain", write(tmp_path / "in" / "a.jsonl", TEXTS), include_text=True)
    said: list[str] = []
    linked(plain, tmp_path / "out", vocab, said, source=(str(tmp_path / "nowhere"),))
    assert said == ["--source is not read: the run has kept the texts"]


def test_what_a_killed_session_left_is_in_nobodys_way(tmp_path: Path, vocab: str) -> None:
    plain = commit_run(tmp_path / "plain", write(tmp_path / "in" / "a.jsonl", TEXTS), include_text=True)
    out = tmp_path / "out"
    (out / FROM).parent.mkdir(parents=True)
    (out / FROM).write_text("{")  # its plan was to follow
    (out / TEMPORARY).mkdir()
    (out / TEMPORARY / "half").write_bytes(b"PAR1")
    assert linked(plain, out, vocab).shards == 2
    assert not (out / TEMPORARY).exists()
    assert linked(plain, out, vocab).shards == 0


def test_another_folder_is_asked_for_where_other_files_or_another_run_are(tmp_path: Path, vocab: str) -> None:
    corpus = write(tmp_path / "in" / "a.jsonl", TEXTS)
    plain = commit_run(tmp_path / "plain", corpus, include_text=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.doc").write_text("dear to someone")
    for overwrite in (False, True):
        with pytest.raises(UsageError, match=r"holds thesis\.doc and no run"):
            linked(plain, tmp_path / "out", vocab, overwrite=overwrite)
    linking = Linking(sources(LINK, [f"name={vocab}"]))
    commit_run(tmp_path / "at-once", corpus, include_text=True, additions=[linking])
    with pytest.raises(PlanMismatchError, match="run: a run that was not linked then"):
        linked(plain, tmp_path / "at-once", vocab)


def test_a_plan_that_differs_names_the_release_and_overwriting_starts_anew(tmp_path: Path, vocab: str) -> None:
    plain = commit_run(tmp_path / "plain", write(tmp_path / "in" / "a.jsonl", TEXTS), include_text=True)
    linked(plain, tmp_path / "out", vocab)
    for name, change in ((PLAN, {"release": "0.0.9"}), (FROM, {"run": "another"})):
        path = tmp_path / "out" / name
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(PlanMismatchError, match=r"\(link top: 1 then, 2 now\): openbioner-batch 0\.0\.9 began it"):
        linked(plain, tmp_path / "out", vocab, link_top=2)
    with pytest.raises(
        PlanMismatchError, match=r"\(run: another then, [0-9a-f]{57}\.\.\. now\): openbioner-batch 0\.0\.9 began"
    ):
        linked(plain, tmp_path / "out", vocab)
    assert linked(plain, tmp_path / "out", vocab, link_top=2, overwrite=True).shards == 2


def test_a_damaged_shard_is_named_without_its_content(tmp_path: Path, vocab: str) -> None:
    plain = commit_run(tmp_path / "plain", write(tmp_path / "in" / "a.jsonl", TEXTS), include_text=True)
    path = tmp_path / "plain" / shard_file("data", 0, 1)
    path.write_bytes(path.read_bytes()[:-200] + bytes(200))
    with pytest.raises(RunFailedError) as caught:
        linked(plain, tmp_path / "out", vocab)
    assert "000000-00001" in str(caught.value)
    assert "Brachydactyly" not in str(caught.value)
    assert "\n" not in str(caught.value)
