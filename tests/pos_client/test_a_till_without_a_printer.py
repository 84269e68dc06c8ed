"""A counter that prints nothing: its drawer opens all the same, and no work piles up for a printer that comes later."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from hardware.printers.virtual import VirtualPrinter
from pos_client.settings import TillSettings
from pos_client.till.state import Phase
from tests.pos_client.card_till import CardTill
from tests.pos_client.ready_till import PRICE_MINOR, ready


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TillSettings:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return msgspec.structs.replace(ready(tmp_path / "till"), printer="")


def sell_for_cash(counter: CardTill) -> None:
    counter.ring_up()
    counter.session.tender_cash(PRICE_MINOR)
    assert counter.session.finish_sale().phase is Phase.CHANGE
    end = time.monotonic() + 10
    while counter.till.books.jobs.any_queued():
        assert time.monotonic() < end, counter.till.books.jobs.having("queued")
        time.sleep(0.02)


def test_a_drawer_with_a_trigger_of_its_own_opens_without_any_printer(
    bare: TillSettings, tmp_path: Path
) -> None:
    trigger = tmp_path / "trigger"
    with CardTill(msgspec.structs.replace(bare, drawer=f"file://{trigger}")) as counter:
        sell_for_cash(counter)
        assert trigger.read_bytes() == b"\x07"
        sell_for_cash(counter)
    assert trigger.read_bytes() == b"\x07\x07"


def test_a_printer_that_is_set_up_later_opens_no_drawer_and_prints_no_receipt_of_the_weeks_before(
    bare: TillSettings,
) -> None:
    with CardTill(bare) as counter:
        sell_for_cash(counter)
        sell_for_cash(counter)
        assert counter.till.status_line.now().printer_message == ""
    with VirtualPrinter(port=0) as printer:
        later = msgspec.structs.replace(bare, printer=f"tcp://127.0.0.1:{printer.port}")
        with CardTill(later) as counter:
            sell_for_cash(counter)
            printer.wait_for_receipts(1)
            assert (len(printer.receipts), len(printer.pulses)) == (1, 1)
