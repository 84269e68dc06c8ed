"""Making a backup, and proving of any copy that the journal in it is whole.

Only then do the tills hear that their entries are safe; until then they keep them, and heal a server that lost some.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec
import sqlcipher3.dbapi2
from sqlalchemy import Connection, text

from shared_models.errors import ShopError
from sync_server.database import Database
from sync_server.ingest import log, rechecking


class BadBackup(ShopError):
    """The copy does not hold what it should."""

    code = "bad_backup"


class Confirmed(msgspec.Struct, frozen=True):
    """How much of the tills' journals is in a backup that was read to its end."""

    journals: int
    entries: int


def make(path: Path, key: str, target: Path) -> None:
    """A copy of a SQLite file as it is at this moment, beside a server that goes on. PostgreSQL has its own tools."""
    if target.exists():
        raise BadBackup(f"{target} is there already. Name a new file; an old backup is never overwritten.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as reason:
        raise BadBackup(f"The backup could not be written to {target}: {reason.strerror}.") from reason
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        _copy(path, key, unfinished)
        unfinished.rename(target)
    except (sqlcipher3.dbapi2.Error, OSError) as reason:
        unfinished.unlink(missing_ok=True)
        raise BadBackup(f"The backup could not be written to {target}: {reason}.") from reason


def _copy(path: Path, key: str, target: Path) -> None:
    """On the disk when it returns, so that what has its last name is whole whatever happens."""
    source = sqlcipher3.dbapi2.connect(str(path), isolation_level=None)
    try:
        if key:
            source.execute(f"pragma key=\"x'{bytes.fromhex(key).hex()}'\"")
        source.execute("vacuum into ?", (str(target),))
    finally:
        source.close()
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def confirm(live: Database, copy: Database) -> Confirmed:
    """Reads the copy's journals to the end, then notes in the live database how far each is safe."""
    if _is_one(live, copy):
        raise BadBackup("This is the database itself. Name the copy of it that you put back elsewhere.")
    with copy.read() as tx:
        _check_it_stands_alone(tx)
        _check_file(tx)
        ends = {}
        for id in log.incarnations(tx):
            fault = rechecking.first_fault(tx, id)
            if fault:
                raise BadBackup(f"The backup is no good: {fault} Make a new one, and look at the disk.")
            stands = log.incarnation_of(tx, id)
            assert stands is not None
            ends[id] = stands.high, stands.head_hash
    with live.write() as tx:
        highs = {id: high for id, (high, digest) in ends.items() if log.hash_at(tx, id, high) == digest}
        log.mark_safe(tx, highs)
    return Confirmed(len(highs), sum(highs.values()))


def _is_one(live: Database, copy: Database) -> bool:
    """Whether both are the same database, under whatever address: on PostgreSQL they have their locks in common."""
    if live.dialect != copy.dialect:
        return False
    if not live.on_postgresql:
        return os.path.samefile(_file(live), _file(copy))
    key = secrets.randbits(62)
    with live.read() as ours, copy.read() as theirs:
        ours.execute(text("select pg_advisory_xact_lock(:key)"), {"key": key})
        return not theirs.scalar(text("select pg_try_advisory_xact_lock(:key)"), {"key": key})


def _check_it_stands_alone(tx: Connection) -> None:
    """A standby repeats whatever befalls the database that it follows, a deletion too."""
    if tx.dialect.name == "postgresql" and tx.scalar(text("select pg_is_in_recovery()")):
        raise BadBackup(
            "This copy is a standby: it follows the database and loses what that one loses. Name a copy that stands "
            "alone; one that is still being put back is asked again when that is done."
        )


def _file(database: Database) -> str:
    with database.read() as tx:
        return str(tx.exec_driver_sql("select file from pragma_database_list where name = 'main'").scalar())


def _check_file(tx: Connection) -> None:
    if tx.dialect.name != "sqlite":
        return
    said = tx.exec_driver_sql("pragma quick_check(1)").scalar()
    if said != "ok":
        raise BadBackup(f"The backup is damaged: {said}. Make a new one, and look at the disk.")
