"""A till's window on the example shop, for tests of what is on the screen."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication

from pos_client.till.state import TillState
from pos_client.ui.example_shop import NOW, STATUS, ShownTill
from pos_client.ui.main_window import MainWindow
from pos_client.ui.theme import LIGHT, Theme, Tokens, apply_font
from pos_client.ui.wording import Wording

OpenWindow = Callable[..., MainWindow]


@pytest.fixture
def open_window(qapp: QApplication) -> Iterator[OpenWindow]:
    """Opens a till window on a state; `window.presenter.till.asked` is what it asked of the till."""
    apply_font()
    windows: list[MainWindow] = []

    def open_on(
        state: TillState,
        tokens: Tokens = LIGHT,
        size: tuple[int, int] = (1366, 768),
        locale: str = "en_GB",
        **beside: Any,
    ) -> MainWindow:
        window = MainWindow(
            ShownTill(state), lambda: NOW, theme=Theme(tokens), wording=Wording(QLocale(locale)), **beside
        )
        window.show_status(STATUS)
        window.resize(*size)
        window.show()
        window.activateWindow()
        qapp.processEvents()
        windows.append(window)
        return window

    yield open_on
    for window in windows:
        window.close()
        window.deleteLater()
    qapp.processEvents()
