"""The line between shop and head office, as a TCP relay that can be cut and mended."""

from __future__ import annotations

import contextlib
import socket
import threading


class Line:
    """Relays 127.0.0.1:`port` to the target until `cut()`; `mend()` lets new connections through again."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._up = threading.Event()
        self._up.set()
        self._guard = threading.Lock()
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, name="line", daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Drops every connection, in the middle of whatever it carries, and refuses new ones."""
        self._up.clear()
        with self._guard:
            ends, self._open = self._open, set()
        for end in ends:
            _close(end)

    def mend(self) -> None:
        self._up.set()

    def close(self) -> None:
        self.cut()
        _close(self._listener)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # closed
            if not self._up.is_set():
                _close(near)
                continue
            try:
                far = socket.create_connection(self._target, timeout=5)
            except OSError:
                _close(near)
                continue
            far.settimeout(None)
            with self._guard:
                self._open |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass  # cut, or one side went away: both ends are closed below
        finally:
            _close(source)
            _close(sink)
            with self._guard:
                self._open -= {source, sink}


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        end.close()
