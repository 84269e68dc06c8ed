"""Product files between their check and their import: kept for an hour, for whoever sent them."""

from __future__ import annotations

import re
from pathlib import Path

from sync_server.errors import NotFound
from sync_server.ports import NowMs, random_id

_KEPT_MS = 3_600_000
_ID = re.compile(r"[0-9a-f]{32}")


class CheckedFiles:
    """In the data folder, so that another process of the same server finds them too."""

    def __init__(self, folder: Path, now_ms: NowMs) -> None:
        self._folder = folder
        self._now_ms = now_ms

    def keep(self, account_id: str, content: bytes) -> str:
        """Returns the id to ask for it by."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._forget_old()
        file_id = random_id()
        self._path(account_id, file_id).write_bytes(content)
        return file_id

    def read(self, account_id: str, file_id: str) -> bytes:
        """Raises NotFound for one that is gone or somebody else's."""
        try:
            return self._path(account_id, file_id).read_bytes()
        except FileNotFoundError as reason:
            raise NotFound("This file was checked too long ago. Choose it again.") from reason

    def forget(self, account_id: str, file_id: str) -> None:
        self._path(account_id, file_id).unlink(missing_ok=True)

    def _path(self, account_id: str, file_id: str) -> Path:
        if not _ID.fullmatch(file_id) or not _ID.fullmatch(account_id):
            raise NotFound("This file was checked too long ago. Choose it again.")
        return self._folder / f"{account_id}-{file_id}.csv"

    def _forget_old(self) -> None:
        for path in self._folder.glob("*.csv"):
            if path.stat().st_mtime_ns // 1_000_000 < self._now_ms() - _KEPT_MS:
                path.unlink(missing_ok=True)
