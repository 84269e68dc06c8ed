"""Which stores somebody may look into: an account may be limited to one."""

from __future__ import annotations

from sync_server.auth import Actor
from sync_server.errors import Forbidden


def store_in_scope(actor: Actor, asked: str | None) -> str | None:
    """The store that a list is limited to, None for all. Raises Forbidden for somebody else's store."""
    if actor.store_id is None:
        return asked or None
    if asked and asked != actor.store_id:
        raise Forbidden("Your account is for another store. Ask an administrator.", store_id=asked)
    return actor.store_id
