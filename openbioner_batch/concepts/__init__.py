"""Vocabularies as memory-mapped indexes, the linker of mentions to their concepts, and the dictionary recognizer."""
