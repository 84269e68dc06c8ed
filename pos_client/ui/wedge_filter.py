"""Keeps scans out of fields: every key to the window is weighed by its timing before any widget sees it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QWindow

from hardware.scanners.base import ScanOutcome
from hardware.scanners.wedge import ENTER, OTHER_KEY, TAB, Decision, Replay, Scanned, WedgeDecoder
from pos_client.ui.actions import is_enter

_HEARD = (QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.TouchBegin)
_CTRL_OR_ALT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
_MODIFIERS = (
    Qt.Key.Key_Shift,
    Qt.Key.Key_Control,
    Qt.Key.Key_Alt,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_Meta,
    Qt.Key.Key_CapsLock,
    Qt.Key.Key_NumLock,
    Qt.Key.Key_ScrollLock,
)
_FIRST_WITH_CTRL, _LAST_WITH_CTRL = 0x40, 0x5F

_STAMP_MODULUS = 1 << 32
_LONGEST_BETWEEN_MS = 60_000


class WedgeFilter(QObject):
    """Listens to the QWindow alone.

    Qt sends a key to the QWindow and then again to the widget; one that listened to both would see each key twice.
    `pressed` gets each key that a person typed, and says whether it was used up; `scanned` gets a scan; `touched`
    hears that somebody is there. Without a `decoder` every key is a person's.
    """

    def __init__(
        self,
        decoder: WedgeDecoder | None,
        pressed: Callable[[QKeyEvent], bool],
        scanned: Callable[[ScanOutcome], None],
        touched: Callable[[], object],
        parent: QObject | None = None,
        now_ms: Callable[[], int] | None = None,
    ) -> None:
        super().__init__(parent)
        self._decoder = decoder
        self._pressed = pressed
        self._scanned = scanned
        self._touched = touched
        self._window: QWindow | None = None
        self._clock = KeyClock(now_ms or (lambda: time.monotonic_ns() // 1_000_000))
        self._looked_again = False
        self._held: deque[QKeyEvent] = deque()
        self._delivering = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    @property
    def holds_keys(self) -> bool:
        """Whether there are keys of which it is not known yet who pressed them."""
        return bool(self._held)

    def watch(self, window: QWindow) -> None:
        if window is not self._window:
            self._window = window
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind not in _HEARD or self._delivering:
            return False
        self._touched()
        if isinstance(event, QKeyEvent):
            return self._key(event)
        self._interrupt()
        return False

    def _key(self, event: QKeyEvent) -> bool:
        if event.key() in _MODIFIERS:
            return False
        if self._decoder is None:
            return self._pressed(event)
        if event.isAutoRepeat():
            self._interrupt()
            return self._pressed(event)
        self._held.append(event.clone())
        self._looked_again = False
        pressed_ms = self._clock.pressed_ms(event.timestamp())
        self._act_on(self._decoder, self._decoder.key(_character(event), pressed_ms))
        return True

    def _interrupt(self) -> None:
        if self._decoder is not None:
            self._act_on(self._decoder, self._decoder.interrupt())

    def _tick(self) -> None:
        """A till that was busy finds the pause over and the rest of the scan in its queue: the queue goes first."""
        if not self._looked_again:
            self._looked_again = True
            self._timer.start(0)
            return
        if self._decoder is not None:
            self._act_on(self._decoder, self._decoder.tick(self._clock.now_ms()))

    def _act_on(self, decoder: WedgeDecoder, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            keys = [self._held.popleft() for _ in decision.keys]
            if isinstance(decision, Replay):
                for key in keys:
                    self._deliver(key)
            elif isinstance(decision, Scanned):
                self._scanned(decision.outcome)
        due_ms = decoder.due_ms
        if due_ms is None:
            self._timer.stop()
        else:
            self._timer.start(max(0, due_ms - self._clock.now_ms()))

    def _deliver(self, event: QKeyEvent) -> None:
        if self._pressed(event):
            return
        window = self._window
        assert window is not None
        self._delivering = True
        try:
            QCoreApplication.sendEvent(window, event)
        finally:
            self._delivering = False


class KeyClock:
    """When keys were pressed, not when the till came to look at them: a till that stalls must not cut a scan in two.

    The window system stamps each key in milliseconds from a start of its own, in 32 bits; where there is no stamp,
    or one that makes no sense, the time of looking has to do.
    """

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._looked_now_ms = now_ms
        self._stamp = 0
        self._pressed_ms = self._looked_ms = now_ms()

    def pressed_ms(self, stamp: int) -> int:
        looked_ms = self._looked_now_ms()
        between_ms = (stamp - self._stamp) % _STAMP_MODULUS
        if not stamp or not self._stamp or between_ms > _LONGEST_BETWEEN_MS:
            between_ms = looked_ms - self._looked_ms
        self._stamp, self._looked_ms = stamp, looked_ms
        self._pressed_ms += between_ms
        return self._pressed_ms

    def now_ms(self) -> int:
        """On the clock of the keys."""
        return self._pressed_ms + self._looked_now_ms() - self._looked_ms


def _character(event: QKeyEvent) -> str:
    """What the decoder takes for this key. Scanners send control characters as Ctrl and a letter."""
    has_ctrl = event.modifiers() & _CTRL_OR_ALT == Qt.KeyboardModifier.ControlModifier
    if has_ctrl and _FIRST_WITH_CTRL <= event.key() <= _LAST_WITH_CTRL:
        control = chr(event.key() & 0x1F)
        return ENTER if control == "\n" else control
    if is_enter(event):
        return ENTER
    if event.key() == Qt.Key.Key_Tab:
        return TAB
    return event.text() if len(event.text()) == 1 else OTHER_KEY
