"""Whether a fact that could be read can stand in the books: else it would break every list and sum it is in."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

import msgspec

from shared_models.errors import ShopError
from shared_models.money import MAX_AMOUNT_MINOR, currency

_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
_MANY_DIGITS = b"0" * len(str(MAX_AMOUNT_MINOR))


class NotBookable(ShopError):
    """The till that states this is broken, or newer than this server."""

    code = "not_bookable"


def check_bookable(fact: Any, body: bytes) -> None:
    """Raises NotBookable, or UnknownCurrency. `fact` is what was read of `body`."""
    # Few bodies have so many digits in a row, and looking for them costs a tenth of looking at every number.
    if _MANY_DIGITS in body.translate(_DIGITS) and _holds_too_large(msgspec.to_builtins(fact)):
        raise NotBookable(f"A figure is larger than {MAX_AMOUNT_MINOR}. Look at the till that sent it.")
    if code := getattr(fact, "currency", None):
        currency(code)
    elif code == "":
        raise NotBookable("It names no currency. Look at the till that sent it.")
    day = getattr(fact, "business_date", None)
    if day is not None and not _is_day(day):
        raise NotBookable(f"'{day}' is no day. Look at the clock of the till that sent it.")


@lru_cache(maxsize=1000)
def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _holds_too_large(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_too_large, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_holds_too_large, value))
    return isinstance(value, int) and abs(value) > MAX_AMOUNT_MINOR
