"""Scans and typing as the window gets them: no key of a scan ever lands in a field, no key of a person gets lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from pos_client.ui.example_shop import STATES, ShownTill
from pos_client.ui.main_window import MainWindow
from tests.pos_client.ui.keys import press, scan, type_text

GTIN = "4006381333931"
OpenWindow = Callable[..., MainWindow]


def asked(window: MainWindow) -> list[tuple[str, tuple[object, ...]]]:
    till = window.presenter.till
    assert isinstance(till, ShownTill)
    return [(name, values) for name, values, _ in till.asked]


@pytest.mark.parametrize("phase", ["sale", "change"])
def test_a_scan_adds_a_line_and_leaves_the_field_empty(open_window: OpenWindow, phase: str) -> None:
    window = open_window(STATES[phase])
    scan(window, GTIN)
    assert asked(window) == [("scan", (GTIN,))]
    assert window.sale.products.field.text() == ""


@pytest.mark.parametrize(
    "phase", ["locked", "no_shift", "tender_part", "refund", "count", "counted", "closed", "waiting"]
)
def test_a_scan_on_any_other_screen_types_nothing_and_says_so(open_window: OpenWindow, phase: str) -> None:
    window = open_window(STATES[phase])
    scan(window, GTIN)
    assert asked(window) == []
    assert "Finish this first" in window.notice.text


def test_a_scan_while_a_quantity_is_asked_adds_the_next_line_and_changes_no_quantity(
    open_window: OpenWindow,
) -> None:
    window = open_window(STATES["sale"])
    window.menus.quantity()
    type_text(window, "2")
    scan(window, GTIN)
    assert asked(window) == [("scan", (GTIN,))]
    assert window.host.panel is None


def test_a_scan_after_pay_was_pressed_goes_back_and_adds_the_line(open_window: OpenWindow) -> None:
    window = open_window(STATES["tender"])
    scan(window, GTIN)
    assert asked(window) == [("back_to_sale", ()), ("scan", (GTIN,))]


def test_a_scan_does_not_answer_whether_the_customer_is_old_enough(open_window: OpenWindow) -> None:
    window = open_window(STATES["question_age"])
    panel = window.host.panel
    scan(window, GTIN)
    assert asked(window) == []
    assert window.host.panel is panel
    assert "Finish this first" in window.notice.text


def test_a_scan_answers_the_question_for_a_serial_number(open_window: OpenWindow) -> None:
    window = open_window(STATES["question_serial"])
    scan(window, "SN-2026-0042")
    assert asked(window) == [("answer", (True, "SN-2026-0042"))]


def test_what_a_person_types_arrives_in_the_field_each_letter_once(open_window: OpenWindow) -> None:
    window = open_window(STATES["sale"])
    type_text(window, "milk")
    assert window.sale.products.field.text() == "milk"


def test_typed_figures_and_enter_are_a_code(open_window: OpenWindow) -> None:
    window = open_window(STATES["sale"])
    type_text(window, "3*401")
    press(window, Qt.Key.Key_Return)
    assert asked(window) == [("scan", ("3*401",))]


def test_enter_in_an_empty_field_pays(open_window: OpenWindow) -> None:
    window = open_window(STATES["sale"])
    press(window, Qt.Key.Key_Return)
    assert asked(window) == [("start_tender", ())]


def test_typing_on_the_change_screen_begins_the_next_sale(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(STATES["change"])
    QTest.keyClick(window.windowHandle(), "m")
    qtbot.waitUntil(lambda: window.sale.products.field.text() == "m")
    assert asked(window) == [("next_sale", ())]
