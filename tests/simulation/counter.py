"""Customers with gift cards, and customers who bring goods back: what a till asks the server before it does it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from pos_client.till.errors import StorageFailed, StorageFull
from pos_client.till.ports import LeaseAnswer
from shared_models.events import Fact
from shared_models.leases import GRANTED, LONGEST_ESCROW_MS, ClaimedLine, LeaseReply, LeaseRequest
from shared_models.refund import GivenBack, RefundPosted, taken_back
from shared_models.sale import SalePosted
from shared_models.stored_value import GIFT, GiftIssued, GiftRedeemed
from tests.simulation.chance import Chance
from tests.simulation.conditions import LendingConditions
from tests.simulation.evidence import fact_of
from tests.simulation.shop import STORE

if TYPE_CHECKING:
    from tests.simulation.till import Program, Till

_WISHES = {"issue": 3, "redeem": 6, "put_aside": 1, "spend_aside": 2, "return_aside": 1, "bring_back": 3}
_PIECE = 1000
_REMEMBERED = 12
Heard = Callable[["Program", LeaseAnswer], None]


class Desk:
    """Whoever serves these customers at one till. Cards are few, so that tills meet at them."""

    def __init__(
        self, till: Till, conditions: LendingConditions, chance: Chance, enough: Callable[[], bool]
    ) -> None:
        self._till = till
        self._conditions = conditions
        self._chance = chance
        self._enough = enough
        self._asked: dict[str, Heard] = {}

    def begin(self) -> None:
        """Called whenever the till's program has started."""
        program = self._till.program
        assert program is not None
        assert program.lender is not None
        self._asked = {}
        program.lender.on_answer = lambda: self._till.in_this_life(1, self._hear)
        self._plan()

    def _plan(self) -> None:
        self._till.in_this_life(self._chance.between(1, 2 * self._conditions.every_ms), self._act)

    def _act(self) -> None:
        if self._enough():
            return
        wish = self._chance.weighted(_WISHES)
        self._guarded(lambda program: getattr(self, f"_{wish}")(program))
        self._plan()

    def _guarded(self, work: Callable[[Program], None]) -> None:
        program = self._till.program
        assert program is not None
        try:
            work(program)
        except (StorageFull, StorageFailed) as reason:
            self._till.trace.note(f"{self._till.name} is told: {reason.code}")

    # Cards

    def _issue(self, program: Program) -> None:
        shift_id = _shift(program)
        if shift_id:
            fact = GiftIssued(
                amount_minor=self._chance.spread(100, 20_000), **self._what(program, self._card(), shift_id)
            )
            self._post(program, fact)

    def _redeem(self, program: Program) -> None:
        card, amount = self._card(), self._amount()
        self._ask(program, self._wanted(GIFT, card, amount=amount), partial(self._paid, card, amount))

    def _paid(self, card: str, amount: int, program: Program, answer: LeaseAnswer) -> None:
        """Held by the server, or on the till's own word where nobody could be asked."""
        lease_id = self._may_go_on(program, answer)
        if lease_id is not None:
            self._spend(card, amount, lease_id)

    def _put_aside(self, program: Program) -> None:
        wanted = self._wanted("escrow", self._card(), amount=self._amount())
        wanted = msgspec.structs.replace(wanted, account=GIFT, ttl_ms=LONGEST_ESCROW_MS)
        self._ask(program, wanted, lambda program, answer: None)

    def _spend_aside(self, program: Program) -> None:
        assert program.lender is not None
        card = self._card()
        for escrow in program.lender.escrows(GIFT, card)[:1]:
            if escrow.left > 0:
                self._redeemed(program, card, self._chance.between(1, escrow.left), escrow.lease_id)

    def _return_aside(self, program: Program) -> None:
        assert program.lender is not None
        for escrow in program.lender.escrows(GIFT, self._card()):
            program.lender.give_back(escrow.lease_id)

    def _spend(self, card: str, amount: int, lease_id: str) -> None:
        """When the sale is paid."""
        self._soon(lambda program: self._redeemed(program, card, amount, lease_id))

    def _redeemed(self, program: Program, card: str, amount: int, lease_id: str) -> None:
        shift_id = _shift(program)
        if shift_id:
            what = self._what(program, card, shift_id)
            self._post(program, GiftRedeemed(amount_minor=amount, lease_id=lease_id, **what))

    def _card(self) -> str:
        return f"card {self._chance.between(1, self._conditions.cards)}"

    def _amount(self) -> int:
        return self._chance.spread(50, 8_000)

    def _what(self, program: Program, card: str, shift_id: str) -> dict[str, str]:
        return {
            "card": card,
            "currency": "EUR",
            "sale_id": self._chance.bytes(16).hex(),
            "store_id": STORE,
            "till_id": self._till.till_id,
            "shift_id": shift_id,
            "operator_id": "ana",
            "business_date": program.clock.now().business_date(),
        }

    # Goods that come back

    def _bring_back(self, program: Program) -> None:
        """One piece of the first line, of a sale of any till; mostly a young one, so that it is tried again."""
        oracle = self._till.oracle
        sold = [
            one
            for one in oracle.committed[-40:]
            if one.type == "sale.posted" and one.event_id not in oracle.poisoned
        ]
        if not sold:
            return
        entry = self._chance.pick(sold[-_REMEMBERED:])
        sale = fact_of(entry.type, entry.body)
        lines = (ClaimedLine(line_no=1, quantity_milli=_PIECE),)
        wanted = msgspec.structs.replace(self._wanted("refund", sale.sale_id), lines=lines, currency="")
        self._ask(program, wanted, partial(self._came_back, sale))

    def _came_back(self, sale: SalePosted, program: Program, answer: LeaseAnswer) -> None:
        lease_id = self._may_go_on(program, answer)
        if lease_id is not None:
            before = answer.reply.before[0].quantity_milli if answer.reply and answer.reply.before else 0
            self._soon(lambda program: self._refund(program, sale, before, lease_id))

    def _refund(self, program: Program, sale: SalePosted, before: int, lease_id: str) -> None:
        shift_id = _shift(program)
        if not shift_id:
            return
        sold = sale.lines[0]
        line = taken_back(sold, _PIECE, min(before, sold.quantity_milli - _PIECE))
        self._post(
            program,
            RefundPosted(
                refund_id=self._chance.bytes(16).hex(),
                sale_id=sale.sale_id,
                receipt_number=sale.receipt_number,
                lease_id=lease_id,
                store_id=STORE,
                till_id=self._till.till_id,
                shift_id=shift_id,
                operator_id="ana",
                operator_name="Ana",
                business_date=program.clock.now().business_date(),
                currency="EUR",
                lines=(line,),
                net_minor=line.net_minor,
                tax_minor=line.tax_minor,
                total_minor=line.gross_minor,
                given_back=(GivenBack("card", line.gross_minor),),
            ),
        )

    # Asking

    def _wanted(self, kind: str, subject: str, amount: int = 0) -> LeaseRequest:
        lease_id = self._chance.bytes(16).hex()
        return LeaseRequest(lease_id=lease_id, kind=kind, subject=subject, amount=amount, currency="EUR")  # type: ignore[arg-type]

    def _ask(self, program: Program, wanted: LeaseRequest, then: Heard) -> None:
        assert program.lender is not None
        self._till.tally["leases asked for"] += 1
        self._asked[wanted.lease_id] = then
        program.lender.ask(wanted)

    def _hear(self) -> None:
        program = self._till.program
        assert program is not None
        assert program.lender is not None
        for lease_id in list(self._asked):
            answer = program.lender.answer(lease_id)
            if answer is not None:
                self._tell(answer.reply)
                then = self._asked.pop(lease_id)
                self._guarded(lambda program, then=then, answer=answer: then(program, answer))

    def _tell(self, reply: LeaseReply | None) -> None:
        self._till.tally[f"leases: {'nobody could be asked' if reply is None else reply.state}"] += 1

    def _may_go_on(self, program: Program, answer: LeaseAnswer) -> str | None:
        """The lease to name, empty where the till goes on without one; None where the customer gets nothing."""
        reply = answer.reply
        if reply is None:
            return "" if self._chance.happens(self._conditions.unasked) else None
        if reply.state != GRANTED:
            return None
        if self._chance.happens(0.15):
            assert program.lender is not None
            program.lender.give_back(reply.lease_id)
            return None
        return reply.lease_id

    def _soon(self, work: Callable[[Program], None]) -> None:
        self._till.in_this_life(self._chance.spread(1, 20_000), lambda: self._guarded(work))

    def _post(self, program: Program, fact: Fact) -> None:
        program.books.post(fact)
        if self._chance.happens(0.5):
            program.wake()


def _shift(program: Program) -> str:
    shift = program.books.open_shift()
    return shift.opened.shift_id if shift else ""
