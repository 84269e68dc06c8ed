"""Every command of `evertill-server`, as an operator types it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import httpx
import pytest

from sync_server.auth import kept_secret
from sync_server.cli import main
from sync_server.database import Database
from sync_server.settings import PREFIX, BadSetting, Settings, read_settings
from tests.flows.served_process import WITHOUT_TLS
from tests.shared_models.test_logo import png

PASSWORD = "correct horse battery"
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """None of the machine's, and a folder of the test's own."""
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv(f"{PREFIX}DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def shop(own_settings: None, capsys: pytest.CaptureFixture[str]) -> None:
    """An administrator and store 03 with one till."""
    init = ["init", "--admin", "Ada", "--password", PASSWORD, "--store", "03", "--store-name", "Corner"]
    assert main([*init, "--currency", "EUR"]) == 0
    assert main(["add-till", "03-1"]) == 0
    capsys.readouterr()


def said(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    spoken = capsys.readouterr()
    return spoken.out, spoken.err


def test_init_makes_the_first_administrator_and_a_store(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["init", "--admin", "Ada", "--password", PASSWORD, "--store", "03", "--currency", "EUR"]
    assert main(words) == 0
    out, err = said(capsys)
    assert "Made the administrator Ada." in out
    assert "Opened store 03" in out
    assert err == ""
    assert main(["init", "--admin", "Eve", "--password", PASSWORD]) == 0
    assert "Nothing was changed" in said(capsys)[0]


def test_an_archive_of_nothing_is_written_and_said_to_prove_nothing(
    shop: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "archive"
    assert main(["archive", str(folder), "--from", "2026-11-01", "--until", "2026-11-30"]) == 0
    told = f"There was no entry to archive. {folder} is written, and holds nothing that could be verified.\n"
    assert said(capsys) == (told, "")
    assert (folder / "archive.json").exists()


def test_init_refuses_a_weak_password_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--admin", "Ada", "--password", "short"]) == 1
    assert said(capsys)[1] == "A password has at least 10 characters.\n"


def test_a_first_store_needs_its_currency(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["init", "--admin", "Ada", "--password", PASSWORD, "--store", "03"]
    assert main(words) == 1
    assert "--currency EUR" in said(capsys)[1]
    assert main([*words, "--currency", "XQX"]) == 1
    assert "XQX" in said(capsys)[1]


def test_migrate_says_whether_there_was_anything_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate"]) == 0
    assert "Brought the database up to date." in said(capsys)[0]
    assert main(["migrate"]) == 0
    assert "The database is up to date." in said(capsys)[0]


def test_a_till_gets_its_place_and_its_code(shop: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["add-till", "03-2", "--name", "Back"]) == 0
    assert "Made till 03-2 in Corner." in said(capsys)[0]
    assert main(["enrol-code", "03-2"]) == 0
    letters = said(capsys)[0].strip().split("-")
    assert [len(part) for part in letters] == [4, 4, 4]


def test_a_till_that_is_nowhere_gets_no_code(shop: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["enrol-code", "99-1"]) == 1
    assert main(["add-till", "99-1"]) == 1
    assert main(["add-till", "nonsense"]) == 1
    assert len(said(capsys)[1].splitlines()) == 3


def test_staff_may_log_in_after_add_staff(shop: None, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["add-staff", "Mia", "--store", "03", "--pin", "483920", "--role", "senior"]
    assert main(words) == 0
    assert said(capsys)[0] == "Mia may log in as senior in 03.\n"
    assert main(words) == 1, "the PIN is taken"
    assert main(["add-staff", "Bo", "--store", "03", "--pin", "1234567", "--role", "king"]) == 1
    assert "king" in said(capsys)[1]


def test_products_are_imported_and_the_same_file_changes_nothing(
    shop: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "products.csv"
    file.write_text("sku,name,price\nTEA,Green tea,1.99\nJAM,Plum jam,2.50\n")
    words = ["import-products", str(file), "--currency", "EUR"]
    assert main([*words, "--dry-run"]) == 0
    assert main(words) == 0
    assert said(capsys)[0].count("2 rows: 2 new") == 2
    assert main(words) == 0
    assert "0 new, 0 changed, 2 as before, 0 prices changed" in said(capsys)[0]


def test_broken_rows_are_told_in_sentences_and_the_good_ones_are_taken(
    shop: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "products.csv"
    file.write_text("sku,name,price\nTEA,Green tea,cheap\nJAM,Plum jam,2.50\n,No number,1.00\n")
    assert main(["import-products", str(file), "--currency", "EUR"]) == 2
    out, err = said(capsys)
    assert "3 rows: 1 new" in out
    assert "2 bad" in out
    first, second = err.splitlines()
    assert first.startswith("Row 2, price 'cheap': ")
    assert second.startswith("Row 4, sku: ")
    assert "BadRow" not in err


@pytest.mark.parametrize(
    ("content", "expected"), [(b"", "header"), (b"\xff\xfe\x00", ""), (b"colour,size\n", "sku")]
)
def test_a_file_that_holds_no_products_is_refused_in_words(
    shop: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, expected: str
) -> None:
    file = tmp_path / "products.csv"
    file.write_bytes(content)
    assert main(["import-products", str(file), "--currency", "EUR"]) in (1, 2)
    err = said(capsys)[1]
    assert expected in err
    assert "Traceback" not in err


def test_a_file_that_is_not_there_is_told_in_words(
    shop: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import-products", str(tmp_path / "nothing.csv"), "--currency", "EUR"]) == 1
    assert "can't be read: No such file" in said(capsys)[1]
    assert main(["import-products", str(tmp_path), "--currency", "EUR"]) == 1


def test_an_unknown_setting_says_which_one_was_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"{PREFIX}PROT", "8000")
    assert main(["migrate"]) == 1
    err = said(capsys)[1]
    assert "There is no setting EVERTILL_SERVER_PROT." in err
    assert "Did you mean EVERTILL_SERVER_PORT?" in err
    with pytest.raises(BadSetting, match="There are: data_dir, "):
        read_settings({f"{PREFIX}ZZZZZZ": "1"})


def test_a_setting_of_the_wrong_kind_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSetting, match="port"):
        read_settings({f"{PREFIX}PORT": "many"})
    assert read_settings({f"{PREFIX}PORT": "80", "OTHER": "x"}) == Settings(
        data_dir=Path("evertill-data"), port=80
    )


def test_a_database_that_does_not_answer_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    url = "postgresql://nobody:hidden@127.0.0.1:1/none"
    assert main(["migrate", "--database-url", url]) == 1
    err = said(capsys)[1]
    assert "Check database_url" in err
    assert "hidden" not in err


def test_a_command_that_is_told_to_end_leaves_without_a_word_more(
    ctrl_c: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sync_server.cli.migrate", lambda _: signal.raise_signal(signal.SIGINT))
    assert main(["migrate"]) == 128 + signal.SIGINT
    assert said(capsys) == ("", "")


def test_a_file_that_is_no_database_is_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "evertill.db").write_bytes(b"this is a shopping list" * 100)
    assert main(["migrate"]) == 1
    assert "Check database_url and database_key" in said(capsys)[1]


def test_a_secret_that_a_killed_server_had_not_written_yet_is_none(tmp_path: Path) -> None:
    (tmp_path / "token.secret").touch()
    made = kept_secret(tmp_path, "")
    assert len(made) == 64
    assert kept_secret(tmp_path, "") == made
    assert [path.name for path in tmp_path.iterdir()] == ["token.secret"]
    assert (tmp_path / "token.secret").stat().st_mode & 0o077 == 0


@pytest.fixture
def serving(own_settings: None) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "sync_server.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield process, f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


def test_serve_gets_ready_and_stops_within_seconds_when_it_is_asked_to(
    serving: tuple[subprocess.Popen[bytes], str], tmp_path: Path
) -> None:
    process, url = serving
    answer = until_ready(process, url)
    assert answer.json() == {"status": "ready"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(12) == 0
    assert time.monotonic() - started < 8
    db = Database(f"sqlite:///{tmp_path / 'data' / 'evertill.db'}")
    with db.read() as tx:
        assert tx.exec_driver_sql("pragma integrity_check").scalar() == "ok"
    db.close()
    assert (tmp_path / "data" / "token.secret").stat().st_mode & 0o077 == 0


def until_ready(process: subprocess.Popen[bytes], url: str) -> httpx.Response:
    end, pause = time.monotonic() + 40, Event()
    while time.monotonic() < end:
        assert process.poll() is None, "the server ended"
        try:
            answer = httpx.get(f"{url}/ready", timeout=5, verify=WITHOUT_TLS)
            if answer.status_code == 200:
                return answer
        except httpx.TransportError:
            pass
        pause.wait(0.1)
    raise AssertionError("the server did not get ready")


def test_a_store_gets_its_logo_from_a_file_and_loses_it_again(
    shop: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "logo.png"
    file.write_bytes(png(300, 100))
    assert main(["logo", "03", str(file)]) == 0
    assert "every receipt of store 03" in said(capsys)[0]
    file.write_bytes(b"<svg/>")
    assert main(["logo", "03", str(file)]) == 1
    assert "Save the logo as PNG" in said(capsys)[1]
    assert main(["logo", "03"]) == 0
    assert "no logo" in said(capsys)[0]
