"""Roles at the counter, and what each may do at a till."""

from __future__ import annotations

from shared_models.staff import Permission

_CASHIER = (Permission.SELL, Permission.REPRINT)
_SENIOR = (
    *_CASHIER,
    Permission.VOID_SALE,
    Permission.DISCOUNT,
    Permission.PAID_IN_OUT,
    Permission.SHIFT,
    Permission.REFUND,
)

ROLES: dict[str, tuple[Permission, ...]] = {
    "trainee": (Permission.SELL,),
    "cashier": (*_CASHIER, Permission.SHIFT),
    "senior": _SENIOR,
    "manager": tuple(Permission),
}


def permissions_of(role: str) -> tuple[str, ...]:
    return tuple(permission.value for permission in ROLES[role])
