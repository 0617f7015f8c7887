"""Finds the state of a ZIP code of the United States by its first three digits."""

from __future__ import annotations

from functools import cache

_AREAS = """
    AL 350-352 354-369 | AK 995-999 | AZ 850-853 855-857 859-860 863-865 | AR 716-729 | CA 900-908 910-928 930-961
    | CO 800-816 | CT 060-062 064-069 | DE 197-199 | DC 200 202-205 | FL 320-339 341-342 344 346-347 349
    | GA 300-319 398-399 | HI 967-968 | ID 832-838 | IL 600-620 622-629 | IN 460-479 | IA 500-516 520-528
    | KS 660-662 664-679 | KY 400-418 420-427 | LA 700-701 703-708 710-714 | ME 039-049 | MD 206-212 214-219
    | MA 010-027 055 | MI 480-499 | MN 550-551 553-567 | MS 386-397 | MO 630-631 633-641 644-658 | MT 590-599
    | NE 680-681 683-693 | NV 889-891 893-895 897-898 | NH 030-038 | NJ 070-089 | NM 870-875 877-884
    | NY 005 100-149 | NC 270-289 | ND 580-588 | OH 430-459 | OK 730-731 734-741 743-749 | OR 970-979
    | PA 150-196 | PR 006-007 009 | RI 028-029 | SC 290-299 | SD 570-577 | TN 370-385 | TX 733 750-799 885
    | UT 840-847 | VT 050-054 056-059 | VA 201 220-246 | WA 980-986 988-994 | WV 247-268
    | WI 530-532 534-535 537-549 | WY 820-831
"""
"""The areas of the Postal Service that lie in one state (its list L002); 063 is shared by Connecticut and New York."""


@cache
def areas() -> dict[str, tuple[str, ...]]:
    """State, by postal abbreviation, to the first three digits of its ZIP codes."""
    found = {}
    for entry in _AREAS.split("|"):
        state, *ranges = entry.split()
        bounds = [(one[:3], one[-3:]) for one in ranges]
        found[state] = tuple(f"{area:03d}" for low, high in bounds for area in range(int(low), int(high) + 1))
    return found


@cache
def _states() -> dict[str, str]:
    return {area: state for state, found in areas().items() for area in found}


def state_of_zip(code: str) -> str | None:
    """The state of a ZIP code, or of its first three digits; None for military mail and unused areas."""
    return _states().get(code[:3])
