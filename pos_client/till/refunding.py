"""Taking goods back against a receipt: which of it, the server's word that nobody else does, the money.

Without a line a receipt is refunded within the limits that head office set, once, and only where this till has it.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pos_client.till.asking import denied
from pos_client.till.card_words import card_paid
from pos_client.till.desk import Desk
from pos_client.till.ports import CardIntent, GiveBack, LeaseAnswer, ReceiptAnswer
from pos_client.till.refusals import Asked, Refused
from pos_client.till.returns import GOES_BACK, Refund
from pos_client.till.state import Phase, Severity, Words
from pos_client.till.typed_text import entered_text
from shared_models.leases import GRANTED, ClaimedLine, LeaseRequest
from shared_models.offline_limits import allowance
from shared_models.refund import RefundPosted
from shared_models.sale import CARD, SalePosted
from shared_models.staff import Permission
from shared_models.stored_value import GIFT, LOYALTY, GiftIssued

_UNKNOWN_SALE = "unknown_sale"


class Refunding:
    """The keys of the refund screen, and the way onto it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def start(self, receipt_number: str) -> None:
        desk = self._desk
        desk.require(Phase.SALE, Phase.CHANGE)
        if desk.cart.lines:
            raise Refused("ticket_open")
        if not receipt_number.strip():
            raise Asked("enter_receipt", self.start, needs="text")
        number = entered_text(receipt_number).upper()
        desk.approved(Permission.REFUND, lambda approver: self._find(number, approver))

    def choose(self, index: int, quantity_milli: int) -> None:
        """So much of a line is taken back; nothing leaves it with the customer."""
        self._desk.refund = self._refund().with_quantity(index, quantity_milli)

    def choose_all(self) -> None:
        self._desk.refund = self._refund().with_everything()

    def leave(self) -> None:
        self._refund()
        self._desk.refund = None

    def choose_cash(self, *, in_cash: bool) -> None:
        refund = self._refund()
        if not in_cash:
            self._desk.refund = msgspec.structs.replace(refund, in_cash=False)
            return
        if not refund.card_left_minor():
            raise Refused("no_card_paid")
        self._desk.approved(Permission.REFUND_IN_CASH, self._in_cash)

    def _in_cash(self, approver: str) -> None:
        refund = self._refund()
        by = approver or refund.approved_by
        self._desk.refund = msgspec.structs.replace(refund, in_cash=True, approved_by=by)

    def give_back(self, reason: str) -> None:
        """Asks the server; the money moves once it has said yes."""
        desk, refund = self._desk, self._refund()
        if self._post_what_went_back():
            return
        if not any(refund.chosen):
            raise Refused("nothing_to_refund")
        self._refuse_without_terminal(refund)
        lease_id = desk.ports.ids.new()
        claimed = tuple(ClaimedLine(line_no=no, quantity_milli=milli) for no, milli in refund.taken())
        wanted = LeaseRequest(lease_id=lease_id, kind="refund", subject=refund.sale.sale_id, lines=claimed)
        why = entered_text(reason) if reason.strip() else ""
        desk.asking.lease(Words("asking_refund"), wanted, lambda answer: self._answered(answer, why))

    def card_settled(self, intent: CardIntent) -> None:
        """What became of the card's part. Approved, the refund is posted, with what else it gives back."""
        assert intent.give_back is not None
        if intent.state == "approved":
            self._commit(_with_card(intent.give_back.refund, intent))
        elif intent.state == "declined":
            if intent.give_back.refund.lease_id:
                self._desk.ports.lending.give_back(intent.give_back.refund.lease_id)
            raise Refused("card_refund_declined", reason=intent.reason)

    # inside

    def _post_what_went_back(self) -> bool:
        """A card's part that went back before the disk took its refund."""
        intents = self._desk.ports.cards.open_intents()
        done = [one for one in intents if one.give_back is not None and one.state == "approved"]
        for intent in done:
            self.card_settled(intent)
        return bool(done)

    def _refuse_without_terminal(self, refund: Refund) -> None:
        """Nor while a payment is at the terminal of which nobody knows yet what becomes of it."""
        given, _ = refund.money_back(refund.total_minor(), 1)
        if not any(one.kind == CARD for one in given):
            return
        cards = self._desk.ports.cards
        if not cards.is_set_up:
            raise Refused("card_refund_needs_terminal")
        unsettled = next(
            (one for one in cards.open_intents() if one.kind == "payment" and not one.is_settled), None
        )
        if unsettled is not None:
            self._desk.card = unsettled
            raise Refused("card_unsettled", amount_minor=unsettled.amount_minor)

    def _find(self, number: str, approver: str) -> None:
        """Its own receipts a till knows without asking; what other tills took back, only the server."""
        own = self._desk.ports.books.sale(number)

        def found(answer: ReceiptAnswer) -> None:
            self._found(number, own.sale if own else None, answer, approver)

        self._desk.asking.receipt(Words("asking_receipt", {"receipt_number": number}), number, found)

    def _found(self, number: str, own: SalePosted | None, answer: ReceiptAnswer, approver: str) -> None:
        desk = self._desk
        desk.require(Phase.SALE, Phase.CHANGE)
        sale = own or answer.stated.sale
        if sale is None:
            if answer.reached:
                raise Refused("unknown_anywhere", receipt_number=number)
            raise Refused("receipt_out_of_reach", receipt_number=number)
        if sale.currency != desk.store().currency:
            raise Refused("other_currency", currency=sale.currency)
        if any(tender.kind == LOYALTY for tender in sale.tenders):
            raise Refused("points_paid")
        strange = next((tender.kind for tender in sale.tenders if tender.kind not in GOES_BACK), "")
        if strange:
            raise Refused("paid_unknown_way", receipt_number=number, kind=strange)
        before = desk.ports.books.taken_back(sale.sale_id) if own else {}
        refund = Refund.of(sale, _most(before, answer), is_own=own is not None, approved_by=approver)
        if not refund.anything_left():
            raise Refused("all_refunded", receipt_number=number)
        desk.paid = False
        desk.refund = refund

    def _answered(self, answer: LeaseAnswer, reason: str) -> None:
        refund, reply = self._refund(), answer.reply
        if reply is not None and reply.state == GRANTED:
            granted = {line.line_no: line.quantity_milli for line in reply.before}
            self._post(refund.after(granted), reply.lease_id, reason)
        elif reply is None or (reply.code == _UNKNOWN_SALE and refund.is_own):
            self._refuse_over_limits(refund)
            self._post(refund, "", reason)
        else:
            raise denied(reply)

    def _refuse_over_limits(self, refund: Refund) -> None:
        """Nobody could be asked."""
        desk = self._desk
        if not refund.is_own:
            raise Refused("offline_not_allowed")
        today = desk.open_shift().opened.business_date
        before = desk.ports.books.unasked("refund", refund.sale.sale_id, today)
        verdict = allowance(desk.store().offline, "refund", before)
        if refund.total_minor() > verdict.allowed:
            raise Refused(verdict.reason, allowed_minor=verdict.allowed)

    def _post(self, refund: Refund, lease_id: str, reason: str) -> None:
        """The terminal is asked first for what a card gets: cash is only given once that went back."""
        desk, ports = self._desk, self._desk.ports
        fact = self._fact(refund, lease_id, reason)
        to_card = fact.to_card_minor()
        if to_card:
            undoes = refund.payment_undone(to_card, f"{ports.clock.now().local():%m%d}")
            desk.card = ports.cards.give_back(GiveBack(fact, undoes))
        else:
            self._commit(fact)

    def _commit(self, fact: RefundPosted) -> None:
        """Money leaves the drawer with it only."""
        desk, ports = self._desk, self._desk.ports
        document = ports.paper.refund(fact, desk.store(), ports.clock.now())
        onto_card = self._onto_card(fact)
        pulse = "refund" if fact.cash_minor() else ""
        ports.books.post(fact, *onto_card, document=document, drawer_reason=pulse, note=fact.refund_id)
        desk.refund = None
        desk.say(Severity.INFO, _went_back(fact))

    def _fact(self, refund: Refund, lease_id: str, reason: str) -> RefundPosted:
        desk, sale = self._desk, refund.sale
        store, member, shift = desk.store(), desk.people.current(), desk.open_shift().opened
        lines = refund.lines()
        total = sum(line.gross_minor for line in lines)
        given, rounding = refund.money_back(total, store.cash_rounding_minor)
        return RefundPosted(
            refund_id=desk.ports.ids.new(),
            sale_id=sale.sale_id,
            receipt_number=sale.receipt_number,
            lease_id=lease_id,
            store_id=store.store_id,
            till_id=desk.till_id,
            shift_id=shift.shift_id,
            operator_id=member.staff_id,
            operator_name=member.name,
            business_date=shift.business_date,
            currency=sale.currency,
            lines=lines,
            net_minor=sum(line.net_minor for line in lines),
            tax_minor=sum(line.tax_minor for line in lines),
            total_minor=total,
            given_back=given,
            cash_rounding_minor=rounding,
            reason=reason,
            approved_by=refund.approved_by,
        )

    def _onto_card(self, fact: RefundPosted) -> list[GiftIssued]:
        return [
            GiftIssued(
                card=given.reference,
                amount_minor=given.amount_minor,
                currency=fact.currency,
                sale_id=fact.sale_id,
                store_id=fact.store_id,
                till_id=fact.till_id,
                shift_id=fact.shift_id,
                operator_id=fact.operator_id,
                business_date=fact.business_date,
            )
            for given in fact.given_back
            if given.kind == GIFT and given.amount_minor > 0
        ]

    def _refund(self) -> Refund:
        desk = self._desk
        desk.require(Phase.REFUND)
        assert desk.refund is not None
        return desk.refund


def _with_card(fact: RefundPosted, intent: CardIntent) -> RefundPosted:
    """The refund with what the terminal says of the card's part."""
    card = card_paid(intent)
    shown = f"{card.brand} {card.last_four}".strip()
    given = tuple(
        msgspec.structs.replace(one, reference=shown, card=card) if one.kind == CARD else one
        for one in fact.given_back
    )
    return msgspec.structs.replace(fact, given_back=given)


def _went_back(fact: RefundPosted) -> Refused:
    to_card, cash = fact.to_card_minor(), fact.cash_minor()
    if to_card and cash:
        return Refused("refunded_to_card_and_cash", amount_minor=to_card, cash_minor=cash)
    if to_card:
        return Refused("refunded_to_card", amount_minor=to_card)
    given = sum(one.amount_minor for one in fact.given_back)
    return Refused("refunded" if cash == given else "refunded_onto_card", amount_minor=given)


def _most(own: Mapping[int, int], answer: ReceiptAnswer) -> dict[int, int]:
    """What went back of each line as far as anybody knows: this till may be ahead of the server, or behind."""
    told = {line.line_no: line.quantity_milli for line in answer.stated.before}
    return {no: max(own.get(no, 0), told.get(no, 0)) for no in {*own, *told}}
