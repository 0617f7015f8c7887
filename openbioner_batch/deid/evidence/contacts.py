"""Whether digits are a telephone's, a pager's, an account's or a network's: by form, or by the words before them."""

from __future__ import annotations

import re

from openbioner_batch.deid.evidence.surroundings import Surroundings

_WHOLE = re.compile(
    r"(?:\+?1[ .-]{0,2})?(?:\(\d{3}\)[ .-]{0,2}\d{3}[ .-]{0,2}\d{4}|\d{3}[-./—•]\d{3}[-.—•]\d{4}|\d{3}[ ]\d{3}-\d{4})"
    r"(?:[ ,;]{0,3}(?:x|ext\.?|extn\.?|extension|#)[ .:#]{0,3}[\d-]{1,7})?",
    re.IGNORECASE,
)
"""A North American number, with marks between its parts."""
_INTERNATIONAL = re.compile(
    r"\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,6}(?:[ ,;]{0,3}(?:x|ext\.?|#)[ .:#]{0,3}[\d-]{1,7})?", re.IGNORECASE
)
_FEWEST_INTERNATIONAL, _FEWEST_WHOLE, _FEWEST_LOCAL, _FEWEST_SHORT = 9, 9, 7, 4
_GROUPS = re.compile(r"\d{1,4}(?:[ ]\d{1,4})+")
"""Groups of digits as in results and times."""
_LABEL_BEHIND = re.compile(r"[ (]{1,2}(?:cell|home|work|mobile|fax|office|pager|ph|tel)(?![^\W_])", re.IGNORECASE)
_BY_BLANKS = re.compile(r"[2-9]\d\d[ ][2-9]\d\d[ ]\d{4}")
_ROUND = re.compile(r"\d{3}[-.]\d\d[05]0")
_LABELS = re.compile(
    r"(?<![^\W_])(?:phone|telephone|tel|cell|mobile|mob|ph|tlf|tfn|tél|telefon|telefono|teléfono|gsm|voicemail|vm|fax|"
    r"facsimile|pager|beeper|beep|pgr|pgd?|bleep|whatsapp|callback|c/?b|dial|hotline|home|work|office|line|ascom|"
    r"vocera|voalte|"
    r"ext|extn|extension|x|h|c|w|p|f|t|m)[.:]?[ #]{0,2}(?:(?:no\.?|number|is|at)[ ])?[#(]?\Z",
    re.IGNORECASE,
)
_CALLS = re.compile(
    r"(?<![^\W_])(?:(?:call|text)[ ](?:me|us|her|him|them)(?:[ ](?:at|on))?|call(?:ed|back)?|calls|number[ ]is|"
    r"text(?:ed)?|paged?|pages|reach(?:ed|able)?|contact(?:ed)?|at|@|to|number|#|notified)"
    r"[.:]?[ ]{0,2}[#(]?\Z",
    re.IGNORECASE,
)
_PAGERS = re.compile(
    r"(?<![^\W_])(?:pager|beeper|beep|pgr|pg|paged?|pgd|bleep|pagers|fax|tel|phone|telephone|extn?|extension|"
    r"ascom|vocera|voalte|"
    r"dect)[.:]?[ #]{0,2}(?:(?:no\.?|number|is|at)[ ])?(?:[\w./'’-]{1,14}[ ]){0,2}[#(px]?\Z",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"(?:ext\.?|extn\.?|extension|x|p|#)[ .:#]{0,3}[\d-]+", re.IGNORECASE)
_SHORT = re.compile(r"(?:[a-z]+\.?[ :#]*|#)?(?:\d{4,6}|\d[- ]\d{3,5}|\d{2}-\d{3,5})", re.IGNORECASE)
_LETTER_X = re.compile(r"(?<![^\W_])x\Z", re.IGNORECASE)
_MEASURED = re.compile(
    r"[ ]?(?:m[lL]|cc|mc?g|k?cals?|rpm|reps?|cells|units?|u|mm|cm|ft|feet|steps|degrees|deg|°|%|/)(?![^\W_])"
)
_CAPITAL = re.compile(r"(?:[A-ZÀ-Ž][\w'’.-]*|[)\"])[,:]?[ ]\Z")
"""A name, a role or a mark, right before an extension."""
_ADDRESS = re.compile(r"[\w.+%-]@|://|www\.|[A-Za-z0-9-]\.[A-Za-z]{2,}")
_FILE = re.compile(r"[A-Za-z]{3,}[\w-]*\d|\.[A-Za-z]{3,4}\Z")
_NET = re.compile(
    r"\b(?:ip|host|addr(?:ess)?|server|from|via|src|dst|client|gateway|node|url)\b[\w \"':=]{0,12}\Z", re.IGNORECASE
)
_VERSION = re.compile(r"(?:\b(?:EC|v|ver|version|rev|release|fw|firmware|sw|software)[ .:]{0,2})\Z", re.IGNORECASE)
_USER = re.compile(
    r"\b(?:user(?:[ _-]?(?:name|id))?|uid|usr|log-?in|login|acct|account|screen[ ]name|handle|db_user|"
    r"logged[ ]in(?:[ ]as)?|"
    r"author|auth|operator|entered|by)[\"']?(?:[ ](?:is|was|by|as))?[ ]?[:=]?[ \"'(]{0,2}\Z",
    re.IGNORECASE,
)
_SMALL = re.compile(r"[a-z]{2,}[a-z._-]*\d{1,4}|[A-Za-z]{2,}[._\\-]\w+|@\S+")
_SIGN = re.compile(r"[A-Z]{1,5}\d{1,4}")
_EXPLICIT = re.compile(
    r"\b(?:user(?:[ _-]?(?:name|id))?|uid|log-?in|account|handle)[\"']?[ ]?[:=]?[ \"'(]{0,2}\Z", re.IGNORECASE
)


def is_proven_phone(around: Surroundings) -> bool:
    """Whether a finding has the form of a telephone's number, or a label before it that fits its length."""
    if not (around.found_by("pattern") or around.found_by("known")):
        return False
    value = around.value
    if _WHOLE.fullmatch(value):
        return True
    if value.startswith("+"):
        return _INTERNATIONAL.fullmatch(value) is not None and around.digits >= _FEWEST_INTERNATIONAL
    if around.found_by("known"):
        return around.digits >= _FEWEST_LOCAL or _PAGERS.search(around.left) is not None
    if around.digits >= _FEWEST_LOCAL:
        return _is_proven_local(around)
    return _is_proven_extension(around)


def _is_proven_local(around: Surroundings) -> bool:
    value = around.value
    if _LABELS.search(around.left) or _LABEL_BEHIND.match(around.right):
        return True
    if around.digits >= _FEWEST_WHOLE and (around.label("numbers") or _is_right_behind_a_name(around)):
        return True
    if _GROUPS.fullmatch(value):
        called = _CALLS.search(around.left) is not None
        return called and _BY_BLANKS.fullmatch(value) is not None
    if around.digits > _FEWEST_LOCAL:
        return around.label("phones") is not None
    return not _ROUND.fullmatch(value) and (_is_behind_a_name(around) or _CALLS.search(around.left) is not None)


def _is_right_behind_a_name(around: Surroundings) -> bool:
    return around.is_behind("name", "organisation") and around.left[-2:].strip(" (") != ","


def _is_behind_a_name(around: Surroundings) -> bool:
    """Whether a name or an institution precedes it that does not end with an abbreviation."""
    if around.before is None or not around.is_behind("name", "organisation"):
        return False
    name = around.text[around.before.start : around.before.end]
    return name.isupper() or not name.split()[-1].isupper()


def _is_proven_extension(around: Surroundings) -> bool:
    if around.digits < _FEWEST_SHORT or not _SHORT.fullmatch(around.value) or _MEASURED.match(around.right):
        return False
    if _LETTER_X.search(around.left) or around.value[0] in "xX":
        before = around.left.rstrip("xX")
        return (
            around.is_behind("name", "organisation", "phone")
            or _CAPITAL.search(before) is not None
            or before.rstrip().endswith((",", ";", "("))
        )
    return _PAGERS.search(around.left) is not None or _EXTENSION.fullmatch(around.value) is not None


def is_proven_account(around: Surroundings) -> bool:
    """Whether letters and digits are a person's account: in small letters, or after a word that says so."""
    if not (around.found_by("pattern") or around.found_by("known")):
        return False
    if _EXPLICIT.search(around.left):
        return True
    if _SIGN.fullmatch(around.value):
        return False  # CD4, CK20
    return _SMALL.fullmatch(around.value) is not None or _USER.search(around.left) is not None


def is_proven_address_of_words(around: Surroundings) -> bool:
    """Whether a finding has the form of an e-mail or web address: letters, and a mark that joins them."""
    return around.found_by("known") or _ADDRESS.search(around.value) is not None


def is_proven_file(around: Surroundings) -> bool:
    """Whether a finding has the form of a file's name, with letters before its number or after a dot."""
    return _FILE.search(around.value) is not None


def is_proven_address_of_a_net(around: Surroundings) -> bool:
    """Whether a finding is the address of a machine, and not an enzyme's or a version's number."""
    if not (around.found_by("pattern:ip") or around.found_by("known")):
        return False
    if ":" in around.value.partition("/")[0] and "." not in around.value:
        return True
    if _VERSION.search(around.left):
        return False
    return _NET.search(around.left) is not None or any(len(part) > 1 for part in re.findall(r"\d+", around.value)[:2])
