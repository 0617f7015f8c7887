"""Invented numbers: the same layout, the same kinds of characters in each place, the same check digits.

A number is drawn for the letters and digits of the original alone, without leading zeros, so that "00-44-18-2", "MRN
0044182" and "44182" get the same one, unless a check of its whole length is passed with the zeros. Leading zeros,
punctuation and words such as "MRN" stay. It may by chance be a stranger's number; those of a social security number
cannot be, nor those in `contacts` that have ranges set aside for fiction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openbioner_batch.deid.checks import checks_passed, iban, luhn, npi, vin, vin_check
from openbioner_batch.deid.normalising import leading_zeros, squeeze
from openbioner_batch.deid.scope import LETTERS, Scope
from openbioner_batch.deid.surrogates.base import InventedValue

_LABELS = (
    "MRN MR NPI DEA SSN SS DL VIN ID NID EMP INS POL RX ACC ACCT CSN FIN IBAN IMEI MAC UDI NHS SN S/N P/N serial "
    "lot no num number badge member policy group claim case visit encounter account medicare medicaid license "
    "licence certificate chart unit patient record records medical accession specimen prescription passport visa "
    "plate staff employee driver drivers health plan insurance hospital study subject report dictation job device "
    "model room bed ref reference code token card ending in last four social security tax routing UPIN MD RN "
    "state "
).split()
# a label is separated from the number; only the clearest may touch it; a digit must follow it
_label = re.compile(
    rf"(?:(?:(?:{'|'.join(map(re.escape, _LABELS))})(?:'s)?(?![A-Za-z0-9])"
    r"|(?:MRN|SSN|NPI|CSN)(?=\d))[\s.:#/\-]*)*"
    r"(?=[\s\S]*\d)|",
    re.IGNORECASE,
)
_mac = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.IGNORECASE)
_VIN_LETTERS = "abcdefghjklmnprstuvwxyz"
_HEXADECIMAL = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{8,}")
_MOST_DRAWS = 5000
"""A draw passes the rarest pair of checks once in about a hundred."""


def identifier_surrogate(text: str, scope: Scope) -> InventedValue:
    """Another number in the layout of `text`, which may begin with labels such as "MRN:".

    If the original passes a check of `checks`, so does the surrogate; it never equals the original.
    """
    match = _label.match(text)
    start = match.end() if match else 0
    core = squeeze(text[start:])
    if set(core.rstrip("0123456789")) == {"x"}:
        # masked except for its end, which represents the whole
        number = "x" * len(core.rstrip("0123456789")) + invented_number(core.lstrip("x"), scope)
    elif _mac.fullmatch(text[start:]):
        number = "02" + _draw(core, scope, "mac", "0", "0123456789abcdef")[2:]  # 02: assigned locally
    else:
        number = invented_number(core, scope)
    return InventedValue(text[:start] + in_layout_of(number, text[start:]), frozenset({number.lstrip("x")}))


def ssn_surrogate(text: str, scope: Scope) -> InventedValue:
    """A social security number that is never issued: it begins with 9, and its group is not used in taxpayers' numbers.

    9xx is not an area (20 CFR 422.103 ff.), and taxpayer numbers there have groups from 50 up, so groups 01 to 49 are
    unused: 49 million numbers. The last four digits depend on those of the original alone, so that "xxx-xx-3456" agrees
    with it.
    """
    match = _label.match(text)
    start = match.end() if match else 0
    core = squeeze(text[start:])
    digits = "".join(filter(str.isdecimal, core))
    if len(digits) != 9 or digits != core:
        if set(core.rstrip("0123456789")) - {"x"} or not digits:
            return identifier_surrogate(text, scope)
        # Masked, or the last four alone: what is not a digit stays.
        last = invented_number(digits, scope)
        return InventedValue(text[:start] + _lay_out_digits(last, text[start:]), frozenset({last}))
    draw = scope.number("ssn", core)
    number = f"9{draw % 100:02d}{1 + draw // 100 % 49:02d}{_last_four(core[5:], scope)}"
    return InventedValue(text[:start] + in_layout_of(number, text[start:]), frozenset({number}))


def invented_number(core: str, scope: Scope) -> str:
    """Another number for the letters (small) and digits of `core`: a letter for each letter, a digit for each digit."""
    known = scope.memory.get(("number", core))
    if known is not None:
        return known
    if not core:
        return core
    if len(core) == 4 and core.isdecimal():
        return _last_four(core, scope)
    checks = checks_passed(core)
    zeros = leading_zeros(core)
    if zeros and not checks:
        return "0" * zeros + invented_number(core[zeros:], scope)
    letters = _VIN_LETTERS if vin in checks else "abcdef" if _HEXADECIMAL.fullmatch(core) else LETTERS
    for draw in range(_MOST_DRAWS):
        number = _draw(core, scope, f"number {draw}", "0123456789", letters)
        if luhn in checks:
            number = number[:-4] + _last_four(core[-4:], scope)  # "ending in 4242" agrees with the whole card
        if npi in checks:
            number = core[0] + number[1:]
        if iban in checks:
            number = core[:2] + number[2:]  # the country, without which it is not an IBAN
        if vin in checks:
            number = number[:8] + vin_check(number[:8] + "0" + number[9:]).lower() + number[9:]
        if number != core and all(check(number) for check in checks):
            break
    scope.memory["number", core] = number
    return number


def in_layout_of(number: str, pattern: str) -> str:
    """The letters and digits of `number` in the places, and the case, of those in `pattern`."""
    source = iter(number.upper() if pattern.isupper() else number)
    return "".join(
        (next(source).upper() if char.isupper() else next(source)) if char.isalnum() else char
        for char in _simple(pattern)
    )


def _lay_out_digits(digits: str, pattern: str) -> str:
    source = iter(digits)
    return "".join(next(source) if char.isdecimal() else char for char in pattern)


def _simple(pattern: str) -> Iterator[str]:
    """The characters; one that folds to several (ß to ss) as those, to match what `squeeze` makes of it."""
    for char in pattern:
        yield from (char,) if char.isascii() else char.casefold() if char.isalnum() else (char,)


def _last_four(digits: str, scope: Scope) -> str:
    """Another four digits, which may be the end of a longer number; leading zeros stay."""
    if zeros := leading_zeros(digits):
        return "0" * zeros + invented_number(digits[zeros:], scope)
    draw = scope.number("last four", digits)
    first = int(digits) - 1000
    return f"{1 + draw % 9999:04d}" if first < 0 else str(1000 + (first + 1 + draw % 8999) % 9000)


def _draw(core: str, scope: Scope, purpose: str, decimals: str, letters: str) -> str:
    """Keyed characters for `core`; leading zeros stay, and no other first digit becomes one."""
    hexadecimal = len(letters) == 16
    source, left, drawn = 0, 0, []
    head = True
    for place, char in enumerate(core):
        if left == 0:
            source, left = scope.number(purpose, core, str(place)), 40  # 26**40 < 2**256
        left -= 1
        if hexadecimal or not char.isdecimal():
            source, rest = divmod(source, len(letters))
            drawn.append(letters[rest])
            head = False
        elif head and (char == "0" and core.strip("0")):
            drawn.append("0")
        else:
            source, rest = divmod(source, 9 if head and char != "0" else 10)
            drawn.append(str(rest + (head and char != "0")))
            head = False
    return "".join(drawn)
