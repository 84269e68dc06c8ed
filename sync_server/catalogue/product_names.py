"""Names of products as people and files write them, made fit for a shelf, a screen and a receipt."""

from __future__ import annotations

import html
import re
import unicodedata

MAX_NAME = 250

# Marks that turn the direction of the text after them: on a receipt they could make a price lie.
_DIRECTION_OVERRIDES = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
_LINE_BREAKS = {"\u2028", "\u2029"}


def clean_name(text: str) -> str:
    """HTML entities decoded (also those that were encoded twice), white space collapsed, NFC."""
    for _ in range(2):
        text = html.unescape(text)
    # Only spaces collapse: tabs and line feeds stay, for `fault_of_name` to report.
    return re.sub(r"[ \u00a0]+", " ", unicodedata.normalize("NFC", text)).strip(" ")


def fault_of_name(name: str) -> str | None:
    """What is wrong with a cleaned name and what to do, or None."""
    if not name:
        return "The name is missing. Write what stands on the shelf."
    if len(name) > MAX_NAME:
        return f"The name has {len(name)} characters. Shorten it to {MAX_NAME}."
    hidden = hidden_character(name)
    if hidden is not None:
        return f"The name holds the invisible character {hidden}. Remove it."
    return None


def hidden_character(text: str) -> str | None:
    """The first character that must not reach a printer or turns text around, as U+XXXX."""
    for character in text:
        if (
            character in _DIRECTION_OVERRIDES
            or character in _LINE_BREAKS
            or unicodedata.category(character) in ("Cc", "Cs")
        ):
            return f"U+{ord(character):04X}"
    return None


def folded(text: str) -> str:
    """For searching: without case and without marks, so that 'creme' finds 'Crème'."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
