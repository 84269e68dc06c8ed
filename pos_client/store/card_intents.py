"""Card payments in the till's database: written down before the terminal hears of them, each step before the next."""

from __future__ import annotations

from typing import Any

import msgspec

from hardware.terminals.base import Payment, Reference, Request
from pos_client.store.connection import Database, Driver
from pos_client.till.ports import CardIntent
from shared_models.sale import SalePosted

_COLUMNS = "id, sale_id, amount_minor, currency, state, before, payment, reason, decided_by"
_OPEN = ("created", "sent", "uncertain", "approved", "reversing")
_encode = msgspec.json.Encoder().encode
_request = msgspec.json.Decoder(Request).decode
_payment = msgspec.json.Decoder(Payment).decode


class CardIntents:
    """Implements `pos_client.card_terminal.IntentBook`. `payment` keeps the merchant's receipt too."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def begin(self, intent: CardIntent, at_ms: int) -> None:
        """`created`: on disk before anything is asked."""
        row = (intent.intent_id, intent.sale_id, intent.amount_minor, intent.currency, intent.state, at_ms)
        self.database.write(
            lambda connection: connection.execute(
                "insert into payment_intent(id, sale_id, amount_minor, currency, state, at_ms)"
                " values (?, ?, ?, ?, ?, ?)",
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

    def last_reference(self) -> Reference | None:
        """Of the newest payment that the terminal named."""
        with self.database.read() as connection:
            row = connection.execute(
                "select payment from payment_intent where payment != x'' order by rowid desc limit 1"
            ).fetchone()
        return _payment(row[0]).reference if row else None


_MAY_FOLLOW = {
    "uncertain": ("sent", "uncertain"),
    "declined": ("created", "sent", "uncertain"),
    "approved": ("sent", "uncertain", "reversing"),
    "reversing": ("approved",),
    "reversed": ("reversing",),
}


def use_intents(connection: Driver, sale: SalePosted) -> None:
    """With the sale, in its transaction: its payments are posted."""
    used = [(tender.card.intent_id,) for tender in sale.tenders if tender.card is not None]
    connection.executemany("update payment_intent set state = 'used' where id = ?", used)


def _from_row(row: tuple[Any, ...]) -> CardIntent:
    intent_id, sale_id, amount_minor, currency, state, before, payment, reason, decided_by = row
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
    )
