"""Reading what can be read of a till's journal, from a damaged file or a copy: entry by entry, none unproven."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from pos_client.store.connection import DriverError, open_reader
from pos_client.store.journal import COLUMNS, entry_of
from pos_client.store.positions import position
from shared_models.errors import ShopError
from shared_models.journal import Entry, Verify, check_entry
from shared_models.signing import verifier

_BLIND_STEPS = 2000
"""How many places past the last readable entry are tried where the file can't say how many it has."""
_ENTRY = (int, bytes, str, int, bytes, bytes, bytes, bytes, str)
_LIFE = (bytes, str, bytes | None, int, bytes, int, int, bytes)


class Life(msgspec.Struct, frozen=True):
    """One incarnation, as a file's segment table has it. `public_key` is empty where nobody noted it."""

    incarnation: bytes
    series: str
    parent: bytes | None
    parent_seq: int
    parent_hash: bytes
    acked: int
    safe: int
    public_key: bytes


class Source:
    """One file, which may be damaged anywhere: whatever can't be read is not there."""

    def __init__(self, path: Path, key: str | None) -> None:
        self._connection: Any = None
        with suppress(ShopError):
            self._connection = open_reader(path, key)
        self._ids: dict[bytes, int] = {}

    def lives(self) -> tuple[Life, ...]:
        """Oldest first."""
        columns = ", ".join(Life.__struct_fields__)
        found = []
        for id, *row in self._rows(f"select id, {columns} from segment order by id"):
            if not _fits(tuple(row), _LIFE):
                continue
            life = Life(*row)
            self._ids[life.incarnation] = id
            found.append(life)
        return tuple(found)

    def entry(self, incarnation: bytes, seq: int) -> Entry | None:
        id = self._ids.get(incarnation)
        if id is None:
            return None
        rows = self._rows(f"select {COLUMNS} from entry where pos = ?", position(id, seq))
        return entry_of(incarnation, rows[0]) if rows and _fits(rows[0], _ENTRY) else None

    def head(self, incarnation: bytes) -> int | None:
        """The last entry's seq; None where the file can't say."""
        id = self._ids.get(incarnation)
        if id is None:
            return None
        first, last = position(id, 0), position(id + 1, 0)
        rows = self._rows(
            "select seq from entry where pos > ? and pos < ? order by pos desc limit 1", first, last
        )
        return int(rows[0][0]) if rows else None

    def parked(self, sale_id: str) -> tuple[Any, ...] | None:
        rows = self._rows("select sale_id, parked_at_ms, body from parked where sale_id = ?", sale_id)
        return rows[0] if rows else None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        if self._connection is None:
            return []
        try:
            return list(self._connection.execute(sql, parameters).fetchall())
        except (DriverError, UnicodeDecodeError, MemoryError):
            return []


class Salvage:
    """Several files of one till, the best first. An entry is good when its seal is, wherever it was found."""

    def __init__(self, paths: Sequence[Path], key: str | None) -> None:
        self._sources = [Source(path, key) for path in paths if path.exists()]
        self._lives = [source.lives() for source in self._sources]

    def lives(self) -> tuple[Life, ...]:
        """Of all files, oldest first; what a file says later of the same incarnation counts more."""
        known: dict[bytes, Life] = {}
        for lives in self._lives:
            for life in lives:
                before = known.get(life.incarnation)
                if before is None or life.acked > before.acked:
                    known[life.incarnation] = life
        return tuple(_in_order(list(known.values())))

    def entries(self, life: Life, at_least: int = 0) -> Iterator[Entry]:
        """The good ones in order, with gaps. `at_least` is an entry that is known to have existed."""
        verify = verifier(life.public_key) if life.public_key else None
        heads = [head for source in self._sources if (head := source.head(life.incarnation)) is not None]
        last_known = max([at_least, *heads])
        seq, missed = 0, 0
        while seq < last_known or (not heads and missed < _BLIND_STEPS):
            seq += 1
            found = self._good(life.incarnation, seq, verify)
            missed = 0 if found else missed + 1
            if found:
                yield found

    def parked(self, sale_id: str) -> tuple[Any, ...] | None:
        return next((row for source in self._sources if (row := source.parked(sale_id))), None)

    def close(self) -> None:
        for source in self._sources:
            source.close()

    def _good(self, incarnation: bytes, seq: int, verify: Verify | None) -> Entry | None:
        """What it chains to is taken from itself; whether that fits is seen where entries meet."""
        for source in self._sources:
            entry = source.entry(incarnation, seq)
            if entry is not None and check_entry(entry, seq, entry.prev, verify) is None:
                return entry
        return None


def _fits(row: tuple[Any, ...], kinds: tuple[Any, ...]) -> bool:
    """A damaged page can hold a row of anything."""
    return all(isinstance(value, kind) for value, kind in zip(row, kinds, strict=True))


def _in_order(lives: list[Life]) -> list[Life]:
    """Parents before children."""
    ordered: list[Life] = []
    waiting = lives
    while waiting:
        placed = {life.incarnation for life in ordered}
        there = {life.incarnation for life in waiting}
        free = [
            life
            for life in waiting
            if life.parent is None or life.parent in placed or life.parent not in there
        ]
        free = free or waiting
        ordered += free
        waiting = [life for life in waiting if life not in free]
    return ordered
