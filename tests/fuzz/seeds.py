"""Small valid files of every format that is read, to be damaged."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

SECRET = "Zqxcanary"
"""Stands in every text, and must stand in no reason and no message."""
TEXT = f"Patient {SECRET} took aspirin\u2028 for naïve 😀 pain."
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


@dataclass(frozen=True)
class Seed:
    """Files that a format reads together, by name."""

    format: str
    files: dict[str, bytes]
    keep: tuple[str, ...] = ()


def _jsonl(records: list[dict[str, object]]) -> bytes:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def _parquet(columns: dict[str, list[object]], codec: str) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, row_group_size=3, compression=codec)
    return stream.getvalue()


def _citation(pmid: int) -> str:
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><DateRevised><Year>2020</Year></DateRevised>'
        "<Article><Journal><JournalIssue><PubDate><MedlineDate>1998 Dec-1999 Jan</MedlineDate></PubDate>"
        f"</JournalIssue><Title>J</Title></Journal><ArticleTitle>On <i>{SECRET}</i>.</ArticleTitle><Abstract>"
        f'<AbstractText Label="AIM">{TEXT}</AbstractText><AbstractText>More.</AbstractText></Abstract></Article>'
        "</MedlineCitation></PubmedArticle>"
    )


def _bioc(name: str) -> dict[str, object]:
    place = TEXT.index("aspirin")
    mark = {"id": "1", "infons": {"type": "drug"}, "text": "aspirin", "locations": [{"offset": place, "length": 7}]}
    title = {"offset": 0, "infons": {"type": "title"}, "text": TEXT, "sentences": [], "annotations": [mark]}
    rest = [{"offset": len(TEXT) + 1 + 5 * n, "text": "More", "annotations": []} for n in range(2)]
    body = {"offset": len(TEXT) + 1, "infons": {"type": "abstract"}, "sentences": rest, "annotations": []}
    return {"id": name, "infons": {}, "passages": [title, body], "relations": []}


def _bioc_xml(name: str) -> str:
    place = TEXT.index("aspirin")
    return (
        f'<document><id>{name}</id><passage><infon key="type">title</infon><offset>0</offset><text>{TEXT}</text>'
        f'<annotation id="1"><infon key="type">drug</infon><location offset="{place}" length="7"/><text>aspirin</text>'
        f"</annotation></passage><passage><offset>{len(TEXT) + 1}</offset><sentence><offset>{len(TEXT) + 1}</offset>"
        "<text>More</text></sentence></passage></document>"
    )


def _fhir(kind: str, name: str) -> dict[str, object]:
    attachment = {"contentType": "text/plain; charset=utf-8", "data": base64.b64encode(TEXT.encode()).decode()}
    held = {"presentedForm": [attachment]} if kind == "DiagnosticReport" else {"content": [{"attachment": attachment}]}
    return {"resourceType": kind, "id": name, "subject": {"reference": "Patient/1"}, **held}


def _seeds() -> list[Seed]:
    rows = [{"id": n, "text": f"{TEXT} {n}", "kind": {"a": [n, 0.5, None]}} for n in range(4)]
    place = TEXT.index("aspirin")
    table: dict[str, list[object]] = {"id": list(range(7)), "text": [f"{TEXT} {n}" for n in range(7)], "year": [1] * 7}
    notes: dict[str, list[object]] = {"note_id": list(range(4)), "note_text": [TEXT] * 4}
    csv = "".join(f'{n},"{TEXT} ""x""\n, {n}",k\r\n' for n in range(4))
    tagged = f"Patient\tO\n{SECRET}\tB-name\ntook\tO\naspirin\tB-drug\n\nMore\tO\ntoo\tI-drug\n\n"
    pubtator = f"|t|{TEXT}\n1|a|{TEXT}\n1\t{place}\t{place + 7}\taspirin\tChemical\tD1\n1\tCID\tD1\tD2\n\n"
    mark = f"T1\tDrug {place} {place + 7}\taspirin\nT2\tName 0 7;8 {8 + len(SECRET)}\tPatient {SECRET}\nR1\tx\n"
    notice = "<DeleteCitation><PMID>5</PMID><PMID>6</PMID></DeleteCitation>"
    doctype = (
        '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2019//EN" "http://d.test/p.dtd">'
    )
    pubmed = f"{doctype}\n<PubmedArticleSet>{''.join(map(_citation, range(3)))}{notice}</PubmedArticleSet>"
    bundled = [{"resource": _fhir("DocumentReference", str(number))} for number in range(3)]
    return [
        Seed("jsonl", {"a.jsonl": _jsonl(rows)}, ("kind",)),
        Seed("jsonl", {"a.json": json.dumps(rows, indent=1).encode()}, ("kind",)),
        Seed("parquet", {"a.parquet": _parquet(table, "zstd")}, ("year",)),
        Seed("parquet", {"a.parquet": _parquet(table, "none")}),
        Seed("csv", {"a.csv": f"id,text,kind\r\n{csv}".encode()}, ("kind",)),
        Seed("tsv", {"a.tsv": f"id\ttext\n1\t{TEXT}\n2\t\n3\t{TEXT}".encode()}),
        Seed("text", {"a.txt": TEXT.encode(), "b.txt": b"", "c.txt": b"\xef\xbb\xbfBOM"}),
        Seed("pubmed", {"a.xml": f'<?xml version="1.0"?>\n{pubmed}'.encode()}),
        Seed("pubtator", {"a.pubtator": f"1{pubtator}2|t|Title\n2|a|\n\n1{pubtator}".encode()}, ("annotations",)),
        Seed("bioc-xml", {"a.xml": f"<collection>{_bioc_xml('a')}{_bioc_xml('b')}</collection>".encode()}),
        Seed("bioc-xml", {"a.xml": f"<collection>{_bioc_xml('a')}</collection>".encode()}, ("annotations",)),
        Seed("bioc-json", {"a.json": json.dumps({"documents": [_bioc("a"), _bioc("b")]}).encode()}, ("annotations",)),
        Seed("bioc-json", {"a.json": _jsonl([_bioc("a"), _bioc("b")])}),
        Seed("pubmed", {"a.xml": (pubmed + _citation(9) + pubmed).encode()}),
        Seed("brat", {"a.txt": TEXT.encode(), "a.ann": mark.encode(), "b.txt": TEXT.encode()}, ("annotations",)),
        Seed("iob", {"a.iob": f"-DOCSTART-\ta\n\n{tagged}-DOCSTART-\n\n{tagged}".encode()}, ("annotations",)),
        Seed("iob", {"a.iob": f"{tagged}{tagged}".encode()}, ("annotations",)),
        Seed("omop-note", {"a.csv": f'note_id,note_text\n1,"{TEXT}"\n2,More\n'.encode()}),
        Seed("omop-note", {"a.parquet": _parquet(notes, "snappy")}),
        Seed("fhir", {"a.json": json.dumps({"resourceType": "Bundle", "entry": bundled}, indent=1).encode()}),
        Seed("fhir", {"a.ndjson": _jsonl([_fhir("DocumentReference", "1"), _fhir("DiagnosticReport", "2")])}),
    ]


SEEDS = _seeds()
