"""What a sale or refund that can't be booked comes to, as far as its bytes say."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from shared_models.closing import UnclassifiedMoney
from shared_models.money import CURRENCIES, MAX_AMOUNT_MINOR

SALE, REFUND = "sale.posted", "refund.posted"
"""The types of the entries that are money."""
UNREADABLE = UnclassifiedMoney("", 1, 0, 1)


def unclassified_money(bodies: Iterable[bytes]) -> tuple[UnclassifiedMoney, ...]:
    """A row per currency, in the order of their codes; those that hide theirs come first."""
    return added_up(map(money_of, bodies))


def added_up(rows: Iterable[UnclassifiedMoney]) -> tuple[UnclassifiedMoney, ...]:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in rows:
        sums = found[one.currency]
        for at, value in enumerate((one.entries, one.amount_minor, one.unreadable)):
            sums[at] += value
    return tuple(UnclassifiedMoney(currency, *sums) for currency, sums in sorted(found.items()))


def money_of(body: bytes) -> UnclassifiedMoney:
    """Only what the sum needs, so that a sale that breaks elsewhere is still counted.

    Read by the rule that the verifier has in its own words: of a name that is there twice the last value counts.
    """
    try:
        fact = json.loads(body.decode(), parse_constant=_no_number)["fact"]
        code, total = fact["currency"], fact["total_minor"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return UNREADABLE
    is_sound = type(total) is int and abs(total) <= MAX_AMOUNT_MINOR and isinstance(code, str)
    return UnclassifiedMoney(code, 1, total, 0) if is_sound and code in CURRENCIES else UNREADABLE


def is_training(body: bytes) -> bool:
    """Of a sale that is booked: it was rung up to practise, and is no money."""
    try:
        return json.loads(body.decode(), parse_constant=_no_number)["fact"].get("training") is True
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")
