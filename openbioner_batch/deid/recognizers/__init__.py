"""Recognizers: each finds identifiers of one kind in a text, by their form and by the words around them.

An expression that is searched for in whole texts is an `Anchored` one. It begins with a boundary, followed by words, a
capital or a digit, so that it costs next to nothing elsewhere; a test refuses others.
"""

from __future__ import annotations

RECOGNIZERS = ("model", "patterns", "known")
MODEL_TYPES = "phi.broad,phi.age_over_89,phi.room_number"
"""The types that a model is queried for by default: those that `bundled-phi` was trained for."""
