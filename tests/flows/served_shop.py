"""A real server in a process of its own: one store, products, tills to enrol, on SQLite in a given folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import httpx
from litestar import Litestar
from sqlalchemy import select

from shared_models.store_config import StoreConfig
from sync_server.app import create_app
from sync_server.catalogue.service import ProductFields
from sync_server.database import Database
from sync_server.ingest.tables import ingest_log, ingest_pos
from sync_server.schema import metadata
from sync_server.services import Services, build_services
from sync_server.settings import Settings

FOLDER = "EVERTILL_TEST_FOLDER"
DATABASE = "EVERTILL_TEST_DATABASE"
ROOT = Path(__file__).parents[2]


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
        self.db = Database(settings.url())
        metadata.create_all(self.db.engine)
        self.services: Services = build_services(settings, self.db, _now_ms, _new_id, None)
        if tills:
            self._open_store(tills)
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

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
        command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--workers", "1"]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--log-level", "warning"]
        command.append("tests.flows.served_shop:application")
        environment = {**os.environ, FOLDER: str(self._folder), DATABASE: self._database_url}
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
        self._wait_until_it_answers()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None

    def kill(self) -> None:
        """As a power cut does it: no process of the server gets to say anything."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        self._process = None

    def close(self) -> None:
        self.stop()
        self.db.close()

    def _wait_until_it_answers(self) -> None:
        assert self._process is not None
        end, pause = time.monotonic() + 30, Event()
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/sync/challenge", timeout=5)
                return
            except httpx.TransportError:
                assert self._process.poll() is None, "the server ended at once"
                assert time.monotonic() < end, "the server does not answer"
                pause.wait(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _new_id() -> str:
    return os.urandom(16).hex()
