"""A bounded counter: what several tills may spend of one balance, together never more than there is.

Balance less what is held is what can be asked for. Every function is one step of one lease; whoever keeps the sum of
`held` over an account's leases beside its balance can grant without looking at the others. Closing a lease and the
facts that spend it may come in any order, any number of times for the closing, and end the same.
"""

from __future__ import annotations

import msgspec

from shared_models.leases import CAPTURED, DENIED, EXPIRED, GRANTED, RELEASED, State


class Hold(msgspec.Struct, frozen=True):
    """One lease. `used` is what its till said it spends, `spent` what facts have brought so far.

    An escrow is spent by many facts while its till is offline, any other lease by the one sale it was asked for.
    """

    state: State
    amount: int
    used: int = 0
    spent: int = 0
    escrow: bool = False


def asked(available: int, amount: int, *, escrow: bool = False) -> Hold:
    """Granted if there is so much, else denied; never a part of it."""
    assert amount > 0
    return Hold(GRANTED if amount <= available else DENIED, amount, escrow=escrow)


def held(hold: Hold) -> int:
    """What nobody else may spend because of this lease."""
    if hold.state == GRANTED:
        return max(0, hold.amount - hold.spent)
    if hold.state == CAPTURED:
        return max(0, hold.used - hold.spent)
    return 0


def closed(hold: Hold, used: int) -> Hold:
    """Its till says that `used` of it is spent, and no more will be. A release is closing with nothing used."""
    assert 0 <= used <= hold.amount
    used = max(used, hold.used, hold.spent)
    if hold.state in (DENIED, RELEASED):
        return hold
    if used:
        return msgspec.structs.replace(hold, state=CAPTURED, used=used)
    return msgspec.structs.replace(hold, state=RELEASED)


def spent(hold: Hold, amount: int) -> Hold:
    """A fact spent so much of it, whatever the lease was by then: it happened."""
    assert amount >= 0
    total = hold.spent + amount
    if hold.escrow and hold.state == GRANTED:
        return msgspec.structs.replace(hold, spent=total)
    return msgspec.structs.replace(hold, state=CAPTURED, used=max(hold.used, total), spent=total)


def expired(hold: Hold) -> Hold:
    """Its time is over and its till was not heard of: what is not spent is free again."""
    if hold.state != GRANTED:
        return hold
    if hold.spent:
        return msgspec.structs.replace(hold, state=CAPTURED, used=hold.spent)
    return msgspec.structs.replace(hold, state=EXPIRED)
