"""Walks a resource by its shape, and treats single values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

from openbioner_batch.deid.actions import ACTIONS
from openbioner_batch.deid.fhir import elements
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.policy import Policy
from openbioner_batch.deid.replacing import replace
from openbioner_batch.deid.scope import Scope
from openbioner_batch.formats.fields import UnfitRecordError

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|\d{3}))?")
_VERSION = re.compile(r"[\d.]{1,20}|https?://snomed\.info/sct/\d+(?:/version/\d{6,8})?")


class NotFHIRError(UnfitRecordError):
    """An element of the wrong kind: its message says which and what FHIR has there, and quotes nothing."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.reason, self.path = reason, path


class Walk:
    """A walk through one resource. Shapes name treatments, such as `_code` and `_flag`; a subclass has more.

    Args:
        policy: what happens to each type.
        scope: the patient's shift and memory.
        deidentify: de-identifies a text within the resource.
        note_date: as for `replacing.replace`.
    """

    def __init__(
        self,
        policy: Policy,
        scope: Scope,
        deidentify: Callable[[str], str],
        note_date: date | None,
    ) -> None:
        self._policy, self._scope, self._deidentify, self._note_date = policy, scope, deidentify, note_date
        self.dropped: Counter[str] = Counter()
        self.replaced: Counter[tuple[str, str, str]] = Counter()

    def inside(self, found: Any, shape: elements.Shape) -> dict[str, Any]:
        """An object with the elements that its shape lists."""
        new = {}
        for name, value in mapping(found).items():
            if name not in shape:
                self._drop(name)
            elif (treated := self._listed(name, value, shape[name])) is not None:
                new[name] = treated
        return new

    def _listed(self, name: str, value: Any, how: str | elements.Shape) -> Any:
        """A listed element treated; the reason for which it cannot be begins with its path."""
        try:
            return self._each(value, partial(self._treated, how=how, name=name))
        except NotFHIRError as error:
            raise NotFHIRError(error.reason, f"{name}.{error.path}" if error.path else name) from None

    def _each(self, value: Any, treat: Callable[[Any], Any]) -> Any:
        """A value treated, or each item of a list; None where it is null or dropped."""
        if not isinstance(value, list):
            return None if value is None else treat(value)
        # FHIR fills gaps in lists of single values with null.
        return [treated for item in value if item is not None and (treated := treat(item)) is not None] or None

    def _treated(self, value: Any, how: str | elements.Shape, name: str) -> Any:
        """An element by its shape or the treatment that the shape names; None where it is dropped."""
        if not isinstance(how, str):
            return self.inside(value, how) or None
        treat: Callable[[Any], Any] = getattr(self, f"_{how}")
        return treat(value)

    def _drop(self, name: str) -> None:
        """Count an element that is not on the list, by its kind: its name may be anything."""
        kinds = {
            "text": "narrative",
            "extension": "extension",
            "modifierExtension": "extension",
            "contained": "contained",
        }
        self.dropped["extension" if name.startswith("_") else kinds.get(name, "element")] += 1

    def _flag(self, value: Any) -> Any:
        return self._only(isinstance(value, bool | int | float), value)

    def _code(self, value: Any) -> Any:
        return self._only(required(value) in elements.CODES, value)

    def _kind(self, value: Any) -> Any:
        """The name of a kind of resource."""
        return self._only(re.fullmatch("[A-Z][A-Za-z]{2,40}", required(value)), value)

    def _language(self, value: Any) -> Any:
        return self._only(_LANGUAGE.fullmatch(required(value)), value)

    def _version(self, value: Any) -> Any:
        return self._only(_VERSION.fullmatch(required(value)), value)

    def _only(self, good: object, value: Any) -> Any:
        """The value; where it is not `good`, None, and it is counted."""
        self.dropped["value"] += not good
        return value if good else None

    def _label(self, value: Any) -> str:
        return required(value)

    def _value(self, value: Any, type: str | None) -> str | None:
        """A value by the policy, as `type`; None if it is redacted."""
        assert type is not None
        new, action, outcome = self._replaced(required(value), type)
        self.replaced[type, action, outcome] += 1
        if ACTIONS[action].erases:
            self.dropped["value"] += 1
            return None
        return new

    def _replaced(self, value: str, type: str) -> tuple[str, str, str]:
        if not value:
            return value, "keep", "done"
        findings = [Finding(0, len(value), type, 1.0, ("fhir:element",))]
        replaced = replace(value, findings, self._policy, self._scope, note_date=self._note_date)
        (edit,) = replaced.edits
        return replaced.text, edit.action, edit.outcome


def mapping(value: Any) -> Mapping[str, Any]:
    """The value, which must be an object; the error reveals nothing of it."""
    if not isinstance(value, Mapping):
        raise NotFHIRError("an element is not an object where FHIR has one")
    return value


def required(value: Any) -> str:
    """The value, which must be a text; the error reveals nothing of it."""
    if not isinstance(value, str):
        raise NotFHIRError("an element is not a text where FHIR has one")
    return value
