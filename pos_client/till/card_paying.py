"""Paying by card: the terminal is asked, watched, and never guessed about."""

from __future__ import annotations

from pos_client.till.card_words import card_paid
from pos_client.till.desk import Desk
from pos_client.till.paying import Paying
from pos_client.till.ports import CardIntent
from pos_client.till.refunding import Refunding
from pos_client.till.refusals import Asked, Refused
from pos_client.till.state import Phase, Severity
from pos_client.till.tendering import MAX_TENDERS, Backing
from shared_models.sale import CARD

_DECIDE = {
    (False, True): "card_was_paid",
    (False, False): "card_was_not_paid",
    (True, True): "card_went_back",
    (True, False): "card_did_not_go_back",
}
"""By whether it gives back, and whether it did."""


class CardPaying:
    """One payment or refund at the terminal at a time; its outcome is a tender, a reason, or a question."""

    def __init__(self, desk: Desk, paying: Paying, refunding: Refunding) -> None:
        self._desk = desk
        self._paying = paying
        self._refunding = refunding
        paying.card_back = self._give_back

    def tender(self, amount_minor: int) -> None:
        """So much of what is open, or all of it. The ticket is kept first, so that no crash parts it from its money."""
        desk = self._desk
        desk.require(Phase.TENDER)
        assert desk.payment is not None
        cards, open_minor = desk.ports.cards, desk.payment.open_exact_minor
        if not cards.is_set_up:
            raise Refused("no_terminal")
        self._refuse_while_one_is_open()
        if not open_minor:
            raise Refused("nothing_open")
        if not 0 <= amount_minor <= open_minor:
            raise Refused("bad_amount")
        if len(desk.payment.tenders) >= MAX_TENDERS:
            raise Refused("too_many_tenders")
        desk.save_cart()
        desk.card = cards.begin(desk.cart.sale_id, amount_minor or open_minor, desk.payment.currency)

    def _refuse_while_one_is_open(self) -> None:
        """No card sale begins while one is uncertain; the one that is open comes up instead."""
        desk = self._desk
        for intent in desk.ports.cards.open_intents():
            if desk.payment is not None and desk.payment.paid_by_card(intent.intent_id):
                continue
            if intent.kind == "refund" and intent.is_settled:
                self._refunding.card_settled(intent)
                continue
            if intent.kind == "end_of_day":
                continue
            if not self._is_of_this_ticket(intent) and intent.is_settled:
                self._ask_to_give_back(intent)
            desk.card = intent
            raise Refused("card_unsettled", amount_minor=intent.amount_minor)

    def cancel(self) -> None:
        if self._desk.card is not None:
            self._desk.ports.cards.cancel()

    def decide(self, *, paid: bool) -> None:
        desk, intent = self._desk, self._desk.card
        if intent is None:
            raise Refused("no_card_payment")
        if not desk.ports.cards.was_asked(intent.intent_id):
            raise Refused("card_not_asked_yet")

        def decided(_: str) -> None:
            by = desk.people.current().staff_id
            desk.ports.cards.decide(intent.intent_id, paid=paid, by=by)
            self.go_on()

        question = _DECIDE[intent.kind == "refund", paid]
        raise Asked(question, decided, amount_minor=intent.amount_minor)

    def has_news(self) -> bool:
        intent = self._desk.card
        return intent is not None and self._desk.ports.cards.look(intent.intent_id).is_settled

    def go_on(self) -> None:
        """What the payment at the terminal came to."""
        desk = self._desk
        if desk.card is None:
            return
        intent = desk.ports.cards.look(desk.card.intent_id)
        if not intent.is_settled:
            return
        desk.card = None
        if intent.kind == "refund":
            self._refunding.card_settled(intent)
        elif intent.state == "approved":
            self._approved(intent)
        elif intent.state == "reversed":
            self._reversed(intent)
        elif intent.state == "declined":
            raise Refused("card_declined", reason=intent.reason)

    def catch_up(self) -> None:
        """After a restart or a lock: payments whose ticket is here become its tenders, any other is asked about.

        Refunds are finished first: their money may have gone back already.
        """
        desk = self._desk
        if desk.card is None:
            self._catch_up_refunds()
        if desk.shift is None or desk.card is not None:
            self.go_on()
            return
        for intent in desk.ports.cards.open_intents():
            if intent.kind != "payment":
                continue
            if not intent.is_settled:
                self._continue(intent)
            elif desk.payment is None or not desk.payment.paid_by_card(intent.intent_id):
                self._approved(intent)

    # inside

    def _catch_up_refunds(self) -> None:
        for intent in self._desk.ports.cards.open_intents():
            if intent.kind == "refund" and intent.is_settled:
                self._refunding.card_settled(intent)
            elif intent.kind == "refund":
                self._desk.card = intent

    def _continue(self, intent: CardIntent) -> None:
        """Another ticket's payment is watched by nobody until the next card would pay."""
        if not self._is_of_this_ticket(intent):
            return
        self._desk.card = intent
        if self._desk.payment is None:
            self._paying.begin()

    def _is_of_this_ticket(self, intent: CardIntent) -> bool:
        cart = self._desk.cart
        return cart.sale_id == intent.sale_id and bool(cart.lines)

    def _approved(self, intent: CardIntent) -> None:
        desk = self._desk
        if not self._is_of_this_ticket(intent):
            self._ask_to_give_back(intent)
        if desk.payment is None:
            self._paying.begin()
        assert desk.payment is not None
        if desk.payment.paid_by_card(intent.intent_id):
            desk.say(Severity.WARNING, Refused("card_not_reversed", reason=intent.reason))
            return
        desk.payment = desk.payment.with_backing(_backing(intent))
        if not desk.payment.open_minor:
            self._paying.finish_sale()

    def _ask_to_give_back(self, intent: CardIntent) -> None:
        def give_back(_: str) -> None:
            self._give_back(intent.intent_id)

        raise Asked("card_without_ticket", give_back, amount_minor=intent.amount_minor)

    def _give_back(self, intent_id: str) -> None:
        desk = self._desk
        intent = desk.ports.cards.reverse(intent_id)
        if desk.phase == Phase.TENDER:
            desk.card = intent
        else:
            desk.say(Severity.INFO, Refused("card_goes_back", amount_minor=intent.amount_minor))

    def _reversed(self, intent: CardIntent) -> None:
        desk = self._desk
        if desk.payment is not None:
            desk.payment = desk.payment.without_card(intent.intent_id)
        desk.say(Severity.INFO, Refused("card_reversed", amount_minor=intent.amount_minor))


def _backing(intent: CardIntent) -> Backing:
    card = card_paid(intent)
    shown = f"{card.brand} {card.last_four}".strip()
    return Backing(CARD, shown, intent.amount_minor, intent.amount_minor, "", card=card)
