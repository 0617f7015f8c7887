"""Clinical notes with planted identifiers, for training and measuring de-identification.

`benchmarks/phi_notes.py` writes them to files.

Everything is drawn from a seed. Templates, names and the notes that serve as bodies are each in one split, `train`,
`development` or `test`, so that training and evaluation share only the formats of values.
"""
