"""What of the product runs otherwise here: its one thread that no port leads to, the anchor's, is played by events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pos_client.store import books
from pos_client.store.anchor import AnchorFile

if TYPE_CHECKING:
    from tests.simulation.till import Till

_LAZIEST_MS = 5_000


@contextmanager
def anchors_of(till: Till) -> Iterator[None]:
    """Books that are opened meanwhile write their anchor a while after a commit, in virtual time."""

    class EventuallyWritten(AnchorFile):
        _planned = False

        def __init__(self, path: Path, **given: Any) -> None:
            super().__init__(path, **given)

        def start(self) -> None:
            """No thread."""

        def note(self, incarnation: bytes, seq: int, hash: bytes) -> None:
            super().note(incarnation, seq, hash)
            if not self._planned:
                self._planned = True
                till.scheduler.after(till.chance.spread(1, _LAZIEST_MS), self._write)

        def _write(self) -> None:
            self._planned = False
            if not self._stopping.is_set():
                self.flush()

    usual = books.AnchorFile
    books.AnchorFile = EventuallyWritten  # type: ignore[misc]
    try:
        yield
    finally:
        books.AnchorFile = usual  # type: ignore[misc]
