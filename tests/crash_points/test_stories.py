"""Days of a till that nobody made up: sold, parked, killed and started again in any order, with its books as promised.

A story that goes wrong is shrunk to the shortest that does.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pos_client.journal_check import verify
from pos_client.store.anchor import AnchorFile
from pos_client.store.books import TillBooks
from tests.crash_points.witness import develop, picture
from tests.effort import examples
from tests.pos_client.store.made_up_shop import (
    PUBLIC_KEY,
    a_sale,
    cash_moved,
    open_books,
    parked_sale,
    sale_parked,
    sale_recalled,
    shift_closed,
    shift_opened,
)


class TillStory(RuleBasedStateMachine):
    """Beside the books a model of them: how many facts there are, what is parked, what was printed."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="evertill-story-"))
        self.starts = 0
        self.names = 0
        self.shift = 0
        self.shift_is_open = False
        self.parked: list[str] = []
        self.numbers: list[str] = []
        self.acknowledged = 0
        self.folder = self.home / "first"
        self.books = self.start()
        self.facts = self.books.head()[0]

    def start(self) -> TillBooks:
        self.starts += 1
        return open_books(self.folder, start=1 + self.starts * 1_000_000, log_bytes=0)

    @rule()
    def open_or_close_the_shift(self) -> None:
        if self.shift_is_open:
            self.books.post(shift_closed(self.books, f"s{self.shift}"))
        else:
            self.shift += 1
            self.books.post(shift_opened(f"s{self.shift}", self.shift))
        self.shift_is_open = not self.shift_is_open
        self.facts += 1

    @precondition(lambda self: self.shift_is_open)
    @rule(lines=st.integers(1, 5), drawer=st.booleans())
    def sell(self, lines: int, drawer: bool) -> None:
        promised = self.books.next_receipt_number()
        posted = self.books.post_sale(a_sale(f"s{self.shift}", lines=lines), open_drawer=drawer)
        assert posted.sale.receipt_number == promised
        self.numbers.append(promised)
        self.facts += 1

    @precondition(lambda self: self.shift_is_open)
    @rule(amount_minor=st.integers(1, 10_000))
    def put_money_in(self, amount_minor: int) -> None:
        self.books.post(cash_moved("paid_in", amount_minor), drawer_reason="float")
        self.facts += 1

    @rule()
    def park(self) -> None:
        self.names += 1
        name = f"p{self.names}"
        self.books.park(parked_sale(name), sale_parked(name))
        self.parked.append(name)
        self.facts += 1

    @precondition(lambda self: self.parked)
    @rule()
    def recall(self) -> None:
        name = self.parked.pop()
        self.books.recall(name, sale_recalled(name))
        self.facts += 1

    @precondition(lambda self: self.facts)
    @rule(behind=st.integers(0, 3))
    def hear_from_the_server(self, behind: int) -> None:
        self.acknowledged = max(0, self.facts - behind)
        self.books.acknowledge(self.books.segments()[0].incarnation, self.acknowledged, 0)

    @rule()
    def close_and_start_again(self) -> None:
        self.books.close()
        self.books = self.start()

    @rule()
    def be_killed_and_started_again(self) -> None:
        left = picture(self.folder)
        self.books.close()
        self.folder = develop(left, self.home / f"after-start-{self.starts}")
        self.books = self.start()

    @invariant()
    def the_books_are_as_promised(self) -> None:
        (segment,) = self.books.segments() or (None,)
        head = segment.head_seq if segment else 0
        assert head == self.facts
        assert (segment.acked if segment else 0) == self.acknowledged
        assert (self.books.open_shift() is not None) == self.shift_is_open
        assert len(set(self.numbers)) == len(self.numbers)

    def teardown(self) -> None:
        self.books.close()
        anchor = AnchorFile(self.folder / "elsewhere" / "anchor.json").read()
        report = verify(self.folder / "books" / "till.db", None, PUBLIC_KEY, anchor)
        shutil.rmtree(self.home)
        assert report.faults == ()


TestTillStories = TillStory.TestCase
TestTillStories.settings = settings(max_examples=examples(12), stateful_step_count=25)
