"""One till process, one unbroken journal: locks, anchors, new incarnations, and layouts that grow with the program."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as driver

from pos_client.journal_check import verify
from pos_client.store.anchor import UNREADABLE, Anchor, AnchorFile
from pos_client.store.books import TillBooks
from pos_client.store.connection import Database
from pos_client.store.migrations import STEPS, migrate
from pos_client.store.process_lock import ProcessLock
from pos_client.till.errors import AlreadyRunning, StorageFailed
from shared_models.events import decode_body
from shared_models.journal import first_prev
from tests.pos_client.store.conftest import Open
from tests.pos_client.store.made_up_shop import PUBLIC_KEY, a_sale, open_books, shift_opened


def test_a_second_till_on_the_same_database_is_turned_away(till: Open) -> None:
    books = till()
    with pytest.raises(AlreadyRunning, match="Use the window"):
        till(run=2)
    books.post_sale(a_sale(), open_drawer=False)
    books.close()
    assert till(run=3).last_sale() is not None


def test_a_till_that_cannot_start_leaves_no_lock(till: Open) -> None:
    with pytest.raises(StorageFailed):
        till(key="not a key")
    till(run=2)


def test_a_killed_till_gives_its_lock_back(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    program = "from pos_client.store.process_lock import *; from pathlib import Path; import time\n"
    program += f"lock = ProcessLock(Path({str(path)!r})); print('held', flush=True); time.sleep(60)"
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    with pytest.raises(AlreadyRunning):
        ProcessLock(path)
    child.kill()
    child.communicate(timeout=30)
    lock = ProcessLock(path)
    lock.release()
    lock.release()


def old_copy_put_back(tmp_path: Path, sales_after: int = 2) -> None:
    """Sells, copies the database, sells on, and puts the copy back."""
    books = open_books(tmp_path)
    books.post(shift_opened())
    books.post_sale(a_sale(), open_drawer=False)
    books.close()
    shutil.copy(tmp_path / "books" / "till.db", tmp_path / "backup.db")
    books = open_books(tmp_path, start=2_000_000)
    for _ in range(sales_after):
        books.post_sale(a_sale(), open_drawer=False)
    books.close()
    shutil.copy(tmp_path / "backup.db", tmp_path / "books" / "till.db")


@pytest.mark.expects_log
def test_a_restored_copy_begins_a_new_incarnation(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    old_copy_put_back(tmp_path)
    books = open_books(tmp_path, start=3_000_000)
    assert "restored from a copy" in caplog.text
    restored = books.recent_sales()
    posted = books.post_sale(a_sale(), open_drawer=False)
    assert posted.seq == 2, "after the entry that says why"
    assert posted.sale.receipt_number.endswith("-000001")
    assert posted.sale.receipt_number not in {known.sale.receipt_number for known in restored}
    old, new = books.segments()
    assert (new.parent, new.parent_seq, new.parent_hash) == (old.incarnation, old.head_seq, old.head_hash)
    entry, _ = books.entries(new.incarnation, 0, 10, 1 << 20)
    told = decode_body(entry.type, entry.schema, entry.body).fact
    assert (told.reason, told.parent_seq, told.seen_seq) == ("restored", 2, 4)
    assert entry.prev == first_prev(old.incarnation, old.head_seq, old.head_hash)
    totals = books.shift_totals("s1")
    assert (totals.sale_count, totals.first_seq, totals.last_seq) == (2, 1, 2)
    assert totals.grand_total_minor == 2 * 1190
    books.close()
    report = verify(
        books.database.path, None, PUBLIC_KEY, AnchorFile(tmp_path / "elsewhere/anchor.json").read()
    )
    assert (report.faults, report.incarnations) == ((), 2)


@pytest.mark.expects_log
def test_the_new_incarnation_goes_on_at_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old_copy_put_back(tmp_path)
    books = open_books(tmp_path, start=3_000_000)
    promised = books.next_receipt_number()
    books.close()
    books = open_books(tmp_path, start=3_500_000)
    assert books.next_receipt_number() == promised
    first = books.post_sale(a_sale(), open_drawer=False)
    books.close()
    caplog.clear()
    open_books(tmp_path, start=4_000_000).close()
    again = open_books(tmp_path, start=5_000_000)
    assert caplog.text == ""
    assert again.post_sale(a_sale(), open_drawer=False).seq == first.seq + 1
    again.close()


@pytest.mark.expects_log
def test_an_unreadable_anchor_begins_a_new_incarnation(
    till: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    till().close()
    books = till(run=2)
    books.post_sale(a_sale(), open_drawer=False)
    books.close()
    anchor = tmp_path / "elsewhere" / "anchor.json"
    anchor.write_bytes(b"")
    assert AnchorFile(anchor).read() == UNREADABLE
    again = till(run=3)
    assert "unreadable anchor" in caplog.text
    assert again.post_sale(a_sale(), open_drawer=False).seq == 2, "after the entry that says why"


def test_a_lost_anchor_is_written_again(till: Open, tmp_path: Path) -> None:
    books = till()
    books.post_sale(a_sale(), open_drawer=False)
    books.close()
    (tmp_path / "elsewhere" / "anchor.json").unlink()
    again = till(run=2)
    posted = again.post_sale(a_sale(), open_drawer=False)
    assert posted.seq == 2
    again.close()
    (segment,) = till(run=3).segments()
    written = AnchorFile(tmp_path / "elsewhere" / "anchor.json").read()
    assert written == Anchor(segment.incarnation.hex(), 2, segment.head_hash.hex())


def test_an_anchor_that_cannot_be_written_stops_no_sale(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_bytes(b"a file where a folder should be")
    books = open_books(tmp_path, anchor_path=tmp_path / "blocked" / "anchor.json")
    books.post_sale(a_sale(), open_drawer=False)
    books.close()


@pytest.mark.expects_log
def test_a_series_is_never_used_twice(till: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = bytes(16)
    second = b"\xff" * 16
    till(mint=lambda size: first).close()
    books = till(run=2, mint=lambda size: first)
    books.post_sale(a_sale(), open_drawer=False)
    books.close()
    (tmp_path / "elsewhere" / "anchor.json").write_bytes(b"")
    chances = iter([first, first, second])
    again = till(run=3, mint=lambda size: next(chances))
    assert "-777-" in again.next_receipt_number()
    again.post_sale(a_sale(), open_drawer=False)
    again.close()
    (tmp_path / "elsewhere" / "anchor.json").write_bytes(b"")
    with pytest.raises(AssertionError, match="repeats"):
        till(run=4, mint=lambda size: first)


def test_a_fresh_database_needs_no_copy(books: TillBooks) -> None:
    assert books.copied_aside is None


def test_a_migration_keeps_the_entries_and_a_copy_of_the_file(till: Open, tmp_path: Path) -> None:
    books = till(key="ab" * 32)
    posted = books.post_sale(a_sale(), open_drawer=False)
    path = books.database.path
    books.close()
    database = Database(path, "ab" * 32)
    copy = migrate(database, (*STEPS, ("alter table sale add column colour text",)))
    database.close()
    assert copy == path.with_name(f"till.db.before-{len(STEPS) + 1}")
    assert verify(copy, "ab" * 32, PUBLIC_KEY).sales == 1
    report = verify(path, "ab" * 32, PUBLIC_KEY)
    assert (report.entries, report.faults) == (posted.seq, ())
    with pytest.raises(StorageFailed, match="newer"):
        till(run=2, key="ab" * 32)


def test_a_migration_that_fails_changes_nothing(till: Open) -> None:
    books = till()
    path = books.database.path
    books.close()
    database = Database(path)
    broken = (*STEPS, ("create table fresh(a)", "create table fresh(a)"))
    with pytest.raises(driver.OperationalError, match="already exists"):
        migrate(database, broken)
    with database.read() as connection:
        assert connection.execute("select count(*) from sqlite_master where name = 'fresh'").fetchone() == (
            0,
        )
    database.close()
    till(run=2)
