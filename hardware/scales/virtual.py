"""A scale made of software: it speaks any of the protocols on a TCP port or a serial line, and can be told to fail.

Run it by itself with `python -m hardware.scales.virtual --protocol dialog06 --port 4001`.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from hardware.scales.base import Unit
from hardware.scales.dialog06 import ChecksumPair
from hardware.scales.virtual_plate import Plate
from hardware.scales.virtual_voices import BerkelVoice, CasVoice, Dialog06Voice, NciVoice, ToledoVoice, Voice

Manner = Literal["answer", "silent", "half", "garbage", "late"]
VOICES: dict[str, Callable[[], Voice]] = {
    "toledo": ToledoVoice,
    "cas": CasVoice,
    "berkel": BerkelVoice,
    "nci": NciVoice,
    "dialog06": Dialog06Voice,
}
_LOOK_S = 0.02
_WAITS_S = 10.0
_CHUNK = 1024


class VirtualScale:
    """Starts with `start()` or `with`. Any thread may call any method, and it takes effect with the next question."""

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
        self.protocol = protocol
        self.plate = Plate(unit)
        self.voice = Dialog06Voice(checksums) if protocol == "dialog06" else VOICES[protocol]()
        self.questions = 0
        self._manner: Manner = "answer"
        self._held_back = b""
        self._lock = threading.Lock()
        self._address = (host, port)
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    # Life

    def start(self) -> VirtualScale:
        """Raises OSError when the port is taken."""
        listener = socket.create_server(self._address)
        listener.settimeout(_LOOK_S)
        self._address = (self._address[0], listener.getsockname()[1])
        self._stopping = threading.Event()
        arguments = (listener, self._stopping)
        self._thread = threading.Thread(target=self._serve, args=arguments, name="virtual scale", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_WAITS_S)
            self._thread = None

    def go_away(self) -> None:
        """Power off. What lies on it stays there."""
        self.stop()

    def come_back(self) -> None:
        """Power on, at the same port."""
        if self._thread is None:
            self.start()

    def __enter__(self) -> VirtualScale:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        return self._address[1]

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

    def _serve(self, listener: socket.socket, stopping: threading.Event) -> None:
        with listener:
            while not stopping.is_set():
                with suppress(TimeoutError):
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        self._talk(connection, stopping)

    def _talk(self, connection: socket.socket, stopping: threading.Event) -> None:
        connection.settimeout(_LOOK_S)
        while not stopping.is_set():
            with suppress(TimeoutError):
                data = connection.recv(_CHUNK)
                if not data:
                    return
                connection.sendall(self.hear(data))


class VirtualSerialScale:
    """A pseudo-terminal behind a symbolic link, as udev would make it, with a scale at its end. Not on Windows."""

    def __init__(self, scale: VirtualScale, port: Path) -> None:
        self.scale = scale
        self.port = port
        self._thread: threading.Thread | None = None
        self._pulled = threading.Event()

    def __enter__(self) -> VirtualSerialScale:
        self.plug_in()
        return self

    def __exit__(self, *_: object) -> None:
        self.pull_out()

    def plug_in(self) -> None:
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(os.ttyname(theirs))
        self._pulled.clear()
        self._thread = threading.Thread(target=self._talk, args=(ours, theirs), daemon=True)
        self._thread.start()

    def pull_out(self) -> None:
        """Whoever has the port open sees it end."""
        self.port.unlink(missing_ok=True)
        self._pulled.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    @property
    def address(self) -> str:
        """A pseudo-terminal knows no parity."""
        return f"{self.scale.protocol}+serial://{self.port}?bits=8&parity=none"

    def _talk(self, ours: int, theirs: int) -> None:
        try:
            while not self._pulled.is_set():
                if select.select([ours], [], [], _LOOK_S)[0] and (
                    said := self.scale.hear(os.read(ours, _CHUNK))
                ):
                    os.write(ours, said)
        finally:
            os.close(ours)
            os.close(theirs)


if __name__ == "__main__":
    from hardware.scales.virtual_console import main

    raise SystemExit(main())
