"""Money in entries that are kept but could not be booked yet: it belongs to the takings all the same."""

from __future__ import annotations

from collections import defaultdict

import msgspec
from sqlalchemy import Connection, select

from shared_models.closing import UnclassifiedMoney as Unclassified
from sync_server.ingest.frame_contents import entries_kept_raw
from sync_server.ingest.sale_total import REFUND, SALE, unclassified_money
from sync_server.ingest.tables import ingest_log, quarantine

__all__ = ["NotBooked", "Unclassified", "not_booked"]


class NotBooked(msgspec.Struct, frozen=True):
    """`sales` also counts what came raw and nobody can read: it may be a sale, of whatever amount."""

    sales: list[Unclassified]
    refunds: list[Unclassified]


def not_booked(tx: Connection, store_id: str = "", till_id: str = "") -> NotBooked:
    """What is stored and not booked, and what came raw and waits for a person; of any day."""
    bodies: dict[str, list[bytes]] = defaultdict(list)
    query = (
        select(ingest_log.c.type, ingest_log.c.body)
        .join(quarantine, quarantine.c.ingest_id == ingest_log.c.ingest_id)
        .where(quarantine.c.resolved_at_ms.is_(None), ingest_log.c.type.in_((SALE, REFUND)))
    )
    if store_id:
        query = query.where(ingest_log.c.store_id == store_id)
    if till_id:
        query = query.where(ingest_log.c.till_id == till_id)
    for row in tx.execute(query):
        bodies[row.type].append(bytes(row.body))
    places = ((quarantine.c.store_id, store_id), (quarantine.c.till_id, till_id))
    for entry in entries_kept_raw(tx, *(column == value for column, value in places if value)):
        bodies[entry.type if entry else SALE].append(entry.body if entry else b"")
    return NotBooked(list(unclassified_money(bodies[SALE])), list(unclassified_money(bodies[REFUND])))
