"""From Pay to the receipt: tenders, the commit of a sale, and printing a receipt again."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from pos_client.till.desk import Desk
from pos_client.till.posting import SaleContext, sale_posted
from pos_client.till.refusals import Refused
from pos_client.till.state import DoneView, Phase, Severity
from pos_client.till.stored_value import StoredValue
from pos_client.till.tendering import Backing, Payment
from shared_models.sale import ReceiptReprinted
from shared_models.staff import Permission


class Paying:
    """The keys of the payment screen."""

    def __init__(self, desk: Desk, value: StoredValue) -> None:
        self._desk = desk
        self._value = value
        self.card_back: Callable[[str], None] = lambda intent_id: None
        """Gives a card payment back; the tender goes once that is done."""

    def start_tender(self) -> None:
        self._desk.require(Phase.SALE)
        self._desk.seller()
        if not self._desk.cart.lines:
            raise Refused("nothing_to_pay")
        self.begin()

    def begin(self) -> None:
        store = self._desk.store()
        total = self._desk.totals().to_pay_minor
        self._desk.payment = Payment(total, store.currency, store.rounding_policy, store.cash_rounding_minor)

    def tender_cash(self, received_minor: int) -> None:
        self._desk.payment = self._payment().with_cash(received_minor)

    def remove_tender(self) -> None:
        payment = self._payment()
        last = payment.tenders[-1] if payment.tenders else None
        if last is not None and last.card is not None:
            self.card_back(last.card.intent_id)
            return
        self._desk.payment, freed = payment.without_last()
        if freed is not None:
            self._free(freed)

    def back_to_sale(self) -> None:
        payment = self._payment()
        if payment.has_cards():
            raise Refused("card_paid_first")
        self._desk.payment = None
        for backing in payment.backings:
            self._free(backing)

    def _free(self, backing: Backing) -> None:
        """What was held for this sale is not needed. What was put aside for the till stays with it."""
        if backing.lease_id and not backing.is_escrow:
            self._desk.ports.lending.give_back(backing.lease_id)

    def finish_sale(self) -> None:
        """The commit. What it raises leaves ticket and payment as they are; the drawer opens with it only."""
        desk, payment = self._desk, self._payment()
        payment.refuse_unless_enough()
        context = SaleContext(
            desk.store(), desk.till_id, desk.people.current(), desk.open_shift().opened, desk.training
        )
        sale = sale_posted(desk.cart, desk.totals(), payment, context)
        facts = tuple(self._value.facts(payment))
        posted = desk.ports.books.post_sale(sale, *facts, open_drawer=payment.has_cash())
        desk.done = DoneView(
            posted.sale.receipt_number, sale.total_minor, sale.change_minor, payment.received_minor
        )
        desk.paid = True
        desk.begin_sale()
        desk.say(Severity.INFO, Refused("sold", change_minor=sale.change_minor))

    def next_sale(self) -> None:
        self._desk.require(Phase.CHANGE, Phase.SALE)
        self._desk.paid = False

    def reprint(self, receipt_number: str) -> None:
        self._desk.require(Phase.SALE, Phase.CHANGE)
        self._desk.approved(Permission.REPRINT, lambda _: self._reprint(receipt_number))

    def _reprint(self, receipt_number: str) -> None:
        desk = self._desk
        books = desk.ports.books
        posted = books.sale(receipt_number) if receipt_number else books.last_sale()
        if posted is None and receipt_number:
            raise Refused("unknown_receipt", receipt_number=receipt_number)
        if posted is None:
            raise Refused("no_receipt")
        copy = msgspec.structs.replace(posted, copies=posted.copies + 1)
        number = posted.sale.receipt_number
        fact = ReceiptReprinted(
            sale_id=posted.sale.sale_id,
            receipt_number=number,
            operator_id=desk.people.current().staff_id,
            copy_number=copy.copies,
        )
        books.post(fact, document=desk.ports.paper.receipt(copy, desk.store()), note=number)
        desk.say(Severity.INFO, Refused("reprinted", receipt_number=number, copy=copy.copies))

    def _payment(self) -> Payment:
        """The payment in progress, for someone who may take it."""
        desk = self._desk
        desk.require(Phase.TENDER)
        member = desk.people.current()
        if not member.may(Permission.SELL):
            raise Refused("not_allowed", name=member.name)
        assert desk.payment is not None
        return desk.payment
