"""Re-stamping: entries that the server can't take where they stand move to the end of the current incarnation.

Id and body stay as they were, so a fact that arrives under both stamps is one fact. Place, chain and signature are
new, and whatever refers to the old place follows.
"""

from __future__ import annotations

from pos_client.store.connection import Driver
from pos_client.store.positions import position
from pos_client.store.segments import Segment
from shared_models.journal import ALGORITHM, Sign, body_hash, chain_hash

_REFERENCES = (
    ("sale", "pos"),
    ("shift", "opened_pos"),
    ("shift", "closed_pos"),
    ("shift_event", "pos"),
    ("refund", "pos"),
    ("unasked", "pos"),
    ("job", "pos"),
)
_RESTAMP = "update entry set pos = ?, prev = ?, hash = ?, signature = ?, algorithm = ? where pos = ?"


def count_after(connection: Driver, segment: Segment, seq: int) -> int:
    row = connection.execute("select count(*) from entry where pos > ? and pos < ?", _after(segment, seq))
    return int(row.fetchone()[0])


def restamp(connection: Driver, left: Segment, seq: int, onto: Segment, sign: Sign) -> None:
    """Moves the entries of `left` after `seq` behind the head of `onto`, in the caller's transaction."""
    connection.execute("pragma defer_foreign_keys=on")
    moves = _move_entries(connection, left, seq, onto, sign)
    if not moves:
        return
    _keep_shifts_whole(connection, moves)
    for table, column in _REFERENCES:
        connection.executemany(f"update {table} set {column} = ? where {column} = ?", moves)
    _add_up_again(connection, position(left.id, seq))


def _move_entries(
    connection: Driver, left: Segment, seq: int, onto: Segment, sign: Sign
) -> list[tuple[int, int]]:
    """(new, old) positions."""
    rows = connection.execute(
        "select pos, event_id, type, schema, body from entry where pos > ? and pos < ? order by pos",
        _after(left, seq),
    ).fetchall()
    at, prev = onto.head_seq, onto.head_hash
    moves = []
    for pos, event_id, kind, schema, body in rows:
        at += 1
        digest = chain_hash(onto.incarnation, at, event_id, body_hash(kind, schema, body), prev)
        new = position(onto.id, at)
        connection.execute(_RESTAMP, (new, prev, digest, sign(digest), ALGORITHM, pos))
        moves.append((new, pos))
        prev = digest
    return moves


def _keep_shifts_whole(connection: Driver, moves: list[tuple[int, int]]) -> None:
    """A shift is added up between two positions: its opening or some of its sales may move out of them."""
    first_old, last_new = moves[0][1], moves[-1][0]
    connection.execute(
        "update shift set since_pos = coalesce(since_pos, opened_pos) where opened_pos >= ?", (first_old,)
    )
    connection.execute("update shift set until_pos = ? where closed_pos > ?", (last_new, first_old))


def _add_up_again(connection: Driver, after_pos: int) -> None:
    """The running total of sales, in the order of the new places."""
    before = connection.execute(
        "select grand_total_minor from sale where pos <= ? order by pos desc limit 1", (after_pos,)
    ).fetchone()
    connection.execute(
        "update sale set grand_total_minor = ? + running.total from ("
        " select pos, sum(total_minor) over (order by pos) as total from sale where pos > ?"
        ") as running where running.pos = sale.pos",
        (before[0] if before else 0, after_pos),
    )


def _after(segment: Segment, seq: int) -> tuple[int, int]:
    return position(segment.id, seq), position(segment.id + 1, 0)
