"""Devices on the network, most often a receipt printer on port 9100."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from hardware.transport.base import NotReachable, SendFailed
from hardware.transport.turn import LONGEST_WAIT_S, Turn

_CHUNK = 4096
_GOODBYE_S = 0.2


class TcpTransport:
    """Every wait has a limit; what a limit means is left to the driver."""

    two_way = True

    def __init__(
        self,
        host: str,
        port: int = 9100,
        *,
        connect_timeout_s: float = 3.0,
        turn_timeout_s: float = LONGEST_WAIT_S,
    ) -> None:
        self._address = (host, port)
        self._connect_timeout_s = connect_timeout_s
        self._turn = Turn(self.place, turn_timeout_s)

    @property
    def place(self) -> str:
        host, port = self._address
        return f"{host} port {port}"

    @contextmanager
    def open(self) -> Iterator[TcpChannel]:
        with self._turn.taken():
            connection = self._connected()
            try:
                yield TcpChannel(connection, self.place)
            finally:
                _close(connection)

    def _connected(self) -> socket.socket:
        try:
            return socket.create_connection(self._address, timeout=self._connect_timeout_s)
        except (OSError, UnicodeError, OverflowError) as error:
            raise NotReachable(
                f"Nothing answers at {self.place}. Switch the device on, check its cable and its address.",
                place=self.place,
            ) from error


class TcpChannel:
    def __init__(self, connection: socket.socket, place: str) -> None:
        self._connection = connection
        self._place = place

    def send(self, data: bytes, timeout_s: float) -> None:
        """`timeout_s` is for all of it: a device that takes a byte now and then can't hold us up for ever."""
        deadline = time.monotonic() + timeout_s
        sent = 0
        while sent < len(data):
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise SendFailed(f"The device at {self._place} stopped taking data.", sent)
            self._connection.settimeout(left_s)
            try:
                sent += self._connection.send(data[sent : sent + _CHUNK])
            except TimeoutError as error:
                raise SendFailed(f"The device at {self._place} stopped taking data.", sent) from error
            except OSError as error:
                raise SendFailed(f"The connection to {self._place} broke.", sent) from error

    def receive(self, timeout_s: float) -> bytes:
        self._connection.settimeout(max(timeout_s, 0.001))
        try:
            received = self._connection.recv(_CHUNK)
        except TimeoutError:
            return b""
        except OSError as error:
            raise SendFailed(f"The connection to {self._place} broke.", 0) from error
        if not received:
            raise SendFailed(f"The device at {self._place} hung up.", 0)
        return received


def _close(connection: socket.socket) -> None:
    """Says goodbye and hears the other side out: closing on unread bytes resets, which can eat the job."""
    with suppress(OSError):  # already gone, which is what we want
        connection.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + _GOODBYE_S
        while (left_s := deadline - time.monotonic()) > 0:
            connection.settimeout(left_s)
            if not connection.recv(_CHUNK):
                break
    connection.close()
