"""What this machine last saw in the database, kept outside of it: so that an older copy put back is noticed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec
from platformdirs import user_state_dir
from sqlalchemy import Connection

from sync_server.feed.service import heads
from sync_server.ingest import log
from sync_server.settings import Settings


class Seen(msgspec.Struct, frozen=True):
    """`feeds` are streams with their (epoch, version). It may lag behind the database, never lead."""

    last_ingest_id: int
    feeds: dict[str, tuple[str, int]]


def look(tx: Connection) -> Seen:
    return Seen(log.last_ingest_id(tx), heads(tx))


def is_older(now: Seen, before: Seen) -> bool:
    """Whether `now` is an earlier state of the same history. Another history, such as a new shop's, is none."""
    shared = [
        stream for stream, (epoch, _) in before.feeds.items() if now.feeds.get(stream, ("",))[0] == epoch
    ]
    if not shared:
        return False
    behind = any(now.feeds[stream][1] < before.feeds[stream][1] for stream in shared)
    return behind or len(shared) < len(before.feeds) or now.last_ingest_id < before.last_ingest_id


class AnchorFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: Seen | None = None

    def read(self) -> Seen | None:
        """None where there is none, or nothing that can be read: then the tills are the ones to notice."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Seen)
        except (OSError, msgspec.DecodeError):
            return None

    def write(self, seen: Seen) -> None:
        """Whole or not at all."""
        if seen == self._written:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(self._path.name + ".new")
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(seen))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        self._written = seen


def anchor_of(settings: Settings) -> AnchorFile:
    """The database's own file, named after its address: this machine may serve several."""
    folder = Path(settings.anchor_dir or user_state_dir("evertill-server"))
    name = hashlib.sha256(settings.url().encode()).hexdigest()[:16]
    return AnchorFile(folder / f"{name}.json")
