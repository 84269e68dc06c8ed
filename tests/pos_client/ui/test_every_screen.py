"""Rules that every screen keeps: targets for fingers, names for screen readers, room for other languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QRect, Qt, QTranslator
from PySide6.QtGui import QAccessible, QFontMetrics
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QScrollArea, QWidget

from pos_client.ui.buttons import KeyButton, ProductKey, fitting_px
from pos_client.ui.example_shop import STATES
from pos_client.ui.footer import KeyHint
from pos_client.ui.keypad import Keypad
from pos_client.ui.main_window import MainWindow
from pos_client.ui.theme import GAP_PX, KEY_PX, TARGET_PX, font

OpenWindow = Callable[..., MainWindow]
SIZES = ((1366, 768), (1024, 700))
EACH_STATE = pytest.mark.parametrize("name", sorted(STATES))
EACH_SIZE = pytest.mark.parametrize("size", SIZES, ids=["1366", "1024"])


class Stretched(QTranslator):
    """A language whose every text is 40 % longer."""

    def translate(self, context: str, source: str, disambiguation: str | None = None, n: int = -1) -> str:
        words = source.split(" ")
        extra = max(1, round(len(source) * 0.4))
        return (
            " ".join([*words[:-1], words[-1]]) + " " + "ö" * min(extra, 7)
            if extra > 3
            else source + "ö" * extra
        )

    def isEmpty(self) -> bool:
        return False


@pytest.fixture
def stretched(qapp: QApplication) -> Iterator[None]:
    translator = Stretched()
    QCoreApplication.installTranslator(translator)
    yield
    QCoreApplication.removeTranslator(translator)


def touchable(window: MainWindow) -> list[QAbstractButton]:
    """What can be touched now: below an open panel nothing can."""
    under: QWidget = window.host if window.host.panel is not None else window
    return [button for button in under.findChildren(QAbstractButton) if button.isVisible()]


def place(widget: QWidget, window: QWidget) -> QRect:
    return QRect(widget.mapTo(window, widget.rect().topLeft()), widget.size())


@EACH_STATE
@EACH_SIZE
def test_everything_has_its_place_and_its_name(
    open_window: OpenWindow, name: str, size: tuple[int, int]
) -> None:
    window = open_window(STATES[name], size=size)
    assert (window.width(), window.height()) == size
    every_button_is_large_enough_and_has_a_name(window)
    no_two_buttons_touch_each_other(window)
    everything_is_inside(window)
    no_text_is_cut(window)


def every_button_is_large_enough_and_has_a_name(window: MainWindow) -> None:
    for button in touchable(window):
        words = button.accessibleName()
        assert words, button
        assert min(button.width(), button.height()) >= TARGET_PX, f"{words}: {button.size()}"
        if isinstance(button.parentWidget(), Keypad):
            assert min(button.width(), button.height()) >= KEY_PX, f"{words}: {button.size()}"


def no_two_buttons_touch_each_other(window: MainWindow) -> None:
    buttons = [button for button in touchable(window) if isinstance(button, KeyButton | ProductKey | KeyHint)]
    places = [
        (button.accessibleName(), seen(button, window))
        for button in buttons
        if not button.visibleRegion().isEmpty()
    ]
    near = GAP_PX - 1
    for at, (one, here) in enumerate(places):
        for other, there in places[at + 1 :]:
            assert not here.adjusted(-near, -near, near, near).intersects(there), f"{one} and {other}"


def everything_is_inside(window: MainWindow) -> None:
    for widget in window.findChildren(QWidget):
        scrolls = any(isinstance(parent, QScrollArea) for parent in parents(widget))
        if widget.isVisible() and not scrolls and widget.width() > 1:
            assert window.rect().contains(place(widget, window)), f"{widget} {widget.accessibleName()}"


def no_text_is_cut(window: MainWindow) -> None:
    for label in window.findChildren(QLabel):
        if label.isVisible() and label.text():
            assert fits(label), f"{label.text()}: {label.size()}"
    for hint in window.findChildren(KeyHint):
        assert hint.width() >= hint.sizeHint().width()


@EACH_STATE
def test_focus_is_somewhere_visible(open_window: OpenWindow, name: str) -> None:
    window = open_window(STATES[name])
    focused = QApplication.focusWidget()
    assert focused is not None
    assert focused.isVisible()
    if window.host.panel is not None:
        assert window.host.isAncestorOf(focused)


@EACH_STATE
def test_texts_grow_by_40_percent_without_being_cut(
    stretched: None, open_window: OpenWindow, name: str
) -> None:
    window = open_window(STATES[name])
    for label in window.findChildren(QLabel):
        if label.isVisible() and label.text():
            assert fits(label), f"{label.text()}: {label.size()}"
    for button in touchable(window):
        if isinstance(button, KeyButton):
            assert button_fits(button), f"{button.text()}: {button.size()}"


@EACH_STATE
def test_a_window_from_right_to_left_mirrors_the_sale(open_window: OpenWindow, name: str) -> None:
    window = open_window(STATES[name], locale="ar")
    assert window.layoutDirection() == Qt.LayoutDirection.RightToLeft
    if name == "sale":
        ticket, products = place(window.sale.ticket, window), place(window.sale.products, window)
        assert ticket.left() > products.right()


def test_a_screen_reader_finds_button_names_by_role(open_window: OpenWindow) -> None:
    window = open_window(STATES["sale"])
    interface = QAccessible.queryAccessibleInterface(window.sale.pay)
    assert interface.text(QAccessible.Text.Name) == "Pay, F12 or Enter"
    assert interface.role() == QAccessible.Role.Button


def test_fields_have_names(open_window: OpenWindow) -> None:
    for name in ("sale", "count", "question_serial"):
        window = open_window(STATES[name])
        assert all(field.accessibleName() for field in window.findChildren(QLineEdit) if field.isVisible())


def seen(widget: QWidget, window: QWidget) -> QRect:
    """What a scroll area leaves of it."""
    part = widget.visibleRegion().boundingRect()
    return QRect(widget.mapTo(window, part.topLeft()), part.size())


def parents(widget: QWidget) -> Iterator[QWidget]:
    parent = widget.parentWidget()
    while parent is not None:
        yield parent
        parent = parent.parentWidget()


def fits(label: QLabel) -> bool:
    if label.wordWrap():
        return label.heightForWidth(label.width()) <= label.height()
    return label.fontMetrics().horizontalAdvance(label.text()) <= label.width()


def button_fits(button: KeyButton) -> bool:
    """In the smallest readable size at worst, every word whole."""
    room = button.rect().adjusted(4, 4, -4, -4)
    height = room.height() - (15 if button.hint() else 0)
    pixels = fitting_px(button.text(), room.width(), height, 15, button.is_bold())
    metrics = QFontMetrics(font(pixels, bold=button.is_bold()))
    box = metrics.boundingRect(
        QRect(0, 0, room.width(), 10_000), int(Qt.TextFlag.TextWordWrap), button.text()
    )
    return (
        box.height() <= height and max(map(metrics.horizontalAdvance, button.text().split())) <= room.width()
    )
