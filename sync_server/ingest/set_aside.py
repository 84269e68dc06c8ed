"""What could not be booked and nobody needs any more: a person says why, and it counts no longer as money."""

from __future__ import annotations

from sqlalchemy import Connection, update

from sync_server.errors import Conflict, Invalid
from sync_server.findings import Inbox
from sync_server.ingest.queue import case_key, is_queued
from sync_server.ingest.tables import quarantine

LONGEST_REASON = 1000


def set_aside(tx: Connection, inbox: Inbox, quarantine_id: str, reason: str, by: str, now_ms: int) -> None:
    """A frame or a stored entry; raises Conflict for what was decided, or is just being tried.

    Its bytes stay where they are, closings name it, and it can still be tried again.
    """
    if not (reason := reason.strip()):
        raise Invalid("Write why nobody needs it, so that the next one knows.")
    if len(reason) > LONGEST_REASON:
        raise Invalid(f"The reason may have {LONGEST_REASON} characters. Write a shorter one.")
    if is_queued(tx, quarantine_id):
        raise Conflict("It is being tried again at this moment. Look in a few seconds what came of it.")
    done = {"resolved_at_ms": now_ms, "resolved_by": by, "set_aside_for": reason}
    waiting = quarantine.c.resolved_at_ms.is_(None) & (quarantine.c.quarantine_id == quarantine_id)
    if tx.execute(update(quarantine).where(waiting).values(done)).rowcount == 0:
        raise Conflict("It does not wait any more: somebody set it aside, or it was taken in.")
    inbox.decide(tx, case_key(quarantine_id), f"Set aside: {reason}", by)
