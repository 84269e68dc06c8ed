"""A scale at the end of a wire: carries out a protocol's exchanges, and keeps late answers away from other lines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from hardware.scales.base import Reading, ScaleStatus, WeighRequest, Weight
from hardware.scales.exchange import Ask, Exchange, ScaleProtocol
from hardware.transport.base import Channel, NotReachable, SendFailed, Transport

_SEND_S = 1.0
_MOST_DRAINED = 100
_MOST_OWED = 5


class LineScale:
    """Implements `Scale`."""

    def __init__(self, transport: Transport, protocol: ScaleProtocol) -> None:
        self._transport = transport
        self._protocol = protocol
        self._owed = Owed()

    @property
    def name(self) -> str:
        return f"{self._protocol.name} scale"

    @property
    def place(self) -> str:
        return self._transport.place

    @contextmanager
    def weighing(self, request: WeighRequest) -> Iterator[LineWeighing]:
        with self._transport.open() as channel:
            yield LineWeighing(channel, self._protocol, request, self._owed)

    def status(self) -> ScaleStatus:
        try:
            with self._transport.open() as channel:
                reading = carried_out(self._protocol.hello(), channel, self._protocol)
        except (NotReachable, SendFailed) as gone:
            return ScaleStatus(False, gone.message)
        if reading.condition in ("stable", "done"):
            return ScaleStatus(True, "Scale is ready.")
        return ScaleStatus(reading.is_answer and reading.condition != "fault", reading.message)


class Owed:
    """Answers that may still be under way, because their questions were given up."""

    def __init__(self) -> None:
        self.count = 0

    def hear(self, reading: Reading) -> None:
        if reading.condition in ("silent", "cut_short"):
            self.count = min(self.count + 1, _MOST_OWED)


class LineWeighing:
    """Implements `Weighing`.

    Most protocols don't say what an answer is for. So what is on the wire before a question is thrown away, and a
    weight counts when two questions in a row were answered with it, and one more for every answer that is owed from
    before: then the last of them at least was asked for by this line.
    """

    def __init__(self, channel: Channel, protocol: ScaleProtocol, request: WeighRequest, owed: Owed) -> None:
        self._channel = channel
        self._protocol = protocol
        self._request = request
        self._owed = owed
        self._tare_milli = 0
        self._scale_keeps_tare = False
        self._begun = False
        self._heard: Weight | None = None
        self._times = 0
        self._standing: Reading | None = None
        """The last stable weight of this weighing, as long as the scale says that nothing has moved."""

    def look(self) -> Reading:
        exchange = self._protocol.weigh(self._request, self._tare_milli, begun=self._begun)
        reading = self._carried_out(exchange)
        self._begun = reading.condition == "in_motion"
        if not self._protocol.name_their_question:
            return self._twice(reading)
        if reading.condition == "not_moved" and self._standing is not None:
            return self._standing
        self._standing = reading if reading.condition == "stable" else None
        return reading

    def zero(self) -> Reading:
        return self._told(self._protocol.zero())

    def tare(self) -> Reading:
        exchange = self._protocol.tare()
        if exchange is not None:
            told = self._told(exchange)
            self._scale_keeps_tare = self._scale_keeps_tare or told.condition == "done"
            return told
        standing = self._standing
        if standing is None or standing.weight is None:
            return Reading("not_possible")
        self._tare_milli = standing.weight.milli + (self._tare_milli if standing.weight.is_net else 0)
        self._forget()
        return Reading("done")

    @property
    def scale_keeps_tare(self) -> bool:
        return self._scale_keeps_tare

    def clear_tare(self) -> Reading:
        if self._tare_milli:
            self._tare_milli = 0
            self._forget()
            return Reading("done")
        return self._told(self._protocol.clear_tare())

    def _told(self, exchange: Exchange | None) -> Reading:
        self._forget()
        if exchange is None:
            return Reading("not_possible")
        return self._carried_out(exchange)

    def _carried_out(self, exchange: Exchange) -> Reading:
        reading = carried_out(exchange, self._channel, self._protocol)
        self._owed.hear(reading)
        return reading

    def _forget(self) -> None:
        self._begun, self._heard, self._standing = False, None, None

    def _twice(self, reading: Reading) -> Reading:
        if reading.condition != "stable":
            self._heard, self._times = None, 0
            return reading
        self._times = self._times + 1 if reading.weight == self._heard else 1
        self._heard = reading.weight
        if self._times < 2 + self._owed.count:
            return Reading("in_motion", reading.weight)
        self._owed.count = 0
        return reading


def carried_out(exchange: Exchange, channel: Channel, protocol: ScaleProtocol) -> Reading:
    """Asks and hears until the exchange is over; where no answer comes the reading says what came instead."""
    _drain(channel)
    try:
        ask = next(exchange)
        while True:
            answer = _answer(ask, channel, protocol)
            if isinstance(answer, Reading):
                return answer
            ask = exchange.send(answer)
    except StopIteration as over:
        reading: Reading = over.value
        return reading
    finally:
        exchange.close()


def _answer(ask: Ask, channel: Channel, protocol: ScaleProtocol) -> bytes | Reading:
    channel.send(ask.send, _SEND_S)
    reader = protocol.reader()
    deadline = time.monotonic() + ask.answer_s
    while (left_s := deadline - time.monotonic()) > 0:
        frames = reader.feed(channel.receive(left_s))
        if frames:
            return frames[0]
    if reader.is_in_the_middle:
        return Reading("cut_short")
    return Reading("garbled" if reader.strays else "silent")


def _drain(channel: Channel) -> None:
    for _ in range(_MOST_DRAINED):
        if not channel.receive(0):
            return
