"""The head of the window: whose till it is, how it stands with head office and printer, the time."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from pos_client.till.state import TillState, TillStatus
from pos_client.ui.labels import label
from pos_client.ui.theme import BAR_PX, MARGIN_PX, Theme
from pos_client.ui.wording import Wording, tr
from shared_models.moment import Moment

_OLD_PRICES_MS = 24 * 3_600_000
_DRIFT_WORTH_TELLING_MS = 60_000


class Header(QWidget):
    """Says what is so, in words; nothing in it can be pressed and nothing in it blocks."""

    def __init__(self, theme: Theme, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self.setObjectName("header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(BAR_PX)
        self.store = label(kind="store")
        self.training = Pill(theme, dot=True)
        self.till, self.person = Pill(theme), Pill(theme)
        self.line, self.printer, self.prices, self.drift = (Pill(theme, dot=True) for _ in range(4))
        self.clock = label(kind="store")
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN_PX + 4, 0, MARGIN_PX + 4, 0)
        row.setSpacing(MARGIN_PX)
        for widget in (self.store, self.training, self.till, self.person):
            row.addWidget(widget)
        row.addStretch(1)
        for widget in (self.drift, self.line, self.printer, self.prices, self.clock):
            row.addWidget(widget)

    def show_state(self, state: TillState) -> None:
        self.store.setText(state.store_name or tr("Evertill"))
        self.till.show_text(tr("Till {number}").format(number=state.till_id) if state.till_id else "")
        self.person.show_text(self._person(state))
        self.training.show_text(tr("TRAINING · nothing counts") if state.training else "", "danger")
        self._fit()

    def show_status(self, status: TillStatus, now: Moment) -> None:
        self.clock.setText(self._wording.time_of_day(now))
        text, tone = self._line_words(status, now)
        self.line.show_text(text, tone, status.sync_message)
        self._show_printer(status)
        self._show_prices(status, now)
        drifted = abs(status.clock_drift_ms) >= _DRIFT_WORTH_TELLING_MS
        age = self._wording.age(abs(status.clock_drift_ms))
        self.drift.show_text(tr("Clock is {age} off").format(age=age) if drifted else "", "warning")
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """In a narrow window what is well gives way to what is not; the least worth knowing goes first."""
        pills = (self.training, self.till, self.person, self.drift, self.line, self.printer, self.prices)
        for pill in pills:
            pill.setVisible(bool(pill.text()))
        for pill in (self.till, self.printer, self.prices, self.person):
            shown = [one for one in pills if one.isVisibleTo(self)]
            needed = sum(one.sizeHint().width() + MARGIN_PX for one in (self.store, self.clock, *shown))
            if needed + 4 * MARGIN_PX <= self.width():
                break
            if pill.is_well():
                pill.hide()

    def _show_printer(self, status: TillStatus) -> None:
        unsure = "\n".join(unsure_words(number) for number in status.unsure_receipts)
        if status.printer_ok is False:
            text = status.printer_message or tr("Printer does not answer")
            self.printer.show_text(text, "danger", unsure)
        elif unsure:
            self.printer.show_text(tr("Check the last receipts"), "warning", unsure)
        elif status.printer_ok and status.printer_message:
            self.printer.show_text(status.printer_message, "warning")
        elif status.printer_ok:
            self.printer.show_text(tr("Printer"), "accent")
        else:
            self.printer.show_text("")

    def _show_prices(self, status: TillStatus, now: Moment) -> None:
        if status.catalogue_as_of_ms is None:
            self.prices.show_text(tr("No prices yet"), "warning")
            return
        as_of = Moment(status.catalogue_as_of_ms, now.tz_min)
        age_ms = now.at_ms - status.catalogue_as_of_ms
        if age_ms >= _OLD_PRICES_MS:
            text = tr("Prices {age} old").format(age=self._wording.age(age_ms))
            self.prices.show_text(text, "warning")
        else:
            self.prices.show_text(tr("Prices {time}").format(time=self._wording.time_of_day(as_of)), "accent")

    def _person(self, state: TillState) -> str:
        if state.operator is None:
            return ""
        if state.shift is None:
            return state.operator.name
        return tr("{name} · shift since {time}").format(
            name=_isolated(state.operator.name), time=self._wording.time_of_day(state.shift.opened_at)
        )

    def _line_words(self, status: TillStatus, now: Moment) -> tuple[str, str]:
        if not status.unsent_entries:
            if status.online is None:
                return tr("Connecting"), "soft_ink"
            if not status.online:
                return tr("Offline · all sent"), "warning"
            return tr("At the store's hub · all sent") if status.by_hub else tr("Online · all sent"), "accent"
        oldest_ms = now.at_ms - (status.oldest_unsent_at_ms or now.at_ms)
        if not status.online:
            words = tr("Offline · {count} unsent, oldest {age}, {value}")
        elif status.by_hub:
            words = tr("Store's hub · {count} unsent")
        else:
            words = tr("Online · {count} unsent")
        text = words.format(
            count=status.unsent_entries,
            age=self._wording.age(oldest_ms),
            value=self._wording.money(status.unsent_value_minor),
        )
        return text, "accent" if status.online else "warning"


def unsure_words(receipt_number: str) -> str:
    return tr("Receipt {number} may not have been printed. Press F9 to print it again.").format(
        number=receipt_number
    )


class Pill(QFrame):
    """A short fact on a rounded ground, with a coloured dot where it is good or bad news."""

    def __init__(self, theme: Theme, *, dot: bool = False) -> None:
        super().__init__()
        self.setProperty("kind", "pill")
        self.setFixedHeight(27)
        self._dot = _Dot(theme) if dot else None
        self._tone = ""
        self._label: QLabel = label(kind="small")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(6)
        if self._dot:
            row.addWidget(self._dot)
        row.addWidget(self._label)
        self.hide()

    def show_text(self, text: str, tone: str = "", more: str = "") -> None:
        self._label.setText(text)
        self.setAccessibleName(text)
        self.setToolTip(more)
        self._tone = tone
        if self._dot:
            self._dot.show_tone(tone)
        self.setVisible(bool(text))

    def text(self) -> str:
        return self._label.text()

    def is_well(self) -> bool:
        return self._tone not in ("warning", "danger")


class _Dot(QWidget):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._tone = "soft_ink"
        self.setFixedSize(QSize(9, 9))
        theme.changed.connect(self.update)

    def show_tone(self, tone: str) -> None:
        self._tone = tone or "soft_ink"
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour(self._tone))
        painter.drawEllipse(QRectF(self.rect()))


def _isolated(name: str) -> str:
    """A name that is written, or forced, the other way must not turn the words around it."""
    if name.isascii():
        return name
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"
