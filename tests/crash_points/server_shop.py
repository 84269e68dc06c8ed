"""A server in the middle of its days, on SQLite or PostgreSQL, and what the people and machines around it would send.

It is made once and copied; every copy goes on with the same time and the same chance.
"""

from __future__ import annotations

import atexit
import hashlib
import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from shared_models import wire
from shared_models.catalogue import Category
from shared_models.evidence_api import FileHeld, FileOffer, FilePiece
from shared_models.outbox_file import OutboxHead, OutboxWriter, code_of
from shared_models.promotions import PercentOff
from shared_models.signing import public_key_of, signer
from shared_models.store_config import StoreConfig
from shared_models.sync_api import Challenge, TokenRequest
from sync_server import cli
from sync_server.catalogue.service import ProductFields
from sync_server.database import Database
from sync_server.migrations import migrate
from sync_server.pricing.promotions import NewPromotion
from sync_server.recovery.anchor import AnchorFile, Seen
from sync_server.services import Services
from sync_server.settings import Settings
from tests.crash_points.repeatable import RepeatableChance, repeatable_chance
from tests.sync_server.a_hub import AHub, enrolled_hub, hub_code
from tests.sync_server.a_till import ATill, code_for, enrolled_till, open_store
from tests.sync_server.conftest import PASSWORD, Clock
from tests.sync_server.console.test_pages import form_token
from tests.sync_server.kept_app import KeptApplications
from tests.sync_server.leases.lending_shop import a_ticket, gift_lease, issued
from tests.sync_server.made_up_days import a_closing, a_line, a_sale, an_opening

Client = TestClient[Litestar]
DATABASE, ANCHOR, ELSEWHERE = "evertill.db", "anchor.json", "elsewhere"
_MONTHS_MS = 120 * 86_400_000
_PREPARING, DOING, DOING_AGAIN = 1, 2, 3
_NOISE = b"!" * 700
_DAMAGED = b"SQLite format 3, once"
OUTBOX_CODE = code_of(bytes(range(10)))


class Known(NamedTuple):
    """What the world around the server holds: keys, tokens, ids, and messages that are not sent yet."""

    tills: dict[int, ATill]
    hub: AHub
    new_hub: AHub
    office_token: str
    cookies: dict[str, str]
    form_token: str
    ids: dict[str, str]
    token_request: bytes
    hub_token_request: bytes
    outbox: bytes
    clock_ms: int


class CommandFailed(Exception):
    """What a command told whoever gave it."""


class Running:
    """A server that runs, with senders that know what they are about to send."""

    def __init__(self, app: Litestar, db: Database, settings: Settings, client: Client, known: Known) -> None:
        self.app, self.db, self.settings, self.client, self.known = app, db, settings, client, known
        self.services: Services = app.state.services
        self.folder = settings.data_dir

    def till(self, number: int) -> ATill:
        till = self.known.tills[number]
        till.client = self.client
        return till

    def hub(self) -> AHub:
        self.known.hub.client = self.client
        return self.known.hub

    def new_hub(self) -> AHub:
        self.known.new_hub.client = self.client
        return self.known.new_hub

    def office(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """`path` may name an id of `known`, as in /api/v1/products/{tea}."""
        token = {"Authorization": f"Bearer {self.known.office_token}"}
        more: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {}
        if isinstance(body, dict):
            more = {"json": {name: self._filled(value) for name, value in body.items()}}
        path = path.format(**self.known.ids)
        return self.client.request(method, path, headers=token | headers, **more)

    def _filled(self, value: Any) -> Any:
        return value.format(**self.known.ids) if isinstance(value, str) else value

    def page(self, path: str, **fields: str) -> Any:
        """A form of the console."""
        self.client.cookies.update(self.known.cookies)
        data = {"form_token": self.known.form_token} | fields
        path = path.format(**self.known.ids)
        return self.client.post(path, data=data, headers={"Accept": "text/html"}, follow_redirects=False)

    def hands_in(self) -> Any:
        """A damaged database of till 1."""
        sha256 = hashlib.sha256(_DAMAGED).hexdigest()
        offer = FileOffer(name="till.db.damaged-1", sha256=sha256, size=len(_DAMAGED), put_aside_ms=1)
        offered = self.till_sends(1, "/sync/evidence", offer)
        if offered.status_code != 200 or wire.unpack(offered.content, FileHeld).whole:
            return offered
        piece = FilePiece(sha256=sha256, offset=0, content=_DAMAGED)
        return self.till_sends(1, "/sync/evidence/piece", piece)

    def till_sends(self, number: int, path: str, message: Any) -> Any:
        body = message if isinstance(message, bytes) else wire.pack(message)
        return self.client.post(path, content=body, headers=self.till(number).headers)

    def command(self, *words: str) -> None:
        """Raises CommandFailed with what it said, unless it went well."""
        status, said = command(Place(self.folder, self.settings.database_url), self.known.clock_ms, *words)
        if status != 0:
            raise CommandFailed(said)


class Place(NamedTuple):
    """Where a server runs: its folder, and its database unless that is a file in it."""

    folder: Path
    database_url: str = ""

    @property
    def settings(self) -> Settings:
        return Settings(
            data_dir=self.folder,
            database_url=self.database_url,
            secret="a secret of the tests, long enough for HS256",
            apply_in_background=False,
            snapshot_stale_versions=0,
            pool_size=2,
        )


def command(place: Place, clock_ms: int, *words: str) -> tuple[int, str]:
    """(exit status, what was printed) of a command of `evertill-server`."""
    where = ["--data-dir", str(place.folder)]
    if place.database_url:
        where += ["--database-url", place.database_url]
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stderr(said), redirect_stdout(said):
        patch.setattr(cli, "system_now_ms", lambda: clock_ms)
        patch.setenv("EVERTILL_SERVER_SECRET", place.settings.secret)
        patch.setenv("EVERTILL_SERVER_ANCHOR_DIR", str(place.folder / ELSEWHERE))
        status = cli.main([*words, *where])
    return status, said.getvalue()


@contextmanager
def running(place: Place, known: Known, chance: RepeatableChance) -> Iterator[Running]:
    """A fresh process's server: nothing but files and database is left of the one before."""
    clock = Clock()
    clock.now = known.clock_ms
    chance.start_over()
    with _served(place, clock) as (app, db, client):
        yield Running(app, db, place.settings, client, known)


@contextmanager
def _served(place: Place, clock: Clock) -> Iterator[tuple[Litestar, Database, Client]]:
    settings = place.settings
    db = Database(settings.url(), pool_size=3)
    try:
        app = _kept_applications().over(settings, db, clock)
        with TestClient(app, raise_server_exceptions=False) as client:
            yield app, db, client
    finally:
        db.close()


@cache
def _kept_applications() -> KeptApplications:
    folder = Path(tempfile.mkdtemp(prefix="evertill-kept-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return KeptApplications(folder)


def prepare(place: Place) -> Known:
    """A shop in which each kind of transaction has something to do."""
    with repeatable_chance(_PREPARING):
        db = Database(place.settings.url())
        migrate(db)
        db.close()
        clock = Clock()
        with _served(place, clock) as (app, db, client):
            return _Preparing(place, clock, app, db, client).all()


class _Preparing:
    def __init__(self, place: Place, clock: Clock, app: Litestar, db: Database, client: Client) -> None:
        self.place, self.clock, self.app, self.db, self.client = place, clock, app, db, client
        self.services: Services = app.state.services
        self.ids: dict[str, str] = {}
        self.tills: dict[int, ATill] = {}

    def all(self) -> Known:
        open_store(self.app, self.db, tills=5)
        self._open_office()
        self._months_ago()
        self.clock.advance(_MONTHS_MS)
        for till in self.tills.values():
            assert till.log_in().status_code == 200
        hub = enrolled_hub(self.app, self.db, self.client)
        self._booked_before()
        self._waiting_to_be_applied()
        self._at_the_till_still()
        self._build_catalogues()
        return self._known(hub)

    def _open_office(self) -> None:
        with self.db.write() as tx:
            ada = self.services.accounts.create(tx, "Ada", PASSWORD, "admin")
            self.ids["ada"] = ada.account_id
            made = self.services.accounts.create(tx, "Bo", PASSWORD, "manager", "03")
            self.ids["bo"] = made.account_id
            ana = self.services.staff.hire(tx, "Ana", "4711", "cashier", ["03"])
            self.ids["ana"] = ana.staff_id
            self.services.catalogue.save_category(tx, Category("food", "Food"))
            offer = NewPromotion(name="Less", rule=PercentOff(percent_ppm=50_000))
            self.ids["offer"] = self.services.promotions.save(tx, offer, "Ada").promotion.promotion_id

    def _months_ago(self) -> None:
        """Changes that later ones replaced, a lease that nobody ended, and codes that nobody used."""
        for number in (1, 2, 3, 4):
            self.tills[number] = enrolled_till(self.app, self.db, self.client, number)
        code_for(self.app, self.db, "03-5")
        hub_code(self.app, self.db)
        self._bring(1, issued(5000))
        forgotten = gift_lease(700, lease_id="0" * 31 + "1")
        answer = self.client.post("/lease", content=wire.pack(forgotten), headers=self.tills[1].headers)
        assert answer.status_code == 200
        for name in ("tea", "cup"):
            with self.db.write() as tx:
                fields = ProductFields(sku=name.upper(), name=f"A {name}")
                self.ids[name] = self.services.catalogue.create(tx, fields).product.product_id
        for price in (250, 260):
            with self.db.write() as tx:
                self.services.pricing.change_price(tx, self.ids["tea"], price, changed_by="Ada")
        with self.db.write() as tx:
            self.services.catalogue.remove(tx, self.ids.pop("cup"))

    def _booked_before(self) -> None:
        """Sales that were booked, entries that could not be, and a ticket parked; more than one try made raw."""
        sold = a_sale(1, a_line(1, self.ids["tea"], 2, 250))
        till = self.tills[1]
        first = len(till.entries) + 1
        till.record(an_opening())
        till.record(sold)
        till.record_bytes("later.kind", b"{}")
        till.record_bytes("sale.posted", b"[]")
        till.push(first)
        self.services.applier.drain()
        self.ids["sale"] = sold.sale_id
        with self.db.read() as tx:
            kept = self.services.ingest.quarantined(tx, None, None, 10)
            cases = self.services.exceptions.cases(tx)
        self.ids["unknown"], self.ids["unread"] = (one.quarantine_id for one in kept)
        self.ids["case"], self.ids["closed_case"] = (str(one.case_id) for one in cases)
        with self.db.write() as tx:
            self.services.exceptions.resolve(tx, int(self.ids["closed_case"]), "Looked at.", "Ada")
        ticket = wire.pack(a_ticket())
        assert self.client.post("/lease/parked", content=ticket, headers=till.headers).status_code == 200
        lent = gift_lease(300, lease_id="0" * 31 + "2")
        assert self.client.post("/lease", content=wire.pack(lent), headers=till.headers).status_code == 200
        raw = self.tills[4]
        for number in (1, 2):
            raw.record(a_sale(number, till="03-4"))
        assert raw.send_raw(wire.pack(raw.batch(1, 1))).status_code == 200
        assert raw.send_raw(_NOISE).status_code == 202
        self.ids["frame"] = hashlib.sha256(_NOISE).hexdigest()

    def _waiting_to_be_applied(self) -> None:
        """A shift from its opening to its Z report, with an entry in it that can't be booked."""
        till = self.tills[2]
        sales = [a_sale(n, a_line(1, self.ids["tea"], n, 250), till="03-2", shift="shift-2") for n in (1, 2)]
        till.record(an_opening("shift-2", "03-2"))
        for one in sales:
            till.record(one)
        till.record_bytes("sale.posted", b'{"no": "sale"}')
        till.record(a_closing(sales, 4, shift="shift-2", till_id="03-2"))
        till.push()

    def _at_the_till_still(self) -> None:
        till = self.tills[3]
        for number in range(1, 7):
            till.record(a_sale(number, a_line(1, self.ids["tea"], 1, 250), till="03-3"))
        self.tills[5] = ATill(self.client, code_for(self.app, self.db, "03-5"), "device-0005")

    def _build_catalogues(self) -> None:
        for price in (270, 280, 290):
            self.clock.advance(1000)
            with self.db.write() as tx:
                self.services.pricing.change_price(tx, self.ids["tea"], price, changed_by="Ada")
            self.services.snapshots.manifest("03")
        self.clock.advance(1000)
        with self.db.write() as tx:
            self.services.pricing.change_price(tx, self.ids["tea"], 300, changed_by="Ada")
        self.clock.advance(1000)

    def _bring(self, number: int, *facts: Any) -> None:
        till = self.tills[number]
        first = len(till.entries) + 1
        for fact in facts:
            till.record(fact)
        till.push(first)
        self.services.applier.drain()

    def _known(self, hub: AHub) -> Known:
        log_in = {"name": "Ada", "password": PASSWORD}
        token = self.client.post("/api/v1/auth/login", json=log_in).json()["token"]
        with self.db.write() as tx:
            self.services.stores.create(tx, StoreConfig(store_id="04", name="Hill", currency="EUR"))
        code = hub_code(self.app, self.db, "04")
        self.client.headers["Accept"] = "text/html"
        assert self.client.post("/login", data=log_in | {"next": "/takings"}).status_code == 200
        self._leave_an_anchor()
        return Known(
            tills=self.tills,
            hub=hub,
            new_hub=AHub(self.client, code, "hub-of-04"),
            office_token=token,
            cookies=dict(self.client.cookies),
            form_token=form_token(self.client.get("/staff").text),
            ids=self.ids,
            token_request=self._token_request(self.tills[1].device_id, self.tills[1].sign),
            hub_token_request=self._token_request(hub.hub_id, signer(hub.key)),
            outbox=self._outbox(),
            clock_ms=self.clock.now,
        )

    def _leave_an_anchor(self) -> None:
        """Of a server that had seen one entry more than the database holds."""
        anchor = AnchorFile(self.place.folder / ANCHOR)
        recovery = self.services.recovery.__class__(self.db, self.services.exceptions, anchor, self.clock)
        recovery.remember()
        seen = anchor.read()
        assert seen is not None
        anchor.write(Seen(seen.last_ingest_id + 1, seen.feeds))

    def _token_request(self, machine: str, sign: Callable[[bytes], bytes]) -> bytes:
        nonce = wire.unpack(self.client.get("/sync/challenge").content, Challenge).nonce
        signature = sign(b"evertill-token\0" + nonce.encode())
        return wire.pack(TokenRequest(device_id=machine, nonce=nonce, signature=signature))

    def _outbox(self) -> bytes:
        """What till 3 would carry to head office on a stick, in two frames."""
        till, out = self.tills[3], io.BytesIO()
        journals = ((till.incarnation, public_key_of(till.key)),)
        head = OutboxHead(
            device_id=till.device_id, till_id="03-3", store_id="03", made_at_ms=1, journals=journals
        )
        writer = OutboxWriter(out, OUTBOX_CODE, bytes(16), head)
        writer.add(till.batch(1, 4))
        writer.add(till.batch(5, 6))
        writer.end()
        return out.getvalue()
