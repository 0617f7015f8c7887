"""The labels of a corpus find their types in the catalog."""

from __future__ import annotations

import pytest

from openbioner_batch.errors import UsageError
from openbioner_batch.evaluation.labels import resolve_labels


def test_labels_keep_their_order_and_find_their_types() -> None:
    found = resolve_labels("Disease=disease, Chemical=drug")
    assert [(label, kind.name) for label, kind in found.items()] == [("Disease", "disease"), ("Chemical", "drug")]
    assert found["Disease"].description


def test_another_view_gives_another_description() -> None:
    plain, examples = (resolve_labels("Disease=disease", view)["Disease"] for view in ("definition", "examples"))
    assert plain.name == examples.name
    assert plain.description != examples.description


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
    ],
)
def test_a_selection_that_is_unclear_is_refused(selection: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        resolve_labels(selection)
