"""The projection of shifts: which one is open, and what an X or Z report of it says."""

from __future__ import annotations

from typing import Any

from pos_client.store import given_back
from pos_client.store.connection import Driver
from pos_client.store.journal import Sealed
from pos_client.store.positions import segment_of, seq_of
from pos_client.store.sales import add_taxes, add_tenders, decode_parts, grand_total
from pos_client.till.ports import OpenShift
from shared_models.cash import (
    PAID_IN,
    PAID_OUT,
    SAFE_DROP,
    CashMoved,
    DrawerOpened,
    ShiftClosed,
    ShiftOpened,
    ShiftTotals,
)
from shared_models.errors import ShopError
from shared_models.events import UnreadableFact, decode_body, recorded_at
from shared_models.moment import Moment
from shared_models.sale import SaleVoided

_NO_SALE = "no_sale"
_SALE_VOIDED = "sale_voided"


class UnknownShift(ShopError):
    """A shift that this till's database does not hold."""

    code = "unknown_shift"


def project_shift(connection: Driver, sealed: Sealed) -> None:
    """Keep what the fact means for its shift, if it means anything."""
    match sealed.fact:
        case ShiftOpened() as opened:
            connection.execute(
                "insert into shift(shift_id, number, opened_pos, float_minor) values (?, ?, ?, ?)",
                (opened.shift_id, opened.number, sealed.pos, opened.float_minor),
            )
        case ShiftClosed() as closed:
            connection.execute(
                "update shift set closed_pos = ?, saved_count = x'' where shift_id = ?",
                (sealed.pos, closed.shift_id),
            )
        case CashMoved() as moved:
            _insert_event(connection, sealed.pos, moved.shift_id, moved.kind, moved.amount_minor)
        case DrawerOpened() as drawer:
            _insert_event(connection, sealed.pos, drawer.shift_id, _NO_SALE, 0)
        case SaleVoided() as voided:
            _insert_event(connection, sealed.pos, voided.shift_id, _SALE_VOIDED, voided.total_minor)
        case _:
            pass


def _insert_event(connection: Driver, pos: int, shift_id: str, kind: str, amount_minor: int) -> None:
    connection.execute("insert into shift_event values (?, ?, ?, ?)", (pos, shift_id, kind, amount_minor))


def open_shift(connection: Driver) -> OpenShift | None:
    row = connection.execute(
        "select shift_id, number, float_minor, opened_pos, saved_count, type, schema, body"
        " from shift join entry on entry.pos = opened_pos"
        " where closed_pos is null order by number desc limit 1"
    ).fetchone()
    if row is None:
        return None
    shift_id, number, float_minor, opened_pos, saved_count, *opening = row
    try:
        recorded = decode_body(*opening)
        return OpenShift(recorded.fact, Moment(recorded.at_ms, recorded.tz_min), saved_count)
    except UnreadableFact:
        at = _first_moment(connection, opened_pos)
        return OpenShift(_remembered(shift_id, number, float_minor, at), at, saved_count)


def _remembered(shift_id: str, number: int, float_minor: int, at: Moment) -> ShiftOpened:
    """An opening whose entry is damaged, as the projection has it: the day must end all the same."""
    return ShiftOpened(
        shift_id=shift_id,
        number=number,
        store_id="",
        till_id="",
        operator_id="",
        operator_name="",
        business_date=at.business_date(),
        float_minor=float_minor,
        currency="",
    )


def _first_moment(connection: Driver, opened_pos: int) -> Moment:
    """When the shift's first readable entry was recorded; a damaged fact may still have its time."""
    rows = connection.execute("select body from entry where pos >= ? order by pos", (opened_pos,))
    found = (recorded_at(body) for (body,) in rows)
    return next((at for at in found if at is not None), Moment(0, 0))


def save_count(connection: Driver, body: bytes) -> None:
    connection.execute("update shift set saved_count = ? where closed_pos is null", (body,))


def next_shift_number(connection: Driver) -> int:
    return int(connection.execute("select coalesce(max(number), 0) + 1 from shift").fetchone()[0])


def previous_closing_hash(connection: Driver) -> str:
    """The chain hash of the newest closing in hex, empty before the first."""
    row = connection.execute(
        "select hash from shift join entry on entry.pos = closed_pos order by closed_pos desc limit 1"
    ).fetchone()
    return "" if row is None else row[0].hex()


def shift_totals(connection: Driver, shift_id: str, head_pos: int) -> ShiftTotals:
    """The figures up to `head_pos`, or up to the closing.

    For a shift that spans two incarnations `first_seq` is 1, the start of the one that `last_seq` is in.
    """
    row = connection.execute(
        "select number, float_minor, coalesce(since_pos, opened_pos),"
        " coalesce(max(closed_pos - 1, coalesce(until_pos, 0)), ?) from shift where shift_id = ?",
        (head_pos, shift_id),
    ).fetchone()
    if row is None:
        raise UnknownShift("This till has no such shift. Open a shift first.", shift_id=shift_id)
    number, float_minor, first_pos, last_pos = row
    sales = _sales(connection, shift_id, first_pos, last_pos)
    events = _events(connection, shift_id, first_pos, last_pos)
    moved = {kind: events.get(kind, (0, 0))[1] for kind in (PAID_IN, PAID_OUT, SAFE_DROP)}
    cash_kept = sales.pop("cash_kept_minor")
    refunds = given_back.of_shift(connection, shift_id, first_pos, last_pos)
    gone = moved[PAID_OUT] + moved[SAFE_DROP] + refunds.cash_minor
    return ShiftTotals(
        shift_id=shift_id,
        number=number,
        opened_at_ms=_first_moment(connection, first_pos).at_ms,
        float_minor=float_minor,
        paid_in_minor=moved[PAID_IN],
        paid_out_minor=moved[PAID_OUT],
        safe_drop_minor=moved[SAFE_DROP],
        no_sale_count=events.get(_NO_SALE, (0, 0))[0],
        voided_sale_count=events.get(_SALE_VOIDED, (0, 0))[0],
        expected_minor=float_minor + cash_kept + moved[PAID_IN] - gone,
        grand_total_minor=grand_total(connection, last_pos),
        first_seq=seq_of(first_pos) if segment_of(first_pos) == segment_of(last_pos) else 1,
        last_seq=seq_of(last_pos),
        refund_count=refunds.number,
        refund_minor=refunds.total_minor,
        refund_cash_minor=refunds.cash_minor,
        **sales,
    )


_SUMMED = {
    "line_count": "line_count",
    "net_minor": "net_minor",
    "tax_minor": "tax_minor",
    "gross_minor": "total_minor",
    "discount_minor": "discount_minor",
    "cash_rounding_minor": "cash_rounding_minor",
    "voided_line_count": "voided_line_count",
    "cash_kept_minor": "cash_kept_minor",
}
_SUMS = ", ".join(f"coalesce(sum({column}), 0)" for column in _SUMMED.values())
_OF_SHIFT = "from sale where pos between ? and ? and shift_id = ?"


def _sales(connection: Driver, shift_id: str, first_pos: int, last_pos: int) -> dict[str, Any]:
    key = (first_pos, last_pos, shift_id)
    count, *sums = connection.execute(f"select count(*), {_SUMS} {_OF_SHIFT}", key).fetchone()
    rows = connection.execute(f"select parts, receipt_number {_OF_SHIFT} order by pos", key).fetchall()
    parts = [decode_parts(row[0]) for row in rows]
    return dict(
        zip(_SUMMED, sums, strict=True),
        sale_count=count,
        taxes=add_taxes(parts),
        tenders=add_tenders(parts),
        first_receipt=rows[0][1] if rows else "",
        last_receipt=rows[-1][1] if rows else "",
    )


def _events(connection: Driver, shift_id: str, first_pos: int, last_pos: int) -> dict[str, tuple[int, int]]:
    """Count and amount of each kind."""
    rows = connection.execute(
        "select kind, count(*), sum(amount_minor) from shift_event"
        " where pos between ? and ? and shift_id = ? group by kind",
        (first_pos, last_pos, shift_id),
    ).fetchall()
    return {kind: (count, amount) for kind, count, amount in rows}
