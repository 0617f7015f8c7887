"""One small vocabulary, invented, in every format that is read: `from vocabularies import WRITERS`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

CONCEPTS = {
    "X:1": ("Abnormality of the body", [], []),
    "X:2": ("Abnormality of the kidney", ["Renal anomaly"], ["X:1"]),
    "X:3": ("Renal cyst", ["Cystic kidney", "RCY"], ["X:2"]),
    "X:4": ("Seizure", ["Epileptic fit", "Seizures"], ["X:1"]),
    "X:5": ("β-thalassaemia type II", ["Beta thalassemia type 2"], ["X:1"]),
    "X:6": ("Intellectual disability, severe", ["Severe mental retardation"], ["X:1"]),
    "X:7": ("Short finger", ["Brachydactyly"], ["X:1"]),
}
"""For each identifier the preferred name, exact synonyms (`RCY` an abbreviation) and parents; X:9 is obsolete."""
WORDNET_IDS = {id: f"WN:{number:08}" for number, id in enumerate(CONCEPTS, 1)}
OMOP_IDS = {id: str(1000 + number) for number, id in enumerate(CONCEPTS, 1)}


def obo(folder: Path) -> Path:
    lines = ["format-version: 1.2", "data-version: x/2026-01-01", ""]
    for id, (name, synonyms, parents) in CONCEPTS.items():
        lines += ["[Term]", f"id: {id}", f"name: {name}", "alt_id: X:0"]
        lines += [f'synonym: "{text}" EXACT {"abbreviation " if text == "RCY" else ""}[]' for text in synonyms]
        lines += [f"is_a: {parent} ! {CONCEPTS[parent][0]}" for parent in parents] + [""]
    lines += [
        "[Term]",
        "id: X:9",
        "name: Gone",
        "is_obsolete: true",
        "",
        "[Typedef]",
        "id: part_of",
        "name: part of",
        "",
    ]
    return _written(folder / "x.obo", "\n".join(lines))


def obo_graph(folder: Path) -> Path:
    def iri(id: str) -> str:
        return f"http://purl.obolibrary.org/obo/{id.replace(':', '_')}"

    nodes = [
        {
            "id": iri(id),
            "lbl": name,
            "type": "CLASS",
            "meta": {"synonyms": [{"pred": "hasExactSynonym", "val": text, **_abbreviated(text)} for text in synonyms]},
        }
        for id, (name, synonyms, _) in CONCEPTS.items()
    ]
    nodes += [{"id": iri("X:9"), "lbl": "Gone", "type": "CLASS", "meta": {"deprecated": True}}]
    nodes += [{"id": iri("part_of"), "lbl": "part of", "type": "PROPERTY"}]
    edges = [
        {"sub": iri(id), "pred": "is_a", "obj": iri(parent)}
        for id, (_, _, parents) in CONCEPTS.items()
        for parent in parents
    ]
    graph = {"id": "x", "meta": {"version": "x/2026-01-01"}, "nodes": nodes, "edges": edges}
    return _written(folder / "x.json", json.dumps({"graphs": [graph]}))


def _abbreviated(text: str) -> dict[str, str]:
    return {"synonymType": "http://purl.obolibrary.org/obo/x#abbreviation"} if text == "RCY" else {}


def cellxgene(folder: Path) -> Path:
    entries: dict[str, object] = {
        id: {
            "ancestors": dict.fromkeys(parents, 1) | ({"X:1": 2} if "X:2" in parents else {}),
            "label": name,
            "synonyms": synonyms,
            "deprecated": False,
        }
        for id, (name, synonyms, parents) in CONCEPTS.items()
    }
    entries["X:9"] = {"ancestors": {}, "label": "", "deprecated": True}
    return _written(folder / "X-ontology.json", json.dumps(entries))


def mesh(folder: Path) -> Path:
    trees = {
        "X:1": "A01",
        "X:2": "A01.1",
        "X:3": "A01.1.1",
        "X:4": "A01.2",
        "X:5": "A01.3",
        "X:6": "A01.4",
        "X:7": "A01.5",
    }

    def term(text: str, tag: str = "NON", permuted: str = "N") -> str:
        return f'<Term IsPermutedTermYN="{permuted}" LexicalTag="{tag}"><String>{text}</String></Term>'

    records = "".join(
        f"<DescriptorRecord><DescriptorUI>{id}</DescriptorUI><DescriptorName><String>{name}</String></DescriptorName>"
        f"<TreeNumberList><TreeNumber>{trees[id]}</TreeNumber></TreeNumberList><ConceptList>"
        f'<Concept PreferredConceptYN="Y"><TermList>{term(name)}{term("x, permuted " + name, permuted="Y")}'
        f"{''.join(term(text, 'ABB' if text == 'RCY' else 'NON') for text in synonyms)}</TermList></Concept>"
        "</ConceptList></DescriptorRecord>\n"
        for id, (name, synonyms, _) in CONCEPTS.items()
    )
    head = '<?xml version="1.0"?>\n<!DOCTYPE DescriptorRecordSet SYSTEM "desc.dtd">\n'
    return _written(folder / "desc.xml", f"{head}<DescriptorRecordSet>\n{records}</DescriptorRecordSet>\n")


def omop(folder: Path) -> Path:
    """Synonyms are in CONCEPT_SYNONYM, except for `Renal anomaly`, a concept that maps to X:2's."""
    concepts = [["concept_id", "concept_name", "domain_id", "vocabulary_id", "standard_concept", "invalid_reason"]]
    synonyms = [["concept_id", "concept_synonym_name", "language_concept_id"]]
    relations = [["concept_id_1", "concept_id_2", "relationship_id", "invalid_reason"]]
    for id, (name, names, parents) in CONCEPTS.items():
        concepts.append([OMOP_IDS[id], name, "Condition", "SNOMED", "S", ""])
        synonyms += [[OMOP_IDS[id], text, "4180186"] for text in names if text != "Renal anomaly"]
        relations += [[OMOP_IDS[id], OMOP_IDS[parent], "Is a", ""] for parent in parents]
    concepts += [
        ["2001", "Renal anomaly", "Condition", "ICD10CM", "", ""],
        ["2002", "Maps nowhere", "Drug", "X", "", ""],
    ]
    concepts.append(["2003", "Was standard", "Condition", "SNOMED", "S", "D"])
    relations += [["2001", OMOP_IDS["X:2"], "Maps to", ""], ["2001", OMOP_IDS["X:4"], "Maps to", "D"]]
    versions = [["vocabulary_id", "vocabulary_version"], ["SNOMED", "s1"], ["None", "v5.0 01-JAN-26"]]
    tables = {
        "CONCEPT": concepts,
        "CONCEPT_SYNONYM": synonyms,
        "CONCEPT_RELATIONSHIP": relations,
        "VOCABULARY": versions,
    }
    for table, rows in tables.items():
        _written(folder / f"{table}.csv", "".join("\t".join(row) + "\n" for row in rows))
    return folder / "CONCEPT.csv"


def umls(folder: Path) -> Path:
    def row(cui: str, text: str, ts: str = "P", lat: str = "ENG", tty: str = "PT", suppress: str = "N") -> str:
        return "|".join(
            [cui, lat, ts, "L1", "PF", "S1", "Y", "A1", "", "", "", "SRC", tty, "c", text, "0", suppress, "", ""]
        )

    lines = []
    for id, (name, synonyms, _) in CONCEPTS.items():
        lines += [row(id, text, "S", tty="ACR" if text == "RCY" else "SY") for text in synonyms] + [row(id, name)]
        lines += [row(id, "auf Deutsch", lat="GER"), row(id, "suppressed", suppress="O")]
    parents = [
        "|".join([id, "A1", "AUI", "PAR", parent, "A2", "AUI", "", "R", "", "SRC", "", "", "", "N", "", ""])
        for id, (_, _, above) in CONCEPTS.items()
        for parent in above
    ]
    _written(folder / "MRREL.RRF", "\n".join(parents) + "\n")
    return _written(folder / "MRCONSO.RRF", "\n".join(lines) + "\n")


def csv_table(folder: Path) -> Path:
    rows = [f'{id},"{name}",{"|".join(synonyms)},{"|".join(up)}\n' for id, (name, synonyms, up) in CONCEPTS.items()]
    return _written(folder / "x.csv", "id,name,synonyms,parents\n" + "".join(rows))


def parquet_table(folder: Path) -> Path:
    names, synonyms, parents = zip(*CONCEPTS.values(), strict=True)
    table = pa.table({"ID": list(CONCEPTS), "Name": names, "synonyms": synonyms, "parents": parents, "more": [1] * 7})
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / "x.parquet")
    return folder / "x.parquet"


def wordnet(folder: Path) -> Path:
    synsets = [
        (WORDNET_IDS[id], [name, *synonyms], [WORDNET_IDS[parent] for parent in parents])
        for id, (name, synonyms, parents) in CONCEPTS.items()
    ]
    senses: dict[str, list[str]] = {}
    lines = ["  1 This is a licence."]
    for id, names, parents in synsets:
        words = [name.replace(" ", "_") for name in names]
        pointers = "".join(f" @ {parent[3:]} n 0000" for parent in parents)
        named = "".join(f" {word} 0" for word in words)
        lines.append(
            f'{id[3:]} 26 n {len(words):02x}{named} {len(parents):03}{pointers} | what {names[0]} is; "it was"  '
        )
        for word in words:
            senses.setdefault(word.lower(), []).append(id[3:])
    index = [f"{word} n {len(found)} 1 @ {len(found)} 0 {' '.join(found)}  " for word, found in senses.items()]
    _written(folder / "index.noun", "\n".join(["  1 This is a licence.", *index]) + "\n")
    return _written(folder / "data.noun", "\n".join(lines) + "\n")


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def taxonomy(folder: Path) -> Path:
    entries = {
        id: {"names": [name, *synonyms]} | ({"parent": parents[0]} if parents else {})
        for id, (name, synonyms, parents) in CONCEPTS.items()
    }
    return _written(folder / "x.yaml", yaml.safe_dump(entries, allow_unicode=True))


WRITERS: dict[str, Callable[[Path], Path]] = {
    "obo": obo,
    "obo-graph": obo_graph,
    "cellxgene": cellxgene,
    "mesh": mesh,
    "omop": omop,
    "umls": umls,
    "wordnet": wordnet,
    "taxonomy": taxonomy,
    "table": csv_table,
    "table in Parquet": parquet_table,
}
