"""Leases over HTTP: what tills ask and say, and the office's view of leases, cards and points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, RawBody
from litestar.types import ControllerRouterHandler

from shared_models.leases import (
    LeaseClosing,
    LeaseRequest,
    ParkedLook,
    ParkedOffer,
    ReceiptAsked,
    ReceiptStated,
    ValueAsked,
)
from shared_models.sale import SalePosted
from shared_models.wire import unpack
from sync_server.auth import actor_of, permission
from sync_server.database import Database, Transaction
from sync_server.errors import read_json
from sync_server.leases.corrections import ValueCorrection, ValueDetail, ValueService
from sync_server.leases.service import Lease, LeaseService
from sync_server.pages import Page, checked_limit, page_of, read_cursor
from sync_server.store_scope import store_in_scope
from sync_server.sync_messages import TillIdentity, packed, till, till_of

CheckDevice = Callable[[Transaction, TillIdentity], object]
"""Raises when the till's machine is not welcome any more."""
FindSale = Callable[[Transaction, str], SalePosted | None]
"""By its receipt number."""
AnyRequest = Request[Any, Any, Any]
_READ = [permission("leases.read")]
_WRITE = [permission("leases.write")]


def routes(
    db: Database, leases: LeaseService, value: ValueService, find_sale: FindSale, check_device: CheckDevice
) -> list[ControllerRouterHandler]:
    return [
        *_for_tills(db, leases, check_device),
        *_receipts(db, leases, find_sale, check_device),
        *_parked(db, leases, check_device),
        *_for_the_office(db, leases, value),
    ]


def _for_tills(db: Database, leases: LeaseService, check_device: CheckDevice) -> list[Any]:
    @post(
        "/lease",
        guards=[till],
        sync_to_thread=True,
        status_code=200,
        summary="Ask for what must not be spent twice",
    )
    def ask(request: AnyRequest, body: RawBody) -> Response[bytes]:
        """A LeaseRequest; the same lease id again gets the first answer again."""
        who, wanted = till_of(request), unpack(body, LeaseRequest)
        with db.write() as tx:
            check_device(tx, who)
            reply = leases.ask(tx, who, wanted)
        return packed(reply)

    @post(
        "/lease/{lease_id:str}/capture",
        guards=[till],
        sync_to_thread=True,
        status_code=200,
        summary="Say how much of a lease was spent, once and for all",
    )
    def capture(request: AnyRequest, lease_id: FromPath[str], body: RawBody) -> Response[bytes]:
        return close(request, lease_id, body, release=False)

    @post(
        "/lease/{lease_id:str}/release",
        guards=[till],
        sync_to_thread=True,
        status_code=200,
        summary="Give a lease back, also one that was perhaps never granted",
    )
    def release(request: AnyRequest, lease_id: FromPath[str], body: RawBody) -> Response[bytes]:
        return close(request, lease_id, body, release=True)

    def close(request: AnyRequest, lease_id: str, body: bytes, *, release: bool) -> Response[bytes]:
        who, said = till_of(request), unpack(body, LeaseClosing)
        with db.write() as tx:
            check_device(tx, who)
            reply = leases.close(tx, who, lease_id, said.used, release=release)
        return packed(reply)

    @post(
        "/lease/value",
        guards=[till],
        sync_to_thread=True,
        status_code=200,
        summary="What is on a card, or a member's points",
    )
    def value(request: AnyRequest, body: RawBody) -> Response[bytes]:
        asked = unpack(body, ValueAsked)
        with db.read() as tx:
            check_device(tx, till_of(request))
            return packed(leases.value(tx, asked))

    return [ask, capture, release, value]


def _receipts(
    db: Database, leases: LeaseService, find_sale: FindSale, check_device: CheckDevice
) -> list[Any]:
    @post(
        "/lease/receipt",
        guards=[till],
        sync_to_thread=True,
        status_code=200,
        summary="A sale by its receipt, and what went back of it, for a till that did not make it",
    )
    def receipt(request: AnyRequest, body: RawBody) -> Response[bytes]:
        asked = unpack(body, ReceiptAsked)
        with db.read() as tx:
            check_device(tx, till_of(request))
            sale = find_sale(tx, asked.receipt_number)
            if sale is None:
                return packed(ReceiptStated())
            return packed(ReceiptStated(sale=sale, before=leases.taken_back(tx, sale.sale_id)))

    return [receipt]


def _parked(db: Database, leases: LeaseService, check_device: CheckDevice) -> list[Any]:
    @post(
        "/lease/parked",
        guards=[till],
        sync_to_thread=True,
        status_code=200,
        summary="Let the other tills of the store have a parked ticket",
    )
    def offer(request: AnyRequest, body: RawBody) -> Response[bytes]:
        who, said = till_of(request), unpack(body, ParkedOffer)
        with db.write() as tx:
            check_device(tx, who)
            fate = leases.offer(tx, who, said)
        return packed(fate)

    @post(
        "/lease/parked/look",
        guards=[till],
        sync_to_thread=True,
        status_code=200,
        summary="What is parked in the store, and what became of one's own",
    )
    def look(request: AnyRequest, body: RawBody) -> Response[bytes]:
        who, said = till_of(request), unpack(body, ParkedLook)
        with db.read() as tx:
            check_device(tx, who)
            return packed(leases.look(tx, who, said))

    return [offer, look]


def _for_the_office(db: Database, leases: LeaseService, value: ValueService) -> list[Any]:
    @get(
        "/api/v1/leases",
        guards=_READ,
        sync_to_thread=True,
        summary="Leases by their state, open ones first asked",
    )
    def list_leases(
        request: AnyRequest,
        in_state: FromQuery[str] = "granted",
        store_id: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
    ) -> Page[Lease]:
        size, after = checked_limit(limit), read_cursor(cursor, str)
        scope = store_in_scope(actor_of(request), store_id)
        with db.read() as tx:
            rows = leases.leases(
                tx, state=in_state, store_id=scope, after=after[0] if after else None, limit=size + 1
            )
        return page_of(rows, size, lambda row: (row.lease_id,))

    @post(
        "/api/v1/leases/{lease_id:str}/release",
        guards=_WRITE,
        sync_to_thread=True,
        status_code=204,
        summary="Free what a till holds that will not come back",
    )
    def free(lease_id: FromPath[str]) -> None:
        with db.write() as tx:
            leases.release(tx, lease_id)

    @get(
        "/api/v1/value/{account:str}/{subject:str}",
        guards=_READ,
        sync_to_thread=True,
        summary="A gift card or a member's points: balance, what is held, and every entry",
    )
    def detail(account: FromPath[str], subject: FromPath[str], currency: FromQuery[str] = "") -> ValueDetail:
        with db.read() as tx:
            return value.detail(tx, account, subject, currency)

    @post(
        "/api/v1/value/corrections",
        guards=_WRITE,
        sync_to_thread=True,
        summary="Put value on a card or give points, or take them off",
    )
    def correct(request: AnyRequest, body: RawBody) -> ValueDetail:
        """With an Idempotency-Key header, the same request again changes nothing."""
        wanted, actor = read_json(body, ValueCorrection), actor_of(request)
        key = request.headers.get("idempotency-key", "")
        with db.write() as tx:
            return value.correct(tx, wanted, actor.name, f"{actor.account_id}|{key}" if key else "")

    return [list_leases, free, detail, correct]
