"""The kinds of fact that a till's journal may hold, and the bytes in which it holds them."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

import msgspec

from shared_models import cash, continuity, refund, sale, stored_value
from shared_models.errors import ShopError
from shared_models.moment import Moment
from shared_models.plain_json import unclear

Fact = (
    sale.SalePosted
    | sale.SaleVoided
    | sale.SaleParked
    | sale.SaleRecalled
    | sale.ReceiptReprinted
    | refund.RefundPosted
    | stored_value.GiftIssued
    | stored_value.GiftRedeemed
    | stored_value.LoyaltyRedeemed
    | cash.ShiftOpened
    | cash.CashMoved
    | cash.DrawerOpened
    | cash.DrawerCounted
    | cash.ShiftClosed
    | cash.OperatorLoggedIn
    | cash.OperatorLoggedOut
    | continuity.IncarnationOpened
)

TYPES: dict[str, type[Any]] = {
    "sale.posted": sale.SalePosted,
    "sale.voided": sale.SaleVoided,
    "sale.parked": sale.SaleParked,
    "sale.recalled": sale.SaleRecalled,
    "receipt.reprinted": sale.ReceiptReprinted,
    "refund.posted": refund.RefundPosted,
    "gift.issued": stored_value.GiftIssued,
    "gift.redeemed": stored_value.GiftRedeemed,
    "loyalty.redeemed": stored_value.LoyaltyRedeemed,
    "shift.opened": cash.ShiftOpened,
    "cash.moved": cash.CashMoved,
    "drawer.opened": cash.DrawerOpened,
    "drawer.counted": cash.DrawerCounted,
    "shift.closed": cash.ShiftClosed,
    "operator.logged_in": cash.OperatorLoggedIn,
    "operator.logged_out": cash.OperatorLoggedOut,
    "incarnation.opened": continuity.IncarnationOpened,
}
SCHEMA = 1
"""The version of every fact's layout so far; a changed fact gets a higher one and an upcaster on the server."""

_NAMES = {kind: name for name, kind in TYPES.items()}


class UnknownFact(ShopError):
    """A type or schema that this version does not know; the bytes are kept and tried again after an upgrade."""

    code = "unknown_schema"


class UnreadableFact(ShopError):
    """A body that is not what its type says."""

    code = "unreadable_body"


class Recorded(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A fact with when it was recorded; its JSON is what is hashed, signed, stored and sent, byte for byte.

    `clock_offset_ms` is the server's clock less the till's, as last seen, or None where no server was met yet.
    """

    at_ms: int
    tz_min: int
    fact: Any
    boot_id: str = ""
    mono_ms: int = 0
    clock_offset_ms: int | None = None


_Of = TypeVar("_Of")


class _Read(msgspec.Struct, Generic[_Of], frozen=True, gc=False):
    """A `Recorded` whose fact is of one kind, so that a body is gone through once."""

    at_ms: int
    tz_min: int
    fact: _Of
    boot_id: str = ""
    mono_ms: int = 0
    clock_offset_ms: int | None = None


class _When(msgspec.Struct, frozen=True):
    """Within what a calendar can show."""

    at_ms: Annotated[int, msgspec.Meta(ge=0, le=250_000_000_000_000)]
    tz_min: Annotated[int, msgspec.Meta(gt=-1440, lt=1440)] = 0


_encoder = msgspec.json.Encoder()
_when_decoder = msgspec.json.Decoder(_When)
_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(_Read[kind])  # type: ignore[valid-type]
    for name, kind in TYPES.items()
}


def type_name(fact: Fact) -> str:
    return _NAMES[type(fact)]


def encode_body(recorded: Recorded) -> bytes:
    return _encoder.encode(recorded)


def decode_body(type_name: str, schema: int, body: bytes) -> Recorded:
    """The fact in `body`; raises UnknownFact or UnreadableFact, never anything else."""
    decoder = _decoders.get(type_name)
    if decoder is None or schema != SCHEMA:
        raise UnknownFact(
            f"This version does not know '{type_name}' in schema {schema}. Update it; the entry is kept.",
            type=type_name,
            schema=schema,
        )
    try:
        read = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
        raise UnreadableFact(f"The body of '{type_name}' can't be read: {reason}", type=type_name) from reason
    return Recorded(read.at_ms, read.tz_min, read.fact, read.boot_id, read.mono_ms, read.clock_offset_ms)


def other_reading(recorded: Recorded, body: bytes) -> str:
    """Why another reader could take `body` for something else than `recorded`, in words; empty where none can.

    What this version writes in the same bytes needs no second look, and that is nearly every body.
    """
    return "" if encode_body(recorded) == body else unclear(body)


def recorded_at(body: bytes) -> Moment | None:
    """When it was recorded, also where the fact itself is damaged or unknown; None when even that is lost."""
    try:
        when = _when_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return Moment(when.at_ms, when.tz_min)
