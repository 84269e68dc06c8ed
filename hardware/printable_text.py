"""Text that may go to a printer: no control characters, and how many columns it takes."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_SPACES = frozenset("\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\u2028\u2029")
# Cc controls, Cf bidi marks and zero-width characters, Cs lone surrogates, Co private use, Cn unassigned.
_FORBIDDEN_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Co", "Cn"))
_JOINERS = "\u200c\u200d"  # Persian and Indic words are misspelt without them


def printable(text: str) -> str:
    """`text` with every character that is a command, a direction mark or no character at all taken out."""
    if text.isprintable() and unicodedata.is_normalized("NFC", text):
        return text
    composed = unicodedata.normalize("NFC", text)
    return "".join(_printable_character(character) for character in composed)


def printable_lines(text: str) -> list[str]:
    """Like `printable`, but line breaks split."""
    return [printable(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]


def column_width(text: str) -> int:
    """Columns on a character-cell printer: 2 for wide East Asian characters, 0 for combining marks."""
    if text.isascii():
        return len(text)
    return sum(map(character_width, text))


@lru_cache(maxsize=4096)
def character_width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _printable_character(character: str) -> str:
    if character in _SPACES:
        return " "
    if character in _JOINERS:
        return character
    category = unicodedata.category(character)
    if category in ("Zs", "Zl", "Zp"):
        return " "  # no-break and narrow spaces (as in French amounts) are in hardly any code page
    if category in _FORBIDDEN_CATEGORIES:
        return ""
    return character
