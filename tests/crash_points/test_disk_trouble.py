"""Whichever call to the disk fails in a transaction: the till says so, has all of it or nothing, and goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pos_client.store.books import TillBooks
from pos_client.till.errors import StorageFailed, StorageFull
from tests.crash_points import till_kinds
from tests.crash_points.disk import (
    BUSY,
    FULL,
    IOERR_FSYNC,
    IOERR_READ,
    IOERR_TRUNCATE,
    IOERR_WRITE,
    OK,
    Call,
    watched,
)
from tests.crash_points.server_share import ALL
from tests.crash_points.test_till import books_of, unhurt
from tests.crash_points.till_kinds import KINDS, Kind, tables

FAILURES = {
    "write": (FULL, IOERR_WRITE, BUSY),
    "sync": (IOERR_FSYNC,),
    "truncate": (IOERR_TRUNCATE,),
    "read": (IOERR_READ,),
}


class FailsAt:
    """The call with that number fails, once or from then on; `seen` are the calls in their order."""

    def __init__(self, number: int = -1, code: int = OK, *, stays: bool = False) -> None:
        self.number, self.code, self.stays = number, code, stays
        self.seen: list[str] = []

    def __call__(self, call: Call) -> int:
        if "/books/" not in call.path or call.what not in FAILURES:
            return OK
        self.seen.append(call.what)
        at = len(self.seen) - 1
        hit = at == self.number or (self.stays and at > self.number and call.what == "write")
        return self.code if hit else OK


@pytest.fixture(scope="module")
def prepared(module_path: Path) -> Path:
    return till_kinds.prepare(module_path)


@pytest.mark.parametrize("name", KINDS)
def test_a_disk_that_fails_at_any_call_costs_nothing(name: str, prepared: Path, tmp_path: Path) -> None:
    kind = KINDS[name]
    before = tables(books_of(till_kinds.copy_of(prepared, tmp_path / "untouched")))
    after, _ = unhurt(kind, till_kinds.copy_of(prepared, tmp_path / "unhurt"))
    calm = FailsAt()
    tried(kind, till_kinds.copy_of(prepared, tmp_path / "calm"), calm)
    assert "write" in calm.seen
    refused = 0
    for trouble in all_that_can_fail(calm.seen):
        folder = till_kinds.copy_of(prepared, tmp_path / "failing")
        done = tried(kind, folder, trouble)
        refused += not done
        found = tables(books_of(till_kinds.copy_of(folder, tmp_path / "looked at")))
        # what was refused may be there after all, as after a failed sync; what was promised is
        assert found in ([after] if done else [before, after]), (trouble.number, trouble.code, trouble.stays)
        till_kinds.sell_on(folder)
        assert till_kinds.faults(folder) == ()
        shutil.rmtree(folder)
        shutil.rmtree(tmp_path / "looked at")
    assert refused, "the till must have noticed something"


def all_that_can_fail(calls: list[str]) -> Iterator[FailsAt]:
    """Writes find the disk full at every other call, and broken or busy at those between."""
    for number, what in enumerate(calls):
        its_turn = (IOERR_WRITE, FULL, BUSY, FULL)[number % 4]
        for code in FAILURES[what]:
            if ALL or code == its_turn or what != "write":
                yield FailsAt(number, code)
            if code == FULL and (ALL or code == its_turn):
                yield FailsAt(number, code, stays=True)


def tried(kind: Kind, folder: Path, trouble: FailsAt) -> bool:
    """Whether it was done; whoever is told that it was not is told in words."""
    with watched(folder) as disk:
        books = till_kinds.start(folder)
        disk.on_call = trouble
        said = acted(kind, books)
        disk.on_call = lambda call: OK
        books.close()
    assert said is None or said.endswith("."), said
    return said is None


def acted(kind: Kind, books: TillBooks) -> str | None:
    """What the cashier is told when it can't be done."""
    try:
        kind.act(books)
    except (StorageFull, StorageFailed) as reason:
        return reason.message
    return None
