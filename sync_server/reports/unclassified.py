"""Money in entries that are kept but could not be booked yet: it belongs to the takings all the same."""

from __future__ import annotations

from collections import defaultdict

import msgspec
from sqlalchemy import Connection, select

from shared_models.money import CURRENCIES, MAX_AMOUNT_MINOR
from sync_server.ingest.tables import ingest_log, quarantine

_SALE = "sale.posted"


class Unclassified(msgspec.Struct, frozen=True):
    """`amount_minor` adds up the totals that could be made out; `unreadable` entries hide theirs."""

    currency: str
    entries: int
    amount_minor: int
    unreadable: int


class _SaleTotal(msgspec.Struct):
    total_minor: int
    currency: str


class _Body(msgspec.Struct):
    fact: _SaleTotal


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
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for body in tx.scalars(query):
        total = _total(bytes(body))
        sums = found[total.currency if total else ""]
        sums[0] += 1
        sums[1] += total.total_minor if total else 0
        sums[2] += 0 if total else 1
    return [Unclassified(currency, *sums) for currency, sums in sorted(found.items())]


def _total(body: bytes) -> _SaleTotal | None:
    """Only what the sum needs, so that a sale that breaks elsewhere is still counted."""
    try:
        found = msgspec.json.decode(body, type=_Body).fact
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    sound = abs(found.total_minor) <= MAX_AMOUNT_MINOR and found.currency in CURRENCIES
    return found if sound else None
