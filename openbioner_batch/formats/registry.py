"""The formats that are read and written, one registration each: where the class is, and what help and others ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

COMPRESSIONS = (".gz", ".zst", ".bz2", ".xz")
"""The suffixes of packed files."""


@dataclass(frozen=True, slots=True)
class GoldRegistration:
    """How `evaluate` reads a format's corpora with gold spans."""

    place: str
    """Module and function below `openbioner_batch.formats` that read one."""
    more: tuple[str, ...] = ()
    """Suffixes that such corpora have besides those of the format."""
    tokenised: bool = False
    """Whether it gives sentences of tokens, rather than documents."""


@dataclass(frozen=True, slots=True)
class FormatRegistration:
    """The properties of a format that are known before importing it."""

    place: str
    """Module and class below `openbioner_batch.formats`."""
    document: str
    """The unit that is one document, for help."""
    suffixes: tuple[str, ...] = ()
    """Suffixes that show the format, before that of a compression."""
    more: tuple[str, ...] = ()
    """Suffixes of other files that a folder gives when the format is named."""
    rewritable: bool = False
    """Whether records can be written back with other texts, as the class's `rewriting` does."""
    compressed: bool = False
    """Whether the files are compressed inside: none is packed once more, and its text is larger than it."""
    paired: bool = False
    """Whether a document is two files: a corpus is a folder of them, and standard input cannot bring any."""
    gold: GoldRegistration | None = None
    """None where `evaluate` does not take it."""

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
        gold=GoldRegistration("gold_jsonl:read_gold_jsonl"),
    ),
    "parquet": FormatRegistration("parquet:Parquet", "a row", (".parquet", ".pq"), rewritable=True, compressed=True),
    "csv": FormatRegistration("delimited:Csv", "a row under a header", (".csv",), rewritable=True),
    "tsv": FormatRegistration("delimited:Tsv", "a row under a header", (".tsv", ".tab"), rewritable=True),
    "text": FormatRegistration("text:Text", "a file", (".txt", ".text"), rewritable=True),
    "pubmed": FormatRegistration("pubmed:PubMed", "a citation or book of PubMed XML", (".xml",)),
    "pubtator": FormatRegistration(
        "pubtator:PubTator",
        "a title and an abstract",
        (".pubtator",),
        gold=GoldRegistration("pubtator:read_pubtator"),
    ),
    "bioc-xml": FormatRegistration("bioc:BioCXml", "a BioC document", (".bioc", ".bioc.xml"), (".xml",)),
    "bioc-json": FormatRegistration(
        "bioc:BioCJson", "a BioC document, also of PubTator3's answers", (".bioc.json",), (".json", ".jsonl")
    ),
    "brat": FormatRegistration(
        "brat:Brat",
        "a pair of NAME.txt and NAME.ann",
        (".ann",),
        (".txt",),
        paired=True,
        gold=GoldRegistration("brat:read_brat"),
    ),
    "iob": FormatRegistration(
        "iob:Iob",
        "what -DOCSTART- begins, else a sentence",
        (".iob", ".conll", ".bio"),
        gold=GoldRegistration("iob:read_iob", (".tsv", ".iob2", ".bioes"), tokenised=True),
    ),
    "omop-note": FormatRegistration(
        "omop:OmopNote", "a row of the table NOTE", more=(".csv", ".tsv", ".tab", ".parquet", ".pq")
    ),
    "fhir": FormatRegistration(
        "fhir:Fhir", "a FHIR R4 resource: a line, or in a Bundle", more=(".ndjson", ".jsonl", ".json"), rewritable=True
    ),
}
"""The formats by the name for `--format`."""

SUFFIXES = {name: found.suffixes for name, found in FORMATS.items() if found.suffixes}
"""The suffixes that identify a format."""

UNSUFFIXED = [name for name, found in FORMATS.items() if not found.suffixes]
"""The formats that no suffix stands for."""

GOLD_SUFFIXES = {name: (*found.suffixes, *found.gold.more) for name, found in FORMATS.items() if found.gold}
"""The suffixes that identify a format of corpora with gold spans."""

PACKED_SUFFIXES = (
    *COMPRESSIONS,
    *(suffix for found in FORMATS.values() if found.compressed for suffix in found.suffixes),
)
"""The suffixes of files that are smaller than their text."""


@dataclass(frozen=True, slots=True)
class WriterRegistration:
    """What is known of an export before it is imported."""

    place: str
    """Module and class below `openbioner_batch.formats`."""
    document: str
    """What a file holds, for help."""
    needs_text: bool = False
    """Whether documents cannot be written without their text."""
    needs: str | None = None
    """The package that must be installed, which is also the name of the extra that brings it."""
    compressed: bool = False
    """Whether the files are compressed inside, so that readers of the format take no gzip around them."""
    partitioned: bool = False
    """Whether the files may lie in folders of a column's values."""
    dated: bool = False
    """Whether the files name the day of the export."""


WRITERS = {
    "pubtator": WriterRegistration("pubtator:PubTatorWriter", "title, abstract and a line for a span", needs_text=True),
    "bioc-xml": WriterRegistration(
        "bioc_writing:BioCXmlWriter", "a BioC collection as XML", needs_text=True, needs="bioc", dated=True
    ),
    "bioc-json": WriterRegistration(
        "bioc_writing:BioCJsonWriter", "a BioC collection as JSON", needs_text=True, needs="bioc", dated=True
    ),
    "brat": WriterRegistration(
        "brat:BratWriter", "a ZIP archive of NAME.txt and NAME.ann", needs_text=True, compressed=True
    ),
    "docbin": WriterRegistration(
        "docbin:DocBinWriter", "documents of spaCy", needs_text=True, needs="spacy", compressed=True
    ),
    "iob": WriterRegistration("iob:IobWriter", "token, start, end and IOB2 tag a line", needs_text=True),
    "jsonl": WriterRegistration("jsonl_writing:JsonlWriter", "a document a line, as JSON", partitioned=True),
    "csv": WriterRegistration("long:CsvWriter", "a span a row", partitioned=True),
    "parquet-long": WriterRegistration("long:ParquetLongWriter", "a span a row", compressed=True, partitioned=True),
    "omop-note-nlp": WriterRegistration("omop:NoteNlpWriter", "OMOP's table NOTE_NLP as CSV", dated=True),
}
"""By the name that `export --to` takes."""


def writers_that(choose: Callable[[WriterRegistration], bool]) -> list[str]:
    """The names of some exports."""
    return [name for name, found in WRITERS.items() if choose(found)]
