"""Head office under siege: the product's server on a PostgreSQL of its own; both can be killed and put back."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event
from typing import TypeVar

import httpx
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from installers.demo.server_process import free_port
from shared_models.gtin import check_digit
from shared_models.store_config import StoreConfig
from shared_models.tax import Tax
from sync_server.catalogue.service import DEFAULT_TAX_CATEGORY, ProductFields
from sync_server.database import Database
from sync_server.ingest.tables import ingest_log
from sync_server.migrations import migrate
from sync_server.ports import random_id, system_now_ms
from sync_server.pricing.service import KeptTaxCategory
from sync_server.services import Services, build_services
from sync_server.settings import PREFIX, Settings
from tests.chaos.own_postgres import OwnPostgres
from tests.chaos.robot_till import PIN
from tests.chaos.till import ROOT, CommandFailed

STORE = "03"
_PASSWORD = "correct horse battery"
_PATIENCE_S = 60
_VAT = Tax("vat", "VAT", 190_000, included=True)
T = TypeVar("T")


class DidNotStart(Exception):
    """The server does not answer; the message ends with what it wrote."""


class HeadOffice:
    """`folder` must be one that another user may enter: as root, PostgreSQL runs as somebody else."""

    def __init__(self, folder: Path, products: int, tills: Iterable[str]) -> None:
        self._folder = folder
        self._data = folder / "server"
        self._data.mkdir()
        self.log = folder / "server.log"
        self.database = OwnPostgres(folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._is_paused = False
        self._settings = Settings(
            data_dir=self._data,
            database_url=self.database.url,
            port=free_port(),
            secret=os.urandom(24).hex(),
        )
        self.address = ("127.0.0.1", self._settings.port)
        self.url = f"http://127.0.0.1:{self._settings.port}"
        self.db = Database(self._settings.url())
        migrate(self.db)
        self.services: Services = build_services(self._settings, self.db, system_now_ms, random_id, None)
        self.barcodes = [_barcode(number) for number in range(products)]
        self._product_ids = self._open_shop(tills)
        self._client = httpx.Client(base_url=self.url, timeout=1)

    def _open_shop(self, tills: Iterable[str]) -> list[str]:
        with self.db.write() as tx:
            services = self.services
            services.accounts.create(tx, "Ada", _PASSWORD, "admin")
            services.stores.create(tx, StoreConfig(store_id=STORE, name="Corner", currency="EUR"))
            services.pricing.save_tax_category(tx, KeptTaxCategory(DEFAULT_TAX_CATEGORY, "Standard", (_VAT,)))
            services.staff.hire(tx, "Ana", PIN, "manager", [STORE])
            made = [
                services.catalogue.create(tx, ProductFields(sku=code, name=f"Thing {code}", barcodes=(code,)))
                for code in self.barcodes
            ]
            ids = [one.product.product_id for one in made]
            services.pricing.set_prices(tx, [(id, 99 + at) for at, id in enumerate(ids)], "Ada")
            for till_id in tills:
                services.stores.add_till(tx, till_id, STORE, "")
        return ids

    def code(self, till_id: str) -> str:
        with self.db.write() as tx:
            return self.services.tills.make_code(tx, till_id, "Ada").code

    # the server's process

    def start(self) -> None:
        if self._process is not None:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command("serve"),
                cwd=ROOT,
                env=self._environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_it_answers(self) -> None:
        end, pause = time.monotonic() + _PATIENCE_S, Event()
        while True:
            try:
                if self._client.get("/ready").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            if time.monotonic() > end:
                raise DidNotStart(self.log.read_text(errors="replace")[-2000:])
            pause.wait(0.1)

    def kill(self) -> bool:
        """Whether there was something to kill; no process of the server gets to say anything."""
        if self._process is None:
            return False
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(_PATIENCE_S)
        self._process, self._is_paused = None, False
        return True

    def pause(self) -> bool:
        if self._process is None or self._is_paused:
            return False
        os.killpg(self._process.pid, signal.SIGSTOP)
        self._is_paused = True
        return True

    def go_on(self) -> None:
        if self._process is not None and self._is_paused:
            os.killpg(self._process.pid, signal.SIGCONT)
        self._is_paused = False

    def ended_by_itself(self) -> bool:
        """Noted by the caller; it is started again by `start`."""
        if self._process is None or self._process.poll() is None:
            return False
        self._process = None
        return True

    def _environment(self) -> dict[str, str]:
        others = {name: value for name, value in os.environ.items() if not name.startswith("EVERTILL_")}
        return others | {
            f"{PREFIX}DATA_DIR": str(self._data),
            f"{PREFIX}DATABASE_URL": self._settings.database_url,
            f"{PREFIX}PORT": str(self._settings.port),
            f"{PREFIX}SECRET": self._settings.secret,
            "XDG_STATE_HOME": str(self._folder / "state"),
            "PYTHONPATH": str(ROOT),
        }

    def put_back(self, draw: float) -> None:
        """The database, from a copy; the server must not run.

        Somebody says so by `evertill-server restored`, or the server must notice by its anchor, or that is lost too.
        """
        self.database.put_back(draw)
        match int(draw * 999) % 3:
            case 0:
                command, environment = self._command("restored"), self._environment()
                subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True)
            case 1:
                shutil.rmtree(self._folder / "state", ignore_errors=True)

    def take_in(self, file: Path, code: str) -> None:
        """What a till could not send, brought on a stick; also while the server serves."""
        command = self._command("import-outbox", str(file), "--code", code)
        done = subprocess.run(
            command, env=self._environment(), cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CommandFailed(done.stdout + done.stderr)

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "sync_server.cli", *words]

    # what happens there, and what it knows

    def change_a_price(self, chance: random.Random) -> bool:
        """Over HTTP, as head office does; whether the server took it."""
        try:
            if "Authorization" not in self._client.headers:
                self._log_in()
            asked = {
                "product_id": chance.choice(self._product_ids),
                "unit_price_minor": chance.randint(50, 900),
            }
            answer = self._client.post("/api/v1/prices", json=asked)
        except httpx.TransportError:
            return False
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            del self._client.headers["Authorization"]
        return answer.is_success

    def _log_in(self) -> None:
        answer = self._client.post("/api/v1/auth/login", json={"name": "Ada", "password": _PASSWORD})
        if answer.is_success:
            self._client.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def ask(self, question: Callable[[Connection], T]) -> T:
        """In one snapshot. A connection that died with an earlier database is replaced once."""
        try:
            with self.db.read() as tx:
                return question(tx)
        except DBAPIError:
            with self.db.read() as tx:
                return question(tx)

    def held(self) -> frozenset[bytes]:
        return self.ask(lambda tx: frozenset(bytes(one) for one in tx.scalars(select(ingest_log.c.event_id))))

    def close(self) -> None:
        self.kill()
        self._client.close()
        self.db.close()
        self.database.close()


def _barcode(number: int) -> str:
    digits = f"{400_000_000_000 + number}"
    return f"{digits}{check_digit(digits)}"
