"""Wherever the focus is, on every screen and panel there is: a scan changes no field and presses no key.

Screens are the example shop's states; panels are found by pressing every key and choosing every row that opens one,
so a new panel is tried without being named here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import cycle
from pkgutil import iter_modules
from random import Random

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QWidget

from hardware.scanners.simulator import (
    DELAYS_MS,
    FAST_SCANNER_GAPS_MS,
    FAST_TYPIST_GAPS_MS,
    SLOW_SCANNER_GAPS_MS,
    USUAL_SCANNER_GAPS_MS,
    gaps_of,
)
from pos_client import ui
from pos_client.till.state import Phase, TillState
from pos_client.ui.amount_entry import SIGNS
from pos_client.ui.choice_panel import ChoicePanel
from pos_client.ui.devices_panel import DevicesPanel
from pos_client.ui.example_devices import ShownDesk, ShownLabels
from pos_client.ui.example_shop import STATES, ShownTill
from pos_client.ui.labels_panel import LabelsPanel
from pos_client.ui.main_window import MainWindow
from pos_client.ui.panel import Panel
from pos_client.ui.prompt_panel import FiguresPanel, TextPanel
from pos_client.ui.questions import may_be_scanned
from tests.pos_client.ui.keys import scan, type_text, until_known

GTIN = "4006381333931"
OpenWindow = Callable[..., MainWindow]
Path = tuple[str, ...]
SPEEDS = (
    FAST_SCANNER_GAPS_MS,
    USUAL_SCANNER_GAPS_MS,
    SLOW_SCANNER_GAPS_MS,
    *(gaps_of(delay_ms, 3, Random(delay_ms)) for delay_ms in DELAYS_MS),
)
DEEPEST = 4
EVIL = (
    *((evil, 0) for evil in "\x00\x1b\x7f\x0c\x04\x0e\r\t"),
    # in the middle Enter and Tab end the code, and another begins
    *((evil, 5) for evil in "\x00\x1b\x7f\x0c\x04\x0e"),
)
EACH_STATE = pytest.mark.parametrize("name", sorted(STATES))


def steps(window: MainWindow) -> dict[str, Callable[[], object]]:
    """What can be done here that may open a panel."""
    panel = window.host.panel
    actions = {action.text: action.run for action in (panel.key_actions() if panel else window.key_actions())}
    if isinstance(panel, ChoicePanel):
        return {f"row {at}": lambda at=at: panel._pick(at) for at in range(panel._count)}
    if isinstance(panel, FiguresPanel):
        return {"a figure and Enter": lambda: (panel.take("1"), panel.enter())}
    if isinstance(panel, TextPanel):
        return {"words and Enter": lambda: panel._take("words")}
    return actions


def walk(window: MainWindow, state: TillState, path: Path) -> MainWindow:
    """From the screen itself along the path."""
    window.host.close_panel()
    window._asked = window._choice = window._report = None  # so that the state opens its own panel again
    window.show_state(state)
    for step in path:
        steps(window)[step]()
    return window


def paths(window: MainWindow, state: TillState) -> Iterator[Path]:
    """The screen itself, then every panel that can be reached from it, each once."""
    seen: set[tuple[str, str]] = set()
    waiting: list[Path] = [()]
    while waiting:
        path = waiting.pop(0)
        panel = walk(window, state, path).host.panel
        what = (type(panel).__name__, panel.accessibleName()) if panel else ("", "")
        if what in seen:
            continue
        seen.add(what)
        if len(path) < DEEPEST and state.question is None and state.choice is None:
            waiting += [(*path, step) for step in steps(window)]
        yield path


def fields(window: MainWindow) -> list[QWidget]:
    """Everything that can have the focus; of buttons that look alike the first."""
    under: QWidget = window.host if window.host.panel is not None else window
    found = [
        widget
        for widget in [under, *under.findChildren(QWidget)]
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    buttons = {type(widget): widget for widget in reversed(found) if isinstance(widget, QAbstractButton)}
    return [*(w for w in found if not isinstance(w, QAbstractButton)), *buttons.values()]


def contents(window: MainWindow) -> list[object]:
    """What was entered so far, in every field and panel that is still there."""
    panel = window.host.panel
    entered = panel.shown() if isinstance(panel, FiguresPanel) else ""
    return [panel, entered, *(field.text() for field in window.findChildren(QLineEdit))]


def asked(window: MainWindow) -> list[tuple[str, tuple[object, ...]]]:
    till = window.presenter.till
    assert isinstance(till, ShownTill)
    return [(name, values) for name, values, _ in till.asked]


def expected(state: TillState) -> list[tuple[str, tuple[object, ...]]]:
    """What a scan does to the till that shows this."""
    if state.question is not None:
        return [("answer", (True, GTIN))] if may_be_scanned(state.question) else []
    if state.phase in (Phase.SALE, Phase.CHANGE):
        return [("scan", (GTIN,))]
    if state.tender is not None and not state.tender.tenders and state.card is None:
        return [("back_to_sale", ()), ("scan", (GTIN,))]
    return []


@EACH_STATE
def test_a_scan_changes_no_field_and_the_line_always_appears(open_window: OpenWindow, name: str) -> None:
    state, speeds, tried = STATES[name], cycle(SPEEDS), 0
    window = open_window(state)
    for path in paths(window, state):
        for number in range(len(fields(walk(window, state, path)))):
            focused = fields(walk(window, state, path))[number]
            focused.setFocus()
            where = f"{name} {path} {type(focused).__name__} {focused.accessibleName()}"
            before, already = contents(window), len(asked(window))
            scan(window, GTIN, next(speeds))
            done = [one for one in asked(window)[already:] if one[0] != "dismiss_report"]
            assert done == expected(state), where
            if not done:
                assert contents(window) == before, where
                assert "Finish this first" in window.notice.text, where
            assert contents(window)[2:] == before[2:] or window.host.panel is not before[0], where
            tried += 1
    assert tried


def test_a_scan_types_into_no_field_of_the_pages_of_devices_and_labels(open_window: OpenWindow) -> None:
    """The page of labels keeps it for the label that is wanted; from the page of devices it goes to the ticket."""
    speeds, tried = cycle(SPEEDS), 0
    window = open_window(STATES["sale"], desk=ShownDesk(), labels=ShownLabels())
    for open_page, kind, sold in (
        (window.show_devices, DevicesPanel, [("scan", (GTIN,))]),
        (window.show_labels, LabelsPanel, []),
    ):
        open_page()
        for number in range(len(fields(window))):
            window.host.close_panel()
            open_page()
            assert isinstance(window.host.panel, kind)
            focused, already = fields(window)[number], len(asked(window))
            focused.setFocus()
            scan(window, GTIN, next(speeds))
            where = f"{kind.__name__} {type(focused).__name__} {focused.accessibleName()}"
            assert asked(window)[already:] == sold, where
            assert not any(GTIN[:3] in field.text() for field in window.findChildren(QLineEdit)), where
            tried += 1
    assert tried >= 5


@EACH_STATE
def test_control_characters_in_a_scan_press_nothing(open_window: OpenWindow, name: str) -> None:
    window = open_window(STATES[name])
    before, theme = contents(window), window.theme.tokens
    for evil, place in EVIL:
        where = f"{name} {evil!r} at {place}"
        window.notice.hide()
        scan(window, GTIN[:place] + evil + GTIN[place:])
        assert asked(window) == [], where
        assert contents(window) == before, where
        assert window.theme.tokens is theme, where
        assert "scan" in window.notice.text.lower(), where


@pytest.mark.parametrize("name", ["sale", "tender", "question_weight", "no_shift", "count", "locked"])
def test_half_a_code_is_said_and_changes_nothing(open_window: OpenWindow, name: str) -> None:
    window = open_window(STATES[name])
    before = contents(window)
    scan(window, GTIN[:7], end="")
    until_known(window)
    assert contents(window) == before
    assert "only part of a code" in window.notice.text
    scan(window, GTIN)
    assert asked(window) == expected(STATES[name])


@pytest.mark.parametrize("end", ["\r\n", "\n", "\t"])
def test_what_a_scanner_sends_after_the_code_pays_nothing(open_window: OpenWindow, end: str) -> None:
    window = open_window(STATES["sale"])
    scan(window, GTIN, end=end)
    until_known(window)
    assert asked(window) == [("scan", (GTIN,))]


def test_fast_fingers_type_into_the_field(open_window: OpenWindow) -> None:
    window = open_window(STATES["sale"])
    scan(window, "oat drink 2", FAST_TYPIST_GAPS_MS, end="")
    until_known(window)
    assert window.sale.products.field.text() == "oat drink 2"
    assert not asked(window)


def test_fast_figures_go_where_figures_are_asked(open_window: OpenWindow) -> None:
    window = open_window(STATES["question_weight"])
    type_text(window, f"0{SIGNS[0]}350")
    panel = window.host.panel
    assert isinstance(panel, FiguresPanel)
    assert panel.shown() == "0.350 kg"


def test_every_screen_and_every_panel_is_tried(open_window: OpenWindow) -> None:
    """So that nobody adds one, or breaks the search for panels, and hears nothing of it."""
    window = open_window(STATES["sale"])
    found = [walk(window, STATES["sale"], path).host.panel for path in paths(window, STATES["sale"])]
    found += [walk(window, state, ()).host.panel for state in STATES.values()]
    tried = {type(panel) for panel in found if panel is not None} | {DevicesPanel, LabelsPanel}
    assert {state.phase for state in STATES.values()} == set(Phase)
    assert all_kinds(Panel) - tried == set()


def all_kinds(base: type[QWidget]) -> set[type[QWidget]]:
    """Everything in the till's window that is one and is no base of others."""
    for module in iter_modules(ui.__path__, f"{ui.__name__}."):
        import_module(module.name)
    waiting, kinds = [base], set()
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if not kind.__subclasses__() and kind.__module__.startswith(ui.__name__):
            kinds.add(kind)
    return kinds
