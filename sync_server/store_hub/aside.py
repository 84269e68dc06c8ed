"""Frames that go to the central server raw: what a till could bring no other way, and what parted from its journal.

They may be nowhere else, so they are kept for a while after they were passed on.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from sqlalchemy import Connection, func, insert, select, update

from shared_models import wire
from shared_models.sync_api import Push
from sync_server.hubs.tables import relayed
from sync_server.ingest.tables import incarnation, quarantine

PASSED_ON = "passed on"
REFUSED_AGAIN_MS = 600_000
_TRIES = 3
_OPEN = quarantine.c.raw.is_not(None) & quarantine.c.resolved_at_ms.is_(None)


class PutOff:
    """Frames that the central server refuses, or dies of: they are left alone for a while and hold up nothing."""

    def __init__(self) -> None:
        self._deaths: dict[str, int] = {}
        self._until_ms: dict[str, int] = {}

    def waits(self, id: str, elapsed_ms: int) -> bool:
        return elapsed_ms < self._until_ms.get(id, elapsed_ms)

    def refused(self, id: str, elapsed_ms: int) -> None:
        self._until_ms[id] = elapsed_ms + REFUSED_AGAIN_MS

    def unanswered(self, id: str, elapsed_ms: int) -> None:
        self._deaths[id] = self._deaths.get(id, 0) + 1
        if self._deaths[id] % _TRIES == 0:
            self.refused(id, elapsed_ms)

    def taken(self, id: str) -> None:
        self._deaths.pop(id, None)
        self._until_ms.pop(id, None)


def put(tx: Connection, id: bytes, singles: Iterable[Push]) -> None:
    """Each is kept as a frame that is passed on raw."""
    for one in singles:
        _keep(tx, id, wire.pack(one))


def waiting(tx: Connection) -> int:
    """Frames that the central server has not got."""
    return tx.scalar(select(func.count()).where(_OPEN)) or 0


def to_pass_on(tx: Connection) -> list[tuple[str, str]]:
    """(frame's id, device id), the oldest first. A frame may be large: each is read when it is its turn."""
    frames = select(quarantine.c.quarantine_id, quarantine.c.device_id).where(_OPEN)
    rows = tx.execute(frames.order_by(quarantine.c.at_ms, quarantine.c.quarantine_id))
    return [(row.quarantine_id, row.device_id) for row in rows]


def frame(tx: Connection, id: str) -> bytes:
    raw = tx.scalar(select(quarantine.c.raw).where(quarantine.c.quarantine_id == id))
    assert raw is not None
    return bytes(raw)


def passed_on(tx: Connection, id: str, now_ms: int) -> None:
    done = {"resolved_at_ms": now_ms, "resolved_by": PASSED_ON}
    tx.execute(update(quarantine).where(quarantine.c.quarantine_id == id).values(done))


def bring_again(tx: Connection) -> None:
    """The central server went back and may have lost what it was given; what it has, it keeps once."""
    gone_on = quarantine.c.resolved_by == PASSED_ON
    tx.execute(update(quarantine).where(gone_on).values(resolved_at_ms=None, resolved_by=""))


def _keep(tx: Connection, id: bytes, frame: bytes) -> None:
    frame_id = sha256(frame).hexdigest()
    if tx.scalar(select(quarantine.c.quarantine_id).where(quarantine.c.quarantine_id == frame_id)):
        return
    row = tx.execute(select(relayed).where(relayed.c.incarnation == id)).one()
    came_ms = tx.scalar(select(incarnation.c.last_received_ms).where(incarnation.c.incarnation == id))
    values = {
        "quarantine_id": frame_id,
        "raw": frame,
        "reason": "raw",
        "detail": "the central server's journal goes on otherwise",
        "attempts": 0,
        "till_id": row.till_id,
        "store_id": row.till_id.rpartition("-")[0],
        "device_id": row.device_id,
        "at_ms": came_ms,
        "resolved_by": "",
    }
    tx.execute(insert(quarantine).values(values))
