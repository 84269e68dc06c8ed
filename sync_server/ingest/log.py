"""The log below the rules: incarnations, facts and positions as statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from shared_models.events import Recorded, decode_body, recorded_at
from shared_models.journal import START
from shared_models.sync_api import Push
from sync_server.bulk_rows import insert_rows
from sync_server.errors import NotFound
from sync_server.ingest.tables import incarnation, ingest_log, ingest_pos, ingest_queue
from sync_server.sync_messages import TillIdentity

ACTIVE = "active"
FORKED = "forked"
SUPERSEDED = "superseded"


class Known(NamedTuple):
    """A fact that is stored already."""

    ingest_id: int
    body_hash: bytes


class Held(NamedTuple):
    """A place of a journal; `is_sound` unless chain or signature were wrong when it came."""

    hash: bytes
    is_sound: bool


class Incarnation(NamedTuple):
    device_id: str
    till_id: str
    high: int
    head_hash: bytes
    state: str
    safe_through: int


def lock_incarnation(tx: Connection, who: TillIdentity, push: Push, now_ms: int) -> Incarnation:
    """The row, ours until the commit; a new one for an incarnation that was never heard of."""
    found = _incarnation(tx, push.incarnation, lock=True)
    if found is not None:
        return found
    row = {
        "incarnation": push.incarnation,
        "till_id": who.till_id,
        "store_id": who.store_id,
        "device_id": who.device_id,
        "parent": push.parent,
        "parent_seq": push.parent_seq,
        "parent_hash": push.parent_hash,
        "high": 0,
        "head_hash": START,
        "state": ACTIVE if left_at(tx, push.incarnation, who.till_id) is None else SUPERSEDED,
        "safe_through": 0,
        "last_received_ms": now_ms,
    }
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    tx.execute(dialect.insert(incarnation).values(row).on_conflict_do_nothing(index_elements=["incarnation"]))
    if push.parent is not None:
        before = (incarnation.c.incarnation == push.parent) & (incarnation.c.till_id == who.till_id)
        tx.execute(update(incarnation).where(before).values(state=SUPERSEDED))
    found = _incarnation(tx, push.incarnation, lock=True)
    assert found is not None
    return found


def incarnations(tx: Connection) -> list[bytes]:
    return [
        bytes(id) for id in tx.scalars(select(incarnation.c.incarnation).order_by(incarnation.c.incarnation))
    ]


def mark_safe(tx: Connection, highs: dict[bytes, int]) -> None:
    """Every entry up to there is in a backup that was read to its end. It never becomes less."""
    for id, high in highs.items():
        later = (incarnation.c.incarnation == id) & (incarnation.c.safe_through < high)
        tx.execute(update(incarnation).where(later, incarnation.c.high >= high).values(safe_through=high))


def last_ingest_id(tx: Connection) -> int:
    return tx.scalar(select(func.max(ingest_log.c.ingest_id))) or 0


def incarnation_of(tx: Connection, id: bytes) -> Incarnation | None:
    return _incarnation(tx, id, lock=False)


def stored_fact(tx: Connection, event_id: bytes) -> Recorded:
    """What the till recorded, decoded from the bytes as they came; raises NotFound."""
    columns = select(ingest_log.c.type, ingest_log.c.schema, ingest_log.c.body)
    row = tx.execute(columns.where(ingest_log.c.event_id == event_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such entry in the journal.")
    return decode_body(row.type, row.schema, row.body)


def advance(tx: Connection, id: bytes, high: int, head_hash: bytes, now_ms: int) -> None:
    changed = {"high": high, "head_hash": head_hash, "last_received_ms": now_ms}
    tx.execute(update(incarnation).where(incarnation.c.incarnation == id).values(changed))


def mark(tx: Connection, id: bytes, state: str) -> None:
    tx.execute(update(incarnation).where(incarnation.c.incarnation == id).values(state=state))


def hash_at(tx: Connection, id: bytes, seq: int) -> bytes | None:
    held = held_at(tx, id, seq)
    return held.hash if held else None


def held_at(tx: Connection, id: bytes, seq: int) -> Held | None:
    where = (ingest_pos.c.incarnation == id) & (ingest_pos.c.seq == seq)
    row = tx.execute(select(ingest_pos.c.hash, ingest_pos.c.chain_ok).where(where)).one_or_none()
    return Held(bytes(row.hash), row.chain_ok) if row is not None else None


def hashes_at(tx: Connection, id: bytes, seqs: Sequence[int]) -> dict[int, bytes]:
    where = (ingest_pos.c.incarnation == id) & ingest_pos.c.seq.in_(seqs)
    return {
        row.seq: bytes(row.hash)
        for row in tx.execute(select(ingest_pos.c.seq, ingest_pos.c.hash).where(where))
    }


def recorded_ms(tx: Connection, id: bytes, seq: int) -> int | None:
    """When the till recorded that entry, by its own clock; None where the entry is not here or can't say."""
    where = (ingest_pos.c.incarnation == id) & (ingest_pos.c.seq == seq)
    query = select(ingest_log.c.body).join(ingest_pos, ingest_pos.c.ingest_id == ingest_log.c.ingest_id)
    body = tx.scalar(query.where(where))
    moment = recorded_at(bytes(body)) if body is not None else None
    return moment.at_ms if moment is not None else None


def left_at(tx: Connection, id: bytes, till_id: str) -> int | None:
    """The last entry after which a later incarnation of the till goes on, None where there is no later one."""
    later = (incarnation.c.parent == id) & (incarnation.c.till_id == till_id)
    left: int | None = tx.scalar(select(func.max(incarnation.c.parent_seq)).where(later))
    return left


def known_events(tx: Connection, event_ids: Sequence[bytes]) -> dict[bytes, Known]:
    """Those of the ids that are in the log."""
    query = "select event_id, ingest_id, body_hash from ingest_log where event_id "
    if tx.dialect.name == "postgresql":
        rows = tx.exec_driver_sql(query + "= any(%s)", (list(event_ids),))
    else:
        marks = ",".join("?" * len(event_ids))
        rows = tx.exec_driver_sql(f"{query} in ({marks})", tuple(event_ids))
    return {bytes(row[0]): Known(row[1], bytes(row[2])) for row in rows}


def new_ingest_ids(tx: Connection, count: int) -> list[int]:
    if tx.dialect.name == "postgresql":
        sequence = (
            "select nextval(pg_get_serial_sequence('ingest_log', 'ingest_id')) from generate_series(1, :n)"
        )
        return list(tx.scalars(text(sequence), {"n": count}))
    last = tx.scalar(select(func.coalesce(func.max(ingest_log.c.ingest_id), 0))) or 0
    return list(range(last + 1, last + 1 + count))


def add_facts(tx: Connection, rows: Sequence[Sequence[Any]]) -> None:
    """Rows in the order of the log's columns; they wait to be applied from now on."""
    insert_rows(tx, ingest_log, rows)
    insert_rows(tx, ingest_queue, [(row[0], 0) for row in rows])


def add_positions(tx: Connection, rows: Sequence[Sequence[Any]]) -> None:
    insert_rows(tx, ingest_pos, rows)


def add_position(tx: Connection, row: dict[str, Any]) -> None:
    tx.execute(insert(ingest_pos).values(row))


def _incarnation(tx: Connection, id: bytes, *, lock: bool) -> Incarnation | None:
    columns = incarnation.c
    query: Select[Any] = select(
        columns.device_id,
        columns.till_id,
        columns.high,
        columns.head_hash,
        columns.state,
        columns.safe_through,
    )
    query = query.where(columns.incarnation == id)
    row = tx.execute(query.with_for_update() if lock else query).one_or_none()
    return Incarnation(*row) if row is not None else None
