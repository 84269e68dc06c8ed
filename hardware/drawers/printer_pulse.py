"""A cash drawer that hangs on a receipt printer."""

from __future__ import annotations

import msgspec

from hardware.drawers.base import NotPulsed, Pulsed, PulseOutcome, PulseUncertain
from hardware.escpos.commands import drawer_pulse
from hardware.transport.base import NotReachable, SendFailed, Transport


class PulseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`pin` 0 is connector pin 2, 1 is pin 5."""

    pin: int = 0
    on_ms: int = 100
    off_ms: int = 200
    send_timeout_s: float = 3.0


class PrinterPulseDrawer:
    """A `CashDrawer` driven through its printer's transport."""

    def __init__(
        self, transport: Transport, settings: PulseSettings | None = None, name: str = "Cash drawer"
    ) -> None:
        self._transport = transport
        self._settings = settings or PulseSettings()
        self.name = name
        self._pulse = drawer_pulse(self._settings.pin, self._settings.on_ms, self._settings.off_ms)

    def open(self) -> PulseOutcome:
        try:
            with self._transport.open() as channel:
                channel.send(self._pulse, self._settings.send_timeout_s)
        except NotReachable as failure:
            return NotPulsed(f"{failure.message} Open the drawer with its key.")
        except SendFailed as failure:
            if failure.sent == 0:
                return NotPulsed(f"{failure.message} Open the drawer with its key.")
            return PulseUncertain(f"{failure.message} Open the drawer with its key if it is shut.")
        return Pulsed()
