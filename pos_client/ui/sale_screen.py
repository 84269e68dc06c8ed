"""The sale screen: the ticket and what is due on the left, what can be sold on the right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from pos_client.till.state import TaxView, TillState
from pos_client.ui.actions import CTRL, Action
from pos_client.ui.buttons import KeyButton, Look
from pos_client.ui.labels import BigAmount, card, label, rule
from pos_client.ui.presenter import Presenter
from pos_client.ui.product_panel import ProductPanel
from pos_client.ui.screen import Screen
from pos_client.ui.theme import GAP_PX, KEY_PX, MARGIN_PX, TARGET_PX, Theme
from pos_client.ui.ticket_view import TicketView
from pos_client.ui.wording import Wording, tr


class SaleScreen(Screen):
    """`ask_quantity` and `ask_discount` open the window's panels; the screen itself asks nothing."""

    takes_scans = True

    def __init__(
        self,
        theme: Theme,
        wording: Wording,
        presenter: Presenter,
        ask_quantity: Callable[[], None],
        ask_discount: Callable[[], None],
    ) -> None:
        super().__init__(theme, wording, presenter)
        do = presenter.do
        self._ask_quantity, self._ask_discount = ask_quantity, ask_discount
        self.ticket = TicketView(theme, wording)
        self.ticket.chosen.connect(lambda index: do(lambda till: till.select(index)))
        self.products = ProductPanel(theme, wording, presenter.till)
        self.products.picked.connect(lambda product_id: do(lambda till: till.add_product(product_id)))
        self.products.entered_code.connect(lambda text: do(lambda till: till.scan(text)))
        self._sale_name, self._line_count = label(kind="small"), label(kind="small", at_end=True)
        self._taxes, self._discount = label(kind="soft", wraps=True), label(kind="soft", at_end=True)
        self._due = BigAmount(theme)
        self.void_sale = KeyButton(
            theme, tr("Void sale"), tr("Ctrl Del"), look=Look.FLAT, size_px=13, height_px=TARGET_PX
        )
        keeps_place = self.void_sale.sizePolicy()
        keeps_place.setRetainSizeWhenHidden(True)
        self.void_sale.setSizePolicy(keeps_place)
        self.void_sale.clicked.connect(self._void_sale)
        self.quantity = self._button(tr("Quantity"), "F4", ask_quantity)
        self.discount = self._button(tr("Discount"), "F6", ask_discount)
        self.void_line = self._button(tr("Void line"), tr("Del"), self._void_line)
        self.park = self._button(tr("Park"), "F8", self._park)
        self.pay = KeyButton(
            theme, tr("Pay"), tr("F12 or Enter"), look=Look.PRIMARY, size_px=21, height_px=KEY_PX
        )
        self.pay.clicked.connect(self._pay)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(MARGIN_PX)
        row.addWidget(self._ticket_card(), 56)
        row.addWidget(self.products, 77)

    def show_state(self, state: TillState) -> None:
        self.ticket.show_lines(state.lines, state.selected)
        count = len(state.lines)
        self._sale_name.setText(
            tr("Sale {name}").format(name=state.sale_name) if state.sale_name else tr("New sale")
        )
        self._line_count.setText(self.wording.lines(count) if count else "")
        self._taxes.setText(self._tax_words(state.taxes))
        off = self.wording.amount(-state.discount_minor)
        self._discount.setText(tr("Discounts {amount}").format(amount=off) if state.discount_minor else "")
        self._due.show_text(self.wording.money(state.to_pay_minor), "ink" if count else "soft_ink")
        for button in (self.quantity, self.discount, self.void_line, self.park, self.pay):
            button.setEnabled(bool(count))
        self.void_sale.setVisible(bool(count))

    def home(self) -> QWidget:
        return self.products.field

    def entered(self) -> None:
        self.products.clear()
        self.products.load()

    def key_actions(self) -> Sequence[Action]:
        actions = [
            Action(tr("Quantity"), "F4", Qt.Key.Key_F4, self._ask_quantity),
            Action(tr("Discount or price"), "F6", Qt.Key.Key_F6, self._ask_discount),
            Action(tr("Park"), "F8", Qt.Key.Key_F8, self._park),
            Action(tr("Pay"), "F12", Qt.Key.Key_F12, self._pay),
            Action(tr("Void sale"), tr("Ctrl Del"), Qt.Key.Key_Delete, self._void_sale, CTRL),
        ]
        if not self.products.is_searching:
            actions.append(Action(tr("Void line"), tr("Del"), Qt.Key.Key_Delete, self._void_line))
        return actions

    def enter(self) -> None:
        if self.products.is_searching:
            self.products.enter()
        else:
            self._pay()

    def press(self, event: QKeyEvent) -> bool:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if step:
            self._move(step)
        elif event.key() == Qt.Key.Key_Escape and self.products.is_searching:
            self.products.clear()
        else:
            return False
        return True

    def _move(self, step: int) -> None:
        if self.products.is_searching:
            self.products.move_choice(step)
            return
        state = self.presenter.state
        if state.lines:
            last = len(state.lines) - 1
            at = last if state.selected is None else max(0, min(last, state.selected + step))
            self.presenter.do(lambda till: till.select(at))

    def _pay(self) -> None:
        self.presenter.do(lambda till: till.start_tender())

    def _park(self) -> None:
        self.presenter.do(lambda till: till.park())

    def _void_line(self) -> None:
        self.presenter.do(lambda till: till.void_line())

    def _void_sale(self) -> None:
        self.presenter.do(lambda till: till.void_sale())

    def _tax_words(self, taxes: Sequence[TaxView]) -> str:
        included = [self._tax(tax) for tax in taxes if tax.included and tax.amount_minor]
        added = [self._tax(tax) for tax in taxes if not tax.included and tax.amount_minor]
        words = [tr("Included: {taxes}").format(taxes=" · ".join(included))] if included else []
        words += [tr("Added: {taxes}").format(taxes=" · ".join(added))] if added else []
        return "\n".join(words)

    def _tax(self, tax: TaxView) -> str:
        return f"{tax.name} {self.wording.amount(tax.amount_minor)}".replace(" ", "\N{NO-BREAK SPACE}")

    def _button(self, text: str, hint: str, run: Callable[[], object]) -> KeyButton:
        button = KeyButton(self.theme, text, hint, height_px=KEY_PX)
        button.clicked.connect(lambda: run())
        return button

    def _ticket_card(self) -> QFrame:
        frame, column = card(margin_px=1)
        frame.setMinimumWidth(440)
        column.addLayout(self._head())
        column.addWidget(rule())
        column.addWidget(self.ticket, 1)
        column.addWidget(rule())
        column.addLayout(self._foot())
        return frame

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(GAP_PX)
        row.addWidget(self._sale_name, 1)
        row.addWidget(self.void_sale)
        row.addWidget(self._line_count)
        return row

    def _foot(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setContentsMargins(11, 10, 11, 11)
        column.setSpacing(4)
        facts = QHBoxLayout()
        facts.setContentsMargins(5, 0, 5, 0)
        facts.addWidget(self._taxes, 1)
        facts.addWidget(self._discount)
        due = QHBoxLayout()
        due.setContentsMargins(5, 0, 5, 4)
        due.addWidget(label(tr("To pay"), "soft"), 0, Qt.AlignmentFlag.AlignBottom)
        due.addWidget(self._due, 1)
        keys = QHBoxLayout()
        keys.setSpacing(GAP_PX)
        for button in (self.quantity, self.discount, self.void_line, self.park):
            keys.addWidget(button, 7)
        keys.addWidget(self.pay, 11)
        column.addLayout(facts)
        column.addLayout(due)
        column.addLayout(keys)
        return column
