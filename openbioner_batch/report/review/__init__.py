"""A person's review of a de-identified archive: a sample to read, and what it proves."""
