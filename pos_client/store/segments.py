"""Incarnations: the lives of a till's database, when a new one begins, and where the current one ends."""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec

from pos_client.store.anchor import Anchor
from pos_client.store.connection import Database, Driver
from pos_client.store.positions import position, seq_of
from shared_models.ids import series_of
from shared_models.journal import first_prev

log = logging.getLogger(__name__)

Mint = Callable[[int], bytes]
"""mint(n) -> n random bytes"""

_INCARNATION_BYTES = 16
_ATTEMPTS = 1000


class Segment(msgspec.Struct, frozen=True):
    """One incarnation as stored; while it is empty `head_hash` is what its first entry chains to."""

    id: int
    incarnation: bytes
    series: str
    parent: bytes | None
    parent_seq: int
    parent_hash: bytes
    acked: int
    safe: int
    head_seq: int
    head_hash: bytes

    def first_prev(self) -> bytes:
        return first_prev(self.parent, self.parent_seq, self.parent_hash)


_COLUMNS = "id, incarnation, series, parent, parent_seq, parent_hash, acked, safe"


def segments(connection: Driver) -> tuple[Segment, ...]:
    """All incarnations, oldest first; the last is the current one."""
    rows = connection.execute(f"select {_COLUMNS} from segment order by id").fetchall()
    return tuple(_segment(connection, row) for row in rows)


def _segment(connection: Driver, row: tuple[int, bytes, str, bytes | None, int, bytes, int, int]) -> Segment:
    head = connection.execute(
        "select pos, hash from entry where pos between ? and ? order by pos desc limit 1",
        (position(row[0], 1), position(row[0] + 1, 0) - 1),
    ).fetchone()
    seq, hash = (seq_of(head[0]), head[1]) if head else (0, first_prev(row[3], row[4], row[5]))
    return Segment(*row, seq, hash)


def open_current(database: Database, anchor: Anchor | None, mint: Mint) -> Segment:
    """The incarnation to go on with: a new one at first, or when the anchor shows that entries are gone."""

    def work(connection: Driver) -> Segment:
        known = segments(connection)
        if known and _continues(connection, known[-1], anchor):
            return known[-1]
        return _begin(connection, known, mint)

    return database.write(work)


def _continues(connection: Driver, current: Segment, anchor: Anchor | None) -> bool:
    if anchor is None:
        return True
    if anchor.incarnation == current.incarnation.hex() and anchor.hash == _hash_at(
        connection, current, anchor.seq
    ):
        return True
    log.warning(
        "The till's database ends at entry %d, but this machine had seen entry %d of %s. "
        "It was probably restored from a copy: a new receipt series begins; tell head office.",
        current.head_seq,
        anchor.seq,
        anchor.incarnation or "an unreadable anchor",
    )
    return False


def _hash_at(connection: Driver, segment: Segment, seq: int) -> str | None:
    if seq == 0:
        return segment.first_prev().hex()
    row = connection.execute("select hash from entry where pos = ?", (position(segment.id, seq),)).fetchone()
    return None if row is None else row[0].hex()


def _begin(connection: Driver, known: tuple[Segment, ...], mint: Mint) -> Segment:
    incarnation = _fresh(known, mint)
    parent = known[-1] if known else None
    origin = (parent.incarnation, parent.head_seq, parent.head_hash) if parent else (None, 0, b"")
    connection.execute(
        "insert into segment(incarnation, series, parent, parent_seq, parent_hash) values (?, ?, ?, ?, ?)",
        (incarnation, series_of(incarnation), *origin),
    )
    return segments(connection)[-1]


def _fresh(known: tuple[Segment, ...], mint: Mint) -> bytes:
    """An incarnation whose receipt series no earlier one has: three characters alone could meet again."""
    taken = {segment.series for segment in known}
    for _ in range(_ATTEMPTS):
        incarnation = mint(_INCARNATION_BYTES)
        if series_of(incarnation) not in taken:
            return incarnation
    raise AssertionError("the source of random bytes repeats itself")
