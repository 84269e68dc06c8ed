"""What a job that broke off leaves behind: half a command in the printer's memory, half a receipt at its mouth.

Whoever speaks next would be taken for the rest of a picture. A NUL is passed over by printers, and within a picture it
is white, so as many of them as the longest command of the job is long end whatever was begun.
"""

from __future__ import annotations

from hardware.escpos.decoder import Command, Decoder
from hardware.transport.base import Channel, SendFailed


class HalfSent:
    """Of one printer; its drawer has to know too."""

    def __init__(self) -> None:
        self._longest = 0

    def broke_off(self, job: bytes) -> None:
        commands = (token for token in Decoder().feed(job) if isinstance(token, Command))
        self._longest = max((len(command.parameters) for command in commands), default=1)

    def is_over(self) -> None:
        """A whole job was sent since."""
        self._longest = 0

    def __bool__(self) -> bool:
        return bool(self._longest)

    def rest(self) -> bytes:
        """To be sent before anything else; empty where nothing broke off."""
        return bytes(self._longest)


class NoticesBreaks:
    """A `Channel` that remembers whether the connection broke."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.broke = False

    def send(self, data: bytes, timeout_s: float) -> None:
        try:
            self._channel.send(data, timeout_s)
        except SendFailed:
            self.broke = True
            raise

    def receive(self, timeout_s: float) -> bytes:
        try:
            return self._channel.receive(timeout_s)
        except SendFailed:
            self.broke = True
            raise
