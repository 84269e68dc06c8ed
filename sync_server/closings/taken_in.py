"""What a person took in from a frame and has no place in its till's journals: no archive has it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, select

from shared_models.closing import Reached
from shared_models.sync_api import WireEntry
from sync_server.ingest.frame_contents import IS_TAKEN_IN, NO_LIMIT, Fact, fact_of, frames, logged
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
    came: dict[Fact, TakenIn] = {}
    for frame in frames(tx, IS_TAKEN_IN, quarantine.c.till_id == till_id, largest=NO_LIMIT):
        for entry in frame.push.entries if frame.push else ():
            came.setdefault(fact_of(entry), TakenIn(frame.id, entry.event_id, entry))
    found = {at.ingest_id: came[fact]._replace(event_id=at.event_id) for fact, at in logged(tx, came).items()}
    if not found:
        return ()
    facts, places, kept = ingest_log.c, ingest_pos.c, quarantine.c
    here = places.incarnation.in_([bytes.fromhex(one.incarnation) for one in journals])
    elsewhere = (
        select(facts.ingest_id).where(facts.ingest_id.in_(found), facts.till_id != till_id),
        select(places.ingest_id).where(places.ingest_id.in_(found), here),
        select(kept.ingest_id).where(kept.ingest_id.in_(found), kept.set_aside_for.is_not(None)),
    )
    gone = {id for query in elsewhere for id in tx.scalars(query)}
    return tuple(one for id, one in found.items() if id not in gone)
