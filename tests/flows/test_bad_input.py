"""Bad input through the window of a whole till, books and catalogue on disk: said, heard, and nothing sold by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from pytestqt.qtbot import QtBot

from pos_client.bootstrap import OpenTill, open_till
from pos_client.till.state import Phase
from pos_client.ui.application import Application
from pos_client.ui.main_window import MainWindow
from tests.pos_client.ready_till import OAT_DRINK, PRICE_MINOR, ready
from tests.pos_client.selling_till import open_shop, sell_one
from tests.pos_client.sync.scripted_http import ScriptedHttp


class Counter:
    """A till with its window, somebody logged in, and how often it made a sound."""

    def __init__(self, till: OpenTill) -> None:
        self.till = till
        open_shop(till)
        self.application = Application()
        self.window: MainWindow = self.application.open(
            till.session, now=till.clock.now, status=till.status_line.now, version=till.catalogue.positions
        )
        self.sounds = 0
        self.window.notice.sounded.connect(self._hear)

    def _hear(self) -> None:
        self.sounds += 1

    def scan(self, text: str) -> None:
        """As a scanner that poses as a keyboard: keys without a pause, then Enter."""
        for character in text:
            self._key(0, character)
        self._key(Qt.Key.Key_Return, "\r")

    def _key(self, code: int, character: str) -> None:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, code, Qt.KeyboardModifier.NoModifier, character)
            QCoreApplication.sendEvent(self.window.windowHandle(), event)

    def close(self) -> None:
        self.application._tick.stop()
        self.window.close()
        self.window.deleteLater()


@pytest.fixture
def http() -> Iterator[ScriptedHttp]:
    server = ScriptedHttp()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def own_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def counter(tmp_path: Path, qtbot: QtBot) -> Iterator[Counter]:
    with open_till(ready(tmp_path / "till")) as till:
        counter = Counter(till)
        yield counter
        counter.close()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (OAT_DRINK[:-1] + "3", "its check digit is wrong"),
        ("4006381333931", "Nothing is sold under 4006381333931"),
        (OAT_DRINK[:5] + "\x01\x02" + OAT_DRINK[5:], "signs that no barcode has"),
        ("7" * 513 + OAT_DRINK, "too long for a code"),
        ("9999999*" + OAT_DRINK, "9999999 is not a quantity"),
    ],
)
def test_a_bad_scan_is_seen_and_heard_and_leaves_the_ticket(counter: Counter, typed: str, said: str) -> None:
    counter.scan(OAT_DRINK)
    before = counter.till.session.state
    assert (len(before.lines), counter.sounds) == (1, 0)
    counter.scan(typed)
    after = counter.till.session.state
    assert said in counter.window.notice.text
    assert counter.sounds >= 1
    assert (after.phase, after.lines, after.to_pay_minor) == (Phase.SALE, before.lines, PRICE_MINOR)
    assert counter.window.sale.products.field.text() == ""
    counter.scan(OAT_DRINK)
    assert counter.till.session.state.to_pay_minor == 2 * PRICE_MINOR
    assert counter.window.notice.text == ""


NONSENSE = [b"<html>The portal wants your e-mail address</html>", b"\xff\x00\xc1", b""]


@pytest.mark.parametrize("body", NONSENSE)
def test_a_server_that_talks_nonsense_is_named_and_selling_goes_on(
    tmp_path: Path, qtbot: QtBot, http: ScriptedHttp, body: bytes
) -> None:
    http.answer = lambda asked: (asked.body(), asked.say(200, body))[1]  # type: ignore[method-assign]
    with open_till(ready(tmp_path / "till", server_url=http.url)) as till:
        counter = Counter(till)
        till.start_workers()
        numbers = [sell_one(till) for _ in range(3)]
        qtbot.waitUntil(lambda: "makes no sense" in till.status_line.now().sync_message, timeout=15_000)
        numbers += [sell_one(till) for _ in range(2)]
        counter.application.look()
        assert "makes no sense" in counter.window.header.line.toolTip()
        assert "unsent" in counter.window.header.line.text()
        assert len(set(numbers)) == 5
        assert [segment.acked for segment in till.books.segments()] == [0]
        assert till.books.unsent().value_minor == 5 * 4 * PRICE_MINOR
        counter.close()
