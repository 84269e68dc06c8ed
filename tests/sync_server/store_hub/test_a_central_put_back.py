"""The central server goes back to an older backup while a hub has passed on what is nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import delete, insert, select

from shared_models.signing import public_key_of, signer
from shared_models.sync_api import Push
from sync_server.database import Database
from sync_server.exceptions.service import ExceptionService
from sync_server.ingest.raw_frames import RawFrames
from sync_server.ingest.tables import ingest_log, quarantine
from sync_server.recovery.restored import Recovery
from sync_server.schema import metadata
from sync_server.store_hub import journals
from sync_server.store_hub.central import Central
from sync_server.store_hub.forwarder import Forwarder
from sync_server.store_hub.journals import HubAdmission
from sync_server.sync_messages import TillIdentity
from tests.sync_server.a_hub import AHub, enrolled_hub
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store
from tests.sync_server.conftest import Clock
from tests.sync_server.made_up_days import a_line, a_sale

_UNREADABLE = b"what a till could bring no other way"


class CentralInProcess(Central):
    """The product's own way to the central server, over a client of the tests."""

    def __init__(self, hub: AHub) -> None:
        super().__init__("http://central", hub.hub_id, signer(hub.key))
        self._client.close()
        self._client = hub.client


class Shop:
    """A hub with a disk of its own, and one till that sold four times."""

    def __init__(self, hub_db: Database, central_db: Database, hub: AHub, till: ATill, clock: Clock) -> None:
        self._hub_db = hub_db
        self._central_db = central_db
        self._clock = clock
        self.till = till
        self._recovery = Recovery(central_db, ExceptionService(clock), None, clock)
        self.who = TillIdentity(till.device_id, "03-1", "03")
        central = CentralInProcess(hub)
        self.forwarder = Forwarder(hub_db, central, central, "hub", clock, lambda: 0, lambda: True)

    def brings(self, push: Push) -> None:
        admission = HubAdmission(
            ExceptionService(self._clock), lambda tx, device: b"", lambda tx, store: True, self._clock
        )
        with self._hub_db.write() as tx:
            admission.admit(tx, self.who, public_key_of(self.till.key), push)

    def brings_raw(self, frame: bytes) -> None:
        with self._hub_db.write() as tx:
            RawFrames(ExceptionService(self._clock), self._clock).keep(tx, self.who, frame, "it fails")

    def greets_and_passes_on(self) -> None:
        self.forwarder.round()
        self.forwarder.greet()
        self.forwarder.round()
        with self._hub_db.read() as tx:
            assert journals.waiting(tx) == (0, None)

    def frames_at_the_central(self) -> list[bytes]:
        with self._central_db.read() as tx:
            return [bytes(raw) for raw in tx.scalars(select(quarantine.c.raw).order_by(quarantine.c.at_ms))]

    def sales_at_the_central(self) -> list[int]:
        with self._central_db.read() as tx:
            return list(tx.scalars(select(ingest_log.c.seq).order_by(ingest_log.c.seq)))

    def backup(self) -> dict[str, list[Any]]:
        with self._central_db.read() as tx:
            return {
                table.name: [dict(row) for row in tx.execute(select(table)).mappings()]
                for table in metadata.sorted_tables
            }

    def declare_put_back(self) -> None:
        self._recovery.declare()

    def put_back(self, backup: dict[str, list[Any]]) -> None:
        """Nobody says so to the central server."""
        with self._central_db.write() as tx:
            for table in reversed(metadata.sorted_tables):
                tx.execute(delete(table))
            for table in metadata.sorted_tables:
                if backup[table.name]:
                    tx.execute(insert(table), backup[table.name])


@pytest.fixture
def hub_database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def shop(app: Litestar, database: Database, hub_database: Database, client: Client, clock: Clock) -> Shop:
    open_store(app, database)
    till = enrolled_till(app, database, client)
    for number in range(1, 5):
        till.record(a_sale(number, a_line(1, "p1", number, 99)))
    shop = Shop(hub_database, database, enrolled_hub(app, database, client), till, clock)
    shop.greets_and_passes_on()
    return shop


def test_a_frame_that_moved_no_journal_is_brought_again_to_a_central_server_that_went_back(
    shop: Shop,
) -> None:
    backup = shop.backup()
    shop.brings_raw(_UNREADABLE)
    shop.greets_and_passes_on()
    shop.put_back(backup)
    assert shop.frames_at_the_central() == []
    for _ in range(3):
        shop.greets_and_passes_on()
        assert shop.frames_at_the_central() == [_UNREADABLE]


def test_a_frame_is_brought_again_though_the_till_grew_past_its_old_height_before_the_hub_greeted(
    shop: Shop,
) -> None:
    shop.brings(shop.till.batch(1, 2))
    shop.greets_and_passes_on()
    backup = shop.backup()
    shop.brings_raw(_UNREADABLE)
    shop.brings(shop.till.batch(3, 3))
    shop.greets_and_passes_on()
    shop.put_back(backup)
    assert shop.till.push(3, 4).high == 4
    shop.greets_and_passes_on()
    assert (shop.frames_at_the_central(), shop.sales_at_the_central()) == ([_UNREADABLE], [1, 2, 3, 4])


def test_a_frame_since_the_last_greeting_is_brought_again_where_somebody_says_that_the_server_was_put_back(
    shop: Shop,
) -> None:
    backup = shop.backup()
    shop.brings_raw(_UNREADABLE)
    shop.forwarder.round()
    shop.put_back(backup)
    shop.declare_put_back()
    shop.greets_and_passes_on()
    assert shop.frames_at_the_central() == [_UNREADABLE]
