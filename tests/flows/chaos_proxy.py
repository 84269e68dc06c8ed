"""A TCP proxy between till and server that loses, doubles and holds pushes (or others), as bad lines do."""

from __future__ import annotations

import socket
from collections import deque
from contextlib import suppress
from threading import Event, Lock, Thread

PASS = "pass"
LOSE_REQUEST = "lose request"
"""The line is cut before the server has all of it."""
LOSE_ANSWER = "lose answer"
"""The server has it and answers; the till hears nothing."""
DOUBLE = "double"
"""It arrives twice; the till hears the second answer."""
CUT_ANSWER = "cut answer"
"""Half of the answer arrives."""
_PUSH = b"POST /sync/push"


class ChaosProxy:
    """`plan` says what happens to the next pushes; whatever else passes, and so do all when it is empty.

    `aim` is how the requests begin that the plan is for, where those are not pushes.
    """

    def __init__(self, upstream: tuple[str, int], aim: bytes = _PUSH) -> None:
        self._aim = aim
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self.plan: deque[str] = deque()
        self.pushes: list[str] = []
        self.line_is_cut = Event()
        Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut_line(self) -> None:
        """Nothing passes any more, and what is open is closed."""
        self.line_is_cut.set()
        self._close_all()

    def mend_line(self) -> None:
        self.line_is_cut.clear()

    def stop(self) -> None:
        self.line_is_cut.set()
        self._listener.close()
        self._close_all()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.line_is_cut.is_set():
                    client.close()
                else:
                    Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._keep(client)
        try:
            with client, self._dial() as server:
                while request := _read_message(client):
                    answer, goes_on = self._carried(request, server)
                    client.sendall(answer)
                    if not goes_on:
                        return
        except OSError:
            return
        finally:
            with self._lock:
                self._open.discard(client)

    def _carried(self, request: bytes, server: socket.socket) -> tuple[bytes, bool]:
        """The bytes for the till, and whether the line stays."""
        fate = self._fate(request)
        if fate == LOSE_REQUEST:
            server.sendall(request[: len(request) // 2])
            return b"", False
        if fate == DOUBLE:
            with self._dial() as other:
                _ask(other, request)
        answer = _ask(server, request)
        if fate == LOSE_ANSWER:
            return b"", False
        if fate == CUT_ANSWER:
            return answer[: len(answer) // 2], False
        return answer, True

    def _fate(self, request: bytes) -> str:
        if not request.startswith(self._aim):
            return PASS
        with self._lock:
            fate = self.plan.popleft() if self.plan else PASS
            self.pushes.append(fate)
        return fate

    def _dial(self) -> socket.socket:
        server = socket.create_connection(self._upstream, timeout=30)
        self._keep(server)
        return server

    def _keep(self, end: socket.socket) -> None:
        with self._lock:
            self._open.add(end)

    def _close_all(self) -> None:
        with self._lock:
            for end in self._open:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._open.clear()


def _ask(server: socket.socket, request: bytes) -> bytes:
    server.sendall(request)
    answer = _read_message(server)
    if not answer:
        raise ConnectionError("the server hung up")
    return answer


def _read_message(end: socket.socket) -> bytes:
    """One HTTP message with its body, or nothing when the other side is done."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        piece = end.recv(65536)
        if not piece:
            return b""
        raw += piece
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = [line.lower() for line in head.split(b"\r\n")[1:]]
    lengths = [int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")]
    chunked = any(line.startswith(b"transfer-encoding:") and b"chunked" in line for line in lines)
    while chunked and not body.endswith(b"0\r\n\r\n"):
        body += _more(end)
    while not chunked and len(body) < (lengths[0] if lengths else 0):
        body += _more(end)
    return head + b"\r\n\r\n" + body


def _more(end: socket.socket) -> bytes:
    piece = end.recv(65536)
    if not piece:
        raise ConnectionError("cut in the middle")
    return piece
