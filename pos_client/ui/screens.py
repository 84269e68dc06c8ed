"""The screens of the till's window, one for each phase; each is made when it is first wanted.

A till that starts shows one of them, and each has dozens of buttons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget

from pos_client.till.state import Phase
from pos_client.ui.screen import Screen


class Screens:
    """Kept in `stack`, in the order in which they were first wanted."""

    def __init__(self, stack: QStackedWidget, makers: Mapping[Phase, Callable[[], Screen]]) -> None:
        self._stack = stack
        self._makers = makers
        self._made: dict[Phase, Screen] = {}

    def __getitem__(self, phase: Phase) -> Screen:
        if phase not in self._made:
            self.add(phase, self._makers[phase]())
        return self._made[phase]

    def add(self, phase: Phase, screen: Screen) -> None:
        screen.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._stack.addWidget(screen)
        self._made[phase] = screen
