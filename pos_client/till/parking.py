"""The ticket as bytes: parked for later, or kept across a crash."""

from __future__ import annotations

import msgspec

from pos_client.till.cart import Cart, CartSnapshot, Line
from pos_client.till.ports import ParkedSale
from pos_client.till.state import ParkedView
from shared_models.leases import ParkedListing
from shared_models.moment import Moment

_decoder = msgspec.json.Decoder(CartSnapshot)
_encoder = msgspec.json.Encoder()


class _SavedCart(msgspec.Struct, frozen=True):
    """`CartSnapshot` with lines that are bytes already."""

    sale_id: str
    started_at_ms: int
    lines: tuple[msgspec.Raw, ...]
    voided: tuple[object, ...]
    discount: object
    age_confirmed: int
    selected: int | None
    next_key: int
    coupons: tuple[str, ...]
    parked_version: int


class CartWriter:
    """Writes a cart as bytes, and only the lines that have changed since."""

    def __init__(self) -> None:
        self._written: dict[int, tuple[Line, msgspec.Raw]] = {}

    def encode(self, cart: Cart) -> bytes:
        """Empty for a ticket that nobody would miss."""
        if cart.is_untouched():
            self._written = {}
            return b""
        written = [(line, self._line(line)) for line in cart.lines]
        self._written = {line.key: (line, raw) for line, raw in written}
        kept = cart.snapshot()
        return _encoder.encode(
            _SavedCart(
                kept.sale_id,
                kept.started_at_ms,
                tuple(raw for _, raw in written),
                kept.voided,
                kept.discount,
                kept.age_confirmed,
                kept.selected,
                kept.next_key,
                kept.coupons,
                kept.parked_version,
            )
        )

    def _line(self, line: Line) -> msgspec.Raw:
        known = self._written.get(line.key)
        if known is not None and known[0] is line:
            return known[1]
        return msgspec.Raw(_encoder.encode(line))


def encode_snapshot(snapshot: CartSnapshot) -> bytes:
    """As `CartWriter` does it."""
    return _encoder.encode(snapshot)


def decode_cart(body: bytes) -> CartSnapshot | None:
    """None for bytes that no version wrote."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def parked_view(parked: ParkedSale) -> ParkedView:
    return ParkedView(
        parked.sale_id,
        parked.label,
        parked.parked_at,
        parked.operator_name,
        parked.total_minor,
        parked.line_count,
    )


def view_elsewhere(listing: ParkedListing) -> ParkedView:
    """A ticket that another till has put aside."""
    return ParkedView(
        listing.sale_id,
        listing.label,
        Moment(listing.parked_at_ms, listing.tz_min),
        listing.operator_name,
        listing.total_minor,
        listing.line_count,
        listing.till_id,
    )
