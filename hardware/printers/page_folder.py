"""A folder that PDF pages are filed in, as receipt-000001.pdf and so on."""

from __future__ import annotations

import os
from pathlib import Path

from hardware.status import PrinterStatus


class PageFolder:
    """`kind` is the first word of every file's name."""

    def __init__(self, path: Path, kind: str) -> None:
        self.path = path
        self._kind = kind

    def file(self, page: bytes) -> Path:
        """Whole or not at all: written beside, then given a number that is free. Raises OSError."""
        self.path.mkdir(parents=True, exist_ok=True)
        being_written = self.path / f"{self._kind}.part"
        with being_written.open("wb") as file:
            file.write(page)
            file.flush()
            os.fsync(file.fileno())
        return being_written.rename(self.path / f"{self._kind}-{self._next_number():06d}.pdf")

    def status(self) -> PrinterStatus:
        there = self.path if self.path.exists() else self.path.parent
        if os.access(there, os.W_OK):
            return PrinterStatus(reachable=True)
        return PrinterStatus(reachable=False, unreachable_because=f"Nobody may write to {self.path}.")

    def _next_number(self) -> int:
        names = (path.stem.removeprefix(f"{self._kind}-") for path in self.path.glob(f"{self._kind}-*.pdf"))
        return 1 + max((int(name) for name in names if name.isdecimal()), default=0)
