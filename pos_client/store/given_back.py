"""The projection of refunds and of what was spent without asking: what the till's own limits are counted from."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from pos_client.store.connection import Driver
from pos_client.store.journal import Sealed
from shared_models.offline_limits import Spending, Spent
from shared_models.refund import RefundPosted
from shared_models.stored_value import GiftRedeemed, LoyaltyRedeemed


class Refunds(NamedTuple):
    """Those of a shift: how many, their worth, and what of it was cash."""

    number: int
    total_minor: int
    cash_minor: int


_Lines = tuple[tuple[int, int], ...]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Lines).decode


def project(connection: Driver, sealed: Sealed) -> None:
    match sealed.fact:
        case RefundPosted() as refund:
            lines = tuple((line.line_no, line.quantity_milli) for line in refund.lines)
            connection.execute(
                "insert into refund values (?, ?, ?, ?, ?, ?)",
                (
                    sealed.pos,
                    refund.sale_id,
                    refund.shift_id,
                    refund.total_minor,
                    refund.cash_minor(),
                    _encode(lines),
                ),
            )
            _note(connection, sealed.pos, "refund", refund, refund.total_minor)
        case GiftRedeemed() as gift:
            _note(connection, sealed.pos, "gift", gift, gift.amount_minor)
        case LoyaltyRedeemed() as points:
            _note(connection, sealed.pos, "loyalty", points, points.points)
        case _:
            pass


def _note(connection: Driver, pos: int, kind: Spending, fact: Any, amount: int) -> None:
    """Only what nobody was asked for counts against the till's own limits."""
    if not fact.lease_id:
        connection.execute(
            "insert into unasked values (?, ?, ?, ?, ?)",
            (pos, kind, fact.sale_id, fact.business_date, amount),
        )


def unasked(connection: Driver, kind: Spending, sale_id: str, business_date: str) -> Spent:
    on_receipt, times = connection.execute(
        "select coalesce(sum(amount), 0), count(*) from unasked where kind = ? and sale_id = ?",
        (kind, sale_id),
    ).fetchone()
    (today,) = connection.execute(
        "select coalesce(sum(amount), 0) from unasked where kind = ? and business_date = ?",
        (kind, business_date),
    ).fetchone()
    return Spent(on_receipt=on_receipt, today=today, times=times)


def taken_back(connection: Driver, sale_id: str) -> dict[int, int]:
    """Thousandths by line number, as far as this till took them back."""
    sums: dict[int, int] = {}
    for (lines,) in connection.execute("select lines from refund where sale_id = ?", (sale_id,)).fetchall():
        for line_no, quantity_milli in _decode(lines):
            sums[line_no] = sums.get(line_no, 0) + quantity_milli
    return sums


def of_shift(connection: Driver, shift_id: str, first_pos: int, last_pos: int) -> Refunds:
    row = connection.execute(
        "select count(*), coalesce(sum(total_minor), 0), coalesce(sum(cash_minor), 0) from refund"
        " where pos between ? and ? and shift_id = ?",
        (first_pos, last_pos, shift_id),
    ).fetchone()
    return Refunds(*row)
