"""The discount panel: off a line or the whole sale, by rate or amount, or another price; always with a reason."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from pos_client.till.intents import Till
from pos_client.till.state import TillState
from pos_client.ui.amount_entry import AmountEntry
from pos_client.ui.buttons import KeyButton, Look
from pos_client.ui.labels import label
from pos_client.ui.prompt_panel import FiguresPanel
from pos_client.ui.theme import GAP_PX, TARGET_PX, Theme
from pos_client.ui.wording import Wording, tr
from shared_models.currency import Currency

# A rate has two decimals, and 100 % is the most.
_RATE = Currency("%", 2, "%")
_WHOLE_RATE = 10_000


Choice = TypeVar("Choice")


class Kind(Enum):
    LINE_RATE = "line_rate"
    LINE_AMOUNT = "line_amount"
    LINE_PRICE = "line_price"
    SALE_RATE = "sale_rate"
    SALE_AMOUNT = "sale_amount"


class DiscountPanel(FiguresPanel):
    """Left and right change what is given, up and down the reason."""

    def __init__(
        self,
        theme: Theme,
        wording: Wording,
        line_name: str,
        give: Callable[[Callable[[Till], TillState]], TillState],
    ) -> None:
        title = tr("Discount or price: {name}").format(name=line_name) if line_name else tr("Discount")
        super().__init__(theme, title, lambda _: None, on_text=tr("Give"))
        self.setFixedWidth(640)
        self._wording = wording
        self._give = give
        self._kinds = list(Kind) if line_name else [Kind.SALE_RATE, Kind.SALE_AMOUNT]
        self._kind = self._kinds[0]
        self._reasons = (tr("Goodwill"), tr("Damaged"), tr("Price match"), tr("Staff"), tr("Manager"))
        self._reason = self._reasons[0]
        self._rate, self._amount = AmountEntry(_RATE, _WHOLE_RATE, whole=True), AmountEntry(wording.currency)
        self._kind_buttons = {
            kind: self._choice(self._kind_text(kind), self._use_kind, kind) for kind in self._kinds
        }
        self._reason_buttons = {why: self._choice(why, self._use_reason, why) for why in self._reasons}
        kinds = QHBoxLayout()
        kinds.setSpacing(GAP_PX)
        for button in self._kind_buttons.values():
            kinds.addWidget(button)
        self.column.addLayout(kinds)
        self.build()
        self._add_reasons()
        self._refresh()

    def take_key(self, key: str) -> None:
        self._entry().press(key)

    def shown(self) -> str:
        value = self._entry().amount_minor
        if self._is_rate():
            return self._wording.rate(value * 100)
        return self._wording.money(value)

    def is_complete(self) -> bool:
        return not self._entry().is_empty

    def enter(self) -> None:
        if not self.is_complete():
            return
        value, reason, kind = self._entry().amount_minor, self._reason, self._kind
        self.closes()
        self._give(_action(kind, value, reason))

    def press(self, event: QKeyEvent) -> bool:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step:
            self._use_kind(self._kinds[(self._kinds.index(self._kind) + step) % len(self._kinds)])
            return True
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if step:
            at = self._reasons.index(self._reason) + step
            self._use_reason(self._reasons[at % len(self._reasons)])
            return True
        return super().press(event)

    def _entry(self) -> AmountEntry:
        return self._rate if self._is_rate() else self._amount

    def _is_rate(self) -> bool:
        return self._kind in (Kind.LINE_RATE, Kind.SALE_RATE)

    def _use_kind(self, kind: Kind) -> None:
        self._kind = kind
        self._refresh()

    def _use_reason(self, reason: str) -> None:
        self._reason = reason
        self._refresh()

    def _refresh(self) -> None:
        super()._refresh()
        for kind, button in self._kind_buttons.items():
            button.setChecked(kind is self._kind)
        for why, button in self._reason_buttons.items():
            button.setChecked(why == self._reason)

    def _add_reasons(self) -> None:
        """Beside the number keys, which are the third thing in the column after title, kinds and figure."""
        pad_item = self.column.takeAt(4)
        pad = pad_item.widget() if pad_item else None
        assert pad is not None
        reasons = QVBoxLayout()
        reasons.setSpacing(GAP_PX)
        reasons.addWidget(label(tr("Reason"), "small"))
        for button in self._reason_buttons.values():
            reasons.addWidget(button)
        reasons.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(GAP_PX * 2)
        row.addWidget(pad, 3)
        row.addLayout(reasons, 2)
        self.column.insertLayout(4, row)

    def _choice(self, text: str, use: Callable[[Choice], None], value: Choice) -> KeyButton:
        button = KeyButton(self.theme, text, look=Look.TAB, height_px=TARGET_PX, size_px=14)
        button.setCheckable(True)
        button.clicked.connect(lambda: use(value))
        return button

    def _kind_text(self, kind: Kind) -> str:
        sign = self._wording.currency.symbol
        return {
            Kind.LINE_RATE: tr("Line %"),
            Kind.LINE_AMOUNT: tr("Line {sign}").format(sign=sign),
            Kind.LINE_PRICE: tr("New price"),
            Kind.SALE_RATE: tr("Sale %"),
            Kind.SALE_AMOUNT: tr("Sale {sign}").format(sign=sign),
        }[kind]


def _action(kind: Kind, value: int, reason: str) -> Callable[[Till], TillState]:
    actions: dict[Kind, Callable[[Till], TillState]] = {
        Kind.LINE_RATE: lambda till: till.discount_line(percent_ppm=value * 100, reason=reason),
        Kind.LINE_AMOUNT: lambda till: till.discount_line(amount_minor=value, reason=reason),
        Kind.LINE_PRICE: lambda till: till.set_price(value, reason),
        Kind.SALE_RATE: lambda till: till.discount_sale(percent_ppm=value * 100, reason=reason),
        Kind.SALE_AMOUNT: lambda till: till.discount_sale(amount_minor=value, reason=reason),
    }
    return actions[kind]
