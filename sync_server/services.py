"""Every service, built once and introduced to those that it needs: the lower half of the composition root."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, Any, NamedTuple

from argon2 import PasswordHasher
from sqlalchemy import Connection

from shared_models.hub_api import StoreJournal
from shared_models.sync_api import SegmentVerdict
from sync_server.accounts.front_door import FrontDoor
from sync_server.accounts.service import AccountService
from sync_server.attempts import Attempts
from sync_server.auth import TokenMint, kept_secret
from sync_server.cash.service import CashService
from sync_server.catalogue.checked_files import CheckedFiles
from sync_server.catalogue.csv_import import CatalogueImport
from sync_server.catalogue.service import CatalogueService
from sync_server.closings.service import ClosingService
from sync_server.database import Database
from sync_server.evidence.server_key import kept_server_key
from sync_server.evidence.service import EvidenceService
from sync_server.evidence.statements import Statements
from sync_server.exceptions.service import ExceptionService
from sync_server.feed.compaction import Compaction
from sync_server.feed.pokes import PokeBoard
from sync_server.feed.publisher import FeedPublisher
from sync_server.feed.service import FeedService
from sync_server.feed.snapshots import Snapshots
from sync_server.handed_in.service import HandedIn
from sync_server.hubs.service import HubService, Records
from sync_server.ingest import log
from sync_server.ingest.admission import Admission
from sync_server.ingest.applier import Applier
from sync_server.ingest.background_check import BackgroundCheck
from sync_server.ingest.continuity import Continuity
from sync_server.ingest.raw_frames import RawFrames
from sync_server.ingest.service import IngestService
from sync_server.ingest.worker import ApplyWorker
from sync_server.labels.service import LabelService
from sync_server.leases.corrections import ValueService
from sync_server.leases.recording import LeaseRecorder
from sync_server.leases.refund_claims import SoldLine
from sync_server.leases.service import LeaseService
from sync_server.ports import NewId, NowMs, OrderedIds
from sync_server.pricing.promotions import PromotionService
from sync_server.pricing.service import PricingService
from sync_server.recovery import journal_archive
from sync_server.recovery.anchor import AnchorFile
from sync_server.recovery.journal_archive import Wanted
from sync_server.recovery.outbox_import import OutboxImport
from sync_server.recovery.restored import Recovery
from sync_server.reports.shift_check import ShiftCheck
from sync_server.sales.service import SalesService
from sync_server.settings import Settings
from sync_server.staff.service import StaffService
from sync_server.stock.service import StockService
from sync_server.stores.service import StoreService
from sync_server.sync_messages import TillIdentity, as_hub
from sync_server.tills.service import CHALLENGE_AUDIENCE, TILL_AUDIENCE, TillService
from sync_server.write_ahead_log import WriteAheadLog


@dataclass(frozen=True)
class Services:
    """What the routes, the console and the command line are made of."""

    db: Database
    tokens: TokenMint
    till_tokens: TokenMint
    attempts: Attempts
    accounts: AccountService
    front_door: FrontDoor
    stores: StoreService
    catalogue: CatalogueService
    catalogue_import: CatalogueImport
    checked_files: CheckedFiles
    pricing: PricingService
    promotions: PromotionService
    labels: LabelService
    staff: StaffService
    stock: StockService
    sales: SalesService
    cash: CashService
    exceptions: ExceptionService
    evidence: EvidenceService
    statements: Statements
    closings: ClosingService
    tills: TillService
    hubs: HubService
    feed: FeedService
    snapshots: Snapshots
    compaction: Compaction
    board: PokeBoard
    admission: Admission
    applier: Applier
    worker: ApplyWorker
    write_ahead_log: WriteAheadLog
    ingest: IngestService
    outbox_import: OutboxImport
    handed_in: HandedIn
    leases: LeaseService
    value: ValueService
    recovery: Recovery
    background_check: BackgroundCheck

    def write_archive(
        self, file: IO[bytes], store_id: str, till_id: str, first_day: str, last_day: str
    ) -> None:
        journal_archive.write_zip(
            self.db, self.tills.key_of, file, Wanted(store_id, till_id, first_day, last_day)
        )

    def check_machine(self, tx: Connection, who: TillIdentity) -> None:
        """Raises where the till's or hub's machine is not welcome any more."""
        hub = as_hub(who)
        if hub is None:
            self.tills.public_key(tx, who)
        else:
            self.hubs.check(tx, hub)


def build_services(
    settings: Settings,
    db: Database,
    now_ms: NowMs,
    new_id: NewId,
    hasher: PasswordHasher | None,
    anchor: AnchorFile | None = None,
) -> Services:
    """Without an `anchor` nobody watches for an older copy of the database but the tills."""
    secret = kept_secret(settings.data_dir, settings.secret)
    till_tokens = TokenMint(secret, now_ms, TILL_AUDIENCE)
    challenges = TokenMint(secret, now_ms, CHALLENGE_AUDIENCE)

    board = PokeBoard()
    publisher = FeedPublisher(now_ms, new_id, board.tell)
    publisher.join(db)
    feed = FeedService()
    snapshots = Snapshots(db, feed, settings.data_dir / "snapshots", settings.snapshot_stale_versions, now_ms)
    attempts = Attempts(now_ms)
    ordered_id = OrderedIds(now_ms, new_id)
    offer = _offer(publisher, now_ms, new_id, ordered_id)
    stores = offer.stores
    accounts = AccountService(stores.store_ids, now_ms, new_id, hasher)
    exceptions = ExceptionService(now_ms)
    stock = StockService(exceptions, now_ms, new_id)
    sales = SalesService(exceptions, log.stored_fact)
    cash = CashService()
    leases = LeaseService(_sold_lines(sales), now_ms)
    server_key = kept_server_key(settings.data_dir)
    evidence = EvidenceService(server_key, now_ms, exceptions)
    code_minutes = settings.enrol_code_minutes
    tills = TillService(stores.till, till_tokens, challenges, now_ms, code_minutes, evidence.public_key)

    records = Records(stores.store, stores.tills, tills.keys, tills.identity, _journals(tills))
    hubs = HubService(records, tills.check_answer, till_tokens, now_ms, code_minutes)
    later = _later_recorders(leases, cash, exceptions, now_ms)
    applier = Applier(db, (sales, stock, cash, *later), exceptions, now_ms)
    admission = Admission(exceptions, tills.key_of, hubs.serves, now_ms)
    intake = _intake(db, admission, applier, tills, exceptions, evidence, now_ms)
    return Services(
        db=db,
        tokens=TokenMint(secret, now_ms),
        till_tokens=till_tokens,
        attempts=attempts,
        accounts=accounts,
        front_door=FrontDoor(db, accounts, attempts),
        catalogue_import=CatalogueImport(offer.catalogue, offer.pricing, ordered_id),
        staff=StaffService(publisher, stores.store_ids, now_ms, new_id),
        stock=stock,
        sales=sales,
        cash=cash,
        exceptions=exceptions,
        evidence=evidence,
        tills=tills,
        hubs=hubs,
        feed=feed,
        snapshots=snapshots,
        compaction=Compaction(db, now_ms),
        board=board,
        **_files(db, exceptions, settings, now_ms),
        leases=leases,
        value=ValueService(now_ms, new_id),
        recovery=Recovery(db, exceptions, anchor, now_ms),
        background_check=BackgroundCheck(db, exceptions, tills.keys_of_till, now_ms),
        **offer._asdict(),
        **intake._asdict(),
        **_by_the_day(
            db, Statements(server_key, evidence.remember_key, now_ms), offer, sales, exceptions, now_ms
        ),
    )


def _by_the_day(
    db: Database,
    statements: Statements,
    offer: _Offer,
    sales: SalesService,
    exceptions: ExceptionService,
    now_ms: NowMs,
) -> dict[str, Any]:
    """What must know when a store's day begins: its closings, and the labels of what changed since one."""
    closings = ClosingService(db, statements, offer.stores, sales, exceptions, now_ms)
    labels = LabelService(offer.catalogue, offer.pricing, offer.stores, closings.zone)
    return {"statements": statements, "closings": closings, "labels": labels}


def _files(db: Database, exceptions: ExceptionService, settings: Settings, now_ms: NowMs) -> dict[str, Any]:
    """What people and tills send as files, each kind in a folder of its own."""
    folder, most_bytes = settings.data_dir / "handed-in", settings.handed_in_mb << 20
    return {
        "handed_in": HandedIn(db, exceptions.raise_many, folder, most_bytes, now_ms),
        "checked_files": CheckedFiles(settings.data_dir / "imports", now_ms),
    }


class _Offer(NamedTuple):
    """What a store sells, and at which price."""

    stores: StoreService
    catalogue: CatalogueService
    pricing: PricingService
    promotions: PromotionService


def _offer(publisher: FeedPublisher, now_ms: NowMs, new_id: NewId, ordered_id: NewId) -> _Offer:
    stores = StoreService(publisher, now_ms)
    catalogue = CatalogueService(publisher, now_ms, ordered_id)
    pricing = PricingService(publisher, stores.store_ids, catalogue.product, now_ms, ordered_id)
    promotions = PromotionService(
        publisher, stores.store_ids, catalogue.names, _category_ids(catalogue), now_ms, new_id
    )
    stores.when_opened(pricing.send_store)
    stores.when_opened(promotions.send_store)
    return _Offer(stores, catalogue, pricing, promotions)


class _Intake(NamedTuple):
    """The way of an entry from a till's message to the books."""

    admission: Admission
    applier: Applier
    worker: ApplyWorker
    write_ahead_log: WriteAheadLog
    ingest: IngestService
    outbox_import: OutboxImport


def _intake(
    db: Database,
    admission: Admission,
    applier: Applier,
    tills: TillService,
    exceptions: ExceptionService,
    evidence: EvidenceService,
    now_ms: NowMs,
) -> _Intake:
    worker = ApplyWorker(applier)
    raw_frames = RawFrames(exceptions, now_ms)
    ingest = IngestService(
        db, admission, raw_frames, tills.public_key, worker.wake, evidence, worker.while_pushed
    )
    brought = IngestService(
        db, admission, raw_frames, _key_of(tills), worker.wake, evidence, worker.while_pushed
    )
    outbox_import = OutboxImport(db, brought, tills.owner, exceptions)
    return _Intake(admission, applier, worker, WriteAheadLog(db), ingest, outbox_import)


def _key_of(tills: TillService) -> Callable[[Connection, TillIdentity], bytes]:
    """Of a machine that may have been shut out since: what it sealed before counts."""
    return lambda tx, who: tills.key_of(tx, who.device_id)


def _later_recorders(
    leases: LeaseService, cash: CashService, exceptions: ExceptionService, now_ms: NowMs
) -> tuple[LeaseRecorder, ShiftCheck, Continuity]:
    """Those that look at what the ones before them wrote."""
    lending = LeaseRecorder(leases, exceptions, now_ms)
    return lending, ShiftCheck(cash, exceptions), Continuity(exceptions)


def _sold_lines(sales: SalesService) -> Callable[[Connection, str], dict[int, SoldLine]]:
    return lambda tx, sale_id: {line: SoldLine(*sold) for line, sold in sales.sold_lines(tx, sale_id).items()}


def _category_ids(catalogue: CatalogueService) -> Callable[[Connection, Sequence[str]], frozenset[str]]:
    return lambda tx, ids: frozenset(one.category_id for one in catalogue.categories(tx))


def _journals(tills: TillService) -> Callable[[Connection, str, bytes], StoreJournal | None]:
    """What a store's hub may hear of a journal: nothing of another store's."""

    def journal(tx: Connection, store_id: str, incarnation: bytes) -> StoreJournal | None:
        held = log.incarnation_of(tx, incarnation)
        owner = tills.identity(tx, held.device_id) if held else None
        if held is None or owner is None or owner.store_id != store_id:
            return None
        verdict = SegmentVerdict(
            incarnation=incarnation,
            high=held.high,
            hash=held.head_hash,
            state=held.state,
            safe_through=held.safe_through,
        )
        return StoreJournal(device_id=held.device_id, verdict=verdict)

    return journal
