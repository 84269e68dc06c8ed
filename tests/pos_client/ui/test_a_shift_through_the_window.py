"""A cashier's shift on the real core, by keys alone: log in, sell, take cash, count, close."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QApplication

from hardware.scanners.base import Scan
from pos_client.till.session import TillSession
from pos_client.till.state import Phase
from pos_client.ui.main_window import MainWindow
from pos_client.ui.wording import Wording
from shared_models.cash import ShiftClosed
from shared_models.sale import SalePosted
from tests.pos_client.till import fakes
from tests.pos_client.ui.keys import CTRL, press, scan, type_text

Key = Qt.Key


@pytest.fixture
def counter(qapp: QApplication) -> Iterator[tuple[MainWindow, fakes.FakeBooks]]:
    clock = fakes.FakeClock()
    paper = fakes.FakePaper()
    books = fakes.FakeBooks(clock, paper)
    till = TillSession(
        fakes.TILL_ID,
        clock=clock,
        ids=fakes.FakeIds(),
        catalogue=fakes.FakeCatalogue(),
        books=books,
        pins=fakes.FakePins(),
        paper=paper,
        lending=fakes.FakeLending(),
    )
    window = MainWindow(till, clock.now, wording=Wording(QLocale("en_GB")), monotonic_ms=clock.monotonic_ms)
    window.show()
    window.activateWindow()
    qapp.processEvents()
    yield window, books
    window.close()
    window.deleteLater()


def typed(window: MainWindow, text: str, *keys: Qt.Key) -> None:
    type_text(window, text)
    press(window, *keys)


def scanned(window: MainWindow, code: str) -> None:
    scan(window, code)


def test_a_shift_by_keys_alone(counter: tuple[MainWindow, fakes.FakeBooks]) -> None:
    window, books = counter
    typed(window, "9999", Key.Key_Return)
    assert window.presenter.state.phase is Phase.NO_SHIFT
    typed(window, "10000", Key.Key_Return)
    assert window.presenter.state.phase is Phase.SALE

    scanned(window, fakes.OAT_DRINK)
    scanned(window, fakes.OAT_DRINK)
    scanned(window, "4006381333948")
    assert window.notice.text.startswith("Nothing is sold under 4006381333948")
    due_minor = window.presenter.state.to_pay_minor
    assert due_minor > 0

    typed(window, "", Key.Key_Return)
    assert window.presenter.state.phase is Phase.TENDER
    scanned(window, fakes.OAT_DRINK)  # one more, although Pay was pressed
    assert window.presenter.state.phase is Phase.SALE
    due_minor += due_minor // 2
    assert window.presenter.state.to_pay_minor == due_minor
    typed(window, "", Key.Key_Return)
    typed(window, "2000", Key.Key_Return)
    assert window.presenter.state.phase is Phase.CHANGE
    assert [sale.total_minor for sale in books.of_kind(SalePosted)] == [due_minor]  # type: ignore[attr-defined]

    scanned(window, fakes.OAT_DRINK)
    assert window.presenter.state.phase is Phase.SALE
    assert len(window.presenter.state.lines) == 1
    press(window, Key.Key_Delete, modifier=CTRL)
    assert window.host.panel is not None
    typed(window, "", Key.Key_Return)
    assert window.presenter.state.lines == ()

    typed(window, "", Key.Key_F10)
    typed(window, "5")
    assert window.presenter.state.phase is Phase.COUNT
    typed(window, "1", *[Key.Key_Return] * 2, Key.Key_F12)
    assert window.presenter.state.phase is Phase.COUNTED
    typed(window, "", Key.Key_F12)
    assert window.presenter.state.phase is Phase.COUNTED, "the same key twice closes nothing"
    typed(window, "", Key.Key_Return)
    if window.host.panel is not None:
        typed(window, "9999", Key.Key_Return)
    assert window.presenter.state.phase is Phase.CLOSED
    assert [closed.counted_minor for closed in books.of_kind(ShiftClosed)] == [50_000]  # type: ignore[attr-defined]
    typed(window, "", Key.Key_Return)
    assert window.presenter.state.phase is Phase.NO_SHIFT


def test_a_wrong_pin_says_so_and_the_pin_is_gone(counter: tuple[MainWindow, fakes.FakeBooks]) -> None:
    window, _ = counter
    typed(window, "0000", Key.Key_Return)
    assert window.presenter.state.phase is Phase.LOCKED
    assert window.notice.text == "That PIN is not known. Try again."


def test_a_discount_by_someone_who_may_not_asks_for_a_pin_inside_the_window(
    counter: tuple[MainWindow, fakes.FakeBooks],
) -> None:
    window, _ = counter
    typed(window, "1111", Key.Key_Return)
    typed(window, "0", Key.Key_Return)
    scanned(window, fakes.OAT_DRINK)
    before = window.presenter.state.to_pay_minor
    typed(window, "", Key.Key_F6)
    typed(window, "50", Key.Key_Return)
    assert window.presenter.state.question is not None
    typed(window, "0000", Key.Key_Return)
    assert window.host.panel is not None, "a wrong PIN asks again"
    typed(window, "9999", Key.Key_Return)
    assert window.host.panel is None
    assert window.presenter.state.to_pay_minor < before
    assert QApplication.focusWidget() is window.sale.products.field


def test_a_shirt_is_sold_by_its_parents_matrix_and_by_its_own_barcode(
    counter: tuple[MainWindow, fakes.FakeBooks],
) -> None:
    window, _ = counter
    typed(window, "9999", Key.Key_Return)
    typed(window, "10000", Key.Key_Return)
    window.scanned(Scan("tee"))
    typed(window, "", Key.Key_Right, Key.Key_Return)
    window.scanned(Scan("tee"))
    scanned(window, fakes.NAVY_M)
    assert window.host.panel is None
    lines = window.presenter.state.lines
    assert [(line.name, line.quantity_milli) for line in lines] == [
        ("T-shirt basic · navy · M", 1000),
        ("T-shirt basic · navy · M", 1000),
    ]
