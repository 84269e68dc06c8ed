"""Adding to stock levels in one statement, in an order in which two writers never wait for each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import msgspec
from sqlalchemy import Connection

Place = tuple[str, str]
"""(location_id, product_id)"""

_MERGE = """
on conflict (location_id, product_id) do update set
    on_hand_milli = stock_level.on_hand_milli + excluded.on_hand_milli,
    counted = (stock_level.counted or excluded.counted)
"""
_COLUMNS = "insert into stock_level (location_id, product_id, on_hand_milli, counted)"
_ON_SQLITE_AT_ONCE = 1000
_POSTGRESQL = f"""
with merged as (
    {_COLUMNS} select * from unnest(%s::text[], %s::text[], %s::bigint[], %s::bool[]) {_MERGE}
    returning location_id, product_id, on_hand_milli, counted
) select location_id, product_id, on_hand_milli from merged where counted and on_hand_milli < 0
"""
_BELOW_NOTHING = """
select level.location_id, level.product_id, level.on_hand_milli
from json_each(?) as changed
join stock_level as level on level.location_id = changed.value ->> 0 and level.product_id = changed.value ->> 1
where level.counted and level.on_hand_milli < 0
"""


def add_to_levels(tx: Connection, changes: Mapping[Place, tuple[int, bool]]) -> dict[Place, int]:
    """`changes` are (quantity_milli, counted) by place; a place without a level begins at nothing.

    Returns those of the places that are below nothing now although somebody once stated what is there.
    """
    if not changes:
        return {}
    rows = [(*place, *changes[place]) for place in sorted(changes)]
    if tx.dialect.name == "postgresql":
        columns = tuple([list(column) for column in zip(*rows, strict=True)])
        return {(row[0], row[1]): row[2] for row in tx.exec_driver_sql(_POSTGRESQL, columns)}
    below = [
        _merge_on_sqlite(tx, rows[at : at + _ON_SQLITE_AT_ONCE])
        for at in range(0, len(rows), _ON_SQLITE_AT_ONCE)
    ]
    if not any(below):
        return {}
    places = msgspec.json.encode(list(changes)).decode()
    return {(row[0], row[1]): row[2] for row in tx.exec_driver_sql(_BELOW_NOTHING, (places,))}


def _merge_on_sqlite(tx: Connection, rows: Sequence[tuple[str, str, int, bool]]) -> bool:
    """Whether any of them is below nothing now."""
    values = ", ".join(["(?, ?, ?, ?)"] * len(rows))
    merge = f"{_COLUMNS} values {values} {_MERGE} returning counted and on_hand_milli < 0"
    return any(row[0] for row in tx.exec_driver_sql(merge, tuple(chain.from_iterable(rows))).fetchall())
