"""When the till's database is damaged: it is put aside, and a new one begins with all that is still provable.

Putting aside survives a crash at any point: a marker says which name the old file gets, and is there until the new
database holds what was saved.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from pos_client.store import parked
from pos_client.store.anchor import Anchor
from pos_client.store.connection import Driver, DriverError, open_reader
from pos_client.store.journal import Sealed, insert_at
from pos_client.store.positions import position
from pos_client.store.projections import replay
from pos_client.store.salvage import Life, Salvage
from pos_client.store.storage_errors import SUSPECT, is_damage, is_unreadable
from pos_client.till.errors import StorageFailed
from shared_models.errors import ShopError
from shared_models.events import decode_body
from shared_models.ids import series_of
from shared_models.journal import Entry, body_hash, first_prev
from shared_models.moment import Moment
from shared_models.sale import SaleParked, SaleRecalled

_SIDE_FILES = ("-wal", "-shm")
_MARKER = ".rescue"
_PAGE = 4096
_IN_EVERY_BODY = b'{"at_ms":'


class Left(msgspec.Struct, frozen=True):
    """A salvaged incarnation, and its last entry before the first gap."""

    incarnation: bytes
    whole_through: int
    is_whole: bool


def put_aside_if_damaged(path: Path, key: str | None, name: str) -> Path | None:
    """Where the damaged file lies now, under `name` unless an earlier start chose one; None for a sound one.

    A file that is merely locked, or perhaps of another key, is left alone and an opening says what is wrong.
    """
    marker, suspicion = path.with_name(path.name + _MARKER), path.with_name(path.name + SUSPECT)
    if not marker.exists():
        if not path.exists() or not _is_damaged(path, key, closely=suspicion.exists()):
            suspicion.unlink(missing_ok=True)
            return None
        begin(path, name)
    aside = path.with_name(marker.read_text().strip())
    if not aside.exists():
        _rename(path, aside)
    suspicion.unlink(missing_ok=True)
    return aside


def done(path: Path) -> None:
    """The new database holds what was saved."""
    path.with_name(path.name + _MARKER).unlink(missing_ok=True)


def begin(path: Path, name: str) -> None:
    """Whatever the file is: the next opening puts it aside as `name` and goes on with what can be read of it."""
    _write(path.with_name(path.name + _MARKER), name)


def in_words(source: Path) -> str:
    """What happened, as the person at the till may read it."""
    if ".damaged-" in source.name:
        return f"The till's database was damaged: what could be read was kept. The old file is {source}."
    return f"The till's database was gone: it was made again from the copy {source}."


def _is_damaged(path: Path, key: str | None, *, closely: bool) -> bool:
    try:
        connection = open_reader(path, key)
        try:
            connection.execute("select count(*) from segment").fetchone()
            connection.execute("select pos from entry order by pos desc limit 1").fetchone()
            return closely and connection.execute("pragma quick_check(1)").fetchone()[0] != "ok"
        finally:
            connection.close()
    except (ShopError, DriverError) as reason:
        if is_unreadable(reason):
            return key is None and _was_plain(path)
        return is_damage(reason) and path.stat().st_size > 0


def _was_plain(path: Path) -> bool:
    """Whether a file that is no database was one without a key: an encrypted one looks like noise all over."""
    with path.open("rb") as file:
        first = file.read(_PAGE)
        if not first.strip(b"\0"):
            return bool(first)
        before = first
        while chunk := file.read(1 << 20):
            if _IN_EVERY_BODY in before[-len(_IN_EVERY_BODY) :] + chunk:
                return True
            before = chunk
    return False


def _write(marker: Path, name: str) -> None:
    fresh = marker.with_name(marker.name + ".new")
    with fresh.open("w") as file:
        file.write(name)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(marker)


def _rename(path: Path, aside: Path) -> None:
    """The file itself last: once it has its new name, a log beside the old name is the new database's."""
    try:
        for suffix in _SIDE_FILES:
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
        path.replace(aside)
    except OSError as reason:
        raise StorageFailed(
            f"The till's database is damaged and can't be put aside as {aside}: {reason.strerror}. "
            "Check the rights of its folder, then start the till again."
        ) from reason


def put_back(
    connection: Driver, paths: Sequence[Path], key: str | None, anchor: Anchor | None
) -> tuple[Left, ...]:
    """Takes every good entry of these files into an empty database, at its old place, with what follows from it.

    Oldest incarnation first; empty where the files don't even say which there were and `anchor` doesn't either.
    """
    salvage = Salvage(paths, key)
    try:
        lives = salvage.lives() or _life_of(anchor)
        return tuple(
            _take_in(connection, salvage, id, life, anchor) for id, life in enumerate(lives, start=1)
        )
    finally:
        salvage.close()


def _life_of(anchor: Anchor | None) -> tuple[Life, ...]:
    """All that is known where the files say nothing: which journal this machine had."""
    if anchor is None or not anchor.incarnation:
        return ()
    incarnation = bytes.fromhex(anchor.incarnation)
    return (Life(incarnation, series_of(incarnation), None, 0, b"", 0, 0, b""),)


def _take_in(connection: Driver, salvage: Salvage, id: int, life: Life, anchor: Anchor | None) -> Left:
    names = Life.__struct_fields__
    marks = ", ".join("?" * (len(names) + 1))
    connection.execute(
        f"insert into segment(id, {', '.join(names)}) values ({marks})", (id, *msgspec.structs.astuple(life))
    )
    known = anchor.seq if anchor is not None and anchor.incarnation == life.incarnation.hex() else 0
    whole, prev, is_whole = 0, first_prev(life.parent, life.parent_seq, life.parent_hash), True
    for entry in salvage.entries(life, known):
        if is_whole and (entry.seq, entry.prev) == (whole + 1, prev):
            whole, prev = entry.seq, entry.hash
        else:
            is_whole = False
        _replay(connection, salvage, position(id, entry.seq), entry)
    if not is_whole or whole < life.acked:
        connection.execute(
            "update segment set acked = min(acked, ?), safe = min(safe, ?) where id = ?", (whole, whole, id)
        )
    return Left(life.incarnation, whole, is_whole)


def _replay(connection: Driver, salvage: Salvage, pos: int, entry: Entry) -> None:
    try:
        recorded = decode_body(entry.type, entry.schema, entry.body)
    except ShopError:
        insert_at(connection, pos, entry)
        return
    digest = body_hash(entry.type, entry.schema, entry.body)
    sealed = Sealed(pos, Moment(recorded.at_ms, recorded.tz_min), recorded.fact, entry, digest)
    insert_at(connection, pos, entry)
    replay(connection, sealed)
    match sealed.fact:
        case SaleParked(sale_id=sale_id):
            parked.bring_back(connection, salvage.parked(sale_id))
        case SaleRecalled(sale_id=sale_id):
            parked.forget(connection, sale_id)
