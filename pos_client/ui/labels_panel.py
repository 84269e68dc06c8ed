"""The page of shelf labels: scan or search a product, or take all changed prices; how many of each; print."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from hardware.counter_device import Tried
from hardware.scanners.base import BadScan, ScanOutcome
from pos_client.ui.actions import Action
from pos_client.ui.buttons import KeyButton, Look
from pos_client.ui.label_talk import LabelTalk
from pos_client.ui.labels import label
from pos_client.ui.panel import Panel
from pos_client.ui.product_panel import price_words
from pos_client.ui.questions import bad_scan_words
from pos_client.ui.row_list import Row, RowList
from pos_client.ui.theme import GAP_PX, KEY_PX, Theme
from pos_client.ui.wording import Wording, tr
from shared_models.catalogue import Offer
from shared_models.errors import ShopError

MOST_COPIES = 99
_PAGE_PX, _LIST_PX = 860, 380
_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -6, Qt.Key.Key_PageDown: 6}
_MORE, _LESS = (Qt.Key.Key_Plus, Qt.Key.Key_Right), (Qt.Key.Key_Minus, Qt.Key.Key_Left)


class LabelsPanel(Panel):
    """While something stands in the field its results are listed; else the labels that are chosen."""

    def __init__(self, theme: Theme, wording: Wording, talk: LabelTalk) -> None:
        super().__init__(tr("Labels for the shelf"), width_px=_PAGE_PX)
        self._theme, self._wording, self._talk = theme, wording, talk
        self._found: tuple[Offer, ...] = ()
        self._chosen: dict[str, tuple[Offer, int]] = {}
        self._days_ago = 0
        self.is_waiting = False
        self._lay_out()
        talk.changed.connect(self._take_changed)
        talk.not_looked_up.connect(self._not_looked_up)
        talk.printed.connect(self._printed)
        self._show()

    # What the window asks

    def home(self) -> QWidget:
        return self.field

    def key_actions(self) -> Sequence[Action]:
        return (
            Action(tr("Prices changed today"), "F5", Qt.Key.Key_F5, lambda: self._look_for_changes(0)),
            Action(
                tr("A day earlier"), "F6", Qt.Key.Key_F6, lambda: self._look_for_changes(self._days_ago + 1)
            ),
            Action(tr("Start over"), "F8", Qt.Key.Key_F8, self._start_over),
        )

    def enter(self) -> None:
        """The product that is looked for, as one label more; with an empty field, print."""
        text = self.field.text().strip()
        if not text:
            self._print()
            return
        with self._naming_trouble():
            offer = self._talk.desk.by_scan(text)
            if offer is not None:
                self._add(offer)
            elif self._found:
                self._add(self._found[self.rows.current() or 0])
            self._show()

    def escape(self) -> None:
        if self.field.text():
            self.field.clear()
            self._show()
        else:
            self.closes()

    def press(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key in _STEPS:
            self.rows.step(_STEPS[key])
            return True
        if not self.field.text() and key in (*_MORE, *_LESS):
            self._change_copies(1 if key in _MORE else -1)
            return True
        return False

    def takes_scan(self, outcome: ScanOutcome) -> bool:
        if isinstance(outcome, BadScan):
            self._say(self._wording.words(bad_scan_words(outcome)))
            return True
        with self._naming_trouble():
            offer = self._talk.desk.by_scan(outcome.text)
            if offer is None:
                self._say(tr("No product has this code. Nothing was added."))
            else:
                self._add(offer)
                self._show()
        return True

    @property
    def count(self) -> int:
        """How many labels are chosen."""
        return sum(copies for _, copies in self._chosen.values())

    # Inside

    def _lay_out(self) -> None:
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Scan, code or name"))
        self.field.setAccessibleName(tr("Scan, code or name"))
        self.field.setMaxLength(200)
        self.field.textEdited.connect(lambda _text: self._show())
        self.column.addWidget(self.field)
        self.rows = RowList(
            self._theme, empty=tr("Scan or look for products, or take all prices that changed today.")
        )
        self.rows.setFixedHeight(_LIST_PX)
        self.rows.picked.connect(self._pick)
        self.column.addWidget(self.rows)
        self.said: QLabel = label(kind="soft", wraps=True)
        self.column.addWidget(self.said)
        self._lay_out_buttons()

    def _lay_out_buttons(self) -> None:
        upper, lower = QHBoxLayout(), QHBoxLayout()
        for action in self.key_actions():
            upper.addWidget(self._key(action.text, action.hint, action.run), 2)
        self._fewer = self._key("−", tr("fewer"), lambda: self._change_copies(-1))
        self._more = self._key("+", tr("more"), lambda: self._change_copies(1))
        away = self._key(tr("Back"), tr("Esc"), self.escape)
        self.print_button = KeyButton(
            self._theme, "", tr("Enter"), look=Look.PRIMARY, height_px=KEY_PX, size_px=19
        )
        self.print_button.clicked.connect(self._print)
        for button, share in ((self._fewer, 1), (self._more, 1), (away, 2), (self.print_button, 3)):
            lower.addWidget(button, share)
        for row in (upper, lower):
            row.setSpacing(GAP_PX)
            self.column.addLayout(row)

    def _key(self, text: str, hint: str, run: Callable[[], object]) -> KeyButton:
        button = KeyButton(self._theme, text, hint, height_px=KEY_PX, size_px=17)
        button.clicked.connect(lambda _checked=False: run())
        return button

    def _show(self, current: int = 0) -> None:
        text = self.field.text().strip()
        self._found = ()
        if text:
            with self._naming_trouble():
                self._found = self._talk.desk.search(text)
            self.rows.show_rows([self._row(offer, "") for offer in self._found])
        else:
            rows = [self._row(offer, f"{copies} ×") for offer, copies in self._chosen.values()]
            self.rows.show_rows(rows, current)
        self.print_button.setText(tr("Print labels ({count})").format(count=self.count))
        self.print_button.setEnabled(self.count > 0 and not self.is_waiting)

    @contextmanager
    def _naming_trouble(self) -> Iterator[None]:
        """What can't be looked up is said, and nothing is taken for missing."""
        try:
            yield
        except ShopError as reason:
            self._not_looked_up(reason.message)

    def _not_looked_up(self, reason: str) -> None:
        self._say(f"✖  {reason}")

    def _row(self, offer: Offer, copies: str) -> Row:
        product = offer.product
        name = f"{copies} {product.full_name()}".strip()
        return Row(name, product.sku, price_words(offer, self._wording))

    def _pick(self, at: int) -> None:
        """A finger on a result takes it; on a chosen label, one more."""
        if self.field.text().strip():
            self._add(self._found[at])
            self._show()
        else:
            self.rows.step(at - (self.rows.current() or 0))
            self._change_copies(1)

    def _add(self, offer: Offer) -> None:
        self.field.clear()
        if offer.price is None:
            self._say(tr("{name} has no price, so no label.").format(name=offer.product.full_name()))
            return
        _, copies = self._chosen.get(offer.product.product_id, (offer, 0))
        self._chosen[offer.product.product_id] = (offer, min(MOST_COPIES, copies + 1))
        self._say("")

    def _change_copies(self, step: int) -> None:
        at = self.rows.current()
        if at is None or self.field.text().strip():
            return
        offer, copies = list(self._chosen.values())[at]
        wanted = min(MOST_COPIES, copies + step)
        if wanted > 0:
            self._chosen[offer.product.product_id] = (offer, wanted)
        else:
            del self._chosen[offer.product.product_id]
        self._show(min(at, max(0, len(self._chosen) - 1)))

    def _look_for_changes(self, days_ago: int) -> None:
        self._days_ago = days_ago
        self._say(tr("Looking for prices that changed…"))
        self._talk.look_for_changes(days_ago)

    def _take_changed(self, offers: tuple[Offer, ...]) -> None:
        for offer in offers:
            self._chosen.setdefault(offer.product.product_id, (offer, 1))
        today, days = (
            tr("Prices that changed today: {count}"),
            tr("Prices that changed in {days} days: {count}"),
        )
        said = days if self._days_ago else today
        self._say(said.format(count=len(offers), days=self._days_ago + 1))
        self._show()

    def _start_over(self) -> None:
        self._chosen.clear()
        self.field.clear()
        self._say("")
        self._show()

    def _print(self) -> None:
        if not self.count or self.is_waiting:
            return
        self.is_waiting = True
        self._say(tr("Printing labels…"))
        self._show()
        self._talk.print(list(self._chosen.values()))

    def _printed(self, tried: Tried) -> None:
        self.is_waiting = False
        if tried.worked:
            self._chosen.clear()
        self._say(f"{'✓' if tried.worked else '✖'}  {tried.message}")
        self._show()

    def _say(self, text: str) -> None:
        self.said.setText(text)
