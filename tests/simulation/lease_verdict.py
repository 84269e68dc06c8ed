"""Whether cards and refunds came out right, by plain SQL: invariants 16 and 17."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from shared_models.refund import RefundPosted
from shared_models.stored_value import GiftIssued, GiftRedeemed
from tests.simulation.evidence import Evidence

_ACCOUNTS = (
    "select subject, balance, held,"
    " (select coalesce(sum(amount), 0) from value_entry as entry where entry.subject = account.subject),"
    " (select coalesce(sum(case state when 'granted' then max(0, amount - spent)"
    "  when 'captured' then max(0, used - spent) else 0 end), 0)"
    "  from lease where lease.subject = account.subject and kind in ('gift', 'escrow'))"
    " from value_account as account"
)
_LINES = (
    "select sale_id, line_no, refunded_milli, claimed_milli,"
    " (select coalesce(sum(quantity_milli), 0) from refund_line as line"
    "  where line.sale_id = counts.sale_id and line.line_no = counts.line_no),"
    " (select coalesce(sum(quantity_milli), 0) from lease join claimed_line using (lease_id) where"
    "  lease.subject = counts.sale_id and claimed_line.line_no = counts.line_no and"
    "  (state = 'granted' and spent < amount or state = 'captured' and spent < used))"
    " from refund_claim as counts"
)
_UNASKED = (
    "select coalesce(sum(-amount), 0) from value_entry"
    " where subject = ? and reason = 'redeemed' and lease_id = ''"
)
_KEPT = "select lease_id, till_id from lease where state = 'granted' and kind <> 'escrow'"


def cards(at: Evidence) -> Iterator[str]:
    """Every card is what was put on it less what was taken off; what leases keep of it is what they say."""
    model: Counter[str] = Counter()
    for fact in at.facts.values():
        if isinstance(fact, GiftIssued):
            model[fact.card] += fact.amount_minor
        elif isinstance(fact, GiftRedeemed):
            model[fact.card] -= fact.amount_minor
    accounts = at.server(_ACCOUNTS)
    for card, balance, held, entries, kept in accounts:
        if (balance, entries) != (model[card], model[card]):
            yield f"{card} holds {balance}, its entries come to {entries}, and {model[card]} was left on it"
        if held != kept:
            yield f"of {card} {held} are held, and its leases keep {kept}"
        yield from _overdrawn(at, card, balance)
    if missing := {card for card, left in model.items() if left} - {row[0] for row in accounts}:
        yield f"nobody knows of {sorted(missing)}"
    yield from _spent(at)
    yield from _kept_for_nobody(at)


def _overdrawn(at: Evidence, card: str, balance: int) -> Iterator[str]:
    """Below nothing is told with every redemption, and comes only of what was spent without asking."""
    if balance >= 0:
        return
    [(unasked,)] = at.server(_UNASKED, card)
    if at.nothing_went_back and balance + unasked < 0:
        yield f"{card} is {-balance} below nothing, and only {unasked} were spent without asking"
    redeemed = {event for event, fact in at.facts.items() if _is_of(fact, card)}
    if silent := redeemed - _named(at, "overdraft"):
        yield f"{card} is below nothing, and {len(silent)} of its redemptions are not told of"


def refunds(at: Evidence) -> Iterator[str]:
    """Of no line more went back than was sold, or somebody is told of every refund of it."""
    back: Counter[tuple[str, int]] = Counter()
    unasked: Counter[tuple[str, int]] = Counter()
    events: dict[str, set[bytes]] = {}
    for event_id, fact in at.facts.items():
        if isinstance(fact, RefundPosted):
            events.setdefault(fact.sale_id, set()).add(event_id)
            for line in fact.lines:
                back[fact.sale_id, line.line_no] += line.quantity_milli
                unasked[fact.sale_id, line.line_no] += 0 if fact.lease_id else line.quantity_milli
    sold = {(sale.sale_id, line.line_no): line.quantity_milli for sale in at.all_sales for line in sale.lines}
    told = _named(at, "over_refund")
    for sale_id, line_no, refunded, claimed, lines, kept in at.server(_LINES):
        key = (sale_id, line_no)
        if (refunded, lines) != (back[key], back[key]):
            yield f"of line {line_no} of {sale_id[:6]} {refunded} went back, {lines} by its lines, {back[key]} in truth"
        if claimed != kept:
            yield f"of line {line_no} of {sale_id[:6]} {claimed} are claimed, and leases keep {kept}"
        if back[key] > sold[key] and not events[sale_id] <= told:
            yield f"line {line_no} of {sale_id[:6]} went back too often, and not every refund is told of"
        if at.nothing_went_back and back[key] - unasked[key] > sold[key]:
            yield f"the server itself let more of line {line_no} of {sale_id[:6]} go back than was sold"


def _spent(at: Evidence) -> Iterator[str]:
    """A lease knows what the facts that name it have spent."""
    if not at.nothing_went_back:
        return
    model: Counter[str] = Counter()
    for fact in at.facts.values():
        if isinstance(fact, GiftRedeemed):
            model[fact.lease_id] += fact.amount_minor
    for lease_id, spent in at.server("select lease_id, spent from lease where kind in ('gift', 'escrow')"):
        if spent != model[lease_id]:
            yield f"of lease {lease_id[:8]} {model[lease_id]} was spent, and it knows of {spent}"


def _kept_for_nobody(at: Evidence) -> Iterator[str]:
    """What a till is done with is free again, once it could say so."""
    if not at.nothing_went_back or len({till.till_id for till in at.tills}) < at.tills_ever:
        return
    pending = {row[0] for till in at.tills for row in at.till(till, "select lease_id from lease")}
    for lease_id, till_id in at.server(_KEPT):
        if lease_id not in pending:
            yield f"lease {lease_id[:8]} is kept for {till_id}, which is done with it"


def _named(at: Evidence, kind: str) -> set[bytes]:
    found = set()
    for (refs,) in at.server("select refs from exception_case where kind = ?", kind):
        for name, value in json.loads(refs).items():
            if name.startswith(("event", "redeemed_", "refund_")):
                found.add(bytes.fromhex(value))
    return found


def _is_of(fact: object, card: str) -> bool:
    return isinstance(fact, GiftRedeemed) and fact.card == card
