"""A line display made of software: it decodes what it is sent on a TCP port or a serial line, and shows its two lines.

Run it by itself with `python -m hardware.displays.virtual --port 9101`.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hardware.displays.decoder import DisplayDecoder
from hardware.displays.picture import png_of

_LOOK_S = 0.02
_WAITS_S = 10.0
_CHUNK = 1024


class VirtualDisplay:
    """Starts with `start()` or `with`. Understands both languages. Any thread may call any method."""

    def __init__(
        self,
        port: int = 9101,
        host: str = "127.0.0.1",
        *,
        on_change: Callable[[tuple[str, str]], None] = lambda lines: None,
    ) -> None:
        """`port` 0 takes any free one; `on_change` is called on the display's thread."""
        self._address = (host, port)
        self._on_change = on_change
        self._lock = threading.Lock()
        self._decoder = DisplayDecoder()
        self.takes_nothing = False
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    # Life

    def start(self) -> VirtualDisplay:
        """Raises OSError when the port is taken."""
        listener = socket.create_server(self._address)
        listener.settimeout(_LOOK_S)
        self._address = (self._address[0], listener.getsockname()[1])
        self._stopping = threading.Event()
        arguments = (listener, self._stopping)
        self._thread = threading.Thread(
            target=self._serve, args=arguments, name="virtual display", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_WAITS_S)
            self._thread = None

    def go_away(self) -> None:
        """Power off: it is dark."""
        self.stop()
        with self._lock:
            self._decoder = DisplayDecoder()

    def come_back(self) -> None:
        """Power on, at the same port."""
        if self._thread is None:
            self.start()

    def __enter__(self) -> VirtualDisplay:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        return self._address[1]

    # What it shows

    @property
    def lines(self) -> tuple[str, str]:
        with self._lock:
            return self._decoder.lines

    @property
    def unknown(self) -> int:
        """How many things it was told that it does not understand."""
        return self._decoder.unknown

    def png(self) -> bytes:
        return png_of(self.lines)

    def wait_for(
        self, shows: Callable[[tuple[str, str]], bool], timeout_s: float = _WAITS_S
    ) -> tuple[str, str]:
        """Its lines, once they are so; raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while not shows(lines := self.lines):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the display shows {lines}")
            time.sleep(_LOOK_S)
        return lines

    def hear(self, data: bytes) -> None:
        with self._lock:
            before = self._decoder.lines
            self._decoder.feed(data)
            lines = self._decoder.lines
        if lines != before:
            self._on_change(lines)

    def _serve(self, listener: socket.socket, stopping: threading.Event) -> None:
        with listener:
            while not stopping.is_set():
                with suppress(TimeoutError):
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        self._take(connection, stopping)

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
                self.hear(data)


class VirtualSerialDisplay:
    """A pseudo-terminal behind a symbolic link, as udev would make it, with a display at its end. Not on Windows."""

    def __init__(self, display: VirtualDisplay, port: Path) -> None:
        self.display = display
        self.port = port
        self._thread: threading.Thread | None = None
        self._pulled = threading.Event()

    def __enter__(self) -> VirtualSerialDisplay:
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
                    self.display.hear(os.read(ours, _CHUNK))
        finally:
            os.close(ours)
            os.close(theirs)


if __name__ == "__main__":
    from hardware.displays.virtual_console import main

    raise SystemExit(main())
