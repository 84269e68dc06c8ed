"""A full or broken disk: the till says what to do, nothing is half done, and it sells on when there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as driver

from pos_client.journal_check import verify
from pos_client.store.books import TillBooks
from pos_client.store.connection import Database, check_version
from pos_client.store.storage_errors import Ballast, storage_error
from pos_client.till.errors import StorageFailed, StorageFull
from tests.forks import FORKS
from tests.pos_client.store.conftest import Open
from tests.pos_client.store.made_up_shop import PUBLIC_KEY, a_sale, open_books

BALLAST_BYTES = 300 << 10


def full_up(books: TillBooks) -> Callable[[], object]:
    """Let the database have no page more; returns how to undo it."""
    books.database.script("pragma max_page_count=1")
    return lambda: books.database.script("pragma max_page_count=1000000")


def test_a_full_disk_sells_nothing_and_says_what_to_do(till: Open) -> None:
    books = till()
    first = books.post_sale(a_sale(), open_drawer=True)
    make_room = full_up(books)
    sell_until_full(books)
    promised = books.next_receipt_number()
    count = len(books.recent_sales())
    assert promised.endswith(f"-{count + 1:06}")
    assert books.head()[0] == count
    assert len(books.jobs.having("queued")) == 2 * count
    make_room()
    assert books.post_sale(a_sale(), open_drawer=True).sale.receipt_number == promised
    assert verify(books.database.path, None, PUBLIC_KEY).faults == ()
    assert first.seq == 1


def sell_until_full(books: TillBooks, look: Callable[[], bool] = lambda: True) -> list[bool]:
    """What `look` saw after each sale."""
    seen: list[bool] = []
    with pytest.raises(StorageFull, match="Delete files"):  # noqa: PT012
        while len(seen) < 10_000:
            books.post_sale(a_sale(), open_drawer=True)
            seen.append(look())
    return seen


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own with two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if os.name != "posix" or mount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], check=False, timeout=30
    )
    if made.returncode:
        pytest.skip("this machine lets nobody mount")
    yield place
    subprocess.run(["umount", str(place)], check=True, timeout=30)


def test_the_ballast_pays_for_the_last_sales_of_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    books = open_books(
        small_disk, ballast_bytes=BALLAST_BYTES, log_bytes=0, anchor_path=tmp_path / "anchor.json"
    )
    ballast = small_disk / "books" / "till.db.ballast"
    assert ballast.stat().st_size == BALLAST_BYTES
    ballast_seen = sell_until_full(books, ballast.exists)
    count = len(books.recent_sales(10_000))
    assert len(ballast_seen) == count
    assert 0 < sum(ballast_seen) < count
    with pytest.raises(StorageFull):
        books.post_sale(a_sale(), open_drawer=True)
    assert books.head()[0] == count
    path = books.database.path
    books.close()
    assert verify(path, None, PUBLIC_KEY).faults == ()
    shutil.copytree(small_disk / "books", tmp_path / "room" / "books")
    again = open_books(tmp_path / "room", start=77_000_000)
    assert again.post_sale(a_sale(), open_drawer=True).seq == count + 1
    again.close()


def test_the_ticket_in_progress_never_costs_the_ballast(small_disk: Path, tmp_path: Path) -> None:
    books = open_books(
        small_disk, ballast_bytes=BALLAST_BYTES, log_bytes=0, anchor_path=tmp_path / "anchor.json"
    )
    with pytest.raises(StorageFull):
        books.save_cart(bytes(3 << 20))
    assert (small_disk / "books" / "till.db.ballast").exists()
    books.post_sale(a_sale(), open_drawer=True)
    books.close()


def test_a_till_starts_on_a_disk_without_room_for_ballast(small_disk: Path, tmp_path: Path) -> None:
    books = open_books(small_disk, ballast_bytes=8 << 20, anchor_path=tmp_path / "anchor.json")
    assert not (small_disk / "books" / "till.db.ballast").exists()
    books.post_sale(a_sale(), open_drawer=True)
    books.close()


def sell_within(folder: Path, limit: int, tells: Connection) -> None:
    """In a process whose files may not grow past `limit`."""
    import resource
    import signal

    books = open_books(folder, log_bytes=0)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sold = 0
    try:
        while sold < 10_000:
            books.post_sale(a_sale(), open_drawer=True)
            sold += 1
    except StorageFailed as reason:
        tells.send((sold, reason.code, reason.message))
    os._exit(0)


@pytest.mark.skipif(os.name != "posix", reason="limits of a process are POSIX")
def test_a_disk_that_cannot_be_written_keeps_every_sale_that_was_posted(tmp_path: Path) -> None:
    receives, sends = FORKS.Pipe(duplex=False)
    child = FORKS.Process(target=sell_within, args=(tmp_path, 1 << 20, sends))
    child.start()
    sold, code, message = receives.recv()
    child.join(30)
    assert code == "storage_failed"
    assert "Restart the till" in message
    books = open_books(tmp_path, start=5_000_000)
    assert len(books.recent_sales(100_000)) == sold > 0
    assert books.post_sale(a_sale(), open_drawer=True).seq == sold + 1
    books.close()
    assert verify(books.database.path, None, PUBLIC_KEY).faults == ()


def test_the_wrong_key_is_said_so(till: Open, tmp_path: Path) -> None:
    books = till(key="ab" * 32)
    books.post_sale(a_sale(), open_drawer=False)
    path = books.database.path
    books.close()
    content = path.read_bytes()
    assert b"oat drink" not in content
    for key in ("cd" * 32, None):
        with pytest.raises(StorageFailed, match="key"):
            till(run=2, key=key)
    assert till(run=3, key="ab" * 32).last_sale() is not None


@pytest.mark.parametrize("key", ["", "ab", "xy" * 32, "'; drop table entry; --" + "a" * 41])
def test_a_malformed_key_is_refused_before_anything_is_opened(tmp_path: Path, key: str) -> None:
    with pytest.raises(StorageFailed, match="64 hex digits"):
        Database(tmp_path / "till.db", key)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="folder"):
        Database(tmp_path / "nowhere" / "till.db")


def test_another_program_that_holds_the_database_is_said_so(tmp_path: Path) -> None:
    busy = driver.OperationalError("database is locked")
    busy.sqlite_errorcode = 5 | 1 << 8
    error = storage_error(busy, tmp_path)
    assert isinstance(error, StorageFailed)
    assert "Close it" in error.message


def test_a_bug_in_a_statement_is_no_disk_trouble(books: TillBooks) -> None:
    with pytest.raises(driver.OperationalError, match="no such table"):
        books.database.write(lambda connection: connection.execute("select 1 from absent"))


def test_an_error_without_a_code_is_taken_at_its_word(tmp_path: Path) -> None:
    assert isinstance(storage_error(driver.DatabaseError("file is not a database"), tmp_path), StorageFailed)
    assert storage_error(driver.DatabaseError("something else"), tmp_path) is None


@pytest.mark.parametrize("version", ["3.40.1", "3.51.2", "2.9.9"])
def test_a_sqlite_that_can_lose_sales_is_refused(version: str) -> None:
    with pytest.raises(StorageFailed, match=r"3\.51\.3 or newer"):
        check_version(version)


def test_ballast_is_taken_once_and_given_once(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "ballast", (1 << 20) + 5)
    ballast.load()
    before = (tmp_path / "ballast").stat()
    ballast.load()
    assert (tmp_path / "ballast").stat().st_mtime_ns == before.st_mtime_ns
    assert before.st_size == (1 << 20) + 5
    assert ballast.drop()
    assert not ballast.drop()
