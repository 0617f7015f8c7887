"""A whole job of Presidio for `deid_whole_job.py`: `presidio_job.py NOTES.jsonl NEW.jsonl BATCH`.

Each note goes through the analyzer and the anonymizer with their defaults. With a BATCH above 0 the batch engine gives
that many notes at once to spaCy. Runs in the environment of `presidio.py` and imports nothing of this project.
"""

import json
import sys

from presidio import load_analyzer
from presidio_analyzer import BatchAnalyzerEngine
from presidio_anonymizer import AnonymizerEngine


def main() -> None:
    """Write the notes with what was found replaced."""
    source, target, batch = sys.argv[1], sys.argv[2], int(sys.argv[3])
    analyzer, anonymizer = load_analyzer(), AnonymizerEngine()
    with open(source, encoding="utf-8") as lines:
        notes = [json.loads(line) for line in lines]
    texts = [note["text"] for note in notes]
    if batch:
        findings = iter(BatchAnalyzerEngine(analyzer).analyze_iterator(texts, language="en", batch_size=batch))
    else:
        findings = (analyzer.analyze(text, language="en") for text in texts)
    with open(target, "w", encoding="utf-8") as file:
        for note, found in zip(notes, findings, strict=True):
            note["text"] = anonymizer.anonymize(note["text"], found).text
            file.write(json.dumps(note) + "\n")


if __name__ == "__main__":
    main()
