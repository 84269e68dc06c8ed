"""What a till may do on its own word while the server is out of reach. Nothing, unless head office allows it."""

from __future__ import annotations

from typing import Literal

import msgspec


class OfflineLimits(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Part of a store's settings. Minor units and points; 0 allows nothing.

    `…_receipt` limits one sale or one refund, `…_day` all of one till on one business day. A refund is only given
    for a receipt that the till has itself or can read, once per receipt; more needs head office's line.
    """

    gift_receipt_minor: int = 0
    gift_day_minor: int = 0
    loyalty_receipt_points: int = 0
    loyalty_day_points: int = 0
    refund_receipt_minor: int = 5000
    refund_day_minor: int = 20000


Spending = Literal["gift", "loyalty", "refund"]


class Spent(msgspec.Struct, frozen=True):
    """What a till did on its own word already: on this receipt, and today. `times` is how often on this receipt."""

    on_receipt: int = 0
    today: int = 0
    times: int = 0


class Verdict(msgspec.Struct, frozen=True):
    """`allowed` is how much may be spent now; `reason` says what stands in the way of more (a notice's code)."""

    allowed: int
    reason: str = ""


def allowance(limits: OfflineLimits, kind: Spending, before: Spent) -> Verdict:
    """How much more of this kind the till may spend without asking."""
    receipt, day = _caps(limits, kind)
    if receipt <= 0 or day <= 0:
        return Verdict(0, "offline_not_allowed")
    if kind == "refund" and before.times:
        return Verdict(0, "offline_refunded_before")
    left_on_receipt, left_today = receipt - before.on_receipt, day - before.today
    if left_today <= left_on_receipt:
        return Verdict(max(0, left_today), "offline_day_limit")
    return Verdict(max(0, left_on_receipt), "offline_receipt_limit")


def _caps(limits: OfflineLimits, kind: Spending) -> tuple[int, int]:
    if kind == "gift":
        return limits.gift_receipt_minor, limits.gift_day_minor
    if kind == "loyalty":
        return limits.loyalty_receipt_points, limits.loyalty_day_points
    return limits.refund_receipt_minor, limits.refund_day_minor
