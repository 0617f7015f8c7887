"""The settings of `silver import`, `silver fill`, `silver holdout` and `silver sentences`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openbioner_batch.errors import UsageError
from openbioner_batch.options import check_options, flag, option
from openbioner_batch.settings import Request
from openbioner_batch.training.silver.settings import exclude_option, name_option, without_option


def _silver_argument() -> Any:
    return option(flag="SILVER_FOLDER", help="Folder of silver data.")


@dataclass(frozen=True, kw_only=True)
class ImportSettings(Request):
    """A request to import a published set: the flags of `silver import`, and the keys of a --config file."""

    source: str = option(flag="SOURCE", help="File, folder, glob or fsspec URL.")
    layout: str = option(
        metavar="L",
        help="pile-ner-iob, pile-ner-descriptions, pii-masking-iob, jsonl, run, text-jsonl, marked, types-tsv.",
    )
    output: str = option(metavar="URI", help="Folder of the silver data.")
    descriptions: str | None = option(
        None, metavar="SOURCE", help="The types' descriptions, where they are in another file."
    )
    descriptions_layout: str = option("types-tsv", metavar="L", help="Layout of --descriptions.")
    exclude: str | None = exclude_option()
    name: str | None = name_option()
    passage_words: int = option(300, least=1, help="Cut longer texts to passages of so many words.")

    def __post_init__(self) -> None:
        from openbioner_batch.training.silver.layouts import LAYOUTS

        for name in ("layout", "descriptions_layout"):
            if getattr(self, name) not in LAYOUTS:
                raise UsageError(f"{flag(name)} is {getattr(self, name)!r}: give one of {', '.join(LAYOUTS)}")
        if not self.output:
            raise UsageError("--output must not be empty")
        check_options(self)


@dataclass(frozen=True, kw_only=True)
class FillSettings(Request):
    """A request to add what models find: the flags of `silver fill`, and the keys of a --config file."""

    silver: str = _silver_argument()
    runs: tuple[str, ...] = option((), flag="RUN", repeated=True, help="Folders of finished runs over its passages.")
    output: str = option(metavar="URI", help="Folder of the silver data with more mentions.")
    model_threshold: float = option(
        0.5, least=0, most=1, help="Leave out spans of the models that score less.", was=("threshold",)
    )

    def __post_init__(self) -> None:
        if not self.runs:
            raise UsageError("give at least one run of `openbioner-batch annotate --include-text`: RUN")
        check_options(self)


@dataclass(frozen=True, kw_only=True)
class HoldoutSettings(Request):
    """A request to hold types out: the flags of `silver holdout`, and the keys of a --config file."""

    silver: str = _silver_argument()
    output: str = option(metavar="URI", help="Folder for train/, heldout/ and kept/.")
    beside: str | None = option(
        None, metavar="FOLDER", help="Other training data: types near its types are not held out."
    )
    encoder: str | None = option(None, metavar="M", help="Encoder whose vectors of descriptions find near types too.")
    share: float = option(0.2, help="Share of the types to hold out.")
    test_share: float = option(0.1, help="Share of the passages to test on.")
    absent: int = option(10, least=0, help="Types queried in a passage besides those it mentions.")

    def __post_init__(self) -> None:
        for name in ("share", "test_share"):
            if not 0 < getattr(self, name) < 1:
                raise UsageError(f"{flag(name)} is {getattr(self, name)}: give a number between 0 and 1")
        check_options(self)


@dataclass(frozen=True, kw_only=True)
class SentenceSettings(Request):
    """A request to fill sentences: the flags of `silver sentences`, and the keys of a --config file."""

    vocabularies: tuple[str, ...] = option(
        (), flag="VOCABULARY", repeated=True, help="Files of vocabularies with definitions."
    )
    sentences: str = option(
        metavar="FILE", help="Sentences with slots, one a line: {class} is a name, <<a|b>> one of these words."
    )
    output: str = option(metavar="URI", help="Folder of the passages and types.")
    passages: int = option(5000, least=1, help="Passages to make.")
    absent: int = option(30, least=0, help="Types of a passage that are surely absent.")
    phrases: tuple[str, ...] = option(
        (), metavar="CLASS", repeated=True, help="Class of phrases, in which other names may occur. Repeatable."
    )
    members: int = option(
        0, least=0, help="Draw only the first N members that a class of a taxonomy (YAML) lists; 0 draws all."
    )
    exceptions: int = option(
        0,
        least=0,
        help='At most so many further types for each class of a taxonomy, such as "an animal other than a bird".',
    )
    without: str | None = without_option()
    name: str | None = name_option()
    seed: int = option(0, least=0, help="Seed of all that is drawn.")

    def __post_init__(self) -> None:
        if not self.vocabularies:
            raise UsageError("give at least one vocabulary: VOCABULARY")
        check_options(self)
