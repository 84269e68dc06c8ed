"""The till's copy of reference data with the oracle looking on: within an epoch it never goes back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pos_client.store.catalogue import CatalogueFile
from shared_models.reference import FeedPage

if TYPE_CHECKING:
    from tests.simulation.till import Till


class WatchedCopy:
    """Implements `sync.ports.CatalogueCopy`."""

    def __init__(self, copy: CatalogueFile, till: Till) -> None:
        self._copy = copy
        self._till = till

    def __getattr__(self, name: str) -> Any:
        return getattr(self._copy, name)

    def apply(self, page: FeedPage) -> bool:
        before = self._cursors()
        fits = self._copy.apply(page)
        after = self._cursors()
        for stream, (epoch, ver) in before.items():
            if fits and after.get(stream, ("", 0))[0] == epoch and after[stream][1] < ver:
                self._till.oracle.blame(
                    9, f"{self._till.name} went back from {stream}:{ver} to {after[stream][1]}"
                )
        if fits and after.get(page.stream) != (page.epoch, page.to):
            self._till.oracle.blame(9, f"{self._till.name} took {page.stream} to {page.to} and is elsewhere")
        return fits

    def swap_in(self, path: Path) -> None:
        self._copy.swap_in(path)
        self._till.tally["snapshots taken"] += 1

    def _cursors(self) -> dict[str, tuple[str, int]]:
        return {at.stream: (at.epoch, at.ver) for at in self._copy.positions()}
