"""Whatever statement the till dies at, what it was doing is in the books whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2 as driver

from pos_client.journal_check import verify
from pos_client.store.books import TillBooks
from tests.pos_client.store.made_up_shop import (
    PUBLIC_KEY,
    a_sale,
    cash_moved,
    no_sale,
    open_books,
    parked_sale,
    sale_parked,
    sale_recalled,
    shift_closed,
    shift_opened,
)


class PowerCut(BaseException):
    """Nothing catches it, as nothing catches the end of a process."""


class Fuse:
    """Counts the steps of a transaction, each statement's before and after, and blows at one of them."""

    def __init__(self) -> None:
        self.steps = 0
        self.blows_at: int | None = None
        self.on_blow: Callable[[], None] = lambda: None

    def step(self) -> None:
        if self.steps == self.blows_at:
            self.steps += 1
            self.on_blow()
            raise PowerCut
        self.steps += 1


FUSE = Fuse()


class FusedConnection(driver.Connection):  # type: ignore[misc]
    def execute(self, *arguments: Any) -> Any:
        FUSE.step()
        result = super().execute(*arguments)
        FUSE.step()
        return result


def sell(books: TillBooks) -> None:
    books.post_sale(a_sale(), open_drawer=True)


def post_cash(books: TillBooks) -> None:
    books.post(cash_moved("paid_out", 200), no_sale(), drawer_reason="paid out")


def park(books: TillBooks) -> None:
    books.park(parked_sale("p2"), sale_parked("p2"))


def recall(books: TillBooks) -> None:
    books.recall("p1", sale_recalled("p1"))


def close_shift(books: TillBooks) -> None:
    books.post(shift_closed(books))


ACTIONS = [sell, post_cash, park, recall, close_shift]


def prepare(folder: Path) -> TillBooks:
    FUSE.blows_at = None
    books = open_books(folder, connection_class=FusedConnection)
    books.post(shift_opened())
    books.post_sale(a_sale(), open_drawer=True)
    books.park(parked_sale(), sale_parked())
    books.save_cart(b"half a ticket")
    return books


def picture(folder: Path) -> dict[str, Any]:
    """Everything that the books say, as a till that starts on these files would see it."""
    books = open_books(folder, start=9_000_000)
    seen = everything(books)
    path = books.database.path
    books.close()
    report = verify(path, None, PUBLIC_KEY)
    assert report.faults == ()
    return seen


def everything(books: TillBooks) -> dict[str, Any]:
    return {
        "head": books.head(),
        "sales": books.recent_sales(),
        "next": books.next_receipt_number(),
        "parked": books.parked(),
        "cart": books.saved_cart(),
        "shift": books.open_shift(),
        "totals": books.shift_totals("s1"),
        "jobs": [(job.kind, job.pos, job.payload) for job in books.jobs.having("queued")],
        "unsent": books.unsent(),
    }


def count_steps(folder: Path, action: Callable[[TillBooks], None]) -> int:
    books = prepare(folder)
    FUSE.steps = 0
    action(books)
    steps = FUSE.steps
    books.close()
    return steps


@pytest.mark.parametrize("action", ACTIONS)
def test_a_crash_at_any_statement_leaves_all_or_nothing(
    tmp_path: Path, action: Callable[[TillBooks], None]
) -> None:
    steps = count_steps(tmp_path / "counted", action)
    assert steps >= 6
    pictures = []
    for blows_at in range(steps):
        folder = tmp_path / str(blows_at)
        books = prepare(folder)
        before = everything(books)
        left_behind = folder / "left behind"

        def copy(folder: Path = folder, left_behind: Path = left_behind) -> None:
            shutil.copytree(folder / "books", left_behind / "books")

        FUSE.steps, FUSE.blows_at, FUSE.on_blow = 0, blows_at, copy
        with pytest.raises(PowerCut):
            action(books)
        FUSE.blows_at = None
        books.close()
        seen = picture(left_behind)
        pictures.append(seen == before)
        if not pictures[-1]:
            assert seen["head"][0] > before["head"][0]
            assert blows_at == steps - 1
    # Only the very last point, after the commit has returned to us, may show the new state.
    assert pictures == [True] * (steps - 1) + [False]


def test_a_till_that_failed_at_a_statement_sells_on_at_once(tmp_path: Path) -> None:
    """The same without the crash: the process lives, and the next sale takes the number that the failed one had."""
    steps = count_steps(tmp_path / "counted", sell)
    for blows_at in range(steps):
        books = prepare(tmp_path / str(blows_at))
        promised = books.next_receipt_number()
        FUSE.steps, FUSE.blows_at, FUSE.on_blow = 0, blows_at, lambda: None
        with pytest.raises(PowerCut):
            sell(books)
        FUSE.blows_at = None
        came_through = blows_at == steps - 1
        assert (books.sale(promised) is not None) == came_through
        again = books.post_sale(a_sale(), open_drawer=True)
        assert (again.sale.receipt_number == promised) == (not came_through)
        path = books.database.path
        books.close()
        assert verify(path, None, PUBLIC_KEY).faults == ()
