"""A real server in a process of its own: one store, products, tills to enrol, on SQLite in a given folder."""

from __future__ import annotations

import os
import time
from pathlib import Path

from litestar import Litestar
from sqlalchemy import select

from shared_models.store_config import StoreConfig
from sync_server.app import create_app
from sync_server.catalogue.service import ProductFields
from sync_server.database import Database
from sync_server.ingest.tables import ingest_log, ingest_pos
from sync_server.services import Services, build_services
from sync_server.settings import Settings
from tests.empty_shop import empty_shop
from tests.flows.served_process import ServedProcess
from tests.sync_server.kept_app import CHEAP_HASHER

FOLDER = "EVERTILL_TEST_FOLDER"
DATABASE = "EVERTILL_TEST_DATABASE"


def application() -> Litestar:
    """What the server's process runs."""
    return create_app(_settings(Path(os.environ[FOLDER]), os.environ[DATABASE]))


def _settings(folder: Path, database_url: str) -> Settings:
    return Settings(
        data_dir=folder,
        database_url=database_url,
        secret="a secret of the tests, long enough for HS256",
        poke_seconds=2,
    )


class ServedShop:
    """`services` are the same services on the same database, for what a test does at head office."""

    def __init__(self, folder: Path, database_url: str = "", tills: tuple[str, ...] = ("03-2",)) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._database_url = database_url
        settings = _settings(folder, database_url)
        self.db = Database(database_url) if database_url else empty_shop(folder / "evertill.db")
        self.services: Services = build_services(settings, self.db, _now_ms, _new_id, CHEAP_HASHER)
        if tills:
            self._open_store(tills)
        self._process = ServedProcess()

    @classmethod
    def reopened(cls, folder: Path) -> ServedShop:
        """On a database that has a store and a till already."""
        return cls(folder, tills=())

    def _open_store(self, tills: tuple[str, ...]) -> None:
        with self.db.write() as tx:
            self.services.stores.create(tx, StoreConfig(store_id="03", name="Corner", currency="EUR"))
            for till_id in tills:
                self.services.stores.add_till(tx, till_id, "03", "")

    @property
    def port(self) -> int:
        return self._process.port

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port)

    def code(self, till_id: str = "03-2") -> str:
        with self.db.write() as tx:
            return self.services.tills.make_code(tx, till_id, "Ada").code

    def add_products(self, *names: str) -> None:
        with self.db.write() as tx:
            for name in names:
                self.services.catalogue.create(tx, ProductFields(sku=name, name=name))

    def stored(self) -> list[tuple[bytes, bytes]]:
        """(event id, body) of every fact, in the order in which they were stored."""
        with self.db.read() as tx:
            rows = tx.execute(
                select(ingest_log.c.event_id, ingest_log.c.body).order_by(ingest_log.c.ingest_id)
            )
            return [(bytes(row.event_id), bytes(row.body)) for row in rows]

    def positions(self) -> list[int]:
        with self.db.read() as tx:
            return list(tx.scalars(select(ingest_pos.c.seq).order_by(ingest_pos.c.seq)))

    def start(self) -> None:
        environment = {FOLDER: str(self._folder), DATABASE: self._database_url}
        self._process.start("tests.flows.served_shop:application", environment)

    def stop(self) -> None:
        self._process.stop()

    def kill(self) -> None:
        """As a power cut does it: no process of the server gets to say anything."""
        self._process.kill()

    def close(self) -> None:
        self.stop()
        self.db.close()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _new_id() -> str:
    return os.urandom(16).hex()
