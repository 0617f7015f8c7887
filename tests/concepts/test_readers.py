"""Each format of vocabularies gives the same concepts; damaged files get a line that names them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from vocabularies import CONCEPTS, OMOP_IDS, WORDNET_IDS, WRITERS, csv_table, mesh, obo, omop, umls, wordnet

from openbioner_batch.concepts.building import merged
from openbioner_batch.concepts.readers import READERS, detect_reader, get_reader
from openbioner_batch.concepts.vocabulary import Name, NameKind
from openbioner_batch.errors import UsageError


def read(path: Path, **only: frozenset[str]) -> dict[str, tuple[str, list[str], list[str]]]:
    """By identifier the preferred name, the others and the parents."""
    found = merged(detect_reader(str(path)).read(str(path), only).concepts)
    return {
        concept.id: (
            concept.names[0].text,
            sorted({name.text for name in concept.names[1:]} - {concept.names[0].text}),
            list(concept.parents),
        )
        for concept in found
    }


def test_every_reader_is_tested() -> None:
    assert set(READERS) == {name.split(" ")[0] for name in WRITERS}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_format_gives_the_same_concepts(kind: str, tmp_path: Path) -> None:
    path = WRITERS[kind](tmp_path)
    assert detect_reader(str(path)).name == kind.split(" ")[0]
    ids = {"omop": OMOP_IDS, "wordnet": WORDNET_IDS}.get(kind, {id: id for id in CONCEPTS})
    assert read(path) == {
        ids[id]: (name, sorted(synonyms), [ids[parent] for parent in parents])
        for id, (name, synonyms, parents) in CONCEPTS.items()
    }


@pytest.mark.parametrize(
    ("kind", "version"), [("obo", "x/2026-01-01"), ("obo-graph", "x/2026-01-01"), ("omop", "v5.0 01-JAN-26")]
)
def test_versions_are_those_of_the_file(kind: str, version: str, tmp_path: Path) -> None:
    assert get_reader(kind).read(str(WRITERS[kind](tmp_path)), {}).version == version


@pytest.mark.parametrize("kind", ["obo", "obo-graph", "mesh", "umls", "cellxgene"])
def test_what_a_vocabulary_calls_an_abbreviation(kind: str, tmp_path: Path) -> None:
    path = str(WRITERS[kind](tmp_path))
    names = {name.text: name for concept in get_reader(kind).read(path, {}).concepts for name in concept.names}
    assert names["RCY"].is_abbreviation == (kind != "cellxgene")  # which does not say so; its capitals do
    assert not names["Seizure"].is_abbreviation


@pytest.mark.parametrize("kind", ["obo", "mesh", "table", "umls"])
def test_packed_files_are_read(kind: str, tmp_path: Path) -> None:
    path = WRITERS[kind](tmp_path)
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    wanted = read(path)
    path.unlink()
    assert read(packed) == wanted


def test_rows_are_chosen_by_columns(tmp_path: Path) -> None:
    assert read(omop(tmp_path), domain_id=frozenset({"Condition"})).keys() == set(OMOP_IDS.values())
    assert read(omop(tmp_path), vocabulary_id=frozenset({"SNOMED"}))["1002"][1] == []
    assert read(umls(tmp_path), LAT=frozenset({"GER"}))["X:1"][0] == "auf Deutsch"


@pytest.mark.parametrize(
    ("kind", "damage", "says"),
    [
        ("obo", lambda data: data.replace(b"name: Seizure", b"name"), "is no valid OBO"),
        ("obo-graph", lambda data: data[:-20], "is no valid JSON"),
        ("obo-graph", lambda data: data.replace(b'"graphs": [', b'"graphs": 3, "x": ['), "no list `graphs`"),
        ("cellxgene", lambda data: data.replace(b'"X:4": {', b'"X:4": 3, "X:44": {'), "X:4"),
        ("mesh", lambda data: data[:-30], "is no valid MeSH XML"),
        ("mesh", lambda data: data.replace(b"<DescriptorUI>X:4</DescriptorUI>", b""), "no DescriptorUI"),
        ("wordnet", lambda data: data.replace(b" 26 n 02", b" 26 n zz"), "line 3 is no synset"),
        ("umls", lambda data: b"X:1|ENG\n" + data, "line 1"),
        ("taxonomy", lambda data: data + b"X:8: [\n", "not valid YAML at line"),
        ("taxonomy", lambda data: data + b"X:2:\n  names: [Other]\n", "'X:2' is given twice"),
        ("taxonomy", lambda data: data.replace(b"parent: X:2", b"parent: [X:2]"), "parent of X:3 is \\['X:2'\\]"),
        ("taxonomy", lambda data: data.replace(b"parent: X:2", b"parent: X:8"), "parent of X:3 is 'X:8'"),
        ("taxonomy", lambda data: data.replace(b"parent: X:2", b"is_a: X:2"), "X:3 has the key 'is_a'"),
        ("taxonomy", lambda data: data + b"X:8:\n  is: {a: b}\n", "is of the class X:8 must be a list of texts"),
        ("table", lambda data: data.replace(b"name,", b"label,", 1), "no column name"),
        ("table", lambda data: data.replace(b"X:4,", b",", 1), "row 4 has no id"),
        ("table", lambda data: data.replace(b"Seizure", b"\xff\xfe"), "cannot be read"),
    ],
)
def test_a_damaged_file_is_named_in_one_line(kind: str, damage: object, says: str, tmp_path: Path) -> None:
    path = WRITERS[kind](tmp_path)
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(UsageError, match=says) as error:
        list(get_reader(kind).read(str(path), {}).concepts)
    assert path.name in str(error.value)
    assert "\n" not in str(error.value)


def test_a_rarer_sense_of_a_word_is_no_exact_name(tmp_path: Path) -> None:
    path = wordnet(tmp_path)
    lines = path.read_text().replace(" Short_finger 0", " seizure 0").splitlines()
    path.write_text("\n".join(lines) + "\n")
    index = path.with_name("index.noun")
    index.write_text(index.read_text().replace("seizure n 1 1 @ 1 0 00000004", "seizure n 2 1 @ 2 0 00000004 00000007"))
    found = {concept.id: concept for concept in get_reader("wordnet").read(str(path), {}).concepts}
    assert found["WN:00000004"].names[0] == Name("Seizure", NameKind.PREFERRED)
    assert found["WN:00000007"].names[0] == Name("seizure", NameKind.RELATED)
    assert found["WN:00000004"].definition == "what Seizure is"
    index.unlink()
    with pytest.raises(UsageError, match=r"needs the file index\.noun"):
        get_reader("wordnet").read(str(path), {})


def test_a_file_that_is_cut_or_missing_or_unknown(tmp_path: Path) -> None:
    packed = tmp_path / "x.obo.gz"
    packed.write_bytes(gzip.compress(obo(tmp_path).read_bytes())[:200])
    with pytest.raises(UsageError, match="ends early"):
        list(get_reader("obo").read(str(packed), {}).concepts)
    with pytest.raises(UsageError, match=r"missing\.obo cannot be read"):
        detect_reader(str(tmp_path / "missing.obo"))
    (tmp_path / "notes.pdf").write_bytes(b"%PDF")
    with pytest.raises(UsageError, match="no vocabulary of a known format"):
        detect_reader(str(tmp_path / "notes.pdf"))
    with pytest.raises(UsageError, match="no such vocabulary format"):
        get_reader("owl")


def test_an_entity_of_xml_is_not_resolved(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    path = mesh(tmp_path)
    text = path.read_text().replace(
        '<!DOCTYPE DescriptorRecordSet SYSTEM "desc.dtd">',
        f'<!DOCTYPE DescriptorRecordSet [<!ENTITY e SYSTEM "{secret.as_uri()}">]>',
    )
    path.write_text(text.replace(">Seizure<", ">Seizure &e;<"))
    assert "secret" not in str(read(path))


def test_quotes_in_tables(tmp_path: Path) -> None:
    path = csv_table(tmp_path)
    path.write_text('id,name,synonyms\nX:1,"a ""quoted"", name","b|c"\n')
    assert read(path) == {"X:1": ('a "quoted", name', ["b", "c"], [])}
    path = path.with_name("x.tsv")
    path.write_text('id\tname\nX:1\t5" nail\n')
    assert read(path) == {"X:1": ('5" nail', [], [])}


def test_definitions_and_what_is_disjoint_are_read(tmp_path: Path) -> None:
    def told(path: Path) -> dict[str, tuple[str | None, tuple[str, ...]]]:
        found = merged(detect_reader(str(path)).read(str(path), {}).concepts)
        return {concept.id: (concept.definition, concept.disjoint) for concept in found}

    first, second = ('Says "what" it is.', ("X:2",)), (None, ("X:1",))
    (tmp_path / "x.obo").write_text(
        'format-version: 1.2\n\n[Term]\nid: X:1\nname: a\ndef: "Says \\"what\\" it is." [PMID:1]\n'
        "disjoint_from: X:2\n\n[Term]\nid: X:2\nname: b\n"
    )
    assert told(tmp_path / "x.obo") == {"X:1": first, "X:2": (None, ())}
    iri = "http://purl.obolibrary.org/obo/X_"
    graph = {
        "nodes": [
            {"id": f"{iri}1", "lbl": "a", "type": "CLASS", "meta": {"definition": {"val": first[0]}}},
            {"id": f"{iri}2", "lbl": "b", "type": "CLASS"},
        ],
        "disjointClassesAxioms": [{"classIds": [f"{iri}1", f"{iri}2"]}],
    }
    (tmp_path / "x.json").write_text(json.dumps({"graphs": [graph]}))
    assert told(tmp_path / "x.json") == {"X:1": first, "X:2": second}
    (tmp_path / "x.csv").write_text("id,name,definition\nX:1,a,What it is.\nX:2,b,\n")
    assert told(tmp_path / "x.csv") == {"X:1": ("What it is.", ()), "X:2": (None, ())}
    (tmp_path / "x.csv").write_text('"id";"name";"definition"\nX:1;a;"What it is."\nX:2;b;\n')
    assert told(tmp_path / "x.csv") == {"X:1": ("What it is.", ()), "X:2": (None, ())}
    (tmp_path / "cx.json").write_text(json.dumps({"X:1": {"label": "a", "description": "What it is."}}))
    assert told(tmp_path / "cx.json") == {"X:1": ("What it is.", ())}


def test_a_taxonomy_in_plain_language(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "sky_thing:\n  is: [What stands in the sky., thing above]\n"
        "star:\n  parent: sky_thing\n  is: It shines by itself.\n  members: [Sun | our star, Vega]\n"
        "wanderer:\n  parent: sky_thing\n  members: [Mars, sun]\n"
        "nickname:\n  members: [our star, ' | ', red one]\n"
    )
    opened = get_reader("taxonomy").read(str(path), {})
    found = {c.id: c for c in merged(opened.concepts)}
    assert found["sky_thing"].names == (Name("sky thing", NameKind.PREFERRED),)
    assert (found["sky_thing"].definition, found["sky_thing"].wordings) == ("What stands in the sky.", ("thing above",))
    assert found["star"].definition == "It shines by itself."
    sun = found["member:sun"]
    assert ([name.text for name in sun.names], sun.parents) == (["Sun", "our star", "sun"], ("star", "wanderer"))
    assert found["member:mars"].parents == ("wanderer",)
    # Another name of something is that too; the roots share it, so that neither excludes the other.
    assert found["member:our star"].parents == ("star", "nickname")
    assert found["nickname"].disjoint == ()
    assert opened.places == {
        ("star", "member:sun"): 0,
        ("star", "member:our star"): 0,
        ("star", "member:vega"): 1,
        ("wanderer", "member:mars"): 0,
        ("wanderer", "member:sun"): 1,
        ("nickname", "member:our star"): 0,
        ("nickname", "member:red one"): 1,
    }


def test_ancestors_whose_way_is_left_out_become_parents(tmp_path: Path) -> None:
    """In EFO's JSON the terms of other ontologies between two of its own are missing."""
    entries = {
        "E:1": {"label": "top", "ancestors": {}},
        "E:2": {"label": "middle", "ancestors": {"E:1": 2}},
        "E:3": {"label": "low", "ancestors": {"E:2": 3, "E:1": 5}},
        "E:4": {"label": "beside", "ancestors": {"E:3": 1, "E:2": 4, "E:1": 6}},
        "E:5": {"label": "two ways", "ancestors": {"E:1": 1, "E:3": 4, "E:2": 7}},
    }
    (tmp_path / "efo.json").write_text(json.dumps(entries))
    parents = {id: above for id, (_, _, above) in read(tmp_path / "efo.json").items()}
    assert parents == {"E:1": [], "E:2": ["E:1"], "E:3": ["E:2"], "E:4": ["E:3"], "E:5": ["E:1", "E:3"]}
