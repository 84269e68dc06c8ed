"""The matrix of a family of variants: sizes across, colours down, a price in each cell that there is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QScroller, QSizePolicy, QWidget

from pos_client.till.state import VariantChoice, VariantColour
from pos_client.ui.buttons import KeyButton
from pos_client.ui.labels import label
from pos_client.ui.panel import Panel
from pos_client.ui.product_panel import price_words
from pos_client.ui.theme import GAP_PX, KEY_PX, TARGET_PX, Theme
from pos_client.ui.wording import Wording, tr

_CELL_PX = 92
_HEIGHT_PX = 60
_NAME_PX = 150
_WIDEST_PX = 900
_HIGHEST_PX = 420
_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
Place = tuple[int, int]
"""(size, colour)"""


class VariantPanel(Panel):
    """`chosen` gets the variant's product id; `put_away` hears of Esc."""

    def __init__(
        self,
        theme: Theme,
        wording: Wording,
        choice: VariantChoice,
        chosen: Callable[[str], object],
        put_away: Callable[[], object],
    ) -> None:
        wanted_px = _NAME_PX + len(choice.sizes) * (_CELL_PX + GAP_PX) + 64
        super().__init__(choice.name, width_px=max(460, min(_WIDEST_PX, wanted_px)))
        self._chosen = chosen
        self._put_away = put_away
        self._choice = choice
        self._cells: dict[Place, KeyButton] = {}
        self._ids = {
            (cell.size_index, cell.colour_index): cell.offer.product.product_id for cell in choice.cells
        }
        self._area = _scrolling(self._grid(theme, wording))
        self.column.addWidget(self._area)
        away = KeyButton(theme, tr("Back"), tr("Esc"), height_px=KEY_PX, size_px=17)
        away.clicked.connect(self.escape)
        self.column.addWidget(away)
        self._current = min(self._cells, key=lambda place: (place[1], place[0]))
        self._mark(self._current)

    def enter(self) -> None:
        self._chosen(self._ids[self._current])

    def escape(self) -> None:
        self._put_away()

    def press(self, event: QKeyEvent) -> bool:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None:
            return False
        across = -step[0] if self.isRightToLeft() else step[0]
        self._mark(next_place(self._current, (across, step[1]), self._cells))
        return True

    def _mark(self, place: Place) -> None:
        self._cells[self._current].setChecked(False)
        self._current = place
        self._cells[place].setChecked(True)
        self._area.ensureWidgetVisible(self._cells[place], GAP_PX, GAP_PX)

    def _grid(self, theme: Theme, wording: Wording) -> QWidget:
        inside = QWidget()
        inside.setObjectName("scrolled")
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GAP_PX)
        for column, size in enumerate(self._choice.sizes, 1):
            head = label(size or "–", "strong")
            head.setAlignment(Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(head, 0, column)
        for row, colour in enumerate(self._choice.colours, 1):
            grid.addWidget(_colour_head(theme, colour), row, 0)
        for cell in self._choice.cells:
            button = KeyButton(theme, price_words(cell.offer, wording), height_px=_HEIGHT_PX, bold=True)
            button.setMinimumWidth(_CELL_PX)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setAccessibleName(f"{cell.offer.product.full_name()}, {button.text()}")
            button.clicked.connect(partial(self._touched, cell.offer.product.product_id))
            self._cells[cell.size_index, cell.colour_index] = button
            grid.addWidget(button, cell.colour_index + 1, cell.size_index + 1)
        grid.setColumnStretch(len(self._choice.sizes) + 1, 1)
        grid.setRowStretch(len(self._choice.colours) + 1, 1)
        return inside

    def _touched(self, product_id: str, _checked: bool = False) -> None:
        self._chosen(product_id)


def next_place(current: Place, step: Place, there: dict[Place, KeyButton]) -> Place:
    """The nearest cell that exists that way, straight ahead before aside; the same where none does."""
    along, aside = (0, 1) if step[0] else (1, 0)
    ahead = [
        (abs(place[aside] - current[aside]), (place[along] - current[along]) * step[along], place)
        for place in there
        if (place[along] - current[along]) * step[along] > 0
    ]
    straight = [one for one in ahead if one[0] == 0]
    nearest = min(straight or [(distance, off, place) for off, distance, place in ahead], default=None)
    return current if nearest is None else nearest[2]


class Swatch(QWidget):
    """A colour as it is; the name beside it says the same to those who can't see it."""

    def __init__(self, theme: Theme, colour_hex: str) -> None:
        super().__init__()
        self._theme = theme
        self._colour = QColor(colour_hex)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(26, 26)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colour("soft_ink"), 1))
        painter.setBrush(self._colour)
        painter.drawRoundedRect(QRect(1, 1, 24, 24), 6, 6)


def _colour_head(theme: Theme, colour: VariantColour) -> QWidget:
    head = QWidget()
    row = QHBoxLayout(head)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(GAP_PX)
    if colour.colour_hex:
        row.addWidget(Swatch(theme, colour.colour_hex))
    row.addWidget(label(colour.name or "–", "strong", wraps=True), 1)
    head.setFixedWidth(_NAME_PX)
    head.setMinimumHeight(TARGET_PX)
    return head


def _scrolling(inside: QWidget) -> QScrollArea:
    """As high as what is in it, as long as that leaves room for the way out."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inside)
    area.setFixedHeight(min(_HIGHEST_PX, inside.sizeHint().height() + 14))
    QScroller.grabGesture(area.viewport(), QScroller.ScrollerGestureType.TouchGesture)
    return area
