"""A label printer made of software: it decodes the ZPL that comes to a TCP port or a serial line, and draws its labels.

Run it by itself with `python -m hardware.labels.virtual --port 9102`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from hardware.labels.zpl_paper import PrintedLabel, printed
from hardware.virtual_listener import ListeningDevice

_LOOK_S = 0.02
_WAITS_S = 10.0
_KEPT = 500
_STATUS, _END = b"~HS", b"^XZ"
_LONGEST_FORMAT = 1 << 20


class VirtualLabelPrinter(ListeningDevice):
    """Answers ~HS as a printer does. Out of labels or with its head open it prints nothing of what comes."""

    def __init__(
        self,
        port: int = 9102,
        host: str = "127.0.0.1",
        *,
        on_label: Callable[[PrintedLabel], None] = lambda label: None,
    ) -> None:
        """`port` 0 takes any free one; `on_label` is called on the printer's thread."""
        super().__init__("virtual label printer", port, host)
        self._on_label = on_label
        self._lock = threading.Lock()
        self._pending = b""
        self._labels: list[PrintedLabel] = []
        self.out_of_labels = self.head_open = self.paused = self.is_silent = False

    @property
    def labels(self) -> tuple[PrintedLabel, ...]:
        """The newest 500, the oldest first."""
        with self._lock:
            return tuple(self._labels)

    def wait_for(self, count: int, timeout_s: float = _WAITS_S) -> tuple[PrintedLabel, ...]:
        """Its labels, once there are as many; raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while len(labels := self.labels) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the label printer has printed {len(labels)} labels")
            time.sleep(_LOOK_S)
        return labels

    def forget(self) -> None:
        with self._lock:
            self._pending = b""

    def hear(self, data: bytes) -> bytes:
        self._pending += data
        asked = self._pending.count(_STATUS)
        self._pending = self._pending.replace(_STATUS, b"")
        whole, end, rest = self._pending.rpartition(_END)
        self._pending = rest[-_LONGEST_FORMAT:]
        if end and not (self.out_of_labels or self.head_open):
            for label in printed(whole + end):
                self._keep(label)
        return b"" if self.is_silent else self._status() * asked

    def _keep(self, label: PrintedLabel) -> None:
        with self._lock:
            self._labels = [*self._labels, label][-_KEPT:]
        self._on_label(label)

    def _status(self) -> bytes:
        """Three strings; see `hardware.labels.host_status`."""
        first = f"030,{self.out_of_labels:d},{self.paused:d},0256,000,0,0,0,000,0,0,0"
        second = f"000,0,{self.head_open:d},0,0,2,6,0,00000000,1,000"
        return b"".join(b"\x02%s\x03\r\n" % each.encode() for each in (first, second, "1234,0"))


if __name__ == "__main__":
    from hardware.labels.virtual_console import main

    raise SystemExit(main())
