"""What happened, as lines: hashed always, so that two runs can be compared, and shown when asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from hashlib import blake2b

from tests.simulation.scheduler import Scheduler

Show = Callable[[str], None]
_KEPT = 60


class Trace:
    def __init__(self, scheduler: Scheduler, show: Show | None = None) -> None:
        self._scheduler = scheduler
        self._show = show
        self._digest = blake2b(digest_size=16)
        self.latest: deque[str] = deque(maxlen=_KEPT)

    def note(self, text: str) -> None:
        line = f"{self._scheduler.now_ms:>10} {text}"
        self._digest.update(line.encode())
        self.latest.append(line)
        if self._show is not None:
            self._show(line)

    def hash(self) -> str:
        return self._digest.hexdigest()
