"""The labels of a corpus find their types in the catalog."""

from __future__ import annotations

import pytest

from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.labels import Labels, parse_pairs, parse_views, resolve_labels


def resolve(selection: str) -> Labels:
    return resolve_labels(parse_pairs(selection))


def test_labels_keep_their_order_and_find_their_types() -> None:
    found = resolve("Disease=disease, Chemical=drug, Other=-")
    assert [(label, kind.name) for label, kind in found.types.items()] == [("Disease", "disease"), ("Chemical", "drug")]
    assert found.left_out == {"Other"}


def test_labels_that_share_a_type_are_asked_once_and_scored_as_one() -> None:
    found = resolve("Specific=disease,Gene=gene,Modifier=disorder")
    assert [kind.name for kind in found.unique_types] == ["disease", "gene"]
    assert found.rows == {"disease": "Specific+Modifier", "gene": "Gene"}
    assert found.row_of("Modifier") == "Specific+Modifier"


def test_another_view_gives_another_description_of_the_same_name() -> None:
    labels = resolve("Cells=cell_type")
    described = [labels.described(view)[0] for view in ("name", "definition", "examples", "contextual")]
    assert {kind.name for kind in described} == {"cell_type"}
    assert len({kind.description for kind in described}) == 4
    assert described[0].description == "cell type"
    assert labels.described("name-definition")[0].description == f"cell type: {described[1].description}"


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ("Disease", "expected Label=name"),
        ("Disease=", "expected Label=name"),
        ("=disease", "expected Label=name"),
        ("Disease=disease,", "expected Label=name"),
        ("Disease=disease,Disease=drug", "label 'Disease' twice"),
        ("Disease=biomedical", "biomedical stands for .* types"),
        ("Disease=no_such_type", "no_such_type"),
        ("Disease=-", "leaves every label out"),
    ],
)
def test_a_selection_that_is_unclear_is_refused(selection: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        resolve(selection)


def test_views_are_one_or_an_ensemble() -> None:
    assert parse_views("examples") == ("examples",)
    assert parse_views("name+definition") == ("name", "definition")
    for wrong in ("", "poem", "definition+", "examples+examples"):
        with pytest.raises(UsageError, match="--view"):
            parse_views(wrong)
