"""What must be true after a siege, looked up in the tills' files, the cashiers' notes and the server's database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from shared_models import journal
from shared_models.events import decode_body
from shared_models.journal import Entry, first_prev
from shared_models.sale import SalePosted
from shared_models.signing import verifier
from sync_server.exceptions.tables import exception_case
from sync_server.ingest.tables import incarnation, ingest_log, ingest_pos, quarantine
from sync_server.reports.takings import GROUPS, takings
from sync_server.sales.service import SaleFilter
from sync_server.sales.tables import sale
from sync_server.stock.tables import stock_move
from sync_server.tills.tables import device
from tests.chaos.head_office import HeadOffice
from tests.chaos.siege import Remains
from tests.chaos.till import BesiegedTill, JournalEntry, Paid

_MOST_NAMED = 5


class Holdings(msgspec.Struct, frozen=True):
    """Everything that is compared. `known` is every entry that any till ever held; `stored` what the server holds."""

    known: Mapping[bytes, JournalEntry]
    stored: Mapping[bytes, JournalEntry]
    paid: Sequence[Paid]
    burned: frozenset[bytes]
    machines: frozenset[str]

    def expected(self) -> dict[bytes, SalePosted]:
        """The sales that the server must have booked; of what burned, those that reached it all the same."""
        return {
            event_id: fact
            for event_id, fact in self.sales().items()
            if event_id in self.stored or event_id not in self.burned
        }

    def sales(self) -> dict[bytes, SalePosted]:
        facts = (
            (entry.event_id, decode_body(entry.type, entry.schema, entry.body).fact)
            for entry in self.known.values()
        )
        return {event_id: fact for event_id, fact in facts if isinstance(fact, SalePosted)}


def holdings(office: HeadOffice, tills: Sequence[BesiegedTill], remains: Remains) -> Holdings:
    held = {entry.event_id: entry for till in tills for entry in till.journal()}
    return Holdings(
        known=remains.gone | held,
        stored=office.ask(_stored),
        paid=[one for till in tills for one in till.paid()],
        burned=frozenset(remains.burned - held.keys()),
        machines=frozenset(remains.machines),
    )


def at_the_server(tx: Connection, all_of: Holdings) -> list[str]:
    """What does not hold, one sentence each; empty when all is well."""
    found = [*_entries(all_of), *_sales(tx, all_of), *_figures(tx, all_of.expected())]
    return [*found, *_receipt_numbers(tx, all_of), *_chains(tx)]


def at_the_tills(tills: Sequence[BesiegedTill]) -> list[str]:
    found: list[str] = []
    for till in tills:
        found += [f"till {till.till_id}: {said}" for said in [till.verify()] if said]
        found += till.unexpected
        found += [f"till {till.till_id} met a bug: {line}" for line in _bugs(till)]
    return found


def _stored(tx: Connection) -> dict[bytes, JournalEntry]:
    columns = ingest_log.c
    rows = tx.execute(select(columns.event_id, columns.type, columns.schema, columns.body))
    return {bytes(row[0]): JournalEntry(bytes(row[0]), row[1], row[2], bytes(row[3])) for row in rows}


def _entries(all_of: Holdings) -> Iterator[str]:
    known, stored = all_of.known, all_of.stored
    yield from _named("lost", known.keys() - stored.keys() - all_of.burned)
    yield from _named("stored and sealed by no till", stored.keys() - known.keys())
    yield from _named("altered", {id for id in known.keys() & stored.keys() if known[id] != stored[id]})


def _sales(tx: Connection, all_of: Holdings) -> Iterator[str]:
    """Every sale once, as the journal and as the cashier saw it."""
    columns = (sale.c.sale_id, sale.c.receipt_number, sale.c.total_minor)
    booked = Counter(Paid(*row) for row in tx.execute(select(*columns)))
    expected = all_of.expected().values()
    wanted = Counter(Paid(one.sale_id, one.receipt_number, one.total_minor) for one in expected)
    yield from _named("sealed and not booked", (one.receipt_number for one in (wanted - booked)))
    yield from _named("booked and not sealed, or twice", (one.receipt_number for one in (booked - wanted)))
    ids = Counter(one.sale_id for one in booked.elements())
    yield from _named("sales booked twice", (id for id, times in ids.items() if times > 1))
    burned = {all_of.sales()[id].sale_id for id in all_of.burned & all_of.sales().keys()}
    missed = [one for one in all_of.paid if booked[one] != 1 and one.sale_id not in burned]
    yield from _named(
        "paid before the cashier's eyes and not booked once", (one.receipt_number for one in missed)
    )


def _figures(tx: Connection, expected: Mapping[bytes, SalePosted]) -> Iterator[str]:
    by_till: dict[str, int] = defaultdict(int)
    for one in expected.values():
        by_till[one.till_id] += one.total_minor
    reported = {row.key: row.gross_minor for row in takings(tx, SaleFilter(), "till").rows}
    if reported != by_till:
        yield f"takings by till are {reported} at the server and {dict(by_till)} in the journals"
    total = sum(by_till.values())
    for group in GROUPS:
        figure = sum(row.gross_minor for row in takings(tx, SaleFilter(), group).rows)
        if figure != total:
            yield f"takings by {group} add up to {figure}, the journals to {total}"
    pieces = sum(line.quantity_milli for one in expected.values() for line in one.lines)
    moved = int(tx.scalar(select(func.sum(stock_move.c.quantity_milli))) or 0)
    if moved != -pieces:
        yield f"stock moved by {moved} thousandths, {pieces} were sold"
    waiting = tx.scalar(select(func.count()).where(quarantine.c.resolved_at_ms.is_(None)))
    if waiting:
        yield f"{waiting} entries are in quarantine"


def _receipt_numbers(tx: Connection, all_of: Holdings) -> Iterator[str]:
    """Dense in their series; twice only from a machine that was put back whole, and then head office is told."""
    series: dict[str, list[int]] = defaultdict(list)
    tills: dict[str, str] = {}
    for one in all_of.sales().values():
        name, _, number = one.receipt_number.rpartition("-")
        series[name].append(int(number))
        tills[one.receipt_number] = one.till_id
    for name, numbers in series.items():
        if set(numbers) != set(range(1, max(numbers) + 1)):
            yield f"receipt numbers of {name} have gaps"
    numbers_used = Counter(one.receipt_number for one in all_of.sales().values())
    twice = {number for number, times in numbers_used.items() if times > 1}
    yield from _named("numbers printed twice", (one for one in twice if tills[one] not in all_of.machines))
    booked = Counter(one.receipt_number for one in all_of.expected().values())
    told = tx.scalars(
        select(exception_case.c.sentence).where(exception_case.c.kind == "receipt_number_twice")
    )
    sentences = " ".join(told)
    untold = (number for number, times in booked.items() if times > 1 and number not in sentences)
    yield from _named("numbers printed twice and not told", untold)


def _chains(tx: Connection) -> Iterator[str]:
    """Each incarnation at the server, from its first entry: order, hashes, and every signature."""
    key_of = {row.device_id: bytes(row.public_key) for row in tx.execute(select(device))}
    for one in tx.execute(select(incarnation)).all():
        parent = bytes(one.parent) if one.parent is not None else None
        prev = first_prev(parent, one.parent_seq, bytes(one.parent_hash))
        rows = tx.execute(_POSITIONS.where(ingest_pos.c.incarnation == one.incarnation)).all()
        if len(rows) != one.high:
            yield f"incarnation {bytes(one.incarnation).hex()[:8]} holds {len(rows)} of {one.high} entries"
        entries = _chained(rows, prev)
        for fault in journal.faults(entries, verifier(key_of[one.device_id]), prev):
            yield f"incarnation {fault.incarnation.hex()[:8]} at the server, entry {fault.seq}: {fault.message}"
        if not all(row.chain_ok for row in rows):
            yield f"incarnation {bytes(one.incarnation).hex()[:8]} is marked as broken"


_POSITIONS = (
    select(ingest_pos, ingest_log.c.type, ingest_log.c.schema, ingest_log.c.body)
    .join(ingest_log, ingest_log.c.ingest_id == ingest_pos.c.ingest_id)
    .order_by(ingest_pos.c.seq)
)


def _chained(rows: Sequence[Any], prev: bytes) -> Iterator[Entry]:
    for row in rows:
        yield Entry(
            bytes(row.incarnation),
            row.seq,
            bytes(row.event_id),
            row.type,
            row.schema,
            bytes(row.body),
            prev,
            bytes(row.hash),
            bytes(row.signature),
            row.algorithm,
        )
        prev = bytes(row.hash)


def _bugs(till: BesiegedTill) -> Iterator[str]:
    """The last line of every traceback in the till's own log."""
    lines = iter(till.log.read_text(errors="replace").splitlines() if till.log.exists() else ())
    for line in lines:
        if line.startswith("Traceback"):
            yield next((after for after in lines if not after.startswith(" ")), "cut off by a kill")


def _named(what: str, ids: Any) -> Iterator[str]:
    """One sentence for all of them, the first few by name."""
    all_of = [id.hex() if isinstance(id, bytes) else id for id in ids]
    if all_of:
        yield f"{what}: {len(all_of)} ({', '.join(all_of[:_MOST_NAMED])})"
