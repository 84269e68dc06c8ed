"""The weight of one line: what the scale shows as it shows it, with figures to type over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout

from pos_client.till.state import WeighingView
from pos_client.ui.actions import Action
from pos_client.ui.buttons import KeyButton
from pos_client.ui.labels import label
from pos_client.ui.presenter import Presenter
from pos_client.ui.prompt_panel import QuantityPanel
from pos_client.ui.theme import GAP_PX, TARGET_PX, Theme
from pos_client.ui.wording import Wording, tr


class WeighPanel(QuantityPanel):
    """Enter takes what was typed, else the weight once the scale is still."""

    def __init__(
        self,
        theme: Theme,
        wording: Wording,
        title: str,
        on: Callable[[str], None],
        out: Callable[[], None],
        unit: str,
        presenter: Presenter,
    ) -> None:
        self._wording, self._presenter = wording, presenter
        self._weighing: WeighingView | None = None
        self.says = label(kind="soft", wraps=True)
        self.tare = KeyButton(theme, tr("Tare"), "F2", height_px=TARGET_PX)
        self.tare.clicked.connect(self._tare)
        self.zero = KeyButton(theme, tr("Zero"), "F3", height_px=TARGET_PX)
        self.zero.clicked.connect(self._zero)
        super().__init__(theme, title, on, out, unit=unit)

    def build(self) -> None:
        self.column.addWidget(self.says)
        super().build()
        keys = QHBoxLayout()
        keys.setSpacing(GAP_PX)
        keys.addWidget(self.tare)
        keys.addWidget(self.zero)
        self.column.insertLayout(self.column.count() - 1, keys)

    def show_weight(self, weighing: WeighingView) -> None:
        self._weighing = weighing
        self._refresh()

    def key_actions(self) -> Sequence[Action]:
        return (
            Action(tr("Tare"), "F2", Qt.Key.Key_F2, self._tare),
            Action(tr("Zero"), "F3", Qt.Key.Key_F3, self._zero),
        )

    def shown(self) -> str:
        if self._typed or self._weighing is None or self._weighing.weight_milli is None:
            return super().shown() if self._typed else f"– {self._unit}"
        net = tr(" net") if self._weighing.is_net else ""
        return self._wording.quantity(self._weighing.weight_milli, self._unit) + net

    def is_complete(self) -> bool:
        return super().is_complete() or self._can_take()

    def _can_take(self) -> bool:
        return not self._typed and self._weighing is not None and self._weighing.can_take

    def _refresh(self) -> None:
        if self._typed:
            text = tr("Typed by hand. The journal says so.")
        elif self._weighing is None:
            text = ""
        else:
            text = self._wording.words(self._weighing.words)
        if text != self.says.text():
            self.says.setText(text)
        super()._refresh()

    def _tare(self) -> None:
        self._presenter.do(lambda till: till.tare_scale())

    def _zero(self) -> None:
        self._presenter.do(lambda till: till.zero_scale())
