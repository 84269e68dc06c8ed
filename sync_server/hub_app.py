"""The composition root of a store's hub: log-in, the tills' messages and the feed, over the hub's own database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Litestar, Request, get

from shared_models.errors import ShopError
from shared_models.journal import Sign
from sync_server import health
from sync_server.app import EXCEPTION_HANDLERS, protect
from sync_server.auth import public
from sync_server.database import Database
from sync_server.feed import routes as feed
from sync_server.feed.pokes import PokeBoard
from sync_server.ingest import routes as ingest
from sync_server.ingest.raw_frames import RawFrames
from sync_server.ingest.service import IngestService
from sync_server.ports import ElapsedMs, NowMs, elapsed_ms, random_id, system_now_ms
from sync_server.services import Services, build_services
from sync_server.settings import Settings
from sync_server.store_hub import journals
from sync_server.store_hub.central import Central
from sync_server.store_hub.feed_copy import CopiedFeed, CopiedSnapshots
from sync_server.store_hub.follower import Follower
from sync_server.store_hub.forwarder import Forwarder
from sync_server.store_hub.identity import PROGRAM, HubPlace
from sync_server.store_hub.intake import HubIntake
from sync_server.store_hub.ports import CentralServer
from sync_server.store_hub.rounds import Rounds
from sync_server.tills import routes as tills

_STOP_WITHIN_S = 2.0


class HubShutOut(ShopError):
    """Nothing that is brought here would reach the central server: the tills go there themselves."""

    code = "hub_shut_out"
    status = 503


class HubState(msgspec.Struct, frozen=True):
    """`waiting` entries are only here yet, the oldest since `oldest_waiting_ms`."""

    store_id: str
    waiting: int
    oldest_waiting_ms: int | None
    shut_out: bool


class StoreHub:
    """The hub without its HTTP: what it is made of, and its two threads."""

    def __init__(
        self,
        settings: Settings,
        place: HubPlace,
        db: Database,
        central: CentralServer,
        quick: CentralServer,
        now_ms: NowMs,
        elapsed_ms: ElapsedMs = elapsed_ms,
    ) -> None:
        """`quick` is the central server too, for questions that a till waits for."""
        self.place = place
        self.db = db
        self.services: Services = build_services(settings, db, now_ms, random_id, None)
        self.central = central
        self.quick = quick
        self.board = PokeBoard()
        self.up = Rounds("hub-up", lambda: self.forwarder.round())
        self.down = Rounds("hub-down", lambda: self.follower.round())
        self.forwarder = Forwarder(
            db, self.central, self.quick, PROGRAM, now_ms, elapsed_ms, self.up.is_going
        )
        self.feed = CopiedFeed()
        self.snapshots = CopiedSnapshots(db, self.feed, settings.data_dir / "snapshots", now_ms)
        self.follower = Follower(
            db,
            self.central,
            self.snapshots,
            place.store_id,
            self.board,
            now_ms,
            elapsed_ms,
            self.down.is_going,
        )
        self.admission = _admission(self.services, now_ms)
        raw_frames = RawFrames(self.services.exceptions, now_ms)
        ingest = IngestService(db, self.admission, raw_frames, self.services.tills.public_key, lambda: None)
        self.intake = HubIntake(ingest, self.quick, self.up.wake)

    def start(self) -> None:
        self.up.start()
        self.down.start()

    def stop(self) -> None:
        """What waits is passed on after the next start."""
        self.board.close()
        for rounds in (self.up, self.down):
            rounds.ask_to_stop()
        for rounds in (self.up, self.down):
            rounds.stop(_STOP_WITHIN_S)
        self.central.close()
        self.quick.close()

    def state(self) -> HubState:
        with self.db.read() as tx:
            waiting, oldest = journals.waiting(tx)
        return HubState(self.place.store_id, waiting, oldest, self.forwarder.shut_out)


def create_hub_app(
    settings: Settings,
    place: HubPlace,
    sign: Sign,
    *,
    database: Database | None = None,
    now_ms: NowMs = system_now_ms,
) -> Litestar:
    """A hub over `database`, else the one that the settings name; its schema is up to date."""
    db = database or Database(settings.url(), key=settings.database_key, pool_size=settings.pool_size)
    central = Central(place.central_url, place.hub_id, sign)
    quick = Central(place.central_url, place.hub_id, sign, a_till_waits=True)
    hub = StoreHub(settings, place, db, central, quick, now_ms)
    app = Litestar(
        _routes(hub, settings, now_ms),
        openapi_config=None,
        exception_handlers=EXCEPTION_HANDLERS,
        before_request=_unless_shut_out(hub),
        before_send=[protect],
        request_max_body_size=settings.max_body_bytes,
        logging_config=None,
        on_startup=[hub.start] if settings.apply_in_background else [],
        on_shutdown=[hub.stop, *([] if database else [db.close])],
    )
    app.state.hub = hub
    app.state.till_tokens = hub.services.till_tokens
    return app


def _routes(hub: StoreHub, settings: Settings, now_ms: NowMs) -> list[Any]:
    services = hub.services

    @get("/hub", guards=[public], sync_to_thread=True, summary="How the hub is")
    def state() -> HubState:
        return hub.state()

    return [
        state,
        *health.routes(hub.db),
        *tills.for_tills(
            hub.db,
            services.tills,
            hub.admission.verdicts,
            hub.feed.verdicts,
            now_ms,
            hub.forwarder.meet,
            hub.forwarder.heed,
        ),
        *feed.routes(
            hub.db, hub.feed, hub.snapshots, hub.board, services.tills.public_key, settings.poke_seconds
        ),
        *ingest.for_tills(hub.intake),
    ]


def _admission(services: Services, now_ms: NowMs) -> journals.HubAdmission:
    """That a journal is ahead of this hub is nothing to report: others have what lies between."""
    return journals.HubAdmission(services.exceptions, services.tills.key_of, lambda tx, store: True, now_ms)


def _unless_shut_out(hub: StoreHub) -> Callable[[Request[Any, Any, Any]], None]:
    def check(request: Request[Any, Any, Any]) -> None:
        if hub.forwarder.shut_out and request.url.path.startswith("/sync"):
            raise HubShutOut("Head office has shut this hub out. Go to the central server.")

    return check
