"""The till keeps the server's signed word, and its own journal is held against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pos_client.journal_check import CheckReport, verify
from pos_client.store.books import TillBooks
from pos_client.store.checkpoints import checkpoints
from pos_client.till.errors import StorageFailed
from shared_models.checkpoint import Checkpoint, vouched
from shared_models.server_keys import only_term
from shared_models.signing import key_id_of, new_private_key, public_key_of, signer
from tests.pos_client.store.conftest import Open
from tests.pos_client.store.made_up_shop import PUBLIC_KEY, a_sale, no_sale, open_books

SERVER = new_private_key()
SERVER_KEY = public_key_of(SERVER)


def signed(books: TillBooks, high: int, key: bytes = SERVER) -> Checkpoint:
    incarnation = books.segments()[-1].incarnation
    digest = books.entry_hash(incarnation, high)
    assert digest is not None
    return vouched(incarnation, high, digest, 1_790_000_000_000, key_id_of(public_key_of(key)), signer(key))


def acknowledged(books: TillBooks, checkpoint: Checkpoint) -> None:
    books.acknowledge(checkpoint.incarnation, checkpoint.high, 0, checkpoint)


def kept(books: TillBooks) -> tuple[Checkpoint, ...]:
    with books.database.read() as connection:
        return checkpoints(connection)


def checked(books: TillBooks) -> CheckReport:
    return verify(books.database.path, None, PUBLIC_KEY, None, only_term(SERVER_KEY))


def test_the_newest_checkpoint_is_kept_and_survives_a_restart(till: Open) -> None:
    books = till()
    books.post(*[no_sale() for _ in range(5)])
    acknowledged(books, signed(books, 2))
    newest = signed(books, 5)
    acknowledged(books, newest)
    books.close()
    assert kept(till(2)) == (newest,)


def test_a_server_restored_from_a_backup_takes_no_checkpoint_away(books: TillBooks) -> None:
    books.post(*[no_sale() for _ in range(5)])
    first = signed(books, 5)
    acknowledged(books, first)
    acknowledged(books, signed(books, 3))
    assert kept(books) == (first,)
    assert books.segments()[-1].acked == 3


def test_an_acknowledgement_without_one_leaves_the_one_before(books: TillBooks) -> None:
    books.post(*[no_sale() for _ in range(3)])
    first = signed(books, 2)
    acknowledged(books, first)
    books.acknowledge(first.incarnation, 3, 0)
    assert kept(books) == (first,)


def test_a_journal_whose_end_was_cut_off_is_missed_by_the_checkpoint(books: TillBooks) -> None:
    for _ in range(4):
        books.post_sale(a_sale(), open_drawer=False)
    acknowledged(books, signed(books, 4))
    assert checked(books).faults == ()
    with_sales = ("delete from sale where pos & 1099511627775 > 2", "delete from entry where seq > 2")
    for statement in (*with_sales, "update segment set acked = 2"):
        books.database.write(lambda connection, text=statement: connection.execute(text))
    (fault,) = checked(books).faults
    assert (fault.seq, fault.field) == (4, "entry")
    assert "the server has signed for entry 4" in fault.message


def test_a_history_that_was_written_anew_is_told_from_the_one_that_was_signed_for(books: TillBooks) -> None:
    books.post(*[no_sale() for _ in range(3)])
    truth = signed(books, 3)
    other = vouched(truth.incarnation, 3, b"x" * 32, truth.at_ms, truth.key_id, signer(SERVER))
    acknowledged(books, other)
    (fault,) = checked(books).faults
    assert (fault.seq, fault.field) == (3, "checkpoint")


@pytest.mark.parametrize(
    "edit",
    [
        "high = 2",
        "hash = zeroblob(32)",
        "at_ms = 1",
        "signature = zeroblob(64)",
        "incarnation = zeroblob(16)",
    ],
)
def test_an_edited_checkpoint_is_found(books: TillBooks, edit: str) -> None:
    books.post(*[no_sale() for _ in range(3)])
    acknowledged(books, signed(books, 3))
    books.database.write(lambda connection: connection.execute(f"update checkpoint set {edit}"))
    (fault,) = checked(books).faults
    assert fault.field == "checkpoint"


def test_an_incarnation_that_vanished_is_missed(books: TillBooks) -> None:
    books.post(no_sale())
    key_id = key_id_of(SERVER_KEY)
    acknowledged(books, vouched(b"gone" * 4, 9, b"h" * 32, 1, key_id, signer(SERVER)))
    (fault,) = checked(books).faults
    assert (fault.incarnation, fault.seq, fault.field) == (b"gone" * 4, 9, "incarnation")


def test_books_of_an_older_version_are_to_be_opened_by_the_till_first(tmp_path: Path) -> None:
    books = open_books(tmp_path)
    books.database.script("pragma user_version=1")
    with pytest.raises(StorageFailed, match="Start the till once"):
        checked(books)
    books.close()
