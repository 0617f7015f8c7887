"""Values that were fitted for types of the catalog hold for its descriptions, and for no other type of their names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from glossaries import TEXT, late_checkpoint, with_glossary
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.catalog import VIEWS, load_catalog, resolve_types
from openbioner_batch.catalog.views import NAME_VIEW, NAMED_VIEW
from openbioner_batch.model import Calibration, EntityType, Preparer, Tagger, read_calibration, resolve_checkpoint
from openbioner_batch.model.glossary_files import GlossaryChoice
from openbioner_batch.model.prepared import DescribedType
from openbioner_batch.records import Span

OPEN = "bundled-open"
ALL_VIEWS = (*VIEWS, NAME_VIEW, NAMED_VIEW)
DISEASE = load_catalog().lookup("disease")
OWN = EntityType("disease", "a disease of the heart")
OTHER = EntityType("place", "a place where people live")

in_each_view = pytest.mark.parametrize("view", ALL_VIEWS)


@pytest.fixture(scope="module")
def taggers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tagger, Tagger]:
    """A model with a glossary that shifts a name for every type, and the same without it."""
    folder = tmp_path_factory.mktemp("late")
    model = with_glossary(late_checkpoint(folder), folder / "known")
    knowing, bare = (
        Tagger.from_pretrained(model, device="cpu", dtype="float32", glossary=GlossaryChoice(own=own))
        for own in (True, False)
    )
    return knowing, bare


def found(tagger: Tagger, calibration: Calibration | None, *types: EntityType) -> list[Span]:
    tagger.calibration = calibration
    return tagger.tag([TEXT], types)[0]


def kinds_of(types: list[EntityType]) -> list[DescribedType]:
    return [kind for group in Preparer.from_pretrained(OPEN, types).groups for kind in group]


def catalog_types(names: frozenset[str], view: str) -> list[EntityType]:
    return [load_catalog().lookup(name).describe(view) for name in sorted(names)]


@in_each_view
def test_the_catalog_describes_its_types_and_no_others_of_their_names(view: str) -> None:
    catalog, kind = load_catalog(), DISEASE.describe(view)
    assert catalog.describes(kind)
    assert not catalog.describes(EntityType("drug", kind.description))
    assert not catalog.describes(EntityType(kind.name, f"{kind.description} of the heart"))


def test_a_description_of_a_users_file_is_the_catalogs_only_where_it_is_copied(tmp_path: Path) -> None:
    words = DISEASE.descriptions["definition"].replace(" ", "\n    ")
    for text, copied in ((f"|\n    {words}", True), (OWN.description, False), (f"{OWN.description}: {words}", False)):
        (tmp_path / "mine.yaml").write_text(f"disease: {text if copied else repr(text)}\n")
        ((kind,),) = resolve_types(str(tmp_path / "mine.yaml"))
        assert [one.of_catalog for one in kinds_of([kind])] == [copied]


@in_each_view
def test_a_plain_type_is_found_without_the_glossary_where_the_catalog_describes_it(
    taggers: tuple[Tagger, Tagger], view: str
) -> None:
    plain = Calibration(plain_types=["disease"])
    for kind, is_plain in ((DISEASE.describe(view), True), (OWN, False), (OTHER, False)):
        knowing, bare = (found(tagger, Calibration(), kind) for tagger in taggers)
        assert knowing != bare
        assert found(taggers[0], plain, kind) == (bare if is_plain else knowing)
    both = [OWN, DISEASE.describe(view)]
    alone = [span for kind in both for span in found(taggers[0], plain, kind)]
    taggers[0].nested = True
    together = found(taggers[0], plain, *both)
    taggers[0].nested = False
    places = [sorted((span.start, span.end) for span in spans) for spans in (together, alone)]
    assert places[0] == places[1], "each as alone, though they have one name"


@given(
    bias=st.floats(-8, 8, width=16),
    least=st.floats(0, 1, width=16),
    drop=st.sampled_from([0.0, 0.01, 0.5]),
    neg_bias=st.sampled_from([0.0, -4.0]),
)
def test_a_type_that_only_has_the_name_of_a_plain_one_is_found_as_types_without_values_are(
    taggers: tuple[Tagger, Tagger], bias: float, least: float, drop: float, neg_bias: float
) -> None:
    knowing, bare = taggers
    general = Calibration(neg_bias, {"place": 1.0}, {"place": 0.3}, threshold=0.1, edge_drop=drop)
    biases, thresholds = {"place": 1.0, "disease": bias}, {"place": 0.3, "disease": least}
    by_name = replace(general, type_biases=biases, type_thresholds=thresholds)
    fitted = replace(by_name, plain_types=["disease"])
    assert found(knowing, fitted, OWN, OTHER) == found(knowing, general, OWN, OTHER)
    of_catalog = DISEASE.describe("definition")
    assert found(knowing, fitted, of_catalog) == found(bare, replace(by_name, edge_drop=0.0), of_catalog)


def test_values_of_other_types_hold_for_their_names(taggers: tuple[Tagger, Tagger]) -> None:
    """`adapt` and `calibrate` fit them to the user's own descriptions."""
    never = Calibration(type_thresholds={"place": 1.0, "disease": 1.0})
    assert found(taggers[0], None, OWN, OTHER)
    assert not found(taggers[0], never, OWN, OTHER)


@in_each_view
def test_values_of_the_bundled_model_hold_for_the_catalog(view: str) -> None:
    calibration = read_calibration(resolve_checkpoint(OPEN))
    assert calibration is not None
    plain = frozenset(calibration.plain_types)
    assert plain == calibration.type_biases.keys() == calibration.type_thresholds.keys()
    kinds = kinds_of(catalog_types(plain, view))
    assert all(map(calibration.is_plain, kinds))
    assert calibration.for_types(kinds) is calibration
    own = kinds_of([EntityType(name, f"what I call {name}") for name in sorted(plain)])
    assert not any(map(calibration.is_plain, own))
    left = calibration.for_types(own)
    assert not any((left.plain_types, left.type_biases, left.type_thresholds))
    names = sorted(plain)
    assert set(left.thresholds(names).tolist()) == set(left.thresholds(["place"]).tolist())
    assert (left.neg_bias, left.edge_drop, left.loose_words) == (
        calibration.neg_bias,
        calibration.edge_drop,
        calibration.loose_words,
    )
