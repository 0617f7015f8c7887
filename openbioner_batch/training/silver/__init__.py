"""Annotated passages to learn from, whoever annotated them: one schema, and what fills it."""
