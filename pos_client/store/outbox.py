"""The journal as the sync engine sees it: incarnations, entries past the acknowledged one, and the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from pos_client.store.checkpoints import keep_checkpoint
from pos_client.store.connection import Database, Driver
from pos_client.store.journal import COLUMNS, entry_of
from pos_client.store.positions import position
from pos_client.store.sales import grand_total
from pos_client.store.segments import Segment, segments
from pos_client.till.ports import Unsent
from shared_models.checkpoint import Checkpoint
from shared_models.events import recorded_at
from shared_models.journal import Entry
from shared_models.sync_api import SegmentState


def segment_states(database: Database) -> tuple[SegmentState, ...]:
    with database.read() as connection:
        return tuple(_state(segment) for segment in segments(connection) if segment.head_seq)


def _state(segment: Segment) -> SegmentState:
    return SegmentState(
        incarnation=segment.incarnation,
        head_seq=segment.head_seq,
        head_hash=segment.head_hash,
        acked=segment.acked,
        parent=segment.parent,
        parent_seq=segment.parent_seq,
        parent_hash=segment.parent_hash,
    )


def entries(
    database: Database, incarnation: bytes, after_seq: int, limit: int, max_bytes: int
) -> Sequence[Entry]:
    """At most `limit` entries and `max_bytes` of bodies, but at least one entry when there is one."""
    found: list[Entry] = []
    size = 0
    with database.read() as connection:
        segment = _segment_id(connection, incarnation)
        if segment is None:
            return ()
        rows = connection.execute(
            f"select {COLUMNS} from entry where pos > ? and pos < ? order by pos limit ?",
            (position(segment, after_seq), position(segment + 1, 0), limit),
        )
        for row in rows:
            entry = entry_of(incarnation, row)
            size += len(entry.body)
            if found and size > max_bytes:
                break
            found.append(entry)
    return found


def entry_hash(database: Database, incarnation: bytes, seq: int) -> bytes | None:
    with database.read() as connection:
        segment = _segment_id(connection, incarnation)
        if segment is None:
            return None
        row = connection.execute("select hash from entry where pos = ?", (position(segment, seq),)).fetchone()
    return None if row is None else row[0]


def acknowledge(
    database: Database,
    incarnation: bytes,
    high: int,
    safe_through: int,
    checkpoint: Checkpoint | None = None,
) -> None:
    """Never past what the till holds: a server that names more is talking about another journal."""

    def work(connection: Driver) -> None:
        for segment in segments(connection):
            if segment.incarnation == incarnation:
                connection.execute(
                    "update segment set acked = ?, safe = ? where id = ?",
                    (min(high, segment.head_seq), min(safe_through, segment.head_seq), segment.id),
                )
        if checkpoint is not None:
            keep_checkpoint(connection, checkpoint)

    database.write(work)


def cut(connection: Driver, segment: Segment, seq: int) -> None:
    """Nothing past `seq` counts as acknowledged any more."""
    connection.execute(
        "update segment set acked = min(acked, ?), safe = min(safe, ?) where id = ?", (seq, seq, segment.id)
    )


def unsent(connection: Driver) -> Unsent:
    count, oldest_at_ms, value_minor = 0, None, 0
    for segment in segments(connection):
        if segment.head_seq <= segment.acked:
            continue
        count += segment.head_seq - segment.acked
        sent_pos = position(segment.id, segment.acked)
        if oldest_at_ms is None:
            body = connection.execute("select body from entry where pos = ?", (sent_pos + 1,)).fetchone()
            # None for a damaged entry: it is sent all the same, and the day must go on meanwhile.
            oldest = None if body is None else recorded_at(body[0])
            oldest_at_ms = oldest.at_ms if oldest else None
        head_pos = position(segment.id, segment.head_seq)
        value_minor += grand_total(connection, head_pos) - grand_total(connection, sent_pos)
    return Unsent(count, oldest_at_ms, value_minor)


def _segment_id(connection: Driver, incarnation: bytes) -> int | None:
    row = connection.execute("select id from segment where incarnation = ?", (incarnation,)).fetchone()
    return None if row is None else int(row[0])
