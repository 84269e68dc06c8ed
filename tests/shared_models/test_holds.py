"""The bounded counter: tills that ask first never spend more than there is, in whatever order it is told."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared_models.holds import Hold, asked, closed, expired, held, spent
from shared_models.leases import CAPTURED, DENIED, EXPIRED, GRANTED, RELEASED

AMOUNTS = st.integers(1, 100)


class Card:
    """A balance, and the leases on it, as a server keeps them."""

    def __init__(self, balance: int) -> None:
        self.opening = self.balance = balance
        self.holds: list[Hold] = []

    @property
    def available(self) -> int:
        return self.balance - sum(map(held, self.holds))

    def ask(self, amount: int, escrow: bool) -> None:
        self.holds.append(asked(self.available, amount, escrow=escrow))

    def spend(self, which: int, amount: int) -> None:
        """As an honest till does: only what was granted and is left, and for a plain lease once."""
        hold = self.holds[which % len(self.holds)]
        left = hold.amount - hold.spent
        if hold.state != GRANTED or not left:
            return
        taken = min(amount, left)
        self.balance -= taken
        self.holds[which % len(self.holds)] = spent(hold, taken)

    def close(self, which: int, more: int) -> None:
        hold = self.holds[which % len(self.holds)]
        if hold.state == GRANTED:
            self.holds[which % len(self.holds)] = closed(hold, min(hold.amount, hold.spent + more))


steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), AMOUNTS, st.booleans()),
        st.tuples(st.just("spend"), st.integers(0, 50), AMOUNTS),
        st.tuples(st.just("close"), st.integers(0, 50), st.integers(0, 100)),
        st.tuples(st.just("expire"), st.integers(0, 50), st.just(0)),
    ),
    max_size=60,
)


@given(st.integers(0, 300), steps)
def test_tills_that_ask_first_never_overdraw_a_card(balance: int, steps: list[tuple[str, int, int]]) -> None:
    card = Card(balance)
    for step, first, second in steps:
        if step == "ask":
            card.ask(first, bool(second))
        elif card.holds and step == "spend":
            card.spend(first, second)
        elif card.holds and step == "close":
            card.close(first, second)
        elif card.holds:
            card.holds[first % len(card.holds)] = expired(card.holds[first % len(card.holds)])
        assert card.available >= 0
        assert card.balance >= 0
        assert card.balance + sum(hold.spent for hold in card.holds) == card.opening


@given(AMOUNTS, st.lists(st.integers(1, 10), max_size=4), st.permutations(range(8)), st.booleans())
def test_closing_and_facts_end_the_same_in_any_order_and_however_often_it_is_closed(
    amount: int, facts: list[int], order: list[int], escrow: bool
) -> None:
    amount = max(amount, sum(facts), 1)
    told = [("fact", one) for one in facts] + [("close", sum(facts))] * 2
    hold = Hold(GRANTED, amount, escrow=escrow)
    for at in [at for at in order if at < len(told)]:
        kind, value = told[at]
        hold = spent(hold, value) if kind == "fact" else closed(hold, value)
    assert (hold.spent, held(hold)) == (sum(facts), 0)
    assert hold.state == (CAPTURED if facts else RELEASED)


@given(AMOUNTS, st.lists(st.integers(0, 60), max_size=8))
def test_an_escrow_and_what_is_left_of_the_balance_add_up_to_what_there_was(
    amount: int, sales: list[int]
) -> None:
    card = Card(100)
    card.ask(amount, escrow=True)
    free = card.available
    for sale in sales:
        card.spend(0, max(sale, 1))
        assert card.available == free, "spending what was set aside changes nothing for the others"
    card.holds[0] = closed(card.holds[0], card.holds[0].spent)
    assert card.available == card.balance


def test_what_is_not_there_is_denied_and_not_cut_down() -> None:
    assert asked(99, 100).state == DENIED
    assert held(asked(99, 100)) == 0
    assert held(asked(100, 100)) == 100


def test_a_lease_that_is_captured_before_its_fact_came_can_not_run_out() -> None:
    hold = expired(closed(Hold(GRANTED, 100), 60))
    assert (hold.state, held(hold)) == (CAPTURED, 60)
    assert held(spent(hold, 60)) == 0


def test_a_fact_counts_also_when_its_lease_had_run_out() -> None:
    hold = expired(Hold(GRANTED, 100))
    assert (hold.state, held(hold)) == (EXPIRED, 0)
    late = spent(hold, 100)
    assert (late.state, late.spent, held(late)) == (CAPTURED, 100, 0)


def test_a_till_that_lost_its_memory_can_not_take_back_what_its_facts_have_told() -> None:
    hold = spent(Hold(GRANTED, 100, escrow=True), 70)
    assert closed(hold, 0) == msgspec.structs.replace(hold, state=CAPTURED, used=70)
