"""What goes on at the card terminal, as the cashier reads it and as the journal keeps it."""

from __future__ import annotations

from hardware.terminals.base import Payment
from pos_client.till.desk import Desk
from pos_client.till.ports import CardIntent
from pos_client.till.state import CardView, Words
from shared_models.sale import CardPaid

_STEP_WORDS = {"declined": "card_declined_step"}


def card_view(desk: Desk) -> CardView | None:
    if desk.card is None:
        return None
    cards = desk.ports.cards
    intent = cards.look(desk.card.intent_id)
    can_decide = intent.state in ("uncertain", "reversing") and cards.was_asked(intent.intent_id)
    return CardView(
        amount_minor=intent.amount_minor,
        words=_words(intent, desk, can_decide),
        can_cancel=intent.state in ("created", "sent"),
        can_decide=can_decide,
        gives_back=intent.kind == "refund",
    )


def _words(intent: CardIntent, desk: Desk, was_asked: bool) -> Words:
    amount: dict[str, str | int] = {"amount_minor": intent.amount_minor}
    if intent.state == "reversing" and not was_asked:
        return Words("card_reversing", amount)
    if intent.state in ("uncertain", "reversing"):
        undecided = "card_back_undecided" if intent.kind == "refund" else "card_undecided"
        return Words(undecided if was_asked else "card_resolving", amount | {"reason": intent.reason})
    step = desk.ports.cards.step()
    if step.code == "other" and not step.text:
        return Words("card_at_work")
    return Words(_STEP_WORDS.get(step.code, f"card_{step.code}"), amount | {"text": step.text})


def card_paid(intent: CardIntent) -> CardPaid:
    """As the terminal states it, or as somebody has seen on it."""
    payment = intent.payment or Payment()
    return CardPaid(
        intent_id=intent.intent_id,
        brand=payment.brand,
        last_four=payment.last_four,
        terminal_id=payment.reference.terminal_id,
        trace=payment.reference.trace,
        terminal_receipt=payment.reference.receipt_number,
        date=payment.reference.date,
        time=payment.reference.time,
        authorisation=payment.authorisation,
        application_id=payment.application_id,
        receipt_text=payment.customer_text,
        confirmed_by=intent.decided_by,
    )
