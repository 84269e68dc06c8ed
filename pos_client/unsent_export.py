"""What has not been sent, or a whole journal, as an encrypted file for a USB stick. Only reads, also beside a till."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from pos_client.store.salvage import Life, Salvage
from pos_client.till.errors import StorageFailed
from shared_models.journal import Entry
from shared_models.outbox_file import OutboxHead, OutboxWriter
from shared_models.sync_api import Push, WireEntry

_BATCH_ENTRIES = 256
_BATCH_BYTES = 1 << 20


class Exported(msgspec.Struct, frozen=True):
    file: Path
    entries: int


def export_unsent(
    sources: Sequence[Path],
    key: str | None,
    file: Path,
    code: str,
    salt: bytes,
    head: OutboxHead,
    *,
    everything: bool,
) -> Exported:
    """From a till's database, a damaged one or a second copy; `everything`: also what the server has had already.

    The file appears whole or not at all. Raises StorageFailed.
    """
    if file.exists():
        raise StorageFailed(f"{file} is there already. Name a new file; nothing was written.")
    salvage = Salvage(sources, key)
    part = file.with_name(file.name + ".part")
    try:
        lives = salvage.lives()
        if not lives:
            raise StorageFailed(f"No journal can be read in {sources[0]}. Check the file and the key.")
        head = msgspec.structs.replace(
            head, journals=tuple((life.incarnation, life.public_key) for life in lives)
        )
        with part.open("wb") as out:
            writer = OutboxWriter(out, code, salt, head)
            count = 0
            for life in lives:
                for push in _pushes(salvage, life, 0 if everything else life.acked):
                    writer.add(push)
                    count += len(push.entries)
            writer.end()
        part.replace(file)
    except OSError as reason:
        part.unlink(missing_ok=True)
        raise StorageFailed(f"{file} can't be written: {reason.strerror}. Nothing was written.") from reason
    finally:
        salvage.close()
    return Exported(file, count)


def _pushes(salvage: Salvage, life: Life, after: int) -> Iterator[Push]:
    """Runs of entries without a gap."""
    batch: list[Entry] = []
    size = 0
    for entry in salvage.entries(life):
        if entry.seq <= after:
            continue
        full = len(batch) == _BATCH_ENTRIES or size + len(entry.body) > _BATCH_BYTES
        if batch and (full or entry.prev != batch[-1].hash or entry.seq != batch[-1].seq + 1):
            yield _push(life, batch)
            batch, size = [], 0
        batch.append(entry)
        size += len(entry.body)
    if batch:
        yield _push(life, batch)


def _push(life: Life, batch: Sequence[Entry]) -> Push:
    entries = tuple(
        WireEntry(
            event_id=entry.event_id,
            type=entry.type,
            schema=entry.schema,
            body=entry.body,
            signature=entry.signature,
            algorithm=entry.algorithm,
        )
        for entry in batch
    )
    return Push(
        incarnation=life.incarnation,
        first_seq=batch[0].seq,
        prev=batch[0].prev,
        entries=entries,
        head_hash=batch[-1].hash,
        parent=life.parent,
        parent_seq=life.parent_seq,
        parent_hash=life.parent_hash,
    )
