"""Whether letters that the model takes for a person are where staff sign: "2nd check AL/GT", "KMN, RPh"."""

from __future__ import annotations

import re

from openbioner_batch.deid.allowlist import allow_list
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.recognizers.clinical_words import clinical_words

_SURE = 0.7
_LETTERS = re.compile(r"[A-Z]{2,3}|[a-z]{2,3}|[a-zA-Z]{3}")
_SIGNED = re.compile(
    r"\b(?:by|per|check(?:ed)?|dictated|transcribed|typed|placed|drawn|coll(?:ected)?|reviewed|rev|read|verified|given|"
    r"done|final(?:ized)?|initial(?:s|ed)|witness(?:ed)?|wit|signed|cosigned|entered|marked|performed|scanned|faxed|"
    r"called|notified|counted|injected|inserted|removed|changed|tech)[ .:\"-]{1,3}\Z",
    re.IGNORECASE,
)
_PAIR_BEFORE = re.compile(r"(?<![^\W_])(?P<other>[A-Za-z]{2,3})[ ]?/[ ]?\Z")
_PAIR_AFTER = re.compile(r"[ ]?/[ ]?(?P<other>[A-Za-z]{2,3})(?![^\W_])")
_CREDENTIAL = re.compile(
    r",?[ ](?:RPh|PharmD|RN|LPN|MD|DO|NP|PA-C|CRNA|RT|RDN?|SLP|LCSW|MSW|CNM|CCP|RDCS|RVT|DPM|DPT|OTR)\b"
)
_AT_END = re.compile(r"[ .]*(?:\n|\Z)|[ ]+(?:\d{1,2}[/-]\d{1,2}|(?:[01]\d|2[0-3]):?[0-5]\d)\b")
_SENTENCE_BEFORE = re.compile(r"(?:[.!?)]|(?<!\d)(?:[01]\d|2[0-3]):?[0-5]\d|done|--?)[ ]{1,2}\Z")
_JOB_BEFORE = re.compile(r"\b(?:job|doc(?:ument)?|dict(?:ation)?)[ #:.]{1,3}\d{4,}[ ]\Z", re.IGNORECASE)
"""The number of a dictation, before who typed it."""
_AUTHOR = re.compile(
    r"\b(?:by|dictated|transcribed|typed|check(?:ed)?|initialed|signed|cosigned)[ .:\"-]{1,3}\Z", re.IGNORECASE
)
_SURE_OF_TERM = 0.95
_TWO = re.compile(r"([A-Za-z]{2,3})[ ]?/[ ]?([A-Za-z]{2,3})")
_SURE_OF_TWO = 0.99
_SURE_OF_PAIR = 0.98
"""Score from which two pairs of letters around a slash are people, even if they are terms elsewhere: "KJ/mn"."""
_ALONE = re.compile(r"(?:(?<=[a-z\d)%])[.!?][ \n]{1,2}|[\"“])\Z")
_ALONE_ENDS = re.compile(r"(?:\.(?=[ \n]{1,2}[A-Z])|[\"”]?\.?[ ]*\Z|[\"”])")
_SURE_ALONE = 0.9
_TIME_BEFORE = re.compile(r"(?<!\d)(?:[01]\d|2[0-3]):?[0-5]\d[ ]\Z")
_SUBJECT = re.compile(
    r"\b(?:subj(?:ect)?|pt|patient|participant|screening|rand(?:omi[sz]ation)?)\.?[ ]?(?:no\.?|#|id)?[ :]?[ ]?"
    r"[\d-]{3,}[ ]\Z",
    re.IGNORECASE,
)
"""The number of a subject of a trial, before the initials."""
_END_OF_NOTE = re.compile(r"[ .]*\Z|[ ]+(?:[DT]:|\d{1,2}/\d)")
_CHECKS = re.compile(r"[ ](?:double|dbl|2nd|second|indep\w*|dual)[ -]?(?:check|verif|sign)")
"""After two who have checked something together: "HB/LR double check"."""
_SHORTHAND = frozenset(
    "pt rn md np pa am pm ed or iv po im sq sl hr bp rr os od ou fu tx rx dx hx sx tab cap ct us mr xr gi gu "
    "id hd pe er ent ob cv cp ca co cm sw st rd rt tb hm he we me us it my an of no so to by at in on as is be do go "
    "up mg ml kg cm mm cc gm ul dl hb na cl bm uo lr ns ra ua bc vs ad sc tf tp ng og ett".split()
)


def are_initials_of_staff(text: str, start: int, end: int, finding: Finding) -> bool:
    """Whether a name of which the model is fairly sure is unlisted letters in the place of a signature."""
    before = text[max(0, start - 24) : start]
    if finding.score >= _SURE_OF_TWO and _LETTERS.fullmatch(text, start, end):
        opens = _SENTENCE_BEFORE.search(before) or _JOB_BEFORE.search(before)
        closes = opens is not None and _END_OF_NOTE.fullmatch(text, end) is not None
        if closes or _CREDENTIAL.match(text, end):
            return True  # whatever the letters mean elsewhere: "Metop held. mm", "HB, RPh"
    if finding.score >= _SURE_ALONE and _is_surely_signed(text, start, end, before, finding.score):
        return True
    if finding.score >= _SURE_OF_TERM and end - start == 2 and _AUTHOR.search(before):
        return text[start:end].isalpha() and text[start:end].lower() not in _SHORTHAND  # AL, TW: two in five are terms
    if finding.score < _SURE or not _may_be_initials(text[start:end]):
        return False
    if _SIGNED.search(before) or _CREDENTIAL.match(text, end):
        return True
    pair = _PAIR_BEFORE.search(before) or _PAIR_AFTER.match(text, end)
    if pair:
        return _may_be_initials(pair["other"])
    return _AT_END.match(text, end) is not None and _SENTENCE_BEFORE.search(before) is not None


def _is_surely_signed(text: str, start: int, end: int, before: str, score: float) -> bool:
    """Whether letters that may be a term elsewhere are initials here, if the model is sure of them."""
    word = text[start:end]
    if not (_LETTERS.fullmatch(word) or re.fullmatch(r"[A-Z]{3}", word)):
        return False
    if score >= _SURE_OF_PAIR and (other := _other_of_pair(text, start, end)):
        behind = max(end, other[1])
        if _CHECKS.match(text, behind):
            return True
        opens = _SENTENCE_BEFORE.search(text[max(0, min(start, other[0]) - 6) : min(start, other[0])])
        at_end = opens and _END_OF_NOTE.match(text, behind)
        return bool(at_end) and not {word.lower(), text[slice(*other)].lower()} & _SHORTHAND
    if word.lower() in _SHORTHAND:
        return False
    if word.isupper() and _ALONE.search(before) and _ALONE_ENDS.match(text, end):
        return True
    if score < _SURE_OF_TWO:
        return False
    signed = _SIGNED.search(before) is not None and len(word) == 2
    timed = _TIME_BEFORE.search(before) is not None and _AT_END.match(text, end) is not None
    return signed or timed or _SUBJECT.search(text[max(0, start - 40) : start]) is not None


def _other_of_pair(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The range of the other letters of a pair with a slash; None without them or with a third part: YYYY/MM/DD."""
    low = max(0, start - 6)
    if before := _PAIR_BEFORE.search(text[low:start]):
        other = low + before.start("other"), low + before.end("other")
    elif after := _PAIR_AFTER.match(text, end):
        other = after.span("other")
    else:
        return None
    first, last = min(start, other[0]), max(end, other[1])
    return None if "/" in text[max(0, first - 1) : first] + text[last : last + 1] else other


def are_two_signatures(value: str, score: float) -> bool:
    """Whether the model is sure of two people's initials beside each other: "QJ/LG", "KJ/mn"."""
    pair = _TWO.fullmatch(value)
    return pair is not None and score >= _SURE_OF_TWO and not any(one.lower() in _SHORTHAND for one in pair.groups())


def _may_be_initials(word: str) -> bool:
    return (
        _LETTERS.fullmatch(word) is not None
        and word.lower() not in _SHORTHAND
        and not clinical_words().knows(word)
        and not allow_list().knows(word)
    )
