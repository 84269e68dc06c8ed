"""The card terminal's end of day: asked for from the shift menu, beside the selling, and its result printed."""

from __future__ import annotations

from pos_client.till.desk import Desk
from pos_client.till.ports import CardIntent
from pos_client.till.refusals import Refused
from pos_client.till.state import Phase, Severity
from shared_models.staff import Permission


class CardDay:
    """Nothing waits for it: cash is taken meanwhile, and a card's turn comes behind it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._asked: CardIntent | None = None

    def end(self) -> None:
        self._desk.require(Phase.SALE, Phase.CHANGE)
        if not self._desk.ports.cards.is_set_up:
            raise Refused("no_terminal")
        self._desk.approved(Permission.SHIFT, lambda _: self._end())

    def _end(self) -> None:
        """Not while it is open what became of a payment: its day should hold it."""
        desk, cards = self._desk, self._desk.ports.cards
        for intent in cards.open_intents():
            if intent.kind == "end_of_day":
                raise Refused("card_day_asked")
            if not intent.is_settled:
                raise Refused("card_unsettled", amount_minor=intent.amount_minor)
        self._asked = cards.end_day(desk.store().currency)
        desk.say(Severity.INFO, Refused("card_day_asked"))

    def catch_up(self) -> None:
        """After a restart: what was asked for and is not told yet."""
        if self._asked is None:
            intents = self._desk.ports.cards.open_intents()
            self._asked = next((one for one in intents if one.kind == "end_of_day"), None)

    def has_news(self) -> bool:
        return self._asked is not None and self._desk.ports.cards.look(self._asked.intent_id).is_settled

    def go_on(self) -> None:
        """The report is queued first: a crash in between prints it twice, and never not at all."""
        desk, cards = self._desk, self._desk.ports.cards
        if self._asked is None:
            return
        intent = cards.look(self._asked.intent_id)
        if not intent.is_settled:
            return
        if intent.state == "declined":
            self._asked = None
            raise Refused("card_day_failed", severity=Severity.DANGER, reason=intent.reason)
        if intent.state == "approved":
            document = desk.ports.paper.card_day(intent, desk.store(), desk.ports.clock.now())
            desk.ports.books.post(document=document, note="card_day")
            cards.day_reported(intent.intent_id)
        self._asked = None
        if intent.payment is None or intent.reason:
            raise Refused("card_day_unknown", severity=Severity.DANGER, reason=intent.reason)
        desk.say(Severity.INFO, Refused("card_day_ended", amount_minor=intent.payment.amount_minor))
