"""Silver data: one schema of annotated passages to learn from, and the annotators that fill it."""
