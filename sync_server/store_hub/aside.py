"""What the hub holds of a journal that goes on otherwise at the central server: it may be nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from sqlalchemy import Connection, func, insert, select

from shared_models import wire
from shared_models.sync_api import Push
from sync_server.hubs.tables import relayed
from sync_server.ingest.tables import incarnation, quarantine


def put(tx: Connection, id: bytes, singles: Iterable[Push]) -> None:
    """Each is kept as a frame that is passed on raw."""
    for one in singles:
        _keep(tx, id, wire.pack(one))


def waiting(tx: Connection) -> int:
    """Frames that the central server has not got."""
    open_frames = select(func.count()).where(
        quarantine.c.raw.is_not(None), quarantine.c.resolved_at_ms.is_(None)
    )
    return tx.scalar(open_frames) or 0


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
