"""Words in special forms of which the model is sure: spelled letters and digits, accounts, small letters."""

from __future__ import annotations

import re
from dataclasses import replace

from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.lexicon import lexicon
from openbioner_batch.deid.recognizers.roles import ROLE

SURE_OF_SMALL_LETTERS = 0.97
"""Score of the model from which a single word in small letters is a name."""
_SURE_OF_CALLED = 0.999
_DIGIT_WORDS = re.compile(
    r"\b(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)\b[ ,-]*){3,}", re.IGNORECASE
)
_SPELLED = re.compile(r"(?:[a-z] ){3,}[a-z]")
_ACCOUNT = re.compile(r"(?P<given>dr|md|rn|[a-z])(?P<last>[a-z]{4,16})")
_SURE_OF_ACCOUNT = 0.98
_USER_BEFORE = re.compile(r"\b(?:user(?:name)?|login|logged in as|acct|account|author)[ :=]{1,2}\Z", re.IGNORECASE)
_KEY_BEFORE = re.compile(r"(?<![^\W_])[\w.]+(?:=|\"[ ]?:[ ]?)\"?\Z|\b(?:reviewer|approver|submitter)[ ]\Z")
"""A key of a log or of JSON, before its value."""
_ROLE_BEFORE = re.compile(rf"(?<![^\W_]){ROLE}\.?[ ]\Z")


def sure_words(text: str, finding: Finding) -> Finding | None:
    """Words of which the model is sure, in a special form: spelled letters and digits, an account."""
    if finding.score < SURE_OF_SMALL_LETTERS:
        return None
    inside, family = text[finding.start : finding.end], family_of(finding.type)
    if family == "name":
        if spelled := _SPELLED.search(inside):
            return replace(finding, start=finding.start + spelled.start(), end=finding.start + spelled.end())
        return finding if _KEY_BEFORE.search(_before(text, finding)) and _is_account(text, finding) else None
    if family not in ("identifier", "contact"):
        return None
    if digits := _DIGIT_WORDS.search(inside):
        return replace(finding, start=finding.start + digits.start())
    return finding if _is_account(text, finding) else None


def _is_account(text: str, finding: Finding) -> bool:
    """Whether small letters are a doctor's name without a blank, or an initial and a name after "user" or a key."""
    name = text[finding.start : finding.end]
    account = _ACCOUNT.fullmatch(name)
    if account is None or finding.score < _SURE_OF_ACCOUNT:
        return False
    before = _before(text, finding)
    if len(account["given"]) == 1 and not (_USER_BEFORE.search(before) or _KEY_BEFORE.search(before)):
        return False
    return not any(clinical_words().knows(word) or word in lexicon().not_names for word in (name, account["last"]))


def _before(text: str, finding: Finding) -> str:
    return text[max(0, finding.start - 24) : finding.start]


def is_called_in_small_letters(text: str, start: int, finding: Finding) -> bool:
    """Whether the model is very sure of a name in small letters after a role: "Tech kimberleigh"."""
    is_name = family_of(finding.type) == "name" and finding.score >= _SURE_OF_CALLED
    return is_name and _ROLE_BEFORE.search(text[max(0, start - 24) : start]) is not None
