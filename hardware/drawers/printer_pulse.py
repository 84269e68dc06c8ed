"""A cash drawer that hangs on a receipt printer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

import msgspec

from hardware.drawers.base import (
    OPEN_BY_KEY,
    OPEN_BY_KEY_IF_SHUT,
    DrawerState,
    NotPulsed,
    Pulsed,
    PulseOutcome,
    PulseUncertain,
    nobody_asked,
)
from hardware.escpos.commands import drawer_pulse, drawer_pulse_in_real_time
from hardware.printers.escpos_dialogue import drawer_pin_is_high, is_stopped
from hardware.printers.half_sent import HalfSent
from hardware.transport.base import Channel, NotReachable, SendFailed, Transport

_LOOK_S = 0.05
# How the drawer's switch is wired to the printer: what pin 3 of its plug says when it is open.
Sensor = Literal["none", "open_is_high", "open_is_low"]


class PulseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="pulse"):
    """`pin` 0 is connector pin 2, 1 is pin 5. `asks_first` is off for printers that never answer."""

    pin: int = 0
    on_ms: int = 100
    off_ms: int = 200
    send_timeout_s: float = 3.0
    asks_first: bool = True
    answer_timeout_s: float = 0.4
    sensor: Sensor = "none"
    opens_within_s: float = 1.0


class PrinterPulseDrawer:
    """A `CashDrawer` driven through its printer's transport.

    A printer that has stopped (no paper, open cover) would keep an ordinary pulse in its memory and open the
    drawer minutes later, when nobody stands there. It gets one in real time instead: now or never.
    """

    def __init__(
        self,
        transport: Transport,
        settings: PulseSettings | None = None,
        name: str = "Cash drawer",
        half_sent: HalfSent | None = None,
    ) -> None:
        """`half_sent` is the printer's: what a broken job left in it would swallow the pulse."""
        self._transport = transport
        self._half_sent = half_sent or HalfSent()
        self._settings = settings or PulseSettings()
        self.name = name

    def open(self, about_to_send: Callable[[], None] = nobody_asked) -> PulseOutcome:
        try:
            with self._transport.open() as channel:
                return self._pulse(channel, about_to_send)
        except NotReachable as failure:
            return NotPulsed(f"{failure.message} {OPEN_BY_KEY}")

    def _pulse(self, channel: Channel, about_to_send: Callable[[], None]) -> PulseOutcome:
        settings = self._settings
        try:
            asks = settings.asks_first and self._transport.two_way
            stopped = asks and is_stopped(channel, settings.answer_timeout_s)
        except SendFailed as failure:
            return NotPulsed(f"{failure.message} {OPEN_BY_KEY}")
        if stopped:
            pulse = drawer_pulse_in_real_time(settings.pin, settings.on_ms)
        else:
            pulse = self._half_sent.rest() + drawer_pulse(settings.pin, settings.on_ms, settings.off_ms)
        about_to_send()
        try:
            channel.send(pulse, settings.send_timeout_s)
        except SendFailed as failure:
            if failure.sent == 0:
                return NotPulsed(f"{failure.message} {OPEN_BY_KEY}")
            return PulseUncertain(f"{failure.message} {OPEN_BY_KEY_IF_SHUT}")
        if stopped:
            return PulseUncertain(f"The receipt printer has stopped. {OPEN_BY_KEY_IF_SHUT}")
        if self._stays_shut(channel):
            return PulseUncertain(f"The drawer got its pulse but stays shut. {OPEN_BY_KEY}")
        return Pulsed()

    def state(self) -> DrawerState:
        if self._feels_nothing:
            return "unknown"
        try:
            with self._transport.open() as channel:
                return self._state(channel)
        except (NotReachable, SendFailed):
            return "unknown"

    @property
    def _feels_nothing(self) -> bool:
        return self._settings.sensor == "none" or not self._transport.two_way

    def _stays_shut(self, channel: Channel) -> bool:
        """Whether the switch goes on saying so; a drawer that nobody can feel is believed to open."""
        if self._feels_nothing:
            return False
        deadline = time.monotonic() + self._settings.opens_within_s
        try:
            while (state := self._state(channel)) == "closed" and time.monotonic() < deadline:
                time.sleep(_LOOK_S)
        except SendFailed:  # the pulse had left before
            return False
        return state == "closed"

    def _state(self, channel: Channel) -> DrawerState:
        is_high = drawer_pin_is_high(channel, self._settings.answer_timeout_s)
        if is_high is None:
            return "unknown"
        return "open" if is_high == (self._settings.sensor == "open_is_high") else "closed"
