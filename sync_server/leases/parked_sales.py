"""Parked tickets of a store: one till has each of them, and another gets it by compare-and-set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects import postgresql, sqlite

from shared_models.leases import ParkedFate, ParkedListing, ParkedLook, ParkedOffer
from sync_server.bulk_rows import insert_rows, is_one_of
from sync_server.leases.decisions import Decision, denied
from sync_server.leases.tables import parked_completion, parked_sale
from sync_server.sync_messages import TillIdentity

PARKED = "parked"
TAKEN = "taken"
GONE = "gone"
UNKNOWN = "unknown"
_MOST_LISTED = 200


class Completion(NamedTuple):
    """A sale that was a parked ticket before."""

    event_id: bytes
    sale_id: str
    till_id: str
    receipt_number: str


def offer(tx: Connection, who: TillIdentity, said: ParkedOffer, now_ms: int) -> ParkedFate:
    """Keeps a ticket that `who` put aside, and says what became of it.

    An older version, or one of a ticket that another till has by now, changes nothing.
    """
    if not _insert(tx, who, said, now_ms):
        parked = parked_sale.c
        newer = (parked.till_id == who.till_id) & (parked.version < said.version) & (parked.state != GONE)
        values = {"state": PARKED, "lease_id": "", "changed_at_ms": now_ms, **_fields(said)}
        tx.execute(update(parked_sale).where(parked.sale_id == said.sale_id, newer).values(values))
    return _fate(said.sale_id, _row(tx, said.sale_id))


def lease_of(tx: Connection, who: TillIdentity, sale_id: str, version: int) -> str:
    """The lease under which `who` has a ticket, which ends with this version of it; empty without one.

    Only read: whoever ends the lease locks it before the ticket.
    """
    row = _row(tx, sale_id)
    if row is None or row.till_id != who.till_id or row.version > version:
        return ""
    return str(row.lease_id)


def look(tx: Connection, who: TillIdentity, said: ParkedLook) -> tuple[list[ParkedListing], list[ParkedFate]]:
    """What is parked in the till's store, oldest first, and what became of the tickets that it names."""
    parked = parked_sale.c
    columns = (parked[name] for name in ParkedListing.__struct_fields__)
    query = select(*columns).where(parked.store_id == who.store_id, parked.state == PARKED)
    rows = tx.execute(query.order_by(parked.parked_at_ms, parked.sale_id).limit(_MOST_LISTED))
    listings = [ParkedListing(**row._mapping) for row in rows]
    known = {}
    if said.mine:
        mine = select(parked_sale).where(is_one_of(tx, parked.sale_id, list(said.mine)))
        known = {row.sale_id: row for row in tx.execute(mine.where(parked.store_id == who.store_id))}
    return listings, [_fate(sale_id, known.get(sale_id)) for sale_id in said.mine]


def claim(
    tx: Connection, who: TillIdentity, lease_id: str, sale_id: str, version: int, now_ms: int
) -> Decision:
    """Compare-and-set: the ticket is `who`'s if it is still parked, and is the version that was seen."""
    parked = parked_sale.c
    same = (parked.version == version) & (parked.state == PARKED) & (parked.store_id == who.store_id)
    taken = (
        update(parked_sale)
        .where(parked.sale_id == sale_id, same)
        .values(
            state=TAKEN,
            till_id=who.till_id,
            version=version + 1,
            lease_id=lease_id,
            changed_at_ms=now_ms,
        )
    )
    if tx.execute(taken).rowcount:
        return claimed(tx, lease_id, sale_id)
    return _refusal(who, _row(tx, sale_id))


def claimed(tx: Connection, lease_id: str, sale_id: str) -> Decision:
    """What the claimer gets, also when it asks once more because the first answer was lost."""
    row = _row(tx, sale_id)
    if row is None or row.lease_id != lease_id or row.state != TAKEN:
        return denied("ticket_moved_on", "This ticket has been parked or sold since. Look at the list again.")
    return Decision(version=row.version, cart=bytes(row.cart))


def give_back(tx: Connection, lease_id: str, sale_id: str, now_ms: int) -> None:
    """The claimer did not want it after all: anybody may claim it again."""
    parked = parked_sale.c
    still = (parked.sale_id == sale_id) & (parked.lease_id == lease_id) & (parked.state == TAKEN)
    values = {"state": PARKED, "version": parked.version + 1, "lease_id": "", "changed_at_ms": now_ms}
    tx.execute(update(parked_sale).where(still).values(values))


def taken_up(tx: Connection, who: TillIdentity, sale_id: str, version: int, now_ms: int) -> None:
    """A till resumed its own ticket, with or without asking; a later offer of that version comes too late."""
    if _insert_bare(tx, who, sale_id, version, TAKEN, now_ms):
        return
    parked = parked_sale.c
    still = (parked.sale_id == sale_id) & (parked.till_id == who.till_id) & (parked.state == PARKED)
    same = parked.version == version
    tx.execute(update(parked_sale).where(still, same).values(state=TAKEN, changed_at_ms=now_ms))


def ended(tx: Connection, who: TillIdentity, sale_id: str, version: int, now_ms: int) -> None:
    """The ticket was sold or given up: nobody else needs it."""
    if not _insert_bare(tx, who, sale_id, version, GONE, now_ms):
        by_id = parked_sale.c.sale_id == sale_id
        tx.execute(update(parked_sale).where(by_id).values(state=GONE, cart=b"", changed_at_ms=now_ms))


def complete(tx: Connection, completions: Sequence[Completion]) -> list[list[Completion]]:
    """Writes them down. Returns all completions of each ticket that was sold more than once."""
    insert_rows(tx, parked_completion, completions)
    sale_ids = sorted({one.sale_id for one in completions})
    query = select(*parked_completion.columns).where(is_one_of(tx, parked_completion.c.sale_id, sale_ids))
    by_sale: dict[str, list[Completion]] = {}
    for row in tx.execute(query.order_by(parked_completion.c.event_id)):
        found = Completion(bytes(row.event_id), row.sale_id, row.till_id, row.receipt_number)
        by_sale.setdefault(row.sale_id, []).append(found)
    return [same for same in by_sale.values() if len(same) > 1]


def _refusal(who: TillIdentity, row: Row[Any] | None) -> Decision:
    if row is None or row.store_id != who.store_id:
        return denied("unknown_ticket", "Head office does not know this ticket. Its own till can take it up.")
    if row.state == GONE:
        return denied("ticket_gone", "This ticket has been sold or given up already.")
    if row.state == TAKEN:
        return denied("ticket_taken", f"Till {row.till_id} has this ticket now.")
    return denied("ticket_changed", "This ticket was taken up and parked again. Look at the list again.")


def _insert(tx: Connection, who: TillIdentity, said: ParkedOffer, now_ms: int) -> bool:
    values = _fields(said) | {
        "sale_id": said.sale_id,
        "store_id": who.store_id,
        "till_id": who.till_id,
        "state": PARKED,
        "lease_id": "",
        "changed_at_ms": now_ms,
    }
    return _insert_unless_there(tx, values)


def _insert_bare(
    tx: Connection, who: TillIdentity, sale_id: str, version: int, state: str, now_ms: int
) -> bool:
    """A ticket that was never offered, so that an offer on its way finds out."""
    values = {
        "sale_id": sale_id,
        "store_id": who.store_id,
        "till_id": who.till_id,
        "version": version,
        "state": state,
        "label": "",
        "operator_name": "",
        "parked_at_ms": 0,
        "tz_min": 0,
        "total_minor": 0,
        "line_count": 0,
        "cart": b"",
        "lease_id": "",
        "changed_at_ms": now_ms,
    }
    return _insert_unless_there(tx, values)


def _insert_unless_there(tx: Connection, values: dict[str, object]) -> bool:
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    statement: Any = dialect.insert(parked_sale).values(values)
    new = statement.on_conflict_do_nothing(index_elements=["sale_id"]).returning(parked_sale.c.sale_id)
    return tx.execute(new).first() is not None


def _fields(said: ParkedOffer) -> dict[str, object]:
    return {name: value for name, value in msgspec.structs.asdict(said).items() if name != "sale_id"}


def _row(tx: Connection, sale_id: str) -> Row[Any] | None:
    return tx.execute(select(parked_sale).where(parked_sale.c.sale_id == sale_id)).one_or_none()


def _fate(sale_id: str, row: Row[Any] | None) -> ParkedFate:
    if row is None:
        return ParkedFate(sale_id=sale_id, state=UNKNOWN)
    return ParkedFate(sale_id=sale_id, state=row.state, version=row.version, till_id=row.till_id)
