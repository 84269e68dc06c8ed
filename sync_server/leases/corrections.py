"""Cards and points as the office sees and corrects them."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, select

from shared_models.money import MAX_AMOUNT_MINOR, currency
from sync_server.bulk_rows import insert_rows
from sync_server.errors import Invalid, NotFound
from sync_server.leases import value_accounts
from sync_server.leases.tables import value_entry
from sync_server.leases.value_accounts import AccountKey, Change
from sync_server.ports import NewId, NowMs

_MAX_SUBJECT = 80
_MAX_NOTE = 400
_MOST_ENTRIES = 500


class ValueEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a balance. `entry` is the journal entry's id (hex), or the correction's."""

    entry: str
    amount: int
    reason: str
    lease_id: str
    sale_id: str
    store_id: str
    till_id: str
    at_ms: int
    made_by: str
    note: str


class ValueDetail(msgspec.Struct, frozen=True, kw_only=True):
    """The newest entries first, at most five hundred. `available` is the balance less what leases hold."""

    account: str
    subject: str
    currency: str
    balance: int
    available: int
    entries: list[ValueEntry]


class ValueCorrection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`amount` is put on (or taken off, when negative): minor units of `currency`, or points without one."""

    account: Literal["gift", "loyalty"]
    subject: str
    amount: int
    note: str
    currency: str = ""


class ValueService:
    def __init__(self, now_ms: NowMs, new_id: NewId) -> None:
        self._now_ms = now_ms
        self._new_id = new_id

    def detail(self, tx: Connection, account: str, subject: str, currency: str) -> ValueDetail:
        key = AccountKey(account, subject, currency)
        now = value_accounts.standing(tx, key)
        if now is None:
            raise NotFound("There is nothing under this number. Check it, and the currency.")
        return ValueDetail(
            account=account,
            subject=subject,
            currency=currency,
            balance=now.balance,
            available=now.available,
            entries=_entries(tx, key),
        )

    def correct(self, tx: Connection, wanted: ValueCorrection, by: str, key: str = "") -> ValueDetail:
        """Someone answers for it. The same `key` again changes nothing."""
        _check(wanted)
        event_id = sha256(key.encode()).digest()[:16] if key else bytes.fromhex(self._new_id())
        account = AccountKey(wanted.account, wanted.subject, wanted.currency)
        known = select(value_entry.c.event_id).where(value_entry.c.event_id == event_id)
        if tx.execute(known).first() is None:
            row = (event_id, 1, *account, wanted.amount, "correction", "", "", "", "")
            insert_rows(tx, value_entry, [(*row, self._now_ms(), by, wanted.note.strip())])
            value_accounts.change(tx, {account: Change(balance=wanted.amount)})
        return self.detail(tx, *account)


def _entries(tx: Connection, key: AccountKey) -> list[ValueEntry]:
    entry = value_entry.c
    query = select(value_entry).where(
        entry.account == key.account, entry.subject == key.subject, entry.currency == key.currency
    )
    rows = tx.execute(query.order_by(entry.at_ms.desc(), entry.event_id.desc()).limit(_MOST_ENTRIES))
    return [_entry(row) for row in rows]


def _entry(row: Any) -> ValueEntry:
    values = {name: getattr(row, name) for name in ValueEntry.__struct_fields__ if name != "entry"}
    return ValueEntry(entry=bytes(row.event_id).hex(), **values)


def _check(wanted: ValueCorrection) -> None:
    if not 0 < len(wanted.subject) <= _MAX_SUBJECT or not wanted.subject.isprintable():
        raise Invalid(f"A card's or member's number has 1 to {_MAX_SUBJECT} printable characters.")
    if not 0 < abs(wanted.amount) <= MAX_AMOUNT_MINOR:
        raise Invalid("Say how much is put on or taken off.")
    if not wanted.note.strip() or len(wanted.note) > _MAX_NOTE:
        raise Invalid(f"Write why, in up to {_MAX_NOTE} characters.")
    if (wanted.account == "gift") != bool(wanted.currency):
        raise Invalid("A gift card's amount has a currency, points have none.")
    if wanted.currency:
        currency(wanted.currency)
