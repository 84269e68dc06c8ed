"""A real hub in a process of its own, enrolled at a served shop; its line to the shop can be cut, its disk lost."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event

import httpx
import msgspec
from litestar import Litestar
from sqlalchemy import select, update

from sync_server.database import Database
from sync_server.hub_app import HubState, StoreHub, create_hub_app
from sync_server.ingest.tables import ingest_log
from sync_server.ports import system_now_ms
from sync_server.settings import Settings
from sync_server.store_hub import identity, journals
from sync_server.store_hub.central import Central
from tests.empty_shop import migrated_shop
from tests.flows.chaos_proxy import ChaosProxy
from tests.flows.served_process import WITHOUT_TLS, ServedProcess
from tests.flows.served_shop import ServedShop

FOLDER = "EVERTILL_TEST_HUB"


def application() -> Litestar:
    """What the hub's process runs."""
    settings = _settings(Path(os.environ[FOLDER]))
    return create_hub_app(settings, *identity.read(settings.data_dir))


def _settings(folder: Path) -> Settings:
    return Settings(data_dir=folder, poke_seconds=2)


class ServedHub:
    """`line` is the hub's own way to the central server."""

    def __init__(self, folder: Path, shop: ServedShop) -> None:
        self.folder = folder
        self._shop = shop
        self.line = ChaosProxy(shop.address, aim=b"POST /sync/hub/push")
        self._process = ServedProcess()
        self.enrol()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._process.port}"

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self._process.port)

    def enrol(self) -> None:
        with self._shop.db.write() as tx:
            code = self._shop.services.hubs.make_code(tx, "03", "Ada").code
        identity.enrol(self.folder, self.line.url, code, identity.PROGRAM, _asked)
        migrated_shop(self.folder / "evertill.db").close()

    def start(self) -> None:
        self._process.start("tests.flows.served_hub:application", {FOLDER: str(self.folder)})

    def kill(self) -> None:
        self._process.kill()

    def lose_disk(self) -> None:
        """Another machine takes its place, with a code of its own."""
        shutil.rmtree(self.folder)
        self.enrol()

    def learn_of_the_store(self) -> None:
        """One greeting, and the power goes."""
        settings = _settings(self.folder)
        place, sign = identity.read(settings.data_dir)
        central = Central(place.central_url, place.hub_id, sign)
        hub = StoreHub(settings, place, self.database(), central, central, system_now_ms)
        hub.forwarder.greet()
        hub.stop()
        hub.db.close()

    def alter_the_newest_body(self) -> None:
        """The hub must not run."""
        database = self.database()
        with database.write() as tx:
            newest = tx.execute(select(ingest_log).order_by(ingest_log.c.ingest_id.desc()).limit(1)).one()
            altered = update(ingest_log).where(ingest_log.c.ingest_id == newest.ingest_id)
            tx.execute(altered.values(body=newest.body + b" "))
        database.close()

    def database(self) -> Database:
        return Database(_settings(self.folder).url())

    def stored(self) -> list[tuple[bytes, bytes]]:
        """(event id, body) of every fact on the hub's disk."""
        database = self.database()
        try:
            with database.read() as tx:
                rows = tx.execute(select(ingest_log.c.event_id, ingest_log.c.body)).all()
        finally:
            database.close()
        return [(bytes(row.event_id), bytes(row.body)) for row in rows]

    def state(self) -> HubState:
        answer = httpx.get(f"{self.url}/hub", timeout=10, verify=WITHOUT_TLS)
        return msgspec.json.decode(answer.content, type=HubState)

    def has_met_the_server(self) -> bool:
        """Since its tills brought it their journals."""
        database = self.database()
        try:
            with database.read() as tx:
                return not journals.any_unasked(tx)
        finally:
            database.close()

    def wait(self, until: Callable[[], bool], seconds: float = 40) -> None:
        end, pause = time.monotonic() + seconds, Event()
        while not until():
            assert time.monotonic() < end, self.state()
            pause.wait(0.1)

    def close(self) -> None:
        self._process.stop()
        self.line.stop()


def _asked(
    place: identity.HubPlace, sign: identity.Sign, request: identity.HubEnrolRequest
) -> identity.HubEnrolled:
    with closing(Central(place.central_url, place.hub_id, sign)) as central:
        return central.enrol(request)
