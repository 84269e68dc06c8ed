"""Gift cards and loyalty points as facts: value that is given out once, and spent somewhere else later."""

from __future__ import annotations

from typing import Final

import msgspec

GIFT: Final = "gift"
LOYALTY: Final = "loyalty"
"""Kinds of tender, and of account."""


class GiftIssued(msgspec.Struct, frozen=True, kw_only=True):
    """Value put on a card, new or not; `sale_id` is the sale that paid for it. Spendable once head office has it."""

    card: str
    amount_minor: int
    currency: str
    sale_id: str
    store_id: str
    till_id: str
    shift_id: str
    operator_id: str
    business_date: str


class GiftRedeemed(msgspec.Struct, frozen=True, kw_only=True):
    """Value taken off a card to pay for a sale. `lease_id` is empty where the till did so on its own word."""

    card: str
    amount_minor: int
    currency: str
    lease_id: str
    sale_id: str
    store_id: str
    till_id: str
    shift_id: str
    operator_id: str
    business_date: str


class LoyaltyRedeemed(msgspec.Struct, frozen=True, kw_only=True):
    """Points that a member spent; what they were worth is a tender of the sale. `lease_id` as in GiftRedeemed."""

    member: str
    points: int
    lease_id: str
    sale_id: str
    store_id: str
    till_id: str
    shift_id: str
    operator_id: str
    business_date: str
