"""Leases of this till, from before they are asked for until the server knows what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pos_client.store.connection import Database, Driver
from pos_client.till.ports import Escrow
from shared_models.leases import GRANTED, LeaseReply, LeaseRequest
from shared_models.refund import RefundPosted
from shared_models.stored_value import GiftRedeemed, LoyaltyRedeemed

_ESCROW = "escrow"
_ASKED, _GRANTED, _OVER = "asked", "granted", "over"


class LeaseRows:
    """Written by the thread that asks; a fact that spends a lease says so in the fact's own transaction.

    `over` means that the till is done with it and the server has yet to hear how much of it was used. So it is with
    what was asked for before the till was started: whoever wanted it is gone. Only an escrow outlives a start, and
    what is `held` for a refund that is at the card terminal.
    """

    def __init__(self, database: Database, held: Iterable[str] = ()) -> None:
        self.database = database
        self._wanted = set(held)

    def asked(self, wanted: LeaseRequest) -> None:
        """Before the request leaves, so that no crash forgets what the server may have granted."""
        self._wanted.add(wanted.lease_id)
        row = (
            wanted.lease_id,
            wanted.kind,
            wanted.account or wanted.kind,
            wanted.subject,
            wanted.amount,
            _ASKED,
        )
        self.database.write(
            lambda connection: connection.execute(
                "insert or ignore into lease(lease_id, kind, account, subject, amount, state)"
                " values (?, ?, ?, ?, ?, ?)",
                row,
            )
        )

    def answered(self, reply: LeaseReply, ends_ms: int) -> None:
        """`ends_ms` is on the till's clock. A lease that the till gave back meanwhile stays given back."""

        def work(connection: Driver) -> None:
            if reply.state == GRANTED:
                connection.execute(
                    f"update lease set state = '{_GRANTED}', ends_ms = ? where lease_id = ? and state = '{_ASKED}'",
                    (ends_ms, reply.lease_id),
                )
            else:
                connection.execute("delete from lease where lease_id = ?", (reply.lease_id,))

        self.database.write(work)

    def given_back(self, lease_id: str) -> None:
        self.database.write(
            lambda connection: connection.execute(
                f"update lease set state = '{_OVER}' where lease_id = ?", (lease_id,)
            )
        )

    def told(self, lease_id: str) -> None:
        """The server knows how it ended."""
        self.database.write(
            lambda connection: connection.execute("delete from lease where lease_id = ?", (lease_id,))
        )
        self._wanted.discard(lease_id)

    def run_out(self, now_ms: int) -> None:
        """Ends what was put aside and whose time is over."""
        ended = f"state = '{_GRANTED}' and kind = '{_ESCROW}' and ends_ms <= ?"
        with self.database.read() as connection:
            found = connection.execute(f"select 1 from lease where {ended}", (now_ms,)).fetchone()
        if found is not None:
            self.database.write(
                lambda connection: connection.execute(
                    f"update lease set state = '{_OVER}' where {ended}", (now_ms,)
                )
            )

    def to_tell(self) -> tuple[tuple[str, int], ...]:
        """(lease_id, used) of those that are over."""
        with self.database.read() as connection:
            rows = connection.execute(
                "select lease_id, used, state, kind from lease order by rowid"
            ).fetchall()
        return tuple((lease_id, used) for lease_id, used, *how in rows if self._is_over(lease_id, *how))

    def _is_over(self, lease_id: str, state: str, kind: str) -> bool:
        is_put_aside = (state, kind) == (_GRANTED, _ESCROW)
        return state == _OVER or (lease_id not in self._wanted and not is_put_aside)

    def escrows(self, account: str, subject: str, now_ms: int) -> tuple[Escrow, ...]:
        """What this till may spend of it without asking, the oldest first."""
        with self.database.read() as connection:
            rows = connection.execute(
                "select lease_id, amount - used from lease where account = ? and subject = ? and kind = ?"
                f" and state = '{_GRANTED}' and ends_ms > ? order by rowid",
                (account, subject, _ESCROW, now_ms),
            ).fetchall()
        return tuple(Escrow(lease_id, left) for lease_id, left in rows)


def give_up_all(connection: Driver) -> None:
    """With a new incarnation: these files may be a copy, and what was put aside spent by those that it is a copy of."""
    connection.execute(f"update lease set state = '{_OVER}'")


def use(connection: Driver, lease_id: str) -> None:
    """All of it, with the fact that it was asked for."""
    connection.execute(f"update lease set used = amount, state = '{_OVER}' where lease_id = ?", (lease_id,))


def spend(connection: Driver, fact: Any) -> None:
    """With the fact, in its transaction: a lease is used up by it, or what was put aside grows less."""
    match fact:
        case (
            GiftRedeemed(lease_id=lease_id, amount_minor=amount)
            | LoyaltyRedeemed(lease_id=lease_id, points=amount)
        ):
            pass
        case RefundPosted(lease_id=lease_id):
            amount = 1
        case _:
            return
    if lease_id:
        connection.execute(
            f"update lease set used = used + ?, state = case kind when '{_ESCROW}' then state else '{_OVER}' end"
            " where lease_id = ?",
            (amount, lease_id),
        )
