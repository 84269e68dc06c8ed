"""Many rows at once: all arrive as they were given, or none does."""

from __future__ import annotations

import psycopg.errors
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from sync_server.bulk_rows import insert_rows
from sync_server.database import Database
from sync_server.sales.tables import sale_tender

ONE_TOO_MANY = 2 * (2000 // len(sale_tender.columns)) + 1


def tenders(count: int) -> list[tuple[object, ...]]:
    return [(f"{at:016}".encode(), at % 3, "cash", at * 7, -at) for at in range(count)]


@pytest.mark.parametrize("count", [0, 1, ONE_TOO_MANY - 1, ONE_TOO_MANY])
def test_however_many_rows_are_given_all_are_written_once(database: Database, count: int) -> None:
    with database.write() as tx:
        insert_rows(tx, sale_tender, iter(tenders(count)))
    with database.read() as tx:
        written = tx.execute(select(sale_tender).order_by(sale_tender.c.event_id)).all()
    assert [tuple(row) for row in written] == tenders(count)


@pytest.mark.parametrize("known", [0, ONE_TOO_MANY // 2, ONE_TOO_MANY - 1])
def test_one_row_that_is_there_already_is_a_clash_and_leaves_none(database: Database, known: int) -> None:
    rows = tenders(ONE_TOO_MANY)
    with database.write() as tx:
        insert_rows(tx, sale_tender, [rows[known]])
        with pytest.raises((IntegrityError, psycopg.errors.UniqueViolation)), tx.begin_nested():
            insert_rows(tx, sale_tender, rows)
        assert tx.scalar(select(func.count()).select_from(sale_tender)) == 1
