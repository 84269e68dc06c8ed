"""Where a device made of software is plugged in: a TCP port, or a pseudo-terminal that looks like a serial port."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol, Self

_LOOK_S = 0.02
_WAITS_S = 10.0
_CHUNK = 4096


class Hears(Protocol):
    def hear(self, data: bytes) -> bytes:
        """Takes what was sent, in any pieces; returns what it says to that."""


class ListeningDevice:
    """Starts with `start()` or `with`; serves one caller after the other. Any thread may call any method.

    `takes_nothing` is a jam: callers get in, and their bytes are not taken.
    """

    def __init__(self, name: str, port: int, host: str = "127.0.0.1") -> None:
        """`port` 0 takes any free one."""
        self._name = name
        self._address = (host, port)
        self.takes_nothing = False
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def hear(self, data: bytes) -> bytes:
        raise NotImplementedError

    def forget(self) -> None:
        """What is lost when the power goes off."""

    def hung_up(self) -> None:
        """The caller is gone."""

    @property
    def port(self) -> int:
        return self._address[1]

    def start(self) -> Self:
        """Raises OSError when the port is taken."""
        listener = socket.create_server(self._address)
        listener.settimeout(_LOOK_S)
        self._address = (self._address[0], listener.getsockname()[1])
        self._stopping = threading.Event()
        arguments = (listener, self._stopping)
        self._thread = threading.Thread(target=self._serve, args=arguments, name=self._name, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_WAITS_S)
            self._thread = None

    def go_away(self) -> None:
        """Power off."""
        self.stop()
        self.forget()

    def come_back(self) -> None:
        """Power on, at the same port."""
        if self._thread is None:
            self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _serve(self, listener: socket.socket, stopping: threading.Event) -> None:
        with listener:
            while not stopping.is_set():
                with suppress(TimeoutError):
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        self._take(connection, stopping)
                    self.hung_up()

    def _take(self, connection: socket.socket, stopping: threading.Event) -> None:
        connection.settimeout(_LOOK_S)
        while not stopping.is_set():
            if self.takes_nothing:
                time.sleep(_LOOK_S)
                continue
            with suppress(TimeoutError):
                data = connection.recv(_CHUNK)
                if not data:
                    return
                connection.sendall(self.hear(data))


class VirtualSerialPlug:
    """A pseudo-terminal behind a symbolic link, as udev would make it, with a device at its end. Not on Windows."""

    def __init__(self, device: Hears, port: Path) -> None:
        self._device = device
        self.port = port
        self._thread: threading.Thread | None = None
        self._pulled = threading.Event()

    def __enter__(self) -> Self:
        self.plug_in()
        return self

    def __exit__(self, *_: object) -> None:
        self.pull_out()

    def plug_in(self) -> None:
        import tty

        ours, theirs = os.openpty()
        tty.setraw(theirs)
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(os.ttyname(theirs))
        self._pulled.clear()
        self._thread = threading.Thread(target=self._take, args=(ours, theirs), daemon=True)
        self._thread.start()

    def pull_out(self) -> None:
        """Whoever has the port open sees it end."""
        self.port.unlink(missing_ok=True)
        self._pulled.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _take(self, ours: int, theirs: int) -> None:
        try:
            while not self._pulled.is_set():
                if select.select([ours], [], [], _LOOK_S)[0]:
                    os.write(ours, self._device.hear(os.read(ours, _CHUNK)))
        finally:
            os.close(ours)
            os.close(theirs)
