"""Actions that replace an identifier by a mark."""

from __future__ import annotations

from openbioner_batch.deid.actions.base import Action, AppliedAction, NoteContext, label, tag
from openbioner_batch.deid.normalising import identity

REDACTED = "[REDACTED]"


class Tag(Action):
    """The type in brackets."""

    name = "tag"

    def apply(self, type: str, original: str, note: NoteContext) -> AppliedAction:
        return AppliedAction(tag(type), self.name)


class NumberedTag(Action):
    """The type in brackets, with a number that distinguishes the people and things of one note."""

    name = "numbered-tag"

    def apply(self, type: str, original: str, note: NoteContext) -> AppliedAction:
        return AppliedAction(f"[{label(type)}_{note.numbering.number(type, original)}]", self.name)


class Redact(Action):
    """One mark for all types, which hides even the type."""

    name = "redact"
    erases = True

    def apply(self, type: str, original: str, note: NoteContext) -> AppliedAction:
        return AppliedAction(REDACTED, self.name)


class Mask(Action):
    """An asterisk for each character; line breaks stay."""

    name = "mask"
    literal = True

    def apply(self, type: str, original: str, note: NoteContext) -> AppliedAction:
        return AppliedAction("".join(char if char in "\r\n" else "*" for char in original), self.name)


class Hash(Action):
    """The type in brackets, with a keyed hash of the value."""

    name = "hash"
    keyed = True

    def apply(self, type: str, original: str, note: NoteContext) -> AppliedAction:
        return AppliedAction(f"[{label(type)}:{note.scope.key.hashed(type, identity(original))}]", self.name)
