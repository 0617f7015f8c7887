"""Identifiers in the forms in which hospitals write them."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from datetime import date, timedelta

Chance = random.Random

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
    lambda d: random.Random(d.toordinal()).choice(HOLIDAYS),
)
"""Dates in part, or by name."""

HOLIDAYS = ("Christmas", "Thanksgiving", "Labor Day", "Christmas Eve", "Easter", "Memorial Day", "New Year's Day",
            "the Fourth of July", "Halloween", "Mother's Day", "Ramadan", "Valentine's Day")  # fmt: skip

STATES = dict(pair.split(":") for pair in (
    "AL:Alabama AZ:Arizona CA:California CO:Colorado CT:Connecticut FL:Florida GA:Georgia IA:Iowa ID:Idaho IL:Illinois "
    "IN:Indiana KS:Kansas KY:Kentucky LA:Louisiana MA:Massachusetts MD:Maryland ME:Maine MI:Michigan MN:Minnesota "
    "MO:Missouri MS:Mississippi MT:Montana NC:North_Carolina NE:Nebraska NJ:New_Jersey NM:New_Mexico NV:Nevada "
    "NY:New_York OH:Ohio OK:Oklahoma OR:Oregon PA:Pennsylvania SC:South_Carolina TN:Tennessee TX:Texas UT:Utah "
    "VA:Virginia VT:Vermont WA:Washington WI:Wisconsin WV:West_Virginia WY:Wyoming"
).split())  # fmt: skip

AREAS = ("206 212 214 216 303 305 312 313 404 408 412 415 503 512 513 602 612 614 615 617 619 702 713 716 718 720 727 801 "
         "804 808 816 847 857 901 904 916 919 937 972").split()  # fmt: skip


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def pattern(chance: Chance, form: str) -> str:
    """`form` with # as a digit, @ as a capital letter, ~ as a small one and ^ as a digit from 1 to 9."""
    draws = {"#": string.digits, "@": "ABCDEFGHJKLMNPRSTUVWXYZ", "~": string.ascii_lowercase, "^": "123456789"}
    return "".join(chance.choice(draws[letter]) if letter in draws else letter for letter in form)


FORMS = {
    "medical_record_number": "#######|########|######|MRN-#######|MR#######|##-##-##|###-##-##|#-###-###|P#######|H########|"
    "E########|#####-#|@########|### ####",
    "specimen_number": "S##-#####|SP-##-#####|########|@@##-####|##-###-#####|ACC#######|A########|CY##-####|##:@@#####",
    "encounter_number": "#########|ENC-######|##########|V###########|CSN########|#######-###|FIN#######|@@@-##-####",
    "prescription_number": "#######|RX#######|RX-#######|######-####|#######-#####",
    "account_number": "#########|##########|V########|A#######|####-#####|##-######|############",
    "health_plan_number": "@@@#########|INS-#########|#@@#-@@#-@@##|POL-#######|W########|##########|###-##-####@|"
    "XQ#########|@##########|HMO-######",
    "social_security_number": "###-##-####|###-##-####|###-##-####|### ## ####|#########",
    "license_number": "^#########|^#########|@@#######|MD-######|MD#####|@#####|RN ######|PA#####",
    "drivers_license_number": "@#######|@###-####-####|DL-######|@########|########|@##-##-####",
    "passport_number": "#########|@########|@@#######",
    "national_id_number": "### ### ####|NID-#########|##-#######|##########",
    "employee_id": "EMP-#####|E#####|######|S#######|##-####",
    "vehicle_identifier": "1@@@@##@#@@######|2@@@@##@#@#######",
    "license_plate": "@@@ ####|@@@-####|#@@@###|###-@@@|@@@####",
    "device_identifier": "SN-#######|@@@######@|@#####-###|############|@@#####-##|REF@#######|##:~#:##:##:~#:##",
    "other_identifier": "###-####|@@-#####|##-#-###|#######@|@@@-###-##|~~####",
    "biometric_identifier": "FP-##~####|BIO-~~-#####|VP-#####",
    "credit_card_number": "4###-####-####-####|5### #### #### ####|4###############|37#############",
}  # fmt: skip
"""The forms of each kind of number."""


def number(chance: Chance, kind: str, reserved: bool) -> str:
    """A number of a kind in one of its forms; `reserved` keeps social-security numbers to those never issued."""
    value = pattern(chance, chance.choice(FORMS[kind].split("|")))
    if kind == "social_security_number":
        value = ("9" if reserved else chance.choice("1234567")) + value[1:]
    return value


PHONES = ("({a}) {e}-{n}", "{a}-{e}-{n}", "{a}.{e}.{n}", "{a} {e} {n}", "+1 {a} {e} {n}", "+1 ({a}) {e}-{n}", "1-{a}-{e}-{n}",
          "{e}-{n}", "({a}){e}-{n}", "{a}{e}{n}", "+1-{a}-{e}-{n}", "{a}/{e}-{n}")  # fmt: skip


def phone(chance: Chance, form: str, reserved: bool) -> str:
    """A telephone number; `reserved` keeps to 555-01xx, which belongs to nobody."""
    exchange, line = ("555", f"01{chance.randrange(100):02d}") if reserved else (
        f"{chance.randint(220, 989)}", f"{chance.randrange(10000):04d}")  # fmt: skip
    return form.format(a=chance.choice(AREAS), e=exchange, n=line)


def near(day: date, days: int) -> date:
    """The date so many days later."""
    return day + timedelta(days=days)
