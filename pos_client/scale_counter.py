"""The scale on a thread of its own: asked again and again for the line that wants a weight, and for no other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

import msgspec

from hardware.scales.address import scale_at
from hardware.scales.base import Reading, Scale, Weighing, WeighRequest
from hardware.scales.virtual import VirtualScale
from hardware.transport.base import NotReachable, SendFailed
from pos_client.sync.turns import Turns
from pos_client.till.ports import ScaleLook

_STOP_WITHIN_S = 0.5
_IDLE_S = 60.0
_REST_S = 0.15
_AGAIN_S = 1.0
_ON_THE_VIRTUAL_SCALE_MILLI = 754
Key = Literal["zero", "tare"]


class _Line:
    """A line that asked. Only the counter's lock guards it."""

    def __init__(self, number: int, request: WeighRequest) -> None:
        self.number = number
        self.request = request
        self.look = ScaleLook()
        self.keys: list[Key] = []


class ScaleCounter:
    """Implements `till.ports.Scales`. `address` is the scale's, empty for none; `is_virtual`: one made of software."""

    def __init__(
        self,
        address: str = "",
        *,
        is_virtual: bool = False,
        rest_s: float = _REST_S,
        again_s: float = _AGAIN_S,
    ) -> None:
        self.virtual: VirtualScale | None = None
        if is_virtual:
            self.virtual = VirtualScale(port=0).start()
            self.virtual.put(_ON_THE_VIRTUAL_SCALE_MILLI)
            address = self.virtual.address
        self.driver: Scale | None = scale_at(address) if address else None
        self._rest_s, self._again_s = rest_s, again_s
        self.on_news: Callable[[], None] = lambda: None
        """Called on the scale's thread whenever there is something else to show."""
        self._lock = threading.Lock()
        self._line: _Line | None = None
        self._numbers = 0
        self._tared: _Line | None = None
        """The line whose tare the scale still has; the scale's thread alone knows it."""
        self._woken = threading.Event()
        self._turns = Turns("scale", self._turn)

    def start(self) -> None:
        if self.driver is not None:
            self._turns.start()

    def stop(self) -> None:
        self._turns.ask_to_stop()
        self._woken.set()
        self._turns.stopped_within(_STOP_WITHIN_S)
        if self.virtual is not None:
            self.virtual.stop()

    # What the till asks

    @property
    def is_set_up(self) -> bool:
        return self.driver is not None

    @property
    def is_weighing(self) -> bool:
        return self._line is not None

    def begin(self, request: WeighRequest) -> int:
        with self._lock:
            self._numbers += 1
            self._line = _Line(self._numbers, request)
        self._wake()
        return self._numbers

    def look(self, weighing: int) -> ScaleLook:
        with self._lock:
            line = self._line
            return line.look if line is not None and line.number == weighing else ScaleLook()

    def zero(self, weighing: int) -> None:
        self._press(weighing, "zero")

    def tare(self, weighing: int) -> None:
        self._press(weighing, "tare")

    def end(self, weighing: int) -> None:
        with self._lock:
            if self._line is not None and self._line.number == weighing:
                self._line = None
        self._wake()

    def _press(self, weighing: int, key: Key) -> None:
        with self._lock:
            if self._line is not None and self._line.number == weighing:
                self._line.keys.append(key)
        self._wake()

    def _wake(self) -> None:
        self._woken.set()
        self._turns.wake()

    # On the scale's thread

    def _turn(self) -> float:
        line = self._line
        if line is None or self.driver is None:
            return _IDLE_S
        try:
            with self.driver.weighing(line.request) as weighing:
                self._weigh(line, weighing)
        except (NotReachable, SendFailed):
            self._hear(line, Reading("unreachable"))
            return self._again_s
        return 0.0

    def _weigh(self, line: _Line, weighing: Weighing) -> None:
        """Until the line is done with; a tare that it asked for goes with it, or before the next one is weighed."""
        while self._line is line and not self._turns.stopping():
            self._woken.clear()
            in_the_way = self._old_tare(line, weighing)
            if in_the_way is None:
                for key in self._pressed(line):
                    self._tell(line, weighing.zero() if key == "zero" else self._tare(line, weighing))
            self._hear(line, in_the_way or weighing.look())
            self._woken.wait(self._rest_s)
        if self._tared is line and weighing.clear_tare().condition == "done":
            self._tared = None

    def _tare(self, line: _Line, weighing: Weighing) -> Reading:
        told = weighing.tare()
        if weighing.scale_keeps_tare:
            self._tared = line
        return told

    def _old_tare(self, line: _Line, weighing: Weighing) -> Reading | None:
        """What keeps the tare of an earlier line on the scale; None once nothing of it is there.

        A scale that can't be told to drop it does so when its tare is pressed with nothing on it.
        """
        if self._tared is None or self._tared is line:
            return None
        told = weighing.clear_tare()
        if told.condition == "not_possible":
            found = weighing.look()
            told = Reading("not_zeroed")
            if found.weight is None and found.is_answer:
                told = weighing.tare()
        if told.condition != "done":
            return told
        self._tared = None
        return None

    def _pressed(self, line: _Line) -> list[Key]:
        with self._lock:
            keys, line.keys = line.keys, []
        return keys

    def _hear(self, line: _Line, reading: Reading) -> None:
        """What came of a key is old news once the scale says something else."""
        told = line.look.told if reading == line.look.reading else None
        self._show(line, ScaleLook(reading, told))

    def _tell(self, line: _Line, told: Reading) -> None:
        self._show(line, msgspec.structs.replace(line.look, told=told))

    def _show(self, line: _Line, look: ScaleLook) -> None:
        """What comes for a line that is done with stays with it, where nobody looks any more."""
        with self._lock:
            is_news = look != line.look and self._line is line
            line.look = look
        if is_news:
            self.on_news()
