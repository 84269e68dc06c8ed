"""Pictures of every screen: `python -m pos_client.ui.screenshots FOLDER`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication

from pos_client.till.state import TillState
from pos_client.ui.customer_window import CustomerWindow
from pos_client.ui.devices_panel import DevicesPanel
from pos_client.ui.example_devices import ShownDesk, ShownLabels
from pos_client.ui.example_shop import NOW, STATES, STATUS, ShownTill
from pos_client.ui.labels_panel import LabelsPanel
from pos_client.ui.main_window import MainWindow
from pos_client.ui.theme import DARK, LIGHT, Theme, Tokens, apply_font
from pos_client.ui.wording import Wording

SIZE = (1366, 768)
_FOR_CUSTOMERS = ("sale_empty", "sale", "tender", "change")
_OPENED_BY_KEYS = (
    "search",
    "quantity",
    "discount",
    "parked",
    "shift_menu",
    "help",
    "drawer",
    "devices",
    "labels",
)


def take_all(
    folder: Path, themes: Sequence[Tokens] = (LIGHT, DARK), size: tuple[int, int] = SIZE
) -> list[Path]:
    """One PNG for each state of the example shop and theme, and for what keys open on the sale screen."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    for tokens in themes:
        for name, state in STATES.items():
            taken.append(_take(folder / f"{name}_{tokens.name}.png", state, tokens, size))
        for name in _FOR_CUSTOMERS:
            taken.append(_take_customers(folder / f"customer_{name}_{tokens.name}.png", name, tokens))
        for name in _OPENED_BY_KEYS:
            path = folder / f"{name}_{tokens.name}.png"
            taken.append(_take(path, STATES["sale"], tokens, size, name))
    return taken


def _take(path: Path, state: TillState, tokens: Tokens, size: tuple[int, int], opened: str = "") -> Path:
    window = MainWindow(
        ShownTill(state),
        lambda: NOW,
        theme=Theme(tokens),
        wording=Wording(QLocale("en_GB")),
        monotonic_ms=lambda: 0,
        desk=ShownDesk(),
        labels=ShownLabels(),
    )
    window.show_status(STATUS)
    window.resize(*size)
    window.show()
    window.activateWindow()
    QApplication.processEvents()
    _open(window, opened)
    QApplication.processEvents()
    window.grab().save(str(path))
    window.close()
    window.deleteLater()
    return path


def _take_customers(path: Path, name: str, tokens: Tokens) -> Path:
    window = CustomerWindow(Theme(tokens), Wording(QLocale("en_GB")))
    window.show()
    window.show_state(STATES[name])
    QApplication.processEvents()
    window.grab().save(str(path))
    window.close()
    window.deleteLater()
    return path


def _open(window: MainWindow, opened: str) -> None:
    if opened == "search":
        window.sale.products.type_on("o")
        window.sale.products.search_now()
    elif opened == "quantity":
        window.menus.quantity()
    elif opened == "discount":
        window.menus.discount()
    elif opened == "parked":
        window.menus.parked()
    elif opened == "shift_menu":
        window.menus.shift()
    elif opened == "drawer":
        window.menus.drawer()
    elif opened == "devices":
        window.show_devices()
        _wait_for_devices(window)
    elif opened == "labels":
        window.show_labels()
        _choose_labels(window)
    elif opened == "help":
        window.menus.help(window.key_actions())


def _wait_for_devices(window: MainWindow) -> None:
    panel = window.host.panel
    assert isinstance(panel, DevicesPanel)
    while panel.is_asking:
        QApplication.processEvents()


def _choose_labels(window: MainWindow) -> None:
    panel = window.host.panel
    assert isinstance(panel, LabelsPanel)
    for copies, name in enumerate(("oat", "croissant", "apples"), 1):
        for _ in range(copies):
            panel.field.setText(name)
            panel.field.textEdited.emit(name)
            panel.enter()


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("Say into which folder: python -m pos_client.ui.screenshots FOLDER\n")
        return 2
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication([])
    apply_font()
    taken = take_all(Path(arguments[0]))
    sys.stdout.write(f"{len(taken)} pictures in {arguments[0]}\n")
    del app
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
