"""A terminal that tells whole card numbers in every field: neither till nor paper nor server keeps one."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path

import pytest

from hardware.printers.virtual import VirtualPrinter
from hardware.terminals.virtual import VirtualTerminal
from pos_client.chores import export_unsent
from pos_client.journal_export import export
from pos_client.till.state import Phase
from pos_client.till_folder import BOOKS_FILE
from tests.flows.real_till import RealTill
from tests.flows.served_shop import ServedShop
from tests.pos_client.card_till import CardTill
from tests.pos_client.ready_till import ready

NUMBER = "4111111111111111"
SHOWN = "1111"
_WRITTEN = (NUMBER, "4111 1111 1111 1111", "4111-1111-1111-1111", NUMBER[:12], NUMBER[3:])
FORMS = (
    *(form.encode(code) for form in _WRITTEN for code in ("utf-8", "utf-16-le", "utf-16-be")),
    bytes.fromhex(NUMBER),
    bytes.fromhex(NUMBER[:12]),
)


def with_card_numbers(folder: Path) -> list[str]:
    """Files in which one stands, in letters or in BCD."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [path.name for path in files if _holds_one(path.read_bytes())]


def _holds_one(content: bytes) -> bool:
    return any(form in content for form in FORMS)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_no_card_number_is_kept_anywhere(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    caplog.set_level(logging.DEBUG)
    with ExitStack() as stack:
        printer = stack.enter_context(VirtualPrinter(port=0))
        terminal = stack.enter_context(VirtualTerminal(port=0))
        terminal.leaks = True
        settings = ready(
            tmp_path / "till", f"tcp://127.0.0.1:{printer.port}", terminal=f"zvt://127.0.0.1:{terminal.port}"
        )
        sell_by_card(CardTill(settings), terminal, printer)
        papers = "\n".join(receipt.text for receipt in printer.receipts)
        assert SHOWN in papers, "the last four digits are what a customer may see"
        assert not any(form in papers.encode() for form in FORMS)
        db = settings.data_dir / BOOKS_FILE
        export(db, None, tmp_path / "export", sqlite=False)
        export(db, None, tmp_path / "export-sqlite", sqlite=True)
        (tmp_path / "stick").mkdir()
        export_unsent(settings, tmp_path / "stick", None, everything=True)
        bring_to_server(settings.data_dir, tmp_path / "server", stack)
    said = capfd.readouterr()
    everything_said = caplog.text + said.out + said.err
    assert not any(form in everything_said.encode() for form in FORMS)
    assert with_card_numbers(tmp_path) == []
    (tmp_path / "planted").write_text(f"Card {NUMBER}")
    assert with_card_numbers(tmp_path) == ["planted"], "the search finds one that is there"


def sell_by_card(counter: CardTill, terminal: VirtualTerminal, printer: VirtualPrinter) -> None:
    """Approved by block and by line, declined, lost and found, taken back, refunded, and the day ended."""
    with counter:
        assert counter.pay_by_card().phase is Phase.CHANGE
        terminal.prints_lines = True
        assert counter.pay_by_card().phase is Phase.CHANGE
        terminal.behave("lose")
        assert counter.pay_by_card().phase is Phase.CHANGE
        counter.ring_up(2)
        counter.session.tender_card(100)
        counter.wait(lambda state: state.card is None)
        counter.session.remove_tender()
        counter.wait(lambda state: state.card is None)
        terminal.behave("decline")
        counter.session.tender_card()
        counter.wait_for_the_terminal()
        counter.session.tender_cash(1000)
        assert counter.session.finish_sale().phase is Phase.CHANGE
        assert len(counter.card_sales()) == 3
        give_back_and_end_the_day(counter, terminal)
        printer.wait_for_receipts(7)


def give_back_and_end_the_day(counter: CardTill, terminal: VirtualTerminal) -> None:
    """Once refunded, once reversed; the report of the day lists every card."""
    terminal.behave("approve")
    for pieces in (2, 1):
        if pieces > 1:
            assert counter.pay_by_card(2).phase is Phase.CHANGE
        counter.take_back(counter.card_sales()[0 if pieces > 1 else -1], 1)
        counter.session.give_money_back()
        counter.wait(lambda state: state.phase is Phase.SALE)
    assert [bool(one.reverses) for one in terminal.bookings[-2:]] == [False, True]
    counter.session.end_card_day()
    counter.wait(lambda state: state.notice is not None and state.notice.words.code == "card_day_ended")


def bring_to_server(till_folder: Path, server_folder: Path, stack: ExitStack) -> None:
    shop = ServedShop(server_folder)
    stack.callback(shop.close)
    shop.start()
    till = RealTill(till_folder, f"http://127.0.0.1:{shop.port}")
    stack.callback(till.close)
    till.enrol(shop.code())
    till.start()
    till.wait_until_all_is_sent()
    assert len([body for _, body in shop.stored() if b'"card"' in body]) >= 3
