"""Invented telephone numbers, addresses of mail and web, and accounts: in ranges set aside for fiction, if any are."""

from __future__ import annotations

import re
from collections.abc import Collection

from openbioner_batch.deid.normalising import like_case, normalise_word, squeeze
from openbioner_batch.deid.scope import Scope
from openbioner_batch.deid.surrogates.base import InventedValue
from openbioner_batch.deid.surrogates.identifiers import in_layout_of, invented_number
from openbioner_batch.deid.surrogates.name_pools import name_pools
from openbioner_batch.deid.surrogates.names import letter_surrogate, part_surrogate

_PHONE_WORDS = frozenset(
    """phone telephone tel cell cellular mobile home work office fax facsimile pager page pg beeper bleep ext extension
    x
    call number no contact voicemail main direct line p f t c h w m o""".split()
)
_extension = re.compile(r"(?:ext(?:ension|\.)?|x)[\s.:#]*\d+\s*$", re.IGNORECASE)
_country = re.compile(r"\s*\+\s*(\d{1,3}(?=\D)|[17]|\d\d)")
_email = re.compile(r"([^\s@<>(),;:]+)@([^\s@<>(),;:]+\.[^\s@<>(),;:]+)")
_MAIL_WORDS = frozenset("mailto e mail email address and or at".split())
_url = re.compile(r"((?:[a-z][a-z0-9+.-]*://)?)(www\.)?([^\s/?#:]+)(:\d+)?([/?#]\S*)?", re.IGNORECASE)
_ip = re.compile(r"\s*(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4})\s*", re.IGNORECASE)
_runs = re.compile(r"([^\W\d_]+|\d+)")


def phone_surrogate(text: str, scope: Scope) -> InventedValue:
    """A telephone, pager or fax number in the same layout; words such as "Fax" and "ext." stay.

    Ten digits of the North American plan become an area code, 555 and 0100 to 0199, which the plan sets aside for
    fiction: with the area code 79,200 numbers, so two of a patient's ten numbers coincide once in 1,760 patients. Seven
    digits have no area code, and a hundred numbers would not keep them apart: they become 555 and any four digits,
    hardly ever assigned. Others keep their country code and length.
    """
    extension = _extension.search(text)
    body = text[: extension.start()] if extension else text
    digits = "".join(filter(str.isdecimal, body))
    number = _phone_digits(digits, body, scope)
    tail = extension.group() if extension else ""
    inner = "".join(filter(str.isdecimal, tail))
    invented = {number, number[-10:]} | ({invented_number(inner, scope)} if inner else set())
    new = _lay_out_phone(number, body, scope) + (
        _lay_out_phone(invented_number(inner, scope), tail, scope) if tail else ""
    )
    return InventedValue(new, frozenset(invented - {""}))


def email_surrogate(text: str, scope: Scope) -> InventedValue:
    """A mail address whose name parts are the surrogates of the original's, in a domain under .example (RFC 2606).

    Names and numbers beside it become others, too: "Anna Lee <anna.lee@...>".
    """
    pieces = _email.split(text)
    if len(pieces) == 1:
        return account_surrogate(text, scope)
    invented: set[str] = set()
    new = []
    for place in range(0, len(pieces), 3):
        beside, names = _names_and_numbers(pieces[place], scope, _MAIL_WORDS)
        new.append(beside)
        invented |= names
        if place + 1 < len(pieces):
            local = account_surrogate(pieces[place + 1], scope)
            new.append(f"{local.text}@{_domain(pieces[place + 2], scope)}")
            invented |= local.invented | {squeeze(new[-1])}
    return InventedValue("".join(new), frozenset(invented))


def account_surrogate(text: str, scope: Scope) -> InventedValue:
    """A user name or handle: "tbaker77" agrees with Tom Baker, as far as the parts can be recognised.

    A run of letters is taken for a name; for an initial and a known surname, either way round; or for two known names.
    """
    new, invented = _names_and_numbers(text, scope)
    return InventedValue(new, frozenset(invented | {squeeze(new)}))


def _names_and_numbers(text: str, scope: Scope, kept: Collection[str] = ()) -> tuple[str, set[str]]:
    """The text with other names for its runs of letters and other numbers for those of digits, and those names."""
    pieces = _runs.split(text)
    invented: set[str] = set()
    for place in range(1, len(pieces), 2):
        run = pieces[place]
        if run.isdecimal():
            pieces[place] = invented_number(run, scope)
        elif run.lower() not in kept:
            names = [
                letter_surrogate(part, scope) if len(part) == 1 else part_surrogate(part, scope)
                for part in name_parts(normalise_word(run) or run)
            ]
            invented.update(name for name in names if len(name) > 1)
            pieces[place] = like_case(run, "".join(names))
    return "".join(pieces), invented


def name_parts(run: str) -> list[str]:
    """The parts of names in a normalised run of letters: "tbaker" is t and baker, "pamelagreen" pamela and green."""
    known = name_pools().knows
    if known(run) or len(run) < 4:
        return [run]
    if len(run) >= 6:
        for cut in range(len(run) - 3, 2, -1):  # the longest given name first
            if run[:cut] in name_pools().genders and known(run[cut:]):
                return [run[:cut], run[cut:]]
    if known(run[1:]):
        return [run[0], run[1:]]
    if known(run[:-1]):
        return [run[:-1], run[-1]]
    return [run]


def url_surrogate(text: str, scope: Scope) -> InventedValue:
    """A web address under .example (RFC 2606), its path a keyed code."""
    match = _url.search(text.strip())
    if not match:
        return InventedValue("https://" + _domain(text, scope))
    scheme, www, host, port, path = (part or "" for part in match.groups())
    code = "/" + scope.bytes("path", path).hex()[:10] if path.strip("/") else path[:1]
    new = f"{scheme.lower()}{www.lower()}{_domain(host, scope)}{port and ':8080'}{code}"
    return InventedValue(new, frozenset({squeeze(new)}))


def ip_surrogate(text: str, scope: Scope) -> InventedValue:
    """An address of a reserved network: 198.18.0.0/15 (RFC 2544), or 2001:db8::/32 (RFC 3849) for version 6."""
    draw = scope.number("ip", text.strip().casefold())
    if "." in text and text.count(":") <= 1:
        new = f"198.{18 + draw % 2}.{draw // 2 % 256}.{1 + draw // 512 % 254}"
        if ":" in text:
            new += ":8080"
    else:
        new = f"2001:db8:{draw % 65536:x}:{(draw >> 16) % 65536:x}::{(draw >> 32) % 65536:x}"
    return InventedValue(new, frozenset({squeeze(new)}))


def contact_surrogate(text: str, scope: Scope) -> InventedValue:
    """A surrogate for any means of contact, recognised by its form."""
    if _email.search(text):
        return email_surrogate(text, scope)
    if "://" in text or re.search(r"(?i)\bwww\.|\w\.(?:com|org|net|edu|gov|info|io|example)\b", text):
        return url_surrogate(text, scope)
    if _ip.fullmatch(text):
        return ip_surrogate(text, scope)
    if sum(map(str.isdecimal, text)) >= 4 and not re.match(r"\s*@|[A-Za-z]+[._]", text):
        return phone_surrogate(text, scope)
    return account_surrogate(text, scope)


def _phone_digits(digits: str, body: str, scope: Scope) -> str:
    foreign = _country.match(body)
    if foreign and foreign[1] != "1":
        return foreign[1] + invented_number(digits[len(foreign[1]) :], scope)
    if len(digits) == 10 or (len(digits) == 11 and digits[0] == "1"):
        local = digits[-10:]
        for draw in range(64):
            number = scope.number("phone", local, str(draw))
            # area codes do not begin with 0 or 1, nor end with 11, nor have a 9 in the middle
            area, line = 200 + number % 800, number // 800 % 100
            new = f"{area}55501{line:02d}"
            if area % 100 != 11 and area // 10 % 10 != 9 and new[:3] != local[:3]:
                break
        return digits[:-10] + new
    if len(digits) == 7:
        last = scope.number("phone", digits)
        lines = [f"555{(last + step) % 10000:04d}" for step in (0, 1)]
        return lines[lines[0] == digits]
    return invented_number(digits, scope) if digits else ""


def _lay_out_phone(number: str, pattern: str, scope: Scope) -> str:
    """Replaces digits by digits and letters by letters; keeps words of telephony."""
    source = iter(number)
    pieces = _runs.split(pattern)
    for place in range(1, len(pieces), 2):
        run = pieces[place]
        if run.isdecimal():
            pieces[place] = "".join(next(source) for _ in run)
        elif run.lower() not in _PHONE_WORDS:
            pieces[place] = in_layout_of(invented_number(squeeze(run), scope), run)
    return "".join(pieces)


def _domain(domain: str, scope: Scope) -> str:
    names = name_pools().surnames
    letter = scope.choose(sorted(names), "domain letter", domain.casefold())
    return scope.choose(names[letter], "domain", domain.casefold()).lower() + ".example"
