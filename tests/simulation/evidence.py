"""What lies on the disks at the end of a run, read with plain SQL."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import sqlcipher3.dbapi2 as driver

from shared_models import wire
from shared_models.cash import CashMoved, ShiftClosed, ShiftOpened
from shared_models.events import TYPES
from shared_models.sale import SalePosted
from shared_models.sync_api import Push
from sync_server.ingest.raw_frames import MOST_TRIES
from tests.simulation.disk import BOOKS_FILE, SERVER_FILE
from tests.simulation.office import is_cursed

if TYPE_CHECKING:
    from tests.simulation.till import Till
    from tests.simulation.world import World

_SEGMENTS = "select id, incarnation, acked from segment order by id"
_ENTRIES = "select event_id, hash from entry where pos >> 40 = ? order by pos"
_LIVING = (
    "select entity, id, body from feed_row join change_feed using (stream, ver, entity, id)"
    " where stream in (select stream from feed_head)"
)
_COPY = (
    "select 'product', product_id, body from product union all select 'price', price_id, body from price"
    " union all select entity, id, body from reference"
)
_LEFT_TO_A_PERSON = (
    "select raw from quarantine where raw is not null and resolved_at_ms is null and attempts >= ?"
)


class StoredPosition(NamedTuple):
    incarnation: bytes
    seq: int
    hash: bytes
    chain_ok: bool
    is_stored: bool


class Journal(NamedTuple):
    """One incarnation as a till holds it."""

    acked: int
    events: list[bytes]
    hashes: list[bytes]


class Evidence:
    """`was_set_back`: some till's disk was replaced by an older copy, or copied; its books can't know everything."""

    def __init__(self, world: World) -> None:
        self.oracle = world.oracle
        self.tills = [till for till in world.tills if not till.is_lost and till.program is not None]
        self.was_set_back = bool(world.tally["till restores"] or world.tally["clones"])
        self.nothing_went_back = not (self.was_set_back or world.tally["server restores"])
        """No till and no server ever forgot what it had said."""
        self.tills_ever = world.conditions.tills
        self._curses = world.conditions.curses
        self._server_file = world.office.data / SERVER_FILE

    def server(self, query: str, *parameters: Any) -> list[Any]:
        return _read(self._server_file, query, *parameters)

    def till(self, till: Till, query: str, *parameters: Any) -> list[Any]:
        return _read(till.data / BOOKS_FILE, query, *parameters)

    # The server

    @cached_property
    def stored(self) -> dict[bytes, tuple[str, int, bytes]]:
        rows = self.server("select event_id, type, schema, body from ingest_log")
        return {event_id: (type_name, schema, body) for event_id, type_name, schema, body in rows}

    @cached_property
    def kept(self) -> set[bytes]:
        """Stored as facts, or raw."""
        raw = self.server("select event_id from ingest_pos where ingest_id is null")
        return {row[0] for row in raw} | self.stored.keys()

    @cached_property
    def positions(self) -> list[StoredPosition]:
        rows = self.server(
            "select incarnation, seq, hash, chain_ok, ingest_id is not null from ingest_pos order by 1, 2"
        )
        return [StoredPosition(*row) for row in rows]

    @cached_property
    def incarnations(self) -> dict[bytes, tuple[int, bytes]]:
        rows = self.server("select incarnation, high, head_hash from incarnation")
        return {incarnation: (high, head_hash) for incarnation, high, head_hash in rows}

    @cached_property
    def quarantined(self) -> dict[bytes, str]:
        rows = self.server(
            "select quarantine_id, reason, detail from quarantine where resolved_at_ms is null"
        )
        return {bytes.fromhex(id): f"{reason}, {detail[:300]}" for id, reason, detail in rows}

    @cached_property
    def frames_of_one_entry(self) -> set[bytes]:
        """The events of those that came raw and that only a person looks at any more."""
        raw = self.server(_LEFT_TO_A_PERSON, MOST_TRIES)
        pushes = [wire.unpack(row[0], Push) for row in raw]
        return {push.entries[0].event_id for push in pushes if len(push.entries) == 1}

    @cached_property
    def living(self) -> dict[tuple[str, str], bytes]:
        return {(entity, id): body for entity, id, body in self.server(_LIVING)}

    @cached_property
    def heads(self) -> dict[str, tuple[str, int]]:
        return {
            stream: (epoch, ver)
            for stream, epoch, ver in self.server("select stream, epoch, ver from feed_head")
        }

    # The tills

    @cached_property
    def journals(self) -> dict[str, dict[bytes, Journal]]:
        return {till.name: self._journal(till) for till in self.tills}

    def _journal(self, till: Till) -> dict[bytes, Journal]:
        found: dict[bytes, Journal] = {}
        for id, incarnation, acked in self.till(till, _SEGMENTS):
            rows = self.till(till, _ENTRIES, id)
            found[incarnation] = Journal(acked, [row[0] for row in rows], [row[1] for row in rows])
        return found

    def catalogue_of(self, till: Till) -> dict[tuple[str, str], bytes]:
        return {(entity, id): body for entity, id, body in _read(till.data / "catalogue.db", _COPY)}

    def cursors_of(self, till: Till) -> list[tuple[str, str, int]]:
        return _read(till.data / "catalogue.db", "select stream, epoch, ver from feed_state")

    # The model: what was committed, read by itself

    @cached_property
    def facts(self) -> dict[bytes, Any]:
        """Of what is on the server and can be booked."""
        return {
            entry.event_id: fact_of(entry.type, entry.body)
            for entry in self.oracle.committed
            if entry.event_id in self.stored and entry.event_id not in self.oracle.poisoned
        }

    @cached_property
    def sound_events(self) -> set[bytes]:
        """Of what was committed: what can be booked and kills no server."""
        events = {entry.event_id for entry in self.oracle.committed} - set(self.oracle.poisoned)
        return {event_id for event_id in events if not (self._curses and is_cursed(event_id))}

    @cached_property
    def booked_sales(self) -> dict[bytes, SalePosted]:
        return {event_id: fact for event_id, fact in self.facts.items() if isinstance(fact, SalePosted)}

    @property
    def all_sales(self) -> Iterator[SalePosted]:
        """Also of what can't be booked."""
        return (fact for fact in self._all_facts.values() if isinstance(fact, SalePosted))

    @property
    def closings(self) -> Iterator[ShiftClosed]:
        return (fact for fact in self.facts.values() if isinstance(fact, ShiftClosed))

    def effects(self, table: str, event_id: bytes) -> int | None:
        """How many rows the sale should have there; None where nobody knows of such a sale."""
        sale = self.booked_sales.get(event_id)
        if sale is None:
            return None
        if table == "sale_tender":
            return len(sale.tenders)
        return len(sale.lines)

    def drawer_of(self, shift_id: str) -> tuple[int, int]:
        """(cash that should be there, number of sales) of what was committed in the shift, poison and all."""
        cash, count = 0, 0
        for entry in self.oracle.committed:
            fact = self._all_facts[entry.event_id]
            if getattr(fact, "shift_id", None) != shift_id:
                continue
            if isinstance(fact, SalePosted):
                cash += fact.cash_kept_minor()
                count += 1
            elif isinstance(fact, CashMoved):
                cash += fact.signed_minor()
            elif isinstance(fact, ShiftOpened):
                cash += fact.float_minor
        return cash, count

    @cached_property
    def _all_facts(self) -> dict[bytes, Any]:
        return {entry.event_id: fact_of(entry.type, entry.body) for entry in self.oracle.committed}


class _Body(msgspec.Struct):
    fact: msgspec.Raw


def fact_of(type_name: str, body: bytes) -> Any:
    kind = TYPES.get(type_name)
    return msgspec.json.decode(msgspec.json.decode(body, type=_Body).fact, type=kind) if kind else None


def _read(path: Path, query: str, *parameters: Any) -> list[Any]:
    """Through the product's own SQLite: two copies of the library in one process break each other's locks."""
    connection = driver.connect(str(path), isolation_level=None)
    try:
        return connection.execute(query, parameters).fetchall()  # type: ignore[no-any-return]
    finally:
        connection.close()
