"""A coupon's code that somebody types, where it could be a product's name as well."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt

from pos_client.ui.example_shop import STATES, ShownTill
from pos_client.ui.main_window import MainWindow
from tests.pos_client.ui.keys import press, type_text

OpenWindow = Callable[..., MainWindow]


def entered(window: MainWindow, text: str) -> list[str]:
    """What typing it and Enter asks of the till."""
    type_text(window, text)
    press(window, Qt.Key.Key_Return)
    till = window.presenter.till
    assert isinstance(till, ShownTill)
    return [name for name, _, _ in till.asked]


def test_a_coupon_is_scanned_although_a_product_is_called_alike(open_window: OpenWindow) -> None:
    assert entered(open_window(STATES["sale"]), "OAT") == ["scan"]


def test_a_name_that_is_no_coupon_picks_the_product(open_window: OpenWindow) -> None:
    assert entered(open_window(STATES["sale"]), "Oat dr") == ["add_product"]
