"""The till's books: one database that takes facts durably and answers what the till asks about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from hardware.receipt_document import ReceiptDocument, encode_document
from pos_client.store import given_back, leases, outbox, parked, rescue, restamping, sales, segments, shifts
from pos_client.store.anchor import AnchorFile
from pos_client.store.card_intents import CardIntents, use_intents
from pos_client.store.connection import LOG_BYTES, Database, Driver, DriverConnection
from pos_client.store.jobs import Jobs, queue_drawer, queue_print
from pos_client.store.journal import Journal, Sealed, insert_entry
from pos_client.store.migrations import migrate
from pos_client.store.positions import position
from pos_client.store.process_lock import ProcessLock
from pos_client.store.projections import project
from pos_client.store.scratch import KeptNumber
from pos_client.store.second_copy import SecondCopy
from pos_client.store.segments import Here
from pos_client.store.shared_tickets import SharedTickets
from pos_client.store.storage_errors import BALLAST_BYTES, Ballast
from pos_client.till.ports import Clock, Ids, OpenShift, ParkedSale, PostedSale, Unsent
from shared_models.cash import ShiftTotals
from shared_models.checkpoint import Checkpoint
from shared_models.continuity import IncarnationOpened, Reason
from shared_models.events import Fact
from shared_models.ids import receipt_number
from shared_models.journal import Entry, Sign
from shared_models.offline_limits import Spending, Spent
from shared_models.sale import SalePosted, SaleVoided
from shared_models.sync_api import SegmentState

Render = Callable[[PostedSale], ReceiptDocument]
_SALE_REASON = "sale"
T = TypeVar("T")


class TillBooks:
    """Implements `till.ports.Books` and `sync.ports.Outbox` on one file.

    One thread at a time writes; reads come from connections of their own. `anchor_path` should lie outside
    the database's folder. `mint` gives random bytes. `here` is what this start knows of key and machine.
    `connection_class` replaces the driver's connection.
    """

    def __init__(
        self,
        path: Path,
        *,
        till_id: str,
        sign: Sign,
        clock: Clock,
        ids: Ids,
        mint: segments.Mint,
        render: Render,
        anchor_path: Path,
        key: str | None = None,
        boot_id: str = "",
        here: Here = Here(),  # noqa: B008 - a frozen value
        second_copy: Path | None = None,
        ballast_bytes: int = BALLAST_BYTES,
        log_bytes: int = LOG_BYTES,
        on_jobs: Callable[[], None] = lambda: None,
        connection_class: type[Any] = DriverConnection,
    ) -> None:
        self._till_id = till_id
        self._render = render
        self._sign = sign
        self._mint = mint
        self._here = here
        self._clock = clock
        self._second_copy = second_copy
        self.on_jobs = on_jobs
        """Called after a commit that queued a print or drawer job."""
        self._process_lock = ProcessLock(path.with_name(path.name + ".lock"))
        try:
            self._journal_at = partial(Journal, sign=sign, clock=clock, ids=ids, boot_id=boot_id)
            self._open(path, key, ballast_bytes, log_bytes, connection_class, anchor_path)
        except BaseException:
            self._process_lock.release()
            raise
        self._note_anchor()
        self._anchor.start()
        self._copying = SecondCopy(self.database, second_copy, key) if second_copy else None
        if self._copying:
            self._copying.start()

    def _open(
        self,
        path: Path,
        key: str | None,
        ballast_bytes: int,
        log_bytes: int,
        connection_class: type[Any],
        anchor_path: Path,
    ) -> None:
        aside = rescue.put_aside_if_damaged(path, key, f"{path.name}.damaged-{self._clock.now().at_ms}")
        self._salvage_from = tuple(file for file in (aside, self._second_copy) if file and file.exists())
        self._salvaged = False
        ballast = Ballast(path.with_name(path.name + ".ballast"), ballast_bytes)
        ballast.load()
        self.database = Database(path, key, ballast=ballast, factory=connection_class)
        self.wrong_pins = KeptNumber(self.database, "wrong_pins")
        try:
            self.copied_aside = migrate(self.database)
            self._anchor = AnchorFile(anchor_path, machine=self._here.machine)
            self._current = self.database.write(lambda connection: self._open_current(connection, key))
            rescue.done(path)
            self._stale = True
            self._be_current()
            self.jobs = Jobs(self.database, self._receipt)
            self.jobs.after_restart()
            self.cards = CardIntents(self.database)
            self.leases = leases.LeaseRows(self.database, self.cards.leases_held())
            self.tickets = SharedTickets(self.database)
            self.database.grow_log(log_bytes)
        except BaseException:
            self.database.close()
            raise

    def _open_current(self, connection: Driver, key: str | None) -> segments.Segment:
        """The incarnation to go on with: a new one at first, or when continuity is not proven."""
        if self._salvage_from and not segments.segments(connection):
            left = rescue.put_back(connection, self._salvage_from, key, self._anchor.read())
            if left:
                self._salvaged = True
                return self._go_on_from(connection, left)
        why = segments.why_a_new_one(connection, self._anchor.read(), self._here)
        known = segments.segments(connection)
        if why is not None or not known:
            current = segments.begin(connection, self._mint, self._here.public_key)
        else:
            current = known[-1]
        self._journal = self._journal_at(current)
        if current.head_seq == 0 and current.parent is not None:
            self._say_why_it_began(connection, current, why or "unproven", stamped_again=0)
        if self._here.public_key and not current.public_key:
            segments.note_key(connection, current, self._here.public_key)
        return current

    def _go_on_from(self, connection: Driver, left: Sequence[rescue.Left]) -> segments.Segment:
        """A new incarnation behind what was salvaged. What lies behind a gap is stamped again."""
        self._current = segments.segments(connection)[-1]
        self._journal = self._journal_at(self._current)
        self._leave(connection, left[-1].incarnation, left[-1].whole_through, "damaged")
        self._current = segments.segments(connection)[-1]
        for one in left[:-1]:
            if not one.is_whole:
                self._leave(connection, one.incarnation, one.whole_through, "damaged")
        return segments.segments(connection)[-1]

    def _say_why_it_began(
        self, connection: Driver, segment: segments.Segment, reason: Reason, stamped_again: int
    ) -> None:
        """The incarnation's first entry, in the transaction that begins it."""
        assert segment.parent is not None
        opened = IncarnationOpened(
            till_id=self._till_id,
            reason=reason,
            parent=segment.parent.hex(),
            parent_seq=segment.parent_seq,
            stamped_again=stamped_again,
            series=segment.series,
            seen_seq=max(self._seen_of(segment.parent), segment.parent_seq + stamped_again),
        )
        (sealed,) = self._journal.seal(opened)
        insert_entry(connection, sealed)
        leases.give_up_all(connection)

    def _seen_of(self, incarnation: bytes) -> int:
        anchor = self._anchor.read()
        return anchor.seq if anchor is not None and anchor.incarnation == incarnation.hex() else 0

    def _be_current(self) -> None:
        """What the next commit builds on is read once, and again after one that failed: only this process writes."""
        if not self._stale:
            return
        with self.database.read() as connection:
            self._current = segments.segments(connection)[-1]
            self._journal.resume(self._current)
            self._last_number = sales.last_number(connection, self._current)
            self._grand_total = sales.grand_total(connection)
            self._cart = parked.SavedCart(connection)
        self._stale = False

    def _write(self, work: Callable[[Driver], T]) -> T:
        self._stale = True
        result = self.database.write(work)
        self._stale = False
        return result

    def close(self) -> None:
        self._anchor.stop()
        if self._copying:
            self._copying.stop()
        self.database.close()
        self._process_lock.release()

    # What the till posts

    def post_sale(self, sale: SalePosted, *also: Fact, open_drawer: bool) -> PostedSale:
        with self.database.lock:
            self._be_current()
            number = self._last_number + 1
            grand_total = self._grand_total + sale.total_minor
            numbered = msgspec.structs.replace(sale, receipt_number=self._receipt_number(number))
            sealed, *others = self._journal.seal(numbered, *also)
            posted = sales.posted_sale(sealed)
            row = sales.sale_row(sealed.pos, sealed.at.at_ms, number, grand_total, numbered)

            def work(connection: Driver) -> None:
                insert_entry(connection, sealed)
                sales.insert_sale(connection, row)
                use_intents(connection, numbered)
                self._insert(connection, others)
                if open_drawer:
                    queue_drawer(connection, sealed.pos, _SALE_REASON)
                queue_print(connection, sealed.pos)
                self._cart.clear(connection)

            self._write(work)
            self._last_number, self._grand_total = number, grand_total
            self._cart.cleared()
            self._committed([sealed, *others], jobs=True)
        return posted

    def post(
        self, *facts: Fact, document: ReceiptDocument | None = None, drawer_reason: str = "", note: str = ""
    ) -> tuple[int, ...]:
        assert facts or document
        assert not any(isinstance(fact, SalePosted) for fact in facts), "sales go through post_sale"
        with self.database.lock:
            self._be_current()
            sealed = self._journal.seal(*facts)
            pos = sealed[-1].pos if sealed else position(self._current.id, self._journal.seq)
            payload = b"" if document is None else encode_document(document)
            gives_up = any(isinstance(fact, SaleVoided) for fact in facts)

            def work(connection: Driver) -> None:
                self._insert(connection, sealed)
                if drawer_reason:
                    queue_drawer(connection, pos, drawer_reason)
                if payload:
                    queue_print(connection, pos, payload, note)
                if gives_up:
                    self._cart.clear(connection)

            self._write(work)
            if gives_up:
                self._cart.cleared()
            self._committed(sealed, jobs=bool(payload or drawer_reason))
        return tuple(one.entry.seq for one in sealed)

    def park(self, parked_sale: ParkedSale, fact: Fact) -> None:
        with self.database.lock:
            self._be_current()
            sealed = self._journal.seal(fact)

            def work(connection: Driver) -> None:
                self._insert(connection, sealed)
                parked.put_aside(connection, parked_sale)
                self._cart.clear(connection)

            self._write(work)
            self._cart.cleared()
            self._committed(sealed)

    def recall(self, sale_id: str, fact: Fact, lease_id: str = "") -> ParkedSale:
        with self.database.lock:
            self._be_current()
            sealed = self._journal.seal(fact)

            def work(connection: Driver) -> ParkedSale:
                found = parked.take_out(connection, sale_id)
                leases.use(connection, lease_id)
                self._insert(connection, sealed)
                return found

            found = self._write(work)
            self._committed(sealed)
        return found

    def take_over(self, body: bytes, fact: Fact, lease_id: str) -> None:
        with self.database.lock:
            self._be_current()
            sealed = self._journal.seal(fact)

            def work(connection: Driver) -> list[bytes]:
                self._insert(connection, sealed)
                leases.use(connection, lease_id)
                return self._cart.save(connection, body)

            self._cart.saved(self._write(work), body)
            self._committed(sealed)

    def save_count(self, body: bytes) -> None:
        self.database.write(lambda connection: shifts.save_count(connection, body))

    def save_cart(self, body: bytes) -> None:
        with self.database.lock:
            self._be_current()
            if body != self._cart.body:
                self._stale = True
                rows = self.database.write_softly(lambda connection: self._cart.save(connection, body))
                self._stale = False
                self._cart.saved(rows, body)

    def _insert(self, connection: Driver, sealed: Sequence[Sealed]) -> None:
        for one in sealed:
            insert_entry(connection, one)
            project(connection, one)

    def _receipt(self, pos: int) -> bytes:
        """Asked for by the spooler, after the commit: laying paper out delays no sale and can't fail one."""
        with self.database.read() as connection:
            posted = sales.sale_at(connection, pos)
        assert posted is not None, "a print job without a payload belongs to a sale"
        return encode_document(self._render(msgspec.structs.replace(posted, copies=0)))

    def _committed(self, sealed: Sequence[Sealed], *, jobs: bool = False) -> None:
        if sealed:
            self._journal.advance(sealed[-1])
            self._note_anchor()
            if self._copying:
                self._copying.note()
        if jobs:
            self.on_jobs()

    def _note_anchor(self) -> None:
        self._anchor.note(self._current.incarnation, self._journal.seq, self._journal.hash)

    # What the till asks

    def parked(self) -> tuple[ParkedSale, ...]:
        with self.database.read() as connection:
            return parked.parked_sales(connection)

    def saved_cart(self) -> bytes:
        return self._cart.body

    def open_shift(self) -> OpenShift | None:
        with self.database.read() as connection:
            return shifts.open_shift(connection)

    def next_shift_number(self) -> int:
        with self.database.read() as connection:
            return shifts.next_shift_number(connection)

    def shift_totals(self, shift_id: str) -> ShiftTotals:
        head = position(self._current.id, self._journal.seq)
        with self.database.read() as connection:
            return shifts.shift_totals(connection, shift_id, head)

    def previous_closing_hash(self) -> str:
        with self.database.read() as connection:
            return shifts.previous_closing_hash(connection)

    def head(self) -> tuple[int, bytes]:
        with self.database.lock:
            return self._journal.seq, self._journal.hash

    def next_receipt_number(self) -> str:
        return self._receipt_number(self._last_number + 1)

    def _receipt_number(self, number: int) -> str:
        return receipt_number(self._till_id, self._current.series, number)

    def sale(self, receipt_number: str) -> PostedSale | None:
        with self.database.read() as connection:
            return sales.sale_called(connection, receipt_number)

    def last_sale(self) -> PostedSale | None:
        with self.database.read() as connection:
            return sales.last_sale(connection)

    def recent_sales(self, limit: int = 50) -> Sequence[PostedSale]:
        with self.database.read() as connection:
            return sales.latest_sales(connection, limit)

    def taken_back(self, sale_id: str) -> dict[int, int]:
        with self.database.read() as connection:
            return given_back.taken_back(connection, sale_id)

    def unasked(self, kind: Spending, sale_id: str, business_date: str) -> Spent:
        with self.database.read() as connection:
            return given_back.unasked(connection, kind, sale_id, business_date)

    def unsent(self) -> Unsent:
        with self.database.read() as connection:
            return outbox.unsent(connection)

    # What the sync engine asks

    def segments(self) -> tuple[SegmentState, ...]:
        return outbox.segment_states(self.database)

    def entries(self, incarnation: bytes, after_seq: int, limit: int, max_bytes: int) -> Sequence[Entry]:
        return outbox.entries(self.database, incarnation, after_seq, limit, max_bytes)

    def entry_hash(self, incarnation: bytes, seq: int) -> bytes | None:
        return outbox.entry_hash(self.database, incarnation, seq)

    def acknowledge(
        self, incarnation: bytes, high: int, safe_through: int, checkpoint: Checkpoint | None = None
    ) -> None:
        outbox.acknowledge(self.database, incarnation, high, safe_through, checkpoint)

    def reincarnate(self, incarnation: bytes, common: int, reason: Reason) -> None:
        """Leaves `incarnation` after its entry `common`, the last that the server has too.

        If it was the current one, a new one begins there, with a new receipt series. Its entries past `common` are
        stamped again onto the current one, under their old ids. One transaction: a crash leaves either journal.
        """
        with self.database.lock:
            self._be_current()
            self._stale = True
            self.database.write(lambda connection: self._leave(connection, incarnation, common, reason))
            self._be_current()
            self._note_anchor()

    def _leave(self, connection: Driver, incarnation: bytes, common: int, reason: Reason) -> None:
        left = next((s for s in segments.segments(connection) if s.incarnation == incarnation), None)
        if left is None:
            return
        if left.id == self._current.id:
            fresh = segments.begin(connection, self._mint, self._here.public_key, min(common, left.head_seq))
            count = restamping.count_after(connection, left, common)
            self._journal.resume(fresh)
            self._say_why_it_began(connection, fresh, reason, count)
        outbox.cut(connection, left, common)
        restamping.restamp(connection, left, common, segments.segments(connection)[-1], self._sign)

    def trouble(self) -> str:
        """What the person at the till should know of the journal's keeping, in words; empty when all is well."""
        if self._salvaged:
            return f"{rescue.in_words(self._salvage_from[0])} Check the last sales and the drawer, and call support."
        return self._copying.trouble if self._copying else ""

    def note_clock(self, offset_ms: int) -> None:
        self._journal.clock_offset_ms = offset_ms

    def checkpoint(self) -> None:
        """Housekeeping for idle moments."""
        self.database.checkpoint()
