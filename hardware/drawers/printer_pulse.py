"""A cash drawer that hangs on a receipt printer."""

from __future__ import annotations

import msgspec

from hardware.drawers.base import NotPulsed, Pulsed, PulseOutcome, PulseUncertain
from hardware.escpos.commands import drawer_pulse, drawer_pulse_in_real_time
from hardware.printers.escpos_dialogue import is_stopped
from hardware.transport.base import Channel, NotReachable, SendFailed, Transport

_BY_KEY = "Open the drawer with its key."
_BY_KEY_IF_SHUT = "Open the drawer with its key if it is shut."


class PulseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`pin` 0 is connector pin 2, 1 is pin 5. `asks_first` is off for printers that never answer."""

    pin: int = 0
    on_ms: int = 100
    off_ms: int = 200
    send_timeout_s: float = 3.0
    asks_first: bool = True
    answer_timeout_s: float = 0.4


class PrinterPulseDrawer:
    """A `CashDrawer` driven through its printer's transport.

    A printer that has stopped (no paper, open cover) would keep an ordinary pulse in its memory and open the
    drawer minutes later, when nobody stands there. It gets one in real time instead: now or never.
    """

    def __init__(
        self, transport: Transport, settings: PulseSettings | None = None, name: str = "Cash drawer"
    ) -> None:
        self._transport = transport
        self._settings = settings or PulseSettings()
        self.name = name

    def open(self) -> PulseOutcome:
        try:
            with self._transport.open() as channel:
                return self._pulse(channel)
        except NotReachable as failure:
            return NotPulsed(f"{failure.message} {_BY_KEY}")

    def _pulse(self, channel: Channel) -> PulseOutcome:
        settings = self._settings
        try:
            asks = settings.asks_first and self._transport.two_way
            stopped = asks and is_stopped(channel, settings.answer_timeout_s)
        except SendFailed as failure:
            return NotPulsed(f"{failure.message} {_BY_KEY}")
        if stopped:
            pulse = drawer_pulse_in_real_time(settings.pin, settings.on_ms)
        else:
            pulse = drawer_pulse(settings.pin, settings.on_ms, settings.off_ms)
        try:
            channel.send(pulse, settings.send_timeout_s)
        except SendFailed as failure:
            if failure.sent == 0:
                return NotPulsed(f"{failure.message} {_BY_KEY}")
            return PulseUncertain(f"{failure.message} {_BY_KEY_IF_SHUT}")
        if stopped:
            return PulseUncertain(f"The receipt printer has stopped. {_BY_KEY_IF_SHUT}")
        return Pulsed()
