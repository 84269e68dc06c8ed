"""Sales: recorded as the tills stated them, checked, never refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Connection, Row, Select, cast, func, select

from shared_models.events import Recorded
from shared_models.sale import SalePosted, SaleVoided
from sync_server.bulk_rows import insert_rows, is_one_of, unrecorded
from sync_server.errors import Invalid, NotFound
from sync_server.findings import Finding, Inbox
from sync_server.ingest_entry import RecordedEntry
from sync_server.sales.rows import discrepancies, line_rows, sale_row, tax_rows, tender_rows, void_rows
from sync_server.sales.tables import sale, sale_line, sale_tax, sale_tender, sale_void

StoredFact = Callable[[Connection, bytes], Recorded]
"""The fact as the journal holds it, by event id."""


class SaleHead(msgspec.Struct, frozen=True, kw_only=True):
    """A sale in a list. `entry` is the journal entry's id (hex), by which it is asked for."""

    entry: str
    sale_id: str
    receipt_number: str
    store_id: str
    till_id: str
    shift_id: str
    operator_name: str
    business_date: str
    at_ms: int
    tz_min: int
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    cash_rounding_minor: int
    line_count: int
    training: bool
    late_after_close: bool


class SaleDetail(msgspec.Struct, frozen=True):
    """The sale as the till recorded it, which is what its receipt was printed from."""

    head: SaleHead
    receipt: SalePosted


class SaleFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which sales; an empty field asks for nothing. `first_day` and `last_day` are both included."""

    store_id: str = ""
    till_id: str = ""
    shift_id: str = ""
    first_day: str = ""
    last_day: str = ""
    receipt: str = ""
    product_id: str = ""
    tender: str = ""
    tax_id: str = ""
    hour: int | None = None
    late: bool = False
    training: bool = False


class SalesService:
    def __init__(self, inbox: Inbox, stored_fact: StoredFact) -> None:
        self._inbox = inbox
        self._stored_fact = stored_fact

    def record(self, tx: Connection, entry: RecordedEntry) -> None:
        self.record_many(tx, [entry])

    def record_many(self, tx: Connection, entries: Sequence[RecordedEntry]) -> None:
        posted = [entry for entry in entries if isinstance(entry.recorded.fact, SalePosted)]
        fresh = unrecorded(tx, sale, posted)
        findings = [*_unsound(fresh), *_repeated_receipts(tx, fresh)]
        insert_rows(tx, sale, map(sale_row, fresh))
        insert_rows(tx, sale_line, chain.from_iterable(map(line_rows, fresh)))
        insert_rows(tx, sale_tender, chain.from_iterable(map(tender_rows, fresh)))
        insert_rows(tx, sale_tax, chain.from_iterable(map(tax_rows, fresh)))
        voided = [entry for entry in entries if isinstance(entry.recorded.fact, SaleVoided)]
        voids = [entry for entry in fresh if entry.recorded.fact.voided_lines] + unrecorded(
            tx, sale_void, voided
        )
        insert_rows(tx, sale_void, chain.from_iterable(map(void_rows, voids)))
        self._inbox.raise_many(tx, findings)

    def sales(
        self, tx: Connection, wanted: SaleFilter, before: tuple[int, str] | None = None, limit: int = 100
    ) -> list[SaleHead]:
        """The newest first; `before` is (at_ms, entry) of the last one seen."""
        query = (
            narrowed(select(sale), wanted).order_by(sale.c.at_ms.desc(), sale.c.event_id.desc()).limit(limit)
        )
        if before is not None:
            at_ms, entry = before
            twin = (sale.c.at_ms == at_ms) & (sale.c.event_id < bytes.fromhex(entry))
            query = query.where((sale.c.at_ms < at_ms) | twin)
        return [_head(row) for row in tx.execute(query)]

    def newest_day(self, tx: Connection) -> str:
        """The business date of the newest sale, empty before the first."""
        return tx.scalar(select(func.max(sale.c.business_date))) or ""

    def newest_zone(self, tx: Connection, store_id: str) -> int:
        """The store's minutes ahead of UTC, as the newest sale's till had them; 0 before the first."""
        newest = select(func.max(sale.c.business_date)).where(sale.c.store_id == store_id).scalar_subquery()
        query = select(sale.c.tz_min).where(sale.c.business_date == newest, sale.c.store_id == store_id)
        return tx.scalar(query.order_by(sale.c.at_ms.desc()).limit(1)) or 0

    def detail(self, tx: Connection, entry: str) -> SaleDetail:
        row = tx.execute(select(sale).where(sale.c.event_id == _event_id(entry))).one_or_none()
        if row is None:
            raise NotFound(
                "There is no such sale on the server. Its till may not have sent it yet.", entry=entry
            )
        return SaleDetail(_head(row), self._stored_fact(tx, bytes(row.event_id)).fact)

    def called(self, tx: Connection, receipt_number: str) -> SalePosted | None:
        """The newest sale of this receipt number; None where there is none that was meant."""
        found = select(sale.c.event_id).where(sale.c.receipt_number == receipt_number, ~sale.c.training)
        event_id = tx.scalar(found.order_by(sale.c.at_ms.desc()).limit(1))
        if event_id is None:
            return None
        fact: SalePosted = self._stored_fact(tx, bytes(event_id)).fact
        return fact

    def sold_lines(self, tx: Connection, sale_id: str) -> dict[int, tuple[int, int]]:
        """(quantity_milli, gross_minor) by the line's place on the receipt, from 1; empty for an unknown sale.

        A parked ticket that was sold twice was paid twice, so both count.
        """
        quantity, gross = func.sum(sale_line.c.quantity_milli), func.sum(sale_line.c.gross_minor)
        query = select(sale_line.c.line, quantity, gross).join(sale, sale.c.event_id == sale_line.c.event_id)
        mine = (sale.c.sale_id == sale_id) & ~sale.c.training
        rows = tx.execute(query.where(mine).group_by(sale_line.c.line))
        return {line: (int(milli), int(minor)) for line, milli, minor in rows}


def narrowed(query: Select[Any], wanted: SaleFilter) -> Select[Any]:
    """The query, which selects from `sale`, limited to these sales. Training is only shown when asked for."""
    query = query.where(sale.c.training if wanted.training else ~sale.c.training)
    for column in ("store_id", "till_id", "shift_id"):
        if value := getattr(wanted, column):
            query = query.where(sale.c[column] == value)
    if wanted.first_day:
        query = query.where(sale.c.business_date >= wanted.first_day)
    if wanted.last_day:
        query = query.where(sale.c.business_date <= wanted.last_day)
    if wanted.receipt:
        query = query.where(sale.c.receipt_number == wanted.receipt)
    if wanted.late:
        query = query.where(sale.c.late_after_close)
    if wanted.hour is not None:
        if not 0 <= wanted.hour <= 23:
            raise Invalid("An hour is a number from 0 to 23.")
        query = query.where(hour_of_sale() == wanted.hour)
    parts = ((sale_line, "product_id", wanted.product_id), (sale_tender, "kind", wanted.tender))
    for table, name, value in (*parts, (sale_tax, "tax_id", wanted.tax_id)):
        if value:
            query = query.where(sale.c.event_id.in_(select(table.c.event_id).where(table.c[name] == value)))
    return query


def hour_of_sale() -> Any:
    """The hour that the shop's clock showed, 0 to 23."""
    offset_ms = cast(sale.c.tz_min, BigInteger) * 60_000
    return ((sale.c.at_ms + offset_ms) // 3_600_000) % 24


def _unsound(entries: Sequence[RecordedEntry]) -> list[Finding]:
    found: list[Finding] = []
    for entry in entries:
        if faults := discrepancies(entry.recorded.fact):
            sentence = f"The figures of this sale do not add up ({'; '.join(faults)}). It counts as stated."
            found.append(_finding(entry, "totals_differ", sentence))
        if entry.till_id not in ("", entry.recorded.fact.till_id):
            sentence = (
                f"Till {entry.till_id} sent a sale that says it is from till {entry.recorded.fact.till_id}."
            )
            found.append(_finding(entry, "wrong_till", sentence))
    return found


def _repeated_receipts(tx: Connection, entries: Sequence[RecordedEntry]) -> list[Finding]:
    numbers = [entry.recorded.fact.receipt_number for entry in entries]
    if not numbers:
        return []
    taken = set(
        tx.scalars(select(sale.c.receipt_number).where(is_one_of(tx, sale.c.receipt_number, list(numbers))))
    )
    found: list[Finding] = []
    for entry in entries:
        number = entry.recorded.fact.receipt_number
        if number and number in taken:
            sentence = (
                f"Receipt number {number} was given twice. Both sales count; find out which till was copied."
            )
            found.append(_finding(entry, "receipt_number_twice", sentence))
        taken.add(number)
    return found


def _finding(entry: RecordedEntry, kind: str, sentence: str) -> Finding:
    fact: SalePosted = entry.recorded.fact
    return Finding(
        key=f"{kind}|{entry.event_id.hex()}",
        kind=kind,
        sentence=sentence,
        store_id=entry.store_id,
        till_id=entry.till_id,
        refs={"sale": entry.event_id.hex(), "receipt": fact.receipt_number, "shift": fact.shift_id},
    )


def _event_id(entry: str) -> bytes:
    try:
        return bytes.fromhex(entry)
    except ValueError:
        return b""


def _head(row: Row[Any]) -> SaleHead:
    values = {name: getattr(row, name) for name in SaleHead.__struct_fields__ if name != "entry"}
    return SaleHead(entry=bytes(row.event_id).hex(), **values)
