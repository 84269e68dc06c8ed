"""A line display on a wire, on a thread of its own: showing never holds anybody up, and the newest is what counts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from hardware.displays.base import DisplayLanguage, TwoLines
from hardware.transport.base import Channel, NotReachable, SendFailed, Transport

_LOOK_AGAIN_S = 2.0
_LISTEN_S = 0.5
_SEND_S = 1.0
_STOP_S = 1.5

_log = logging.getLogger(__name__)


class WiredDisplay:
    """A display that was pulled out and plugged in again shows what it should by then.

    `on_change` is called on the display's thread with a sentence, once for each loss and each return.
    """

    def __init__(
        self, transport: Transport, language: DisplayLanguage, *, look_again_s: float = _LOOK_AGAIN_S
    ) -> None:
        self._transport = transport
        self._language = language
        self._look_again_s = look_again_s
        self._wanted = TwoLines()
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_there: bool | None = None
        self._said = ""
        self.on_change: Callable[[bool, str], None] = lambda is_there, message: None

    @property
    def name(self) -> str:
        return f"Customer display at {self.place}"

    @property
    def place(self) -> str:
        return self._transport.place

    @property
    def speaks(self) -> str:
        return self._language.name

    @property
    def shown(self) -> TwoLines:
        """What it shows, or will."""
        return self._wanted

    def show(self, lines: TwoLines) -> None:
        """Costs nothing, whether the display is there or not."""
        if lines != self._wanted:
            self._wanted = lines
            self._woken.set()

    def trouble(self) -> str:
        """Why it can't be used, or nothing. While it is started it knows; otherwise it goes there once."""
        if self._thread is not None:
            return "" if self._is_there else self._said or f"{self.name} is being looked for."
        try:
            with self._transport.open():
                return ""
        except (NotReachable, SendFailed) as gone:
            return gone.message

    def start(self) -> None:
        self._stopped.clear()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Does not wait long for a display that takes nothing."""
        self._stopped.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(_STOP_S)
            self._thread = None

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with self._transport.open() as channel:
                    channel.send(self._language.start(), _SEND_S)
                    self._changed(True, f"{self.name} is ready.")
                    self._keep_showing(channel)
            except (NotReachable, SendFailed) as gone:
                self._changed(False, gone.message)
                self._stopped.wait(self._look_again_s)

    def _keep_showing(self, channel: Channel) -> None:
        """Listens too: a display says nothing, but one that is gone is noticed by it."""
        shown: TwoLines | None = None
        while not self._stopped.is_set():
            self._woken.clear()
            wanted = self._wanted
            if wanted != shown:
                channel.send(self._language.show(wanted), _SEND_S)
                shown = wanted
            channel.receive(0)
            self._woken.wait(_LISTEN_S)

    def _changed(self, is_there: bool, message: str) -> None:
        was_there, self._is_there, self._said = self._is_there, is_there, message
        if is_there == was_there:
            return
        _log.log(logging.INFO if is_there else logging.WARNING, "%s: %s", self.name, message)
        if was_there is not None or not is_there:
            self.on_change(is_there, message)
