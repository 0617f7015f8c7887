"""The review of a de-identified archive by people: a sample to read, and the bound that it proves."""
