"""Whoever edits the till's books with another program is found out, and the entry is named."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pos_client.journal_check import CheckReport, verify
from pos_client.store.anchor import AnchorFile
from pos_client.store.positions import position
from pos_client.till.errors import StorageFailed
from shared_models.cash import OperatorLoggedOut
from shared_models.journal import START, seal
from shared_models.signing import signer
from tests.pos_client.store.made_up_shop import (
    PRIVATE_KEY,
    PUBLIC_KEY,
    a_sale,
    cash_moved,
    no_sale,
    open_books,
    shift_closed,
    shift_opened,
)

SHELL = shutil.which("sqlite3")
SEQS = (1, 3, 8)
"""The first entry, one in the middle, the last."""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day's books, closed: eight entries, four of them sales, the last of them a log-out."""
    folder = tmp_path_factory.mktemp("day")
    books = open_books(folder)
    books.post(shift_opened())
    for _ in range(3):
        books.post_sale(a_sale(), open_drawer=True)
    books.post(cash_moved("paid_in", 500), no_sale())
    books.post(shift_closed(books))
    books.post(OperatorLoggedOut("op1", "03-2"))
    books.close()
    return folder


@pytest.fixture
def copy(day: Path, tmp_path: Path) -> Path:
    shutil.copytree(day, tmp_path / "day")
    return tmp_path / "day" / "books" / "till.db"


def edit(path: Path, sql: str) -> None:
    """As somebody with the sqlite3 shell would."""
    if SHELL:
        subprocess.run([SHELL, str(path), sql], check=True, timeout=30)
        return
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(sql)
    connection.close()


def checked(path: Path) -> CheckReport:
    anchor = AnchorFile(path.parent.parent / "elsewhere" / "anchor.json").read()
    return verify(path, None, PUBLIC_KEY, anchor)


def named(report: CheckReport) -> set[int]:
    return {fault.seq for fault in report.faults}


def test_untouched_books_verify(copy: Path) -> None:
    report = checked(copy)
    assert report.faults == ()
    assert (report.entries, report.sales, report.incarnations) == (8, 3, 1)


def test_books_can_be_checked_while_the_till_sells(tmp_path: Path) -> None:
    books = open_books(tmp_path, key="ab" * 32)
    books.post_sale(a_sale(), open_drawer=True)
    assert verify(books.database.path, "ab" * 32, PUBLIC_KEY).faults == ()
    books.close()


EDITS = {
    "event_id": "event_id = x'00'",
    "type": "type = 'sale.voided'",
    "schema": "schema = 2",
    "body": "body = cast(replace(body, '1', '2') as blob)",
    "prev": "prev = x'00'",
    "hash": "hash = x'00'",
    "signature": "signature = zeroblob(64)",
    "algorithm": "algorithm = 'none'",
    "pos": "pos = pos + 1000",
}


@pytest.mark.parametrize("seq", SEQS)
@pytest.mark.parametrize("column", EDITS)
def test_an_edit_of_any_column_names_the_entry(copy: Path, column: str, seq: int) -> None:
    edit(copy, f"update entry set {EDITS[column]} where pos = {position(1, seq)}")
    faults = checked(copy).faults
    assert faults
    assert faults[0].seq in (seq, seq + 1, seq + 1000)
    if column != "pos":
        assert faults[0].seq == seq
    if column in ("prev", "signature", "algorithm"):
        assert faults[0].field == column


def test_every_single_byte_of_a_body_counts(copy: Path) -> None:
    pos = position(1, 1)
    connection = sqlite3.connect(copy, isolation_level=None)
    (body,) = connection.execute("select body from entry where pos = ?", (pos,)).fetchone()
    for place in range(0, len(body), 7):
        edited = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        connection.execute("update entry set body = ? where pos = ?", (edited, pos))
        assert [(fault.seq, fault.field) for fault in checked(copy).faults] == [(1, "body")]
    connection.close()


def seal_again(path: Path, seq: int, change: Callable[[bytes], bytes], **other: object) -> None:
    """As a faulty till would: from `seq` on every entry is sealed and signed anew, that one with another body."""
    connection = sqlite3.connect(path, isolation_level=None)
    (incarnation,) = connection.execute("select incarnation from segment").fetchone()
    prev = START
    columns = "seq, event_id, type, schema, body, prev, hash, signature"
    for stored in connection.execute(f"select {columns} from entry order by pos").fetchall():
        at, event_id, kind, schema, body, *_ = stored
        if at == seq:
            body, kind, schema = change(body), other.get("kind", kind), other.get("schema", schema)
        entry = seal(incarnation, at, event_id, kind, schema, body, prev, signer(PRIVATE_KEY))
        connection.execute(
            "update entry set type = ?, schema = ?, body = ?, prev = ?, hash = ?, signature = ? where seq = ?",
            (kind, schema, body, prev, entry.hash, entry.signature, at),
        )
        prev = entry.hash
    connection.close()


def instead(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(body: bytes) -> bytes:
        assert old in body
        return body.replace(old, new, 1)

    return change


UNCLEAR = {
    "no number": (instead(b'"total_minor":1190', b'"total_minor":NaN'), "NaN is no number"),
    "a doubled total": (
        instead(b'"total_minor":1190', b'"total_minor":1,"total_minor":1190'),
        "total_minor is given twice",
    ),
    "a doubled total of one value": (
        instead(b'"total_minor":1190', b'"total_minor":1190,"total_minor":1190'),
        "total_minor is given twice",
    ),
    "a doubled fact": (instead(b'"fact":', b'"fact":1,"fact":'), "fact is given twice"),
    "a name of its own, doubled": (instead(b"{", b'{"x":[{"y":1,"y":2}],'), "y is given twice"),
    "no end": (instead(b"{", b'{"x":1e999,'), "1e999 is too large for a number"),
    "a word for an amount": (instead(b'"total_minor":1190', b'"total_minor":"x"'), "can't be read"),
    "half of it": (lambda body: body[:500], "can't be read"),
}


@pytest.mark.parametrize(("change", "said"), UNCLEAR.values(), ids=UNCLEAR)
def test_a_sealed_sale_that_two_readers_take_differently_is_named_and_no_other(
    copy: Path, change: Callable[[bytes], bytes], said: str
) -> None:
    seal_again(copy, 3, change)
    (fault,) = checked(copy).faults
    assert (fault.seq, fault.field) == (3, "body")
    assert fault.message.startswith("entry 3: ")
    assert said in fault.message


@pytest.mark.parametrize("seq", SEQS)
def test_any_sealed_entry_that_nobody_can_read_is_named(copy: Path, seq: int) -> None:
    seal_again(copy, seq, lambda body: body.replace(b'"fact":', b'"fact":NaN,"was":', 1))
    faults = checked(copy).faults
    assert [(fault.seq, fault.field) for fault in faults] == [(seq, "body")]


@pytest.mark.parametrize("other", [{"schema": 2}, {"kind": "sale.teleported"}])
def test_a_sale_that_a_newer_version_sealed_is_no_fault(copy: Path, other: dict[str, object]) -> None:
    seal_again(copy, 3, lambda body: b"as newer ones write it", **other)
    report = checked(copy)
    assert report.faults == ()
    assert report.sales == 2


def test_fields_that_a_newer_till_adds_are_no_fault(copy: Path) -> None:
    seal_again(copy, 3, instead(b'"currency":', b'"loyalty": {"level": 1.5}, "currency":'))
    assert checked(copy).faults == ()


def test_an_unsealed_body_is_told_once(copy: Path) -> None:
    edit(copy, f"update entry set body = cast('{{NaN' as blob) where pos = {position(1, 4)}")
    assert [(fault.seq, fault.field) for fault in checked(copy).faults] == [(4, "body")]


def test_a_row_that_was_changed_behind_a_sale_that_nobody_can_read_is_found(copy: Path) -> None:
    seal_again(copy, 3, lambda body: b"NaN")
    edit(copy, f"update sale set grand_total_minor = 5, receipt_number = 'x' where pos = {position(1, 3)}")
    assert (4, "receipt_number") in [(fault.seq, fault.field) for fault in checked(copy).faults]


@pytest.mark.parametrize("seq", SEQS)
def test_a_deleted_entry_is_missed(copy: Path, seq: int) -> None:
    edit(copy, f"delete from entry where pos = {position(1, seq)}")
    assert named(checked(copy)) & {seq, seq + 1}


def test_a_last_sale_deleted_with_its_row_is_missed_by_the_anchor(copy: Path) -> None:
    for table in ("entry", "sale", "shift_event"):
        edit(copy, f"delete from {table} where pos > {position(1, 3)}")
    edit(copy, "update shift set closed_pos = null")
    assert [(fault.seq, fault.field) for fault in checked(copy).faults] == [(8, "entry")]


def test_a_deleted_sale_whose_row_stayed_is_missed_without_an_anchor(copy: Path) -> None:
    edit(copy, f"delete from entry where pos > {position(1, 3)}")
    assert 4 in named(verify(copy, None, PUBLIC_KEY))


def test_entries_below_the_servers_acknowledgement_are_missed_without_an_anchor(copy: Path) -> None:
    edit(copy, "update segment set acked = 8")
    edit(copy, f"delete from entry where pos = {position(1, 8)}")
    assert named(verify(copy, None, PUBLIC_KEY)) == {8}


def test_two_entries_that_changed_places_are_found(copy: Path) -> None:
    edit(
        copy,
        f"update entry set pos = -1 where pos = {position(1, 2)};"
        f"update entry set pos = {position(1, 2)} where pos = {position(1, 3)};"
        f"update entry set pos = {position(1, 3)} where pos = -1",
    ) if SHELL else pytest.skip("needs the sqlite3 shell")
    assert {2, 3} <= named(checked(copy))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("receipt_number", "'03-2-AAA-000009'"),
        ("total_minor", "1"),
        ("cash_kept_minor", "0"),
        ("grand_total_minor", "0"),
        ("shift_id", "'s2'"),
        ("parts", "x''"),
    ],
)
def test_a_changed_list_of_sales_is_found(copy: Path, column: str, value: str) -> None:
    edit(copy, f"update sale set {column} = {value} where pos = {position(1, 3)}")
    (fault,) = checked(copy).faults
    assert (fault.seq, fault.field) == (3, f"sale.{column}")


def test_a_sale_struck_off_the_list_is_found(copy: Path) -> None:
    edit(copy, f"delete from sale where pos = {position(1, 3)}")
    assert [(fault.seq, fault.field) for fault in checked(copy).faults] == [(3, "sale")]


def test_a_sale_added_to_the_list_is_found(copy: Path) -> None:
    edit(copy, f"update sale set pos = {position(1, 5)} where pos = {position(1, 4)}")
    assert {4, 5} == named(checked(copy))


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        ("update segment set series = 'AAA'", "series"),
        ("update segment set incarnation = zeroblob(16)", "series"),
        ("update segment set parent = zeroblob(16)", "parent"),
        ("update segment set id = 7", "segment"),
        ("delete from segment", "segment"),
    ],
)
def test_an_edited_incarnation_is_found(copy: Path, spoil: str, field: str) -> None:
    edit(copy, spoil)
    assert field in {fault.field for fault in checked(copy).faults}


def test_another_tills_key_fits_no_entry(copy: Path) -> None:
    from shared_models.signing import new_private_key, public_key_of

    report = verify(copy, None, public_key_of(new_private_key()))
    assert [(fault.seq, fault.field) for fault in report.faults] == [
        (seq, "signature") for seq in range(1, 9)
    ]


def test_a_report_ends_at_a_hundred_faults(tmp_path: Path) -> None:
    books = open_books(tmp_path)
    books.post(*[no_sale() for _ in range(150)])
    path = books.database.path
    books.close()
    edit(path, "update entry set algorithm = 'none'")
    assert len(verify(path, None, PUBLIC_KEY).faults) == 100


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"not a database" * 500)])
def test_books_that_cannot_be_read_are_said_so(copy: Path, spoil: Callable[[Path], object]) -> None:
    spoil(copy)
    with pytest.raises(StorageFailed):
        verify(copy, None, PUBLIC_KEY)
