"""The whole schema: importing this puts every area's tables on `metadata`."""

from __future__ import annotations

from sync_server.accounts import tables as accounts
from sync_server.cash import tables as cash
from sync_server.catalogue import tables as catalogue
from sync_server.database import metadata
from sync_server.evidence import tables as evidence
from sync_server.exceptions import tables as exceptions
from sync_server.feed import tables as feed
from sync_server.handed_in import tables as handed_in
from sync_server.hubs import tables as hubs
from sync_server.ingest import tables as ingest
from sync_server.leases import tables as leases
from sync_server.pricing import tables as pricing
from sync_server.sales import tables as sales
from sync_server.staff import tables as staff
from sync_server.stock import tables as stock
from sync_server.stores import tables as stores
from sync_server.tills import tables as tills

__all__ = [
    "accounts",
    "cash",
    "catalogue",
    "evidence",
    "exceptions",
    "feed",
    "handed_in",
    "hubs",
    "ingest",
    "leases",
    "metadata",
    "pricing",
    "sales",
    "staff",
    "stock",
    "stores",
    "tills",
]
