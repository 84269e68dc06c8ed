"""Tills and servers of different versions in one shop: upgrades, a downgrade, and thousands of entries on the way."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import pytest

from pos_client.journal_check import verify
from pos_client.store.books import TillBooks
from pos_client.store.connection import Database as TillDatabase
from pos_client.store.migrations import STEPS
from pos_client.store.migrations import migrate as migrate_till
from pos_client.sync.identity import Identity
from pos_client.sync.outcomes import Refused, Reply
from pos_client.sync.server_api import ServerApi
from pos_client.till.errors import StorageFailed
from shared_models.protocol import PROTOCOL, since
from shared_models.signing import signer
from shared_models.sync_api import Enrolled, Hello
from sync_server.database import Database
from sync_server.migrations import NewerDatabase, migrate
from tests.flows.real_till import RealTill
from tests.flows.served_shop import ServedShop
from tests.flows.test_lost_and_copied_journals import assert_all_is_there_once
from tests.golden import kept
from tests.golden.make_databases import DEVICE, ENTRIES, SENT
from tests.pos_client.store.made_up_shop import PRIVATE_KEY, PUBLIC_KEY, open_books

ALL = pytest.mark.parametrize("golden", kept.DATABASES, ids=lambda folder: folder.name)


class GoldenTill(RealTill):
    """The till whose database an earlier version left, in the hands of this one."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder, url)
        self.books.close()
        place = Enrolled(
            device_id=DEVICE, store_id="03", till_id="03-2", store_name="Corner", server_time_ms=0
        )
        self.identity = Identity(DEVICE, PUBLIC_KEY, signer(PRIVATE_KEY), place)
        for left in folder.glob("till.db*"):
            left.unlink()
        shutil.rmtree(folder / "anchor", ignore_errors=True)


def upgraded(golden: Path, tmp_path: Path, stack: ExitStack) -> tuple[GoldenTill, ServedShop]:
    """Both sides' databases as they were left, and this version's programs on them."""
    kept.unpack_database(golden / "server.zst", tmp_path / "server" / "evertill.db")
    database = Database(f"sqlite:///{tmp_path / 'server' / 'evertill.db'}")
    migrate(database)
    database.close()
    shop = ServedShop.reopened(tmp_path / "server")
    stack.callback(shop.close)
    shop.start()
    till = GoldenTill(tmp_path / "till", f"http://127.0.0.1:{shop.port}")
    stack.callback(till.close)
    kept.unpack_database(golden / "till.zst", tmp_path / "till" / "till.db")
    till.books = till._open_books()
    return till, shop


@ALL
def test_both_sides_upgrade_with_thousands_of_entries_unsent_and_each_arrives_once(
    golden: Path, tmp_path: Path, stack: ExitStack
) -> None:
    till, shop = upgraded(golden, tmp_path, stack)
    assert till.books.unsent().entries == ENTRIES
    assert len(shop.stored()) == SENT
    till._sales = 10_000
    till.sell(5)
    till.start()
    till.wait_until_all_is_sent()
    assert len(shop.stored()) == len(till.journal()) >= ENTRIES + 5
    assert_all_is_there_once(shop, till)


def test_a_till_put_back_to_an_older_version_touches_nothing_and_the_newer_one_sells_on(
    tmp_path: Path,
) -> None:
    kept.unpack_database(kept.DATABASES[0] / "till.zst", tmp_path / "books" / "till.db")
    books = open_books(tmp_path)
    assert books.unsent().entries == ENTRIES
    books.database.script("pragma wal_checkpoint(truncate)")
    books.close()
    path = tmp_path / "books" / "till.db"
    before = path.read_bytes()
    older = TillDatabase(path)
    with pytest.raises(StorageFailed, match="Install that version; nothing was changed"):
        migrate_till(older, STEPS[:-1])
    older.close()
    assert path.read_bytes() == before
    again = open_books(tmp_path, start=1_000_000)
    assert again.unsent().entries >= ENTRIES
    again.close()
    assert verify(path, None, PUBLIC_KEY).faults == ()


def test_the_file_as_it_was_before_the_upgrade_is_kept_beside_it(tmp_path: Path) -> None:
    kept.unpack_database(kept.DATABASES[0] / "till.zst", tmp_path / "books" / "till.db")
    books: TillBooks = open_books(tmp_path)
    assert books.copied_aside is not None
    copy = TillDatabase(books.copied_aside, read_only=True)
    with copy.read() as connection:
        assert connection.execute("select count(*) from entry").fetchone() == (ENTRIES,)
    copy.close()
    books.close()


def test_a_server_put_back_to_an_older_version_says_what_to_do_and_changes_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'shop.db'}")
    migrate(database)
    with database.write() as tx:
        tx.exec_driver_sql("update alembic_version set version_num = '9999_later'")
    with pytest.raises(NewerDatabase, match="Install that version"):
        migrate(database)
    with database.read() as tx:
        assert tx.exec_driver_sql("select version_num from alembic_version").scalar() == "9999_later"
    database.close()


class LaterHello(Hello, frozen=True):
    """What a till one version newer would say."""

    battery_percent: Annotated[int, since(PROTOCOL + 1)] = 0


@pytest.fixture
def served(tmp_path: Path, stack: ExitStack) -> tuple[ServedShop, RealTill]:
    shop = ServedShop(tmp_path / "server")
    stack.callback(shop.close)
    shop.start()
    till = RealTill(tmp_path / "till", f"http://127.0.0.1:{shop.port}")
    stack.callback(till.close)
    till.enrol(shop.code())
    return shop, till


def hello_of(till: RealTill, protocol: int) -> dict[str, object]:
    return {
        "device_id": till.identity.device_id,
        "till_id": till.till_id,
        "protocol": protocol,
        "app": "evertill-till",
        "feed_schema": 1,
        "till_time_ms": 1_795_000_000_000,
        "segments": till.books.segments(),
        "feeds": (),
    }


@pytest.mark.parametrize("protocol", range(1, PROTOCOL + 2))
def test_tills_two_versions_older_and_one_newer_are_welcome(
    served: tuple[ServedShop, RealTill], protocol: int, stack: ExitStack
) -> None:
    _, till = served
    api = ServerApi(till.url, till.identity.device_id, till.identity.sign, protocol=protocol)
    stack.callback(api.close)
    newer = LaterHello(**hello_of(till, protocol), battery_percent=80)  # type: ignore[arg-type]
    answer = api.hello(newer)
    assert isinstance(answer, Reply), answer
    assert answer.value.protocol == PROTOCOL


def test_a_till_asks_an_older_server_for_nothing_that_it_does_not_know(
    served: tuple[ServedShop, RealTill], stack: ExitStack
) -> None:
    _, till = served
    api = ServerApi(till.url, till.identity.device_id, till.identity.sign, protocol=1)
    stack.callback(api.close)
    answer = api.hashes(b"i" * 16, (1,))
    assert isinstance(answer, Refused)
    assert (answer.status, answer.code) == (501, "server_too_old")


def test_a_till_of_no_known_protocol_is_told_to_update(
    served: tuple[ServedShop, RealTill], stack: ExitStack
) -> None:
    _, till = served
    api = ServerApi(till.url, till.identity.device_id, till.identity.sign)
    stack.callback(api.close)
    answer = api.hello(Hello(**hello_of(till, 0)))  # type: ignore[arg-type]
    assert isinstance(answer, Refused)
    assert answer.status == 426
    assert "it keeps what it sold" in answer.message
