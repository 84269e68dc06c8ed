"""Building a catalogue file whole, and packing it under the name of its hash."""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2
import zstandard

from shared_models import catalogue_file
from shared_models.errors import ShopError
from shared_models.reference import CHECKSUM_MODULUS, Change, FeedPosition

_BATCH = 5000
_CHUNK = 1 << 20
_LEVEL = 6


class NotWhatTheFeedSays(ShopError):
    """The rows don't come to the streams' checksums, or the file is damaged."""

    code = "snapshot_damaged"
    status = 503


def build(path: Path, changes: Iterable[Change], positions: Iterable[FeedPosition], at_ms: int) -> None:
    """A new catalogue file at `path` with these living rows: rows first, indexes after, then VACUUM.

    It is proved here, once, so that no till has to read all of it: its name proves the rest. Raises NotWhatTheFeedSays.
    """
    file = sqlcipher3.dbapi2.connect(str(path), isolation_level=None)
    try:
        file.execute("pragma journal_mode=off")
        file.execute("pragma synchronous=off")
        file.executescript(catalogue_file.SCHEMA_SQL)
        file.execute("begin")
        _insert(file, changes)
        positions = tuple(positions)
        state = [(p.stream, p.epoch, p.ver, str(p.checksum), at_ms) for p in positions]
        file.executemany("insert into feed_state values (?, ?, ?, ?, ?)", state)
        file.execute("commit")
        file.executescript(catalogue_file.INDEX_SQL)
        for words in ("product_words", "product_trigrams"):
            file.execute(f"insert into {words}({words}) values ('optimize')")
        file.execute("vacuum")
        _prove(file, positions)
    finally:
        file.close()


def pack(path: Path, folder: Path) -> tuple[str, int]:
    """(sha256, size) of the compressed copy of `path` that now lies in `folder` under its hash."""
    digest, size = sha256(), 0
    packed = path.with_suffix(".zst")
    with path.open("rb") as plain, packed.open("wb") as out:
        for chunk in zstandard.ZstdCompressor(level=_LEVEL).read_to_iter(plain, read_size=_CHUNK):
            out.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        out.flush()
        os.fsync(out.fileno())
    packed.replace(folder / digest.hexdigest())
    return digest.hexdigest(), size


def _prove(file: Any, positions: Iterable[FeedPosition]) -> None:
    (said,) = file.execute("pragma quick_check(1)").fetchone()
    claimed = sum(position.checksum for position in positions)
    found = catalogue_file.checksum(file.execute(catalogue_file.ROW_HASHES_SQL).fetchall())
    if said != "ok" or (claimed - found) % CHECKSUM_MODULUS:
        raise NotWhatTheFeedSays(f"The catalogue file can't be made: {said}, rows of {found} for {claimed}.")


def _insert(file: Any, changes: Iterable[Change]) -> None:
    """Statement by statement in bulk: a million rows one at a time would take minutes."""
    waiting: dict[str, list[tuple[Any, ...]]] = {}
    for change in changes:
        for statement, values in catalogue_file.insertions(change):
            rows = waiting.setdefault(statement, [])
            rows.append(values)
            if len(rows) >= _BATCH:
                file.executemany(statement, rows)
                rows.clear()
    for statement, rows in waiting.items():
        file.executemany(statement, rows)
