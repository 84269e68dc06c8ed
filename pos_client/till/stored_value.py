"""Paying with value that was put aside before: cards and points, held by the server for this sale until it is posted.

Without a line a card is spent out of what was put aside for this till, or within the limits that head office set.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

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
from shared_models.sale import CARD
from shared_models.stored_value import GIFT, LOYALTY, GiftIssued, GiftRedeemed, LoyaltyRedeemed

_NOT_ENOUGH = ("not_enough", "held_elsewhere")


class Purse(msgspec.Struct, frozen=True):
    """An account to pay from. `unit_minor` is what one unit of it pays: a minor unit, or a point's worth."""

    kind: Literal["gift", "loyalty"]
    subject: str
    unit_minor: int
    currency: str = ""

    def units_for(self, amount_minor: int) -> int:
        return amount_minor // self.unit_minor

    def backing(
        self, units: int, lease_id: str, *, ends_mono_ms: int | None = None, is_escrow: bool = False
    ) -> Backing:
        amount = units * self.unit_minor
        return Backing(self.kind, self.subject, units, amount, lease_id, ends_mono_ms, is_escrow)


class StoredValue:
    """Gift cards and points as tenders; cards put aside for this till, and sold."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def tender_gift(self, card: str) -> None:
        """What is open, or what is on the card."""
        self._payment()
        if not card.strip():
            raise Asked("enter_card", self.tender_gift, needs="text")
        self._tender(Purse(GIFT, entered_text(card), 1, self._desk.store().currency))

    def tender_points(self, member: str) -> None:
        """Whole points, as many as fit into what is open."""
        self._payment()
        worth = self._desk.store().point_minor
        if worth <= 0:
            raise Refused("no_points_here")
        if not member.strip():
            raise Asked("enter_member", self.tender_points, needs="text")
        self._tender(Purse(LOYALTY, entered_text(member), worth))

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
            if backing.kind == CARD:
                continue
            if backing.ends_mono_ms is not None and backing.ends_mono_ms <= now_ms:
                raise Refused("lease_ran_out", card=backing.subject)
            yield self._spent(backing)
        for line in self._desk.cart.lines:
            if line.is_gift and line.unit_price_minor:
                yield self._issued(line.serial, line.unit_price_minor)

    # inside

    def _tender(self, purse: Purse) -> None:
        units = purse.units_for(self._payment().open_exact_minor)
        if not units:
            raise Refused("nothing_open")
        if not self._take_put_aside(purse, units):
            self._ask(purse, units)

    def _take_put_aside(self, purse: Purse, units: int) -> bool:
        payment = self._payment()
        for escrow in self._desk.ports.lending.escrows(purse.kind, purse.subject):
            taken = sum(one.units for one in payment.backings if one.lease_id == escrow.lease_id)
            if escrow.left > taken:
                backing = purse.backing(min(escrow.left - taken, units), escrow.lease_id, is_escrow=True)
                self._desk.payment = payment.with_backing(backing)
                return True
        return False

    def _ask(self, purse: Purse, units: int) -> None:
        wanted = LeaseRequest(
            lease_id=self._desk.ports.ids.new(),
            kind=purse.kind,
            subject=purse.subject,
            amount=units,
            currency=purse.currency,
        )

        def answered(answer: LeaseAnswer) -> None:
            self._answered(purse, units, answer)

        self._desk.asking.lease(Words("asking_card"), wanted, answered)

    def _answered(self, purse: Purse, units: int, answer: LeaseAnswer) -> None:
        reply, payment = answer.reply, self._payment()
        if reply is None:
            self._take_unasked(purse, units)
        elif reply.state == GRANTED:
            backing = purse.backing(units, reply.lease_id, ends_mono_ms=answer.ends_mono_ms)
            self._desk.payment = payment.with_backing(backing)
        elif reply.code in _NOT_ENOUGH and 0 < reply.balance < units:
            self._ask(purse, reply.balance)
        else:
            raise denied(reply)

    def _take_unasked(self, purse: Purse, units: int) -> None:
        """Nobody could be asked: as much as head office trusts this till with."""
        desk, payment = self._desk, self._payment()
        today = desk.open_shift().opened.business_date
        before = desk.ports.books.unasked(purse.kind, desk.cart.sale_id, today)
        mine = sum(one.units for one in payment.backings if one.kind == purse.kind and not one.lease_id)
        verdict = allowance(desk.store().offline, purse.kind, before)
        allowed = verdict.allowed - mine
        if allowed <= 0:
            raise Refused(verdict.reason, allowed_minor=0)
        desk.payment = payment.with_backing(purse.backing(min(allowed, units), ""))

    def _put_aside(self, answer: LeaseAnswer) -> None:
        reply = answer.reply
        if reply is None:
            raise Refused("card_needs_line")
        if reply.state != GRANTED:
            raise denied(reply)
        self._desk.say(Severity.INFO, Refused("card_put_aside", amount_minor=reply.amount))

    def _spent(self, backing: Backing) -> Fact:
        of_sale = self._of_sale()
        if backing.kind == LOYALTY:
            return LoyaltyRedeemed(
                member=backing.subject, points=backing.units, lease_id=backing.lease_id, **of_sale
            )
        return GiftRedeemed(
            card=backing.subject,
            amount_minor=backing.amount_minor,
            currency=self._desk.store().currency,
            lease_id=backing.lease_id,
            **of_sale,
        )

    def _issued(self, card: str, amount_minor: int) -> GiftIssued:
        currency = self._desk.store().currency
        return GiftIssued(card=card, amount_minor=amount_minor, currency=currency, **self._of_sale())

    def _of_sale(self) -> dict[str, str]:
        desk = self._desk
        store, shift = desk.store(), desk.open_shift().opened
        return {
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
