"""Keeps card numbers out: of a number only the last four digits pass, wherever it stands in a text."""

from __future__ import annotations

import re
from itertools import accumulate

_SHORTEST, _LONGEST = 12, 19
_RUN = re.compile(r"[0-9]{12,}")
_GROUPS = re.compile(r"[0-9]+(?:[ .\-/][0-9]+)+")
_APPLICATION = re.compile(r"(?<![0-9A-Za-z])A00000[0-9A-F]{4,14}(?![0-9A-Za-z])")
"""Longer ones than any card scheme uses are no identifiers but something that hides behind one."""


def last_four_of(digits: str) -> str:
    """Of a number whose masked digits are any other sign; empty where these four are not all shown."""
    tail = digits[-4:]
    return tail if len(tail) == 4 and tail.isascii() and tail.isdecimal() else ""


def without_card_numbers(text: str) -> str:
    """Stars instead of every run of twelve or more digits, and of digit groups that could be a card number.

    An application's identifier (ISO 7816-5, 'A0000000041010') stays: receipts have to name it.
    """
    kept = {match.span() for match in _APPLICATION.finditer(text)}
    text = _GROUPS.sub(lambda found: _stars_over_groups(found.group()), text)
    return _RUN.sub(lambda found: found.group() if _is_inside(found, kept) else _stars(found.group()), text)


def _is_inside(found: re.Match[str], spans: set[tuple[int, int]]) -> bool:
    return any(start <= found.start() and found.end() <= end for start, end in spans)


def _stars(digits: str) -> str:
    """Of longer runs nothing stays: where in them a card number ends can't be known."""
    keep = 4 if len(digits) <= _LONGEST else 0
    return "*" * (len(digits) - keep) + digits[len(digits) - keep :]


def _stars_over_groups(text: str) -> str:
    """Groups in a row that are as long as a card number and have its check digit."""
    parts = re.split(r"([ .\-/])", text)
    groups = parts[::2]
    for first in range(len(groups)):
        for last in range(first + 1, len(groups)):
            digits = "".join(groups[first : last + 1])
            if _SHORTEST <= len(digits) <= _LONGEST and digits.isdecimal() and _has_check_digit(digits):
                shown = _stars(digits)
                ends = list(accumulate(map(len, groups[first : last + 1])))
                starts = [0, *ends[:-1]]
                groups[first : last + 1] = [shown[a:b] for a, b in zip(starts, ends, strict=True)]
    parts[::2] = groups
    return "".join(parts)


def _has_check_digit(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for at, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if at % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
