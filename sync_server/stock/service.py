"""Stock as a ledger: what is on hand is the sum of its moves, in whatever order they arrive."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, select

from shared_models.quantity import MAX_QUANTITY_MILLI, format_quantity
from shared_models.refund import RefundPosted
from shared_models.sale import SalePosted
from shared_models.stock import StockMove, moves_of_refund, moves_of_sale
from sync_server.bulk_rows import insert_rows, unrecorded
from sync_server.errors import Invalid
from sync_server.findings import Finding, Inbox
from sync_server.ingest_entry import RecordedEntry
from sync_server.ports import NewId, NowMs
from sync_server.stock.levels import add_to_levels
from sync_server.stock.tables import stock_level, stock_move

_MOVING = (SalePosted, RefundPosted)
Reason = Literal["receipt", "correction", "damage", "theft", "own_use", "found"]
MAX_NOTE = 400
Place = tuple[str, str]
"""(location_id, product_id)"""


class Level(msgspec.Struct, frozen=True):
    product_id: str
    location_id: str
    on_hand_milli: int
    counted: bool


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the ledger. `move_id` is the journal entry's id (hex) that made it, and the line."""

    move_id: str
    line: int
    product_id: str
    location_id: str
    quantity_milli: int
    reason: str
    at_ms: int
    sale_id: str
    note: str
    moved_by: str


class Correction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Either `change_milli` (five more, three broken) or `counted_milli` (there are twelve)."""

    product_id: str
    location_id: str
    reason: Reason = "correction"
    change_milli: int | None = None
    counted_milli: int | None = None
    note: str = ""


class StockService:
    def __init__(self, inbox: Inbox, now_ms: NowMs, new_id: NewId) -> None:
        self._inbox = inbox
        self._now_ms = now_ms
        self._new_id = new_id

    # Facts from the tills

    def record(self, tx: Connection, entry: RecordedEntry) -> None:
        self.record_many(tx, [entry])

    def record_many(self, tx: Connection, entries: Sequence[RecordedEntry]) -> None:
        moving = [entry for entry in entries if isinstance(entry.recorded.fact, _MOVING)]
        fresh = [entry for entry in unrecorded(tx, stock_move, moving) if not _is_training(entry)]
        changes: dict[Place, int] = defaultdict(int)

        def rows() -> Iterator[tuple[object, ...]]:
            for entry in fresh:
                fact, event_id, at_store = entry.recorded.fact, entry.event_id, entry.store_id
                why = (entry.recorded.at_ms, fact.sale_id, "", fact.operator_name)
                for line, move in enumerate(_moves(fact), 1):
                    quantity, product_id = move.quantity_milli, move.product_id
                    place = (at_store or move.location_id, product_id)
                    changes[place] += quantity
                    yield (event_id, line, product_id, place[0], quantity, move.reason, *why)

        insert_rows(tx, stock_move, rows())
        below = add_to_levels(tx, {place: (change, False) for place, change in changes.items()})
        # Only where it went below nothing just now: the next sale of the same goods says nothing new.
        crossed = {place: level for place, level in below.items() if level - changes[place] >= 0}
        if crossed:
            sold = _last_sales(fresh)
            self._inbox.raise_many(tx, [_oversell(sold[at], at, level) for at, level in crossed.items()])

    # Corrections by the office

    def correct(self, tx: Connection, wanted: Correction, by: str, key: str = "") -> Level:
        """A move that someone answers for. The same `key` again changes nothing."""
        self._check(wanted)
        event_id = sha256(key.encode()).digest()[:16] if key else bytes.fromhex(self._new_id())
        known = select(stock_move.c.event_id).where(stock_move.c.event_id == event_id)
        if tx.execute(known).first() is not None:
            return self.level(tx, wanted.location_id, wanted.product_id)
        change = wanted.change_milli
        if change is None:
            assert wanted.counted_milli is not None
            # Taking the row's lock first: a sale that is applied meanwhile must not fall between.
            add_to_levels(tx, {(wanted.location_id, wanted.product_id): (0, True)})
            change = (
                wanted.counted_milli - self.level(tx, wanted.location_id, wanted.product_id).on_hand_milli
            )
        move = (event_id, 1, wanted.product_id, wanted.location_id, change, wanted.reason, self._now_ms(), "")
        insert_rows(tx, stock_move, [(*move, wanted.note.strip(), by)])
        add_to_levels(tx, {(wanted.location_id, wanted.product_id): (change, True)})
        return self.level(tx, wanted.location_id, wanted.product_id)

    # What is asked

    def level(self, tx: Connection, location_id: str, product_id: str) -> Level:
        here = (stock_level.c.location_id == location_id) & (stock_level.c.product_id == product_id)
        row = tx.execute(select(stock_level).where(here)).one_or_none()
        return _level(row) if row is not None else Level(product_id, location_id, 0, False)

    def levels(
        self,
        tx: Connection,
        *,
        location_id: str | None = None,
        product_id: str = "",
        after: Place | None = None,
        limit: int = 100,
    ) -> list[Level]:
        order = (stock_level.c.location_id, stock_level.c.product_id)
        query = select(stock_level).order_by(*order).limit(limit)
        if location_id is not None:
            query = query.where(stock_level.c.location_id == location_id)
        if product_id:
            query = query.where(stock_level.c.product_id == product_id)
        if after is not None:
            location, product = after
            twin = (stock_level.c.location_id == location) & (stock_level.c.product_id > product)
            query = query.where((stock_level.c.location_id > location) | twin)
        return [_level(row) for row in tx.execute(query)]

    def moves(
        self,
        tx: Connection,
        product_id: str,
        location_id: str | None = None,
        before: tuple[int, str, int] | None = None,
        limit: int = 100,
    ) -> list[Move]:
        """What made the level, the newest first; `before` is (at_ms, move_id, line)."""
        order = (stock_move.c.at_ms, stock_move.c.event_id, stock_move.c.line)
        query = select(stock_move).where(stock_move.c.product_id == product_id)
        query = query.order_by(*(column.desc() for column in order)).limit(limit)
        if location_id is not None:
            query = query.where(stock_move.c.location_id == location_id)
        if before is not None:
            at_ms, move_id, line = before
            event_id = bytes.fromhex(move_id)
            earlier_line = (stock_move.c.event_id == event_id) & (stock_move.c.line < line)
            twin = (stock_move.c.at_ms == at_ms) & ((stock_move.c.event_id < event_id) | earlier_line)
            query = query.where((stock_move.c.at_ms < at_ms) | twin)
        return [_move(row) for row in tx.execute(query)]

    def _check(self, wanted: Correction) -> None:
        given = [value for value in (wanted.change_milli, wanted.counted_milli) if value is not None]
        if len(given) != 1:
            raise Invalid(
                "Give either how much came or went (change_milli) or how much is there (counted_milli)."
            )
        if abs(given[0]) > MAX_QUANTITY_MILLI:
            raise Invalid("That is more than a shelf can hold. Check the digits.")
        if not wanted.product_id or not wanted.location_id:
            raise Invalid("Say which product, and where.")
        if len(wanted.note) > MAX_NOTE:
            raise Invalid(f"Shorten the note to {MAX_NOTE} characters.")


def _last_sales(entries: Sequence[RecordedEntry]) -> dict[Place, RecordedEntry]:
    """Of each place the last of them that took something from it."""
    sales = [entry for entry in entries if isinstance(entry.recorded.fact, SalePosted)]
    return {
        (entry.store_id or move.location_id, move.product_id): entry
        for entry in sales
        for move in moves_of_sale(entry.recorded.fact)
    }


def _oversell(entry: RecordedEntry, place: Place, level: int) -> Finding:
    location_id, product_id = place
    sale: SalePosted = entry.recorded.fact
    sold = (thing for line in sale.lines for thing in (line.components or (line,)))
    name = next(thing.name for thing in sold if thing.product_id == product_id)
    return Finding(
        key=f"oversell|{entry.event_id.hex()}|{product_id}",
        kind="oversell",
        sentence=f"More of '{name}' was sold than there was: now {format_quantity(level)}. Count the shelf.",
        store_id=location_id,
        till_id=entry.till_id,
        refs={"product": product_id, "sale": entry.event_id.hex(), "receipt": sale.receipt_number},
    )


def _is_training(entry: RecordedEntry) -> bool:
    return isinstance(entry.recorded.fact, SalePosted) and entry.recorded.fact.training


def _moves(fact: SalePosted | RefundPosted) -> tuple[StockMove, ...]:
    return moves_of_sale(fact) if isinstance(fact, SalePosted) else moves_of_refund(fact)


def _level(row: Row[Any]) -> Level:
    return Level(row.product_id, row.location_id, row.on_hand_milli, row.counted)


def _move(row: Row[Any]) -> Move:
    return Move(
        move_id=bytes(row.event_id).hex(),
        line=row.line,
        product_id=row.product_id,
        location_id=row.location_id,
        quantity_milli=row.quantity_milli,
        reason=row.reason,
        at_ms=row.at_ms,
        sale_id=row.sale_id,
        note=row.note,
        moved_by=row.moved_by,
    )
