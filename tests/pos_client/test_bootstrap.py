"""The parts put together: a full disk, and a printer that nobody knows or that is gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from hardware.printers.virtual import VirtualPrinter
from pos_client.bootstrap import open_till
from pos_client.till.state import Phase
from tests.pos_client.ready_till import OAT_DRINK, PRICE_MINOR, ready
from tests.pos_client.selling_till import open_shop, sell_one


@pytest.fixture(autouse=True)
def own_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def waited(qtbot: QtBot, until: Callable[[], bool]) -> None:
    qtbot.waitUntil(until, timeout=15_000)


def test_a_full_disk_keeps_the_ticket_and_sells_when_there_is_room(tmp_path: Path) -> None:
    with open_till(ready(tmp_path / "till")) as till:
        open_shop(till)
        till.books.database.script("pragma max_page_count=1")
        state = till.session.state
        for _ in range(1000):
            till.session.next_sale()
            till.session.scan(OAT_DRINK)
            till.session.start_tender()
            till.session.tender_cash(PRICE_MINOR)
            state = till.session.finish_sale()
            if state.phase != Phase.CHANGE:
                break
        sold = len(till.books.recent_sales(10_000))
        assert state.notice is not None
        assert state.notice.words.code == "storage_full"
        assert len(state.lines) == 1
        till.books.database.script("pragma max_page_count=1000000")
        if state.phase == Phase.TENDER:
            till.session.back_to_sale()
        sell_one(till)
        assert len(till.books.recent_sales(10_000)) == sold + 1


@pytest.mark.expects_log
def test_a_printer_that_nobody_knows_is_said_and_the_till_sells(tmp_path: Path, qtbot: QtBot) -> None:
    settings = msgspec.structs.replace(
        ready(tmp_path / "till", "tcp://127.0.0.1:9"), printer_profile="my-printer"
    )
    with open_till(settings) as till:
        till.start_workers()
        open_shop(till)
        sell_one(till)
        waited(qtbot, lambda: "my-printer" in till.status_line.now().printer_message)


@pytest.mark.expects_log
def test_a_receipt_waits_for_a_printer_that_is_gone(tmp_path: Path, qtbot: QtBot) -> None:
    with VirtualPrinter(port=0) as printer:
        printer.go_away()
        with open_till(ready(tmp_path / "till", f"tcp://127.0.0.1:{printer.port}")) as till:
            till.start_workers()
            open_shop(till)
            number = sell_one(till)
            waited(qtbot, lambda: till.status_line.now().printer_ok is False)
            assert till.status_line.now().printer_message
            waited(qtbot, lambda: [job.kind for job in till.books.jobs.having("queued")] == ["print"])
            printer.come_back()
            assert till.spooler is not None
            till.spooler.wake()
            [paper] = printer.wait_for_receipts(1, timeout_s=15)
            assert [code.data for code in paper.barcodes] == [number]
            waited(qtbot, lambda: till.status_line.now().printer_ok is True)
        assert printer.pulses == []
