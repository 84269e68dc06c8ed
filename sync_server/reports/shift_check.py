"""Holding every Z report against the server's own figures, and finding sales that came after one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, update

from shared_models.cash import CashMoved, DrawerOpened, ShiftClosed, ShiftOpened
from shared_models.refund import RefundPosted
from shared_models.sale import SalePosted
from sync_server.cash.service import CashService, Closing
from sync_server.findings import Finding, Inbox
from sync_server.ingest_entry import RecordedEntry
from sync_server.leases.tables import refund
from sync_server.reports.shift_figures import Difference, differences, shift_figures
from sync_server.sales.tables import sale

_COUNTED = (SalePosted, RefundPosted, ShiftOpened, CashMoved, DrawerOpened, ShiftClosed)


class ShiftCheck:
    """A recorder like the areas, and the last of them: it needs their rows.

    A late sale stays in its own shift, and the Z report as it was stated; amended figures stand beside it.
    """

    def __init__(self, cash: CashService, inbox: Inbox) -> None:
        self._cash = cash
        self._inbox = inbox

    def record(self, tx: Connection, entry: RecordedEntry) -> None:
        self.record_many(tx, [entry])

    def record_many(self, tx: Connection, entries: Sequence[RecordedEntry]) -> None:
        by_shift: dict[str, list[RecordedEntry]] = {}
        for entry in entries:
            if isinstance(entry.recorded.fact, _COUNTED):
                by_shift.setdefault(entry.recorded.fact.shift_id, []).append(entry)
        for shift_id, of_shift in by_shift.items():
            closing = self._cash.closing(tx, shift_id)
            if closing is not None:
                self._flag_late(tx, closing, of_shift)
                self._compare(tx, closing)

    def _flag_late(self, tx: Connection, closing: Closing, entries: Sequence[RecordedEntry]) -> None:
        late = [
            entry
            for entry in entries
            if isinstance(entry.recorded.fact, SalePosted | RefundPosted) and _is_late(entry, closing)
        ]
        if not late:
            return
        event_ids = [entry.event_id for entry in late]
        for table in (sale, refund):
            tx.execute(update(table).where(table.c.event_id.in_(event_ids)).values(late_after_close=True))
        self._inbox.raise_many(tx, [_late_finding(entry, closing) for entry in late])

    def _compare(self, tx: Connection, closing: Closing) -> None:
        stated = closing.stated
        found = differences(stated.totals, shift_figures(tx, stated.shift_id, with_late=False))
        key = f"closing_differs|{stated.shift_id}"
        if found:
            self._inbox.raise_many(tx, [_differs(closing, found, key)])
        else:
            # What was missing arrived since.
            self._inbox.settle(tx, key, "The missing entries arrived; the figures agree now.")


def _is_late(entry: RecordedEntry, closing: Closing) -> bool:
    if entry.incarnation == closing.incarnation:
        return entry.seq > closing.stated.totals.last_seq
    return entry.recorded.at_ms > closing.at_ms


def _late_finding(entry: RecordedEntry, closing: Closing) -> Finding:
    fact: SalePosted | RefundPosted = entry.recorded.fact
    is_sale = isinstance(fact, SalePosted)
    what = "Receipt" if is_sale else "A refund of receipt"
    itself = {"sale" if is_sale else "refund": entry.event_id.hex()}
    return Finding(
        key=f"late_after_close|{entry.event_id.hex()}",
        kind="late_after_close",
        sentence=(
            f"{what} {fact.receipt_number} is of shift {closing.stated.number} on till {entry.till_id}, "
            "whose Z report does not have it. The shift shows both figures."
        ),
        store_id=entry.store_id,
        till_id=entry.till_id,
        refs={**itself, "receipt": fact.receipt_number, "shift": fact.shift_id},
    )


def _differs(closing: Closing, found: Sequence[Difference], key: str) -> Finding:
    stated = closing.stated
    figures = "; ".join(f"{one.figure}: stated {one.stated}, found {one.found}" for one in found[:6])
    return Finding(
        key=key,
        kind="closing_differs",
        sentence=f"The Z report of shift {stated.number}, till {stated.till_id}, differs from its sales: {figures}.",
        store_id=stated.store_id,
        till_id=stated.till_id,
        refs={"shift": stated.shift_id},
    )
