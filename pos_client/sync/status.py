"""What the status line knows of the line to the server: a frozen picture, sent whenever it changes."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

import msgspec

from pos_client.sync.outcomes import Unreachable, in_words


class SyncStatus(msgspec.Struct, frozen=True):
    """`path` is the way that is taken: hub or central, empty where there is only one.

    `code` and `message` are about the journal on its way up, `catalogue_*` about what comes down.

    Empty means that all is well. Times are Unix milliseconds of the till's clock; `clock_offset_ms` is the server's
    clock less the till's. `diverged`: entries are kept back until it is known where both journals part; how many are
    unsent, the store says. `notice` is something to tell head office; it stays until the till is started again.
    """

    online: bool = False
    path: str = ""
    code: str = "starting"
    message: str = "The till has not met the server yet."
    last_contact_ms: int | None = None
    all_sent: bool = False
    diverged: bool = False
    notice: str = ""
    clock_offset_ms: int | None = None
    catalogue_code: str = ""
    catalogue_message: str = ""
    catalogue_as_of_ms: int | None = None


Report = Callable[[SyncStatus], None]


class StatusBoard:
    """The one current status; `report` hears of every change, in order, from whichever thread made it."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._lock = Lock()
        self._status = SyncStatus()

    @property
    def status(self) -> SyncStatus:
        return self._status

    def line_lost(self, failure: Unreachable) -> None:
        """Found out while nothing was being sent. A fork stays the more important news."""
        code, message = in_words(failure)
        words = {} if self._status.diverged else {"code": code, "message": message}
        self.change(online=False, **words)

    def line_found(self, now_ms: int) -> None:
        words = {"code": "", "message": ""} if self._status.code == "offline" else {}
        self.change(online=True, last_contact_ms=now_ms, **words)

    def change(self, **fields: Any) -> None:
        with self._lock:
            changed = msgspec.structs.replace(self._status, **fields)
            if changed == self._status:
                return
            self._status = changed
            self._report(changed)
