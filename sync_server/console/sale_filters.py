"""Which sales a page speaks of, as its address says it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sync_server.auth import Actor
from sync_server.errors import Invalid
from sync_server.sales.service import SaleFilter
from sync_server.store_scope import store_in_scope

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TEXTS = ("till_id", "shift_id", "receipt", "product_id", "tender", "tax_id")


def sale_filter(query: Mapping[str, str], actor: Actor) -> SaleFilter:
    """`day` stands for both first_day and last_day. Unknown names are ignored."""
    days = {name: query.get(name) or query.get("day", "") for name in ("first_day", "last_day")}
    for day in days.values():
        if day and not _DAY.fullmatch(day):
            raise Invalid("A day is written like 2026-11-21.")
    hour = query.get("hour", "")
    return SaleFilter(
        store_id=store_in_scope(actor, query.get("store_id")) or "",
        **{name: query.get(name, "").strip() for name in _TEXTS},
        **days,
        hour=int(hour[:9]) if hour.isascii() and hour.isdigit() else None,
        late=query.get("late") == "true",
        training=query.get("training") == "true",
    )
