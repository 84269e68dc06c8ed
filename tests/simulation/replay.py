"""After all is at rest: old requests come once more, in any order, and a till is shut out. Neither changes a figure."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import sqlcipher3.dbapi2 as driver

from pos_client.sync.outcomes import Refused, Reply
from shared_models import wire
from shared_models.sync_api import Push
from tests.simulation.chance import Chance
from tests.simulation.disk import SERVER_FILE
from tests.simulation.network import Request
from tests.simulation.oracle import Broken

if TYPE_CHECKING:
    from tests.simulation.world import World

_WHAT_COUNTS = {
    "ingest_log": "event_id, type, schema, body",
    "ingest_pos": "incarnation, seq, event_id, hash",
    "incarnation": "incarnation, high, head_hash",
    "ingest_queue": "ingest_id",
    "sale": "event_id, total_minor",
    "sale_line": "event_id, line, gross_minor",
    "sale_tender": "event_id, line, kept_minor",
    "stock_move": "event_id, line, product_id, quantity_milli",
    "stock_level": "product_id, on_hand_milli",
    "feed_head": "stream, epoch, ver, checksum",
}
"""What a second delivery may not touch. It may well make a case for head office: an old hello looks like an old
till."""
_SHUT_OUT_OF = ("hello", "push", "hashes", "feed", "snapshot")


def broken_by_replay(world: World, chance: Chance) -> Iterator[Broken]:
    world.office.rests_from_curses = True
    yield from _repeat(world, chance)
    yield from _shut_one_out(world, chance)


def _repeat(world: World, chance: Chance) -> Iterator[Broken]:
    """Invariant 22."""
    world.office.apply_all()
    before = _state(world)
    wanted = [one for one in world.oracle.requests if not _brings_back(world, one)]
    for request in chance.some(wanted, 2 * len(wanted)):
        world.office.serve(request)
        world.tally["requests replayed"] += 1
    world.office.apply_all()
    after = _state(world)
    if changed := [table for table, was in before.items() if after[table] != was]:
        yield Broken(22, f"old requests that came again changed {', '.join(changed)}")


def _brings_back(world: World, request: Request) -> bool:
    """What was on no disk any more and is in this very request comes to life by it, as it should."""
    if request.door not in ("push", "push_raw", "hub_push", "hub_push_raw"):
        return False
    push = wire.unpack(request.body, Push)
    return any(entry.event_id in world.oracle.gone for entry in push.entries)


def _shut_one_out(world: World, chance: Chance) -> Iterator[Broken]:
    """Invariant 26: what it sends is kept, and it hears nothing."""
    pushes = [one for one in world.oracle.requests if one.door == "push"]
    if not pushes:
        return
    chosen = chance.pick(pushes)
    world.office.revoke(chosen.who.device_id)
    for request in world.oracle.requests:
        if request.who == chosen.who and request.door in _SHUT_OUT_OF:
            answer = world.office.serve(request)
            if not (isinstance(answer, Refused) and answer.code == "till_revoked"):
                yield Broken(26, f"a till that is shut out heard of {request.door}")
    raw = Request("push_raw", chosen.who, chosen.body, ("shut out",))
    if not isinstance(world.office.serve(raw), Reply) or not world.office.has_raw(chosen.body):
        yield Broken(26, "what a till sent raw after it was shut out is not kept")


def _state(world: World) -> dict[str, str]:
    """A hash of each table's rows, whatever their order."""
    connection = driver.connect(str(world.office.data / SERVER_FILE), isolation_level=None)
    try:
        return {table: _digest(connection, table, columns) for table, columns in _WHAT_COUNTS.items()}
    finally:
        connection.close()


def _digest(connection: Any, table: str, columns: str) -> str:
    digest = blake2b(digest_size=16)
    for row in connection.execute(f"select {columns} from {table} order by {columns}"):
        digest.update(repr(row).encode())
    return digest.hexdigest()
