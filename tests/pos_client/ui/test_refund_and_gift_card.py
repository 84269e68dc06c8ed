"""Goods back and gift cards by keys and scans alone, in the window."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QApplication

from pos_client.till.session import TillSession
from pos_client.till.state import Phase
from pos_client.ui.choice_panel import ChoicePanel
from pos_client.ui.main_window import MainWindow
from pos_client.ui.row_list import RowButton
from pos_client.ui.wording import Wording
from shared_models.leases import ReceiptStated
from shared_models.refund import RefundPosted
from shared_models.stored_value import GiftRedeemed
from tests.pos_client.till import fakes
from tests.pos_client.till.test_tickets_of_other_tills import listing
from tests.pos_client.ui.test_a_shift_through_the_window import scanned, typed

Key = Qt.Key


class Desk:
    def __init__(self) -> None:
        clock = fakes.FakeClock()
        self.books, self.lending = fakes.FakeBooks(clock), fakes.FakeLending()
        till = TillSession(
            fakes.TILL_ID,
            clock=clock,
            ids=fakes.FakeIds(),
            catalogue=fakes.FakeCatalogue(),
            books=self.books,
            pins=fakes.FakePins(),
            paper=fakes.FakePaper(),
            lending=self.lending,
        )
        wording = Wording(QLocale("en_GB"))
        self.window = MainWindow(till, clock.now, wording=wording, monotonic_ms=clock.monotonic_ms)

    @property
    def phase(self) -> Phase:
        return self.window.presenter.state.phase


@pytest.fixture
def desk(qapp: QApplication) -> Iterator[Desk]:
    """Somebody who may is logged in, and one oat drink has been sold."""
    made = Desk()
    made.window.show()
    made.window.activateWindow()
    qapp.processEvents()
    for step in (
        lambda till: till.log_in("9999"),
        lambda till: till.open_shift(10_000),
        lambda till: till.scan(fakes.OAT_DRINK),
        lambda till: till.start_tender(),
        lambda till: till.tender_cash(249),
        lambda till: till.finish_sale(),
    ):
        made.window.presenter.do(step)
    assert made.phase is Phase.CHANGE
    yield made
    made.window.close()
    made.window.deleteLater()


def test_a_receipt_is_scanned_and_its_money_given_back(desk: Desk) -> None:
    window = desk.window
    typed(window, "", Key.Key_F8)
    assert window.host.panel is not None
    scanned(window, "03-2-K7Q-000001")
    assert desk.lending.asked_receipts == ["03-2-K7Q-000001"]
    assert window.notice.text.startswith("Asking head office for receipt")
    desk.lending.tell(ReceiptStated())
    window.hear()
    assert desk.phase is Phase.REFUND
    typed(window, "", Key.Key_Return)
    assert desk.lending.asked == [], "nothing is chosen yet"
    typed(window, "", Key.Key_F3)
    typed(window, "", Key.Key_Return)
    assert "Asking head office" in window.notice.text
    desk.lending.grant()
    window.hear()
    assert [type(fact) for fact in desk.books.of_kind(RefundPosted)] == [RefundPosted]
    assert desk.phase is Phase.SALE
    assert window.notice.text.startswith("Give back")


def test_leaving_the_receipt_gives_nothing_back(desk: Desk) -> None:
    window = desk.window
    typed(window, "", Key.Key_F8)
    scanned(window, "03-2-K7Q-000001")
    desk.lending.tell(ReceiptStated())
    window.hear()
    typed(window, "+")
    typed(window, "", Key.Key_Escape)
    assert desk.phase is Phase.SALE
    assert desk.books.of_kind(RefundPosted) == []


def test_the_list_of_parked_tickets_grows_when_the_server_tells_of_other_tills(desk: Desk) -> None:
    window = desk.window
    typed(window, "", Key.Key_F5)
    panel = window.host.panel
    assert isinstance(panel, ChoicePanel)
    assert panel.rows.current() is None
    desk.lending.show_parked(listing())
    window.hear()
    grown = window.host.panel
    assert isinstance(grown, ChoicePanel)
    assert grown.rows.current() == 0
    assert "till 03-1" in " ".join(row.accessibleName() for row in grown.rows.findChildren(RowButton))
    typed(window, "1")
    assert window.host.panel is None
    assert [wanted.subject for wanted in desk.lending.asked] == ["t9"]


def test_part_of_a_card_is_put_aside_from_the_shift_menu(desk: Desk) -> None:
    window = desk.window
    typed(window, "", Key.Key_F10)
    typed(window, "6")
    typed(window, "6035-0001", Key.Key_Return)
    typed(window, "2000", Key.Key_Return)
    assert [(wanted.kind, wanted.subject, wanted.amount) for wanted in desk.lending.asked] == [
        ("escrow", "6035-0001", 2000)
    ]
    desk.lending.grant()
    window.hear()
    assert "put aside" in window.notice.text


def test_a_gift_card_is_scanned_at_the_payment_and_pays(desk: Desk) -> None:
    window = desk.window
    window.presenter.do(lambda till: till.scan(fakes.OAT_DRINK))
    typed(window, "", Key.Key_Return)
    typed(window, "", Key.Key_F6)
    scanned(window, "6035-0001")
    desk.lending.grant()
    window.hear()
    assert window.notice.text == ""
    typed(window, "", Key.Key_Return)
    assert desk.phase is Phase.CHANGE
    assert [fact.card for fact in desk.books.of_kind(GiftRedeemed)] == ["6035-0001"]  # type: ignore[union-attr]
