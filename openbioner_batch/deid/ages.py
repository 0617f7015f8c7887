"""Ages: those over 89 become 90+ (45 CFR 164.514(b)(2)(i)(C)), in digits and in words; others stay."""

from __future__ import annotations

import re

OVER_89 = "90+"

_ONES = "one two three four five six seven eight nine".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty".split()
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth".split()
_one = "|".join([*_ONES, *_ORDINALS])
_tens = "|".join([*_TENS, *(ten[:-1] + "ie" for ten in _TENS)])
_below_90 = rf"(?:{_tens})(?:[\s-]+(?:{_one})|s|th)?|{'|'.join(_TEENS)}|{_one}"
_over_89_words = (
    rf"(?:super)?centenarian|nonagenarian|nineties|ninetieth|ninety(?:[\s-]+(?:{_one}))?"
    rf"|(?:(?:one|a)[\s-]+)?hundred(?:th)?(?:(?:[\s-]+and)?[\s-]+(?:{_below_90}))?"
)
_shorter = r"(?:months?|mos?|weeks?|wks?|days?|hours?|hrs?|minutes?)\b"
_shorter_units = re.compile(rf"(?<![a-z]){_shorter}", re.IGNORECASE)
# a number of months or weeks is not an age over 89: "96 months", "95-100 weeks"
_over_89 = re.compile(
    rf"(?>(?<![\d.])0?(?:9\d|1[0-4]\d)(?:\.\d(?!\d))?(?:['’]?s\b|st\b|nd\b|rd\b|th\b)?(?!\d)|\b(?:{_over_89_words})s?\b)"
    rf"(?!(?:\s?(?:-|to|or)\s?\d+)?[\s-]*{_shorter})",
    re.IGNORECASE,
)
_range = re.compile(r"90\+(?:\s?(?:-|to|and|or)\s?90\+)+")
_age = re.compile(rf"(?<!\d)\d{{1,2}}(?!\d)|\b(?:{_below_90})s?\b", re.IGNORECASE)


def generalise_age(text: str) -> str | None:
    """`text` with every age over 89 as "90+": "ninety-four years" to "90+ years"; unchanged where there is none.

    An age in months or days does not count. None where no age can be read.
    """
    new = _range.sub(OVER_89, _over_89.sub(OVER_89, text))
    return new if new != text or _age.search(text) or _shorter_units.search(text) else None
