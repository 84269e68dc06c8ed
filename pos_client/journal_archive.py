"""A till's whole journal as an archive for auditors, which `verifier` checks without this program. Only reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pos_client.journal_export import make_empty
from pos_client.store.checkpoints import checkpoints
from pos_client.store.connection import Database, Driver
from pos_client.store.journal import COLUMNS, entry_of
from pos_client.store.migrations import refuse_older
from pos_client.store.positions import position
from pos_client.store.segments import Segment, segments
from pos_client.till.errors import StorageFailed
from shared_models.archive import MANIFEST, ArchivedJournal, file_name, line_of, manifest
from shared_models.server_keys import KeyTerm


def archive(
    path: Path, key: str | None, folder: Path, public_key: bytes, server_terms: Sequence[KeyTerm] = ()
) -> int:
    """How many entries were written into `folder`, a new one. The manifest is last: without it nothing is whole.

    `public_key` is the till's, for incarnations that an older version noted none of.
    """
    if not path.exists():
        raise StorageFailed(f"There is no database at {path}. Nothing was archived.", path=str(path))
    make_empty(folder)
    database = Database(path, key, read_only=True)
    try:
        with database.read() as connection:
            refuse_older(connection)
            return _write(connection, folder, public_key, server_terms)
    except OSError as reason:
        raise StorageFailed(f"{folder} can't be written to: {reason.strerror}.", path=str(folder)) from reason
    finally:
        database.close()


def _write(connection: Driver, folder: Path, public_key: bytes, server_terms: Sequence[KeyTerm]) -> int:
    journals, count = [], 0
    for segment in segments(connection):
        journals.append(_archived(segment, public_key))
        with (folder / file_name(segment.incarnation)).open("wb") as file:
            for row in connection.execute(
                f"select {COLUMNS} from entry where pos >= ? and pos < ? order by pos",
                (position(segment.id, 0), position(segment.id + 1, 0)),
            ):
                file.write(line_of(entry_of(segment.incarnation, row)))
                count += 1
    (folder / MANIFEST).write_bytes(
        manifest(journals, checkpoints(connection), [term.public_key for term in server_terms], server_terms)
    )
    return count


def _archived(segment: Segment, public_key: bytes) -> ArchivedJournal:
    return ArchivedJournal(
        incarnation=segment.incarnation,
        parent=segment.parent or b"",
        parent_seq=segment.parent_seq,
        parent_hash=segment.parent_hash,
        public_key=segment.public_key or public_key,
        head_seq=segment.head_seq,
        head_hash=segment.head_hash,
    )
