"""The customer's screen: the ticket as it grows, the total, what is due and the change; a welcome while nobody buys."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from pos_client.till.state import DoneView, LineView, Phase, TenderView, TillState
from pos_client.ui.labels import BigAmount, card, label, rule
from pos_client.ui.theme import MARGIN_PX, Theme, stylesheet
from pos_client.ui.ticket_view import TicketView
from pos_client.ui.wording import Wording, tr
from shared_models.quantity import MILLI

_AMOUNT_PX = 96
_CHANGE_PX = 140
_SIZE = (1024, 600)
_PRIVATE = frozenset(("code", "serial", "lot", "note", "age_confirmed", "typed_weight"))


class CustomerWindow(QWidget):
    """Takes no key, no click and no focus. Connect `show_state` to the presenter."""

    def __init__(self, theme: Theme, wording: Wording) -> None:
        super().__init__(None, Qt.WindowType.Window | Qt.WindowType.WindowDoesNotAcceptFocus)
        self._theme, self._wording = theme, wording
        self.setObjectName("window")
        self.setWindowTitle(tr("Customer's screen"))
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        if wording.right_to_left():
            self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.resize(*_SIZE)
        self.idle = _IdlePage()
        self.ticket = _TicketPage(theme, wording)
        self.paid = _PaidPage(theme, wording)
        self._pages = QStackedWidget()
        for page in (self.idle, self.ticket, self.paid):
            self._pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX)
        column.addWidget(self._pages)
        theme.changed.connect(self._dress)
        self._dress()

    @property
    def page(self) -> QWidget:
        page = self._pages.currentWidget()
        assert page is not None
        return page

    def show_state(self, state: TillState) -> None:
        """Nothing of a ticket while nobody is at the till."""
        match state.phase:
            case Phase.CHANGE if state.done is not None:
                self.paid.show_change(state.done)
                self._pages.setCurrentWidget(self.paid)
            case Phase.REFUND if state.refund is not None:
                self.paid.show_refund(state.refund.total_minor)
                self._pages.setCurrentWidget(self.paid)
            case Phase.SALE | Phase.TENDER if state.lines:
                self.ticket.show_state(state)
                self._pages.setCurrentWidget(self.ticket)
            case Phase.SALE | Phase.TENDER | Phase.CHANGE | Phase.REFUND:
                self._be_idle(state.store_name, tr("Welcome"))
            case _:
                self._be_idle(state.store_name, tr("This till is closed"))

    def _be_idle(self, store_name: str, words: str) -> None:
        self.ticket.clear()
        self.idle.show_words(store_name, words)
        self._pages.setCurrentWidget(self.idle)

    def _dress(self) -> None:
        self.setStyleSheet(stylesheet(self._theme.tokens))


class _IdlePage(QFrame):
    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.store, self.words = label(kind="welcome", wraps=True), label(kind="huge", wraps=True)
        column = QVBoxLayout(self)
        column.setSpacing(MARGIN_PX)
        column.addStretch(2)
        for text in (self.store, self.words):
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(text)
        column.addStretch(3)

    def show_words(self, store_name: str, words: str) -> None:
        self.store.setText(store_name)
        self.words.setText(words)


class _TicketPage(QWidget):
    def __init__(self, theme: Theme, wording: Wording) -> None:
        super().__init__()
        self._wording = wording
        self.lines = TicketView(theme, wording)
        self.lines.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.count = label(kind="small")
        self.last, self.last_price = label(kind="huge", wraps=True), label(kind="large")
        self.saved, self.facts = label(kind="large", wraps=True), label(kind="large", wraps=True)
        self.what = label(kind="large")
        self.amount = BigAmount(theme, size_px=_AMOUNT_PX)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(MARGIN_PX)
        row.addWidget(self._ticket_card(), 5)
        row.addWidget(self._amount_card(), 6)

    def show_state(self, state: TillState) -> None:
        self.lines.show_lines([_for_customers(line) for line in state.lines], state.selected)
        self.count.setText(self._wording.lines(len(state.lines)))
        at = len(state.lines) - 1 if state.selected is None else state.selected
        self._show_line(state.lines[at])
        saved = self._wording.money(state.discount_minor)
        self.saved.setText(tr("You save {amount}").format(amount=saved) if state.discount_minor else "")
        if state.tender is None:
            self.facts.setText("")
            self._show_amount(tr("Total"), state.to_pay_minor, "ink")
        else:
            self._show_payment(state.tender)

    def clear(self) -> None:
        self.lines.show_lines((), None)

    def _show_line(self, line: LineView) -> None:
        self.last.setText(line.name)
        amount = self._wording.amount(line.amount_minor)
        if line.quantity_milli == MILLI and not line.weighed:
            self.last_price.setText(amount)
            return
        how_much = self._wording.quantity(line.quantity_milli, line.unit)
        self.last_price.setText(f"{how_much} × {self._wording.amount(line.unit_price_minor)} · {amount}")

    def _show_payment(self, tender: TenderView) -> None:
        if not tender.received_minor:
            self.facts.setText("")
            self._show_amount(tr("To pay"), tender.due_minor, "ink")
            return
        words = tr("{due} to pay · {received} received")
        self.facts.setText(
            words.format(
                due=self._wording.money(tender.due_minor), received=self._wording.money(tender.received_minor)
            )
        )
        if tender.open_minor:
            self._show_amount(tr("Still open"), tender.open_minor, "ink")
        else:
            self._show_amount(tr("Change"), tender.change_minor, "accent")

    def _show_amount(self, what: str, amount_minor: int, tone: str) -> None:
        self.what.setText(what)
        self.amount.show_text(self._wording.money(amount_minor), tone)
        self.amount.setAccessibleName(f"{what} {self.amount.text()}")

    def _ticket_card(self) -> QFrame:
        frame, column = card(margin_px=1)
        head = QHBoxLayout()
        head.setContentsMargins(16, 10, 16, 10)
        head.addWidget(self.count)
        column.addLayout(head)
        column.addWidget(rule())
        column.addWidget(self.lines, 1)
        return frame

    def _amount_card(self) -> QFrame:
        frame, column = card(margin_px=28, spacing_px=8)
        for text in (self.last, self.last_price):
            column.addWidget(text)
        column.addStretch(1)
        for text in (self.saved, self.facts):
            column.addWidget(text)
        column.addWidget(rule())
        column.addWidget(self.what)
        column.addWidget(self.amount)
        return frame


def _for_customers(line: LineView) -> LineView:
    """With what explains the price; without numbers of cards and goods, notes and ages, which others may read too."""
    shown = tuple(words for words in line.small_print if words.code not in _PRIVATE)
    return msgspec.structs.replace(line, small_print=shown)


class _PaidPage(QFrame):
    def __init__(self, theme: Theme, wording: Wording) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self._wording = wording
        self.what = label(kind="huge")
        self.amount = BigAmount(theme, size_px=_CHANGE_PX, tone="accent", at_end=False)
        self.facts: QLabel = label(kind="large", wraps=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(56, 28, 56, 28)
        column.setSpacing(MARGIN_PX)
        column.addStretch(2)
        for widget in (self.what, self.amount, self.facts):
            column.addWidget(widget)
        column.addStretch(3)

    def show_change(self, done: DoneView) -> None:
        self._show(tr("Change") if done.change_minor else tr("Paid exactly, no change"), done.change_minor)
        words = tr("{total} to pay · {received} received · thank you")
        total, received = self._wording.money(done.total_minor), self._wording.money(done.received_minor)
        self.facts.setText(words.format(total=total, received=received))

    def show_refund(self, total_minor: int) -> None:
        self._show(tr("You get back"), total_minor)
        self.facts.setText("")

    def _show(self, what: str, amount_minor: int) -> None:
        self.what.setText(what)
        self.amount.show_text(self._wording.money(amount_minor), "accent" if amount_minor else "soft_ink")
        self.amount.setAccessibleName(f"{what} {self.amount.text()}")
