"""What facts from the tills mean for accounts, refunds and parked tickets. Each counts once, however it was allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from shared_models.refund import RefundPosted
from shared_models.sale import SalePosted, SaleRecalled, SaleVoided
from shared_models.stored_value import GiftIssued, GiftRedeemed, LoyaltyRedeemed
from sync_server.bulk_rows import insert_rows, unrecorded
from sync_server.errors import Invalid
from sync_server.findings import Finding, Inbox
from sync_server.ingest_entry import RecordedEntry
from sync_server.leases import parked_sales, refund_claims, value_accounts
from sync_server.leases.parked_sales import Completion
from sync_server.leases.refund_claims import LineChange, LineKey, Refunded, SoldLine
from sync_server.leases.service import Freed, LeaseService, Spending, apply
from sync_server.leases.tables import parked_completion, refund, refund_line, value_entry
from sync_server.leases.value_accounts import AccountKey, Change
from sync_server.ports import NowMs
from sync_server.sync_messages import TillIdentity

_VALUE = (GiftIssued, GiftRedeemed, LoyaltyRedeemed)
_TICKETS = (SaleRecalled, SaleVoided, SalePosted)


class LeaseRecorder:
    """Leases are settled before accounts are touched, and both in order: so no two writers wait in a ring."""

    def __init__(self, leases: LeaseService, inbox: Inbox, now_ms: NowMs) -> None:
        self._leases = leases
        self._inbox = inbox
        self._now_ms = now_ms

    def record(self, tx: Connection, entry: RecordedEntry) -> None:
        self.record_many(tx, [entry])

    def record_many(self, tx: Connection, entries: Sequence[RecordedEntry]) -> None:
        value, refunds, tickets = _sorted(entries)
        if tickets:
            self._record_tickets(tx, tickets)
        if value:
            self._record_value(tx, unrecorded(tx, value_entry, value))
        if refunds:
            self._record_refunds(tx, unrecorded(tx, refund, refunds))

    # Cards and points

    def _record_value(self, tx: Connection, fresh: Sequence[RecordedEntry]) -> None:
        insert_rows(tx, value_entry, [_value_row(entry) for entry in fresh])
        facts = [entry.recorded.fact for entry in fresh]
        freed = self._leases.spend(tx, [one for entry in fresh for one in _spendings(entry)])
        put_in = value_accounts.added((_account(fact), Change(balance=_signed(fact))) for fact in facts)
        everything = value_accounts.added([*freed.accounts.items(), *put_in.items()])
        after = value_accounts.change(tx, everything)
        apply(tx, Freed(lines=freed.lines))
        for key, change in put_in.items():
            self._look_for_overdraft(tx, key, after[key] - change.balance, after[key], fresh)

    def _look_for_overdraft(
        self, tx: Connection, key: AccountKey, before: int, balance: int, fresh: Sequence[RecordedEntry]
    ) -> None:
        if balance < 0:
            guilty = [
                entry
                for entry in fresh
                if not isinstance(entry.recorded.fact, GiftIssued) and _account(entry.recorded.fact) == key
            ]
            redemptions = value_accounts.redemptions(tx, key)
            refs = {f"redeemed_{at}": bytes(row.event_id).hex() for at, row in enumerate(redemptions, 1)}
            self._inbox.raise_many(tx, [_overdraft(entry, key, balance, refs) for entry in guilty])
        elif before < 0:
            for row in value_accounts.redemptions(tx, key):
                self._inbox.settle(tx, _overdraft_key(bytes(row.event_id)), _COVERED)

    # Refunds

    def _record_refunds(self, tx: Connection, fresh: Sequence[RecordedEntry]) -> None:
        for entry in fresh:
            _check_refund(entry.recorded.fact)
        insert_rows(tx, refund, [_refund_row(entry) for entry in fresh])
        insert_rows(tx, refund_line, [row for entry in fresh for row in _refund_lines(entry)])
        freed = self._leases.spend(tx, [_refund_spending(entry) for entry in fresh])
        apply(tx, Freed(accounts=freed.accounts))
        after = refund_claims.change(tx, refund_claims.added([*freed.lines.items(), *_taken_back(fresh)]))
        for entry in fresh:
            self._look_for_over_refund(tx, entry, after)

    def _look_for_over_refund(
        self, tx: Connection, entry: RecordedEntry, after: Mapping[LineKey, Refunded]
    ) -> None:
        fact: RefundPosted = entry.recorded.fact
        refunds = refund_claims.refunds_of(tx, fact.sale_id)
        faults = _over(fact, after, self._leases.sold_lines(tx, fact.sale_id), len(refunds))
        if faults:
            self._inbox.raise_many(tx, [_over_refund(entry, faults, refunds)])

    # Parked tickets

    def _record_tickets(self, tx: Connection, entries: Sequence[RecordedEntry]) -> None:
        ends = [_end(entry) for entry in entries if not isinstance(entry.recorded.fact, SaleRecalled)]
        over = {Spending(parked_sales.lease_of(tx, *end), 1, end.who.till_id, end.sale_id) for end in ends}
        apply(tx, self._leases.spend(tx, over))
        now_ms = self._now_ms()
        for entry in sorted(entries, key=lambda one: str(one.recorded.fact.sale_id)):
            end = _end(entry)
            change = (
                parked_sales.taken_up if isinstance(entry.recorded.fact, SaleRecalled) else parked_sales.ended
            )
            change(tx, end.who, end.sale_id, end.version, now_ms)
        sold = [entry for entry in entries if isinstance(entry.recorded.fact, SalePosted)]
        fresh = unrecorded(tx, parked_completion, sold)
        if fresh:
            for same in parked_sales.complete(tx, [_completion(entry) for entry in fresh]):
                self._inbox.raise_many(tx, [_parked_twice(same, fresh)])


class _End(NamedTuple):
    """Who did something with which version of a ticket."""

    who: TillIdentity
    sale_id: str
    version: int


def _end(entry: RecordedEntry) -> _End:
    fact: SaleRecalled | SaleVoided | SalePosted = entry.recorded.fact
    version = fact.version if isinstance(fact, SaleRecalled) else fact.parked_version
    return _End(TillIdentity("", entry.till_id or fact.till_id, entry.store_id), fact.sale_id, version)


_COVERED = "What was put on it arrived later; the balance is not below nothing any more."
ValueFact = GiftIssued | GiftRedeemed | LoyaltyRedeemed
Sorted = tuple[list[RecordedEntry], list[RecordedEntry], list[RecordedEntry]]


def _sorted(entries: Sequence[RecordedEntry]) -> Sorted:
    """Value, refunds, tickets. Most entries are sales that were never parked: one look at each must do."""
    value: list[RecordedEntry] = []
    refunds: list[RecordedEntry] = []
    tickets: list[RecordedEntry] = []
    for entry in entries:
        fact = entry.recorded.fact
        if isinstance(fact, _TICKETS):
            version = fact.version if isinstance(fact, SaleRecalled) else fact.parked_version
            if version > 0:
                tickets.append(entry)
        elif isinstance(fact, _VALUE):
            value.append(entry)
        elif isinstance(fact, RefundPosted):
            refunds.append(entry)
    return value, refunds, tickets


def _account(fact: ValueFact) -> AccountKey:
    if isinstance(fact, LoyaltyRedeemed):
        return AccountKey("loyalty", fact.member, "")
    return AccountKey("gift", fact.card, fact.currency)


def _spendings(entry: RecordedEntry) -> Iterable[Spending]:
    fact: ValueFact = entry.recorded.fact
    if not isinstance(fact, GiftIssued):
        till_id = entry.till_id or fact.till_id
        yield Spending(fact.lease_id, _amount(fact), till_id, _account(fact).subject)


def _refund_spending(entry: RecordedEntry) -> Spending:
    fact: RefundPosted = entry.recorded.fact
    return Spending(fact.lease_id, 1, entry.till_id or fact.till_id, fact.sale_id)


def _amount(fact: ValueFact) -> int:
    return fact.points if isinstance(fact, LoyaltyRedeemed) else fact.amount_minor


def _signed(fact: ValueFact) -> int:
    return _amount(fact) if isinstance(fact, GiftIssued) else -_amount(fact)


def _value_row(entry: RecordedEntry) -> tuple[object, ...]:
    """In the order of the table's columns."""
    fact: ValueFact = entry.recorded.fact
    amount = _amount(fact)
    if amount <= 0:
        raise Invalid("Less than nothing can't be put on a card or spent. Look at the till that sent it.")
    issued = isinstance(fact, GiftIssued)
    return (
        entry.event_id,
        1,
        *_account(fact),
        amount if issued else -amount,
        "issued" if issued else "redeemed",
        "" if isinstance(fact, GiftIssued) else fact.lease_id,
        fact.sale_id,
        entry.store_id or fact.store_id,
        entry.till_id or fact.till_id,
        entry.recorded.at_ms,
        fact.operator_id,
        "",
    )


def _overdraft_key(event_id: bytes) -> str:
    return f"overdraft|{event_id.hex()}"


def _overdraft(entry: RecordedEntry, key: AccountKey, balance: int, refs: dict[str, str]) -> Finding:
    what = "Gift card" if key.account == "gift" else "Member"
    return Finding(
        key=_overdraft_key(entry.event_id),
        kind="overdraft",
        sentence=(
            f"{what} {key.subject} was spent {value_accounts.in_words(key, -balance)} below nothing. "
            "The sales count; find out which till spent without asking."
        ),
        store_id=entry.store_id,
        till_id=entry.till_id,
        refs={"event": entry.event_id.hex(), key.account: key.subject, **refs},
    )


def _check_refund(fact: RefundPosted) -> None:
    given = sum(one.amount_minor for one in fact.given_back)
    positive = all(line.quantity_milli > 0 and line.gross_minor >= 0 for line in fact.lines)
    if not fact.lines or not positive or given < 0:
        raise Invalid("A refund takes something back and gives money for it. Look at the till that sent it.")


def _refund_row(entry: RecordedEntry) -> tuple[object, ...]:
    fact: RefundPosted = entry.recorded.fact
    return (
        entry.event_id,
        fact.refund_id,
        fact.sale_id,
        fact.receipt_number,
        fact.lease_id,
        entry.store_id or fact.store_id,
        entry.till_id or fact.till_id,
        fact.shift_id,
        fact.operator_id,
        fact.operator_name,
        fact.business_date,
        entry.recorded.at_ms,
        entry.recorded.tz_min,
        fact.currency,
        fact.net_minor,
        fact.tax_minor,
        fact.total_minor,
        fact.cash_minor(),
        fact.cash_rounding_minor,
        fact.reason,
        fact.approved_by,
        False,
    )


def _refund_lines(entry: RecordedEntry) -> Iterable[tuple[object, ...]]:
    fact: RefundPosted = entry.recorded.fact
    for at, line in enumerate(fact.lines, 1):
        what = (fact.sale_id, line.line_no, line.product_id, line.name, line.quantity_milli)
        money = (line.net_minor, line.tax_minor, line.gross_minor)
        yield (entry.event_id, at, *what, *money, line.restock)


def _taken_back(entries: Iterable[RecordedEntry]) -> Iterable[tuple[LineKey, LineChange]]:
    for entry in entries:
        fact: RefundPosted = entry.recorded.fact
        for line in fact.lines:
            yield (fact.sale_id, line.line_no), LineChange(line.quantity_milli, line.gross_minor)


def _over(
    fact: RefundPosted, after: Mapping[LineKey, Refunded], sold: Mapping[int, SoldLine], refunds: int
) -> list[str]:
    """Which lines went back more than they were sold, in words. A sale that is not here yet is believed.

    Each part of a line is rounded by itself, so a cent a refund is nobody's fault.
    """
    faults = []
    for line in fact.lines:
        back = after[fact.sale_id, line.line_no]
        stated = SoldLine(line.sold_milli, line.sold_gross_minor)
        whole = sold.get(line.line_no, SoldLine(0, 0)) if sold else stated
        if back.milli > whole.quantity_milli or back.minor > whole.gross_minor + refunds:
            faults.append(f"line {line.line_no}, {line.name}")
    return faults


def _over_refund(entry: RecordedEntry, faults: Sequence[str], refunds: Sequence[bytes]) -> Finding:
    fact: RefundPosted = entry.recorded.fact
    return Finding(
        key=f"over_refund|{entry.event_id.hex()}",
        kind="over_refund",
        sentence=(
            f"More was refunded on receipt {fact.receipt_number} than was sold: {'; '.join(faults[:6])}. "
            "Cash and stock stay as they happened."
        ),
        store_id=entry.store_id,
        till_id=entry.till_id,
        refs={
            "event": entry.event_id.hex(),
            "receipt": fact.receipt_number,
            **{f"refund_{at}": event_id.hex() for at, event_id in enumerate(refunds, 1)},
        },
    )


def _completion(entry: RecordedEntry) -> Completion:
    fact: SalePosted = entry.recorded.fact
    return Completion(entry.event_id, fact.sale_id, entry.till_id or fact.till_id, fact.receipt_number)


def _parked_twice(same: Sequence[Completion], fresh: Sequence[RecordedEntry]) -> Finding:
    newest = next(entry for entry in fresh if entry.recorded.fact.sale_id == same[0].sale_id)
    receipts = ", ".join(one.receipt_number for one in same)
    refs = {f"sale_{at}": one.event_id.hex() for at, one in enumerate(same, 1)}
    return Finding(
        key=f"parked_twice|{same[0].sale_id}|{len(same)}",
        kind="parked_twice",
        sentence=(
            f"One parked ticket was sold {len(same)} times: {receipts}. All of them count; "
            "ask the tills whether the customer paid twice."
        ),
        store_id=newest.store_id,
        till_id=newest.till_id,
        refs={"receipt": newest.recorded.fact.receipt_number, **refs},
    )
