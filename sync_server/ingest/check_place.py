"""How far the background check came, kept over restarts."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, insert, select, update

from sync_server.ingest.tables import journal_check


class CheckState(msgspec.Struct, frozen=True):
    """The round that is under way, and the last one that went from the first entry to the last.

    `ended_ms` is None before there was one; `faults` counts also those that an earlier round had named.
    """

    is_resting: bool
    began_ms: int
    entries: int
    faults: int
    ended_ms: int | None
    ended_entries: int
    ended_faults: int


class Place(NamedTuple):
    """The row of `journal_check`; `at` is None between two rounds."""

    at: bytes | None = None
    seq: int = 0
    began_ms: int = 0
    entries: int = 0
    faults: int = 0
    ended_ms: int | None = None
    ended_entries: int = 0
    ended_faults: int = 0


def read(tx: Connection) -> Place:
    row = tx.execute(select(*(journal_check.c[name] for name in Place._fields))).one_or_none()
    return Place._make(row) if row is not None else Place()


def note(tx: Connection, place: Place) -> None:
    if tx.execute(update(journal_check).values(place._asdict())).rowcount == 0:
        tx.execute(insert(journal_check).values(id=1, **place._asdict()))
