"""The invariants of the two streams, each as a sentence and a function that yields what breaks it.

Those that are cheap are held all along, where the thing happens: 2 and 5 in `oracle`, 9 in `watched_copy`, 19 at every
start of a till, 27 at every change of its status. All are held at the end of a run, over the files of the server and
of the tills that are left, by plain SQL, and never by asking the product.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from shared_models.sale import SalePosted
from tests.simulation import lease_verdict
from tests.simulation.evidence import Evidence, StoredPosition

if TYPE_CHECKING:
    from tests.simulation.oracle import Broken
    from tests.simulation.world import World

Check = Callable[[Evidence], Iterator[str]]
CHECKS: dict[int, Check] = {}
WHERE_IT_HAPPENS = {
    9: "watched_copy.py",
    21: "world.py",
    22: "replay.py",
    23: "campaign.py",
    26: "replay.py",
    27: "till.py",
}
"""Held by another file of the simulation than this one."""
NOT_SIMULATED = {
    13: "tests/pos_client/test_journal_check.py",
    24: "tests/flows/test_versions.py",
    25: "",
    28: "",
}
"""Held by a test elsewhere. 25 by none, because tills count no stock yet; 28 is a matter of size, not of chance."""


def invariant(number: int) -> Callable[[Check], Check]:
    def enter(check: Check) -> Check:
        CHECKS[number] = check
        return check

    return enter


def broken_at_the_end(world: World) -> Iterator[Broken]:
    from tests.simulation.oracle import Broken

    evidence = Evidence(world)
    for number, check in sorted(CHECKS.items()):
        for what in check(evidence):
            yield Broken(number, what)


@invariant(1)
def no_loss(at: Evidence) -> Iterator[str]:
    """Everything that a till committed is on the server, unless the scenario destroyed its last copy."""
    for entry in at.oracle.committed:
        if entry.event_id not in at.kept and entry.event_id not in at.oracle.gone:
            yield f"{entry.type} {entry.event_id.hex()} of {entry.machine} is lost"


@invariant(2)
def no_phantom(at: Evidence) -> Iterator[str]:
    """Everything on the server was committed by a till, byte for byte."""
    for event_id, (type_name, schema, body) in at.stored.items():
        entry = at.oracle.by_id.get(event_id)
        if entry is None:
            yield f"{type_name} {event_id.hex()} was committed by no till"
        elif (entry.type, entry.schema, entry.body) != (type_name, schema, body):
            yield f"{type_name} {event_id.hex()} is not what {entry.machine} committed"


@invariant(3)
def exactly_once(at: Evidence) -> Iterator[str]:
    """A fact is stored once and has its effects once."""
    ids = [row[0] for row in at.server("select event_id from ingest_log")]
    if len(ids) != len(set(ids)):
        yield "an event is in the log twice"
    for table in ("sale_line", "sale_tender", "stock_move"):
        for event_id, rows in at.server(
            f"select event_id, count(*) from {table} where event_id in (select event_id from sale) group by 1"
        ):
            wanted = at.effects(table, event_id)
            if wanted is not None and rows != wanted:
                yield f"{event_id.hex()} has {rows} rows in {table}, not {wanted}"


@invariant(4)
def dense_positions(at: Evidence) -> Iterator[str]:
    """Each incarnation's positions on the server are 1 to high, and each follows the one before."""
    by_incarnation: dict[bytes, list[StoredPosition]] = {}
    for position in at.positions:
        by_incarnation.setdefault(position.incarnation, []).append(position)
    for incarnation, (high, head_hash) in at.incarnations.items():
        found = by_incarnation.pop(incarnation, [])
        if [position.seq for position in found] != list(range(1, high + 1)):
            yield f"{incarnation.hex()[:8]} has gaps below {high}"
        elif found and found[-1].hash != head_hash:
            yield f"{incarnation.hex()[:8]} does not end with its head's hash"
        elif bad := [position.seq for position in found if not position.chain_ok and position.is_stored]:
            yield f"{incarnation.hex()[:8]} is called broken at {bad[:5]}, and nobody touched it"
    if by_incarnation:
        yield f"positions of no incarnation: {[one.hex()[:8] for one in by_incarnation]}"


@invariant(5)
def acknowledged_is_stored(at: Evidence) -> Iterator[str]:
    """What a till counts as acknowledged is on the server with the same hash."""
    hashes = {(position.incarnation, position.seq): position.hash for position in at.positions}
    for till, segments in at.journals.items():
        for incarnation, journal in segments.items():
            acked = journal.acked
            own = journal.hashes[acked - 1] if 0 < acked <= len(journal.hashes) else b""
            if acked and hashes.get((incarnation, acked)) != own:
                yield f"{till} counts {incarnation.hex()[:8]}:{acked} as acknowledged"


@invariant(6)
def pending_or_stored(at: Evidence) -> Iterator[str]:
    """There is no third state: what is not stored is pending on a till."""
    pending = {
        event_id
        for segments in at.journals.values()
        for journal in segments.values()
        for event_id in journal.events[journal.acked :]
    }
    for entry in at.oracle.committed:
        if entry.event_id not in at.kept | pending | at.oracle.gone:
            yield f"{entry.event_id.hex()} of {entry.machine} is neither stored nor pending"


@invariant(7)
def nothing_forgotten(at: Evidence) -> Iterator[str]:
    """A till deletes no entry that is not in a verified backup; today it deletes none. Of the hub: `hub_memory`."""
    for till in at.tills:
        missing = till.wrote - till.events()
        if missing:
            yield f"{till.name} has forgotten {len(missing)} entries"


@invariant(8)
def catalogue_is_the_servers(at: Evidence) -> Iterator[str]:
    """At the server's version a till's copy has the server's rows, and no others."""
    for till in at.tills:
        copy = at.catalogue_of(till)
        if copy != at.living:
            wrong = sorted(set(copy.items()) ^ set(at.living.items()))
            yield f"{till.name}'s catalogue differs in {len(wrong)} rows, such as {wrong[0][0]}"


@invariant(10)
def no_dead_timeline(at: Evidence) -> Iterator[str]:
    """Once greeted, a till holds no cursor and no acknowledgement of a history that the server has left."""
    for till in at.tills:
        for stream, epoch, ver in at.cursors_of(till):
            if at.heads.get(stream, ("", 0))[0] != epoch or at.heads[stream][1] < ver:
                yield f"{till.name} is at {stream} {epoch[:6]}:{ver}, the server at {at.heads.get(stream)}"


@invariant(11)
def one_machine_an_incarnation(at: Evidence) -> Iterator[str]:
    """Two live machines that both have sold on and met the server do not go on in the same incarnation."""
    current = Counter(list(segments)[-1] for segments in at.journals.values() if segments)
    for incarnation, machines in current.items():
        if machines > 1:
            yield f"{machines} machines go on in {incarnation.hex()[:8]}"


@invariant(12)
def receipt_numbers(at: Evidence) -> Iterator[str]:
    """On one disk a series is dense and unique. A number that copied disks gave twice is told, and both sales stay."""
    for till in at.tills:
        by_series: dict[str, list[int]] = {}
        for (number,) in at.till(till, "select receipt_number from sale order by pos"):
            series, _, digits = number.rpartition("-")
            by_series.setdefault(series, []).append(int(digits))
        for series, numbers in by_series.items():
            if sorted(numbers) != list(range(1, len(numbers) + 1)):
                yield f"{till.name}'s series {series} is not dense"
    given = Counter(sale.receipt_number for sale in at.booked_sales.values())
    said = {
        row[0]
        for row in at.server(
            "select json_extract(refs, '$.receipt') from exception_case where kind = 'receipt_number_twice'"
        )
    }
    for number, times in given.items():
        if times > 1 and number not in said:
            yield f"{number} was given {times} times, and nobody is told"


@invariant(14)
def money(at: Evidence) -> Iterator[str]:
    """What was paid, by tender and shift, is on the server to the cent; closings state what was there."""
    model: Counter[tuple[str, str, str]] = Counter()
    for sale in at.booked_sales.values():
        for tender in sale.tenders:
            model[sale.till_id, sale.shift_id, tender.kind] += tender.received_minor
        model[sale.till_id, sale.shift_id, "cash"] -= sale.change_minor
    books = Counter(
        {
            (till_id, shift_id, kind): kept
            for till_id, shift_id, kind, kept in at.server(
                "select till_id, shift_id, kind, sum(kept_minor) from sale join sale_tender using (event_id)"
                " group by 1, 2, 3"
            )
        }
    )
    for key in model | books:
        if model[key] != books[key]:
            yield f"{key}: {model[key]} was paid, {books[key]} is booked"
    yield from _closings(at)


def _closings(at: Evidence) -> Iterator[str]:
    """Only of shifts whose till was never set back or copied: of the others no disk has the whole."""
    if at.was_set_back:
        return
    for closed in at.closings:
        expected, count = at.drawer_of(closed.shift_id)
        stated = closed.totals
        if (stated.expected_minor, stated.sale_count) != (expected, count):
            yield (
                f"shift {closed.number} of {closed.till_id} states {stated.sale_count} sales and"
                f" {stated.expected_minor} in the drawer, there are {count} and {expected}"
            )


@invariant(15)
def stock(at: Evidence) -> Iterator[str]:
    """On hand is the sum of the moves, and the moves of sales are what was sold."""
    sold: Counter[str] = Counter()
    for sale in at.booked_sales.values():
        for line in sale.lines:
            sold[line.product_id] -= line.quantity_milli
    moved = Counter(
        dict(
            at.server(
                "select product_id, sum(quantity_milli) from stock_move where reason = 'sale' group by 1"
            )
        )
    )
    for product_id in sold | moved:
        if sold[product_id] != moved[product_id]:
            yield f"{product_id[:6]}: {sold[product_id]} was sold, {moved[product_id]} left the shelf"
    for product_id, level, moves in at.server(
        "select product_id, on_hand_milli, (select sum(quantity_milli) from stock_move where product_id ="
        " level.product_id and location_id = level.location_id) from stock_level as level"
    ):
        if level != moves:
            yield f"{product_id[:6]}: {level} on hand, the moves come to {moves}"


invariant(16)(lease_verdict.cards)
invariant(17)(lease_verdict.refunds)


@invariant(18)
def drawer_and_paper(at: Evidence) -> Iterator[str]:
    """No job is carried out twice by itself; only a disk that was set back or copied knows no better."""
    if at.was_set_back:
        return
    for job, times in Counter(at.oracle.carried_out).items():
        if times > 1:
            yield f"{job} was carried out {times} times"


@invariant(19)
def all_or_none(at: Evidence) -> Iterator[str]:
    """A sale's entry, row and print job are there together."""
    for till in at.tills:
        yield from till.halves()


@invariant(20)
def quarantine_and_books(at: Evidence) -> Iterator[str]:
    """What is stored is booked or in quarantine, and only poison is in quarantine."""
    waiting = at.quarantined
    for event_id in at.stored:
        if event_id in at.oracle.poisoned:
            if event_id not in waiting:
                yield f"{event_id.hex()} can't be booked, and is not in quarantine"
        elif event_id in waiting:
            yield f"{event_id.hex()} is in quarantine: {waiting[event_id]}"
    for event_id in at.frames_of_one_entry & at.sound_events:
        yield f"{event_id.hex()} is as sound as any and waits for a person in a raw frame"
    booked = {row[0] for row in at.server("select event_id from sale")}
    for event_id, sale in at.booked_sales.items():
        if event_id not in booked:
            yield f"{sale.receipt_number} is stored and not booked"
    if extra := booked - at.booked_sales.keys():
        yield f"{len(extra)} sales are booked that can't be"


@invariant(21)
def queues_are_empty(at: Evidence) -> Iterator[str]:
    """With the faults off everything drains; `World` holds how long it takes and how many requests."""
    for till, segments in at.journals.items():
        for incarnation, journal in segments.items():
            if journal.acked != len(journal.events):
                yield f"{till} still has {len(journal.events) - journal.acked} of {incarnation.hex()[:8]} to send"


def is_sale(fact: object) -> bool:
    return isinstance(fact, SalePosted)
