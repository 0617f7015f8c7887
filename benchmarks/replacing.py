"""How fast identifiers are replaced, on invented notes of 3 kB with 20 identifiers.

Run it with `python benchmarks/replacing.py`.

Every note is of another patient, the most costly case. Policies are timed in turn, several times; shown are medians of
notes per second of processor time on one core, with the least and the most.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.keys import Key
from openbioner_batch.deid.policy import Policy, load_policy
from openbioner_batch.deid.replacing import replace
from openbioner_batch.deid.scope import Scope

Note = tuple[str, list[Finding]]
POLICIES = ("surrogate", "safe-harbor", "tags")
_FIRST = "Anna Maria Linda Robert James Peter Susan Karen".split()
_LAST = "Lee Smith Hargrove Lopez Whitfield Nguyen Patel".split()
_FILLER = (
    "was seen in clinic for follow-up of hypertension and diabetes; lungs clear, heart regular, no acute distress; "
)
_TYPES = (
    ["patient_name"] * 5
    + ["clinician_name"] * 3
    + ["personal_date"] * 5
    + [
        "birth_date",
        "medical_record_number",
        "phone_number",
        "email_address",
        "healthcare_facility",
        "street_address",
        "age_over_89",
    ]
)


def value_of(type: str, draw: random.Random) -> str:
    """An invented identifier."""
    first, last, number = draw.choice(_FIRST), draw.choice(_LAST), draw.randrange(10**7)
    day = f"{draw.randint(1, 12):02d}/{draw.randint(1, 28):02d}/{draw.randint(1990, 2024)}"
    makers: dict[str, Callable[[], str]] = {
        "patient_name": lambda: draw.choice([f"{first} {last}", f"{last}, {first}", last.upper()]),
        "clinician_name": lambda: f"Dr. {first[0]}. {last}, MD",
        "personal_date": lambda: draw.choice([day, f"March {draw.randint(1, 28)}, {draw.randint(1990, 2024)}"]),
        "birth_date": lambda: day,
        "medical_record_number": lambda: f"MRN-{number:07d}",
        "phone_number": lambda: f"(617) {number // 10000:03d}-{number % 10000:04d}",
        "email_address": lambda: f"{first}.{last}{number % 100}@example.com".lower(),
        "healthcare_facility": lambda: f"St. {first} Medical Center",
        "street_address": lambda: f"{number % 1000} {last} St, Dover, NH {number % 100000:05d}",
        "age_over_89": lambda: f"{draw.randint(20, 99)}-year-old",
    }
    return makers[type]()


def make_notes(count: int, seed: int = 1) -> list[Note]:
    """Notes of about 3,000 characters, each with its 20 identifiers."""
    draw = random.Random(seed)
    notes = []
    for _ in range(count):
        text, findings = "", []
        for type in draw.sample(_TYPES, len(_TYPES)):
            text += (_FILLER * 2)[:135]
            value = value_of(type, draw)
            findings.append(Finding(len(text), len(text) + len(value), type, 1.0, ("made",)))
            text += value
        notes.append((text, findings))
    return notes


def rate(notes: list[Note], policy: Policy, key: Key, repeat: int) -> float:
    """Notes per second of processor time."""
    start = time.process_time()
    for number, (text, findings) in enumerate(notes):
        replace(text, findings, policy, Scope.for_patient(key, f"{repeat} {number}"))
    return len(notes) / (time.process_time() - start)


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    notes, key = make_notes(options.notes), Key(bytes(range(32)))
    policies = {name: load_policy(name) for name in POLICIES}
    rates: dict[str, list[float]] = {name: [] for name in POLICIES}
    for repeat in range(options.repeats + 1):
        for name, policy in policies.items():
            measured = rate(notes, policy, key, repeat)
            if repeat:  # the first round warms up
                rates[name].append(measured)
    result = {
        "notes": len(notes),
        "characters_per_note": round(statistics.mean(len(text) for text, _ in notes)),
        "identifiers_per_note": len(_TYPES),
        "notes_per_second": {
            name: {"median": round(statistics.median(found)), "least": round(min(found)), "most": round(max(found))}
            for name, found in rates.items()
        },
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
