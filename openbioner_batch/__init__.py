"""Tag any described entity type over archives of biomedical and clinical text."""

__version__ = "0.1.0"
