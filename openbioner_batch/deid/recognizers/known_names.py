"""Finds known names: whole and in parts, in any order and case, with initials, short forms and one wrong letter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openbioner_batch.deid.finding import Finding
from openbioner_batch.deid.normalising import normalise_word, strip_possessive
from openbioner_batch.deid.recognizers.clinical_words import clinical_words
from openbioner_batch.deid.recognizers.known_full_names import (
    PARTICLES,
    TITLES,
    FullNamePatterns,
    find_full_names,
    full_name_patterns,
    spellings,
)
from openbioner_batch.deid.recognizers.lexicon import lexicon

SHORTEST_WITH_TYPO = 6

_PARTS = re.compile(r"[^\W\d_]+(?:['’`][^\W\d_]+)*")
_NUMBER = re.compile(r"\d{1,4}(?![^\W_])")
"""Synthetic patients have names such as Larue605."""
_JOINT = re.compile(r"[ \t]{0,2},?[ \t]{0,2}|-")
_MIDDLE = re.compile(r"[ ](?P<name>[A-Z](?:[^\W\d_]|['’-]){0,24})\.?[ ]")
_LAST_INITIAL = re.compile(r"[ ][A-Z]\b\.?(?=[ ]?[\d,;:|()\n]|[ ]{2}|\Z)")
_INITIAL_AFTER = re.compile(r"[ ,]{1,2}(?P<initial>[^\W\d_])(?![^\W_])\.?")
_PARTICLES_BEFORE = re.compile(rf"(?<=[ .-])(?:(?:{'|'.join(sorted(PARTICLES))})[ ]){{1,3}}\Z", re.IGNORECASE)
_INITIALS_BEFORE = re.compile(r"(?<![^\W_])(?P<initials>(?:[^\W\d_]\.?[ -]?){1,2})\Z")
_DOTTED = re.compile(r"(?<![\w.])(?:[A-Z]\.[ ]?){2,4}(?![\w])")
_BARE_INITIALS = re.compile(r"\b(?:[Pp]atient|[Pp]t|[Cc]lient|PATIENT|PT|Mr|Mrs|Ms)\.?[ ](?P<initials>[A-Z]{2,3})\b")
_ABBREVIATED_TITLE = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Miss|DR|MR|MRS|MS|Nurse|Prof|Patient|patient|Pt|pt)\.?[ ]{1,2}\Z")
_IS_PATIENT = re.compile(r"(?:patient|pt)\b", re.IGNORECASE)
"""Not titles before an ordinary word: "Pt will follow up", "PATIENT MAY SHOWER"."""
_VERB = re.compile(
    r"(?:Will|May|Can|Might)\s(?!(?:is|was|has|had|says|said|states|stated|reports|reported|denies|denied|came|called|"
    r"feels|"
    r"felt|presents|presented|and|lives|who|wants|asked|told|then|also)\b)[a-z]"
)
_SAYS = re.compile(
    r"\s(?:says|said|states|stated|reports|reported|denies|denied|complains|c/o|lives|asked|presented|"
    r"was\s(?:admitted|discharged)|is\s(?:a\s)?\d\d)\b"
)
_IS_SEEN = re.compile(r"\s(?:is|was)\s(?:seen|here|there|well|at\shome|told|called|doing)\b|\s(?:came|went)\b")
_ALSO_GIVEN = frozenset(
    "amber angel april art august autumn bill chase dale dawn dean drew faith gene grace guy hope iris joy june lily "
    "mark may mercy olive pat pearl penny randy ray rich rob robin rose ruby rusty sandy sue summer will".split()
)
"""Given names that are ordinary words."""
_SHORT_WORDS = frozenset("an do no so to he me we us my by of on or in is it as at if go up am be oh ok hi".split())
_SENTENCE_START = re.compile(r"(?:^|[.!?:\n][\s\"'(]*|[-*•][ \t]*)\Z")


@dataclass(frozen=True, slots=True)
class KnownNames:
    """Names prepared for search."""

    parts: dict[str, str]
    """Normalised part of a name -> type."""
    initials: dict[str, str]
    """Initials of whole names, two letters or more -> type."""
    letters: dict[str, frozenset[str]]
    """Normalised part -> first letters of the other parts of the same name."""
    long: tuple[str, ...]
    """Parts with `SHORTEST_WITH_TYPO` letters or more."""
    full_names: FullNamePatterns
    """The full names."""

    @classmethod
    def build(cls, names: Sequence[tuple[str, str]], nicknames: bool) -> KnownNames:
        """From (name as written, type); titles and degrees in it are left out."""
        lists = lexicon()
        parts: dict[str, str] = {}
        initials: dict[str, str] = {}
        letters: dict[str, frozenset[str]] = {}
        for written, type in names:
            last, comma, rest = written.partition(",")
            ordered = f"{rest} {last}" if comma and rest.strip().rstrip(".").lower() not in TITLES else written
            words = [normalise_word(word) for word in _PARTS.findall(ordered)]
            words = [word for word in words if word not in TITLES]
            whole = [word for word in words if len(word) > 1 and word not in PARTICLES]
            first = frozenset(word[0] for word in words)
            forms = dict.fromkeys(whole)
            for word in _PARTS.findall(written):
                if normalise_word(word) in forms:
                    forms.update(dict.fromkeys(spellings(word)))
            for double in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)+", written):
                forms[normalise_word(double.replace("-", ""))] = None
            if nicknames:
                for word in whole:
                    forms.update(dict.fromkeys(lists.nicknames.get(word, ())))
            for form in forms:
                parts.setdefault(form, type)
                letters[form] = letters.get(form, frozenset()) | first
            if len(words) > 1:
                initials.setdefault("".join(word[0] for word in words), type)
                initials.setdefault(words[0][0] + words[-1][0], type)
        long = tuple(sorted(part for part in parts if len(part) >= SHORTEST_WITH_TYPO))
        return cls(parts, initials, letters, long, full_name_patterns(names))

    def find(self, text: str, typos: bool = True) -> Iterator[Finding]:
        """Each mention of a name or of its parts; adjacent parts are one finding."""
        for whole in find_full_names(text, self.full_names):
            yield self._with_initials(text, whole, self._letters_of(text[whole.start : whole.end]))
        if not self.parts:
            return
        run: Finding | None = None
        run_part, run_sure, run_whole = "", False, False
        for hit, part, sure in self._hits(text, typos):
            bare_start = hit.start
            hit = self._with_initials(text, hit, self.letters[part])
            sure = sure or hit.start < bare_start
            if run and self._joins(text[run.end : hit.start], run_part, part):
                named = run_sure or sure or not (_is_small(text, run, run_part) or _is_small(text, hit, part))
                run = Finding(run.start, max(run.end, hit.end), run.type, 1.0, run.recognizers)
                run_part, run_sure, run_whole = part, named, True
                continue
            if run and run_sure:
                yield _with_middle_initial(text, run) if run_whole else run
            run, run_part, run_sure, run_whole = hit, part, sure, False
        if run and run_sure:
            yield _with_middle_initial(text, run) if run_whole else run
        yield from self._find_initials(text)

    def _joins(self, gap: str, one: str, other: str) -> bool:
        """Whether two parts belong to one mention: at most punctuation or a middle name lies between."""
        of_one = other[0] in self.letters[one]
        if _JOINT.fullmatch(gap):
            return "," not in gap or of_one
        middle = _MIDDLE.fullmatch(gap) if of_one and one != other else None
        if middle is None:
            return False
        name, lists = middle["name"].lower(), lexicon()
        # in a text of capitals any word could be one
        return name in lists.given_names if middle["name"].isupper() and name[1:] else name not in lists.not_names

    def _hits(self, text: str, typos: bool) -> Iterator[tuple[Finding, str, bool]]:
        """Words that are parts: (finding, part, whether the word alone is enough)."""
        ordinary = lexicon().ordinary
        tested: dict[str, str | None] = {}
        for match in _PARTS.finditer(text):
            written, _ = strip_possessive(match[0])
            word = normalise_word(written)
            part = word if word in self.parts else None
            plural = False
            if part is None and len(word) >= 5 and word[-1] == "s" and word[:-1] in self.parts and written[0].isupper():
                part, plural = word[:-1], True
            typo = False
            if part is None and typos and len(word) >= SHORTEST_WITH_TYPO - 1 and written[0].isupper():
                if word not in tested:
                    tested[word] = next((long for long in self.long if one_edit(word, long)), None)
                part = tested[word]
                typo = part is not None
            if part is None:
                continue
            end = match.start() + len(written)
            if end == match.end() and (number := _NUMBER.match(text, end)):
                end = number.end()
            finding = Finding(match.start(), end, self.parts[part], 0.9 if typo else 1.0, ("known:name",))
            title = _ABBREVIATED_TITLE.search(text[max(0, match.start() - 12) : match.start()])
            titled = title is not None
            capital = not written[0].islower()  # letters of some scripts have no case
            starts = bool(_SENTENCE_START.search(text[max(0, match.start() - 8) : match.start()]))
            if part in ordinary or len(part) < 3 or (written.islower() and clinical_words().knows(written)):
                letters = len(part) < 3 and part not in _SHORT_WORDS and not clinical_words().knows(written)
                capital = capital and (letters or not written.isupper()) and not _VERB.match(text, match.start())
                sure = (title is not None and (capital or _IS_PATIENT.match(title[0]) is None)) or (
                    capital and (not starts or letters or _acts(text, match.end(), part))
                )
            elif typo:
                sure = titled or (not starts and not written.isupper()) or (len(word) >= 8 and not written.isupper())
            else:
                sure = capital or len(part) >= 4 or titled
            if plural and not capital:
                sure = False
            yield finding, part, sure

    def _letters_of(self, name: str) -> frozenset[str]:
        """First letters of the parts of the names that a range of the text mentions."""
        words = [normalise_word(word) for word in _PARTS.findall(name)]
        words.append("".join(words))
        return frozenset().union(*(self.letters.get(word, frozenset()) for word in words))

    def _with_initials(self, text: str, finding: Finding, letters: frozenset[str]) -> Finding:
        """The finding with initials of the same name beside it: "J. Roe", "Roe, J", "Jane R.", "J.-L. Le Goff"."""
        start, end = finding.start, finding.end
        if (
            (after := _INITIAL_AFTER.match(text, end))
            and after["initial"].isupper()
            and normalise_word(after["initial"]) in letters
        ):
            end = after.end()
        bare = _PARTICLES_BEFORE.search(text, max(0, start - 16), start)
        for place in dict.fromkeys((start, bare.start() if bare else start)):
            before = _INITIALS_BEFORE.search(text, max(0, place - 8), place)
            if before and text[place - 1] in " .-":
                found = [letter for letter in before["initials"] if letter.isalpha()]
                if all(letter.isupper() and normalise_word(letter) in letters for letter in found):
                    start = before.start()
                    break
        return Finding(start, end, finding.type, finding.score, finding.recognizers)

    def _find_initials(self, text: str) -> Iterator[Finding]:
        for pattern in (_DOTTED, _BARE_INITIALS):
            for match in pattern.finditer(text):
                name = "initials" if "initials" in match.groupdict() else 0
                found = "".join(filter(str.isalpha, match[name])).lower()
                if (type := self.initials.get(found)) is not None:
                    start = match.start(name)
                    yield Finding(start, start + len(match[name].rstrip()), type, 0.8, ("known:initials",))


def _is_small(text: str, found: Finding, part: str) -> bool:
    """Whether an ordinary word is in small letters: "Frank blood" is not Frank Blood."""
    return part in lexicon().ordinary and text[found.start].islower()


def _acts(text: str, end: int, part: str) -> bool:
    """Whether a verb of people follows the start of a sentence: "Drew was seen", but not "Line was seen"."""
    called = part in lexicon().given_names or part in _ALSO_GIVEN
    return _SAYS.match(text, end) is not None or (called and _IS_SEEN.match(text, end) is not None)


def _with_middle_initial(text: str, name: Finding) -> Finding:
    """A whole name with an initial after it that the record lacks: "Roe, Jane S"."""
    after = _LAST_INITIAL.match(text, name.end)
    return Finding(name.start, after.end() if after else name.end, name.type, name.score, name.recognizers)


def one_edit(one: str, two: str) -> bool:
    """Whether two words differ by one changed, added or missing letter, or by two neighbours swapped."""
    if abs(len(one) - len(two)) > 1 or one == two:
        return False
    head = 0
    shorter = min(len(one), len(two))
    while head < shorter and one[head] == two[head]:
        head += 1
    rest_one, rest_two = one[head:], two[head:]
    if len(rest_one) == len(rest_two):
        return rest_one[1:] == rest_two[1:] or (rest_one[:2] == rest_two[1::-1] and rest_one[2:] == rest_two[2:])
    return rest_one[1:] == rest_two if len(rest_one) > len(rest_two) else rest_two[1:] == rest_one
