"""Check digits and ranges of the numbers that have some."""

from __future__ import annotations

_VIN_VALUES = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    "P": 7,
    "R": 9,
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def luhn(digits: str) -> bool:
    """Whether a string of digits passes ISO/IEC 7812's check (payment cards, IMEI)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def npi(digits: str) -> bool:
    """Whether ten digits are a National Provider Identifier: Luhn with 80840 before them (45 CFR 162.406)."""
    return len(digits) == 10 and digits[0] in "12" and luhn("80840" + digits)


def dea(value: str) -> bool:
    """Whether two characters and seven digits pass DEA's check: 1st+3rd+5th + 2 (2nd+4th+6th) ends in the 7th."""
    digits = [int(digit) for digit in value[2:]]
    return (sum(digits[0:6:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


def vin(value: str) -> bool:
    """Whether 17 characters are a vehicle identification number with a right check digit (49 CFR 565.15)."""
    value = value.upper()
    if len(value) != 17 or any(letter not in _VIN_VALUES for letter in value):
        return False
    rest = sum(_VIN_VALUES[letter] * weight for letter, weight in zip(value, _VIN_WEIGHTS, strict=True)) % 11
    return value[8] == ("X" if rest == 10 else str(rest))


def iban(value: str) -> bool:
    """Whether an IBAN without spaces passes ISO 7064's mod 97-10."""
    moved = value[4:] + value[:4]
    return int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1


def ssn(digits: str) -> bool:
    """Whether nine digits may have been issued as a Social Security number: no area 000, 666 or 9xx, no zero group."""
    return digits[:3] not in ("000", "666") and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"
