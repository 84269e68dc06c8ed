"""Leases: granted once, closed once, spent by facts; the first answer to a request stands for ever."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects import postgresql, sqlite

from shared_models import holds
from shared_models.holds import Hold
from shared_models.leases import (
    DENIED,
    EXPIRED,
    GRANTED,
    LONGEST_ESCROW_MS,
    LONGEST_HOLD_MS,
    RELEASED,
    ClaimedLine,
    LeaseReply,
    LeaseRequest,
    ParkedFate,
    ParkedList,
    ParkedLook,
    ParkedOffer,
    ValueAsked,
    ValueStated,
)
from sync_server.errors import Conflict, Forbidden, Invalid, NotFound
from sync_server.leases import parked_sales, refund_claims, value_accounts
from sync_server.leases.checks import check_id, check_look, check_request, check_subject, check_ticket
from sync_server.leases.decisions import Decision
from sync_server.leases.refund_claims import LineChange, LineKey, SoldLines
from sync_server.leases.tables import lease
from sync_server.leases.value_accounts import AccountKey, Change
from sync_server.ports import NowMs
from sync_server.sync_messages import TillIdentity

HOLD_GRACE_MS = 24 * 3_600_000
ESCROW_GRACE_MS = 90 * 24 * 3_600_000
"""How long after its end a lease is still kept for what its till may have spent and not yet sent."""
_EXPIRED_AT_ONCE = 200


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """A lease as the office sees it."""

    lease_id: str
    kind: str
    account: str
    subject: str
    currency: str
    store_id: str
    till_id: str
    amount: int
    used: int
    spent: int
    state: str
    code: str
    asked_at_ms: int
    expires_ms: int | None


class Spending(NamedTuple):
    """A fact of this till spent so much of a lease on `subject`; `lease_id` is empty where it asked for none."""

    lease_id: str
    amount: int
    till_id: str
    subject: str


class Freed(msgspec.Struct, frozen=True):
    """What changed leases mean for accounts and sale lines. Applied after all leases of a transaction are locked."""

    accounts: dict[AccountKey, Change] = {}
    lines: dict[LineKey, LineChange] = {}

    def with_more(self, other: Freed) -> Freed:
        return Freed(
            value_accounts.added([*self.accounts.items(), *other.accounts.items()]),
            refund_claims.added([*self.lines.items(), *other.lines.items()]),
        )


def apply(tx: Connection, freed: Freed) -> None:
    value_accounts.change(tx, freed.accounts)
    refund_claims.change(tx, freed.lines)


class LeaseService:
    """Whoever locks several rows locks leases first, then tickets, accounts and sale lines, each in order.

    So no two writers ever wait for each other in a ring.
    """

    def __init__(self, sold_lines: SoldLines, now_ms: NowMs) -> None:
        self.sold_lines = sold_lines
        self._now_ms = now_ms

    # What tills ask

    def ask(self, tx: Connection, who: TillIdentity, wanted: LeaseRequest) -> LeaseReply:
        """Of the same request at the same moment one decides, and the others wait for its answer."""
        check_request(wanted)
        if not self._open(tx, who, wanted):
            return self._first_answer(tx, who, wanted)
        decision = self._decide(tx, who, wanted)
        values = {
            "state": GRANTED if decision.is_granted else DENIED,
            "code": decision.code,
            "reason": decision.reason,
            "version": decision.version,
        }
        tx.execute(update(lease).where(lease.c.lease_id == wanted.lease_id).values(values))
        return self._reply(self._row(tx, wanted.lease_id), decision)

    def close(
        self, tx: Connection, who: TillIdentity, lease_id: str, used: int, *, release: bool
    ) -> LeaseReply:
        """Of a lease that is not known, only a release is taken: a request still on its way comes too late then."""
        check_id(lease_id)
        row = self._row(tx, lease_id, lock=True)
        if row is None and release:
            self._refuse_in_advance(tx, who, lease_id)
            row = self._row(tx, lease_id, lock=True)
        if row is None:
            raise NotFound("This server does not know this lease. What it was used for counts all the same.")
        _refuse_others(who, row)
        if not 0 <= used <= row.amount and row.kind:
            raise Invalid("More than the lease can't be used. What was sold counts all the same.")
        if row.kind:
            apply(tx, self._become(tx, row, holds.closed(_hold(row), used)))
        return self._reply(self._row(tx, lease_id), Decision())

    def offer(self, tx: Connection, who: TillIdentity, said: ParkedOffer) -> ParkedFate:
        check_ticket(said)
        lease_id = parked_sales.lease_of(tx, who, said.sale_id, said.version - 1)
        apply(tx, self.spend(tx, [Spending(lease_id, 1, who.till_id, said.sale_id)]))
        return parked_sales.offer(tx, who, said, self._now_ms())

    def look(self, tx: Connection, who: TillIdentity, said: ParkedLook) -> ParkedList:
        check_look(said)
        listings, fates = parked_sales.look(tx, who, said)
        return ParkedList(listings=tuple(listings), fates=tuple(fates))

    def value(self, tx: Connection, asked: ValueAsked) -> ValueStated:
        check_subject(asked.subject)
        now = value_accounts.standing(tx, AccountKey(asked.kind, asked.subject, asked.currency))
        if now is None:
            return ValueStated(known=False)
        return ValueStated(known=True, balance=now.balance, available=now.available)

    def taken_back(self, tx: Connection, sale_id: str) -> tuple[ClaimedLine, ...]:
        """How much of each line of a sale went back, or is about to."""
        return refund_claims.before_of(tx, sale_id)

    # What facts and the schedule do

    def spend(self, tx: Connection, spendings: Iterable[Spending]) -> Freed:
        """Facts spent so much of these leases. What that frees is the caller's to apply, after all leases.

        A fact that names a lease of another till, or of another subject, settles nothing of it.
        """
        freed = Freed()
        for said in sorted(spendings):
            row = self._row(tx, said.lease_id, lock=True) if said.lease_id else None
            if row is not None and row.kind and (row.till_id, row.subject) == (said.till_id, said.subject):
                freed = freed.with_more(self._become(tx, row, holds.spent(_hold(row), said.amount)))
        return freed

    def expire(self, tx: Connection) -> int:
        """Leases whose time and grace are over and whose till said nothing; how many there were."""
        now = self._now_ms()
        over = (
            (lease.c.kind != "escrow") & (lease.c.expires_ms <= now - HOLD_GRACE_MS)
            | (lease.c.kind == "escrow") & (lease.c.expires_ms <= now - ESCROW_GRACE_MS)
        )  # fmt: skip
        query = select(lease).where(lease.c.state == GRANTED, over).order_by(lease.c.lease_id)
        rows = tx.execute(query.limit(_EXPIRED_AT_ONCE).with_for_update(skip_locked=True)).all()
        freed = Freed()
        for row in rows:
            freed = freed.with_more(self._become(tx, row, holds.expired(_hold(row))))
        apply(tx, freed)
        return len(rows)

    # What the office asks and does

    def leases(
        self, tx: Connection, *, state: str, store_id: str | None, after: str | None, limit: int
    ) -> list[Lease]:
        columns = (lease.c[name] for name in Lease.__struct_fields__)
        query = select(*columns).where(lease.c.state == state, lease.c.lease_id > (after or ""))
        if store_id is not None:
            query = query.where(lease.c.store_id == store_id)
        rows = tx.execute(query.order_by(lease.c.lease_id).limit(limit))
        return [Lease(**row._mapping) for row in rows]

    def release(self, tx: Connection, lease_id: str) -> None:
        """A person knows that the till will not come back. What its facts told or will tell counts."""
        row = self._row(tx, lease_id, lock=True)
        if row is None:
            raise NotFound("There is no such lease.")
        if row.state != GRANTED:
            raise Conflict(f"This lease is {row.state} already.")
        apply(tx, self._become(tx, row, holds.closed(_hold(row), 0)))

    # Inside

    def _open(self, tx: Connection, who: TillIdentity, wanted: LeaseRequest) -> bool:
        """False where the lease was asked for before. The new row is ours until the commit."""
        now = self._now_ms()
        values = {
            "lease_id": wanted.lease_id,
            "kind": wanted.kind,
            "account": wanted.account,
            "subject": wanted.subject,
            "currency": wanted.currency,
            "store_id": who.store_id,
            "till_id": who.till_id,
            "amount": _amount(wanted),
            "used": 0,
            "spent": 0,
            "state": DENIED,
            "version": 0,
            "code": "",
            "reason": "",
            "asked_at_ms": now,
            "expires_ms": _end(wanted, now),
            "changed_at_ms": now,
        }
        dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
        statement: Any = dialect.insert(lease).values(values)
        new = statement.on_conflict_do_nothing(index_elements=["lease_id"]).returning(lease.c.lease_id)
        return tx.execute(new).first() is not None

    def _decide(self, tx: Connection, who: TillIdentity, wanted: LeaseRequest) -> Decision:
        if wanted.kind == "parked":
            return parked_sales.claim(tx, who, wanted.lease_id, wanted.subject, wanted.amount, self._now_ms())
        if wanted.kind == "refund":
            sold = self.sold_lines(tx, wanted.subject)
            return refund_claims.claim(tx, wanted.lease_id, wanted.subject, wanted.lines, sold)
        return value_accounts.hold(tx, value_accounts.key_of(wanted), wanted.amount)

    def _first_answer(self, tx: Connection, who: TillIdentity, wanted: LeaseRequest) -> LeaseReply:
        row = self._row(tx, wanted.lease_id)
        assert row is not None
        _refuse_others(who, row)
        if row.kind and (row.kind, row.subject, row.amount) != (wanted.kind, wanted.subject, _amount(wanted)):
            raise Conflict("This lease id was used for something else. Make a new one.")
        if row.state == GRANTED and row.kind == "parked":
            return self._reply(row, parked_sales.claimed(tx, row.lease_id, row.subject))
        if row.state == GRANTED and row.kind == "refund":
            return self._reply(row, refund_claims.claimed(tx, row.lease_id))
        return self._reply(row, Decision())

    def _refuse_in_advance(self, tx: Connection, who: TillIdentity, lease_id: str) -> None:
        now = self._now_ms()
        bare = {"kind": "", "account": "", "subject": "", "currency": "", "reason": _RELEASED_FIRST}
        values = bare | {
            "lease_id": lease_id,
            "store_id": who.store_id,
            "till_id": who.till_id,
            "amount": 0,
            "used": 0,
            "spent": 0,
            "state": RELEASED,
            "version": 0,
            "code": "released",
            "asked_at_ms": now,
            "expires_ms": None,
            "changed_at_ms": now,
        }
        dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
        statement: Any = dialect.insert(lease).values(values)
        tx.execute(statement.on_conflict_do_nothing(index_elements=["lease_id"]))

    def _become(self, tx: Connection, row: Row[Any], hold: Hold) -> Freed:
        """Puts the lease into its new state; what that changes at its account is not done yet."""
        before, now_ms = _hold(row), self._now_ms()
        if hold == before:
            return Freed()
        values = {"state": hold.state, "used": hold.used, "spent": hold.spent, "changed_at_ms": now_ms}
        tx.execute(update(lease).where(lease.c.lease_id == row.lease_id).values(values))
        if row.kind == "parked":
            if hold.state in (RELEASED, EXPIRED):
                parked_sales.give_back(tx, row.lease_id, row.subject, now_ms)
            return Freed()
        more = holds.held(hold) - holds.held(before)
        if row.kind == "refund":
            return Freed(lines=refund_claims.claims_of(tx, row.lease_id, row.subject, more))
        account = row.account if row.kind == "escrow" else row.kind
        return Freed(accounts={AccountKey(account, row.subject, row.currency): Change(held=more)})

    def _row(self, tx: Connection, lease_id: str, lock: bool = False) -> Row[Any] | None:
        query = select(lease).where(lease.c.lease_id == lease_id)
        return tx.execute(query.with_for_update() if lock else query).one_or_none()

    def _reply(self, row: Row[Any] | None, decision: Decision) -> LeaseReply:
        assert row is not None
        return LeaseReply(
            lease_id=row.lease_id,
            state=row.state,
            amount=row.amount,
            used=row.used,
            balance=decision.balance,
            expires_ms=row.expires_ms or 0,
            server_time_ms=self._now_ms(),
            code=row.code or decision.code,
            reason=row.reason or decision.reason,
            version=decision.version or row.version,
            cart=decision.cart,
            before=decision.before,
        )


_RELEASED_FIRST = "The till gave this lease back before it was asked for."


def _refuse_others(who: TillIdentity, row: Row[Any]) -> None:
    if row.till_id != who.till_id:
        raise Forbidden("This lease is another till's.")


def _amount(wanted: LeaseRequest) -> int:
    """A refund and a parked ticket are had whole or not at all."""
    return 1 if wanted.kind in ("refund", "parked") else wanted.amount


def _end(wanted: LeaseRequest, now_ms: int) -> int | None:
    """A parked ticket stays with its claimer: the cart is on the counter there."""
    if wanted.kind == "parked":
        return None
    longest = LONGEST_ESCROW_MS if wanted.kind == "escrow" else LONGEST_HOLD_MS
    return now_ms + min(wanted.ttl_ms, longest)


def _hold(row: Row[Any]) -> Hold:
    return Hold(row.state, row.amount, row.used, row.spent, escrow=row.kind == "escrow")
