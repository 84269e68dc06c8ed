"""What lies in one quarantined thing, as money: it tells whoever must decide what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, select

from shared_models.closing import UnclassifiedMoney
from sync_server.ingest.frame_contents import one_frame
from sync_server.ingest.sale_total import UNREADABLE, unclassified_money
from sync_server.ingest.tables import ingest_log, quarantine

_SALE, _REFUND = "sale.posted", "refund.posted"


class HeldMoney(NamedTuple):
    """A row per currency, with an empty one for what can't be read."""

    sales: tuple[UnclassifiedMoney, ...] = ()
    refunds: tuple[UnclassifiedMoney, ...] = ()


def held_money(tx: Connection, quarantine_id: str) -> HeldMoney:
    """As the bytes say it, whatever came of them. Nothing for what is neither a sale nor a refund."""
    bodies = list(_bodies(tx, quarantine_id))
    if not bodies and _is_frame(tx, quarantine_id):
        return HeldMoney((UNREADABLE,))
    sales, refunds = ([body for type, body in bodies if type == kind] for kind in (_SALE, _REFUND))
    return HeldMoney(unclassified_money(sales), unclassified_money(refunds))


def _bodies(tx: Connection, quarantine_id: str) -> Iterator[tuple[str, bytes]]:
    """(type, body)"""
    frame = one_frame(tx, quarantine_id)
    if frame is not None and frame.push is not None:
        yield from ((entry.type, entry.body) for entry in frame.push.entries)
        return
    stored = select(ingest_log.c.type, ingest_log.c.body)
    stored = stored.join(quarantine, quarantine.c.ingest_id == ingest_log.c.ingest_id)
    for type, body in tx.execute(stored.where(quarantine.c.quarantine_id == quarantine_id)):
        yield type, bytes(body)


def _is_frame(tx: Connection, quarantine_id: str) -> bool:
    here = (quarantine.c.quarantine_id == quarantine_id) & quarantine.c.raw.is_not(None)
    return tx.scalar(select(quarantine.c.quarantine_id).where(here)) is not None
