"""People at the counter: who may log in at a till and what each may do."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Permission(StrEnum):
    """What an operator may do at a till; head office grants them by role."""

    SELL = "till.sell"
    VOID_SALE = "till.void_sale"
    DISCOUNT = "till.discount"
    PRICE_OVERRIDE = "till.price_override"
    PAID_IN_OUT = "till.paid_in_out"
    NO_SALE = "till.no_sale"
    SHIFT = "till.shift"
    APPROVE_VARIANCE = "till.approve_variance"
    REPRINT = "till.reprint"
    REFUND = "till.refund"
    REFUND_IN_CASH = "till.refund_in_cash"
    """Cash for what a card paid."""


class StaffMember(msgspec.Struct, frozen=True, omit_defaults=True):
    """`pin_hash` is an argon2id encoded hash; the PIN itself is nowhere."""

    staff_id: str
    name: str
    pin_hash: str
    permissions: tuple[str, ...] = ()
    active: bool = True

    def may(self, permission: Permission) -> bool:
        return self.active and permission.value in self.permissions
