"""The change is told to who can't see it, and its news don't lie over the next sale."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import pytest
from PySide6.QtGui import QAccessible

from pos_client.till.state import Notice, Severity, Words
from pos_client.ui.example_shop import STATES
from pos_client.ui.labels import BigAmount
from pos_client.ui.main_window import MainWindow

OpenWindow = Callable[..., MainWindow]
SOLD = Notice(3, Severity.INFO, Words("sold", {"change_minor": 318}))


@pytest.fixture
def screen_reader() -> Iterator[None]:
    QAccessible.setActive(True)
    yield
    QAccessible.setActive(False)


def test_a_screen_reader_is_told_the_change(open_window: OpenWindow, screen_reader: None) -> None:
    window = open_window(STATES["tender"])
    told: list[str] = []
    window.notice.announced.connect(told.append)
    window.show_state(msgspec.structs.replace(STATES["change"], notice=SOLD))
    [news] = told
    assert news == "Done: Sold. Change €\N{NO-BREAK SPACE}3.18."


def test_the_amount_on_the_change_screen_has_a_name_that_says_what_it_is(open_window: OpenWindow) -> None:
    window = open_window(STATES["change"])
    amount = window.stack.currentWidget().findChild(BigAmount)
    reader = QAccessible.queryAccessibleInterface(amount)
    done = STATES["change"].done
    assert done is not None
    assert reader.text(QAccessible.Text.Name) == f"Change {window.wording.money(done.change_minor)}"


def test_the_news_of_the_change_is_gone_with_the_next_sale(open_window: OpenWindow) -> None:
    window = open_window(msgspec.structs.replace(STATES["change"], notice=SOLD))
    assert window.notice.text.startswith("Sold.")
    window.show_state(STATES["sale"])
    assert window.notice.text == ""
