"""Lists in pages: an opaque cursor that says where the page before ended."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from sync_server.errors import Invalid

T = TypeVar("T")
DEFAULT_LIMIT = 100
MAX_LIMIT = 500

Key = tuple[str | int, ...]
Hex = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{2})*$")]
_BIGGEST = 2**63 - 1


class Page(msgspec.Struct, Generic[T], frozen=True):
    """`next` is given back as `cursor` for the page after; None means that this was the last."""

    rows: list[T]
    next: str | None = None


def page_of(rows: Sequence[T], limit: int, key: Callable[[T], Key]) -> Page[T]:
    """A page of `rows`, which were asked for with `limit + 1`; `key` is what they are sorted by."""
    kept = list(rows[:limit])
    return Page(kept, write_cursor(key(kept[-1])) if len(rows) > limit else None)


def checked_limit(limit: int | None) -> int:
    if limit is None:
        return DEFAULT_LIMIT
    if not 1 <= limit <= MAX_LIMIT:
        raise Invalid(f"limit is between 1 and {MAX_LIMIT}.")
    return limit


def write_cursor(key: Key) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def read_cursor(cursor: str | None, *kinds: type[Any]) -> Any:
    """The key that the page before ended with, as a tuple of `kinds`; None for the first page.

    A cursor may be forged: whatever a database can't compare is refused here.
    """
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        key: Any = msgspec.json.decode(raw, type=tuple[kinds], strict=True)  # type: ignore[valid-type]
    except (binascii.Error, ValueError, msgspec.DecodeError) as reason:
        raise Invalid("This cursor was not given by this list. Start again without one.") from reason
    if not all(map(_comparable, key)):
        raise Invalid("This cursor was not given by this list. Start again without one.")
    return key


def _comparable(part: str | int) -> bool:
    return "\0" not in part if isinstance(part, str) else abs(part) <= _BIGGEST
