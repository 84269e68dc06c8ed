"""Every command of `evertill-till`, as a process, as an operator types it."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from hardware.printers.virtual import VirtualPrinter
from pos_client.__main__ import main
from pos_client.settings import TillSettings
from pos_client.store.positions import position
from pos_client.till_folder import BOOKS_FILE
from shared_models.enrolment_uri import enrolment_uri
from shared_models.outbox_file import OutboxReader
from tests.flows.served_shop import ServedShop
from tests.pos_client.ready_till import environment, ready
from tests.pos_client.selling_till import SALES_BY_COMMAND

ROOT = Path(__file__).parents[2]
COLUMNS = {
    "event_id": "x'00'",
    "type": "'sale.voided'",
    "schema": "9",
    "body": "cast(replace(body, '2', '3') as blob)",
    "prev": "zeroblob(32)",
    "hash": "zeroblob(32)",
    "signature": "zeroblob(64)",
    "algorithm": "'none'",
}
SEQ = 4


def till(settings: TillSettings, *words: str, module: str = "pos_client") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=ROOT,
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def edit(path: Path, sql: str) -> None:
    """With the sqlite3 shell, where there is one."""
    shell = shutil.which("sqlite3")
    if shell:
        subprocess.run([shell, str(path), sql], check=True, timeout=30)
        return
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(sql)
    connection.close()


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> TillSettings:
    """A till that logged in, opened a shift, sold a little and was closed."""
    settings = ready(tmp_path_factory.mktemp("shop") / "till")
    done = till(settings, module="tests.pos_client.selling_till")
    assert done.returncode == 0, done.stderr
    return settings


@pytest.fixture
def copy(sold: TillSettings, tmp_path: Path) -> TillSettings:
    shutil.copytree(sold.data_dir, tmp_path / "till")
    return msgspec.structs.replace(sold, data_dir=tmp_path / "till")


def test_an_untouched_journal_is_as_it_was_sealed(sold: TillSettings) -> None:
    done = till(sold, "verify")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{SALES_BY_COMMAND} sales: as they were sealed." in done.stdout


def test_verify_names_the_entry_whose_column_was_edited(copy: TillSettings) -> None:
    books = copy.data_dir / BOOKS_FILE
    whole = books.read_bytes()
    for column, value in COLUMNS.items():
        edit(books, f"update entry set {column} = {value} where pos = {position(1, SEQ)}")
        done = till(copy, "verify")
        assert done.returncode == 1, (column, done.stdout)
        assert f"entry {SEQ}, " in done.stdout, (column, done.stdout)
        assert "NOT as they were sealed" in done.stdout
        assert "Traceback" not in done.stderr
        books.write_bytes(whole)
        for log in ("-wal", "-shm"):
            books.with_name(books.name + log).unlink(missing_ok=True)


def test_a_till_that_never_sold_has_nothing_to_verify_and_says_so(tmp_path: Path) -> None:
    done = till(ready(tmp_path / "till"), "verify")
    assert done.returncode == 1
    assert "There is no database at" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_till_that_is_not_enrolled_says_how_to_enrol(tmp_path: Path) -> None:
    done = till(TillSettings(data_dir=tmp_path / "till", keyring=False))
    assert done.returncode == 1
    assert "evertill-till enrol CODE --server https://" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_till_on_the_same_database_is_sent_to_the_first(sold: TillSettings) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.pos_client.selling_till", "wait"],
        cwd=ROOT,
        env=environment(sold),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"standing\n"
        second = till(sold)
        beside = till(sold, "verify")
        first.communicate(b"\n", timeout=20)
    assert second.returncode == 1
    assert "already runs on this database. Use the window that is open" in second.stdout + second.stderr
    assert "Traceback" not in second.stderr
    assert beside.returncode == 0, beside.stdout + beside.stderr
    assert first.returncode == 0


def test_a_wrong_setting_ends_a_command_with_a_sentence(sold: TillSettings) -> None:
    done = till(msgspec.structs.replace(sold, printer="printer"), "doctor")
    assert done.returncode == 1
    assert done.stderr.startswith("EVERTILL_TILL_PRINTER: 'printer'")


def test_a_command_that_is_told_to_end_leaves_without_a_word_more(
    ctrl_c: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pos_client.__main__._verify", lambda *_: signal.raise_signal(signal.SIGINT))
    assert main(["verify"]) == 128 + signal.SIGINT
    assert capsys.readouterr() == ("", "")


def test_the_doctor_says_whether_the_printer_answers(sold: TillSettings) -> None:
    with VirtualPrinter(port=0) as printer:
        address = f"tcp://127.0.0.1:{printer.port}"
        well = till(msgspec.structs.replace(sold, printer=address), "doctor")
    gone = till(msgspec.structs.replace(sold, printer=address), "doctor")
    assert well.returncode == 0, well.stdout + well.stderr
    assert gone.returncode == 1
    assert str(printer.port) in gone.stdout
    assert "Traceback" not in gone.stderr


@pytest.mark.slow
def test_a_till_is_enrolled_with_a_code_once(tmp_path: Path) -> None:
    shop = ServedShop(tmp_path / "server")
    try:
        shop.start()
        settings = TillSettings(data_dir=tmp_path / "till", printer="", keyring=False)
        where = ("--server", f"http://127.0.0.1:{shop.port}")
        nowhere = till(settings, "enrol", "ABCD")
        wrong = till(settings, "enrol", "WRONG-CODE", *where)
        code = shop.code()
        right = till(settings, "enrol", code, *where)
        other = msgspec.structs.replace(settings, data_dir=tmp_path / "other")
        again = till(other, "enrol", code, *where)
        scanner = msgspec.structs.replace(settings, data_dir=tmp_path / "scanner")
        scanned = till(scanner, "enrol", enrolment_uri(where[1], shop.code()))
    finally:
        shop.close()
    unreachable = till(other, "enrol", code, *where)
    assert nowhere.returncode == 2
    assert "Say which server" in nowhere.stderr
    assert wrong.returncode == 1
    assert right.returncode == 0, right.stderr
    assert right.stdout == "This is now till 03-2 of Corner.\n"
    assert scanned.stdout == "This is now till 03-2 of Corner.\n", scanned.stderr
    assert again.returncode == 1
    assert "has been used" in again.stderr
    assert unreachable.returncode == 1
    for done in (nowhere, wrong, right, again, unreachable):
        assert done.stderr or done is right
        assert "Traceback" not in done.stderr


def test_what_was_not_sent_goes_onto_a_stick_and_only_its_code_opens_it(
    sold: TillSettings, tmp_path: Path
) -> None:
    done = till(sold, "export-unsent", str(tmp_path))
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.glob("evertill-*.outbox")
    code = next(line.removeprefix("Code: ") for line in done.stdout.splitlines() if line.startswith("Code: "))
    with file.open("rb") as content:
        reader = OutboxReader(content, code)
        count = sum(len(push.entries) for push in reader.pushes())
    assert f"{count} entries are in {file}" in done.stdout
    assert count > 3
    assert b"at_ms" not in file.read_bytes()


def test_a_stick_that_is_not_there_is_said_in_words(sold: TillSettings, tmp_path: Path) -> None:
    done = till(sold, "export-unsent", str(tmp_path / "no stick"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "can't be written" in done.stderr


def test_a_database_that_cannot_be_read_is_put_aside_when_somebody_says_so(
    copy: TillSettings, tmp_path: Path
) -> None:
    done = till(copy, "rescue")
    assert done.returncode == 0, done.stderr
    again = till(copy, module="tests.pos_client.selling_till")
    assert again.returncode == 0, again.stderr
    assert list(copy.data_dir.glob(f"{BOOKS_FILE}.damaged-*"))
    assert "as they were sealed" in till(copy, "verify").stdout
    assert till(msgspec.structs.replace(copy, data_dir=tmp_path / "none"), "rescue").returncode == 1
