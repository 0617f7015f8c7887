"""What files of annotated formats look like in the wild: each is read, or is set aside with a reason."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from formats.reading import documents, read_all, rejected

from openbioner_batch.formats import ReadOptions, get_format
from openbioner_batch.formats.iob import chunks, read_iob
from openbioner_batch.formats.pubtator import read_pubtator
from openbioner_batch.records import UNREAD

KEEP = ReadOptions(keep_fields=("annotations",))
PASSAGE = {"infons": {"type": "title"}, "offset": 0, "text": "Zinc", "annotations": []}


def texts(name: str, path: Path, options: ReadOptions | None = None) -> list[str]:
    return [document.text for document in documents(read_all(get_format(name), [path], options))]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_pubtator_texts_may_go_on_over_lines(tmp_path: Path, ending: str) -> None:
    content = (
        "1|t|A\n1|a|Zinc line.\nSecond line,\u2028 with iron.\n\nA paragraph.\n1\t2\t6\tZinc\tdrug\tX\n"
        "1\tCID\tX\tY\n\n2|t|C\n2|a|D\n3|t|E\n"
    )
    path = tmp_path / "a.pubtator"
    path.write_bytes(content.replace("\n", ending).encode())
    expected = ["A\nZinc line.\nSecond line,\u2028 with iron.\n\nA paragraph.", "C\nD", "E"]
    assert texts("pubtator", path) == texts("pubtator", path, KEEP) == expected
    assert [span.text for gold in read_pubtator(path) for span in gold.spans] == ["Zinc"]


def test_pubtator_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.pubtator"
    path.write_text("1|t|Bénin\n1|a|Été\n", "latin-1")
    assert texts("pubtator", path, ReadOptions(encoding="latin-1")) == ["Bénin\nÉté"]


def test_a_pubtator_line_that_is_neither_text_nor_annotation_is_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "a.pubtator"
    path.write_text("1|t|A\n1|a|B\n1\t0\t1\tA\tx\tX\nsecret\n\n2|t|C\n2|a|D\n2\t0\t1\tC\tx\n\nsecret too\n\n3|t|E\n")
    for options in (None, KEEP):
        found = read_all(get_format("pubtator"), [path], options)
        assert [document.id for document in documents(found)] == ["2", "3"]
        assert [reason.partition(":")[0] for _, reason in rejected(found)] == ["line 4", "line 10"]


def test_annotations_after_a_blank_line_belong_to_their_document(tmp_path: Path) -> None:
    path = tmp_path / "a.pubtator"
    path.write_text("1|t|Zinc\n1|a|\n\n1\t0\t4\tZinc\tdrug\tX\n\n2|t|C\n")
    (first, second) = documents(read_all(get_format("pubtator"), [path], KEEP))
    assert (first.text, second.text) == ("Zinc", "C")
    assert [span["text"] for span in first.metadata["annotations"]] == ["Zinc"]


def test_offsets_of_annotations_matter_only_where_they_are_kept(tmp_path: Path) -> None:
    mark = (
        '<annotation id="1"><infon key="type">x</infon><location offset="-1" length="4"/><text>Zinc</text></annotation>'
    )
    passage = f"<passage><offset>0</offset><text>Zinc</text>{mark}</passage>"
    xml = tmp_path / "a.bioc"
    xml.write_text(f"<collection><document><id>1</id>{passage}</document></collection>")
    assert texts("bioc-xml", xml) == ["Zinc"]
    assert texts("bioc-xml", xml, KEEP) == []
    bad = {**PASSAGE, "annotations": [{"locations": [{"offset": -1, "length": 4}]}, None]}
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"id": "1", "passages": [bad]}))
    assert texts("bioc-json", path) == ["Zinc"]
    assert texts("bioc-json", path, KEEP) == []


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("key", ["PubTator3", "documents", None])
def test_bioc_json_comes_in_many_wrappings(tmp_path: Path, key: str | None, indent: int | None) -> None:
    held = [{"id": str(number), "passages": [PASSAGE]} for number in range(3)]
    values = held if key is None else [{key: held}]
    path = tmp_path / "a.json"
    path.write_text("\n".join(json.dumps(value, indent=indent) for value in values))
    found = read_all(get_format("bioc-json"), [path])
    assert [document.id for document in documents(found)] == ["0", "1", "2"]
    path.write_text(json.dumps(values, indent=indent))
    assert [document.id for document in documents(read_all(get_format("bioc-json"), [path]))] == ["0", "1", "2"]


def test_a_damaged_line_of_bioc_json_costs_one_document_and_a_damaged_collection_the_rest(tmp_path: Path) -> None:
    lines = [json.dumps({"id": str(number), "passages": [PASSAGE]}) for number in range(5)]
    lines[2] = lines[2].replace("Zinc", "Zi\0nc")
    path = tmp_path / "a.json"
    path.write_text("\n".join(lines))
    found = read_all(get_format("bioc-json"), [path])
    assert [document.id for document in documents(found)] == ["0", "1", "3", "4"]
    assert len(rejected(found)) == 1
    path.write_text(json.dumps({"documents": [json.loads(lines[0]), 5]}).replace("5]", "5 6]"))
    ((_, reason),) = rejected(read_all(get_format("bioc-json"), [path]))
    assert reason.endswith(UNREAD)


def test_tags_matter_only_where_annotations_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.iob"
    path.write_text("Zinc\tB\nhelps\t???\n\nlung\tB\ncancer\tI\n\nfever B\n")
    assert texts("iob", path) == ["Zinc helps", "lung cancer", "fever"]
    found = documents(read_all(get_format("iob"), [path], KEEP))
    assert [[(s["text"], s["type"]) for s in one.metadata["annotations"]] for one in found] == [
        *([("lung cancer", "entity")], [("fever", "entity")])
    ]
    path.write_text("Nothing but a sentence\n\nZinc O\n")
    assert texts("iob", path) == ["Zinc"]


@pytest.mark.parametrize("letters", ["BILUO", "BIESO", "BMESO", "BMEWO", "bilou", "biluo"])
def test_schemes_of_tags_are_read_by_their_letters(tmp_path: Path, letters: str) -> None:
    begin, inside, other = letters[:2] + "O"
    end, single = ("L", "U") if "l" in letters.lower() else ("E", "W" if "W" in letters else "S")
    tags = [f"{begin}-x", f"{inside}-x", f"{end}-x", f"{single}-x", other, f"{single}-y"]
    tags = [tag.lower() for tag in tags] if letters.islower() else tags
    assert chunks(tags) == [(0, 3, "x"), (3, 4, "x"), (5, 6, "y")]
    path = tmp_path / "a.tsv"
    path.write_text("".join(f"t{number}\t{tag}\n" for number, tag in enumerate(tags)))
    (sentence,) = read_iob(path)
    assert [span.type for span in sentence.spans] == ["x", "x", "y"]


def test_packed_brat_files_are_pairs_and_a_lone_one_is_said(tmp_path: Path) -> None:
    files = {"a.txt.gz": "Zinc.", "a.ann.gz": "T1\tdrug 0 4\tZinc\n", "b.txt": "Iron", "b.ann.gz": "", "c.ann": ""}
    for name, content in {**files, "d.txt": "Lead"}.items():
        (tmp_path / name).write_bytes(gzip.compress(content.encode()) if name.endswith("gz") else content.encode())
    brat = get_format("brat")
    for options in (ReadOptions(), KEEP):
        found = read_all(brat, [tmp_path], options)
        assert [document.id for document in documents(found)] == ["a", "b", "d"]
        assert [reason for _, reason in rejected(found)] == [
            "annotations without a text: give NAME.txt too, or the folder that holds it and NAME.ann"
        ]
    assert [len(document.metadata["annotations"]) for document in documents(found)] == [1, 0, 0]


def test_bundles_of_fhir_are_their_resources(tmp_path: Path) -> None:
    data = {"contentType": "text/plain", "data": "WmluYw=="}
    notes = [{"resourceType": "DocumentReference", "id": str(n), "content": [{"attachment": data}]} for n in range(3)]
    entries = [{"resource": note} for note in notes] + [{"resource": {"resourceType": "Observation"}}, {}]
    bundle = {"resourceType": "Bundle", "entry": entries}
    path = tmp_path / "a.json"
    for content in (json.dumps(bundle, indent=2), json.dumps(bundle), json.dumps([bundle])):
        path.write_text(content)
        found = read_all(get_format("fhir"), [path])
        assert [document.id for document in documents(found)] == ["0", "1", "2"]
        assert len(rejected(found)) == 2
        assert len({record.record for record in found}) == 5
    path.write_text(json.dumps(bundle).replace('"id": "1"', '"id": 1"'))
    ((_, reason),) = rejected(read_all(get_format("fhir"), [path]))
    assert reason.endswith(UNREAD)


def test_a_pubtator_abstract_may_stand_before_its_title(tmp_path: Path) -> None:
    path = tmp_path / "a.pubtator"
    path.write_text("1|a|Abs\n1|t|Tit\n\n2|a|B\n2|t|C\n2\t0\t1\tC\tx\n\n2|t|D\n3|a|E\n")
    assert texts("pubtator", path) == texts("pubtator", path, KEEP) == ["Tit\nAbs", "C\nB", "D", "E"]


@pytest.mark.parametrize("place", ["-1\t6", "0.0\t7.0", "+0\t7"])
def test_an_offset_that_is_no_whole_number_is_no_relation(tmp_path: Path, place: str) -> None:
    path = tmp_path / "a.pubtator"
    path.write_text(f"1|t|Aspirin\n1\t{place}\tAspirin\tdrug\tX\n")
    ((_, reason),) = rejected(read_all(get_format("pubtator"), [path], KEEP))
    assert reason.startswith("line 2: expected ID<TAB>start")


def test_iob_tokens_may_hold_white_space_and_lines_may_end_in_it(tmp_path: Path) -> None:
    path = tmp_path / "a.iob"
    path.write_text("10\xa0mg B-x\n\u2009 O\n\nZinc\tB-x \nhelps\tO\t\n")
    assert texts("iob", path) == texts("iob", path, KEEP) == ["10\xa0mg \u2009", "Zinc helps"]
    assert [[span.text for span in one.spans] for one in read_iob(path)] == [["10\xa0mg"], ["Zinc"]]


def test_comments_above_a_sentence_of_iob_are_none_of_its_tokens(tmp_path: Path) -> None:
    path = tmp_path / "a.iob"
    path.write_text("# id 1\n# text = vitamin B\nvitamin\tB-x\nB\tI-x\n\n###MEDLINE:1\n#\tO\n\n# O\n1 O\n")
    assert texts("iob", path) == texts("iob", path, KEEP) == ["vitamin B", "#", "# 1"]
    path.write_text("# id 1\n#\tnone\n")
    assert len(rejected(read_all(get_format("iob"), [path], KEEP))) == 1


def test_lists_of_bioc_json_may_be_null_but_for_passages(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    names = ("annotations", "sentences", "relations", "infons")
    passages = [{**PASSAGE, **dict.fromkeys(names)}]
    path.write_text(json.dumps([{"id": "1", "passages": passages}, {"id": "2", "passages": None}]))
    assert texts("bioc-json", path) == texts("bioc-json", path, KEEP) == ["Zinc"]


def test_json_in_utf16_says_how_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"id": "1", "passages": [PASSAGE]}), "utf-16")
    ((_, reason),) = rejected(read_all(get_format("bioc-json"), [path]))
    assert reason.endswith("it is UTF-16, read with --encoding utf-16")
    assert texts("bioc-json", path, ReadOptions(encoding="utf-16")) == ["Zinc"]


@pytest.mark.parametrize("packed", [False, True])
def test_objects_strung_together_on_a_line_or_cut_out_of_an_array_are_records(tmp_path: Path, packed: bool) -> None:
    one, two, three = (f'{{"id": {n}, "text": "Naïve {n}"}}' for n in range(3))
    for content in (f"{one}{two}\n{three}\n", f"{one}{two}{three}", f"{one},\n{two},\n{three}\n]\n"):
        path = tmp_path / ("a.jsonl.gz" if packed else "a.jsonl")
        path.write_bytes(gzip.compress(content.encode()) if packed else content.encode())
        found = read_all(get_format("jsonl"), [path])
        assert [document.text for document in documents(found)] == ["Naïve 0", "Naïve 1", "Naïve 2"]
        assert [record.record for record in found] == [content.encode().index(o.encode()) for o in (one, two, three)]
    path = tmp_path / "a.jsonl"
    path.write_text(f'{one}\n[]\n{two}{{"id": 5, "te\n{three}\n')
    found = read_all(get_format("jsonl"), [path])
    assert [document.id for document in documents(found)] == ["0", "2"]
    assert len(rejected(found)) == 2


@pytest.mark.parametrize("first", ["sep=;\n", "sep=;\r\n", "\ufeffSEP=;\n", ""])
def test_a_line_for_excel_is_no_header(tmp_path: Path, first: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"{first}id;text\n7;Zinc, iron\n".encode())
    (document,) = documents(read_all(get_format("csv"), [path]))
    assert (document.id, document.text) == ("7", "Zinc, iron")
