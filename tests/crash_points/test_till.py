"""Wherever the till is killed in a transaction, it finds all of it or nothing, and goes on as if nothing had been."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pos_client.store.books import TillBooks
from tests.crash_points import till_kinds
from tests.crash_points.till_kinds import KINDS, Kind, Tables, tables
from tests.crash_points.witness import Point, Witness, develop, witnessed
from tests.pos_client.store.made_up_shop import no_sale


@pytest.fixture(scope="module")
def prepared(module_path: Path) -> Path:
    return till_kinds.prepare(module_path)


@pytest.mark.parametrize("name", KINDS)
def test_a_till_killed_in_a_transaction_has_all_of_it_or_nothing_and_goes_on(
    name: str, prepared: Path, tmp_path: Path
) -> None:
    kind = KINDS[name]
    before = tables(books_of(till_kinds.copy_of(prepared, tmp_path / "untouched")))
    after, next_day = unhurt(kind, till_kinds.copy_of(prepared, tmp_path / "unhurt"))
    assert before != after, "it must change something"
    witness = seen(kind, till_kinds.copy_of(prepared, tmp_path / "seen"))
    assert kind.site in witness.sites
    found = []
    for number, point in enumerate(witness.points):
        folder = develop(point.files, tmp_path / f"killed-{number}")
        found.append(state_of(point, develop(point.files, tmp_path / "looked at"), before, after) == after)
        goes_on(kind, folder, after if not found[-1] else next_day, done=found[-1])
    assert {True, False} == set(found), "both sides of the commit must have been seen"
    assert found == sorted(found), "once it is there it stays"


def books_of(folder: Path) -> Path:
    return folder / "books" / "till.db"


def unhurt(kind: Kind, folder: Path) -> tuple[Tables, Tables]:
    """What the books say when nothing gets in the way: at once, and after the next start."""
    books = till_kinds.start(folder)
    kind.act(books)
    books.close()
    after = tables(books_of(folder))
    till_kinds.start(folder).close()
    return after, tables(books_of(folder))


def seen(kind: Kind, folder: Path) -> Witness:
    with witnessed(folder) as witness:
        witness.looks = False
        books = till_kinds.start(folder, connection_class=witness.connection_class())
        witness.looks = True
        witness.step("at first")
        kind.act(books)
        witness.step("when it was done")
        witness.looks = False
        books.close()
    return witness


def state_of(point: Point, folder: Path, before: Tables, after: Tables) -> Tables:
    found = tables(books_of(folder))
    wanted = [after if point.committed else before] if point.sure else [before, after]
    assert found in wanted, point.where
    shutil.rmtree(folder)
    return found


def goes_on(kind: Kind, folder: Path, wanted: Tables, *, done: bool) -> None:
    """What was not there is done once more; what was there is not."""
    books = till_kinds.start(folder)
    if not done:
        kind.act(books)
    books.close()
    assert tables(books_of(folder)) == wanted
    till_kinds.sell_on(folder)
    assert till_kinds.faults(folder) == ()


def test_two_transactions_where_there_should_be_one_would_be_found(prepared: Path, tmp_path: Path) -> None:
    def act(books: TillBooks) -> None:
        books.post(no_sale())
        books.save_count(b"half")

    broken = Kind("pos_client.store.books.TillBooks.post", act)
    before = tables(books_of(till_kinds.copy_of(prepared, tmp_path / "untouched")))
    after, _ = unhurt(broken, till_kinds.copy_of(prepared, tmp_path / "unhurt"))
    witness = seen(broken, till_kinds.copy_of(prepared, tmp_path / "seen"))
    halfway = next(point for point in witness.points if point.committed == 1)
    with pytest.raises(AssertionError):
        state_of(halfway, develop(halfway.files, tmp_path / "looked at"), before, after)
