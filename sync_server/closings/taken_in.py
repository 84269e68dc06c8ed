"""What a person took in from a frame and has no place in its till's journals: no archive has it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, select

from shared_models.closing import Reached
from shared_models.sync_api import WireEntry
from sync_server.ingest import log
from sync_server.ingest.altered import collision_id
from sync_server.ingest.frame_contents import IS_TAKEN_IN, NO_LIMIT, fact_of, frames
from sync_server.ingest.tables import ingest_log, ingest_pos, quarantine


class TakenIn(NamedTuple):
    """`event_id` is the fact's in the log."""

    frame_id: str
    event_id: bytes
    entry: WireEntry


def taken_in(tx: Connection, till_id: str, journals: Iterable[Reached]) -> tuple[TakenIn, ...]:
    """Each fact once, unless another till sent it before, or a person set it aside since.

    Booked or not, a closing names it by its frame and has it in no figure: no journal that is added up has it.
    """
    found: dict[int, TakenIn] = {}
    for frame in frames(tx, IS_TAKEN_IN, quarantine.c.till_id == till_id, largest=NO_LIMIT):
        for entry in frame.push.entries if frame.push else ():
            id, digest = fact_of(entry)
            names = (id, collision_id(id, digest))
            for event_id, known in log.known_events(tx, names).items():
                if known.body_hash == digest:
                    found.setdefault(known.ingest_id, TakenIn(frame.id, event_id, entry))
    if not found:
        return ()
    logged, placed, kept = ingest_log.c, ingest_pos.c, quarantine.c
    here = placed.incarnation.in_([bytes.fromhex(one.incarnation) for one in journals])
    elsewhere = (
        select(logged.ingest_id).where(logged.ingest_id.in_(found), logged.till_id != till_id),
        select(placed.ingest_id).where(placed.ingest_id.in_(found), here),
        select(kept.ingest_id).where(kept.ingest_id.in_(found), kept.set_aside_for.is_not(None)),
    )
    gone = {id for query in elsewhere for id in tx.scalars(query)}
    return tuple(one for id, one in found.items() if id not in gone)
