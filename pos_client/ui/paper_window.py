"""A virtual printer's paper, as it comes out: receipts or labels one below the other, the newest in sight."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from pos_client.ui.labels import label
from pos_client.ui.theme import Theme
from pos_client.ui.wording import tr

_MOST_SHOWN = 100
_WIDTH_PX, _HEIGHT_PX = 420, 760
_LABELS_PX, _GAP_PX = 260, 48


class PaperWindow(QScrollArea):
    """`show_paper` takes a PNG of one receipt or label; the oldest go when there are many.

    With `drawer_opened` it says above the receipt that the drawer's line was driven.
    """

    def __init__(self, theme: Theme, *, of_labels: bool = False) -> None:
        super().__init__()
        self._of_labels = of_labels
        # The till ends with its own window, whatever else is open.
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        title = tr("Printed labels") if of_labels else tr("Printer paper")
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.resize(_WIDTH_PX, _HEIGHT_PX)
        self.setStyleSheet(
            f"QScrollArea, QWidget#tray {{ background: {theme.tokens.hairline}; border: none; }}"
        )
        tray = QWidget()
        tray.setObjectName("tray")
        self._column = QVBoxLayout(tray)
        self._column.setContentsMargins(16, 16, 16, 16)
        self._column.setSpacing(18)
        self._empty = label(tr("Nothing has been printed yet."), "soft")
        self._column.addWidget(self._empty, 0, Qt.AlignmentFlag.AlignCenter)
        self._column.addStretch(1)
        self.setWidget(tray)
        self._shown: list[QLabel] = []
        self._count = 0
        self.verticalScrollBar().rangeChanged.connect(self._to_newest)

    @property
    def count(self) -> int:
        """How many receipts or labels came out."""
        return self._count

    def stand_beside(self, till: QWidget, above: PaperWindow | None = None) -> None:
        """To the right of the till's window; with `above`, that one makes room and this one stands below it."""
        left, top = till.x() + till.width() + 16, till.y()
        if above is not None:
            above.resize(_WIDTH_PX, _HEIGHT_PX - _GAP_PX - _LABELS_PX)
            self.resize(_WIDTH_PX, _LABELS_PX)
            top += above.height() + _GAP_PX
        self.move(left, top)

    def show_paper(self, png: bytes, drawer_opened: bool = False) -> None:
        picture = QPixmap()
        if not picture.loadFromData(png):
            raise ValueError("the paper is no picture")
        width = min(picture.width(), _WIDTH_PX - 44)
        paper = QLabel()
        paper.setPixmap(picture.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation))
        self._count += 1
        name = tr("Label {number}") if self._of_labels else tr("Receipt {number}")
        paper.setAccessibleName(name.format(number=self._count))
        self._empty.hide()
        if drawer_opened:
            self._add(label(tr("Drawer opened"), "strong"))
        self._add(paper)

    def _add(self, shown: QLabel) -> None:
        self._shown.append(shown)
        self._column.insertWidget(self._column.count() - 1, shown, 0, Qt.AlignmentFlag.AlignHCenter)
        if len(self._shown) > _MOST_SHOWN:
            oldest = self._shown.pop(0)
            self._column.removeWidget(oldest)
            oldest.deleteLater()

    def _to_newest(self, _least: int, most: int) -> None:
        self.verticalScrollBar().setValue(most)
