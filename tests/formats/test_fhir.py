"""FHIR resources and their attachments: character sets, ids, and elements that do not occur."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from formats.reading import documents, read_all

from openbioner_batch.errors import UsageError
from openbioner_batch.formats import ReadOptions, get_format
from openbioner_batch.formats.fhir_attachment import media_type, read_text, with_text

FHIR = get_format("fhir")


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def report(conclusion: str, **elements: object) -> dict[str, object]:
    return {"resourceType": "DiagnosticReport", "conclusion": conclusion, **elements}


@pytest.mark.parametrize(
    ("type", "charset"),
    [
        ("text/plain", "utf-8"),
        ("text/plain; charset=ISO-8859-1", "latin-1"),
        ('Text/Markdown; format=flowed; CharSet = "utf-16"', "utf-16"),
    ],
)
def test_an_attachment_is_read_in_the_character_set_that_its_type_names(type: str, charset: str) -> None:
    assert read_text({"contentType": type, "data": encoded("Käse".encode(charset))}) == "Käse"


def test_a_new_text_has_its_own_size_and_hash_where_the_old_one_had() -> None:
    new = with_text({"contentType": "text/plain", "size": 1, "hash": "x"}, "Käse")
    assert (new["size"], new["hash"]) == (5, encoded(hashlib.sha1("Käse".encode()).digest()))
    assert with_text({"contentType": "text/plain"}, "Käse").keys() == {"contentType", "data"}


@pytest.mark.parametrize(
    ("said", "media"), [(" Application/VND.ms-word; x=1", "application/vnd.ms-word"), ("Jane Doe", ""), (None, "")]
)
def test_what_is_no_media_type_is_none(said: str | None, media: str) -> None:
    assert media_type({"contentType": said} if said else {}) == media


def test_resources_without_ids_are_called_by_their_place(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    lines = [json.dumps(one) for one in (report("well"), report("ill", id="r7"), report("well"))]
    path.write_text("\n".join(lines))
    assert [one.id for one in documents(read_all(FHIR, [path]))] == [
        f"{path}:0",
        "r7",
        f"{path}:{len(lines[0]) + len(lines[1]) + 2}",
    ]


def test_elements_are_looked_up_in_files_of_any_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text(json.dumps(report("well", id="Käse", subject={"reference": "Patient/7"})), "utf-16")
    (document,) = documents(read_all(FHIR, [path], ReadOptions(encoding="utf-16", keep_fields=("subject",))))
    assert (document.id, document.text) == ("Käse", "well")
    with pytest.raises(UsageError, match="has no field 'subjct'"):
        read_all(FHIR, [path], ReadOptions(encoding="utf-16", keep_fields=("subjct",)))


def test_only_plain_text_is_read_and_only_of_base64() -> None:
    lines = "S8Ok\n  c2U=\n"  # as MIME breaks it
    assert read_text({"contentType": "text/plain", "data": lines}) == "Käse"
    assert read_text({"contentType": "text/html", "data": lines}) is None
    assert read_text({"contentType": "text/plain", "url": "http://h.example/1"}) is None
    assert read_text({"data": lines}) is None
    for damaged in ("S8Ok*c2U=", "S8O"):
        with pytest.raises(ValueError, match="data is not base64"):
            read_text({"contentType": "text/plain", "data": damaged})
