"""A line display made of software: it decodes what it is sent on a TCP port or a serial line, and shows its two lines.

Run it by itself with `python -m hardware.displays.virtual --port 9101`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from hardware.displays.decoder import DisplayDecoder
from hardware.displays.picture import png_of
from hardware.virtual_listener import ListeningDevice

_LOOK_S = 0.02
_WAITS_S = 10.0


class VirtualDisplay(ListeningDevice):
    """Understands both languages. Dark after the power was off."""

    def __init__(
        self,
        port: int = 9101,
        host: str = "127.0.0.1",
        *,
        on_change: Callable[[tuple[str, str]], None] = lambda lines: None,
    ) -> None:
        """`port` 0 takes any free one; `on_change` is called on the display's thread."""
        super().__init__("virtual display", port, host)
        self._on_change = on_change
        self._lock = threading.Lock()
        self._decoder = DisplayDecoder()

    def forget(self) -> None:
        with self._lock:
            self._decoder = DisplayDecoder()

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

    def hear(self, data: bytes) -> bytes:
        """It says nothing to whatever it is told."""
        with self._lock:
            before = self._decoder.lines
            self._decoder.feed(data)
            lines = self._decoder.lines
        if lines != before:
            self._on_change(lines)
        return b""


if __name__ == "__main__":
    from hardware.displays.virtual_console import main

    raise SystemExit(main())
