r"""Vocabularies as memory-mapped indexes, the linker of mentions to their concepts, and the dictionary recognizer.

An index is built once, opened and queried:

>>> from pathlib import Path
>>> from tempfile import TemporaryDirectory
>>> from openbioner_batch.concepts import Linker, Mention, Vocabulary, build_vocabulary
>>> folder = TemporaryDirectory()
>>> source = Path(folder.name, "stones.csv")
>>> _ = source.write_text("id,name,synonyms\nX:1,kidney stone,renal calculus|nephrolith\nX:2,gallstone,\n")
>>> stones = Vocabulary(build_vocabulary(str(source), f"{folder.name}/stones.vocab").path)
>>> stones.id(0), [stones.name(name) for name in stones.names_of(0)]
('X:1', ['kidney stone', 'renal calculus', 'nephrolith'])
>>> mentions = [Mention("kidney stones"), Mention("RC", expansion="renal calculus"), Mention("sand")]
>>> linked = Linker(stones).link(mentions)
>>> [[(link.id, link.score) for link in linked[mention]] for mention in mentions]
[[('X:1', 0.99)], [('X:1', 1.0)], []]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openbioner_batch.on_demand import from_modules

if TYPE_CHECKING:
    from openbioner_batch.concepts.building import build_vocabulary
    from openbioner_batch.concepts.index import Vocabulary
    from openbioner_batch.concepts.linker import Linker, Mention

__all__ = [
    "Linker",
    "Mention",
    "Vocabulary",
    "build_vocabulary",
]

_HOMES = {
    "Linker": "linker",
    "Mention": "linker",
    "Vocabulary": "index",
    "build_vocabulary": "building",
}

__getattr__ = from_modules(__name__, _HOMES)
