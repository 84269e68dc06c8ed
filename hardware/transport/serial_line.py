"""Devices on a serial port, or on a USB plug that looks like one."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal

import msgspec

from hardware.transport.base import NotReachable, SendFailed
from hardware.transport.turn import LONGEST_WAIT_S, Turn

if TYPE_CHECKING:
    from serial import Serial

_REFUSED: tuple[type[Exception], ...] = (ValueError,)
"""What a port raises that can't be set up as it was told to be, and some that are gone."""
with suppress(ImportError):  # not on Windows
    import termios

    _REFUSED = (ValueError, termios.error)
_TROUBLE: tuple[type[Exception], ...] = (OSError, *_REFUSED)

FlowControl = Literal["none", "rtscts", "dsrdtr", "xonxoff"]
Parity = Literal["none", "even", "odd"]

_CHUNK = 256
_LOOK_S = 0.01


class SerialSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As the device's own switches are set. `port` is /dev/ttyUSB0 or COM3."""

    port: str
    baud: int = 9600
    bits: Literal[7, 8] = 8
    parity: Parity = "none"
    stop_bits: Literal[1, 2] = 1
    flow: FlowControl = "none"


class SerialTransport:
    two_way = True

    def __init__(self, settings: SerialSettings, *, turn_timeout_s: float = LONGEST_WAIT_S) -> None:
        self._settings = settings
        self._turn = Turn(self.place, turn_timeout_s)

    @property
    def place(self) -> str:
        return f"serial port {self._settings.port}"

    def is_plugged_in(self) -> bool:
        """A name without a folder (COM3) is looked for among the system's ports."""
        port = self._settings.port
        if "/" in port:
            return os.path.exists(port)
        from serial.tools.list_ports import comports

        return any(each.device == port for each in comports())

    @contextmanager
    def open(self) -> Iterator[SerialChannel]:
        with self._turn.taken():
            line = self._opened()
            try:
                yield SerialChannel(line, self.place)
            finally:
                with suppress(OSError):  # unplugged meanwhile, so there is nothing to close
                    line.close()

    def _opened(self) -> Serial:
        import serial

        settings = self._settings
        try:
            line = serial.Serial(
                settings.port,
                baudrate=settings.baud,
                bytesize=settings.bits,
                parity={"none": "N", "even": "E", "odd": "O"}[settings.parity],
                stopbits=settings.stop_bits,
                rtscts=settings.flow == "rtscts",
                dsrdtr=settings.flow == "dsrdtr",
                xonxoff=settings.flow == "xonxoff",
                timeout=0,
                exclusive=True,
            )
            _prove_settings(line)
            return line
        except _TROUBLE as error:
            raise NotReachable(self._why(error), place=self.place) from error

    def _why(self, error: Exception) -> str:
        if isinstance(error, _REFUSED):
            return f"The {self.place} can't be set to that speed or parity. Check the device's address."
        if isinstance(error, OSError) and error.errno == 13:
            return f"This user may not use {self.place}. Ask whoever set the till up for the right to it."
        return f"Nothing answers at {self.place}. Switch the device on, check its cable and its address."


def _prove_settings(line: Serial) -> None:
    """The first time a port takes what it can of its settings and is silent on the rest; the second it refuses."""
    try:
        line.timeout = 1
    except _TROUBLE:
        line.close()
        raise


class SerialChannel:
    """`sent` in failures counts what has left the machine: the rest is taken back from the port's memory.

    Otherwise a pulse for a printer that is off would wait there, and open the drawer when it is switched on.
    """

    def __init__(self, line: Serial, place: str) -> None:
        self._line = line
        self._place = place

    def send(self, data: bytes, timeout_s: float) -> None:
        import serial

        deadline = time.monotonic() + timeout_s
        sent = 0
        try:
            while sent < len(data):
                chunk = data[sent : sent + _CHUNK]
                self._line.write_timeout = max(0.001, deadline - time.monotonic())
                sent += len(chunk)  # how much of it a port that breaks now still took, nobody knows
                self._line.write(chunk)
                self._wait_until_it_has_left(sent, deadline)
        except serial.SerialTimeoutException as error:
            self._line.reset_output_buffer()
            raise SendFailed(f"The device at {self._place} stopped taking data.", sent) from error
        except _TROUBLE as error:
            raise SendFailed(f"The connection to {self._place} broke.", sent) from error

    def _wait_until_it_has_left(self, sent: int, deadline: float) -> None:
        while waiting := self._line.out_waiting:
            if time.monotonic() > deadline:
                self._line.reset_output_buffer()
                raise SendFailed(f"The device at {self._place} stopped taking data.", max(0, sent - waiting))
            time.sleep(_LOOK_S)

    def receive(self, timeout_s: float) -> bytes:
        try:
            self._line.timeout = max(timeout_s, 0.001)
            first: bytes = self._line.read(1)
            if not first:
                return b""
            self._line.timeout = 0
            rest: bytes = self._line.read(_CHUNK)
            return first + rest
        except _TROUBLE as error:
            raise SendFailed(f"The connection to {self._place} broke.", 0) from error
