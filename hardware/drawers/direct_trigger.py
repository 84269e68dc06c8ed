"""A cash drawer with a trigger of its own, on a serial port or a USB plug that looks like one."""

from __future__ import annotations

import re
from collections.abc import Callable

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
from hardware.transport.address import transport_at
from hardware.transport.base import NotReachable, SendFailed, TellsItsPlug, Transport
from shared_models.errors import ShopError

_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")


class BadTrigger(ShopError):
    """The bytes that open the drawer are not written as hexadecimal digits."""

    code = "bad_drawer_trigger"


def is_trigger(text: str) -> bool:
    return _HEX.fullmatch(text) is not None


class TriggerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="trigger"):
    """`trigger` is what opens it, in hexadecimal digits; most triggers open at any byte, BEL (07) for one."""

    address: str
    trigger: str = "07"
    send_timeout_s: float = 3.0


class DirectTriggerDrawer:
    """A `CashDrawer`. It says nothing, so its state is never known."""

    def __init__(
        self, settings: TriggerSettings, transport: Transport | None = None, name: str = "Cash drawer"
    ) -> None:
        """Raises BadAddress and BadTrigger."""
        if not is_trigger(settings.trigger):
            raise BadTrigger(
                f"{settings.trigger!r} opens no drawer. Write its bytes as hexadecimal digits, such as 07."
            )
        self._settings = settings
        self._transport = transport or transport_at(settings.address)
        self.name = name

    @property
    def place(self) -> str:
        return self._transport.place

    def open(self, about_to_send: Callable[[], None] = nobody_asked) -> PulseOutcome:
        try:
            with self._transport.open() as channel:
                about_to_send()
                channel.send(bytes.fromhex(self._settings.trigger), self._settings.send_timeout_s)
        except NotReachable as failure:
            return NotPulsed(f"{failure.message} {OPEN_BY_KEY}")
        except SendFailed as failure:
            if failure.sent == 0:
                return NotPulsed(f"{failure.message} {OPEN_BY_KEY}")
            return PulseUncertain(f"{failure.message} {OPEN_BY_KEY_IF_SHUT}")
        return Pulsed()

    def state(self) -> DrawerState:
        return "unknown"

    def trouble(self) -> str:
        """Why it can't be used, as far as that shows without opening the line, which may open the drawer."""
        transport = self._transport
        if isinstance(transport, TellsItsPlug) and not transport.is_plugged_in():
            return f"Nothing is plugged in at {transport.place}. Check the drawer's cable."
        return ""
