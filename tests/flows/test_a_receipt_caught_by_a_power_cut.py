"""A receipt on its way to the printer when the power went: named in the morning, printed when asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from hardware.printers.virtual import VirtualPrinter
from pos_client.bootstrap import open_till
from pos_client.ui.application import Application
from tests.pos_client.ready_till import ready
from tests.pos_client.selling_till import open_shop, sell_one


def test_the_cashier_is_told_which_receipt_until_it_is_printed_again(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with VirtualPrinter(port=0) as printer:
        settings = ready(tmp_path / "till", f"tcp://127.0.0.1:{printer.port}")
        with open_till(settings) as till:
            open_shop(till)
            number = sell_one(till)
            assert till.books.jobs.claim("print") is not None
        with open_till(settings) as till:
            application = Application()
            window = application.open(
                till.session, now=till.clock.now, status=till.status_line.now, version=lambda: 1
            )
            till.start_workers()
            qtbot.waitUntil(lambda: till.status_line.now().unsure_receipts == (number,), timeout=15_000)
            open_shop(till)
            window.refresh()
            application.look()
            sentence = f"Receipt {number} may not have been printed. Press F9 to print it again."
            assert window.notice.text == sentence
            assert window.header.printer.toolTip() == sentence
            assert printer.receipts == []
            till.session.reprint(number)
            printer.wait_for_receipts(1, timeout_s=15)
            qtbot.waitUntil(lambda: till.status_line.now().unsure_receipts == (), timeout=15_000)
            application.look()
            assert window.header.printer.text() == "Printer"
            application._tick.stop()
            window.close()
            window.deleteLater()
