"""Prompts: yes or no, a PIN, a quantity, an amount or some words, asked inside the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QWidget

from pos_client.ui.amount_entry import BACKSPACE, SIGNS, AmountEntry
from pos_client.ui.buttons import KeyButton, Look
from pos_client.ui.entry_keys import figure_of
from pos_client.ui.keypad import Keypad
from pos_client.ui.labels import BigAmount, entry_line, label
from pos_client.ui.panel import Panel
from pos_client.ui.theme import GAP_PX, KEY_PX, TARGET_PX, Theme
from pos_client.ui.wording import Wording, tr
from shared_models.money import format_amount

_ENTRY_PX = 44
_LONGEST_PIN = 12
_LONGEST_QUANTITY = 11
_DECIMALS = 3


class PromptPanel(Panel):
    """Two buttons under whatever is asked: the way out (Esc) and the way on (Enter).

    `on` gets what was entered, `out` is run when the operator declines.
    """

    def __init__(
        self,
        theme: Theme,
        title: str,
        on: Callable[[str], None],
        out: Callable[[], None] | None = None,
        *,
        on_text: str = "",
        out_text: str = "",
        dangerous: bool = False,
    ) -> None:
        super().__init__(title)
        self.theme = theme
        self._on, self._out = on, out
        look = Look.DANGER if dangerous else Look.PRIMARY
        self.out_button = KeyButton(theme, out_text or tr("Cancel"), tr("Esc"), height_px=KEY_PX, size_px=17)
        self.on_button = KeyButton(
            theme, on_text or tr("OK"), tr("Enter"), look=look, height_px=KEY_PX, size_px=19
        )
        self.out_button.clicked.connect(self.escape)
        self.on_button.clicked.connect(self.enter)

    def add_buttons(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GAP_PX)
        row.addWidget(self.out_button, 2)
        row.addWidget(self.on_button, 3)
        self.column.addLayout(row)

    def entered(self) -> str:
        return ""

    def enter(self) -> None:
        value = self.entered()
        self.closes()
        self._on(value)

    def escape(self) -> None:
        self.closes()
        if self._out is not None:
            self._out()


class YesNoPanel(PromptPanel):
    def __init__(
        self,
        theme: Theme,
        title: str,
        on: Callable[[str], None],
        out: Callable[[], None],
        *,
        on_text: str,
        out_text: str,
        dangerous: bool,
    ) -> None:
        super().__init__(theme, title, on, out, on_text=on_text, out_text=out_text, dangerous=dangerous)
        self.add_buttons()

    def home(self) -> QWidget:
        return self.on_button


class FiguresPanel(PromptPanel):
    """A prompt with number keys. Subclasses say what a key does and what is shown."""

    corner = "00"

    def build(self) -> None:
        self._shown = BigAmount(self.theme, size_px=_ENTRY_PX)
        self.column.addWidget(self._shown)
        self.column.addWidget(entry_line())
        pad = Keypad(self.theme, corner=self.corner)
        pad.pressed.connect(self.take)
        self.column.addWidget(pad)
        self.add_buttons()
        self._refresh()

    def take(self, key: str) -> None:
        self.take_key(key)
        self._refresh()

    def take_key(self, key: str) -> None:
        raise NotImplementedError

    def shown(self) -> str:
        raise NotImplementedError

    def is_complete(self) -> bool:
        raise NotImplementedError

    def press(self, event: QKeyEvent) -> bool:
        key = figure_of(event)
        if key:
            self.take(key)
        return bool(key)

    def enter(self) -> None:
        if self.is_complete():
            super().enter()

    def _refresh(self) -> None:
        self._shown.show_text(self.shown(), "ink" if self.is_complete() else "soft_ink")
        self.on_button.setEnabled(self.is_complete())


class PinPanel(FiguresPanel):
    corner = ""

    def __init__(self, theme: Theme, title: str, on: Callable[[str], None], out: Callable[[], None]) -> None:
        super().__init__(theme, title, on, out, on_text=tr("Approve"))
        self._pin = ""
        self.build()

    def take_key(self, key: str) -> None:
        if key == BACKSPACE:
            self._pin = self._pin[:-1]
        elif key.isdigit():
            self._pin = (self._pin + key)[:_LONGEST_PIN]

    def shown(self) -> str:
        return "●" * len(self._pin) or tr("PIN")

    def is_complete(self) -> bool:
        return bool(self._pin)

    def entered(self) -> str:
        return self._pin


class QuantityPanel(FiguresPanel):
    corner = "."

    def __init__(
        self,
        theme: Theme,
        title: str,
        on: Callable[[str], None],
        out: Callable[[], None] | None = None,
        *,
        unit: str = "",
    ) -> None:
        super().__init__(theme, title, on, out)
        self._unit = unit
        self._typed = ""
        self.build()

    def take_key(self, key: str) -> None:
        if key == BACKSPACE:
            self._typed = self._typed[:-1]
        elif key in SIGNS:
            self._typed += "." if "." not in self._typed else ""
        elif len(self._typed.partition(".")[2]) < _DECIMALS:
            self._typed = (self._typed + key)[:_LONGEST_QUANTITY]

    def shown(self) -> str:
        return f"{self._typed or '0'} {self._unit}".strip()

    def is_complete(self) -> bool:
        return any(figure.isdigit() for figure in self._typed)

    def entered(self) -> str:
        return self._typed


class AmountPanel(FiguresPanel):
    """`on` gets plain decimal text, as the till reads it."""

    def __init__(
        self,
        theme: Theme,
        wording: Wording,
        title: str,
        on: Callable[[str], None],
        out: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(theme, title, on, out)
        self._wording = wording
        self._entry = AmountEntry(wording.currency)
        self.build()

    def take_key(self, key: str) -> None:
        self._entry.press(key)

    def shown(self) -> str:
        return self._wording.money(self._entry.amount_minor)

    def is_complete(self) -> bool:
        return not self._entry.is_empty

    def entered(self) -> str:
        return format_amount(self._entry.amount_minor, self._wording.currency)


class TextPanel(PromptPanel):
    """A field for words, and words to touch for those who have no keyboard."""

    def __init__(
        self,
        theme: Theme,
        title: str,
        on: Callable[[str], None],
        out: Callable[[], None] | None = None,
        *,
        proposals: Sequence[str] = (),
        may_be_empty: bool = False,
    ) -> None:
        super().__init__(theme, title, on, out)
        self._may_be_empty = may_be_empty
        self._field = QLineEdit()
        self._field.setAccessibleName(title)
        self._field.setMaxLength(80)
        self._field.textChanged.connect(self._refresh)
        self.column.addWidget(self._field)
        if proposals:
            self.column.addWidget(label(tr("or touch one:"), "small"))
            self.column.addLayout(self._grid(proposals))
        self.add_buttons()
        self._refresh()

    def home(self) -> QWidget:
        return self._field

    def entered(self) -> str:
        return self._field.text().strip()

    def enter(self) -> None:
        if self.entered() or self._may_be_empty:
            super().enter()

    def _grid(self, proposals: Sequence[str]) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(GAP_PX)
        for at, words in enumerate(proposals):
            button = KeyButton(self.theme, words, height_px=TARGET_PX + 8)
            button.clicked.connect(lambda _checked=False, words=words: self._take(words))
            grid.addWidget(button, at // 2, at % 2)
        return grid

    def _take(self, words: str) -> None:
        self._field.setText(words)
        self.enter()

    def _refresh(self) -> None:
        self.on_button.setEnabled(bool(self.entered()) or self._may_be_empty)
