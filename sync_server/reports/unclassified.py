"""Money in entries that are kept but could not be booked yet: it belongs to the takings all the same."""

from __future__ import annotations

from sqlalchemy import Connection, select

from shared_models.closing import UnclassifiedMoney as Unclassified
from sync_server.ingest.sale_total import unclassified_money
from sync_server.ingest.tables import ingest_log, quarantine

__all__ = ["Unclassified", "unclassified"]
_SALE = "sale.posted"


def unclassified(tx: Connection, store_id: str = "", till_id: str = "") -> list[Unclassified]:
    query = (
        select(ingest_log.c.body)
        .join(quarantine, quarantine.c.ingest_id == ingest_log.c.ingest_id)
        .where(quarantine.c.resolved_at_ms.is_(None), ingest_log.c.type == _SALE)
    )
    if store_id:
        query = query.where(ingest_log.c.store_id == store_id)
    if till_id:
        query = query.where(ingest_log.c.till_id == till_id)
    return list(unclassified_money(map(bytes, tx.scalars(query))))
