"""Refunds: of no line of a sale goes more back than was sold, and who said otherwise is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from shared_models.leases import ClaimedLine
from shared_models.quantity import format_quantity
from sync_server.bulk_rows import insert_rows
from sync_server.leases.decisions import Decision, denied
from sync_server.leases.tables import claimed_line, refund, refund_claim


class SoldLine(NamedTuple):
    quantity_milli: int
    gross_minor: int


SoldLines = Callable[[Connection, str], Mapping[int, SoldLine]]
"""The lines of a sale by their number on the receipt, empty while the server does not have it."""
LineKey = tuple[str, int]
"""(sale_id, line_no)"""


class LineChange(NamedTuple):
    refunded_milli: int = 0
    refunded_minor: int = 0
    claimed_milli: int = 0


class Refunded(NamedTuple):
    """What went back of a line by now."""

    milli: int
    minor: int


def claim(
    tx: Connection, lease_id: str, sale_id: str, wanted: Sequence[ClaimedLine], sold: Mapping[int, SoldLine]
) -> Decision:
    """All lines or none; each with one statement that looks and takes."""
    if not sold:
        return denied(
            "unknown_sale", "Head office does not have this sale yet. Its till has to send it first."
        )
    nested = tx.begin_nested()
    before = []
    for line in sorted(wanted, key=lambda one: one.line_no):
        left = _take(tx, sale_id, line, sold)
        if left is not None:
            nested.rollback()
            return denied("refunded_before", _too_much(line, left))
        before.append(_before(tx, sale_id, line))
    nested.commit()
    earlier = {line.line_no: line.quantity_milli for line in before}
    rows = [(lease_id, line.line_no, line.quantity_milli, earlier[line.line_no]) for line in wanted]
    insert_rows(tx, claimed_line, rows)
    return Decision(before=tuple(before))


def claimed(tx: Connection, lease_id: str) -> Decision:
    """What the claimer was told, for one that asks once more because the first answer was lost."""
    query = select(claimed_line).where(claimed_line.c.lease_id == lease_id).order_by(claimed_line.c.line_no)
    rows = tx.execute(query)
    return Decision(
        before=tuple(ClaimedLine(line_no=row.line_no, quantity_milli=row.before_milli) for row in rows)
    )


def before_of(tx: Connection, sale_id: str) -> tuple[ClaimedLine, ...]:
    """What went back of each line, or somebody claims; only lines of which there is something."""
    counts = refund_claim.c
    gone = (counts.refunded_milli + counts.claimed_milli).label("gone")
    query = select(counts.line_no, gone).where(counts.sale_id == sale_id, gone > 0).order_by(counts.line_no)
    return tuple(ClaimedLine(line_no=row.line_no, quantity_milli=row.gone) for row in tx.execute(query))


def claims_of(tx: Connection, lease_id: str, sale_id: str, times: int) -> dict[LineKey, LineChange]:
    """What changes when a lease's claims count so many times more: -1 when they are over."""
    query = select(claimed_line.c.line_no, claimed_line.c.quantity_milli)
    rows = tx.execute(query.where(claimed_line.c.lease_id == lease_id))
    return {(sale_id, row.line_no): LineChange(claimed_milli=times * row.quantity_milli) for row in rows}


def refunds_of(tx: Connection, sale_id: str) -> list[bytes]:
    """The event ids of every refund of a sale, in the order of their time."""
    query = select(refund.c.event_id).where(refund.c.sale_id == sale_id)
    return [bytes(event_id) for event_id in tx.scalars(query.order_by(refund.c.at_ms, refund.c.event_id))]


def change(tx: Connection, changes: Mapping[LineKey, LineChange]) -> dict[LineKey, Refunded]:
    """Adds to lines, in an order in which two writers never wait for each other; what went back by now."""
    after: dict[LineKey, Refunded] = {}
    for key in sorted(changes):
        wanted = changes[key]
        counts = refund_claim.c
        merged = _new(tx, key, wanted).on_conflict_do_update(
            index_elements=["sale_id", "line_no"],
            set_={name: counts[name] + getattr(wanted, name) for name in LineChange._fields},
        )
        row = tx.execute(merged.returning(counts.refunded_milli, counts.refunded_minor)).one()
        after[key] = Refunded(row.refunded_milli, row.refunded_minor)
    return after


def added(parts: Iterable[tuple[LineKey, LineChange]]) -> dict[LineKey, LineChange]:
    sums: dict[LineKey, LineChange] = {}
    for key, part in parts:
        sums[key] = LineChange(*map(sum, zip(sums.get(key, LineChange()), part, strict=True)))
    return sums


def _take(tx: Connection, sale_id: str, line: ClaimedLine, sold: Mapping[int, SoldLine]) -> int | None:
    """None when it is claimed now, else how much of it is left."""
    whole = sold.get(line.line_no, SoldLine(0, 0)).quantity_milli
    tx.execute(_new(tx, (sale_id, line.line_no), LineChange()).on_conflict_do_nothing())
    counts = refund_claim.c
    here = (counts.sale_id == sale_id) & (counts.line_no == line.line_no)
    enough = whole - counts.refunded_milli - counts.claimed_milli >= line.quantity_milli
    taken = update(refund_claim).where(here, enough)
    if tx.execute(taken.values(claimed_milli=counts.claimed_milli + line.quantity_milli)).rowcount:
        return None
    gone = tx.scalar(select(counts.refunded_milli + counts.claimed_milli).where(here)) or 0
    return max(0, whole - gone)


def _before(tx: Connection, sale_id: str, line: ClaimedLine) -> ClaimedLine:
    counts = refund_claim.c
    here = (counts.sale_id == sale_id) & (counts.line_no == line.line_no)
    taken = tx.scalar(select(counts.refunded_milli + counts.claimed_milli).where(here)) or 0
    return ClaimedLine(line_no=line.line_no, quantity_milli=taken - line.quantity_milli)


def _too_much(line: ClaimedLine, left: int) -> str:
    if not left:
        return f"Line {line.line_no} of this receipt has been refunded already."
    return f"Of line {line.line_no} of this receipt only {format_quantity(left)} are left to refund."


def _new(tx: Connection, key: LineKey, counts: LineChange) -> Any:
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    return dialect.insert(refund_claim).values(sale_id=key[0], line_no=key[1], **counts._asdict())
