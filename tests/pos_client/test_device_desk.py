"""The till's devices for a person: said when lost, printed again when back, and a report without a secret in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from hardware.printers.virtual import VirtualPrinter
from hardware.terminals.virtual import VirtualTerminal
from pos_client.bootstrap import OpenTill, open_till
from pos_client.device_desk import ReportNotSaved, write_report
from tests.pos_client.ready_till import PIN, ready
from tests.pos_client.selling_till import open_shop, sell_one
from tests.pos_client.test_commands import till as command


@pytest.fixture(autouse=True)
def own_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def waited(qtbot: QtBot, until: Callable[[], bool]) -> None:
    qtbot.waitUntil(until, timeout=20_000)


def report_of(till: OpenTill) -> str:
    reports = [device.look() for device in till.desk.devices()]
    return till.desk.save_report(reports).read_text("utf-8")


@pytest.mark.expects_log
def test_a_printer_that_is_switched_off_is_said_before_anybody_prints_and_again_when_it_is_back(
    tmp_path: Path, qtbot: QtBot
) -> None:
    with VirtualPrinter(port=0) as printer:
        printer.go_away()
        with open_till(ready(tmp_path / "till", f"tcp://127.0.0.1:{printer.port}")) as till:
            told: list[tuple[bool, str]] = []
            till.desk.on_change = lambda is_there, message: told.append((is_there, message))
            till.start_workers()
            waited(qtbot, lambda: till.status_line.now().printer_ok is False)
            assert str(printer.port) in till.status_line.now().printer_message
            open_shop(till)
            sell_one(till)
            printer.come_back()
            waited(qtbot, lambda: till.status_line.now().printer_ok is True)
            printer.wait_for_receipts(1, timeout_s=15)
            report = report_of(till)
    assert [is_there for is_there, _ in told] == [False, True]
    assert len(re.findall("LOST  Receipt printer", report)) == 1
    assert len(re.findall("found Receipt printer", report)) == 1


def test_the_report_holds_no_secret_no_card_and_no_name(tmp_path: Path, qtbot: QtBot) -> None:
    with VirtualTerminal(port=0) as terminal, VirtualPrinter(port=0) as printer:
        settings = msgspec.structs.replace(
            ready(
                tmp_path / "till",
                f"tcp://127.0.0.1:{printer.port}",
                terminal=f"zvt://127.0.0.1:{terminal.port}?password=731955",
            ),
            database_key="ab" * 32,
            second_printer="cups://clerk:hunter2@office/receipts",
        )
        with open_till(settings) as till:
            till.start_workers()
            open_shop(till)
            sell_one(till)
            report = report_of(till)
            doctors = command(settings, "doctor", "--report", str(tmp_path / "report.txt"))
    written = (tmp_path / "report.txt").read_text("utf-8")
    assert "Store: 03" in report
    assert "Till: 03-2" in report
    assert "Card terminal is ready." in report
    for secret in ("731955", "ab" * 32, "hunter2", "clerk", "Ana", PIN, "Corner"):
        assert secret not in report, secret
        assert secret not in written, secret
        assert secret not in doctors.stdout, secret


def test_the_doctor_and_the_page_say_the_same(tmp_path: Path) -> None:
    with VirtualPrinter(port=0) as printer:
        settings = ready(tmp_path / "till", f"tcp://127.0.0.1:{printer.port}")
        with open_till(settings) as till:
            till.start_workers()
            reports = [device.look() for device in till.desk.devices()]
        said = command(settings, "doctor").stdout
    for report in reports:
        assert report.message in said
        for name, value in report.facts:
            assert f"{name}: {value}" in said


def test_a_report_that_can_not_be_saved_says_where_it_should_have_gone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportNotSaved, match=r"file/report\.txt"):
        write_report(tmp_path / "file" / "report.txt", "report")
