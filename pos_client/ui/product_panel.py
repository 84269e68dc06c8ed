"""The right half of the sale screen: the scan field, quick pages and categories, product keys, search results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QScroller,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from pos_client.till.intents import Till
from pos_client.ui.buttons import KeyButton, Look, ProductKey
from pos_client.ui.labels import card, label
from pos_client.ui.row_list import Row, RowList
from pos_client.ui.theme import GAP_PX, MARGIN_PX, TARGET_PX, Theme
from pos_client.ui.wording import Wording, tr
from shared_models.barcode import printed_gtin
from shared_models.catalogue import Offer

_SEARCH_AFTER_MS = 60
_GTIN_DIGITS = 14
_KEY_WIDTH_PX = 136
_NO_COLOUR = "#5c6670"


class ProductPanel(QWidget):
    """Emits `picked` with a product's id and `entered_code` with what was typed and entered."""

    picked = Signal(str)
    entered_code = Signal(str)

    def __init__(self, theme: Theme, wording: Wording, till: Till) -> None:
        super().__init__()
        self._theme = theme
        self._wording = wording
        self._till = till
        frame, column = card(spacing_px=MARGIN_PX)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Scan, code or name"))
        self.field.setAccessibleName(tr("Scan, code or name"))
        self.field.setClearButtonEnabled(False)
        self.field.setMaxLength(200)
        self.field.textEdited.connect(self._typed)
        self._tabs = TabStrip(theme)
        self._keys = KeyGrid(theme, wording)
        self._keys.picked.connect(self.picked)
        self._results = RowList(
            theme, empty=tr("Nothing found. Try the beginning of another word of its name.")
        )
        self._results.picked.connect(self._pick)
        self._found: tuple[Offer, ...] = ()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._keys)
        self._stack.addWidget(self._results)
        column.addWidget(self.field)
        column.addWidget(self._tabs)
        column.addWidget(self._stack, 1)
        self._searched = ""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_SEARCH_AFTER_MS)
        self._pause.timeout.connect(self.search_now)

    def load(self) -> None:
        """Read quick pages and categories again; they may have come down anew."""
        tabs = [(page.name, partial(self._keys.show_offers, page.keys)) for page in self._till.quick_pages()]
        tabs += [
            (category.name, partial(self._show_category, category.category_id))
            for category in self._till.categories()
        ]
        self._tabs.show_tabs(tabs)
        if not tabs:
            self._keys.show_offers(())

    @property
    def is_searching(self) -> bool:
        return bool(self.field.text())

    def type_on(self, text: str) -> None:
        """As if it had been typed into the field."""
        self.field.setFocus()
        self.field.insert(text)
        self._typed(self.field.text())

    def clear(self) -> None:
        self._pause.stop()
        self._searched = ""
        self.field.clear()
        self._stack.setCurrentWidget(self._keys)

    def enter(self) -> None:
        """A product's or a coupon's code goes to the till as it stands; a name picks the chosen result."""
        text = self.field.text().strip()
        self._pause.stop()
        if not _is_code(text) and not self._till.is_coupon(text):
            if self._searched != text:
                self.search_now()
            current = self._results.current()
            if current is not None:
                self._pick(current)
                return
        self.clear()
        self.entered_code.emit(text)

    def move_choice(self, step: int) -> None:
        self._results.step(step)

    def search_now(self) -> None:
        text = self.field.text().strip()
        if not text:
            self.clear()
            return
        self._pause.stop()
        self._searched = text
        self._found = self._till.search(text)
        self._results.show_rows([self._row(offer) for offer in self._found])
        self._stack.setCurrentWidget(self._results)

    def _show_category(self, category_id: str) -> None:
        self._keys.show_offers(self._till.in_category(category_id))

    def _typed(self, text: str) -> None:
        if text.strip():
            self._pause.start()
        else:
            self.clear()

    def _pick(self, index: int) -> None:
        product_id = self._found[index].product.product_id
        self.clear()
        self.picked.emit(product_id)

    def _row(self, offer: Offer) -> Row:
        product = offer.product
        code = _as_printed(product.barcodes[0]) if product.barcodes else product.sku
        place = f"{code} · {offer.category.name}" if offer.category else code
        colour = offer.category.colour if offer.category else ""
        return Row(product.full_name(), place, price_words(offer, self._wording), colour)


class TabStrip(QWidget):
    """Tabs in one row; where there are more than fit, arrows move the row."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._area = QScrollArea()
        self._area.setFixedHeight(TARGET_PX)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._back = self._arrow("‹", tr("Earlier tabs"), -1)
        self._on = self._arrow("›", tr("More tabs"), 1)
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP_PX)
        row.addWidget(self._back)
        row.addWidget(self._area, 1)
        row.addWidget(self._on)
        self._area.horizontalScrollBar().rangeChanged.connect(self._show_arrows)
        self._area.horizontalScrollBar().valueChanged.connect(self._show_arrows)

    def show_tabs(self, tabs: Sequence[tuple[str, Callable[[], None]]]) -> None:
        """Fill the strip and open the first tab."""
        inside = QWidget()
        inside.setObjectName("scrolled")
        row = QHBoxLayout(inside)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP_PX)
        self._group.deleteLater()
        self._group = QButtonGroup(self)
        for name, opens in tabs:
            tab = KeyButton(self._theme, name, look=Look.TAB, height_px=TARGET_PX)
            tab.setCheckable(True)
            tab.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            tab.clicked.connect(lambda _checked=False, opens=opens: opens())
            self._group.addButton(tab)
            row.addWidget(tab)
        row.addStretch(1)
        self._area.setWidget(inside)
        if tabs:
            self._group.buttons()[0].setChecked(True)
            tabs[0][1]()
        self._show_arrows()

    def _arrow(self, text: str, name: str, pages: int) -> KeyButton:
        button = KeyButton(self._theme, text, look=Look.TAB, size_px=20, height_px=TARGET_PX)
        button.setAccessibleName(name)
        button.setFixedWidth(TARGET_PX)
        button.clicked.connect(lambda: self._turn(pages))
        return button

    def _turn(self, pages: int) -> None:
        bar = self._area.horizontalScrollBar()
        bar.setValue(bar.value() + pages * bar.pageStep() * 3 // 4)

    def _show_arrows(self) -> None:
        bar = self._area.horizontalScrollBar()
        overflows = bar.maximum() > 0
        # Both come and go together, so that an arrow is never under a finger that aimed at a tab.
        self._back.setVisible(overflows)
        self._on.setVisible(overflows)
        self._back.setEnabled(bar.value() > 0)
        self._on.setEnabled(bar.value() < bar.maximum())


class KeyGrid(QScrollArea):
    """Product keys, as many columns as are wide enough."""

    picked = Signal(str)

    def __init__(self, theme: Theme, wording: Wording) -> None:
        super().__init__()
        self._theme = theme
        self._wording = wording
        self._keys: list[ProductKey] = []
        self._columns = 0
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        QScroller.grabGesture(self.viewport(), QScroller.ScrollerGestureType.TouchGesture)

    def show_offers(self, offers: Sequence[Offer]) -> None:
        self._keys = [self._key(offer) for offer in offers]
        self._lay_out()
        self.verticalScrollBar().setValue(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitting_columns() != self._columns:
            self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LayoutDirectionChange:
            self.updateGeometry()

    def _lay_out(self) -> None:
        self._columns = self._fitting_columns()
        inside = QWidget()
        inside.setObjectName("scrolled")
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(10)
        for index, key in enumerate(self._keys):
            grid.addWidget(key, index // self._columns, index % self._columns)
        for column in range(self._columns):
            grid.setColumnStretch(column, 1)
            grid.setColumnMinimumWidth(column, 1)
        rows = -(-len(self._keys) // self._columns)
        grid.setRowStretch(rows, 1)
        if not self._keys:
            grid.addWidget(label(tr("No products here yet."), "soft"), 0, 0, Qt.AlignmentFlag.AlignCenter)
        self.setWidget(inside)

    def _fitting_columns(self) -> int:
        return max(2, (self.width() + 10) // (_KEY_WIDTH_PX + 10))

    def _key(self, offer: Offer) -> ProductKey:
        colour = offer.category.colour if offer.category else _NO_COLOUR
        key = ProductKey(self._theme, offer.product.full_name(), price_words(offer, self._wording), colour)
        key.clicked.connect(lambda: self.picked.emit(offer.product.product_id))
        return key


def price_words(offer: Offer, wording: Wording) -> str:
    """'2.49', '2.99 / kg', or that the cashier enters it."""
    if offer.product.open_price:
        return tr("amount")
    if offer.price is None:
        return tr("no price")
    price = wording.amount(offer.price.unit_price_minor)
    return f"{price} / {offer.product.unit}" if offer.product.weighed else price


def _is_code(text: str) -> bool:
    """Figures only, with a multiplier or without: '3*4006381333931'. Everything else is looked for by name."""
    return bool(text) and text.isascii() and text.replace("*", "").replace(".", "").isdigit()


def _as_printed(code: str) -> str:
    """A barcode as it stands under the bars; the shop's own codes stay as they are."""
    return printed_gtin(code) if len(code) == _GTIN_DIGITS and code.isdigit() else code
