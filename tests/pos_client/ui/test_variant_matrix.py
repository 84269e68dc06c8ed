"""The matrix of sizes and colours: by keys, by finger, by ear, and put away by a scan."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from hardware.scanners.base import Scan
from pos_client.till.state import TillState
from pos_client.ui.buttons import KeyButton
from pos_client.ui.example_shop import STATES, ShownTill
from pos_client.ui.main_window import MainWindow
from pos_client.ui.variant_panel import Swatch, VariantPanel
from tests.pos_client.ui.keys import press

OpenWindow = Callable[..., MainWindow]
Key = Qt.Key
LEFT, RIGHT, UP, DOWN, ENTER = Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down, Key.Key_Return


def asked(window: MainWindow) -> list[tuple[str, tuple[object, ...], dict[str, object]]]:
    till = window.presenter.till
    assert isinstance(till, ShownTill)
    return till.asked


def after(window: MainWindow, state: TillState) -> None:
    """What the till says next."""
    till = window.presenter.till
    assert isinstance(till, ShownTill)
    till.state = state


@pytest.mark.parametrize(
    ("keys", "product_id"),
    [
        ([], "p-shirt-0"),
        ([RIGHT, RIGHT, LEFT], "p-shirt-1"),
        ([LEFT, UP], "p-shirt-0"),
        ([RIGHT, DOWN, DOWN], "p-shirt-21"),
        ([RIGHT, DOWN, DOWN, RIGHT], "p-shirt-23"),  # there is no L in green
        ([DOWN, DOWN], "p-shirt-30"),  # nor S
        ([RIGHT, RIGHT, RIGHT, DOWN, DOWN, DOWN], "p-shirt-33"),
    ],
)
def test_arrows_walk_over_what_there_is_and_enter_takes_it(
    open_window: OpenWindow, keys: list[Qt.Key], product_id: str
) -> None:
    window = open_window(STATES["variants"])
    press(window, *keys, ENTER)
    assert asked(window) == [("choose_variant", (product_id,), {})]


def test_a_finger_takes_a_cell_and_the_matrix_goes_with_the_choice(open_window: OpenWindow) -> None:
    window = open_window(STATES["variants"])
    after(window, STATES["sale"])
    cell = next(one for one in cells(window) if "white · L" in one.accessibleName())
    QTest.mouseClick(cell, Qt.MouseButton.LeftButton)
    assert asked(window) == [("choose_variant", ("p-shirt-12",), {})]
    assert window.host.panel is None


def test_esc_puts_the_matrix_away_and_the_field_has_the_focus_again(open_window: OpenWindow) -> None:
    window = open_window(STATES["variants"])
    after(window, STATES["sale"])
    press(window, Key.Key_Escape)
    assert asked(window) == [("dismiss_choice", (), {})]
    assert window.host.panel is None
    assert window.sale.products.field.hasFocus()


def test_a_scan_over_the_matrix_goes_to_the_till(open_window: OpenWindow) -> None:
    window = open_window(STATES["variants"])
    after(window, STATES["sale"])
    window.scanned(Scan("4006381333948"))
    assert asked(window) == [("scan", ("4006381333948",), {})]
    assert window.host.panel is None


def test_a_screen_reader_hears_name_colour_size_and_price(open_window: OpenWindow) -> None:
    window = open_window(STATES["variants"])
    names = [cell.accessibleName() for cell in cells(window)]
    assert names[0] == "T-shirt basic · navy · S, 14.90"
    assert len(names) == 13


def test_a_colour_without_a_hex_has_its_name_and_no_swatch(open_window: OpenWindow) -> None:
    window = open_window(STATES["variants"])
    assert len(window.host.findChildren(Swatch)) == 3


def test_a_large_family_scrolls_to_where_the_arrows_lead(open_window: OpenWindow) -> None:
    choice = STATES["variants"].choice
    assert choice is not None
    colours = choice.colours * 5
    rows = [
        msgspec.structs.replace(cell, colour_index=cell.colour_index + 4 * turn)
        for turn in range(5)
        for cell in choice.cells
    ]
    large = msgspec.structs.replace(choice, colours=colours, cells=tuple(rows))
    window = open_window(msgspec.structs.replace(STATES["sale"], choice=large), size=(1024, 700))
    for _ in range(18):
        press(window, DOWN)
    (current,) = (cell for cell in cells(window) if cell.isChecked())
    assert not current.visibleRegion().isEmpty()
    assert current is [cell for cell in cells(window) if "striped · S" in cell.accessibleName()][-1]


def cells(window: MainWindow) -> list[KeyButton]:
    assert isinstance(window.host.panel, VariantPanel)
    return [one for one in window.host.panel.findChildren(KeyButton) if one.isCheckable()]
