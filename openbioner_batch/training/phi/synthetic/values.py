"""Identifiers in the forms in which hospitals write them."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from datetime import date, timedelta

from openbioner_batch.training.phi.synthetic.resources import words

DATES: dict[str, Callable[[date], str]] = {
    "us": lambda d: f"{d:%m/%d/%Y}",
    "us_short": lambda d: f"{d.month}/{d.day}/{d:%y}",
    "us_long_year": lambda d: f"{d.month}/{d.day}/{d.year}",
    "us_dash": lambda d: f"{d:%m-%d-%Y}",
    "us_dash_short": lambda d: f"{d.month}-{d.day}-{d:%y}",
    "iso": lambda d: d.isoformat(),
    "iso_slash": lambda d: f"{d:%Y/%m/%d}",
    "abbreviated": lambda d: f"{d:%d-%b-%Y}",
    "abbreviated_upper": lambda d: f"{d:%d-%b-%y}".upper(),
    "abbreviated_plain": lambda d: f"{d.day} {d:%b} {d.year}",
    "day_month": lambda d: f"{d.day} {d:%B} {d.year}",
    "month_day": lambda d: f"{d:%B} {d.day}, {d.year}",
    "month_day_short": lambda d: f"{d:%b} {d.day}, {d.year}",
    "month_dot": lambda d: f"{d:%b}. {d.day}, {d.year}",
    "ordinal": lambda d: f"{d:%B} {_ordinal(d.day)}, {d.year}",
    "european": lambda d: f"{d:%d.%m.%Y}",
    "european_short": lambda d: f"{d.day}.{d.month}.{d:%y}",
    "compact": lambda d: f"{d:%Y%m%d}",
    "weekday": lambda d: f"{d:%A}, {d:%B} {d.day}, {d.year}",
}
"""How a whole date is written, by the name of the form."""

ODD_DATES: tuple[Callable[[date], str], ...] = (
    lambda d: f"{d.month}/{d.day}",
    lambda d: f"{d.month}/{d:%d}",
    lambda d: f"{d:%B} {d.day}",
    lambda d: f"{d:%B} {_ordinal(d.day)}",
    lambda d: f"{d:%b} {d.day}",
    lambda d: f"{d:%B} {d.year}",
    lambda d: f"{d:%b} {d.year}",
    lambda d: f"{d:%b} '{d:%y}",
    lambda d: f"{d.month}/{d.year}",
    lambda d: f"{d:%m/%y}",
    lambda d: f"the {_ordinal(d.day)}",
    lambda d: f"the {_ordinal(d.day)} of {d:%B}",
    lambda d: f"{d:%A}",
    lambda d: f"{d:%A} the {_ordinal(d.day)}",
    lambda d: f"{d:%A}, {d.month}/{d.day}",
    lambda d: f"{d:%B}",
    lambda d: random.Random(d.toordinal()).choice(words("holidays")),
)
"""Dates in part, or by name."""


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def pattern(chance: random.Random, form: str) -> str:
    """`form` with # as a digit, @ as a capital letter, ~ as a small one and ^ as a digit from 1 to 9."""
    draws = {"#": string.digits, "@": "ABCDEFGHJKLMNPRSTUVWXYZ", "~": string.ascii_lowercase, "^": "123456789"}
    return "".join(chance.choice(draws[letter]) if letter in draws else letter for letter in form)


def number(chance: random.Random, kind: str, reserved: bool) -> str:
    """A number of a kind in one of its forms; `reserved` keeps social-security numbers to those never issued."""
    value = pattern(chance, chance.choice(words("numbers")[kind]))
    if kind == "social_security_number":
        value = ("9" if reserved else chance.choice("1234567")) + value[1:]
    return value


def phone(chance: random.Random, form: str, reserved: bool) -> str:
    """A telephone number; `reserved` keeps to 555-01xx, which is reserved for fiction."""
    exchange, line = ("555", f"01{chance.randrange(100):02d}") if reserved else (
        f"{chance.randint(220, 989)}", f"{chance.randrange(10000):04d}")  # fmt: skip
    return form.format(a=chance.choice(words("area_codes")), e=exchange, n=line)


def near(day: date, days: int) -> date:
    """The date so many days later."""
    return day + timedelta(days=days)
