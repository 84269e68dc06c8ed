"""A scale made of software: it speaks any of the protocols on a TCP port or a serial line, and can be told to fail.

Run it by itself with `python -m hardware.scales.virtual --protocol dialog06 --port 4001`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from hardware.scales.base import Unit
from hardware.scales.dialog06 import ChecksumPair
from hardware.scales.virtual_plate import Plate
from hardware.scales.virtual_voices import BerkelVoice, CasVoice, Dialog06Voice, NciVoice, ToledoVoice, Voice
from hardware.virtual_listener import ListeningDevice, VirtualSerialPlug

Manner = Literal["answer", "silent", "half", "garbage", "late"]
VOICES: dict[str, Callable[[], Voice]] = {
    "toledo": ToledoVoice,
    "cas": CasVoice,
    "berkel": BerkelVoice,
    "nci": NciVoice,
    "dialog06": Dialog06Voice,
}


class VirtualScale(ListeningDevice):
    """What it is told takes effect with the next question. What lies on it stays there without power."""

    def __init__(
        self,
        protocol: str = "toledo",
        port: int = 4001,
        host: str = "127.0.0.1",
        *,
        unit: Unit = "kg",
        checksums: tuple[ChecksumPair, ...] = (),
    ) -> None:
        """`port` 0 takes any free one. `checksums` are what a Dialog 06 scale wants to be proved."""
        super().__init__("virtual scale", port, host)
        self.protocol = protocol
        self.plate = Plate(unit)
        self.voice = Dialog06Voice(checksums) if protocol == "dialog06" else VOICES[protocol]()
        self.questions = 0
        self._manner: Manner = "answer"
        self._held_back = b""
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        """As a till's settings have it."""
        return f"{self.protocol}+tcp://{self._address[0]}:{self.port}"

    # What it is told

    def put(self, milli: int) -> None:
        self.plate.put(milli)

    def behave(self, manner: Manner) -> None:
        """'late': every answer is the one to the question before; the first question is not answered."""
        with self._lock:
            self._manner, self._held_back = manner, b""

    # What the till says

    def hear(self, data: bytes) -> bytes:
        with self._lock:
            self.questions += 1
            said = self.voice.hear(data, self.plate)
            match self._manner:
                case "silent":
                    return b""
                case "half":
                    return said[: (len(said) + 1) // 2] if len(said) > 1 else said
                case "garbage":
                    return bytes(byte ^ 0x55 for byte in said)
                case "late":
                    said, self._held_back = self._held_back, said
            return said


class VirtualSerialScale(VirtualSerialPlug):
    """A scale on a serial line."""

    def __init__(self, scale: VirtualScale, port: Path) -> None:
        super().__init__(scale, port)
        self.scale = scale

    @property
    def address(self) -> str:
        """A pseudo-terminal knows no parity."""
        return f"{self.scale.protocol}+serial://{self.port}?bits=8&parity=none"


if __name__ == "__main__":
    from hardware.scales.virtual_console import main

    raise SystemExit(main())
