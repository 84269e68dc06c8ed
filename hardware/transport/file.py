"""A device file such as /dev/usb/lp0, or a plain file that keeps the bytes of every job."""

from __future__ import annotations

import os
import select
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hardware.transport.base import NotReachable, SendFailed
from hardware.transport.turn import LONGEST_WAIT_S, Turn

_CHUNK = 4096


class FileTransport:
    """A plain file is made when it isn't there, each job is added at its end, and it never answers.

    A device must be there: a plain file in its place would swallow the receipts.
    """

    def __init__(
        self, path: Path, *, is_device: bool | None = None, turn_timeout_s: float = LONGEST_WAIT_S
    ) -> None:
        """Without `is_device` it is one when it lies under /dev."""
        self._path = path
        self.two_way = _is_device(path) if is_device is None else is_device
        self._turn = Turn(self.place, turn_timeout_s)

    @property
    def place(self) -> str:
        return str(self._path)

    @contextmanager
    def open(self) -> Iterator[FileChannel]:
        with self._turn.taken():
            descriptor = self._opened()
            try:
                yield FileChannel(descriptor, self.place, answers=self.two_way)
            finally:
                os.close(descriptor)

    def _opened(self) -> int:
        if self.two_way:
            flags = os.O_RDWR | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
        else:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        try:
            descriptor = os.open(self._path, flags, 0o600)
        except PermissionError as error:
            raise NotReachable(
                f"This user may not write to {self.place}. Ask whoever set the till up for the right to it.",
                place=self.place,
            ) from error
        except OSError as error:
            raise NotReachable(
                f"{self.place} can't be opened. Switch the device on, check its cable and its address.",
                place=self.place,
            ) from error
        if self.two_way and not stat.S_ISCHR(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise NotReachable(f"{self.place} is no device. Check its address.", place=self.place)
        return descriptor


class FileChannel:
    def __init__(self, descriptor: int, place: str, *, answers: bool) -> None:
        self._descriptor = descriptor
        self._place = place
        self._answers = answers

    def send(self, data: bytes, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        sent = 0
        while sent < len(data):
            if not self._ready(deadline - time.monotonic(), to_write=True):
                raise SendFailed(f"The device at {self._place} stopped taking data.", sent)
            try:
                sent += os.write(self._descriptor, data[sent : sent + _CHUNK])
            except BlockingIOError:
                continue
            except OSError as error:
                raise SendFailed(f"The connection to {self._place} broke.", sent) from error

    def receive(self, timeout_s: float) -> bytes:
        deadline = time.monotonic() + timeout_s
        while self._answers and self._ready(deadline - time.monotonic(), to_write=False):
            try:
                received = os.read(self._descriptor, _CHUNK)
            except BlockingIOError:
                continue
            except OSError as error:
                raise SendFailed(f"The connection to {self._place} broke.", 0) from error
            if received:
                return received
            time.sleep(0.01)
        return b""

    def _ready(self, timeout_s: float, *, to_write: bool) -> bool:
        if timeout_s <= 0:
            return False
        ways = ([], [self._descriptor]) if to_write else ([self._descriptor], [])
        return any(select.select(*ways, [], timeout_s)) if os.name == "posix" else to_write


def _is_device(path: Path) -> bool:
    """Linux keeps a folder like any other under /dev too, which lies in memory."""
    return path.is_relative_to("/dev") and not path.is_relative_to(Path("/dev", "shm"))
