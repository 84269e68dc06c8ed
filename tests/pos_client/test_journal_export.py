"""An accountant's copy of the journal: complete, exact, and harmless to a spreadsheet."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path

import msgspec
import pytest

from pos_client.__main__ import main
from pos_client.journal_export import SQLITE_FILE, export
from pos_client.till.errors import StorageFailed
from shared_models.sale import SCALE, Tender
from tests.pos_client.store.made_up_shop import (
    a_sale,
    cash_moved,
    no_sale,
    open_books,
    sale_voided,
    shift_closed,
    shift_opened,
)

SALES = 3


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("day")
    books = open_books(folder)
    books.post(shift_opened())
    for _ in range(SALES - 1):
        books.post_sale(a_sale(), open_drawer=True)
    books.post_sale(a_sale(tenders=(Tender("card", 1190, "=HYPERLINK(1)"),)), open_drawer=False)
    books.post(cash_moved("paid_out", 500), no_sale(), sale_voided())
    books.post(shift_closed(books))
    books.close()
    return folder / "books" / "till.db"


def read(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_csv_files_hold_the_day_as_people_write_money(books: Path, tmp_path: Path) -> None:
    counts = export(books, None, tmp_path / "out", sqlite=False)
    assert counts == {table: len(read(tmp_path / "out", table)) for table in counts}
    sales = read(tmp_path / "out", "sale")
    assert [row["total"] for row in sales] == ["11.90"] * SALES
    assert len({row["receipt"] for row in sales}) == SALES
    assert counts["sale_line"] == SALES * 5
    assert {row["quantity"] for row in read(tmp_path / "out", "sale_line")} <= {"1", "2", "3"}
    assert next((row["kind"], row["amount"]) for row in read(tmp_path / "out", "cash")) == (
        "paid_out",
        "-5.00",
    )
    opened, closed = read(tmp_path / "out", "shift")
    assert (opened["event"], opened["float"], opened["counted"]) == ("opened", "150.00", "")
    assert (closed["event"], closed["gross"]) == ("closed", "35.70")


def test_a_weighed_line_says_which_of_scale_and_hand_stands_for_its_weight(tmp_path: Path) -> None:
    sold = a_sale()
    weighed = msgspec.structs.replace(sold.lines[0], unit="kg", weighed_by=SCALE)
    books = open_books(tmp_path)
    books.post_sale(msgspec.structs.replace(sold, lines=(weighed, *sold.lines[1:])), open_drawer=False)
    books.close()
    export(tmp_path / "books" / "till.db", None, tmp_path / "out", sqlite=False)
    rows = read(tmp_path / "out", "sale_line")
    assert [row["weighed_by"] for row in rows] == ["scale", *[""] * (len(rows) - 1)]


def test_every_row_names_the_entry_it_comes_from(books: Path, tmp_path: Path) -> None:
    counts = export(books, None, tmp_path / "out", sqlite=False)
    entries = {(row["series"], row["seq"]): row["type"] for row in read(tmp_path / "out", "entry")}
    assert len(entries) == counts["entry"]
    for row in read(tmp_path / "out", "sale_line"):
        assert entries[row["series"], row["seq"]] == "sale.posted"


def test_text_that_a_spreadsheet_would_run_is_made_harmless(books: Path, tmp_path: Path) -> None:
    export(books, None, tmp_path / "out", sqlite=False)
    assert [row["reference"] for row in read(tmp_path / "out", "tender")][-1] == "'=HYPERLINK(1)"


def test_the_sqlite_file_adds_up_exactly(books: Path, tmp_path: Path) -> None:
    counts = export(books, None, tmp_path / "out", sqlite=True)
    file = sqlite3.connect(tmp_path / "out" / SQLITE_FILE)
    assert {table: file.execute(f"select count(*) from {table}").fetchone()[0] for table in counts} == counts
    totals = "select sum(total_minor), sum(net_minor + tax_minor), typeof(sum(total_minor)) from sale"
    assert file.execute(totals).fetchone() == (3570, 3570, "integer")
    lines = "select sum(gross_minor) from sale_line join sale using (series, seq)"
    assert file.execute(lines).fetchone() == (3570,)
    assert file.execute("select gross_minor from shift where event = 'closed'").fetchone() == (3570,)
    file.close()


def test_an_entry_that_this_version_cannot_read_is_listed_and_the_rest_exported(
    books: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "till.db"
    copy.write_bytes(books.read_bytes())
    file = sqlite3.connect(copy)
    with file:
        file.execute("update entry set type = 'sale.teleported' where seq = 2")
    file.close()
    counts = export(copy, None, tmp_path / "out", sqlite=False)
    assert counts["sale"] == SALES - 1
    assert [row["seq"] for row in read(tmp_path / "out", "entry") if row["note"]] == ["2"]


def test_a_folder_with_something_in_it_is_left_alone(books: Path, tmp_path: Path) -> None:
    (tmp_path / "sale.csv").write_text("last year's")
    with pytest.raises(StorageFailed, match="not empty"):
        export(books, None, tmp_path, sqlite=False)
    assert (tmp_path / "sale.csv").read_text() == "last year's"


def test_the_command_says_what_it_wrote(
    books: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out")
    assert main(["--data-dir", str(books.parent), "export", out]) == 0
    assert f"{SALES} sales" in capsys.readouterr().out
    assert main(["--data-dir", str(books.parent), "export", out]) == 1
    assert "not empty" in capsys.readouterr().err
    assert main(["--data-dir", str(tmp_path / "nowhere"), "export", str(tmp_path / "new")]) == 1
    assert "no database" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
