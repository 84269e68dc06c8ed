"""Entries behind a gap: what lies before them is neither here nor at the central server.

The till is told where the gap begins and brings what is missing, as it keeps everything that no backup has; what lies
behind is held back until then. A till that is gone brings nothing: after a while what it left is passed on raw.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Join, delete, func, select

from shared_models.sync_api import Push
from sync_server.hubs.tables import relayed
from sync_server.ingest import log
from sync_server.ingest.chain import Stamped
from sync_server.ingest.tables import incarnation, ingest_log, ingest_pos
from sync_server.store_hub import aside, entries

PATIENCE_MS = 20 * 60_000
"""A till that sells nothing asks every ten minutes where it stands."""


class Gap(NamedTuple):
    """Behind `after` something is missing."""

    incarnation: bytes
    device_id: str
    after: int


class Patience:
    """How long tills have had to fill their gaps, while the central server could be reached."""

    def __init__(self) -> None:
        self._since_ms: dict[Gap, int] = {}

    def is_over(self, gaps: Sequence[Gap], elapsed_ms: int) -> list[Gap]:
        """Those of all the gaps that their tills have not even begun to fill."""
        self._since_ms = {gap: self._since_ms.get(gap, elapsed_ms) for gap in gaps}
        return [gap for gap in gaps if elapsed_ms - self._since_ms[gap] >= PATIENCE_MS]


def stand_at(tx: Connection, id: bytes, high: int, digest: bytes, now_ms: int) -> None:
    """The journal goes on from there. Where that entry is elsewhere its hash is kept: the next one follows on it."""
    log.advance(tx, id, high, digest, now_ms)
    if high and log.hash_at(tx, id, high) is None:
        log.add_position(tx, _place(id, high, digest))


def begins_behind(tx: Connection, id: bytes, high: int) -> bool:
    """Whether what is here past `high` does not go on from there, nor speak against it."""
    first = tx.execute(entries.held(id, high + 1, 1)).first()
    return first is not None and first.seq > high + 1 and log.hash_at(tx, id, high) is None


def is_whole(tx: Connection, id: bytes, after: int, head: int) -> bool:
    """Whether everything past `after` is here, up to the journal's head."""
    between = (ingest_pos.c.incarnation == id) & (ingest_pos.c.seq > after) & (ingest_pos.c.seq <= head)
    here = tx.scalar(select(func.count()).where(between, ingest_pos.c.ingest_id.is_not(None)))
    return here == head - after


def close(tx: Connection, id: bytes) -> None:
    """What lies right behind the head, and follows on it, is held back no longer."""
    stands = log.incarnation_of(tx, id)
    assert stands is not None
    high, digest = stands.high, stands.head_hash
    prev = digest if high else entries.beginning(tx, id)
    for entry in tx.execute(entries.held(id, high + 1)):
        if entry.seq != high + 1 or not entries.follows(id, entry, prev):
            break
        high, prev = entry.seq, bytes(entry.hash)
    if high > stands.high:
        log.advance(tx, id, high, prev, 0)


def make_room(tx: Connection, push: Push, fresh: Sequence[Stamped]) -> None:
    """The till brings these itself. What lies here in their place and is something else is put aside.

    So is what was sealed on top of that: once it is gone nobody here could tell what they followed on.
    """
    last = fresh[-1].seq
    claimed = {at.seq: at.hash for at in fresh} | {last: push.head_hash}
    there = ingest_pos.c.seq.between(fresh[0].seq, last)
    rows = tx.execute(entries.held(push.incarnation, fresh[0].seq, len(fresh)).where(there)).all()
    others = [row for row in rows if row.hash != claimed[row.seq]]
    before = log.hash_at(tx, push.incarnation, last)
    if before is not None and before != push.head_hash:
        on_top = list(_on_top_of(tx, push.incarnation, last, before))
        there = ingest_pos.c.seq.between(fresh[0].seq, last + len(on_top))
        others += on_top
    aside.put(tx, push.incarnation, (entries.as_push(tx, push.incarnation, [row]) for row in others))
    tx.execute(delete(ingest_pos).where(ingest_pos.c.incarnation == push.incarnation, there))


def _on_top_of(tx: Connection, id: bytes, seq: int, digest: bytes) -> Iterator[entries.Entry]:
    """The entries that follow on one another from the one at `seq` with that hash on."""
    for row in tx.execute(entries.held(id, seq + 1)):
        if row.seq != seq + 1 or not entries.follows(id, row, digest):
            return
        yield row
        seq, digest = row.seq, bytes(row.hash)


def all_gaps(tx: Connection) -> list[Gap]:
    """Of journals that the central server was asked about."""
    columns = (relayed.c.incarnation, relayed.c.device_id, incarnation.c.high)
    query = select(*columns).select_from(_behind()).distinct()
    known = ingest_pos.c.ingest_id.is_not(None) & relayed.c.central_high.is_not(None)
    rows = tx.execute(query.where(known).order_by(relayed.c.incarnation))
    return [Gap(bytes(row.incarnation), row.device_id, row.high) for row in rows]


def forget(tx: Connection, one: Push) -> None:
    """The central server keeps it, in a frame of its own."""
    gone = (ingest_pos.c.incarnation == one.incarnation) & (ingest_pos.c.seq == one.first_seq)
    number = tx.scalar(select(ingest_pos.c.ingest_id).where(gone, ingest_pos.c.hash == one.head_hash))
    tx.execute(delete(ingest_pos).where(gone, ingest_pos.c.ingest_id == number))
    elsewhere = select(ingest_pos.c.seq).where(ingest_pos.c.ingest_id == number)
    tx.execute(delete(ingest_log).where(ingest_log.c.ingest_id == number, ~elsewhere.exists()))


def _behind() -> Join:
    """Positions past the heads of their journals."""
    journals = relayed.join(incarnation, incarnation.c.incarnation == relayed.c.incarnation)
    past = (ingest_pos.c.incarnation == incarnation.c.incarnation) & (ingest_pos.c.seq > incarnation.c.high)
    return journals.join(ingest_pos, past)


def _place(id: bytes, seq: int, digest: bytes) -> dict[str, object]:
    return {
        "incarnation": id,
        "seq": seq,
        "event_id": b"",
        "ingest_id": None,
        "hash": digest,
        "signature": b"",
        "algorithm": "",
        "chain_ok": True,
    }
