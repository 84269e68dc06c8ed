"""One till process per database: a lock that the operating system gives back, even after a kill."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pos_client.till.errors import AlreadyRunning


class ProcessLock:
    """Held from construction until `release`, or until the process ends in whatever way."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._descriptor)
        except OSError as reason:
            os.close(self._descriptor)
            raise AlreadyRunning(
                "The till already runs on this database. Use the window that is open, or close it first.",
                path=str(path),
            ) from reason

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
