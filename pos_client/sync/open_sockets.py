"""The sockets that HTTP holds open, so that a thread waiting on one can be woken at shut-down."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Lock
from typing import Any
from weakref import WeakSet

_OPENED = ("connect_tcp.complete", "start_tls.complete")


class OpenSockets:
    """Fed by the client's trace events. Closing a client wakes no blocked read; shutting its socket down does."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._shut = False

    def note(self, event: str, info: dict[str, Any]) -> None:
        if not event.endswith(_OPENED):
            return
        opened = info["return_value"].get_extra_info("socket")
        with self._lock:
            self._sockets.add(opened)
            if self._shut:
                _shut(opened)

    @property
    def is_shut(self) -> bool:
        """No new request is worth beginning."""
        return self._shut

    def shut(self) -> None:
        with self._lock:
            self._shut = True
            for opened in self._sockets:
                _shut(opened)


def _shut(opened: socket.socket) -> None:
    """Plain, also for a TLS socket: its own shutdown changes the object under the reading thread."""
    with suppress(OSError):
        socket.socket.shutdown(opened, socket.SHUT_RDWR)
