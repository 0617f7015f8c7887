"""The formats that are read, one registration each: where the class is, the suffixes, and what help says."""

from __future__ import annotations

from dataclasses import dataclass

COMPRESSIONS = (".gz", ".zst", ".bz2", ".xz")
"""The suffixes of packed files."""


@dataclass(frozen=True, slots=True)
class FormatRegistration:
    """What is known of a format before it is imported."""

    place: str
    """Module and class below `openbioner_batch.formats`."""
    document: str
    """What one document is, for help."""
    suffixes: tuple[str, ...] = ()
    """Those that show the format, before that of a compression."""
    more: tuple[str, ...] = ()
    """Those of other files that a folder gives when the format is named."""
    rewritable: bool = False
    """Whether records can be written back with other texts, as the class's `rewriting` does."""
    gold: str | None = None
    """Module and function, likewise, that read a corpus with gold spans; None where `evaluate` does not take it."""
    more_gold: tuple[str, ...] = ()
    """Suffixes that such corpora have besides `suffixes`."""

    @property
    def folder_suffixes(self) -> tuple[str, ...]:
        """The suffixes of the files that a folder gives when the format is named."""
        return (*self.suffixes, *self.more)


FORMATS = {
    "jsonl": FormatRegistration(
        "jsonl:Jsonl",
        "an object of JSON: a line, or an element of an array",
        (".jsonl", ".ndjson", ".json"),
        rewritable=True,
        gold="gold_jsonl:read_gold_jsonl",
    ),
    "parquet": FormatRegistration("parquet:Parquet", "a row", (".parquet", ".pq"), rewritable=True),
    "csv": FormatRegistration("delimited:Csv", "a row under a header", (".csv",), rewritable=True),
    "tsv": FormatRegistration("delimited:Tsv", "a row under a header", (".tsv", ".tab"), rewritable=True),
    "text": FormatRegistration("text:Text", "a file", (".txt", ".text"), rewritable=True),
    "pubmed": FormatRegistration("pubmed:PubMed", "a citation or book of PubMed XML", (".xml",)),
    "pubtator": FormatRegistration(
        "pubtator:PubTator", "a title and an abstract", (".pubtator",), gold="pubtator:read_pubtator"
    ),
    "bioc-xml": FormatRegistration("bioc:BioCXml", "a BioC document", (".bioc", ".bioc.xml"), (".xml",)),
    "bioc-json": FormatRegistration(
        "bioc:BioCJson", "a BioC document, also of PubTator3's answers", (".bioc.json",), (".json", ".jsonl")
    ),
    "brat": FormatRegistration(
        "brat:Brat", "a pair of NAME.txt and NAME.ann", (".ann",), (".txt",), gold="brat:read_brat"
    ),
    "iob": FormatRegistration(
        "iob:Iob",
        "what -DOCSTART- begins, else a sentence",
        (".iob", ".conll", ".bio"),
        gold="iob:read_iob",
        more_gold=(".tsv", ".iob2", ".bioes"),
    ),
    "omop-note": FormatRegistration(
        "omop:OmopNote", "a row of the table NOTE", more=(".csv", ".tsv", ".tab", ".parquet", ".pq")
    ),
    "fhir": FormatRegistration(
        "fhir:Fhir", "a FHIR R4 resource: a line, or in a Bundle", more=(".ndjson", ".jsonl", ".json"), rewritable=True
    ),
}
"""By the name that `--format` takes."""

SUFFIXES = {name: found.suffixes for name, found in FORMATS.items() if found.suffixes}
"""The suffixes that stand for a format."""

GOLD_SUFFIXES = {name: (*found.suffixes, *found.more_gold) for name, found in FORMATS.items() if found.gold}
"""Those that stand for a format of corpora with gold spans."""
