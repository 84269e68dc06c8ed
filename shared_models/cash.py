"""Shifts and cash as facts: float, paid in and out, drawer openings, blind counts and closings."""

from __future__ import annotations

import msgspec

PAID_IN = "paid_in"
PAID_OUT = "paid_out"
SAFE_DROP = "safe_drop"


class ShiftOpened(msgspec.Struct, frozen=True, kw_only=True):
    shift_id: str
    number: int
    store_id: str
    till_id: str
    operator_id: str
    operator_name: str
    business_date: str
    float_minor: int
    currency: str


class CashMoved(msgspec.Struct, frozen=True, kw_only=True):
    """Cash that enters or leaves the drawer other than by a sale; `amount_minor` is positive, `kind` says which way."""

    movement_id: str
    kind: str
    shift_id: str
    till_id: str
    operator_id: str
    amount_minor: int
    reason: str

    def signed_minor(self) -> int:
        return self.amount_minor if self.kind == PAID_IN else -self.amount_minor


class DrawerOpened(msgspec.Struct, frozen=True, kw_only=True):
    """The drawer was opened without a sale or a cash movement."""

    shift_id: str
    till_id: str
    operator_id: str
    reason: str


class Pieces(msgspec.Struct, frozen=True):
    """So many pieces of one note or coin."""

    denomination_minor: int
    pieces: int


class DrawerCounted(msgspec.Struct, frozen=True, kw_only=True):
    """A blind count: the operator had not been shown what the drawer should hold."""

    shift_id: str
    till_id: str
    operator_id: str
    counted_minor: int
    pieces: tuple[Pieces, ...]


class TaxTotal(msgspec.Struct, frozen=True):
    tax_id: str
    name: str
    rate_ppm: int
    base_minor: int
    amount_minor: int


class TenderTotal(msgspec.Struct, frozen=True):
    """`amount_minor` is what was kept: received less change."""

    kind: str
    count: int
    amount_minor: int


class ShiftTotals(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a shift so far: an X report shows them, a Z report freezes them.

    `expected_minor` is the cash that the drawer should hold. `grand_total_minor` is the till's gross sales of all
    time, which nothing resets. `refund_minor` is the worth of what was taken back, `refund_cash_minor` what of it was
    given back in cash; neither lessens the sales' figures. `first_seq` and `last_seq` are the journal positions that
    the figures cover.
    """

    shift_id: str
    number: int
    opened_at_ms: int
    sale_count: int
    line_count: int
    net_minor: int
    tax_minor: int
    gross_minor: int
    discount_minor: int
    cash_rounding_minor: int
    voided_line_count: int
    voided_sale_count: int
    float_minor: int
    paid_in_minor: int
    paid_out_minor: int
    safe_drop_minor: int
    no_sale_count: int
    expected_minor: int
    grand_total_minor: int
    first_seq: int
    last_seq: int
    taxes: tuple[TaxTotal, ...]
    tenders: tuple[TenderTotal, ...]
    first_receipt: str = ""
    last_receipt: str = ""
    refund_count: int = 0
    refund_minor: int = 0
    refund_cash_minor: int = 0


class ShiftClosed(msgspec.Struct, frozen=True, kw_only=True):
    """The Z report: a statement by the till. Sales that reach the server later still belong to it.

    `head_hash` is the journal's hash at `totals.last_seq`; `previous_closing_hash` is the chain hash of the closing
    before, empty for the first; `unsent` is how many entries the server had not acknowledged.
    """

    shift_id: str
    number: int
    store_id: str
    till_id: str
    operator_id: str
    operator_name: str
    business_date: str
    currency: str
    totals: ShiftTotals
    counted_minor: int
    over_short_minor: int
    pieces: tuple[Pieces, ...]
    head_hash: str
    previous_closing_hash: str
    unsent: int
    approved_by: str = ""


class OperatorLoggedIn(msgspec.Struct, frozen=True):
    operator_id: str
    operator_name: str
    till_id: str


class OperatorLoggedOut(msgspec.Struct, frozen=True):
    operator_id: str
    till_id: str
    reason: str = ""
