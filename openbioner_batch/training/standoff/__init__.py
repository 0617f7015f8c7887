"""Annotations kept apart from their texts, which the package may not carry: joined with these where they are."""
