"""Whether words that only the model found may be a name: removes clinical words, and rejects terms."""

from __future__ import annotations

import re
from dataclasses import replace

from openbioner_batch.deid.allowlist import allow_list
from openbioner_batch.deid.dates.words import MONTHS, WEEKDAYS
from openbioner_batch.deid.families import family_of
from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.geography import STATES
from openbioner_batch.deid.normalising import normalise_word
from openbioner_batch.deid.plausible.initials import are_initials_of_staff, are_two_signatures
from openbioner_batch.deid.plausible.sure_words import SURE_OF_SMALL_LETTERS, is_called_in_small_letters, sure_words
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.lexicon import lexicon
from openbioner_batch.deid.recognizers.person_cues import PersonEvidence, person_evidence

_SHORTEST_TERM = 4
_VOWELS = frozenset("aeiouy")
_TITLES = frozenset("mr mrs ms miss dr drs prof rev sr sra mme herr frau hr sir madam ma'am".split())
_ABBREVIATION = re.compile(r"[A-Z]{2,5}s?")
_WORD_END = re.compile(r"[^\W\d_]+\Z")
_GOES_ON = re.compile(r"-[a-z]")
_SURE_OF_CODE = 0.9
_PLACES = frozenset({"address", "town", "state", "country"})
_CODES = (frozenset(STATES) | {"UK", "USA", "UAE", "DC"}) - {"MI"}
"""Codes of states and countries for which the model is trusted; MI is a heart attack more often than Michigan."""
_NAME_BEFORE = re.compile(r"(?P<name>[A-ZÀ-Þ][a-zß-ÿ]{2,20}),?\s\Z")
_GIVEN_AFTER = re.compile(r",\s(?P<name>[A-Z]{2,20})\b")
_NAME_AFTER = re.compile(r",?\s(?P<name>[A-ZÀ-Þ][a-zß-ÿ]{2,20})\b")

_WORD = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*")
_AROUND = 60
_SMALL_TITLE = re.compile(r"\b(?:mrs?|ms|dr|miss|prof|sra?)\.?\s\Z")
_INITIALS = re.compile(r"[A-Z](?:\.[A-Z]){1,2}\.?")
_SENTENCE_START = re.compile(r"(?:\A|[.!?:;\n]\s{0,3}|[-*•]\s)\Z")
CREDENTIAL = re.compile(r"(?:M\.?D|D\.?O|R\.?N|N\.?P|PA(?:-C)?|Ph\.?D|DDS|DPM|LPN|CRNA|PharmD|MBBS|J\.?r|S\.?r)\b\.?")
_LEADING = re.compile(
    r"\W*(?:(?:(?:in|on|at|from|to|near|for|with|by|is|was|my|your|our|their|his|her)\s+){1,3}(?:the\s+)?)?"
)
"""Before a place or an institution, in small letters: "is near Oak Hollow"."""
_TRAILING = re.compile(r"(?:\s+(?:is|was|has|had|on|in|at|to|from|around|near|by|for|with|who|the))+\Z")
_MAIL = re.compile(r"e-?mail\b", re.IGNORECASE)
_NO_GRADE = re.compile(r"[ ]\d{1,2}(?:\.\d{1,3})?[ ]?(?:kg|g|lbs?)\b|[ ]\+[ ][A-Z]")
"""After a name a weight or another name: "Baby Isla 4.2 kg", "Roe + Doe"."""
_SPEAKS = re.compile(
    r"['’]s\b|\s(?:is|was|has|had|says|said|states|stated|reports|reported|denies|called|agrees|will|would|lives|and|"
    r"came|slept|"
    r"refused|requests|wants|asked|complains|ambulated|acknowledged)\b"
)
_PRONOUNS = frozenset("my your our their his her its".split())
_FUNCTION = frozenset(
    "a an the of on in at by to from and or with for w p c s d h per via as is was no not than then into onto over "
    "under near fr pt mr mrs ms dr his her their our".split()
)


def words_of_a_name(text: str, finding: Finding) -> Finding | None:
    """The finding without the clinical words at its ends, if something like a name is left."""
    inside = text[finding.start : finding.end]
    if family_of(finding.type) == "name" and are_two_signatures(inside, finding.score):
        return finding
    if certain := sure_words(text, finding):
        return certain
    words = [(finding.start + word.start(), finding.start + word.end()) for word in _WORD.finditer(inside)]
    names = [place for place in words if not _is_no_name(text, *place, finding)]
    family = family_of(finding.type)
    if not names and family == "organisation" and _is_title_of_words(text, words):
        return finding
    if not names or allow_list().is_in_phrase(text, names[0][0], names[-1][1]):
        return None
    if family != "name" and allow_list().in_frame(text, names[0][0], names[-1][1]):
        return None
    start = finding.start + (leading.end() if (leading := _LEADING.match(inside)) else 0)
    end = finding.start + (trailing.start() if (trailing := _TRAILING.search(inside)) else len(inside))
    if family != "name":
        return replace(finding, start=start, end=end) if start < end else None
    if all(right - left == 1 for left, right in names) and not (
        allow_list().person_is_meant(text, *names[0]) or _SPEAKS.match(text, finding.end)
    ):
        return None  # letters of a list
    if any(map(str.isdigit, inside)):
        start = max(start, names[0][0])  # "14 Fr Okonkwo"
    end = max(end, names[-1][1])
    for left, right in words:
        if right <= names[0][0] and _is_cut_off(text[left:right], text[slice(*names[0])]):
            start = right
        elif (
            left >= names[-1][1]
            and _is_cut_off(text[left:right], text[slice(*names[-1])])
            and not CREDENTIAL.match(text, left)
        ):
            end = min(end, left)
    while not text[start].isalnum():
        start += 1
    while not text[end - 1].isalnum() and end < finding.end:
        end -= 1
    return replace(finding, start=start, end=end)


def is_term(text: str, finding: Finding) -> bool:
    """Whether all the words of a finding are clinical, or in the context of a term."""
    words = [
        (finding.start + one.start(), finding.start + one.end())
        for one in _WORD.finditer(text[finding.start : finding.end])
    ]
    in_phrase = allow_list().is_in_phrase(text, finding.start, finding.end)
    return in_phrase or all(_is_clinical_word(text[slice(*one)]) or allow_list().in_frame(text, *one) for one in words)


def _is_title_of_words(text: str, words: list[tuple[int, int]]) -> bool:
    """Whether an institution is named by ordinary words with capitals, none of which is a term: "Comfort Hands"."""
    return (
        sum(text[start:end].istitle() for start, end in words) > 1
        and not allow_list().is_in_phrase(text, words[0][0], words[-1][1])
        and not allow_list().in_frame(text, words[0][0], words[-1][1])
    )


def _is_cut_off(word: str, name: str) -> bool:
    """Whether a clinical word at the end of a name is in another case than the name: "p CABG Roe", but not "WU LI"."""
    if len(word) == 1 and word.isupper():
        return False  # an initial
    return word.lower() not in _FUNCTION and (word.isupper(), word.islower()) != (name.isupper(), name.islower())


def _is_no_name(text: str, start: int, end: int, finding: Finding) -> bool:
    """Whether a word is a clinical term or part of a token, without a title, label or credential of a person."""
    word = text[start:end]
    bare = re.sub(r"['’]s?\Z", "", word)
    is_initials = _INITIALS.fullmatch(bare) and bare.replace(".", "") not in ("AM", "PM", "MD", "RN")
    if family_of(finding.type) in _PLACES and bare in _CODES and finding.score >= _SURE_OF_CODE:
        return False
    if family_of(finding.type) == "name" and are_initials_of_staff(text, start, end, finding):
        return False
    if family_of(finding.type) == "contact" and _MAIL.match(text, start):
        return True
    if is_initials or _SMALL_TITLE.search(text[max(0, start - 8) : start]):
        return False
    if (
        bare.lower() in _TITLES
        or _is_part_of_shorthand(text, start, end)
        or is_glued_to_digits(text, start, end)
        or (bare.lower() in _FUNCTION and (bare.islower() or len(bare) > 1))
    ):
        return True
    meant = person_evidence(text, start, end) if family_of(finding.type) == "name" else PersonEvidence.NONE
    if meant is PersonEvidence.STRONG:
        is_word = (len(bare) > 2 and _is_clinical_word(bare)) or (bare.islower() and bare in lexicon().not_names)
        return is_word and _is_in_other_case(text, start, end)
    return (
        (_is_clinical_word(bare) and not (meant is PersonEvidence.WEAK and _may_be_both(bare)))
        or _is_word_of_notes(bare, finding)
        or (
            bare.islower()
            and bare not in lexicon().given_names
            and not _is_without_capitals(text, start, end)
            and not is_called_in_small_letters(text, start, finding)
        )
        or _opens_sentence(text, start, end)
        or _is_term(text, start, end, finding)
        or (meant is PersonEvidence.NONE and _is_unlikely(text, start, end, finding))
    )


def _is_word_of_notes(bare: str, finding: Finding) -> bool:
    """Whether a word cannot belong to a name; with a capital it may, if the model is sure or it is a day or place."""
    small = bare.lower()
    if small not in lexicon().not_names:
        return False
    if bare.islower() or bare.isupper():
        return True
    names = lexicon().called | lexicon().word_names
    of_a_place = family_of(finding.type) in _PLACES and small not in _PRONOUNS
    of_a_day = small in WEEKDAYS and family_of(finding.type) == "date"
    may_be_other = of_a_day or small in MONTHS or small in names or of_a_place
    return bare.istitle() and not may_be_other and finding.score < SURE_OF_SMALL_LETTERS


def _is_in_other_case(text: str, start: int, end: int) -> bool:
    """Whether a word in small letters, or in capitals, is in a text that is not: "asst" after "Dr Roe,"."""
    word, around = text[start:end], text[max(0, start - _AROUND) : start] + text[end : end + _AROUND]
    return (word.islower() and around != around.lower()) or (word.isupper() and around != around.upper())


def _may_be_both(bare: str) -> bool:
    """Whether a clinical word is short or a frequent surname too: Walker, Ward."""
    short = bare == "Ng" or (len(bare) < _SHORTEST_TERM and not _VOWELS.isdisjoint(bare.lower()))
    return bare.istitle() and (short or bare.lower() in lexicon().word_names)


def _is_clinical_word(bare: str) -> bool:
    if bare.istitle() and bare.lower() not in clinical_words().words and normalise_word(bare) in allow_list().surnames:
        return False  # Wells, Norton, Nash: a term only in the frame of one
    return clinical_words().knows(bare.replace(".", "")) or (
        "-" in bare and all(map(clinical_words().knows, bare.split("-")))
    )


def _is_term(text: str, start: int, end: int, finding: Finding) -> bool:
    """Whether a word is an eponym, a device or a place that names a scale, in a context of such."""
    terms = allow_list()
    while text[start - 1 : start] == "-" and text[start - 2 : start - 1].isalpha():
        low = max(0, start - 24)
        before = _WORD_END.search(text[low : start - 1])
        if before is None:
            break
        start = before.start() + low
    if _GOES_ON.match(text, end) and all(terms.knows(part) for part in text[start:end].split("-")):
        return True  # "Milan-in"
    first, _, rest = text[start:end].partition("-")
    if terms.is_sign(text, end) or (rest.islower() and terms.knows(first)):
        return True
    return terms.keeps(text, start, end) if family_of(finding.type) == "name" else terms.in_frame(text, start, end)


def _is_unlikely(text: str, start: int, end: int, finding: Finding) -> bool:
    """Whether an unlisted word, without a context of a person, looks like something else.

    Letters of an abbreviation in a text of small letters, what a grade or a result follows, a word in small letters
    that the model is not sure of.
    """
    word = text[start:end]
    if word.lower() in lexicon().given_names - lexicon().word_names:
        return False
    if family_of(finding.type) in _PLACES and len(word) > _SHORTEST_TERM and finding.score >= _SURE_OF_CODE:
        return False
    alone = not any(
        other[0].isupper() for other in _WORD.findall(text[finding.start : start] + text[end : finding.end])
    )
    if _ABBREVIATION.fullmatch(word):
        around = text[max(0, start - _AROUND) : start] + text[end : end + _AROUND]
        return around != around.upper() and not _beside_a_name(text, start, end)
    if word.islower():
        return finding.score < SURE_OF_SMALL_LETTERS
    return alone and allow_list().is_graded(text, end) and not _NO_GRADE.match(text, end)


def _beside_a_name(text: str, start: int, end: int) -> bool:
    """Whether a word in capitals has another name on its side: "Kim WU", "WU, Lin", "WU, AL"."""
    if (given := _GIVEN_AFTER.match(text, end)) and given["name"].lower() in lexicon().called:
        return True
    before, after = _NAME_BEFORE.search(text[max(0, start - 24) : start]), _NAME_AFTER.match(text, end)
    return any(found and not _is_clinical_word(found["name"]) for found in (before, after))


def _is_without_capitals(text: str, start: int, end: int) -> bool:
    """Whether a text is in small letters around a word, so that a name would be too."""
    around = text[max(0, start - _AROUND) : start] + text[end : end + _AROUND]
    return around == around.lower()


def _is_part_of_shorthand(text: str, start: int, end: int) -> bool:
    """Whether one or two letters beside a slash are part of s/p, w/, h/a, W/D/I."""
    return end - start <= 2 and "/" in (text[start - 1 : start], text[end : end + 1])


def is_glued_to_digits(text: str, start: int, end: int) -> bool:
    """Whether letters are in a token with digits, as in CD4 and 93M; names of synthetic patients are too: Larue605."""
    after = text[end : end + 1].isdigit() and not (end - start > 2 and text[start:end].istitle())
    return after or text[max(0, start - 1) : start].isdigit()


def _verb_follows(text: str, end: int) -> bool:
    """Whether a word is followed like a verb: by a word in small letters or a test, "Mark heels", "Drew BMP"."""
    after = _WORD.match(text, end + 1) if text[end : end + 1] == " " else None
    return after is not None and (after[0].islower() or (after[0].isupper() and clinical_words().knows(after[0])))


def _opens_sentence(text: str, start: int, end: int) -> bool:
    """Whether a name starts a sentence as an ordinary word: "Will discuss", "Mark the site", "Grace period"."""
    return (
        text[start:end].lower() in lexicon().word_names
        and _SENTENCE_START.search(text[max(0, start - 4) : start]) is not None
        and _verb_follows(text, end)
        and _SPEAKS.match(text, end) is None
    )
