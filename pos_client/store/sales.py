"""The projection of sales: what receipts, X reports and the unsent value are answered from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from pos_client.store.connection import Driver
from pos_client.store.journal import Sealed
from pos_client.store.positions import position, seq_of
from pos_client.store.segments import Segment
from pos_client.till.ports import PostedSale
from shared_models.cash import TaxTotal, TenderTotal
from shared_models.events import UnreadableFact, decode_body
from shared_models.ids import evidence_code
from shared_models.journal import body_hash
from shared_models.moment import Moment
from shared_models.sale import CASH, SalePosted


class SaleParts(msgspec.Struct, frozen=True, array_like=True):
    """A sale's taxes and tenders, small, to be added up per shift."""

    taxes: tuple[TaxTotal, ...]
    tenders: tuple[TenderTotal, ...]


_INSERT = """insert into sale(
    pos, receipt_number, number, shift_id, at_ms, line_count, net_minor, tax_minor, total_minor,
    discount_minor, cash_rounding_minor, cash_kept_minor, voided_line_count, grand_total_minor, parts
) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_SELECT = "select entry.pos, type, schema, body, copies from sale join entry using (pos)"
_encode = msgspec.msgpack.Encoder().encode
decode_parts = msgspec.msgpack.Decoder(SaleParts).decode


def sale_row(pos: int, at_ms: int, number: int, grand_total_minor: int, sale: SalePosted) -> tuple[Any, ...]:
    """The projection's row for a sale; `grand_total_minor` is all sales so far, this one included."""
    return (
        pos,
        sale.receipt_number,
        number,
        sale.shift_id,
        at_ms,
        len(sale.lines),
        sale.net_minor,
        sale.tax_minor,
        sale.total_minor,
        sum(discount.amount_minor for line in sale.lines for discount in line.discounts),
        sale.cash_rounding_minor,
        sale.cash_kept_minor(),
        len(sale.voided_lines),
        grand_total_minor,
        _encode(_parts(sale)),
    )


def insert_sale(connection: Driver, row: tuple[Any, ...]) -> None:
    connection.execute(_INSERT, row)


def _parts(sale: SalePosted) -> SaleParts:
    taxes = tuple(
        TaxTotal(tax.tax_id, tax.name, tax.rate_ppm, tax.base_minor, tax.amount_minor) for tax in sale.taxes
    )
    tenders = [TenderTotal(tender.kind, 1, tender.received_minor) for tender in sale.tenders]
    if sale.change_minor:
        # Change is cash, whatever was tendered.
        tenders.append(TenderTotal(CASH, 0, -sale.change_minor))
    return SaleParts(taxes, tuple(tenders))


def posted_sale(sealed: Sealed) -> PostedSale:
    assert isinstance(sealed.fact, SalePosted)
    return PostedSale(sealed.fact, sealed.at, sealed.entry.seq, sealed.evidence())


def sale_called(connection: Driver, receipt_number: str) -> PostedSale | None:
    row = connection.execute(f"{_SELECT} where receipt_number = ?", (receipt_number,)).fetchone()
    return None if row is None else _from_row(row)


def sale_at(connection: Driver, pos: int) -> PostedSale | None:
    row = connection.execute(f"{_SELECT} where sale.pos = ?", (pos,)).fetchone()
    return None if row is None else _from_row(row)


def latest_sales(connection: Driver, limit: int) -> list[PostedSale]:
    """Newest first, without those whose entry is damaged: `verify` names them, and the day goes on."""
    rows = connection.execute(f"{_SELECT} order by sale.pos desc limit ?", (limit,)).fetchall()
    return [posted for row in rows if (posted := _readable(row))]


def last_sale(connection: Driver) -> PostedSale | None:
    """Raises UnreadableFact for a damaged one: the sale before it is not what was asked for."""
    row = connection.execute(f"{_SELECT} order by sale.pos desc limit 1").fetchone()
    return None if row is None else _from_row(row)


def count_copy(connection: Driver, receipt_number: str) -> None:
    connection.execute("update sale set copies = copies + 1 where receipt_number = ?", (receipt_number,))


def last_number(connection: Driver, segment: Segment) -> int:
    """The newest receipt number of the segment's series, 0 when it has none; re-stamped sales keep the old series."""
    row = connection.execute(
        "select number from sale where pos between ? and ? and instr(receipt_number, ?) order by pos desc limit 1",
        (position(segment.id, 0), position(segment.id + 1, 0) - 1, f"-{segment.series}-"),
    ).fetchone()
    return 0 if row is None else int(row[0])


def grand_total(connection: Driver, pos: int | None = None) -> int:
    """The till's sales of all time, up to a position."""
    where, parameters = ("", ()) if pos is None else ("where pos <= ?", (pos,))
    row = connection.execute(
        f"select grand_total_minor from sale {where} order by pos desc limit 1", parameters
    ).fetchone()
    return 0 if row is None else int(row[0])


def add_taxes(parts: Iterable[SaleParts]) -> tuple[TaxTotal, ...]:
    sums: dict[tuple[str, str, int], list[int]] = {}
    for part in parts:
        for tax in part.taxes:
            total = sums.setdefault((tax.tax_id, tax.name, tax.rate_ppm), [0, 0])
            total[0] += tax.base_minor
            total[1] += tax.amount_minor
    return tuple(TaxTotal(*key, *sums[key]) for key in sorted(sums))


def add_tenders(parts: Iterable[SaleParts]) -> tuple[TenderTotal, ...]:
    sums: dict[str, list[int]] = {}
    for part in parts:
        for tender in part.tenders:
            total = sums.setdefault(tender.kind, [0, 0])
            total[0] += tender.count
            total[1] += tender.amount_minor
    return tuple(TenderTotal(kind, *sums[kind]) for kind in sorted(sums))


def _readable(row: tuple[int, str, int, bytes, int]) -> PostedSale | None:
    try:
        return _from_row(row)
    except UnreadableFact:
        return None


def _from_row(row: tuple[int, str, int, bytes, int]) -> PostedSale:
    pos, type_name, schema, body, copies = row
    recorded = decode_body(type_name, schema, body)
    evidence = evidence_code(body_hash(type_name, schema, body))
    return PostedSale(recorded.fact, Moment(recorded.at_ms, recorded.tz_min), seq_of(pos), evidence, copies)
