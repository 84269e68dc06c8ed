"""A till put back from a copy, a till that runs twice, a server put back from a copy: every sale once, and said."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlcipher3.dbapi2
from sqlalchemy import func, select

from pos_client.journal_check import verify
from sync_server.exceptions.tables import exception_case
from sync_server.ingest.tables import ingest_queue
from sync_server.sales.tables import sale as sale_table
from tests.flows.real_till import RealTill
from tests.flows.served_shop import ServedShop
from tests.pos_client.store.made_up_shop import shift_opened

pytestmark = [pytest.mark.slow, pytest.mark.expects_log]


@pytest.fixture
def till(tmp_path: Path, shop: ServedShop, stack: ExitStack) -> RealTill:
    till = RealTill(tmp_path / "till", f"http://127.0.0.1:{shop.port}")
    stack.callback(till.close)
    till.enrol(shop.code())
    till.books.post(shift_opened())
    return till


def copy_of(till: RealTill, tmp_path: Path) -> Path:
    """The till's folder as it is now, anchor and identity included; the till goes on."""
    copy = tmp_path / "copy"
    end(till)
    shutil.copytree(till.folder, copy)
    till.books = till._open_books()
    return copy


def end(till: RealTill) -> None:
    """The till's program is closed."""
    if till.worker is not None:
        assert till.worker.stop()
        till.worker = None
    till.books.close()


def put_back(till: RealTill, copy: Path, *, with_anchor: bool) -> None:
    end(till)
    for path in till.folder.glob("till.db*"):
        path.unlink()
    shutil.copy(copy / "till.db", till.folder / "till.db")
    if with_anchor:
        shutil.copytree(copy / "anchor", till.folder / "anchor", dirs_exist_ok=True)
    till.books = till._open_books()


def booked(shop: ServedShop) -> int:
    with shop.db.read() as tx:
        return int(tx.scalar(select(func.count()).select_from(sale_table)) or 0)


def cases(shop: ServedShop) -> dict[str, str]:
    with shop.db.read() as tx:
        query = select(exception_case.c.kind, exception_case.c.sentence)
        return {row.kind: row.sentence for row in tx.execute(query.order_by(exception_case.c.case_id))}


def assert_all_is_there_once(shop: ServedShop, *tills: RealTill) -> None:
    made = {entry.event_id: entry.body for till in tills for entry in till.journal()}
    stored = shop.stored()
    assert len(stored) == len(dict(stored)), "doubled"
    missing = made.items() - dict(stored).items()
    assert not missing, "lost or altered"
    for till in tills:
        till.wait(lambda: not _queued(shop))
        assert verify(till.folder / "till.db", None, till.identity.public_key).faults == ()


def _queued(shop: ServedShop) -> bool:
    with shop.db.read() as tx:
        return bool(tx.scalar(select(func.count()).select_from(ingest_queue)))


@pytest.mark.parametrize("with_anchor", [False, True])
def test_a_till_put_back_from_yesterdays_copy_sells_on_and_loses_nothing(
    till: RealTill, shop: ServedShop, tmp_path: Path, with_anchor: bool
) -> None:
    """`with_anchor`: the whole machine was put back, so that only the server can tell."""
    till.sell(5)
    till.start()
    till.wait_until_all_is_sent()
    copy = copy_of(till, tmp_path)
    till.sell(4)
    till.start()
    till.wait_until_all_is_sent()
    put_back(till, copy, with_anchor=with_anchor)
    till.sell(3)
    till.start()
    till.wait_until_all_is_sent()
    till.wait(lambda: len(till.books.segments()) == 2)
    till.sell(2)
    till.wait_until_all_is_sent()
    till.wait(lambda: booked(shop) == 14)
    assert_all_is_there_once(shop, till)
    assert "journal_restarted" in cases(shop)
    assert "Nothing is missing" in cases(shop)["journal_restarted"]
    assert ("receipt_number_twice" in cases(shop)) == with_anchor
    numbers = [posted.sale.receipt_number for posted in till.books.recent_sales(3)]
    assert numbers[0].endswith("-000002" if with_anchor else "-000005")


def test_sales_that_burned_with_a_disk_are_named(till: RealTill, shop: ServedShop, tmp_path: Path) -> None:
    till.sell(5)
    till.start()
    till.wait_until_all_is_sent()
    copy = copy_of(till, tmp_path)
    till.sell(4)
    put_back(till, copy, with_anchor=False)
    till.start()
    till.wait_until_all_is_sent()
    till.wait(lambda: "journal_restarted" in cases(shop))
    assert "Entries 7 to 10 of the series before never arrived" in cases(shop)["journal_restarted"]


def test_two_machines_that_run_as_one_till_are_told_apart_and_both_sell(
    till: RealTill, shop: ServedShop, tmp_path: Path, stack: ExitStack
) -> None:
    till.sell(5)
    till.start()
    till.wait_until_all_is_sent()
    twin = RealTill(copy_of(till, tmp_path), till.url)
    stack.callback(twin.close)
    twin._sales = 1000
    till.sell(3)
    till.start()
    till.wait_until_all_is_sent()
    twin.sell(4)
    twin.start()
    twin.wait_until_all_is_sent()
    till.sell(2)
    till.wait_until_all_is_sent()
    twin.sell(1)
    twin.wait_until_all_is_sent()
    till.wait(lambda: booked(shop) == 15)
    assert_all_is_there_once(shop, till, twin)
    assert len(till.books.segments()) == 1
    assert len(twin.books.segments()) == 2
    assert {"journal_restarted", "till_cloned", "receipt_number_twice"} <= cases(shop).keys()
    assert "two machines at once" in cases(shop)["till_cloned"]


def test_a_server_put_back_from_an_hour_ago_gets_the_hour_again(
    till: RealTill, shop: ServedShop, tmp_path: Path
) -> None:
    till.sell(5)
    till.start()
    till.wait_until_all_is_sent()
    shop.stop()
    backup = tmp_path / "backup.db"
    database = sqlcipher3.dbapi2.connect(str(tmp_path / "server" / "evertill.db"), isolation_level=None)
    database.execute(f"vacuum into '{backup}'")
    database.close()
    shop.start()
    till.sell(6)
    till.wait_until_all_is_sent()
    shop.stop()
    shop.db.close()
    for path in (tmp_path / "server").glob("evertill.db*"):
        path.unlink()
    shutil.copy(backup, tmp_path / "server" / "evertill.db")
    shop.start()
    till.sell(1)
    till.wait(lambda: booked(shop) == 12)
    till.wait_until_all_is_sent()
    assert_all_is_there_once(shop, till)
    assert "sends them again by itself" in cases(shop)["server_restored"]
    assert len(till.books.segments()) == 1


def test_a_machine_replaced_with_its_disk_still_delivers_what_the_old_one_sealed(
    till: RealTill, shop: ServedShop, tmp_path: Path, stack: ExitStack
) -> None:
    till.sell(5)
    till.start()
    till.wait_until_all_is_sent()
    end(till)
    till.books = till._open_books()
    till.sell(4)
    till.books.close()
    moved = tmp_path / "new machine"
    shutil.copytree(till.folder, moved, ignore=shutil.ignore_patterns("identity"))
    till.books = till._open_books()
    fresh = RealTill(moved, till.url)
    stack.callback(fresh.close)
    fresh.enrol(shop.code())
    fresh._sales = 1000
    fresh.sell(2)
    fresh.start()
    fresh.wait_until_all_is_sent()
    fresh.wait(lambda: booked(shop) == 11)
    assert [one.head_seq for one in fresh.books.segments()] == [10, 3]
    assert_all_is_there_once(shop, fresh)
    with shop.db.read() as tx:
        assert "bad_signature" not in cases(shop)
        assert tx.scalar(select(func.count()).select_from(sale_table)) == 11
