"""Scans and typing as the window gets them: no key of a scan ever lands in a field, no key of a person gets lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from pos_client.ui.example_shop import STATES, ShownTill
from pos_client.ui.main_window import MainWindow

GTIN = "4006381333931"
OpenWindow = Callable[..., MainWindow]


def scan(window: MainWindow, text: str = GTIN) -> None:
    """Keys without a pause, as a wedge sends them to the window."""
    for character in text:
        QTest.keyClick(window.windowHandle(), character)
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Return)


def asked(window: MainWindow) -> list[tuple[str, tuple[object, ...]]]:
    till = window.presenter.till
    assert isinstance(till, ShownTill)
    return [(name, values) for name, values, _ in till.asked]


@pytest.mark.parametrize("phase", ["sale", "change"])
def test_a_scan_adds_a_line_and_leaves_the_field_empty(open_window: OpenWindow, phase: str) -> None:
    window = open_window(STATES[phase])
    scan(window)
    assert asked(window) == [("scan", (GTIN,))]
    assert window.sale.products.field.text() == ""


@pytest.mark.parametrize("phase", ["locked", "no_shift", "tender", "count", "counted", "closed", "waiting"])
def test_a_scan_on_any_other_screen_types_nothing_and_says_so(open_window: OpenWindow, phase: str) -> None:
    window = open_window(STATES[phase])
    scan(window)
    assert asked(window) == []
    assert "Finish this first" in window.notice.text


def test_a_scan_into_a_quantity_panel_types_nothing(open_window: OpenWindow) -> None:
    window = open_window(STATES["sale"])
    window.menus.quantity()
    panel = window.host.panel
    scan(window)
    assert asked(window) == []
    assert window.host.panel is panel
    assert "Finish this first" in window.notice.text


def test_a_scan_answers_the_question_for_a_serial_number(open_window: OpenWindow) -> None:
    window = open_window(STATES["question_serial"])
    scan(window, "SN-2026-0042")
    assert asked(window) == [("answer", (True, "SN-2026-0042"))]


def test_what_a_person_types_arrives_in_the_field_each_letter_once(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(STATES["sale"])
    for character in "milk":
        QTest.keyClick(window.windowHandle(), character)
        qtbot.waitUntil(lambda wanted=character: window.sale.products.field.text().endswith(wanted))
    assert window.sale.products.field.text() == "milk"


def test_typed_figures_and_enter_are_a_code(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(STATES["sale"])
    for typed, character in enumerate("3*401", 1):
        QTest.keyClick(window.windowHandle(), character)
        qtbot.waitUntil(lambda wanted=typed: len(window.sale.products.field.text()) == wanted)
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Return)
    assert asked(window) == [("scan", ("3*401",))]


def test_enter_in_an_empty_field_pays(open_window: OpenWindow) -> None:
    window = open_window(STATES["sale"])
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Return)
    assert asked(window) == [("start_tender", ())]


def test_typing_on_the_change_screen_begins_the_next_sale(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(STATES["change"])
    QTest.keyClick(window.windowHandle(), "m")
    qtbot.waitUntil(lambda: window.sale.products.field.text() == "m")
    assert asked(window) == [("next_sale", ())]
