"""Generated notes: what is planted is where they say it is, the sides share nothing, and seeds decide everything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from openbioner_batch.catalog import load_catalog
from openbioner_batch.training.passages import passage_from_row

ROOT = Path(__file__).resolve().parents[3]
pytest.importorskip("faker", reason="the deid extra is not installed")


def test_spans_are_in_place_of_types_of_the_catalog_and_never_overlap() -> None:
    from openbioner_batch.training.phi.synthetic.notes import write_notes

    phi = load_catalog().set_named("phi")
    assert phi is not None
    for note in write_notes(150, 3, None, None):
        end = 0
        for start, stop, kind in note.spans:
            assert end <= start < stop <= len(note.text)
            assert phi.named(kind), kind
            assert note.text[start:stop].strip() == note.text[start:stop], "no blank at an edge"
            end = stop
        assert "<<" not in note.text.replace("<<<", "")


def test_every_template_can_be_filled() -> None:
    import random
    from datetime import date

    from openbioner_batch.training.phi.synthetic.notes import write_note
    from openbioner_batch.training.phi.synthetic.patients import draw_patient
    from openbioner_batch.training.phi.synthetic.resources import DocumentTemplate, documents, templates
    from openbioner_batch.training.phi.synthetic.writer import NoteWriter

    day = date(2020, 5, 4)
    chance = random.Random(1)
    patient = draw_patient(chance, None, reserved=True, identity="P1", day=day)
    texts = [
        text for name in ("headers", "signatures", "sentences", "negatives", "bodies") for text in templates(name, None)
    ]
    for template in [*documents(None), *(DocumentTemplate("note", text, False) for text in texts)]:
        writer = NoteWriter(patient, chance, random.Random(2), None, day, reserved=True)
        note = write_note("n", writer, None, rough=False, template=template)
        assert "<<" not in note.text.replace("<<<", "")
        assert note.text


def test_seeds_decide_everything_and_sides_share_no_template_or_name() -> None:
    from openbioner_batch.training.phi.synthetic.notes import write_notes
    from openbioner_batch.training.phi.synthetic.people import names_of_origin
    from openbioner_batch.training.phi.synthetic.resources import documents, templates
    from openbioner_batch.training.phi.synthetic.splits import SPLITS

    first, again = (list(write_notes(20, 5, "test", None)) for _ in range(2))
    assert [note.as_row() for note in first] == [note.as_row() for note in again]
    assert [note.text for note in write_notes(20, 6, "test", None)] != [note.text for note in first]
    for name in ("headers", "signatures", "sentences", "negatives", "bodies"):
        splits = [set(templates(name, split)) for split in SPLITS]
        assert len(set.union(*splits)) == sum(map(len, splits)) == len(templates(name, None))
        assert all(splits)
    assert sum(len(documents(split)) for split in SPLITS) == len(documents(None))
    surnames = [set(names_of_origin("en_US", split)[2]) for split in SPLITS]
    assert not surnames[0] & surnames[2]


@pytest.mark.parametrize("identifiers", [False, True])
def test_terse_text_is_wholly_filled_and_has_only_the_identifiers_it_says(identifiers: bool) -> None:
    from openbioner_batch.training.phi.synthetic.resources import grammar
    from openbioner_batch.training.phi.synthetic.terse import _SLOT, write_terse

    phi = load_catalog().set_named("phi")
    assert phi is not None
    notes = list(write_terse(300, 3, "train", identifiers))
    assert [note.as_row() for note in notes] == [note.as_row() for note in write_terse(300, 3, "train", identifiers)]
    for note in notes:
        assert bool(note.spans) == identifiers
        assert not _SLOT.search(note.text), note.text
        for start, end, kind in note.spans:
            assert phi.named(kind)
            assert note.text[start:end].strip() == note.text[start:end] != ""
    genres = set(grammar("genres"))
    assert len(genres) > 25
    assert "<<with_identifiers>>" not in genres


def test_every_alternative_of_the_terse_grammar_can_be_filled() -> None:
    """Each one alone: what stands in << >> is a rule, a range, a pattern, or a slot of the writer."""
    import random

    from openbioner_batch.training.phi.synthetic import terse
    from openbioner_batch.training.phi.synthetic.notes import write_notes
    from openbioner_batch.training.phi.synthetic.resources import _load, grammar
    from openbioner_batch.training.phi.synthetic.slots import PLAIN, TYPED

    (note,) = write_notes(1, 3, "train", None)
    assert note.spans
    chance = random.Random(1)
    for rule in _load("terse"):
        for text in grammar(rule):
            left = terse._SLOT.findall(terse._expanded(text, chance, None))
            people = ("pt", "rel", "rel2", "dr", "dr2", "dr3", "nurse", "nurse2", "date", "odd")
            for slot in left:
                head = slot.partition(":")[0].partition("+")[0].partition("-")[0]
                assert head in (*people, *TYPED, *PLAIN), f"{rule}: {slot}"


def test_sides_share_no_frame_and_few_words_of_the_terse_grammar() -> None:
    from openbioner_batch.training.phi.synthetic import terse
    from openbioner_batch.training.phi.synthetic.resources import grammar
    from openbioner_batch.training.phi.synthetic.splits import SPLITS

    for rule in ("shorthand", "question", "with_identifiers", "syndrome", "brand", "scale", "city_med"):
        train, _, test = (set(terse._in_split(grammar(rule), split)) for split in SPLITS)
        assert train
        assert test
        assert not train & test, rule


def test_the_carried_archive_is_what_the_generator_writes() -> None:
    from openbioner_batch.training.phi.synthetic.archive import write_archive

    carried = ROOT / "openbioner_batch" / "data" / "sample_clinical.jsonl"
    assert carried.stat().st_size < 300_000
    rows = [json.loads(line) for line in carried.read_text("utf-8").splitlines()]
    assert rows == list(write_archive(1))


def test_the_archive_is_a_hundred_notes_of_twenty_consistent_patients_with_reserved_numbers() -> None:
    carried = ROOT / "openbioner_batch" / "data" / "sample_clinical.jsonl"
    patients = defaultdict(list)
    for line in carried.read_text("utf-8").splitlines():
        row = json.loads(line)
        patients[row["patient_id"]].append(row)
    assert len(patients) == 20
    for rows in patients.values():
        assert len(rows) == 5
        for field in ("name", "birth_date", "mrn", "phone", "address", "provider"):
            assert len({row[field] for row in rows}) == 1
        dates = [row["note_date"] for row in rows]
        assert dates == sorted(set(dates))
        assert rows[0]["phone"][-7:-2] == "55-01"
        surname = rows[0]["name"].split()[-1].lower()
        assert any(surname in row["text"].lower() for row in rows)


def test_training_data_is_of_the_development_sides_and_never_mixes_broad_and_fine(shared: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "openbioner_batch.training.phi", str(tmp_path), "--notes", "20", "--terse", "20",
         "--snippets", "20", "--corpora", str(shared / "corpora" / "deid"), "--bodies",
         str(shared / "corpora/text/mtsamples.jsonl.gz")],
        capture_output=True, text=True, timeout=300, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    from openbioner_batch.training.phi.passages import AGE, BROAD, ROOM

    described = set(pq.read_table(tmp_path / "descriptions").column("entity_type").to_pylist())
    assert {"terse_none", "terse_few"} <= {path.stem for path in (tmp_path / "passages").iterdir()}
    for path in sorted((tmp_path / "passages").iterdir()):
        for row in pq.read_table(path).to_pylist():
            passage = passage_from_row(row)
            assert passage.annotated is not None
            assert {mention.type for mention in passage.mentions} <= set(passage.annotated) <= described
            if passage.source in ("no_identifiers", "terse_none"):
                assert not passage.mentions
                assert not passage.unsure
            if passage.source in ("pii_anon_clinical", "presidio_synthetic"):
                assert set(passage.annotated) <= set(BROAD)
            elif passage.source != "synthetic_fine":
                assert set(passage.annotated) - {ROOM} == {*BROAD, AGE}


def test_bodies_without_a_stretch_that_can_be_used_are_refused(tmp_path: Path) -> None:
    from openbioner_batch.errors import UsageError
    from openbioner_batch.training.phi.synthetic.notes import write_notes

    bodies = tmp_path / "bodies.jsonl"
    bodies.write_text(json.dumps({"id": "1", "text": "Seen by Dr. Lee."}) + "\n")
    with pytest.raises(UsageError, match=r"bodies.jsonl: the notes of the split test hold no 200 letters"):
        list(write_notes(40, 1, "test", bodies))
