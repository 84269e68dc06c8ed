"""A blind count of the drawer, note by note and coin by coin."""

from __future__ import annotations

import msgspec

from pos_client.till.refusals import Refused
from pos_client.till.state import CountView
from shared_models.cash import DrawerCounted, Pieces
from shared_models.money import DENOMINATIONS

MAX_PIECES = 100_000


class Counting(msgspec.Struct, frozen=True):
    """`expected_minor` is None until the count is confirmed: who counts must not know it."""

    currency: str
    pieces: tuple[Pieces, ...] = ()
    expected_minor: int | None = None
    needs_approval: bool = False

    @property
    def counted_minor(self) -> int:
        return sum(pile.denomination_minor * pile.pieces for pile in self.pieces)

    @property
    def over_short_minor(self) -> int:
        assert self.expected_minor is not None
        return self.counted_minor - self.expected_minor

    def is_confirmed(self) -> bool:
        return self.expected_minor is not None

    def with_pieces(self, denomination_minor: int, pieces: int) -> Counting:
        if denomination_minor not in DENOMINATIONS[self.currency]:
            raise Refused("not_a_denomination", amount_minor=denomination_minor)
        if not 0 <= pieces <= MAX_PIECES:
            raise Refused("bad_pieces", limit=MAX_PIECES)
        piles = {pile.denomination_minor: pile for pile in self.pieces}
        piles[denomination_minor] = Pieces(denomination_minor, pieces)
        kept = (piles[value] for value in DENOMINATIONS[self.currency] if value in piles)
        return msgspec.structs.replace(self, pieces=tuple(pile for pile in kept if pile.pieces))

    def confirmed(self, expected_minor: int, variance_limit_minor: int) -> Counting:
        off = abs(self.counted_minor - expected_minor)
        return msgspec.structs.replace(
            self, expected_minor=expected_minor, needs_approval=off > variance_limit_minor
        )

    def reopened(self) -> Counting:
        return msgspec.structs.replace(self, expected_minor=None, needs_approval=False)

    def fact(self, shift_id: str, till_id: str, operator_id: str) -> DrawerCounted:
        return DrawerCounted(
            shift_id=shift_id,
            till_id=till_id,
            operator_id=operator_id,
            counted_minor=self.counted_minor,
            pieces=self.pieces,
        )

    def view(self, float_minor: int, unsent_sales: int) -> CountView:
        over_short = self.over_short_minor if self.is_confirmed() else None
        return CountView(
            self.pieces,
            self.counted_minor,
            float_minor,
            unsent_sales,
            self.expected_minor,
            over_short,
            self.needs_approval,
        )


def encode_count(counting: Counting) -> bytes:
    return msgspec.json.encode(counting.pieces)


def decode_count(body: bytes, currency: str) -> Counting:
    """A count put aside; an empty one where there is none or it can't be read."""
    try:
        pieces = msgspec.json.decode(body, type=tuple[Pieces, ...]) if body else ()
    except (msgspec.DecodeError, UnicodeDecodeError):
        pieces = ()
    return Counting(currency, pieces)
