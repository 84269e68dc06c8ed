"""What is decided about one lease: granted, or denied with words for the person at the till."""

from __future__ import annotations

import msgspec

from shared_models.leases import ClaimedLine


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """`code` empty means granted. `balance` is what is left to ask for; the rest is for refunds and parked sales."""

    code: str = ""
    reason: str = ""
    balance: int = 0
    version: int = 0
    cart: bytes = b""
    before: tuple[ClaimedLine, ...] = ()

    @property
    def is_granted(self) -> bool:
        return not self.code


def denied(code: str, reason: str, balance: int = 0) -> Decision:
    return Decision(code=code, reason=reason, balance=balance)
