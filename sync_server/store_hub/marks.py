"""The mark of the last greeting: a central server that does not remember it was put back to an older copy."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from shared_models.hub_api import HubHelloReply
from sync_server.hubs.tables import central_mark
from sync_server.store_hub import journals


def last_heard(tx: Connection) -> str:
    return tx.scalar(select(central_mark.c.mark)) or ""


def hear(tx: Connection, heard: HubHelloReply) -> None:
    """A mark is taken over together with what follows from it."""
    if not heard.remembers:
        journals.central_went_back(tx)
    if heard.mark != last_heard(tx):
        tx.execute(delete(central_mark))
        tx.execute(insert(central_mark).values(mark=heard.mark))
