"""The recipe of training: the keys under `recipe` of `pretrain`'s configuration."""

from __future__ import annotations

from dataclasses import dataclass

from openbioner_batch.errors import UsageError
from openbioner_batch.options import check_options, option

OBJECTIVES = ("tagging", "masked-language")
LOSSES = ("competing", "per-type")
BEYOND_LIST = ("none", "mentions", "all")


@dataclass(frozen=True, slots=True)
class Negatives:
    """Shares of the absent types queried in passages that were annotated with open types.

    A passage with a closed list of types is queried for these alone, unless `beyond` is above 0. With `shared_types`
    they are shares of types that no passage of the pass mentions, and `in_batch` is ignored.
    """

    in_batch: float = option(0.5, least=0, help="Types that other passages of the batch mention.")
    hard: float = option(0.25, least=0, help="Types whose name and description are near those of the present ones.")
    vocabulary: float = option(0.25, least=0, help="Any type.")
    listed: float = option(
        0.0,
        least=0,
        help="With `shared_types`: types that a passage's annotators looked for and did not find; in silver of "
        "ontologies, the siblings of what was found.",
    )
    beyond: float = option(
        0.0,
        least=0,
        most=1,
        help="Without `shared_types`: share of the absent types queried in passages with a closed list that are not "
        "on it, such as siblings of what was found; drawn as in_batch, hard and vocabulary say. `beyond_list` says "
        "which words are none of theirs. Types near a listed or mentioned one (`near_above`) are left out, and types "
        "near a mentioned one in other passages too.",
    )

    def __post_init__(self) -> None:
        check_options(self, "recipe.negatives.")
        if not self.in_batch + self.hard + self.vocabulary + self.listed:
            raise UsageError("recipe.negatives: give one of in_batch, hard, vocabulary and listed a share above 0")


@dataclass(frozen=True, slots=True)
class Distillation:
    """A teacher, a cross-encoder: the student learns its judgement of types and words with or without labels."""

    teacher: str
    """A cross-encoder with the student's vocabulary: "bundled", a directory or a hub id."""
    weight: float = option(1.0, above=0, help="Of its loss beside that of the labels.")
    temperature: float = option(
        1.0, above=0, help="Both sides' logits are divided by it: above 1, faint differences count more."
    )
    types: int = option(
        4,
        least=1,
        help="Types of each passage that the teacher judges in one step, half of them mentioned ones where there are "
        "some. Each costs a pass of the whole teacher, without gradients.",
    )
    except_types: tuple[str, ...] = ()
    """With `shared_types`: types that the teacher never judges, such as those that it learned by other guidelines."""

    def __post_init__(self) -> None:
        check_options(self, "recipe.distillation.")


@dataclass(frozen=True, slots=True)
class Recipe:
    """The switches of OpenBioNER's training recipe."""

    objective: str = option(
        "tagging",
        choices=OBJECTIVES,
        help="masked-language: continued pretraining of the encoder on the passages' text alone.",
    )
    loss: str = option(
        "competing",
        choices=LOSSES,
        help="competing: a softmax between no entity and the types queried for a word. per-type, for models with "
        "separate layers: each type is judged against no entity alone; types that do not compete may overlap.",
    )
    positive_weight: float = option(
        3.0, above=0, help="With the loss per-type: weight of words of a type; words without it weigh 1."
    )
    contrast_weight: float = option(
        1.0,
        above=0,
        help="With the loss per-type: weight, for the types that a word is none of, of words that are of another "
        "type; above 1, telling types apart counts more.",
    )
    types_per_pass: tuple[int, int] = (15, 25)
    """Fewest and most types queried in a passage in one step, drawn anew each time (progressive type exposure). Late
    interaction queries all of the `shared_types`."""
    shared_types: int | None = option(
        None,
        least=1,
        help="For models with separate layers: how many types all passages of a pass share, each described once; a "
        "hundred and more cost late interaction next to nothing. None draws types for each passage.",
    )
    near_above: float | None = option(
        0.55,
        least=-1,
        most=1,
        help="With `shared_types` or `negatives.beyond`: types whose descriptions' vectors (mean states of the model "
        "at its start) have a higher cosine than this are near, and teach nothing where one of them is mentioned. None "
        "takes no type for near.",
    )
    beyond_list: str = option(
        "mentions",
        choices=BEYOND_LIST,
        help="With `shared_types` or `negatives.beyond`, what a passage with a closed list of types says of other "
        "types that are near none of its own: none, nothing; mentions, that words in its mentions are none of theirs; "
        "all, that no word is.",
    )
    jumbled: float = option(
        0.0,
        least=0,
        most=1,
        help="Descriptions of jumbled words that are queried beside the types, as a share of their number; no word is "
        "theirs.",
    )
    complements: float = option(
        0.0,
        least=0,
        most=1,
        help='Descriptions such as "anything that is not ..." of queried types, likewise: no word is theirs; with '
        "`shared_types`, the type's mentions alone are surely none.",
    )
    unnamed: float = option(
        0.0,
        least=0,
        most=1,
        help="With `shared_types` and named views: share of the types (and complements) that are described behind a "
        'name that says nothing, such as "mention", so that descriptions are read and not names alone.',
    )
    positives_share: float = option(
        0.6,
        least=0,
        most=1,
        help="Share of the types queried that the passage (with `shared_types`, any of the pass) mentions, where it "
        "mentions enough.",
    )
    favoured: tuple[str, ...] = ()
    """Types drawn more often than others."""
    favour: float = option(2.0, above=0, help="How much more often.")
    mask_probability: float = option(
        0.3,
        least=0,
        most=1,
        help="Chance that a whole target entity is replaced by `[MASK]`; for masked-language, share of tokens "
        "predicted.",
    )
    views: tuple[str, ...] = ()
    """Views of the descriptions, of which each question draws one; empty takes all that are stored. "name" is the
    type's name, "name-definition" name and definition; "definition" takes "definition 2" and so on too."""
    no_entity_weight: str | float = "dynamic"
    """Weight of words of no entity in the loss; "dynamic" is entities / such words of the batch."""
    negatives: Negatives = Negatives()
    """Where absent types come from."""
    head_dropout: float = option(0.5, least=0, most=1, help="Dropout on the encoder's output before the heads.")
    distillation: Distillation | None = None
    """For models with separate layers: a teacher; None learns from labels alone."""

    def __post_init__(self) -> None:
        check_options(self, "recipe.")
        fewest, most = self.types_per_pass
        if not 1 <= fewest <= most:
            raise UsageError(f"recipe.types_per_pass is [{fewest}, {most}]: give the fewest and the most, from 1 up")
        if self.negatives.beyond and self.shared_types:
            raise UsageError(
                "recipe.negatives.beyond is for types of single passages: leave out it or recipe.shared_types, with "
                "which recipe.beyond_list alone decides"
            )
        if self.negatives.beyond and self.beyond_list == "none":
            raise UsageError(
                "recipe.negatives.beyond draws types of which recipe.beyond_list none says nothing: "
                "leave it out, or give recipe.beyond_list mentions or all"
            )
        weight = self.no_entity_weight
        if weight != "dynamic" and (isinstance(weight, str) or weight < 0):
            raise UsageError(f'recipe.no_entity_weight is {weight!r}: give "dynamic" or a number from 0 up')
