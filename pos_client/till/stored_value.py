"""Paying with value that was put aside before: a gift card, held by the server for this sale until it is posted.

Without a line a card is spent out of what was put aside for this till, or within the limits that head office set.
"""

from __future__ import annotations

from collections.abc import Iterator

from pos_client.till.asking import denied
from pos_client.till.desk import Desk
from pos_client.till.ports import LeaseAnswer
from pos_client.till.refusals import Asked, Refused
from pos_client.till.state import Phase, Severity, Words
from pos_client.till.tendering import Backing, Payment
from pos_client.till.typed_text import entered_text
from shared_models.events import Fact
from shared_models.leases import GRANTED, LONGEST_ESCROW_MS, LeaseRequest
from shared_models.offline_limits import allowance
from shared_models.stored_value import GIFT, GiftIssued, GiftRedeemed

_NOT_ENOUGH = ("not_enough", "held_elsewhere")


class StoredValue:
    """Gift cards: as a tender, put aside for this till, and sold."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def tender(self, card: str) -> None:
        """What is open, or what is on the card."""
        payment = self._payment()
        if not payment.open_exact_minor:
            raise Refused("nothing_open")
        if not card.strip():
            raise Asked("enter_card", self.tender, needs="text")
        number = entered_text(card)
        if not self._take_put_aside(payment, number):
            self._ask(number, payment.open_exact_minor)

    def put_aside(self, card: str, amount_minor: int) -> None:
        """Part of a card that this till may then spend without a line."""
        desk = self._desk
        desk.require(Phase.SALE, Phase.CHANGE)
        if amount_minor <= 0:
            raise Refused("bad_amount")
        wanted = LeaseRequest(
            lease_id=desk.ports.ids.new(),
            kind="escrow",
            account=GIFT,
            subject=entered_text(card),
            amount=amount_minor,
            currency=desk.store().currency,
            ttl_ms=LONGEST_ESCROW_MS,
        )
        desk.asking.lease(Words("asking_card"), wanted, self._put_aside)

    def return_put_aside(self, card: str) -> None:
        """What was not spent of it is everybody's again."""
        lending, number = self._desk.ports.lending, entered_text(card)
        for escrow in lending.escrows(GIFT, number):
            lending.give_back(escrow.lease_id)
        self._desk.say(Severity.INFO, Refused("card_returned"))

    def facts(self, payment: Payment) -> Iterator[Fact]:
        """What the sale takes off cards and puts on them; raises where the server's word has run out."""
        now_ms = self._desk.ports.clock.monotonic_ms()
        for backing in payment.backings:
            if backing.ends_mono_ms is not None and backing.ends_mono_ms <= now_ms:
                raise Refused("lease_ran_out", card=backing.subject)
            yield self._redeemed(backing)
        for line in self._desk.cart.lines:
            if line.is_gift and line.unit_price_minor:
                yield self._issued(line.serial, line.unit_price_minor)

    # inside

    def _take_put_aside(self, payment: Payment, card: str) -> bool:
        taken = {backing.lease_id: 0 for backing in payment.backings}
        for backing in payment.backings:
            taken[backing.lease_id] += backing.amount_minor
        for escrow in self._desk.ports.lending.escrows(GIFT, card):
            left = escrow.left - taken.get(escrow.lease_id, 0)
            if left > 0:
                amount = min(left, payment.open_exact_minor)
                self._desk.payment = payment.with_backing(
                    Backing(card, amount, escrow.lease_id, is_escrow=True)
                )
                return True
        return False

    def _ask(self, card: str, amount_minor: int) -> None:
        desk = self._desk
        wanted = LeaseRequest(
            lease_id=desk.ports.ids.new(),
            kind=GIFT,
            subject=card,
            amount=amount_minor,
            currency=desk.store().currency,
        )

        def answered(answer: LeaseAnswer) -> None:
            self._answered(card, amount_minor, answer)

        desk.asking.lease(Words("asking_card"), wanted, answered)

    def _answered(self, card: str, amount_minor: int, answer: LeaseAnswer) -> None:
        reply, payment = answer.reply, self._payment()
        if reply is None:
            self._take_unasked(payment, card)
        elif reply.state == GRANTED:
            backing = Backing(card, amount_minor, reply.lease_id, ends_mono_ms=answer.ends_mono_ms)
            self._desk.payment = payment.with_backing(backing)
        elif reply.code in _NOT_ENOUGH and 0 < reply.balance < amount_minor:
            self._ask(card, reply.balance)
        else:
            raise denied(reply)

    def _take_unasked(self, payment: Payment, card: str) -> None:
        """Nobody could be asked: as much as head office trusts this till with."""
        desk = self._desk
        today = desk.open_shift().opened.business_date
        before = desk.ports.books.unasked(GIFT, desk.cart.sale_id, today)
        mine = sum(backing.amount_minor for backing in payment.backings if not backing.lease_id)
        verdict = allowance(desk.store().offline, GIFT, before)
        allowed = verdict.allowed - mine
        if allowed <= 0:
            raise Refused(verdict.reason, allowed_minor=max(0, allowed))
        desk.payment = payment.with_backing(Backing(card, min(allowed, payment.open_exact_minor), ""))

    def _put_aside(self, answer: LeaseAnswer) -> None:
        reply = answer.reply
        if reply is None:
            raise Refused("card_needs_line")
        if reply.state != GRANTED:
            raise denied(reply)
        self._desk.say(Severity.INFO, Refused("card_put_aside", amount_minor=reply.amount))

    def _redeemed(self, backing: Backing) -> GiftRedeemed:
        return GiftRedeemed(
            card=backing.subject,
            amount_minor=backing.amount_minor,
            lease_id=backing.lease_id,
            **self._of_sale(),
        )

    def _issued(self, card: str, amount_minor: int) -> GiftIssued:
        return GiftIssued(card=card, amount_minor=amount_minor, **self._of_sale())

    def _of_sale(self) -> dict[str, str]:
        desk = self._desk
        store, shift = desk.store(), desk.open_shift().opened
        return {
            "currency": store.currency,
            "sale_id": desk.cart.sale_id,
            "store_id": store.store_id,
            "till_id": desk.till_id,
            "shift_id": shift.shift_id,
            "operator_id": desk.people.current().staff_id,
            "business_date": shift.business_date,
        }

    def _payment(self) -> Payment:
        self._desk.require(Phase.TENDER)
        assert self._desk.payment is not None
        return self._desk.payment
