"""A shop that lends: tills that ask for leases, and facts as their journals bring them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from litestar import Litestar
from sqlalchemy import select

from shared_models import wire
from shared_models.leases import (
    ClaimedLine,
    LeaseClosing,
    LeaseReply,
    LeaseRequest,
    ParkedFate,
    ParkedList,
    ParkedLook,
    ParkedOffer,
    ReceiptAsked,
    ReceiptStated,
    ValueAsked,
    ValueStated,
)
from shared_models.refund import GivenBack, RefundPosted, taken_back
from shared_models.sale import SalePosted
from shared_models.stored_value import GiftIssued, GiftRedeemed, LoyaltyRedeemed
from sync_server.database import Database
from sync_server.exceptions.service import Case
from sync_server.leases.tables import value_account, value_entry
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store
from tests.sync_server.made_up_days import DAY

CARD = "6035-0001"
MEMBER = "member-7"
_leases = itertools.count(1)


def new_lease_id() -> str:
    return f"{next(_leases):032x}"


class LendingShop:
    """`tills` are 03-1, 03-2, …; each call is a request of one of them, over HTTP."""

    def __init__(self, app: Litestar, database: Database, client: Client, tills: int = 2) -> None:
        open_store(app, database, tills=tills)
        self.services = app.state.services
        self.database = database
        self.tills = [enrolled_till(app, database, client, number) for number in range(1, tills + 1)]

    def ask(self, till: int, wanted: LeaseRequest) -> LeaseReply:
        return self._told(self.send(till, "/lease", wanted), LeaseReply)

    def send(self, till: int, path: str, message: Any) -> Any:
        its = self.tills[till - 1]
        answer = its.client.post(path, content=wire.pack(message), headers=its.headers)
        if answer.status_code == 401:
            assert its.log_in().status_code == 200
            answer = its.client.post(path, content=wire.pack(message), headers=its.headers)
        return answer

    def capture(self, till: int, lease_id: str, used: int) -> LeaseReply:
        return self._told(self.send(till, f"/lease/{lease_id}/capture", LeaseClosing(used=used)), LeaseReply)

    def release(self, till: int, lease_id: str, used: int = 0) -> LeaseReply:
        return self._told(self.send(till, f"/lease/{lease_id}/release", LeaseClosing(used=used)), LeaseReply)

    def offer(self, till: int, offer: ParkedOffer) -> ParkedFate:
        return self._told(self.send(till, "/lease/parked", offer), ParkedFate)

    def look(self, till: int, *mine: str) -> ParkedList:
        return self._told(self.send(till, "/lease/parked/look", ParkedLook(mine=mine)), ParkedList)

    def value(self, till: int, subject: str = CARD) -> ValueStated:
        asked = ValueAsked(kind="gift", subject=subject, currency="EUR")
        return self._told(self.send(till, "/lease/value", asked), ValueStated)

    def receipt(self, till: int, number: str) -> ReceiptStated:
        asked = ReceiptAsked(receipt_number=number)
        return self._told(self.send(till, "/lease/receipt", asked), ReceiptStated)

    def bring(self, till: int, *facts: Any) -> list[str]:
        """The facts arrive in the till's journal and are applied; their event ids in hex."""
        its = self.tills[till - 1]
        assert its.log_in().status_code == 200
        first = len(its.entries) + 1
        made = [its.record(fact) for fact in facts]
        its.push(first)
        self.services.applier.drain()
        return [entry.event_id.hex() for entry in made]

    def bring_again(self, till: int) -> None:
        """Everything that the till ever pushed, once more, as facts of a new life of its database."""
        its: ATill = self.tills[till - 1]
        old = list(its.entries)
        its.incarnation, its.entries = bytes(reversed(its.incarnation)), []
        for entry in old:
            its.record_bytes(entry.type, entry.body, entry.event_id)
        its.push()
        self.services.applier.drain()

    def balance(self, subject: str = CARD) -> tuple[int, int]:
        """(balance, held), after making sure that the balance is the sum of its entries."""
        with self.database.read() as tx:
            row = tx.execute(select(value_account).where(value_account.c.subject == subject)).one()
            entries = tx.scalars(select(value_entry.c.amount).where(value_entry.c.subject == subject))
            assert row.balance == sum(entries)
        return row.balance, row.held

    def cases(self, kind: str = "") -> list[Case]:
        with self.database.read() as tx:
            found: list[Case] = self.services.exceptions.cases(tx, kind=kind)
        return found

    def _told(self, answer: Any, kind: Any) -> Any:
        assert answer.status_code == 200, answer.text
        return wire.unpack(answer.content, kind)


def gift_lease(amount: int, card: str = CARD, **changes: Any) -> LeaseRequest:
    values = {"lease_id": new_lease_id(), "kind": "gift", "subject": card, "currency": "EUR"}
    return LeaseRequest(amount=amount, **values | changes)


def escrow(amount: int, card: str = CARD, **changes: Any) -> LeaseRequest:
    return gift_lease(amount, card, kind="escrow", account="gift", ttl_ms=86_400_000, **changes)


def refund_lease(sale_id: str, *lines: tuple[int, int]) -> LeaseRequest:
    """`lines` are (line_no, pieces)."""
    claimed = tuple(ClaimedLine(line_no=number, quantity_milli=pieces * 1000) for number, pieces in lines)
    return LeaseRequest(lease_id=new_lease_id(), kind="refund", subject=sale_id, lines=claimed)


def parked_lease(sale_id: str, version: int) -> LeaseRequest:
    return LeaseRequest(lease_id=new_lease_id(), kind="parked", subject=sale_id, amount=version)


def a_ticket(sale_id: str = "ticket-1", version: int = 1, **changes: Any) -> ParkedOffer:
    values: dict[str, Any] = {
        "label": "Mrs Weber",
        "operator_name": "Ana R.",
        "parked_at_ms": 1_790_000_000_000,
        "tz_min": 60,
        "total_minor": 1190,
        "line_count": 2,
        "cart": b'{"sale_id":"ticket-1"}',
    }
    return ParkedOffer(sale_id=sale_id, version=version, **values | changes)


def issued(amount: int, card: str = CARD, till: str = "03-1") -> GiftIssued:
    return GiftIssued(card=card, amount_minor=amount, currency="EUR", sale_id="paid", **_made(till))


def redeemed(amount: int, lease_id: str = "", card: str = CARD, till: str = "03-1") -> GiftRedeemed:
    values = {"card": card, "currency": "EUR", "lease_id": lease_id, "sale_id": "sale"}
    return GiftRedeemed(amount_minor=amount, **values, **_made(till))


def points_spent(points: int, lease_id: str = "", till: str = "03-1") -> LoyaltyRedeemed:
    return LoyaltyRedeemed(member=MEMBER, points=points, lease_id=lease_id, sale_id="sale", **_made(till))


def refunded(
    sale: SalePosted, *lines: tuple[int, int, int], lease_id: str = "", till: str = "03-1", **changes: Any
) -> RefundPosted:
    """`lines` are (line_no, pieces, pieces that went back before); the money goes back in cash."""
    parts = tuple(
        taken_back(sale.lines[no - 1], pieces * 1000, before * 1000) for no, pieces, before in lines
    )
    total = sum(part.gross_minor for part in parts)
    values: dict[str, Any] = {
        "refund_id": f"refund-{next(_leases)}",
        "sale_id": sale.sale_id,
        "receipt_number": sale.receipt_number,
        "lease_id": lease_id,
        "operator_name": "Ana R.",
        "currency": sale.currency,
        "lines": parts,
        "net_minor": sum(part.net_minor for part in parts),
        "tax_minor": sum(part.tax_minor for part in parts),
        "total_minor": total,
        "given_back": (GivenBack("cash", total),),
    }
    return RefundPosted(**_made(till) | values | changes)


def named(case: Case, prefix: str) -> list[str]:
    """The events that a case names under `prefix_1`, `prefix_2`, …"""
    return [value for name, value in case.refs.items() if name.startswith(f"{prefix}_")]


def kinds(cases: Iterable[Case]) -> list[str]:
    return sorted(case.kind for case in cases)


def _made(till: str) -> dict[str, str]:
    return {
        "store_id": till.partition("-")[0],
        "till_id": till,
        "shift_id": "shift-1",
        "operator_id": "op1",
        "business_date": DAY,
    }
