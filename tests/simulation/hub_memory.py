"""What the hub's disk must still hold: whatever it took in and no proved backup of the central server has."""

from __future__ import annotations

from pathlib import Path

import sqlcipher3.dbapi2 as driver

from shared_models import wire
from shared_models.sync_api import Push
from tests.simulation.disk import SERVER_FILE, events_on_server
from tests.simulation.oracle import Oracle

_NO_EVENT = b""
"""At a place of which only the hash is left."""
_FRAMES = "select raw from quarantine where raw is not null"


class HubMemory:
    """Looks at the disk by itself, and compares what it finds with what was there the last time."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self._held: set[bytes] = set()
        self._brought_raw: set[bytes] = set()

    def begin_anew(self) -> None:
        """The disk is another one, or an old copy."""
        self._held = set()

    def passes_on_raw(self, frame: bytes) -> None:
        """From now on a person at the central server looks after it."""
        self._brought_raw |= _events_in(frame)

    def look(self, data: Path) -> int:
        """Blames what was forgotten too early; how many entries were forgotten since the last time."""
        here = events_on_server(data) | _events_in_frames(data)
        gone = self._held - here - {_NO_EVENT}
        self._held = here
        if early := gone - self._oracle.proved - self._brought_raw:
            self._oracle.blame(7, f"the hub has forgotten {len(early)} entries that no proved backup has")
        return len(gone)


def _events_in_frames(data: Path) -> set[bytes]:
    connection = driver.connect(str(data / SERVER_FILE), isolation_level=None)
    try:
        return set().union(*(_events_in(raw) for (raw,) in connection.execute(_FRAMES)))
    finally:
        connection.close()


def _events_in(frame: bytes) -> set[bytes]:
    return {entry.event_id for entry in wire.unpack(frame, Push).entries}
