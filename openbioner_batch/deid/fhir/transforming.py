"""De-identifies FHIR R4 resources: texts and other elements by the policy; unlisted elements are dropped."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from openbioner_batch.deid.actions import ACTIONS
from openbioner_batch.deid.fhir import elements
from openbioner_batch.deid.fhir.references import (
    contained_kinds,
    hashed_id,
    hashed_reference,
    public_or_hashed,
    target_of,
)
from openbioner_batch.deid.fhir.systems import is_public, is_vocabulary, type_of_identifier
from openbioner_batch.deid.fhir.walking import Walk, mapping, required
from openbioner_batch.deid.policy import Policy
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.surrogates.names import CREDENTIALS, TITLES
from openbioner_batch.formats.fhir_attachment import media_type, read_text, with_text

_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?)?)?")

_WORDED = re.compile(r"[^\W\d_]{3}")
"""Letters of a code that may be a name."""


@dataclass(frozen=True, slots=True)
class TransformedResource:
    """A resource without identifiers, and counts of what happened to it."""

    resource: dict[str, Any]
    dropped: Mapping[str, int]
    """How many elements of each kind of `elements.DROPPED`."""
    replaced: Mapping[tuple[str, str, str], int]
    """How many of the resource's own values, by type, action and outcome; the callback counts those of texts."""


def transform(
    resource: Mapping[str, Any],
    policy: Policy,
    scope: Scope,
    deidentify: Callable[[str], str],
    note_date: date | None = None,
    tells: Callable[[str], bool] | None = None,
) -> TransformedResource:
    """A resource of `elements.RESOURCES` without identifiers.

    Args:
        resource: as parsed from JSON; it is not changed.
        policy: for the resource's own names, numbers, places and dates.
        scope: of the patient that `patient_of` names; its key hashes ids even where the policy needs none.
        deidentify: de-identifies a text: of attachments, conclusions and descriptions.
        note_date: as for `replacing.replace`.
        tells: whether a code or its display holds an identifier: even systems of public vocabularies get a hospital's
            own words. Without it, `deidentify` decides.

    Raises:
        ValueError: the resource is of another kind, or breaks FHIR's rules; the message quotes none of its content.
    """
    kind = str(resource.get("resourceType"))
    if kind not in elements.RESOURCES:
        raise ValueError(f"this kind of resource cannot be de-identified; these can: {', '.join(elements.RESOURCES)}")
    tells = tells or (lambda text: deidentify(text) != text)
    work = _Transformation(policy, scope, deidentify, note_date, contained_kinds(resource), tells)
    new = work.inside(resource, elements.RESOURCES[kind])
    return TransformedResource(new, dict(+work.dropped), dict(work.replaced))


class _Transformation(Walk):
    """Treats the elements of one resource that may identify."""

    def __init__(
        self,
        policy: Policy,
        scope: Scope,
        deidentify: Callable[[str], str],
        note_date: date | None,
        contained: Mapping[str, str],
        tells: Callable[[str], bool],
    ) -> None:
        super().__init__(policy, scope, deidentify, note_date)
        self._contained = contained
        self._tells = tells

    def _treated(self, value: Any, how: str | elements.Shape, name: str) -> Any:
        # the element's name shows the target of a reference without a kind
        return self._reference(value, name) if how == "reference" else super()._treated(value, how, name)

    def _system(self, value: Any) -> str:
        return public_or_hashed(self._scope.key, required(value))

    def _profile(self, value: Any) -> Any:
        return self._only(is_public(required(value)), value)

    def _coding(self, value: Any) -> Any:
        shape = {"system": "system", "version": "version", "code": "label", "display": "label", "userSelected": "flag"}
        new = self.inside(value, shape)
        # outside of a public vocabulary a display is free text, and a code may be a person's number
        private = not is_vocabulary(str(value.get("system")))
        if "display" in new and (private or self._tells(new["display"])):
            del new["display"]
            self.dropped["value"] += 1
        if "code" in new and (private or (_WORDED.search(new["code"]) and self._tells(new["code"]))):
            new["code"] = hashed_id(self._scope.key, new["code"])
            self.replaced["other_identifier", "hash", "done"] += 1
        return new or None

    def _concept(self, value: Any) -> Any:
        return self.inside(value, {"coding": "coding", "text": "text"}) or None

    def _id(self, value: Any) -> str:
        return hashed_id(self._scope.key, required(value))

    def _reference(self, value: Any, name: str) -> Any:
        new = self.inside(
            value, {"reference": "target", "type": "kind", "identifier": "identifier", "display": "label"}
        )
        display = new.pop("display", None)
        if display is not None:
            kind = target_of(value, name, self._contained).kind
            type = elements.TYPES_OF_REFERENCES.get(str(kind))
            if type is None:
                self.dropped["value"] += 1
            elif (shown := self._value(display, type)) is not None:
                new["display"] = shown
        return new or None

    def _target(self, value: Any) -> str | None:
        text = required(value)
        new = hashed_reference(self._scope.key, text)
        if new is None:
            self.dropped["contained" if text.startswith("#") else "value"] += 1
        return new

    def _identifier(self, value: Any) -> Any:
        shape = {"use": "code", "type": "concept", "system": "system", "period": "period", "assigner": "reference"}
        value = mapping(value)
        new = self.inside({name: item for name, item in value.items() if name != "value"}, shape)
        if value.get("value") is not None:
            number = required(value["value"])
            urn = hashed_reference(self._scope.key, number) if number.startswith("urn:") else None
            shown = urn if urn is not None else self._value(number, type_of_identifier(value))
            new.update({"value": shown} if shown is not None else {})
        return new or None

    def _date(self, value: Any, type: str = "admission_date") -> str | None:
        """A date that is still valid in FHIR: shifted, kept, or a year, which a dateTime may be; else it is dropped."""
        new, action, outcome = self._replaced(required(value), type)
        if not _DATE.fullmatch(new):
            self.dropped["date"] += 1
            return None
        self.replaced[type, action, outcome] += 1
        return new

    def _instant(self, value: Any) -> str | None:
        """A point in time, which a year is not."""
        new = self._date(value)
        if new is not None and "T" not in new:
            self.dropped["date"] += 1
            return None
        return new

    def _birth(self, value: Any) -> str | None:
        return self._date(value, "birth_date")

    def _death(self, value: Any) -> str | None:
        return self._date(value, "death_date")

    def _period(self, value: Any) -> Any:
        return self.inside(value, {"start": "date", "end": "date"}) or None

    def _name(self, value: Any, type: str = "patient_name") -> Any:
        """A name's parts; under a policy that does not invent, one text in their place."""
        shape = {"use": "code", "prefix": "title", "suffix": "title", "period": "period"}
        value = mapping(value)
        parts = {name: value[name] for name in elements.PARTS_OF_NAMES if value.get(name) is not None}
        new = self.inside({name: item for name, item in value.items() if name not in parts}, shape)
        if ACTIONS[self._policy.action(type)].lifelike:
            for name, item in parts.items():
                new[name] = self._each(item, partial(self._value, type=type))
        elif parts:
            shown = self._value(" ".join(_flat(parts)), type)
            new.update({"text": shown} if shown is not None else {})
        return new or None

    def _title(self, value: Any) -> Any:
        """A known title or credential; anything else might be a name."""
        words = re.findall(r"[^\W_]+", required(value).replace(".", "").casefold())
        return self._only(words and all(word in TITLES | CREDENTIALS for word in words), value)

    def _relative(self, value: Any) -> Any:
        return self._name(value, "relative_name")

    def _telecom(self, value: Any) -> Any:
        shape = {"system": "code", "use": "code", "rank": "flag", "period": "period"}
        value = mapping(value)
        new = self.inside({name: item for name, item in value.items() if name != "value"}, shape)
        if value.get("value") is None:
            self.dropped["value"] += bool(new)
            return None
        shown = self._value(value["value"], elements.TYPES_OF_TELECOM.get(str(new.get("system")), "contact_detail"))
        return new | {"value": shown} if shown is not None else None

    def _address(self, value: Any) -> Any:
        parts = elements.PARTS_OF_ADDRESSES
        value = mapping(value)
        shape = {"use": "code", "type": "code", "period": "period"}
        new = self.inside({name: item for name, item in value.items() if name not in parts}, shape)
        for name, type in parts.items():
            if name in value:
                shown = self._each(value[name], partial(self._value, type=type))
                new.update({name: shown} if shown is not None else {})
        return new or None

    def _text(self, value: Any) -> str:
        return self._deidentify(required(value))

    def _attachment(self, value: Any) -> dict[str, Any]:
        """A plain text without identifiers; any other attachment keeps only its type."""
        value = mapping(value)
        for name in value.keys() - {"contentType", "language", "data", "url", "size", "hash", "title", "creation"}:
            self._drop(name)
        text = read_text(value)
        if text is None or "url" in value:
            self.dropped["attachment"] += 1
        if text is None:
            return {"contentType": media_type(value)} if media_type(value) else {}
        new = with_text(value, self._deidentify(text))
        rest = {name: value[name] for name in ("language", "title", "creation") if name in value}
        return new | self.inside(rest, {"language": "language", "title": "text", "creation": "date"})


def _flat(parts: Mapping[str, Any]) -> list[str]:
    values = [*parts.get("given", []), parts.get("family", "")] if "text" not in parts else [parts["text"]]
    return [required(value) for value in values if value]
