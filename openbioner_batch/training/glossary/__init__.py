"""Glossaries: what the package knows of names, and the head by which a model compares that with descriptions."""
