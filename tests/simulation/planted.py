"""Faults that somebody could have programmed: each is planted into the product from outside, and must be caught.

None is a switch in the product. A fault replaces a function or a number of the product's while a simulation runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select

from pos_client.store import books, catalogue_copy, outbox, parked, restamping, sales, segments, shifts
from pos_client.store.books import TillBooks
from pos_client.store.catalogue_copy import CatalogueStore
from pos_client.store.jobs import Jobs
from pos_client.store.leases import LeaseRows
from pos_client.store.positions import position
from pos_client.sync import push as push_core
from pos_client.sync import two_paths
from pos_client.sync.back_off import BackOff
from pos_client.sync.forks import Forks
from pos_client.sync.pull import PullCore
from pos_client.sync.push import PushCore
from pos_client.sync.push_messages import Acknowledge, Look
from pos_client.sync.upward import Upward
from sync_server.feed import compaction
from sync_server.feed import service as feed_service
from sync_server.hubs.tables import relayed
from sync_server.ingest import log
from sync_server.ingest.admission import Admission
from sync_server.ingest.applier import Applier
from sync_server.ingest.chain import stamped
from sync_server.ingest.raw_frames import RawFrames
from sync_server.ingest.service import IngestService
from sync_server.leases import refund_claims, value_accounts
from sync_server.leases.decisions import Decision
from sync_server.leases.recording import LeaseRecorder
from sync_server.leases.service import Freed, LeaseService
from sync_server.sales import rows as sale_rows
from sync_server.sales import service as sales_service
from sync_server.stock import service as stock_service
from sync_server.store_hub import aside, entries, journals, pruning
from sync_server.store_hub.forwarder import Forwarder
from sync_server.store_hub.intake import HubIntake
from sync_server.tills.service import TillService
from tests.simulation import office
from tests.simulation.chance import Chance
from tests.simulation.conditions import HubConditions, LendingConditions, draw

Swap = tuple[Any, str, Any]
"""Whose, which name, and what stands there instead."""


class Planted(NamedTuple):
    """`what` is the fault as a sentence; `swaps` come in when it is planted and go out again."""

    what: str
    swaps: Callable[[], list[Swap]]
    conditions: dict[str, object]
    """What is not drawn but given, for a fault that only shows in rough weather."""


A_HUB = HubConditions(
    crash_every_ms=0,
    cut_every_ms=9_000,
    loss_every_ms=15_000,
    restore_every_ms=0,
    backup_every_ms=9_000,
    disk_full_every_ms=0,
    clock_jump_every_ms=0,
    proof_every_ms=10_000,
    gone_at_the_end=False,
    good_wires=True,
    first_wait_ms=200,
    greet_every_ms=2_000,
)

TILLS_PUT_BACK = msgspec.structs.asdict(draw(Chance("seed 14").fork("conditions")))
"""A day on which tills are often set back while the hub can't reach the central server."""

CARDS = LendingConditions(every_ms=300, cards=2, unasked=0.5)

QUIET_HUB = msgspec.structs.replace(A_HUB, cut_every_ms=0, loss_every_ms=0)


@contextmanager
def planted(fault: Planted) -> Iterator[None]:
    with ExitStack() as stack:
        for owner, name, instead in fault.swaps():
            stack.callback(setattr, owner, name, owner.__dict__[name])
            setattr(owner, name, instead)
        yield


PLANTED: dict[str, Planted] = {}


def _fault(what: str, **conditions: object) -> Callable[[Callable[[], list[Swap]]], Callable[[], list[Swap]]]:
    def enter(swaps: Callable[[], list[Swap]]) -> Callable[[], list[Swap]]:
        PLANTED[swaps.__name__] = Planted(what, swaps, conditions)
        return swaps

    return enter


def _nothing(*_: Any, **__: Any) -> None:
    pass


# The till's way up


@_fault("an acknowledgement never goes back, also when the server was set back")
def ack_never_rewinds() -> list[Swap]:
    usual = outbox.acknowledge

    def acknowledge(database: Any, incarnation: bytes, high: int, safe: int, *rest: Any) -> None:
        states = {state.incarnation: state.acked for state in outbox.segment_states(database)}
        usual(database, incarnation, max(high, states.get(incarnation, 0)), safe, *rest)

    return [(outbox, "acknowledge", acknowledge)]


@_fault("the whole batch counts as stored, whatever the answer says")
def ack_by_batch() -> list[Swap]:
    def answered(core: Any, now_ms: int, answered: Any) -> Any:
        batch = core._batch
        core._forget_batch()
        core._heard(now_ms, answered.reply.limits, answered.reply.retry_after_ms)
        last = batch.first_seq + len(batch.entries) - 1
        return (Acknowledge(batch.incarnation, last, 0), Look())

    return [(PushCore, "_answered", answered)]


@_fault("a push's answer is not looked at for a fork")
def no_fork_check_on_push() -> list[Swap]:
    usual = PushCore._answered

    def answered(core: Any, now_ms: int, said: Any) -> Any:
        core._judge = lambda end, high, *_: (Acknowledge(end.incarnation, min(high, end.head_seq), 0),)
        try:
            return usual(core, now_ms, said)
        finally:
            del core._judge

    return [(PushCore, "_answered", answered)]


@_fault("a till that was set back goes on where the server is ahead of it")
def ahead_is_fine() -> list[Swap]:
    usual = PushCore._judge

    def judge(core: Any, end: Any, high: int, digest: bytes, safe: int) -> Any:
        if high > end.head_seq:
            return (Acknowledge(end.incarnation, end.head_seq, 0),)
        return usual(core, end, high, digest, safe)

    return [(PushCore, "_judge", judge)]


@_fault("a fork is found, and the till waits for somebody to mend it", calm_within_min=10)
def fork_waits_for_a_person() -> list[Swap]:
    def next_step(forks: Any, *_: Any) -> Any:
        forks._searches.clear()
        return (Look(),)

    return [(Forks, "next_step", next_step)]


@_fault("a greeting is said once and never again", calm_within_min=20)
def one_hello() -> list[Swap]:
    usual = PushCore._failed

    def failed(core: Any, now_ms: int, failure: Any) -> Any:
        due = core._hello_due_ms
        steps = usual(core, now_ms, failure)
        core._hello_due_ms = due
        return steps

    return [(push_core, "HELLO_EVERY_MS", 1 << 50), (PushCore, "_failed", failed)]


@_fault("what fails is tried again at once")
def no_back_off() -> list[Swap]:
    return [(BackOff, "failed", lambda *_: 1)]


@_fault("a batch that fails again and again is never halved")
def no_bisecting() -> list[Swap]:
    return [(PushCore, "_reconsider", _nothing)]


@_fault("an entry that nobody can take is never sent raw")
def no_raw_path() -> list[Swap]:
    usual = PushCore._send

    def send(core: Any, batch: Any) -> Any:
        core._raw = False
        return usual(core, batch)

    return [(PushCore, "_send", send)]


@_fault("entries of closed incarnations are forgotten", calm_within_min=10)
def old_segments_dropped() -> list[Swap]:
    usual = outbox.segment_states
    return [(outbox, "segment_states", lambda database: usual(database)[-1:])]


@_fault("the status says that all is sent once anything was")
def sent_too_early() -> list[Swap]:
    usual = Upward._heard

    def heard(upward: Any, **also: Any) -> None:
        usual(upward, **also)
        upward._board.change(all_sent=True)

    return [(Upward, "_heard", heard)]


# The till's books


@_fault("stamped again, an entry gets a new id")
def restamped_under_new_ids() -> list[Swap]:
    usual = restamping._move_entries

    def move(connection: Any, *given: Any) -> Any:
        moves = usual(connection, *given)
        for new, _ in moves:
            connection.execute("update entry set event_id = randomblob(16) where pos = ?", (new,))
        return moves

    return [(restamping, "_move_entries", move)]


@_fault("a journal's end that the server does not share is cut off instead of stamped again")
def tail_dropped() -> list[Swap]:
    def restamp(connection: Any, left: Any, seq: int, *_: Any) -> None:
        bounds = (position(left.id, seq), position(left.id + 1, 0))
        for table in ("job", "sale", "shift_event", "entry"):
            connection.execute(f"delete from {table} where pos > ? and pos < ?", bounds)

    return [(restamping, "restamp", restamp)]


@_fault("what was acknowledged is deleted at once")
def acknowledged_is_deleted() -> list[Swap]:
    usual = outbox.acknowledge

    def acknowledge(database: Any, incarnation: bytes, high: int, safe: int, *rest: Any) -> None:
        usual(database, incarnation, high, safe, *rest)

        def forget(connection: Any) -> None:
            for segment in segments.segments(connection):
                before = (position(segment.id, 1), position(segment.id, segment.acked))
                connection.execute(
                    "delete from entry where type = 'sale.parked' and pos between ? and ?", before
                )

        database.write(forget)

    return [(outbox, "acknowledge", acknowledge)]


@_fault("the print job follows the sale in a transaction of its own")
def job_after_sale() -> list[Swap]:
    usual, queue = TillBooks.post_sale, books.queue_print

    def post_sale(till: Any, sale: Any, *, open_drawer: bool) -> Any:
        posted = usual(till, sale, open_drawer=open_drawer)
        pos = position(till._current.id, posted.seq)
        till.database.write(lambda connection: queue(connection, pos))
        return posted

    return [(books, "queue_print", _nothing), (TillBooks, "post_sale", post_sale)]


@_fault("a job that a crash interrupted is carried out again by itself")
def jobs_repeated() -> list[Swap]:
    def after_restart(jobs: Any) -> None:
        jobs._database.write(lambda c: c.execute("update job set state = 'queued' where state = 'sending'"))

    return [(Jobs, "after_restart", after_restart)]


@_fault("the number of a receipt whose sale failed is not given again")
def numbers_skipped() -> list[Swap]:
    usual = sales.last_number

    def last_number(connection: Any, segment: Any) -> int:
        return usual(connection, segment) + (1 if segment.head_seq else 0)

    return [(sales, "last_number", last_number)]


@_fault("a parked sale stays parked when it is recalled")
def recalled_twice() -> list[Swap]:
    def take_out(connection: Any, sale_id: str) -> Any:
        row = connection.execute("select body from parked where sale_id = ?", (sale_id,)).fetchone()
        return parked._decode(row[0])

    return [(parked, "take_out", take_out)]


@_fault("a shift's figures leave out what went to the safe")
def safe_drop_forgotten() -> list[Swap]:
    usual = shifts.shift_totals

    def shift_totals(*given: Any) -> Any:
        totals = usual(*given)
        return msgspec.structs.replace(totals, expected_minor=totals.expected_minor + totals.safe_drop_minor)

    return [(shifts, "shift_totals", shift_totals)]


# The till's way down


@_fault("the cursor is committed before its rows")
def cursor_before_rows() -> list[Swap]:
    def apply(store: Any, page: Any) -> bool:
        position = (page.stream, page.epoch, page.to, str(page.checksum_after), 0)
        insert = "insert or replace into feed_state(stream, epoch, ver, checksum, applied_at_ms) values (?, ?, ?, ?, ?)"
        store._database.write(lambda connection: connection.execute(insert, position))

        def rows(connection: Any) -> None:
            for change in page.changes:
                catalogue_copy._apply_change(connection, change, 0)

        store._database.write(rows)
        return True

    return [(CatalogueStore, "apply", apply)]


@_fault("the cursor is one further than the page")
def cursor_off_by_one() -> list[Swap]:
    usual = catalogue_copy._apply

    def apply(connection: Any, page: Any, now_ms: int) -> None:
        usual(connection, page, now_ms)
        connection.execute("update feed_state set ver = ver + 1 where stream = ?", (page.stream,))

    return [(catalogue_copy, "_apply", apply)]


@_fault("tombstones are passed over")
def tombstones_ignored() -> list[Swap]:
    usual = catalogue_copy.catalogue_file.statements
    return [
        (
            catalogue_copy.catalogue_file,
            "statements",
            lambda change: usual(change) if change.op == catalogue_copy.reference.PUT else (),
        )
    ]


@_fault(
    "a restored server keeps its feed's epochs, and checksums are not compared",
    server_restore_every_ms=15_000,
    backup_every_ms=8_000,
    office_every_ms=3_000,
)
def no_new_epoch() -> list[Swap]:
    verdict, page, apply = feed_service._verdict, PullCore._page, catalogue_copy._apply

    def trusting(tx: Any, stream: str, held: Any) -> Any:
        said = verdict(tx, stream, held)
        return msgspec.structs.replace(said, state="behind") if said.state == "reset" else said

    def unproven(core: Any, now_ms: int, got: Any) -> Any:
        if got.to == got.after and not got.reset:
            return core._stream_done(now_ms)
        return page(core, now_ms, got)

    def blindly(connection: Any, got: Any, now_ms: int) -> None:
        with suppress(catalogue_copy._DoesNotFit):
            apply(connection, got, now_ms)
        cursor = (got.epoch, got.to, str(got.checksum_after), got.stream)
        connection.execute("update feed_state set epoch = ?, ver = ?, checksum = ? where stream = ?", cursor)

    return [
        (catalogue_copy, "_apply", blindly),
        (office, "new_epochs", _nothing),
        (feed_service, "_verdict", trusting),
        (PullCore, "_page", unproven),
    ]


# The server's way in


@_fault("acknowledged before it is committed")
def ack_before_commit() -> list[Swap]:
    def push(service: Any, who: Any, push: Any) -> Any:
        class Later(Exception):
            pass

        reply = None
        try:
            with service._db.write() as tx:
                key = service._public_key_of(tx, who)
                reply = service._admission.admit(tx, who, key, stamped(push))
                if push.entries[-1].event_id[-1] % 16 == 0:
                    raise Later
        except Later:
            pass
        return reply

    return [(IngestService, "push", push)]


@_fault("what has a number that is known is taken for known")
def dedupe_by_sequence() -> list[Swap]:
    return [(Admission, "_follows", lambda *_: True)]


@_fault("a fact that comes under a second stamp is stored a second time")
def dedupe_by_stamp() -> list[Swap]:
    def known_events(*_: Any) -> dict[bytes, Any]:
        return {}

    return [(log, "known_events", known_events)]


@_fault("the end of a journal moves on without the entries' places")
def positions_forgotten() -> list[Swap]:
    usual = log.add_positions
    return [(log, "add_positions", lambda tx, rows: usual(tx, rows[-1:]))]


@_fault("a body is written anew on its way into the log")
def bodies_rewritten() -> list[Swap]:
    usual = log.add_facts

    def add_facts(tx: Any, rows: Any) -> None:
        usual(tx, [(*row[:5], msgspec.json.format(row[5], indent=-1) + b" ", *row[6:]) for row in rows])

    return [(log, "add_facts", add_facts)]


@_fault("what is stored is not always queued to be booked")
def not_queued() -> list[Swap]:
    usual = log.insert_rows

    def insert_rows(tx: Any, table: Any, rows: Any) -> None:
        usual(tx, table, rows[:-1] if table.name == "ingest_queue" and len(rows) > 4 else rows)

    return [(log, "insert_rows", insert_rows)]


@_fault("one entry that can't be booked keeps the others waiting", calm_within_min=10)
def poison_blocks() -> list[Swap]:
    usual = Applier.apply_some

    class Blocked(Exception):
        pass

    def quarantine(*_: Any) -> None:
        raise Blocked

    def apply_some(applier: Any, limit: int = 0) -> int:
        try:
            return usual(applier, limit)
        except Blocked:
            return 0

    return [(Applier, "_quarantine", quarantine), (Applier, "apply_some", apply_some)]


@_fault("what can't be booked is dropped")
def poison_dropped() -> list[Swap]:
    return [(Applier, "_quarantine", _nothing)]


@_fault("one bad entry takes its whole batch into quarantine")
def batch_quarantined() -> list[Swap]:
    usual = Applier._record

    def record(applier: Any, tx: Any, entries: Any) -> Any:
        failed = usual(applier, tx, entries)
        return [(entry, "its batch failed") for entry in entries] if failed else failed

    def apply(applier: Any, batch: Any) -> int:
        bad = [row for row in batch.rows if b"ZZZ" in row.body or b"yesterday" in row.body]
        taken = usual_apply(applier, batch)
        with applier._db.write() as tx:
            for row in batch.rows if bad else ():
                applier._quarantine(tx, row, "apply_failed", "its batch failed")
        return int(taken)

    usual_apply = Applier._apply
    return [(Applier, "_record", record), (Applier, "_apply", apply)]


@_fault("a frame that came raw is only kept where it can be read")
def raw_not_kept() -> list[Swap]:
    usual = RawFrames.keep

    def keep(frames: Any, tx: Any, who: Any, frame: bytes, reason: str) -> str:
        return usual(frames, tx, who, frame, reason) if reason != "shut out" else ""

    return [(RawFrames, "keep", keep)]


@_fault("a till that was shut out is still served")
def revoked_is_served() -> list[Swap]:
    def public_key(tills: Any, tx: Any, who: Any) -> bytes:
        key: bytes = tills._device(tx, who.device_id).public_key
        return key

    return [(TillService, "public_key", public_key)]


# The server's books and its way out


@_fault("change is not taken out of the drawer")
def change_forgotten() -> list[Swap]:
    usual = sale_rows.tender_rows

    def tender_rows(entry: Any) -> Iterator[Any]:
        for event_id, at, kind, received, _ in usual(entry):
            yield (event_id, at, kind, received, received)

    return [(sales_service, "tender_rows", tender_rows)]


@_fault("stock leaves the shelf twice where a batch holds two sales of it")
def stock_twice() -> list[Swap]:
    usual = stock_service.add_to_levels

    def add_to_levels(tx: Any, changes: Any) -> Any:
        doubled = {at: (2 * by if by < -3000 else by, counted) for at, (by, counted) in changes.items()}
        return usual(tx, doubled)

    return [(stock_service, "add_to_levels", add_to_levels)]


@_fault("compaction forgets what a change replaced, and the change too")
def compaction_forgets_too_much() -> list[Swap]:
    usual = compaction.Compaction._forget_replaced

    def forget(one: Any, stream: str) -> Any:
        gone = usual(one, stream)
        if gone:
            with one._db.write() as tx:
                tx.exec_driver_sql(
                    "delete from change_feed where stream = ? and ver = (select max(ver) from change_feed"
                    " where stream = ?)",
                    (stream, stream),
                )
        return gone

    return [(compaction.Compaction, "_forget_replaced", forget)]


# The store's hub


@_fault("the hub acknowledges what it has not committed", hub=A_HUB)
def hub_acks_before_commit() -> list[Swap]:
    usual = HubIntake.push

    def push(intake: Any, who: Any, push: Any) -> Any:
        class Later(Exception):
            pass

        if push.entries[-1].event_id[-1] % 4:
            return usual(intake, who, push)
        ingest, reply = intake._ingest, None
        with suppress(Later), ingest._db.write() as tx:
            reply = ingest._admission.admit(tx, who, ingest._public_key_of(tx, who), stamped(push))
            raise Later
        return reply

    return [(HubIntake, "push", push)]


@_fault("the hub writes bodies anew when it passes them on", hub=A_HUB, calm_within_min=10)
def hub_rewrites_bodies() -> list[Swap]:
    usual = entries.as_push

    def rewritten(*given: Any) -> Any:
        push = usual(*given)
        entries = [
            msgspec.structs.replace(one, body=msgspec.json.format(one.body, indent=1)) for one in push.entries
        ]
        return msgspec.structs.replace(push, entries=tuple(entries))

    return [(entries, "as_push", rewritten)]


@_fault("the hub says of what it holds itself that it is safe", hub=A_HUB)
def hub_says_safe() -> list[Swap]:
    usual = HubIntake.push

    def push(intake: Any, who: Any, push: Any) -> Any:
        reply = usual(intake, who, push)
        return msgspec.structs.replace(reply, safe_through=reply.high)

    return [(HubIntake, "push", push)]


@_fault(
    "a till takes the hub's acknowledgement for the central server's, and never takes it back",
    hub=A_HUB,
    server_restore_every_ms=0,
    restore_at_the_end=False,
)
def hubs_word_is_final() -> list[Swap]:
    return ack_never_rewinds()


@_fault(
    "the hub believes that a central server that is further has what lies here",
    **TILLS_PUT_BACK | {"calm_within_min": 10},
)
def hub_mixes_branches() -> list[Swap]:
    return [(journals, "_is_same", lambda *_: True)]


@_fault("what parts from the central server's journal is thrown away by the hub", **TILLS_PUT_BACK)
def hub_drops_branches() -> list[Swap]:
    return [(aside, "put", _nothing)]


@_fault("the hub forgets what the central server has, whether a backup has it or not", hub=A_HUB)
def hub_forgets_too_early() -> list[Swap]:
    def prune(tx: Any, now_ms: int) -> None:
        for journal in tx.execute(select(relayed).where(relayed.c.central_high > 0)).all():
            pruning._forget(tx, journal.incarnation, journal.central_high, pruning.MOST_AT_ONCE)
        pruning._forget_unplaced_facts(tx)

    return [(pruning, "prune", prune)]


@_fault(
    "a hub whose pushes kill the central server makes them no smaller",
    hub=QUIET_HUB,
    curses=True,
    calm_within_min=10,
)
def hub_never_halves() -> list[Swap]:
    return [(Forwarder, "_made_smaller", lambda *_: False)]


@_fault("a central server that dies of an entry is taken for no server, where the hub is away")
def way_hides_a_death() -> list[Swap]:
    return [(two_paths, "_tells", lambda *_: False)]


# Cards and refunds


@_fault("a card is held without looking what is on it", lending=CARDS)
def cards_held_blindly() -> list[Swap]:
    def hold(tx: Any, key: Any, amount: int) -> Decision:
        value_accounts.change(tx, {key: value_accounts.Change(held=amount)})
        return Decision()

    return [(value_accounts, "hold", hold)]


@_fault("nobody is told that a card was spent below nothing", lending=CARDS)
def overdrafts_unsaid() -> list[Swap]:
    return [(LeaseRecorder, "_look_for_overdraft", _nothing)]


@_fault("a fact that spends a lease does not settle it", lending=CARDS)
def leases_unsettled() -> list[Swap]:
    return [(LeaseService, "spend", lambda *_: Freed())]


@_fault("a till forgets a lease whose answer was lost", lending=CARDS)
def lost_leases_forgotten() -> list[Swap]:
    return [(LeaseRows, "given_back", lambda rows, lease_id: rows.told(lease_id))]


@_fault("a refund is granted without looking what went back before", lending=CARDS)
def refunds_granted_blindly() -> list[Swap]:
    def take(tx: Any, sale_id: str, line: Any, sold: Any) -> None:
        refund_claims.change(
            tx, {(sale_id, line.line_no): refund_claims.LineChange(claimed_milli=line.quantity_milli)}
        )

    return [(refund_claims, "_take", take)]


@_fault("nobody is told that more went back than was sold", lending=CARDS)
def over_refunds_unsaid() -> list[Swap]:
    return [(LeaseRecorder, "_look_for_over_refund", _nothing)]
