"""After the last fault: whether everything has arrived, and everybody has the same catalogue."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from sync_server.ingest.tables import ingest_pos, ingest_queue
from tests.chaos.head_office import STORE, HeadOffice
from tests.chaos.till import BesiegedTill


def is_drained(office: HeadOffice, tills: Sequence[BesiegedTill]) -> bool:
    """The tills know that all of it was taken, the server has booked it, and really holds it."""
    if office.ask(_not_booked) or sum(till.unsent() for till in tills):
        return False
    held = office.held()
    return all(entry.event_id in held for till in tills for entry in till.journal())


def is_level(office: HeadOffice, tills: Sequence[BesiegedTill]) -> bool:
    """Every till's copy of the catalogue is the server's, by epoch, version and checksum."""
    heads = office.ask(lambda tx: office.services.feed.positions(tx, STORE))
    wanted = sorted((head.stream, head.epoch, head.ver, str(head.checksum)) for head in heads if head.ver)
    return all([at for at in till.feed_positions() if at[2]] == wanted for till in tills)


def _not_booked(tx: Connection) -> int:
    """Entries in the queue, and such as came raw and were not taken in yet."""
    queued = tx.scalar(select(func.count()).select_from(ingest_queue))
    raw = tx.scalar(select(func.count()).where(ingest_pos.c.ingest_id.is_(None)))
    return int(queued or 0) + int(raw or 0)
