"""Incarnations: the lives of a till's database, when a new one begins, and where the current one ends."""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec

from pos_client.store.anchor import UNREADABLE, Anchor
from pos_client.store.connection import Driver
from pos_client.store.positions import position, seq_of
from shared_models.continuity import IncarnationOpened, Reason
from shared_models.errors import ShopError
from shared_models.events import decode_body
from shared_models.ids import series_of
from shared_models.journal import first_prev

log = logging.getLogger(__name__)

Mint = Callable[[int], bytes]
"""mint(n) -> n random bytes"""

_INCARNATION_BYTES = 16
_ATTEMPTS = 1000


class Segment(msgspec.Struct, frozen=True):
    """One incarnation as stored; while it is empty `head_hash` is what its first entry chains to.

    `public_key` is the key that its entries are signed with, empty where an older version did not note it.
    """

    id: int
    incarnation: bytes
    series: str
    parent: bytes | None
    parent_seq: int
    parent_hash: bytes
    acked: int
    safe: int
    public_key: bytes
    head_seq: int
    head_hash: bytes

    def first_prev(self) -> bytes:
        return first_prev(self.parent, self.parent_seq, self.parent_hash)


class Here(msgspec.Struct, frozen=True):
    """What this start of the till knows of itself: the key it signs with, and the machine; empty where unknown."""

    public_key: bytes = b""
    machine: str = ""


_COLUMNS = "id, incarnation, series, parent, parent_seq, parent_hash, acked, safe, public_key"


def segments(connection: Driver) -> tuple[Segment, ...]:
    """All incarnations, oldest first; the last is the current one."""
    rows = connection.execute(f"select {_COLUMNS} from segment order by id").fetchall()
    return tuple(_segment(connection, row) for row in rows)


def _segment(
    connection: Driver, row: tuple[int, bytes, str, bytes | None, int, bytes, int, int, bytes]
) -> Segment:
    head = connection.execute(
        "select pos, hash from entry where pos between ? and ? order by pos desc limit 1",
        (position(row[0], 1), position(row[0] + 1, 0) - 1),
    ).fetchone()
    seq, hash = (seq_of(head[0]), head[1]) if head else (0, first_prev(row[3], row[4], row[5]))
    return Segment(*row, seq, hash)


def why_a_new_one(connection: Driver, anchor: Anchor | None, here: Here) -> Reason | None:
    """What keeps the till from going on in its current incarnation, or None."""
    known = segments(connection)
    if not known:
        return None
    current = known[-1]
    if here.public_key and current.public_key not in (b"", here.public_key):
        log.warning("The till was enrolled again with a new key: a new receipt series begins.")
        return "new_key"
    if anchor is None or _knows_of(connection, current, anchor):
        return None
    if anchor.machine and here.machine and anchor.machine != here.machine:
        log.warning("The till's files are on another machine than before: a new receipt series begins.")
        return "new_machine"
    if _is_at(connection, current, anchor):
        return None
    log.warning(
        "The till's database ends at entry %d, but this machine had seen entry %d of %s. "
        "It was probably restored from a copy: a new receipt series begins; tell head office.",
        current.head_seq,
        anchor.seq,
        anchor.incarnation or "an unreadable anchor",
    )
    return "unproven" if anchor == UNREADABLE else "restored"


def _knows_of(connection: Driver, current: Segment, anchor: Anchor) -> bool:
    """Whether the incarnation began with this anchor in view, and the till was killed before it wrote a newer one."""
    row = connection.execute(
        "select type, schema, body from entry where pos = ?", (position(current.id, 1),)
    ).fetchone()
    try:
        opened = None if row is None else decode_body(*row).fact
    except ShopError:
        return False
    if not isinstance(opened, IncarnationOpened):
        return False
    if anchor == UNREADABLE:
        return opened.reason == "unproven" and current.head_seq == 1
    return anchor.incarnation == opened.parent and anchor.seq <= opened.seen_seq


def _is_at(connection: Driver, current: Segment, anchor: Anchor) -> bool:
    same = anchor.incarnation == current.incarnation.hex()
    return same and anchor.hash == hash_at(connection, current, anchor.seq).hex()


def hash_at(connection: Driver, segment: Segment, seq: int) -> bytes:
    """What the entry after `seq` chains to; empty where there is no such entry."""
    if seq == 0:
        return segment.first_prev()
    row = connection.execute("select hash from entry where pos = ?", (position(segment.id, seq),)).fetchone()
    return b"" if row is None else bytes(row[0])


def begin(connection: Driver, mint: Mint, public_key: bytes, parent_seq: int | None = None) -> Segment:
    """A new current incarnation, which goes on where the one before ends, or at its entry `parent_seq`."""
    known = segments(connection)
    incarnation = _fresh(known, mint)
    origin: tuple[bytes | None, int, bytes] = (None, 0, b"")
    if known:
        parent = known[-1]
        seq = parent.head_seq if parent_seq is None else parent_seq
        origin = (parent.incarnation, seq, hash_at(connection, parent, seq))
    connection.execute(
        "insert into segment(incarnation, series, parent, parent_seq, parent_hash, public_key)"
        " values (?, ?, ?, ?, ?, ?)",
        (incarnation, series_of(incarnation), *origin, public_key),
    )
    return segments(connection)[-1]


def note_key(connection: Driver, segment: Segment, public_key: bytes) -> None:
    """For an incarnation that an older version began."""
    connection.execute("update segment set public_key = ? where id = ?", (public_key, segment.id))


def _fresh(known: tuple[Segment, ...], mint: Mint) -> bytes:
    """An incarnation whose receipt series no earlier one has: three characters alone could meet again."""
    taken = {segment.series for segment in known}
    for _ in range(_ATTEMPTS):
        incarnation = mint(_INCARNATION_BYTES)
        if series_of(incarnation) not in taken:
            return incarnation
    raise AssertionError("the source of random bytes repeats itself")
