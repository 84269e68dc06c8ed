"""A coupon's code that somebody types, where it could be a product's name as well."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from pos_client.ui.example_shop import STATES, ShownTill
from pos_client.ui.main_window import MainWindow

OpenWindow = Callable[..., MainWindow]


def entered(window: MainWindow, qtbot: QtBot, text: str) -> list[str]:
    """What typing it and Enter asks of the till."""
    for typed, character in enumerate(text, 1):
        QTest.keyClick(window.windowHandle(), character)
        qtbot.waitUntil(lambda wanted=typed: len(window.sale.products.field.text()) == wanted)
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Return)
    till = window.presenter.till
    assert isinstance(till, ShownTill)
    return [name for name, _, _ in till.asked]


def test_a_coupon_is_scanned_although_a_product_is_called_alike(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    assert entered(open_window(STATES["sale"]), qtbot, "OAT") == ["scan"]


def test_a_name_that_is_no_coupon_picks_the_product(open_window: OpenWindow, qtbot: QtBot) -> None:
    assert entered(open_window(STATES["sale"]), qtbot, "Oat dr") == ["add_product"]
