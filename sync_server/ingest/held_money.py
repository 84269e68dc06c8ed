"""What lies in one quarantined thing, as money: it tells whoever must decide what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, select

from shared_models.closing import UnclassifiedMoney
from sync_server.ingest.frame_contents import one_frame
from sync_server.ingest.sale_total import REFUND, SALE, unclassified_money
from sync_server.ingest.tables import ingest_log, quarantine


class HeldMoney(NamedTuple):
    """A row per currency, with an empty one for what can't be read."""

    sales: tuple[UnclassifiedMoney, ...] = ()
    refunds: tuple[UnclassifiedMoney, ...] = ()


def held_money(tx: Connection, quarantine_id: str) -> HeldMoney:
    """As the bytes say it, whatever came of them. Nothing for what is neither a sale nor a refund."""
    bodies = list(_bodies(tx, quarantine_id))
    sales, refunds = ([body for type, body in bodies if type == kind] for kind in (SALE, REFUND))
    return HeldMoney(unclassified_money(sales), unclassified_money(refunds))


def _bodies(tx: Connection, quarantine_id: str) -> Iterator[tuple[str, bytes]]:
    """(type, body); a frame that nobody can read may be a sale."""
    here = quarantine.c.quarantine_id == quarantine_id
    if tx.scalar(select(quarantine.c.quarantine_id).where(here, quarantine.c.raw.is_not(None))):
        frame = one_frame(tx, quarantine_id)
        if frame is None or frame.push is None:
            yield SALE, b""
        else:
            yield from ((entry.type, entry.body) for entry in frame.push.entries)
        return
    stored = select(ingest_log.c.type, ingest_log.c.body)
    stored = stored.join(quarantine, quarantine.c.ingest_id == ingest_log.c.ingest_id)
    for type, body in tx.execute(stored.where(here)):
        yield type, bytes(body)
