"""The till's window: head, the screen of the phase, foot; keys, focus, panels and notices."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget

from pos_client.till.intents import Till
from pos_client.till.state import Phase, TillState, TillStatus
from pos_client.ui.footer import Footer
from pos_client.ui.header import Header
from pos_client.ui.notice_bar import NoticeBar
from pos_client.ui.presenter import Presenter
from pos_client.ui.sale_screen import SaleScreen
from pos_client.ui.screen import Screen
from pos_client.ui.theme import MARGIN_PX, Theme, palette, stylesheet
from pos_client.ui.wording import Wording
from shared_models.moment import Moment


class MainWindow(QWidget):
    def __init__(
        self,
        till: Till,
        now: Callable[[], Moment],
        *,
        theme: Theme | None = None,
        wording: Wording | None = None,
    ) -> None:
        super().__init__()
        self.theme = theme or Theme()
        self.wording = wording or Wording()
        self.presenter = Presenter(till, self)
        self._now = now
        self._status = TillStatus()
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumSize(1024, 700)
        self.resize(1366, 768)
        self.header = Header(self.theme, self.wording)
        self.footer = Footer(self.theme, self.wording)
        self.stack = QStackedWidget()
        self.sale = SaleScreen(self.theme, self.wording, self.presenter, lambda: None, lambda: None)
        self.screens: dict[Phase, Screen] = {Phase.SALE: self.sale}
        for screen in self.screens.values():
            self.stack.addWidget(screen)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        middle = QVBoxLayout()
        middle.setContentsMargins(MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX)
        middle.addWidget(self.stack)
        column.addLayout(middle, 1)
        column.addWidget(self.footer)
        self.notice = NoticeBar(self.theme, self.wording, self)
        self.presenter.state_changed.connect(self.show_state)
        self.theme.changed.connect(self._dress)
        self._dress()
        self.show_state(till.state)
        self.show_status(self._status)

    def show_state(self, state: TillState) -> None:
        self.wording.use_currency(state.currency)
        self.header.show_state(state)
        screen = self.screens[state.phase]
        screen.show_state(state)
        if self.stack.currentWidget() is not screen:
            self.stack.setCurrentWidget(screen)
        screen.entered()
        self.footer.show_last(state.done)
        self.notice.show_notice(state.notice)
        screen.home().setFocus()

    def show_status(self, status: TillStatus) -> None:
        self._status = status
        self.header.show_status(status, self._now())

    def _dress(self) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.setPalette(palette(self.theme.tokens))
        self.setStyleSheet(stylesheet(self.theme.tokens))
