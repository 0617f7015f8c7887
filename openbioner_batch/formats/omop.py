"""The OMOP Common Data Model 5.4: notes from its table NOTE, spans to its table NOTE_NLP."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from openbioner_batch.errors import UsageError
from openbioner_batch.formats.base import Format, InputFile, ReadOptions, Split
from openbioner_batch.formats.delimited import Csv, Delimited, Tsv
from openbioner_batch.formats.labels import label_of
from openbioner_batch.formats.parquet import Parquet
from openbioner_batch.formats.registry import FORMATS
from openbioner_batch.formats.storage import suffix_of
from openbioner_batch.formats.writing import DocumentWriter, Origin, OutputDocument, one_line
from openbioner_batch.records import Record, Span

NOTE_NLP = (
    *("note_nlp_id", "note_id", "section_concept_id", "snippet", "offset", "lexical_variant"),
    *("note_nlp_concept_id", "note_nlp_source_concept_id", "nlp_system", "nlp_date", "nlp_datetime"),
    *("term_exists", "term_temporal", "term_modifiers"),
)
"""The columns of CDM 5.4, in its order."""
NO_CONCEPT = 0
"""The concept "No matching concept"."""
_VARCHAR = 250
_LONG_VARCHAR = 2000
_CONTEXT = 60
_INTEGER = re.compile(r"-?[0-9]{1,18}")


class OmopNote(Format):
    """The table NOTE as CSV, TSV or Parquet: `note_id` is the id, `note_text` the text, in either letter case.

    Positions and kept columns are those of the file's own format.
    """

    name = "omop-note"
    suffixes = FORMATS["omop-note"].folder_suffixes

    def read(self, split: Split, options: ReadOptions) -> Iterator[Record]:
        return _table(split.files[0]).read(split, options)

    def splits(self, files: Sequence[InputFile]) -> list[Split]:
        return _one_table(files).splits(files)

    def resolve(self, files: Sequence[InputFile], options: ReadOptions) -> ReadOptions:
        """Sets the fields of id and text, by their names in the first file.

        Raises:
            UsageError: the files have several formats or no such columns, or other fields are requested.
        """
        reader = _one_table(files)
        if options.id_field or options.text_field:
            raise UsageError("--format omop-note reads note_id and note_text: leave --id-field and --text-field out")
        for case in (str.lower, str.upper):
            try:
                return reader.resolve(files, replace(options, id_field=case("note_id"), text_field=case("note_text")))
            except UsageError as error:
                if "has no field" not in str(error):
                    raise
        raise UsageError(f"{label_of(files[0].uri)} is not an OMOP NOTE table: it has no columns note_id and note_text")

    def kept_schema(self, files: Sequence[InputFile], options: ReadOptions) -> pa.Schema:
        return _one_table(files).kept_schema(files, options)


class NoteNlpWriter(DocumentWriter):
    """NOTE_NLP as CSV, one span a row, ready to be loaded.

    `note_id` is the document's id, which must be a whole number. `note_nlp_concept_id` is the best concept of a span
    that is linked to OMOP's vocabularies, else 0. `note_nlp_source_concept_id` is always 0, which is "no matching
    concept": an index has the names of concepts that are not standard, and not their ids. The type stands in
    `term_modifiers` with the score and the section. Of a run with assertion, `term_exists` is N where the mention is
    negated, hypothetical or somebody else's and else Y, `term_temporal` is Past or Present, and
    `term_modifiers` names the flags that are set; of other runs both are empty. `snippet` is the span amid its text
    where that is known. Longer mentions are cut to the 250 characters of their column; `offset` says where they begin.
    """

    name = "omop-note-nlp"
    numbers_spans = True
    suffix = ".csv"

    def links_left_out(self, rows: pa.Table, origin: Origin) -> int:
        """Spans whose concept is of another vocabulary than OMOP's."""
        import pyarrow.compute as pc

        spans = pc.list_flatten(rows["spans"])
        if spans.type.get_field_index("concepts") < 0:
            return 0
        is_linked = pc.greater(pc.list_value_length(pc.struct_field(spans, "concepts")), 0)
        types = pc.struct_field(spans, "type").filter(is_linked)
        return int(pc.sum(pc.invert(pc.is_in(types, pa.array(sorted(origin.omop_types), pa.string())))).as_py() or 0)

    def render(self, documents: Sequence[OutputDocument], origin: Origin) -> bytes:
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(NOTE_NLP)
        number = origin.first_span
        for found in documents:
            for span in found.spans:
                number += 1
                writer.writerow(_row(number, found, span, origin))
        return stream.getvalue().encode()


def _row(number: int, found: OutputDocument, span: Span, origin: Origin) -> list[object]:
    if not _INTEGER.fullmatch(found.id):
        raise UsageError(
            f"--to omop-note-nlp: the id of record {found.record} of {found.source} is not a whole number, as "
            "NOTE.note_id is. Tag the notes with --id-field note_id, or --format omop-note"
        )
    values = {
        "note_nlp_id": number,
        "note_id": int(found.id),
        "section_concept_id": NO_CONCEPT,
        "snippet": _snippet(found.text, span),
        "offset": span.start,
        "lexical_variant": span.text[:_VARCHAR],
        "note_nlp_concept_id": _concept_id(span, origin),
        "note_nlp_source_concept_id": NO_CONCEPT,
        "nlp_system": origin.system[:_VARCHAR],
        "nlp_date": origin.day.isoformat(),
        **_terms(span),
    }
    return [values.get(name, "") for name in NOTE_NLP]


def _terms(span: Span) -> dict[str, str]:
    """`term_exists`, `term_temporal` and `term_modifiers` by the conventions of the CDM.

    There a term does not exist if it is negated, conditional or another subject's; one that is merely uncertain
    exists. The CDM counts what is to be ruled out as absent; ConText calls it uncertain, and so does this.
    """
    said = span.assertion
    modifiers = [f"type={span.type}", f"score={span.score}", *(f"{word}=true" for word in (said.words if said else ()))]
    modifiers += [f"section={span.section}"] if span.section else []
    terms = {"term_modifiers": ",".join(modifiers)[:_LONG_VARCHAR]}
    if said is None:
        return terms
    exists, temporal = "N" if said.is_absent else "Y", "Past" if said.historical else "Present"
    return {"term_exists": exists, "term_temporal": temporal, **terms}


def _concept_id(span: Span, origin: Origin) -> int:
    """The standard concept where the span's type is linked to a vocabulary of OMOP."""
    return int(span.concept.id) if span.concept and span.type in origin.omop_types else NO_CONCEPT


def _snippet(text: str | None, span: Span) -> str:
    if text is None:
        return ""
    return one_line(text[max(0, span.start - _CONTEXT) : span.end + _CONTEXT])[:_VARCHAR]


def _one_table(files: Sequence[InputFile]) -> Format:
    kinds = {_table(file).name for file in files}
    if len(kinds) > 1:
        raise UsageError(f"the NOTE files of a run are of one format, but these are: {', '.join(sorted(kinds))}")
    return _table(files[0])


def _table(file: InputFile) -> Format:
    suffix = suffix_of(file.uri)
    formats: tuple[type[Delimited] | type[Parquet], ...] = (Csv, Tsv, Parquet)
    return next((kind() for kind in formats if suffix in kind.suffixes), Csv())
