"""Which names of a source are preferred, exact or related, which parents count, and what is one concept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from openbioner_batch.concepts.building import merged
from openbioner_batch.concepts.normalising import singular, word_form
from openbioner_batch.concepts.readers import detect_reader, get_reader
from openbioner_batch.concepts.source import beside
from openbioner_batch.concepts.variants import generalised
from openbioner_batch.concepts.vocabulary import Concept, Name, NameKind


def test_a_concept_that_a_source_gives_twice_is_one() -> None:
    exact, abbreviation = Name("Renal  cyst", NameKind.EXACT), Name("RCY", NameKind.RELATED, True)
    found = merged(
        [
            Concept("X:2", (exact, abbreviation), ("X:1",), None, ("X:3",)),
            Concept("X:1", (Name("thing", NameKind.PREFERRED),)),
            Concept("X:2", (Name("Renal cyst", NameKind.PREFERRED), Name(" ")), ("X:4", "X:1"), "A cyst.", ("X:5",)),
        ]
    )
    assert [concept.id for concept in found] == ["X:1", "X:2"]
    assert found[1].names == (Name("Renal cyst", NameKind.PREFERRED), abbreviation)
    assert (found[1].parents, found[1].definition, found[1].disjoint) == (("X:1", "X:4"), "A cyst.", ("X:3", "X:5"))


def umls_name(cui: str, text: str, ts: str = "P", stt: str = "PF", preferred: str = "Y") -> str:
    return "|".join(
        [cui, "ENG", ts, "L", stt, "S", preferred, "A", "", "", "", "SRC", "PT", "c", text, "0", "N", "", ""]
    )


def test_the_preferred_name_of_umls_is_the_preferred_form_of_the_preferred_term(tmp_path: Path) -> None:
    rows = [
        umls_name("C1", "a synonym", ts="S"),
        umls_name("C1", "a variant", stt="VO"),
        umls_name("C1", "not this atom", preferred="N"),
        umls_name("C1", "The Name"),
    ]
    (tmp_path / "MRCONSO.RRF").write_text("\n".join(rows) + "\n")
    (concept,) = get_reader("umls").read(str(tmp_path / "MRCONSO.RRF"), {}).concepts
    assert [name.text for name in concept.names] == ["The Name", "not this atom", "a variant", "a synonym"]
    assert [name.kind for name in concept.names] == [NameKind.PREFERRED] + [NameKind.EXACT] * 3


def test_only_rows_of_parents_give_parents_in_umls(tmp_path: Path) -> None:
    (tmp_path / "MRCONSO.RRF").write_text(umls_name("C1", "x") + "\n")
    related = [
        ("PAR", "C2", "SRC"),
        ("CHD", "C3", "SRC"),
        ("PAR", "C1", "SRC"),
        ("PAR", "C4", "OTHER"),
        ("SY", "C5", "SRC"),
    ]
    rows = [
        "|".join(["C1", "A", "AUI", kind, other, "A", "AUI", "", "R", "", sab, "", ""]) for kind, other, sab in related
    ]
    (tmp_path / "MRREL.RRF").write_text("\n".join(rows) + "\n")
    only = {"SAB": frozenset({"SRC"})}
    (concept,) = get_reader("umls").read(str(tmp_path / "MRCONSO.RRF"), only).concepts
    assert concept.parents == ("C2",)


def test_terms_of_another_concept_of_a_mesh_record_are_related(tmp_path: Path) -> None:
    def concept(preferred: str, text: str) -> str:
        term = f'<Term IsPermutedTermYN="N"><String>{text}</String></Term>'
        return f'<Concept PreferredConceptYN="{preferred}"><TermList>{term}</TermList></Concept>'

    (tmp_path / "desc.xml").write_text(
        "<DescriptorRecordSet><DescriptorRecord><DescriptorUI>D1</DescriptorUI><DescriptorName><String>Cyst</String>"
        f"</DescriptorName><ConceptList>{concept('Y', 'Cysts')}{concept('N', 'Pseudocyst')}</ConceptList>"
        "</DescriptorRecord></DescriptorRecordSet>"
    )
    (found,) = get_reader("mesh").read(str(tmp_path / "desc.xml"), {}).concepts
    assert [(name.text, name.kind) for name in found.names] == [
        *(("Cyst", NameKind.PREFERRED), ("Cysts", NameKind.EXACT), ("Pseudocyst", NameKind.RELATED))
    ]


@pytest.mark.parametrize(("prefix", "wholes"), [("UBERON", True), ("CL", False)])
def test_entries_that_are_deprecated_or_have_no_label_are_left_out(tmp_path: Path, prefix: str, wholes: bool) -> None:
    entries = {
        f"{prefix}:1": {"label": "heart"},
        f"{prefix}:2": {"label": "old heart", "deprecated": True},
        f"{prefix}:3": {"label": ""},
    }
    (tmp_path / "x.json").write_text(json.dumps(entries))
    found = detect_reader(str(tmp_path / "x.json")).read(str(tmp_path / "x.json"), {})
    assert [concept.id for concept in found.concepts] == [f"{prefix}:1"]
    assert found.parents_are_wholes == wholes


def test_obo_is_known_by_its_first_line_whatever_the_file_is_called(tmp_path: Path) -> None:
    (tmp_path / "ontology.txt").write_text("format-version: 1.2\n\n[Term]\nid: X:1\nname: a\n")
    assert detect_reader(str(tmp_path / "ontology.txt")).name == "obo"


def test_commas_part_the_columns_of_a_header_that_has_semicolons_too(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text('id,name,"remark; own"\nX:1,a,b\n')
    (concept,) = get_reader("table").read(str(tmp_path / "x.csv"), {}).concepts
    assert concept.names[0].text == "a"


def test_of_a_file_and_its_packed_copy_the_file_is_read(tmp_path: Path) -> None:
    for name in ("MRREL.RRF", "MRREL.RRF.gz"):
        (tmp_path / name).touch()
    assert beside(str(tmp_path / "MRCONSO.RRF"), ["mrrel.rrf", "none"]) == [str(tmp_path / "MRREL.RRF")]


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("carcinomata", "carcinoma"),
        ("cavities", "cavity"),
        ("dies", "die"),
        ("ices", "ice"),
        ("gas", "gas"),
        ("toes", "toe"),
    ],
)
def test_short_words_lose_no_more_than_their_s(plural: str, one: str) -> None:
    assert singular(plural) == one


@pytest.mark.parametrize(("british", "american"), [("localised", "localized"), ("Metastasise", "metastasize")])
def test_british_and_american_spellings_are_one(british: str, american: str) -> None:
    assert word_form(british) == word_form(american)
    assert word_form("raised") != word_form("raized")  # the ending of a short word is none of these


def test_the_head_of_a_mention_is_never_left_out() -> None:
    found = list(generalised("severe ataxia of gait"))
    assert found
    assert all("ataxia" in words for _, words in found)
