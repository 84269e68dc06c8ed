"""The devices page: what is connected and what it answers, to be read out on the telephone, and what can be tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from hardware.counter_device import CounterDevice, DeviceTest, HandTest, Tried
from hardware.scanners.base import BadScan, ScanOutcome, without_symbology
from hardware.status import DeviceReport
from pos_client.ui.actions import Action
from pos_client.ui.buttons import KeyButton, Look
from pos_client.ui.device_talk import DeviceTalk
from pos_client.ui.labels import label, rule
from pos_client.ui.panel import Panel
from pos_client.ui.questions import bad_scan_words
from pos_client.ui.row_list import Row, RowList
from pos_client.ui.theme import GAP_PX, KEY_PX, Theme
from pos_client.ui.wording import Wording, tr

_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_LIST_PX, _PAGE_PX, _HEIGHT_PX = 500, 980, 430
_FACT_PX = 130


class DevicesPanel(Panel):
    """Of the devices it knows nothing but their common shape; `open_drawer` asks for the reason and opens it."""

    def __init__(
        self, theme: Theme, wording: Wording, talk: DeviceTalk, open_drawer: Callable[[], object]
    ) -> None:
        super().__init__(tr("Devices on this counter"), width_px=_PAGE_PX)
        self._theme, self._wording, self._talk = theme, wording, talk
        self._open_drawer = open_drawer
        self._reports: dict[int, DeviceReport] = {}
        self._said: dict[int, Tried] = {}
        self._waits_for: dict[int, str] = {}
        self._chosen = 0
        self._awaits_keys: int | None = None
        self._lay_out()
        talk.looked.connect(self._looked)
        talk.tried.connect(self._tried)
        talk.saved.connect(self._report_saved)
        self._look()

    # What the window asks

    def home(self) -> QWidget:
        return self

    def key_actions(self) -> Sequence[Action]:
        return (
            Action(tr("Ask all again"), "F5", Qt.Key.Key_F5, self._look),
            Action(tr("Save a report"), "F9", Qt.Key.Key_F9, self._save),
        )

    def enter(self) -> None:
        """What can be tried first with the chosen device."""
        if self.tests and self.tests[0].isEnabled():
            self.tests[0].click()

    def escape(self) -> None:
        self._talk.leave()
        self.closes()

    def press(self, event: QKeyEvent) -> bool:
        step = _STEPS.get(Qt.Key(event.key()), 0)
        text = event.text()
        if step:
            self._choose(self._chosen + step)
        elif text.isascii() and text.isdigit() and text != "0":
            self._choose(int(text) - 1)
        return bool(step)

    def takes_scan(self, outcome: ScanOutcome) -> bool:
        if self._awaits_keys is None:
            return False
        at, self._awaits_keys = self._awaits_keys, None
        if isinstance(outcome, BadScan):
            self._tried(at, Tried(False, self._wording.words(bad_scan_words(outcome))))
        else:
            read = tr("The scanner read {code}.").format(code=without_symbology(outcome.text))
            self._tried(at, Tried(True, read))
        return True

    @property
    def is_asking(self) -> bool:
        return len(self._reports) < len(self._talk.devices)

    # Inside

    def _lay_out(self) -> None:
        empty = tr("The till is still looking for its devices. Open this page again in a moment.")
        self.rows = RowList(self._theme, empty=empty)
        self.rows.setFixedSize(_LIST_PX, _HEIGHT_PX)
        self.rows.picked.connect(self._choose)
        self.page = QWidget()
        self.column_of_page = QVBoxLayout(self.page)
        self.column_of_page.setContentsMargins(0, 0, 0, 0)
        self.column_of_page.setSpacing(GAP_PX)
        body = QHBoxLayout()
        body.setSpacing(24)
        body.addWidget(self.rows)
        body.addWidget(self.page, 1)
        self.column.addLayout(body)
        self.said: QLabel = label(kind="soft", wraps=True)
        self.column.addWidget(self.said)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP_PX)
        for action in self.key_actions():
            button = KeyButton(self._theme, action.text, action.hint, height_px=KEY_PX, size_px=17)
            button.clicked.connect(action.run)
            buttons.addWidget(button, 2)
        away = KeyButton(self._theme, tr("Back"), tr("Esc"), look=Look.PRIMARY, height_px=KEY_PX, size_px=19)
        away.clicked.connect(self.escape)
        buttons.addWidget(away, 3)
        self.column.addLayout(buttons)

    def _look(self) -> None:
        self._reports.clear()
        self._show()
        self._talk.look()

    def _save(self) -> None:
        if self.is_asking:
            self.said.setText(tr("Wait until every device has answered, then save the report."))
            return
        self._talk.save([self._reports[at] for at in range(len(self._talk.devices))])

    def _looked(self, at: int, report: DeviceReport) -> None:
        self._reports[at] = report
        self._show()

    def _tried(self, at: int, tried: Tried) -> None:
        self._waits_for.pop(at, None)
        self._said[at] = tried
        self._show()

    def _report_saved(self, tried: Tried) -> None:
        self.said.setText(tried.message)

    def _choose(self, at: int) -> None:
        if 0 <= at < len(self._talk.devices):
            self._chosen = at
            self._show()

    def _show(self) -> None:
        rows = [self._row(at, device) for at, device in enumerate(self._talk.devices)]
        self.rows.show_rows(rows, self._chosen)
        self._show_chosen()

    def _row(self, at: int, device: CounterDevice) -> Row:
        title = f"{at + 1}  {tr(device.name)}"
        report = self._reports.get(at)
        if report is None:
            return Row(title, tr("is being asked"), "…")
        if report.works:
            return Row(title, report.message, tr("works"), self._theme.tokens.hairline)
        return Row(title, report.message, f"⚠ {tr('look here')}", self._theme.tokens.danger)

    def _show_chosen(self) -> None:
        self._clear_page()
        self.tests: list[KeyButton] = []
        if not self._talk.devices:
            return
        device, column = self._talk.devices[self._chosen], self.column_of_page
        column.addWidget(label(tr(device.name), "large", wraps=True))
        report = self._reports.get(self._chosen)
        facts = [(tr("Place"), device.place)] if device.place else []
        facts += [(tr(name), tr(value)) for name, value in (report.facts if report else ())]
        column.addWidget(_facts(facts))
        column.addStretch(1)
        self._add_outcome()
        for test in device.tests:
            self._add_test(test.text, partial(self._try, test))
        for by_hand in device.by_hand:
            self._add_test(by_hand.text, partial(self._try_by_hand, by_hand))

    def _add_outcome(self) -> None:
        said, waits = self._said.get(self._chosen), self._waits_for.get(self._chosen)
        if waits:
            self.column_of_page.addWidget(label(waits, "strong", wraps=True))
        elif said is not None:
            self.column_of_page.addWidget(label(f"{'✓' if said.worked else '✖'}  {said.message}", wraps=True))

    def _add_test(self, text: str, run: Callable[[], object]) -> None:
        hint = tr("Enter") if not self.tests else ""
        button = KeyButton(self._theme, tr(text), hint, height_px=KEY_PX, size_px=17)
        button.setEnabled(self._chosen not in self._waits_for)
        button.clicked.connect(lambda _checked=False: run())
        self.column_of_page.addWidget(button)
        self.tests.append(button)

    def _clear_page(self) -> None:
        while (item := self.column_of_page.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _try(self, test: DeviceTest) -> None:
        self._waits_for[self._chosen] = tr(test.doing)
        self._show()
        self._talk.try_out(self._chosen, test)

    def _try_by_hand(self, test: HandTest) -> None:
        {"open_drawer": self._try_drawer, "scan_by_keys": self._try_keys}[test.what]()

    def _try_drawer(self) -> None:
        self.escape()
        self._open_drawer()

    def _try_keys(self) -> None:
        self._awaits_keys = self._chosen
        self._waits_for[self._chosen] = tr("Scan something now.")
        self._show()


def _facts(rows: Sequence[tuple[str, str]]) -> QWidget:
    """A name and what is so in each row, hairlines between; neither is ever cut."""
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setVerticalSpacing(4)
    grid.setHorizontalSpacing(16)
    grid.setColumnMinimumWidth(0, _FACT_PX)
    grid.setColumnStretch(1, 1)
    for at, (name, value) in enumerate(rows):
        grid.addWidget(label(name, "soft", wraps=True), 2 * at, 0)
        grid.addWidget(label(value, wraps=True), 2 * at, 1)
        grid.addWidget(rule(), 2 * at + 1, 0, 1, 2)
    return holder
