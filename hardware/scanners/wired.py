"""Scanners with a wire of their own: one thread each, which waits for the scanner, listens, and waits again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from hardware.scanners.base import Scan, ScanOutcome
from hardware.scanners.framing import FrameReader, FrameSettings
from hardware.scanners.repeats import RepeatGuard
from hardware.transport.base import Channel, NotReachable, SendFailed, Transport

REPEAT_MS = 400
_LOOK_AGAIN_S = 1.0
_LISTEN_S = 0.1

_log = logging.getLogger(__name__)


class Source(Protocol):
    """A scanner that is plugged in."""

    def scans(self, timeout_s: float) -> list[ScanOutcome]:
        """What was scanned, waiting at most so long. Raises SendFailed when the scanner is gone."""


class Plug(Protocol):
    @property
    def place(self) -> str: ...

    def open(self) -> AbstractContextManager[Source]:
        """Raises NotReachable while nothing is plugged in."""


class LinePlug:
    """A scanner that sends bytes: on a serial line, or anything else that a transport reaches."""

    def __init__(self, transport: Transport, settings: FrameSettings) -> None:
        self._transport = transport
        self._settings = settings

    @property
    def place(self) -> str:
        return self._transport.place

    @contextmanager
    def open(self) -> Iterator[_LineSource]:
        with self._transport.open() as channel:
            yield _LineSource(channel, FrameReader(self._settings))


class _LineSource:
    def __init__(self, channel: Channel, reader: FrameReader) -> None:
        self._channel = channel
        self._reader = reader

    def scans(self, timeout_s: float) -> list[ScanOutcome]:
        data = self._channel.receive(timeout_s)
        return self._reader.feed(data, time.monotonic_ns() // 1_000_000)


class WiredScanner:
    """Implements `Scanner`. A scanner that is pulled out and plugged in again goes on scanning.

    `on_change` is called on the scanner's thread with a sentence, once for each loss and each return.
    """

    def __init__(
        self, plug: Plug, *, repeat_ms: int = REPEAT_MS, look_again_s: float = _LOOK_AGAIN_S
    ) -> None:
        self._plug = plug
        self._repeat_ms = repeat_ms
        self._look_again_s = look_again_s
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_there: bool | None = None
        self._said = ""
        self.on_change: Callable[[bool, str], None] = lambda is_there, message: None

    @property
    def name(self) -> str:
        return f"Scanner at {self._plug.place}"

    @property
    def place(self) -> str:
        return self._plug.place

    @property
    def is_there(self) -> bool:
        return bool(self._is_there)

    def trouble(self) -> str:
        """Why it can't be used, or nothing. While it is started it knows; otherwise it goes there once."""
        if self._thread is not None:
            return "" if self._is_there else self._said or f"{self.name} is being looked for."
        try:
            with self._plug.open():
                return ""
        except (NotReachable, SendFailed) as gone:
            return gone.message

    def start(self, on_scan: Callable[[ScanOutcome], None]) -> None:
        self._stopped.clear()
        self._thread = threading.Thread(target=self._run, args=(on_scan,), name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self, on_scan: Callable[[ScanOutcome], None]) -> None:
        while not self._stopped.is_set():
            try:
                with self._plug.open() as source:
                    self._changed(True, f"{self.name} is ready.")
                    self._listen(source, on_scan)
            except (NotReachable, SendFailed) as gone:
                self._changed(False, gone.message)
                self._stopped.wait(self._look_again_s)

    def _listen(self, source: Source, on_scan: Callable[[ScanOutcome], None]) -> None:
        guard = RepeatGuard(self._repeat_ms)
        while not self._stopped.is_set():
            for outcome in source.scans(_LISTEN_S):
                at_ms = time.monotonic_ns() // 1_000_000
                if not (isinstance(outcome, Scan) and guard.is_repeat(outcome.text, at_ms)):
                    on_scan(outcome)

    def _changed(self, is_there: bool, message: str) -> None:
        if is_there == self._is_there:
            return
        self._is_there, self._said = is_there, message
        _log.log(logging.INFO if is_there else logging.WARNING, "%s: %s", self.name, message)
        self.on_change(is_there, message)
