"""Check digits and ranges of identifiers, used to find them and to invent others."""

from __future__ import annotations

from collections.abc import Callable

Check = Callable[[str], bool]

_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_VALUES = dict(zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "012345678912345678123457923456789"), strict=True))


def luhn(number: str) -> bool:
    """The check of cards and IMEIs (ISO/IEC 7812-1, annex B): 13 to 19 digits."""
    return 13 <= len(number) <= 19 and number.isdecimal() and _luhn_sum(number) % 10 == 0


def npi(number: str) -> bool:
    """National Provider Identifier: ten digits, 1 or 2 first; Luhn's check with 80840 before them (45 CFR 162.406)."""
    return len(number) == 10 and number.isdecimal() and number[0] in "12" and _luhn_sum("80840" + number) % 10 == 0


def nhs(number: str) -> bool:
    """The National Health Service's number: ten digits, weighted 10 to 2, the last the complement modulo 11."""
    if len(number) != 10 or not number.isdecimal():
        return False
    expected = -sum(int(digit) * weight for digit, weight in zip(number, range(10, 1, -1), strict=False)) % 11
    return expected == int(number[9])


def dea(number: str) -> bool:
    """A registration with the Drug Enforcement Administration: two letters (the second may be a 9), seven digits.

    The last digit of 1st + 3rd + 5th + 2 (2nd + 4th + 6th) is the 7th.
    """
    if len(number) != 9 or not number[0].isalpha() or not (number[1].isalpha() or number[1] == "9"):
        return False
    if not number[2:].isdecimal():
        return False
    digits = [int(digit) for digit in number[2:]]
    return (sum(digits[0:6:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


def vin(number: str) -> bool:
    """Vehicle identification number: 17 letters and digits without I, O, Q; the ninth a check (49 CFR 565.15(c))."""
    number = number.upper()
    if len(number) != 17 or not all(letter in _VIN_VALUES for letter in number):
        return False
    return number[8] == vin_check(number)


def vin_check(number: str) -> str:
    """The check character of a vehicle identification number, its ninth."""
    total = sum(_VIN_VALUES[letter] * weight for letter, weight in zip(number.upper(), _VIN_WEIGHTS, strict=True))
    return "X" if total % 11 == 10 else str(total % 11)


def iban(number: str) -> bool:
    """International bank account number without spaces: modulo 97 it is 1 (ISO 13616)."""
    if not 15 <= len(number) <= 34 or not number[:2].isalpha() or not (number.isascii() and number.isalnum()):
        return False
    turned = number[4:] + number[:4]
    return number[2:4].isdecimal() and int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


def ssn(digits: str) -> bool:
    """Whether nine digits may have been issued as a Social Security number: no area 000, 666 or 9xx, no zero group."""
    return digits[:3] not in ("000", "666") and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"


CHECKS: tuple[Check, ...] = (luhn, npi, nhs, dea, vin, iban)


def checks_passed(number: str) -> list[Check]:
    """The checks that a number (letters and digits only) passes; one that is not ASCII passes none."""
    if not number.isascii() or not 9 <= len(number) <= 34:
        return []
    return [check for check in CHECKS if check(number)]


def _luhn_sum(number: str) -> int:
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2])
    return doubled + sum(int(digit) for digit in number[-1::-2])
