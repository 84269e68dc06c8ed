"""The till's window: head, the screen of the phase, foot; keys, focus, panels and notices."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QStackedWidget, QVBoxLayout, QWidget

from hardware.scanners.base import BadScan, ScanOutcome, without_symbology
from hardware.scanners.wedge import DEFAULT_WEDGE, WedgeDecoder, WedgeSettings
from pos_client.till.intents import Till
from pos_client.till.state import Phase, Question, Severity, TillState, TillStatus, VariantChoice, Words
from pos_client.ui.actions import CTRL, Action, find, is_enter
from pos_client.ui.change_screen import ChangeScreen
from pos_client.ui.count_screen import CountScreen
from pos_client.ui.device_talk import DeviceDesk, DeviceTalk, NoDevices
from pos_client.ui.devices_panel import DevicesPanel
from pos_client.ui.footer import Footer
from pos_client.ui.header import Header, unsure_words
from pos_client.ui.label_talk import LabelDesk, LabelTalk
from pos_client.ui.labels_panel import LabelsPanel
from pos_client.ui.login_screen import LoginScreen, WaitingScreen
from pos_client.ui.menus import Menus
from pos_client.ui.notice_bar import NoticeBar
from pos_client.ui.open_shift_screen import OpenShiftScreen
from pos_client.ui.panel import PanelHost
from pos_client.ui.presenter import Presenter
from pos_client.ui.questions import bad_scan_words, may_be_scanned, question_panel
from pos_client.ui.refund_screen import RefundScreen
from pos_client.ui.report_panel import ReportPanel
from pos_client.ui.sale_screen import SaleScreen
from pos_client.ui.screen import Screen
from pos_client.ui.screens import Screens
from pos_client.ui.shift_end_screens import ClosedScreen, CountedScreen
from pos_client.ui.tender_screen import TenderScreen
from pos_client.ui.theme import MARGIN_PX, Theme, apply_font, palette, stylesheet
from pos_client.ui.variant_panel import VariantPanel
from pos_client.ui.wedge_filter import WedgeFilter
from pos_client.ui.weigh_panel import WeighPanel
from pos_client.ui.wording import Wording, tr
from shared_models.moment import Moment

_CLOCK_TICK_MS = 1000
_SELLING = (Phase.SALE, Phase.CHANGE)


class MainWindow(QWidget):
    """Shows what `till` says and hands it what the operator does. `now` is the shop's wall clock.

    `wedge` says how scanners that type are told from people; None where there are none.
    """

    def __init__(
        self,
        till: Till,
        now: Callable[[], Moment],
        *,
        theme: Theme | None = None,
        wording: Wording | None = None,
        monotonic_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
        wedge: WedgeSettings | None = DEFAULT_WEDGE,
        idle_lock_ms: int = 300_000,
        desk: DeviceDesk | None = None,
        labels: LabelDesk | None = None,
    ) -> None:
        super().__init__()
        self._desk = desk or NoDevices()
        self._labels = labels
        self.theme = theme or Theme()
        self.wording = wording or Wording()
        self.presenter = Presenter(till, self)
        self._now = now
        self._status = TillStatus()
        self._unsure_told: tuple[str, ...] = ()
        self._phase: Phase | None = None
        self._asked: Question | None = None
        self._waiting: Words | None = None
        self._report: ReportPanel | None = None
        self._choice: VariantChoice | None = None
        apply_font()
        self._dress()
        self._lay_out()
        self.host = PanelHost(self.theme, self, self._panel_closed)
        self.menus = Menus(self.theme, self.wording, self.presenter, self.host)
        self._add_screens(monotonic_ms)
        self.notice = NoticeBar(self.theme, self.wording, self)
        self.notice.dismissed.connect(self._dismiss_notice)
        self.presenter.state_changed.connect(self.show_state)
        self.presenter.told.connect(self.notice.show_text)
        self.theme.changed.connect(self._dress)
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(idle_lock_ms)
        self._idle.timeout.connect(self._lock)
        self._wedge = WedgeFilter(
            None if wedge is None else WedgeDecoder(wedge), self.press, self.scanned, self._idle.start, self
        )
        self._tick = QTimer(self)
        self._tick.setInterval(_CLOCK_TICK_MS)
        self._tick.timeout.connect(self._show_time)
        self._tick.start()
        self.show_state(till.state)
        self._show_time()

    # what comes in

    def lock_after(self, seconds: int) -> None:
        """Head office says how long nobody may touch the till before it wants a PIN again."""
        self._idle.setInterval(seconds * 1000)

    def show_state(self, state: TillState) -> None:
        self.wording.use_currency(state.currency)
        self.wording.tz_min = self._now().tz_min
        self.header.show_state(state)
        screen = self.screens[state.phase]
        screen.show_state(state)
        if state.phase is not self._phase:
            self._phase = state.phase
            self.stack.setCurrentWidget(screen)
            screen.entered()
            if state.notice is None:
                self.notice.hide()  # news of the step before
        self.footer.show_actions([action for action in self.key_actions() if action.in_foot])
        self.footer.show_last(state.done)
        self._show_panels(state)
        self.menus.refresh_parked(state)
        self.notice.show_notice(state.notice)
        self._show_waiting(state)
        self._focus()

    def _show_waiting(self, state: TillState) -> None:
        before, self._waiting = self._waiting, state.waiting
        if state.waiting is not None and state.waiting != before:
            self.notice.show_text(Severity.INFO, self.wording.words(state.waiting))
        elif before is not None and state.waiting is None and state.notice is None:
            self.notice.hide()

    def show_status(self, status: TillStatus) -> None:
        """Connect the workers' bridge to this."""
        self._status = status
        self._show_time()
        self._tell_unsure_receipts()

    def hear(self) -> None:
        """The server has answered what the till asked."""
        self.presenter.do(lambda till: till.hear())

    def refresh(self) -> None:
        """The catalogue has changed below: show the state anew and read the product keys again."""
        self.show_state(self.presenter.state)
        self.sale.products.load()

    def scanned(self, outcome: ScanOutcome) -> None:
        """A scan from any scanner: an answer, or to the ticket; what was open for the keys makes way for it."""
        if self.host.panel is not None and self.host.panel.takes_scan(outcome):
            return
        if isinstance(outcome, BadScan):
            self.presenter.tell(Severity.WARNING, self.wording.words(bad_scan_words(outcome)))
        elif self._asked is not None and may_be_scanned(self._asked):
            self._asked = None
            self.host.close_panel()
            answer = without_symbology(outcome.text)
            self.presenter.do(lambda till: till.answer(True, answer))
        elif self._comes_to_the_ticket():
            self.sale.products.clear()
            self.presenter.do(lambda till: till.scan(outcome.text))
        else:
            self.presenter.tell(
                Severity.WARNING, tr("Finish this first, then scan again. Nothing was added.")
            )

    @property
    def holds_keys(self) -> bool:
        """Whether there are keys of which it is not known yet who pressed them."""
        return self._wedge.holds_keys

    def hear_scan(self, outcome: ScanOutcome) -> None:
        """A scan that came by no key: somebody is there all the same."""
        self._idle.start()
        self.scanned(outcome)

    def hear_device(self, is_there: bool, message: str) -> None:
        """A device was lost, or is back."""
        self.presenter.tell(Severity.INFO if is_there else Severity.WARNING, message)

    def _comes_to_the_ticket(self) -> bool:
        """Not while the till waits for an answer, nor once money was taken or a card is at it."""
        state = self.presenter.state
        pending = state.waiting is not None or state.card is not None
        unpaid = state.tender is not None and not state.tender.tenders and not pending
        if self._asked is not None or not (self._screen().takes_scans or unpaid):
            return False
        if self._report is not None:
            self._put_report_away()
        if self._choice is None:
            self.host.close_panel()
        if unpaid:
            self.presenter.do(lambda till: till.back_to_sale())
        return True

    def press(self, event: QKeyEvent) -> bool:
        """A key that a person pressed, before any widget has seen it; True when it is used up."""
        focused = QApplication.focusWidget()
        if isinstance(focused, QAbstractButton) and (is_enter(event) or event.key() == Qt.Key.Key_Space):
            if not event.isAutoRepeat():
                focused.click()
            return True
        if self.host.panel is not None:
            return self._press_in_panel(event)
        if event.key() == Qt.Key.Key_Escape and self.notice.text:
            self._dismiss_notice()
            return True
        if self._screen().press(event):
            return True
        action = find(self.key_actions(), event)
        if action is None and not is_enter(event):
            return False
        # A key held down asks once.
        if not event.isAutoRepeat():
            (action.run if action else self._screen().enter)()
        return True

    def key_actions(self) -> Sequence[Action]:
        """What keys do now: the screen's own first."""
        return (*self._screen().key_actions(), *self._window_actions())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._wedge.watch(self.windowHandle())

    def show_devices(self) -> None:
        talk = DeviceTalk(self._desk)
        self.host.open(DevicesPanel(self.theme, self.wording, talk, self.menus.drawer))

    def show_labels(self) -> None:
        if self._labels is not None:
            self.host.open(LabelsPanel(self.theme, self.wording, LabelTalk(self._labels)))

    # inside

    def _press_in_panel(self, event: QKeyEvent) -> bool:
        panel = self.host.panel
        assert panel is not None
        action = find(panel.key_actions(), event)
        if action is not None:
            action.run()
        elif event.key() == Qt.Key.Key_Escape:
            panel.escape()
        elif is_enter(event):
            if not event.isAutoRepeat():
                panel.enter()
        elif not panel.press(event):
            return bool(Qt.Key.Key_F1 <= event.key() <= Qt.Key.Key_F35)
        return True

    def _window_actions(self) -> Sequence[Action]:
        state = self.presenter.state
        always = (
            Action(tr("Help"), "F1", Qt.Key.Key_F1, self._help, in_foot=True),
            Action(
                tr("Light or dark"),
                tr("Ctrl D"),
                Qt.Key.Key_D,
                self.theme.use_next,
                CTRL,
                state.phase not in _SELLING,
            ),
            Action(tr("Devices"), tr("Ctrl G"), Qt.Key.Key_G, self.show_devices, CTRL),
        )
        if state.phase not in _SELLING:
            return always
        parked = tr("Parked ({count})").format(count=len(state.parked)) if state.parked else tr("Parked")
        labels = (Action(tr("Labels"), tr("Ctrl B"), Qt.Key.Key_B, self.show_labels, CTRL),)
        return (
            always[0],
            Action(tr("Search"), "F2", Qt.Key.Key_F2, self._search, in_foot=True),
            Action(parked, "F5", Qt.Key.Key_F5, self.menus.parked, in_foot=True),
            Action(tr("Drawer"), "F7", Qt.Key.Key_F7, self.menus.drawer, in_foot=True),
            Action(tr("Refund"), "F8", Qt.Key.Key_F8, self._refund),
            Action(tr("Receipts"), "F9", Qt.Key.Key_F9, self.menus.receipts, in_foot=True),
            Action(tr("Shift"), "F10", Qt.Key.Key_F10, self.menus.shift, in_foot=True),
            Action(tr("Switch cashier"), tr("Ctrl L"), Qt.Key.Key_L, self._switch, CTRL, in_foot=True),
            Action(tr("Note on the line"), tr("Ctrl N"), Qt.Key.Key_N, self.menus.note, CTRL),
            *(labels if self._labels else ()),
            *always[1:],
        )

    def _show_panels(self, state: TillState) -> None:
        if self._choice is not None and state.choice != self._choice:
            self._choice = None
            self.host.close_panel()
        if state.question is not None:
            if state.question != self._asked or self.host.panel is None:
                self._ask(state.question)
            if isinstance(self.host.panel, WeighPanel) and state.weighing is not None:
                self.host.panel.show_weight(state.weighing)
        elif self._asked is not None:
            self._asked = None
            self.host.close_panel()
        elif state.choice is not None and self._choice is None:
            self._offer_variants(state.choice)
        elif state.x_report is not None and self._report is None:
            self._report = ReportPanel(
                self.theme, self.wording, state.x_report, self._print_report, self._put_report_away
            )
            self.host.open(self._report)

    def _ask(self, question: Question) -> None:
        def answer(yes: bool, value: str) -> None:
            self._asked = None
            self.presenter.do(lambda till: till.answer(yes, value))

        self._asked = question
        panel = question_panel(self.theme, self.wording, question, answer, self.presenter)
        self.host.open(panel)

    def _offer_variants(self, choice: VariantChoice) -> None:
        def chosen(product_id: str) -> None:
            self.presenter.do(lambda till: till.choose_variant(product_id))

        def put_away() -> None:
            self.presenter.do(lambda till: till.dismiss_choice())

        self._choice = choice
        self.host.open(VariantPanel(self.theme, self.wording, choice, chosen, put_away))

    def _print_report(self) -> None:
        self.presenter.do(lambda till: till.x_report(print_it=True))

    def _put_report_away(self) -> None:
        self._report = None
        self.presenter.do(lambda till: till.dismiss_report())

    def _panel_closed(self) -> None:
        self._focus()

    def _focus(self) -> None:
        """Back to where a scan or the next key is expected."""
        panel = self.host.panel
        (panel.home() if panel else self._screen().home()).setFocus()

    def _help(self) -> None:
        self.menus.help([action for action in self.key_actions() if action.key != Qt.Key.Key_F1])

    def _search(self) -> None:
        if self._phase is Phase.CHANGE:
            self.presenter.do(lambda till: till.next_sale())
        self.sale.products.field.setFocus()
        self.sale.products.field.selectAll()

    def _switch(self) -> None:
        self.presenter.do(lambda till: till.log_out())

    def _refund(self) -> None:
        self.presenter.do(lambda till: till.start_refund())

    def _lock(self) -> None:
        if self.presenter.state.operator is not None:
            self.host.close_panel()
            self._asked = self._report = self._choice = None
            self.presenter.do(lambda till: till.lock())

    def _type_on(self, text: str) -> None:
        self.sale.products.type_on(text)

    def _dismiss_notice(self) -> None:
        self.notice.hide()
        self.presenter.do(lambda till: till.dismiss_notice())

    def _show_time(self) -> None:
        self.header.show_status(self._status, self._now())

    def _tell_unsure_receipts(self) -> None:
        """Once each to whoever logs in, when nothing else is being said."""
        if self._phase is Phase.LOCKED:
            self._unsure_told = ()
        unsure = [number for number in self._status.unsure_receipts if number not in self._unsure_told]
        if unsure and self._phase is Phase.SALE and self.host.panel is None and not self.notice.text:
            self._unsure_told += (unsure[0],)
            self.presenter.tell(Severity.WARNING, unsure_words(unsure[0]))

    def _screen(self) -> Screen:
        return self.screens[self._phase or Phase.WAITING]

    def _dress(self) -> None:
        _app().setPalette(palette(self.theme.tokens))
        self.setStyleSheet(stylesheet(self.theme.tokens))

    def _lay_out(self) -> None:
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(tr("Evertill"))
        self.setMinimumSize(1024, 700)
        self.resize(1366, 768)
        if self.wording.right_to_left():
            self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.header = Header(self.theme, self.wording)
        self.footer = Footer(self.theme, self.wording)
        self.stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        middle = QVBoxLayout()
        middle.setContentsMargins(MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX)
        middle.addWidget(self.stack)
        column.addWidget(self.header)
        column.addLayout(middle, 1)
        column.addWidget(self.footer)

    def _add_screens(self, monotonic_ms: Callable[[], int]) -> None:
        common = (self.theme, self.wording, self.presenter)
        self.screens = Screens(
            self.stack,
            {
                Phase.WAITING: lambda: WaitingScreen(*common),
                Phase.LOCKED: lambda: LoginScreen(*common, monotonic_ms),
                Phase.NO_SHIFT: lambda: OpenShiftScreen(*common),
                Phase.TENDER: lambda: TenderScreen(*common),
                Phase.REFUND: lambda: RefundScreen(*common),
                Phase.CHANGE: lambda: ChangeScreen(*common, self._type_on),
                Phase.COUNT: lambda: CountScreen(*common),
                Phase.COUNTED: lambda: CountedScreen(*common),
                Phase.CLOSED: lambda: ClosedScreen(*common),
            },
        )
        self.sale = SaleScreen(*common, self.menus.quantity, self.menus.discount)
        self.screens.add(Phase.SALE, self.sale)


def _app() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app
