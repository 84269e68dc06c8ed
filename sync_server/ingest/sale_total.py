"""What a sale that can't be booked comes to, as far as its bytes say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from shared_models.closing import UnclassifiedMoney
from shared_models.money import CURRENCIES, MAX_AMOUNT_MINOR


class _SaleTotal(msgspec.Struct):
    total_minor: int
    currency: str


class _Body(msgspec.Struct):
    fact: _SaleTotal


def unclassified_money(bodies: Iterable[bytes]) -> tuple[UnclassifiedMoney, ...]:
    """A row per currency, in the order of their codes; those that hide theirs come first."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for body in bodies:
        total = _total(body)
        sums = found[total.currency if total else ""]
        sums[0] += 1
        sums[1] += total.total_minor if total else 0
        sums[2] += 0 if total else 1
    return tuple(UnclassifiedMoney(currency, *sums) for currency, sums in sorted(found.items()))


def _total(body: bytes) -> _SaleTotal | None:
    """Only what the sum needs, so that a sale that breaks elsewhere is still counted."""
    try:
        found = msgspec.json.decode(body, type=_Body).fact
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    sound = abs(found.total_minor) <= MAX_AMOUNT_MINOR and found.currency in CURRENCIES
    return found if sound else None
