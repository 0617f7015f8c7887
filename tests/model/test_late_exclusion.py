"""What a description excludes counts against its type in late interaction, and for no other type or model."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from knowing import PlainLoops, described, random_head, telling_apart

from openbioner_batch.model import EntityType, Prepared, Preparer, Tagger, save_checkpoint
from openbioner_batch.model.calibration import Calibration
from openbioner_batch.model.config import LateSettings, WindowSettings
from openbioner_batch.model.encoder import initialize
from openbioner_batch.model.glossary import GlossaryEntry
from openbioner_batch.model.glossary_files import GlossaryChoice, write_glossary
from openbioner_batch.model.late import LateEncoder
from openbioner_batch.model.location import GLOSSARY_HEAD
from openbioner_batch.model.prepared import DescribedType

WINDOWS = WindowSettings(text_tokens=40, description_tokens=40, overlap_tokens=10)
TEXTS = ["aspirin was given in lung cancer. no sign of fever in the patient.", "fever", "mice . aspirin"]
KINDS = [
    EntityType("drug", "a drug that is given"),
    EntityType("other", "Anything that is not a drug."),
    EntityType("sign", "a sign of cancer"),
    EntityType("rest", "a sign other than fever"),
]
EXCLUDED = {1: "a drug", 3: "fever"}


@pytest.fixture(scope="module", params=[{}, {"competing": True}, {"named": True, "shared_encoder": True}], ids=str)
def folder(
    request: pytest.FixtureRequest, checkpoint: Path, tagger: Tagger, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A small random model of late interaction, with a glossary whose head is sure of some types and not of others."""
    config = dataclasses.replace(tagger.encoder.config, windows=WINDOWS)
    late = LateSettings(8, **request.param)
    model = LateEncoder(dataclasses.replace(config, separate_layers=config.layers, late=late, initializer_range=0.2))
    initialize(model.eval(), seed=1)
    model.background.bias.data.fill_(-6)  # so that types are about as likely as no entity
    found = tmp_path_factory.mktemp("late")
    save_checkpoint(model, found, checkpoint)
    glosses = ("a drug", "given in mice")
    write_glossary([GlossaryEntry(("aspirin", "lung cancer", "fever"), glosses)], found)
    first = Tagger.from_pretrained(found, "cpu", "float32")
    texts = described(first, [*KINDS, *(EntityType("entity", gloss) for gloss in glosses)])
    telling_apart(random_head(), list(map(PlainLoops(first).states, texts))).write(found / GLOSSARY_HEAD)
    return found


@pytest.fixture(params=[False, True], ids=["without a glossary", "with one"])
def late(request: pytest.FixtureRequest, folder: Path) -> Tagger:
    return Tagger.from_pretrained(folder, "cpu", "float32", glossary=GlossaryChoice(own=request.param))


def logits_of(tagger: Tagger, prepared: Prepared) -> np.ndarray:
    """Column 0 for no entity, then every type."""
    groups = list(tagger.word_logits(prepared))
    return np.concatenate([groups[0][:, :1], *(group[:, 1:] for group in groups)], 1)


def plain(prepared: Prepared) -> Prepared:
    """The same types, and nothing that they exclude."""
    groups = tuple(tuple(dataclasses.replace(kind, excluded=None) for kind in group) for group in prepared.groups)
    return dataclasses.replace(prepared, groups=groups)


def of_catalog(prepared: Prepared) -> Prepared:
    """The same types, as if the catalog had them."""
    groups = tuple(tuple(dataclasses.replace(kind, of_catalog=True) for kind in group) for group in prepared.groups)
    return dataclasses.replace(prepared, groups=groups)


def of_excluded(prepared: Prepared) -> Prepared:
    """What types exclude, as types of their own."""
    kinds = [kind for group in prepared.groups for kind in group if kind.excluded]
    groups = tuple((DescribedType(kind.name, kind.excluded or ()),) for kind in kinds)
    return dataclasses.replace(prepared, groups=groups)


def test_a_type_is_no_likelier_than_what_it_excludes_is_unlikely(late: Tagger) -> None:
    prepared = late.preparer(KINDS).prepare(TEXTS)
    assert bool(len(prepared.known_names)) == (late.glossary is not None)
    found, without, against = (logits_of(late, one) for one in (prepared, plain(prepared), of_excluded(prepared)))
    background = found[:, :1]
    for column, place in enumerate(EXCLUDED, 1):
        margins, own = (found - background)[:, 1 + place], (without - background)[:, 1 + place]
        limit = -(against - background)[:, column]
        assert (margins <= limit + 1e-5).all()
        np.testing.assert_allclose(margins, np.minimum(own, limit), atol=1e-5)
    lowered = found[:, [2, 4]] < without[:, [2, 4]]
    assert lowered.any()
    assert late.glossary or not lowered.all()


def test_types_without_an_exclusion_keep_their_logits(late: Tagger) -> None:
    prepared = late.preparer(KINDS).prepare(TEXTS)
    found, without = logits_of(late, prepared), logits_of(late, plain(prepared))
    assert (found[:, [0, 1, 3]] == without[:, [0, 1, 3]]).all()
    alone = late.preparer(KINDS[::2]).prepare(TEXTS)
    assert not any(kind.excluded for group in alone.groups for kind in group)
    np.testing.assert_allclose(logits_of(late, alone), found[:, [0, 1, 3]], atol=1e-5)


def test_a_glossary_counts_for_a_type_and_for_what_it_excludes(folder: Path) -> None:
    knowing = Tagger.from_pretrained(folder, "cpu", "float32")
    prepared = knowing.preparer(KINDS).prepare(TEXTS)
    unknown = dataclasses.replace(prepared, known_names=np.zeros((0, 3), np.int64))
    for part in (plain, of_excluded):
        assert (logits_of(knowing, part(prepared)) != logits_of(knowing, part(unknown))).any(axis=0)[1:].all()


@pytest.mark.parametrize("names", [{"drug"}, {"other", "sign"}, {kind.name for kind in KINDS}], ids=len)
def test_plain_types_are_found_without_the_glossary_and_others_as_before(folder: Path, names: set[str]) -> None:
    knowing = Tagger.from_pretrained(folder, "cpu", "float32")
    prepared = of_catalog(knowing.preparer(KINDS).prepare(TEXTS))
    unknown = dataclasses.replace(prepared, known_names=np.zeros((0, 3), np.int64))
    with_names, without = logits_of(knowing, prepared), logits_of(knowing, unknown)
    knowing.calibration = Calibration(plain_types=names)
    expected = np.where([False, *(kind.name in names for kind in KINDS)], without, with_names)
    np.testing.assert_allclose(logits_of(knowing, prepared), expected, atol=1e-5)
    assert (with_names[:, 1:] != without[:, 1:]).any(axis=0).all()


def test_what_is_excluded_is_read_as_a_description_without_a_name_of_its_own(folder: Path) -> None:
    preparer = Preparer.from_pretrained(folder, KINDS)
    kinds = [kind for group in preparer.groups for kind in group]
    tagger = Tagger.from_pretrained(folder, "cpu", "float32")
    before = "entity: " if tagger.encoder.config.late.named else ""
    expected = [
        tuple(tagger.tokenizer.ids(before + EXCLUDED[place])) if place in EXCLUDED else None for place in range(4)
    ]
    assert [kind.excluded for kind in kinds] == expected


def test_cross_encoders_read_the_whole_description_alone(tagger: Tagger) -> None:
    groups = Preparer(tagger.tokenizer, tagger.encoder.config, KINDS, WINDOWS).groups
    assert [kind.excluded for group in groups for kind in group] == [None] * 4
    ids = [tuple(tagger.tokenizer.ids(kind.description)) for kind in KINDS]
    assert [kind.description for group in groups for kind in group] == ids
