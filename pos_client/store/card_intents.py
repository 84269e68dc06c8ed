"""Card payments in the till's database: written down before the terminal hears of them, each step before the next."""

from __future__ import annotations

from typing import Any

import msgspec

from hardware.terminals.base import Payment, Reference, Request
from pos_client.store.connection import Database, Driver
from pos_client.till.ports import CardIntent, GiveBack
from shared_models.refund import RefundPosted
from shared_models.sale import SalePosted

_COLUMNS = "id, sale_id, amount_minor, currency, state, before, payment, reason, decided_by, kind, give_back"
_OPEN = ("created", "sent", "uncertain", "approved", "reversing")
_encode = msgspec.json.Encoder().encode
_request = msgspec.json.Decoder(Request).decode
_payment = msgspec.json.Decoder(Payment).decode
_give_back = msgspec.json.Decoder(GiveBack).decode


class CardIntents:
    """Implements `pos_client.card_terminal.IntentBook`. `payment` keeps the merchant's receipt too."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def begin(self, intent: CardIntent, at_ms: int) -> None:
        """`created`: on disk before anything is asked."""
        task = b"" if intent.give_back is None else _encode(intent.give_back)
        names = (intent.intent_id, intent.sale_id, intent.amount_minor, intent.currency, intent.state)
        row = (*names, at_ms, intent.kind, task)
        self.database.write(
            lambda connection: connection.execute(
                "insert into payment_intent(id, sale_id, amount_minor, currency, state, at_ms, kind, give_back)"
                " values (?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        )

    def sent(self, intent_id: str, request: Request) -> None:
        """From now on the card may be charged."""
        self.database.write(
            lambda connection: connection.execute(
                "update payment_intent set state = 'sent', before = ? where id = ? and state = 'created'",
                (_encode(request), intent_id),
            )
        )

    def settle(
        self, intent_id: str, state: str, reason: str = "", payment: Payment | None = None, by: str = ""
    ) -> None:
        """What became of it. What is settled already stays so, but for a payment that goes back."""
        body = b"" if payment is None else _encode(payment)
        may_follow = _MAY_FOLLOW[state]
        marks = ", ".join("?" * len(may_follow))
        self.database.write(
            lambda connection: connection.execute(
                "update payment_intent set state = ?, reason = ?,"
                " payment = case when ? = x'' then payment else ? end,"
                " decided_by = case when ? = '' then decided_by else ? end"
                f" where id = ? and state in ({marks})",
                (state, reason, body, body, by, by, intent_id, *may_follow),
            )
        )

    def intent(self, intent_id: str) -> CardIntent:
        with self.database.read() as connection:
            row = connection.execute(
                f"select {_COLUMNS} from payment_intent where id = ?", (intent_id,)
            ).fetchone()
        assert row is not None, intent_id
        return _from_row(row)

    def open_intents(self) -> tuple[CardIntent, ...]:
        """The oldest first."""
        marks = ", ".join("?" * len(_OPEN))
        with self.database.read() as connection:
            rows = connection.execute(
                f"select {_COLUMNS} from payment_intent where state in ({marks}) order by rowid", _OPEN
            ).fetchall()
        return tuple(map(_from_row, rows))

    def leases_held(self) -> frozenset[str]:
        """Those of refunds whose card's part is at the terminal, or just went back."""
        refunds = (intent.give_back.refund for intent in self.open_intents() if intent.give_back is not None)
        return frozenset(refund.lease_id for refund in refunds if refund.lease_id)

    def last_reference(self) -> Reference | None:
        """Of the newest payment that the terminal named."""
        with self.database.read() as connection:
            row = connection.execute(
                "select payment from payment_intent where payment != x'' and kind != 'end_of_day'"
                " order by rowid desc limit 1"
            ).fetchone()
        return _payment(row[0]).reference if row else None


_MAY_FOLLOW = {
    "uncertain": ("sent", "uncertain"),
    "declined": ("created", "sent", "uncertain"),
    "used": ("approved",),
    "approved": ("sent", "uncertain", "reversing"),
    "reversing": ("approved",),
    "reversed": ("reversing",),
}


def use_intents(connection: Driver, fact: Any) -> None:
    """With the sale or the refund, in its transaction: what its cards paid or got is posted."""
    match fact:
        case SalePosted(tenders=parts) | RefundPosted(given_back=parts):
            used = [(part.card.intent_id,) for part in parts if part.card is not None]
        case _:
            return
    connection.executemany("update payment_intent set state = 'used' where id = ?", used)


def _from_row(row: tuple[Any, ...]) -> CardIntent:
    intent_id, sale_id, amount_minor, currency, state, before, payment, reason, decided_by, kind, task = row
    return CardIntent(
        intent_id,
        sale_id,
        amount_minor,
        currency,
        state,
        _request(before) if before else None,
        _payment(payment) if payment else None,
        reason,
        decided_by,
        kind,
        _give_back(task) if task else None,
    )
