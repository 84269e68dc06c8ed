"""A refund in progress: the receipt, what went back of it before, and what is taken back now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from hardware.terminals.base import Payment, Reference
from pos_client.till.refusals import Refused
from pos_client.till.state import RefundLineView, RefundView
from shared_models.refund import GivenBack, RefundedLine, taken_back
from shared_models.rounding import round_to_step
from shared_models.sale import CARD, CASH, SaleLine, SalePosted
from shared_models.stored_value import GIFT

GOES_BACK = frozenset({CASH, CARD, GIFT})
"""The kinds of payment that `Refund.money_back` knows the way back of; a receipt with any other is refused."""


class Refund(msgspec.Struct, frozen=True):
    """`before` and `chosen` are thousandths, in the order of the sale's lines. `is_own`: this till made the sale."""

    sale: SalePosted
    before: tuple[int, ...]
    chosen: tuple[int, ...]
    is_own: bool
    approved_by: str = ""
    in_cash: bool = False
    """Somebody who may has chosen cash for what a card paid."""

    @classmethod
    def of(
        cls, sale: SalePosted, before: Mapping[int, int], *, is_own: bool, approved_by: str = ""
    ) -> Refund:
        gone = tuple(max(0, min(line.quantity_milli, before.get(line.line_no, 0))) for line in sale.lines)
        return cls(sale, gone, (0,) * len(sale.lines), is_own, approved_by)

    def left(self, index: int) -> int:
        """A gift card's worth may be spent by now: it is not taken back."""
        line = self.sale.lines[index]
        return 0 if line.is_gift else max(0, line.quantity_milli - self.before[index])

    def anything_left(self) -> bool:
        return any(self.left(index) for index in range(len(self.sale.lines)))

    def with_quantity(self, index: int, quantity_milli: int) -> Refund:
        if not 0 <= index < len(self.chosen):
            raise Refused("no_line")
        line, left = self.sale.lines[index], self.left(index)
        if line.is_gift:
            raise Refused("gift_not_taken_back")
        if not 0 <= quantity_milli <= left:
            raise Refused("not_so_much_left", name=line.name, left_milli=left)
        if line.unit == "piece" and quantity_milli % 1000 and quantity_milli != left:
            raise Refused("whole_pieces", name=line.name)
        return msgspec.structs.replace(self, chosen=_put(self.chosen, index, quantity_milli))

    def with_everything(self) -> Refund:
        return msgspec.structs.replace(self, chosen=tuple(map(self.left, range(len(self.chosen)))))

    def after(self, before: Mapping[int, int]) -> Refund:
        """As the server has just counted what went back before, so that parts add up to the whole to the cent."""
        gone = tuple(
            max(0, min(before.get(line.line_no, was), line.quantity_milli - chosen))
            for line, was, chosen in zip(self.sale.lines, self.before, self.chosen, strict=True)
        )
        return msgspec.structs.replace(self, before=gone)

    def taken(self) -> Iterator[tuple[int, int]]:
        """(line_no, thousandths) of what is chosen."""
        for line, chosen in zip(self.sale.lines, self.chosen, strict=True):
            if chosen:
                yield line.line_no, chosen

    def lines(self) -> tuple[RefundedLine, ...]:
        of = zip(self.sale.lines, self.chosen, self.before, strict=True)
        return tuple(taken_back(line, chosen, before) for line, chosen, before in of if chosen)

    def total_minor(self) -> int:
        return sum(line.gross_minor for line in self.lines())

    def money_back(self, total_minor: int, step_minor: int) -> tuple[tuple[GivenBack, ...], int]:
        """How it is given back, and what rounding for cash adds.

        What a gift card paid for, even in part, goes back onto that card: a card is never turned into cash. What a
        payment card paid goes back first, and only the rest in cash.
        """
        gift = next((tender.reference for tender in self.sale.tenders if tender.kind == GIFT), "")
        if gift:
            return (GivenBack(GIFT, total_minor, gift),), 0
        to_card = 0 if self.in_cash else min(total_minor, self.card_left_minor())
        exact = total_minor - to_card
        cash = round_to_step(exact, step_minor)
        given = (GivenBack(CARD, to_card),) if to_card else ()
        return (*given, GivenBack(CASH, cash)) if exact or not given else given, cash - exact

    def card_left_minor(self) -> int:
        """Of what cards paid. All that went back before counts as theirs, so that none gets more than it paid."""
        paid = sum(tender.received_minor for tender in self.sale.tenders if tender.kind == CARD)
        return max(0, paid - self._back_before_minor())

    def payment_undone(self, to_card_minor: int, today: str) -> Payment | None:
        """The one card payment of this day (MMDD) that goes back whole, and so may be reversed."""
        paid = [tender for tender in self.sale.tenders if tender.kind == CARD]
        if len(paid) != 1 or paid[0].card is None or paid[0].received_minor != to_card_minor:
            return None
        card = paid[0].card
        if card.date != today or not card.terminal_receipt:
            return None
        named = Reference(card.terminal_id, card.trace, card.terminal_receipt, card.date, card.time)
        return Payment(amount_minor=to_card_minor, reference=named)

    def _back_before_minor(self) -> int:
        pairs = zip(self.sale.lines, self.before, strict=True)
        return sum(taken_back(line, before).gross_minor for line, before in pairs if before)

    def view(self, step_minor: int) -> RefundView:
        given, _ = self.money_back(self.total_minor(), step_minor)
        return RefundView(
            receipt_number=self.sale.receipt_number,
            lines=tuple(self._line_view(index, line) for index, line in enumerate(self.sale.lines)),
            total_minor=sum(one.amount_minor for one in given),
            onto_card=next((one.reference for one in given if one.kind == GIFT), ""),
            to_card_minor=sum(one.amount_minor for one in given if one.kind == CARD),
            cash_minor=sum(one.amount_minor for one in given if one.kind == CASH),
            in_cash=self.in_cash,
            card_paid=self.card_left_minor() > 0,
        )

    def _line_view(self, index: int, line: SaleLine) -> RefundLineView:
        chosen = self.chosen[index]
        amount = taken_back(line, chosen, self.before[index]).gross_minor if chosen else 0
        return RefundLineView(line.name, line.unit, line.quantity_milli, self.left(index), chosen, amount)


def _put(values: tuple[int, ...], index: int, value: int) -> tuple[int, ...]:
    return (*values[:index], value, *values[index + 1 :])
