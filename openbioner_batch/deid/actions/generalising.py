"""Actions that leave something less exact."""

from __future__ import annotations

from openbioner_batch.deid.actions.base import Action, AppliedAction, NoteContext, fallback_tag, tag
from openbioner_batch.deid.ages import generalise_age
from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.geography import RESTRICTED_ZIP3, generalise_place, generalise_street, zip3
from openbioner_batch.deid.timeline import cut_to_year


class Generalise(Action):
    """What Safe Harbor permits: by the family of the type, a year, an age, three digits or a state."""

    name = "generalise"
    families = frozenset({"date", "age", "zip", "address", "state"})
    coarsens = True

    def depends_on(self) -> object:
        return sorted(RESTRICTED_ZIP3)

    def apply(self, type: str, original: str, note: NoteContext) -> AppliedAction:
        match family_of(type):
            case "date":
                dated = cut_to_year(original, type, note.timeline)
                return _less_exact(self.name, type, original, dated.text, dated.outcome)
            case "age":
                new = generalise_age(original)
            case "zip":
                new = zip3(original)
            case _:
                new = generalise_place(original, tag(type))
        return _less_exact(self.name, type, original, new)


class GeneraliseStreet(Action):
    """Generalises as far as a limited data set requires: drops the street of an address."""

    name = "generalise-street"
    families = frozenset({"address"})
    coarsens = True

    def apply(self, type: str, original: str, note: NoteContext) -> AppliedAction:
        return _less_exact(self.name, type, original, generalise_street(original, tag(type)))


def _less_exact(name: str, type: str, original: str, new: str | None, problem: str = "unreadable") -> AppliedAction:
    """The replacement after generalising: a tag where nothing is left, the original where it was general enough."""
    if new is None or new == tag(type):
        return fallback_tag(type, problem)
    return AppliedAction(original, "keep") if new == original else AppliedAction(new, name, "generalised")
