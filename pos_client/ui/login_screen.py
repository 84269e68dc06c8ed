"""The log-in screen: a PIN and nothing that helps to guess it; and the wait before there is anything to sell."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout

from pos_client.till.state import TillState
from pos_client.ui.amount_entry import BACKSPACE
from pos_client.ui.buttons import KeyButton, Look
from pos_client.ui.entry_keys import figure_of
from pos_client.ui.keypad import Keypad
from pos_client.ui.labels import BigAmount, card, entry_line, label
from pos_client.ui.presenter import Presenter
from pos_client.ui.screen import Screen
from pos_client.ui.theme import KEY_PX, Theme
from pos_client.ui.wording import Wording, tr

_LONGEST_PIN = 12


class LoginScreen(Screen):
    """While locked out it counts down and takes no figures."""

    def __init__(
        self, theme: Theme, wording: Wording, presenter: Presenter, monotonic_ms: Callable[[], int]
    ) -> None:
        super().__init__(theme, wording, presenter)
        self._monotonic_ms = monotonic_ms
        self._pin = ""
        self._locked_until_ms = 0
        self._lines = 0
        self._store, self._words = label(kind="title"), label(kind="soft", wraps=True)
        self._dots = BigAmount(theme, size_px=34)
        pad = Keypad(theme, corner="", key_px=KEY_PX)
        pad.pressed.connect(self._type)
        self.log_in = KeyButton(
            theme, tr("Log in"), tr("Enter"), look=Look.PRIMARY, size_px=21, height_px=KEY_PX
        )
        self.log_in.clicked.connect(self.enter)
        frame, column = card(margin_px=16, spacing_px=10)
        frame.setFixedWidth(420)
        self._store.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._words.setMinimumHeight(40)
        for widget in (self._store, self._words, self._dots, entry_line(), pad, self.log_in):
            column.addWidget(widget)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame, 0, Qt.AlignmentFlag.AlignCenter)
        self._countdown = QTimer(self)
        self._countdown.setInterval(250)
        self._countdown.timeout.connect(self._show_words)

    def show_state(self, state: TillState) -> None:
        self._store.setText(state.store_name)
        self._locked_until_ms = state.locked_until_ms
        self._lines = len(state.lines)
        self._show_words()

    def entered(self) -> None:
        self._pin = ""
        self._show_words()

    def press(self, event: QKeyEvent) -> bool:
        key = figure_of(event)
        if key:
            self._type(key)
        return bool(key)

    def enter(self) -> None:
        pin, self._pin = self._pin, ""
        if pin and not self._wait_ms():
            self.presenter.do(lambda till: till.log_in(pin))
        self._show_words()

    def _type(self, key: str) -> None:
        if self._wait_ms():
            return
        if key == BACKSPACE:
            self._pin = self._pin[:-1]
        elif key.isdigit():
            self._pin = (self._pin + key)[:_LONGEST_PIN]
        self._show_words()

    def _wait_ms(self) -> int:
        return max(0, self._locked_until_ms - self._monotonic_ms())

    def _show_words(self) -> None:
        wait_ms = self._wait_ms()
        if wait_ms:
            seconds = -(-wait_ms // 1000)
            self._words.setText(tr("Too many wrong PINs. Try again in {count} s.").format(count=seconds))
            if not self._countdown.isActive():
                self._countdown.start()
        else:
            self._countdown.stop()
            self._words.setText(self._invitation())
        self._dots.show_text("●" * len(self._pin) or " ")
        self.log_in.setEnabled(bool(self._pin) and not wait_ms)

    def _invitation(self) -> str:
        if self._lines:
            return tr("Enter your PIN. The ticket is still here: {lines}.").format(
                lines=self.wording.lines(self._lines)
            )
        return tr("Enter your PIN")


class WaitingScreen(Screen):
    """No products yet: says so, and that nothing needs to be done."""

    def __init__(self, theme: Theme, wording: Wording, presenter: Presenter) -> None:
        super().__init__(theme, wording, presenter)
        title = label(tr("Waiting for the products"), "large")
        words = label(
            tr(
                "Prices and products come from head office the first time this till is on line. "
                "Selling starts by itself when they are here; after that the till works without a line."
            ),
            "soft",
            wraps=True,
        )
        frame, column = card(margin_px=32, spacing_px=14)
        frame.setFixedWidth(560)
        for text in (title, words):
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(text)
        outer = QVBoxLayout(self)
        outer.addWidget(frame, 0, Qt.AlignmentFlag.AlignCenter)

    def show_state(self, state: TillState) -> None:
        """Nothing of the state changes what is said."""
