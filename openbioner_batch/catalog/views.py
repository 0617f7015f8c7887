"""The views of a type's description by name; options list them, so importing this loads nothing else."""

from __future__ import annotations

VIEWS = ("definition", "examples", "contextual")
"""The ways of describing a type: what it is; the same with surface forms; where and beside which words it stands."""
NAME_VIEW = "name"
"""A type's bare name in words, as a description: what a description adds is measured against it."""
NAMED_VIEW = "name-definition"
"""Name and definition, as some models are trained on."""
