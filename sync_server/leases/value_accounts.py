"""Cards and points: what is on an account, what leases hold of it, and the entries that made it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from shared_models.leases import LeaseRequest
from shared_models.money import currency, format_amount
from sync_server.leases.decisions import Decision, denied
from sync_server.leases.tables import value_account, value_entry


class AccountKey(NamedTuple):
    """`account` is gift or loyalty; points have no currency."""

    account: str
    subject: str
    currency: str


class Change(NamedTuple):
    """Added to the balance, and to what is held of it."""

    balance: int = 0
    held: int = 0


class Standing(NamedTuple):
    balance: int
    held: int

    @property
    def available(self) -> int:
        return self.balance - self.held


def key_of(wanted: LeaseRequest) -> AccountKey:
    account = wanted.account if wanted.kind == "escrow" else wanted.kind
    return AccountKey(account, wanted.subject, wanted.currency)


def hold(tx: Connection, key: AccountKey, amount: int) -> Decision:
    """Sets `amount` aside if there is so much: one statement, so that no two tills can both be the last."""
    enough = value_account.c.balance - value_account.c.held >= amount
    held = update(value_account).where(_is(key), enough).values(held=value_account.c.held + amount)
    granted = tx.execute(held).rowcount == 1
    now = standing(tx, key)
    if granted:
        assert now is not None
        return Decision(balance=now.available)
    return _refusal(key, now, amount)


def standing(tx: Connection, key: AccountKey) -> Standing | None:
    """None for a card or member that nobody has heard of."""
    row = tx.execute(select(value_account.c.balance, value_account.c.held).where(_is(key))).one_or_none()
    return None if row is None else Standing(row.balance, row.held)


def change(tx: Connection, changes: Mapping[AccountKey, Change]) -> dict[AccountKey, int]:
    """Adds to accounts, new ones too, in an order in which two writers never wait for each other; the new balances."""
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    balances: dict[AccountKey, int] = {}
    for key in sorted(changes):
        wanted = changes[key]
        new: Any = dialect.insert(value_account).values(
            account=key.account,
            subject=key.subject,
            currency=key.currency,
            balance=wanted.balance,
            held=wanted.held,
        )
        merged = new.on_conflict_do_update(
            index_elements=["account", "subject", "currency"],
            set_={
                "balance": value_account.c.balance + wanted.balance,
                "held": value_account.c.held + wanted.held,
            },
        )
        balances[key] = tx.scalar(merged.returning(value_account.c.balance))
    return balances


def added(parts: Iterable[tuple[AccountKey, Change]]) -> dict[AccountKey, Change]:
    sums: dict[AccountKey, Change] = {}
    for key, part in parts:
        before = sums.get(key, Change())
        sums[key] = Change(before.balance + part.balance, before.held + part.held)
    return sums


def redemptions(tx: Connection, key: AccountKey) -> Sequence[Any]:
    """Rows of event_id, amount, till_id and lease_id, in the order of their time."""
    entry = value_entry.c
    query = select(entry.event_id, entry.amount, entry.till_id, entry.lease_id).where(
        entry.account == key.account,
        entry.subject == key.subject,
        entry.currency == key.currency,
        entry.reason == "redeemed",
    )
    return tx.execute(query.order_by(entry.at_ms, entry.event_id)).all()


def in_words(key: AccountKey, amount: int) -> str:
    if key.account == "loyalty":
        return f"{amount} points"
    return f"{format_amount(amount, currency(key.currency))} {key.currency}"


def _refusal(key: AccountKey, now: Standing | None, amount: int) -> Decision:
    what = "card" if key.account == "gift" else "member"
    if now is None:
        return denied(
            f"unknown_{what}",
            f"No such {what} is known to head office. What was issued just now counts once its till has sent it.",
        )
    if amount <= now.balance:
        return denied(
            "held_elsewhere",
            f"{in_words(key, now.held)} of it are kept for another till at this moment. Try again soon.",
            now.available,
        )
    return denied("not_enough", f"There are only {in_words(key, max(0, now.available))} left.", now.available)


def _is(key: AccountKey) -> Any:
    account = value_account.c
    return (
        (account.account == key.account)
        & (account.subject == key.subject)
        & (account.currency == key.currency)
    )
