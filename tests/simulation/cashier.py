"""The cashier: sells, parks and recalls, gives tickets up, moves cash, and closes shifts, while the till runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pos_client.store.parked import NotParked
from pos_client.till.errors import StorageFailed, StorageFull
from pos_client.till.ports import ParkedSale
from shared_models.sale import ReceiptReprinted, SaleParked, SalePosted, SaleRecalled
from tests.simulation import facts
from tests.simulation.chance import Chance
from tests.simulation.conditions import Conditions
from tests.simulation.facts import Wanted

if TYPE_CHECKING:
    from tests.simulation.till import Program, Till

_RARER = {"park": 3, "recall": 3, "void": 2, "cash": 5, "drawer": 1, "reprint": 1, "save": 2, "idle": 4}


class Cashier:
    """`goods` are (product id, price) as the shelf says them, for tills that have no catalogue yet."""

    def __init__(
        self,
        till: Till,
        conditions: Conditions,
        chance: Chance,
        goods: list[tuple[str, int]],
        enough: Callable[[], bool],
    ) -> None:
        self._till = till
        self._conditions = conditions
        self._chance = chance
        self._goods = goods
        self._enough = enough
        self._sales_in_shift = 0
        self.sold = 0

    def begin(self) -> None:
        """Called whenever the till's program has started."""
        self._plan()
        if self._conditions.prints:
            self._plan_printing()

    def _plan(self) -> None:
        self._till.in_this_life(self._chance.between(1, 2 * self._conditions.sale_every_ms), self._act)

    def _act(self) -> None:
        if not self._enough():
            self.act_once()
            self._plan()

    def act_once(self) -> None:
        program = self._till.program
        assert program is not None
        try:
            self._do_something(program)
        except (StorageFull, StorageFailed) as reason:
            self._till.trace.note(f"{self._till.name} is told: {reason.code}")
        if not program.life.is_over and self._chance.happens(self._conditions.wakes):
            program.wake()

    def _do_something(self, program: Program) -> None:
        shift = program.books.open_shift()
        if shift is None:
            self._open_shift(program)
        elif self._sales_in_shift >= self._conditions.shift_sales:
            self._close_shift(program)
        elif self._chance.happens(0.12):
            getattr(self, f"_{self._chance.weighted(_RARER)}")(program, shift.opened.shift_id)
        else:
            self._sell(program, shift.opened.shift_id)

    # Sales

    def _sell(self, program: Program, shift_id: str) -> None:
        sale, is_poison = self._ring_up(program, shift_id), False
        if self._chance.happens(self._conditions.poison):
            sale, is_poison = facts.poisoned(self._chance, sale), True
        elif self._chance.happens(self._conditions.wrong_sums):
            sale = facts.with_wrong_sums(sale)
        oracle = self._till.oracle
        known = len(oracle.committed)
        try:
            posted = program.books.post_sale(sale, open_drawer=sale.tenders[0].kind == "cash")
        finally:
            if is_poison:
                oracle.poisoned.update(entry.event_id for entry in oracle.committed[known:])
        self._sales_in_shift += 1
        self.sold += 1
        self._till.tally["sales"] += 1
        self._till.trace.note(f"{self._till.name} sold {posted.sale.receipt_number} at {posted.seq}")

    def _ring_up(self, program: Program, shift_id: str) -> SalePosted:
        count = 5 if self._chance.happens(self._conditions.five_lines) else 1
        wanted = [self._wanted(program) for _ in range(count)]
        sale_id = self._chance.bytes(16).hex()
        at = program.clock.now()
        return facts.sale_of(self._chance, sale_id, self._till.till_id, shift_id, at, wanted)

    def _wanted(self, program: Program) -> Wanted:
        product_id, price = self._chance.pick(self._goods)
        if self._chance.happens(self._conditions.looks_up):
            offer = program.catalogue.by_id(product_id, program.clock.now())
            if offer is not None and offer.price is not None:
                price = offer.price.unit_price_minor
        return Wanted(product_id, price, self._chance.between(1, 3))

    def _park(self, program: Program, shift_id: str) -> None:
        sale = self._ring_up(program, shift_id)
        parked = ParkedSale(
            sale.sale_id, "Blue coat", program.clock.now(), "Ana", sale.total_minor, len(sale.lines), b"cart"
        )
        fact = SaleParked(
            sale_id=sale.sale_id,
            till_id=self._till.till_id,
            operator_id="ana",
            label="Blue coat",
            total_minor=sale.total_minor,
            line_count=len(sale.lines),
        )
        program.books.park(parked, fact)

    def _recall(self, program: Program, shift_id: str) -> None:
        aside = program.books.parked()
        if not aside:
            return
        sale_id = self._chance.pick(aside).sale_id
        fact = SaleRecalled(sale_id=sale_id, till_id=self._till.till_id, operator_id="ana")
        program.books.recall(sale_id, fact)
        try:
            program.books.recall(sale_id, fact)
        except NotParked:
            return
        self._till.oracle.blame(19, f"{self._till.name} recalled a parked sale twice")

    def _void(self, program: Program, shift_id: str) -> None:
        program.books.post(facts.voided(self._ring_up(program, shift_id)))

    def _save(self, program: Program, shift_id: str) -> None:
        """A ticket in progress, kept across a crash."""
        program.books.save_cart(self._chance.bytes(self._chance.spread(1, 3_000)))

    def _reprint(self, program: Program, shift_id: str) -> None:
        last = program.books.last_sale()
        if last is not None:
            again = ReceiptReprinted(
                sale_id=last.sale.sale_id,
                receipt_number=last.sale.receipt_number,
                operator_id="ana",
                copy_number=last.copies + 1,
            )
            program.books.post(again)

    # Cash and shifts

    def _cash(self, program: Program, shift_id: str) -> None:
        program.books.post(facts.cash_moved(self._chance, shift_id, self._till.till_id), drawer_reason="cash")

    def _drawer(self, program: Program, shift_id: str) -> None:
        program.books.post(facts.drawer_opened(shift_id, self._till.till_id), drawer_reason="no sale")

    def _idle(self, program: Program, shift_id: str) -> None:
        program.books.checkpoint()

    def _open_shift(self, program: Program) -> None:
        number = program.books.next_shift_number()
        fact = facts.opening(self._chance.bytes(16).hex(), number, self._till.till_id, program.clock.now())
        program.books.post(fact)
        self._sales_in_shift = 0

    def _close_shift(self, program: Program) -> None:
        books = program.books
        shift = books.open_shift()
        assert shift is not None
        totals = books.shift_totals(shift.opened.shift_id)
        _, head_hash = books.head()
        previous, unsent = books.previous_closing_hash(), books.unsent().entries
        books.post(facts.closing(shift.opened, totals, program.clock.now(), head_hash, previous, unsent))
        self._sales_in_shift = 0
        self._till.tally["shifts closed"] += 1
        self._till.trace.note(f"{self._till.name} closed shift {shift.opened.number}")

    # The drawer and the printer, as the spooler serves them

    def _plan_printing(self) -> None:
        self._till.in_this_life(self._chance.between(1, 5 * self._conditions.sale_every_ms), self._print)

    def _print(self) -> None:
        program = self._till.program
        assert program is not None
        try:
            while self._next_job(program):
                pass
        except (StorageFull, StorageFailed) as reason:
            self._till.trace.note(f"{self._till.name} can't print: {reason.code}")
        self._plan_printing()

    def _next_job(self, program: Program) -> bool:
        job = program.books.jobs.claim("drawer") or program.books.jobs.claim("print")
        if job is None:
            return False
        self._till.oracle.carries_out(self._till.name, job.kind, job.pos, job.id)
        if not self._chance.happens(0.02):
            program.books.jobs.done(job.id)
        else:
            program.books.jobs.uncertain(job.id)
        return True
