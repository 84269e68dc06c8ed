"""The server's signed word of what it holds, as the till keeps it: the strongest of each incarnation."""

from __future__ import annotations

from pos_client.store.connection import Driver
from shared_models.checkpoint import Checkpoint

_KEEP = (
    "insert into checkpoint(incarnation, high, hash, at_ms, key_id, signature) values (?, ?, ?, ?, ?, ?)"
    " on conflict(incarnation) do update set high = excluded.high, hash = excluded.hash,"
    " at_ms = excluded.at_ms, key_id = excluded.key_id, signature = excluded.signature"
    " where excluded.high >= checkpoint.high"
)


def keep_checkpoint(connection: Driver, checkpoint: Checkpoint) -> None:
    """In place of an earlier one, unless that reaches further: a restored server holds less for a while."""
    connection.execute(
        _KEEP,
        (
            checkpoint.incarnation,
            checkpoint.high,
            checkpoint.hash,
            checkpoint.at_ms,
            checkpoint.key_id,
            checkpoint.signature,
        ),
    )


def checkpoints(connection: Driver) -> tuple[Checkpoint, ...]:
    rows = connection.execute(
        "select incarnation, high, hash, at_ms, key_id, signature from checkpoint order by incarnation"
    ).fetchall()
    return tuple(Checkpoint(*row) for row in rows)
