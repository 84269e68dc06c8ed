"""Chooses, character by character, how text gets on paper: code page, drawn line, or a plainer spelling."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import msgspec

from hardware.escpos.profile import CodePage, PrinterProfile
from hardware.escpos.typeface import can_draw
from hardware.printable_text import printable

_PLAIN_OR_ONE = re.compile("[ -~]+|.", re.DOTALL)
# What has no decomposition in Unicode. Each is tried only when no code page of the printer has the character.
_PLAINER = {
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "“": '"', "”": '"', "„": '"', "″": '"',
    "«": '"', "»": '"', "‹": "'", "›": "'", "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-",
    "─": "-", "━": "-", "═": "=", "│": "|", "•": "*", "·": ".", "×": "x", "÷": "/", "⁄": "/",
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d",
    "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ł": "l", "Ł": "L", "ı": "i", "ħ": "h",
    "Ħ": "H", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "Rs", "₽": "RUB", "₺": "TL", "₴": "UAH",
    "₩": "KRW", "₪": "ILS", "₫": "VND", "₦": "NGN", "฿": "THB", "₱": "PHP", "©": "(c)", "®": "(R)",
    "°": "o", "→": "->", "←": "<-", "✓": "v", "✔": "v", "★": "*", "☆": "*", "\ufffd": "?",
}  # fmt: skip


class Run(msgspec.Struct, frozen=True):
    """Bytes that are right in one code page; `page` is None when they are right in any."""

    page: CodePage | None
    data: bytes


def fitted(text: str, profile: PrinterProfile) -> str:
    """`text` with printable characters only, each of which `profile` can print or we can draw.

    It comes before the layout, because a plainer spelling may be longer.
    """
    clean = printable(text)
    if profile.letters.issuperset(clean):
        return clean
    return "".join(_fitted_character(character, profile) for character in clean)


def must_be_drawn(text: str, profile: PrinterProfile) -> bool:
    """Whether `text`, which is `fitted`, holds a character that is in none of the printer's code pages."""
    return not profile.letters.issuperset(text)


def encoded(text: str, profile: PrinterProfile, page: CodePage | None) -> list[Run]:
    """`text` as runs, starting in `page`; what no page has becomes a question mark."""
    runs: list[Run] = []
    pending = bytearray()
    for match in _PLAIN_OR_ONE.finditer(text):
        piece = match.group()
        if piece.isascii():
            pending += piece.encode("ascii") if piece.isprintable() else b" "
            continue
        if page is None or piece not in page.bytes_of:
            following = _best_page(text[match.start() :], profile.code_pages)
            if following is None:
                pending += b"?"
                continue
            if pending:
                runs.append(Run(page, bytes(pending)))
                pending.clear()
            page = following
        pending.append(page.bytes_of[piece])
    if pending:
        runs.append(Run(page, bytes(pending)))
    return runs


def _best_page(text: str, pages: tuple[CodePage, ...]) -> CodePage | None:
    """The page that carries the longest beginning of `text`; the earlier one of equals."""
    others = [character for character in text if not character.isascii()]
    able = [page for page in pages if others[0] in page.bytes_of]
    return max(able, key=lambda page: _carried(others, page), default=None)


def _carried(characters: list[str], page: CodePage) -> int:
    for count, character in enumerate(characters):
        if character not in page.bytes_of:
            return count
    return len(characters)


_fitted_cache: dict[tuple[str, str], str] = {}
_MOST_CACHED = 20_000


def _fitted_character(character: str, profile: PrinterProfile) -> str:
    key = (profile.name, character)
    found = _fitted_cache.get(key)
    if found is None:
        if len(_fitted_cache) >= _MOST_CACHED:
            _fitted_cache.clear()
        found = _fitted_cache[key] = _choose(character, profile)
    return found


def _choose(character: str, profile: PrinterProfile) -> str:
    if character in profile.letters:
        return character
    plainer = _plainer(character)
    if not profile.letters.issuperset(plainer):
        plainer = ""
    if plainer and _says_the_same_plainly(character):
        return plainer
    if profile.has_raster and can_draw(character):
        return character
    return plainer or ("" if unicodedata.category(character) in ("Mn", "Me", "Cf") else "?")


def _says_the_same_plainly(character: str) -> bool:
    """Quotes, dashes, arrows, ligatures and wide letters: nobody misses them, so no line is drawn for one.

    A letter or a currency is another matter: it is spelt differently only where it can't be drawn either.
    """
    if unicodedata.category(character) == "Sc":
        return False
    return unicodedata.category(character)[0] in "PS" or unicodedata.decomposition(character).startswith("<")


@lru_cache(maxsize=4096)
def _plainer(character: str) -> str:
    if character in _PLAINER:
        return _PLAINER[character]
    decomposed = unicodedata.normalize("NFKD", character)
    kept = [part for part in decomposed if unicodedata.category(part) not in ("Mn", "Me", "Cf", "Cc")]
    return printable("".join(_PLAINER.get(part, part) for part in kept))
