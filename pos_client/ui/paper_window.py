"""The virtual printer's paper, as it comes out: receipts one below the other, the newest in sight."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from pos_client.ui.labels import label
from pos_client.ui.theme import Theme
from pos_client.ui.wording import tr

_MOST_SHOWN = 100
_WIDTH_PX = 420


class PaperWindow(QScrollArea):
    """`show_paper` takes a PNG of one receipt; the oldest go when there are many.

    With `drawer_opened` it says above the receipt that the drawer's line was driven.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setWindowTitle(tr("Printer paper"))
        self.setAccessibleName(tr("Printer paper"))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.resize(_WIDTH_PX, 760)
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
        self._receipt_count = 0
        self.verticalScrollBar().rangeChanged.connect(self._to_newest)

    @property
    def receipt_count(self) -> int:
        return self._receipt_count

    def show_paper(self, png: bytes, drawer_opened: bool = False) -> None:
        picture = QPixmap()
        if not picture.loadFromData(png):
            raise ValueError("the paper is no picture")
        width = min(picture.width(), _WIDTH_PX - 44)
        paper = QLabel()
        paper.setPixmap(picture.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation))
        paper.setAccessibleName(tr("Receipt {number}").format(number=self._receipt_count + 1))
        self._empty.hide()
        if drawer_opened:
            self._add(label(tr("Drawer opened"), "strong"))
        self._receipt_count += 1
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
