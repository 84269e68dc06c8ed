"""The power goes in the middle of a day: what the till had acknowledged is there, and nothing is there by halves."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec
import pytest
import sqlcipher3.dbapi2 as driver

from pos_client.journal_check import verify
from pos_client.store.anchor import Anchor, AnchorFile
from pos_client.store.books import TillBooks
from pos_client.store.connection import DriverConnection
from pos_client.store.segments import segments
from shared_models.sale import SalePosted
from tests.crash_points import till_kinds
from tests.crash_points.disk import watched
from tests.crash_points.power_cut import Recording
from tests.crash_points.witness import develop, picture
from tests.pos_client.store.made_up_shop import (
    PUBLIC_KEY,
    a_sale,
    cash_moved,
    open_books,
    parked_sale,
    sale_parked,
    sale_recalled,
    sale_voided,
    shift_closed,
    shift_opened,
)

CUTS = int(os.environ.get("EVERTILL_POWER_CUTS", "300"))
KEY = "5e" * 32
SEED = 20261125
DAYS, TRANSACTIONS = 3, 30
BOOKS, ANCHOR = "books/till.db", "elsewhere/anchor.json"


class CarelessConnection(driver.Connection):  # type: ignore[misc]
    """The common way to be fast: nothing waits for the disk but the checkpoints."""

    def execute(self, sql: str, *parameters: Any) -> Any:
        return super().execute(sql.replace("synchronous=full", "synchronous=normal"), *parameters)


class Moment(NamedTuple):
    """What was done: the calls that it made, whether it promises to be there for good, and the books after it."""

    began: int
    ended: int
    durable: bool
    books: till_kinds.Tables
    anchor: Anchor


class Story(NamedTuple):
    recording: Recording
    moments: list[Moment]
    key: str | None


Act = Callable[[TillBooks], object]


class Cashier:
    """Does anything that can be done, in no particular order."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._parked: list[str] = []
        self._numbers = 0
        self._shift = 0

    def something(self, books: TillBooks) -> tuple[Act, bool]:
        """What to do next, and whether the till promises that it is there for good."""
        if books.open_shift() is None:
            self._shift += 1
            shift = shift_opened(f"s{self._shift}", self._shift)
            return lambda b: b.post(shift), True
        acts: list[tuple[Act, bool]] = [
            *[(lambda b: b.post_sale(self._sale(), open_drawer=True), True)] * 4,
            (lambda b: b.post(cash_moved("paid_in", 100), drawer_reason="float"), True),
            (lambda b: b.post(sale_voided()), True),
            (lambda b: b.save_count(self._chance.randbytes(20)), True),
            (lambda b: b.acknowledge(b.segments()[0].incarnation, b.head()[0], 0), True),
            (self._begin_job, True),
            (self._end_job, True),
            (self._park, True),
            (self._recall, True),
            *[(lambda b: b.save_cart(self._chance.randbytes(self._chance.randint(1, 3000))), False)] * 3,
            (lambda b: b.checkpoint(), False),
            (lambda b: b.post(shift_closed(b, f"s{self._shift}")), True),
        ]
        return self._chance.choice(acts)

    def _sale(self) -> SalePosted:
        return a_sale(f"s{self._shift}", lines=self._chance.randint(1, 12))

    def _begin_job(self, books: TillBooks) -> None:
        if not books.jobs.having("sending"):
            books.jobs.claim(self._chance.choice(("drawer", "print")))

    def _end_job(self, books: TillBooks) -> None:
        for job in books.jobs.having("sending"):
            books.jobs.done(job.id)

    def _park(self, books: TillBooks) -> None:
        self._numbers += 1
        name = f"p{self._numbers}"
        books.park(parked_sale(name), sale_parked(name))
        self._parked.append(name)

    def _recall(self, books: TillBooks) -> None:
        if self._parked:
            name = self._parked.pop()
            books.recall(name, sale_recalled(name))


def live(folder: Path, key: str | None, connection_class: type[Any] = DriverConnection) -> Story:
    """Some days of a till, from its first start on."""
    chance = Random(SEED)
    cashier = Cashier(chance)
    moments: list[Moment] = []
    with watched(folder) as disk:
        recording = Recording(disk)
        for day in range(DAYS):
            began = len(recording.calls)
            more = {"key": key, "log_bytes": 64 << 10, "connection_class": connection_class}
            books = open_books(folder, start=1 + day * 1_000_000, **more)
            moments.append(moment(books, recording, began, True, key))
            for _ in range(TRANSACTIONS):
                act, durable = cashier.something(books)
                began = len(recording.calls)
                act(books)
                moments.append(moment(books, recording, began, durable, key))
            books.close()
    return Story(recording, moments, key)


def moment(books: TillBooks, recording: Recording, began: int, durable: bool, key: str | None) -> Moment:
    ended = len(recording.calls)
    wrote = any(call.what == "write" for call in recording.calls[began:ended])
    with books.database.read() as connection:
        (segment,) = segments(connection)
    anchor = Anchor(segment.incarnation.hex(), segment.head_seq, segment.head_hash.hex())
    tables = till_kinds.tables(books.database.path, key)
    return Moment(began, ended, durable and wrote, tables, anchor)  # who finds nothing to do promises nothing


def wrong_after_a_cut(story: Story, folder: Path, chance: Random) -> str:
    """What is not as it should be after the power went at some moment; nothing, if all is well."""
    at = chance.randint(0, len(story.recording.calls))
    certain = max((n for n, one in enumerate(story.moments) if one.durable and one.ended <= at), default=-1)
    possible = [
        one for n, one in enumerate(story.moments) if n == certain or (n > certain and one.began < at)
    ]
    develop(story.recording.cut(at, chance, "till.db" if story.key else ""), folder)
    leave_an_anchor(story, folder, at, chance)
    if certain >= 0:
        found = till_kinds.tables(develop(picture(folder), folder / "copy") / BOOKS, story.key)
        if found not in [one.books for one in possible]:
            return f"call {at}: the books are not those of any moment that may be the last"
    return cannot_go_on(story, folder)


def leave_an_anchor(story: Story, folder: Path, at: int, chance: Random) -> None:
    """It is written behind the commit, some time later."""
    ended = [one for one in story.moments if one.ended <= at]
    if ended and chance.random() < 0.9:
        lag = min(len(ended), 1 + int(chance.expovariate(0.5)))
        (folder / "elsewhere").mkdir()
        (folder / ANCHOR).write_bytes(msgspec.json.encode(ended[-lag].anchor))


def cannot_go_on(story: Story, folder: Path) -> str:
    books = open_books(folder, start=9_000_000, key=story.key, log_bytes=0)
    number = books.next_receipt_number()
    sold = books.post_sale(a_sale(), open_drawer=True)
    books.close()
    report = verify(folder / BOOKS, story.key, PUBLIC_KEY, AnchorFile(folder / ANCHOR).read())
    if report.faults:
        return f"verify says {report.faults[0].message}"
    if report.incarnations != 1:
        return "a new incarnation was begun without need"
    return "" if sold.sale.receipt_number == number else "the next number was not the one that was promised"


@pytest.mark.parametrize(
    ("key", "cuts"), [(None, CUTS * 4 // 5), (KEY, CUTS // 5)], ids=["plain", "encrypted"]
)
def test_no_power_cut_takes_what_the_till_has_promised(tmp_path: Path, key: str | None, cuts: int) -> None:
    story = live(tmp_path / "till", key)
    chance = Random(SEED)
    for number in range(cuts):
        assert wrong_after_a_cut(story, tmp_path / f"cut-{number}", chance) == "", number
        shutil.rmtree(tmp_path / f"cut-{number}")


@pytest.mark.expects_log
def test_a_till_that_does_not_wait_for_its_disk_is_seen_to_lose_sales(tmp_path: Path) -> None:
    """Without this nobody could know whether the test above sees anything."""
    story = live(tmp_path / "till", None, CarelessConnection)
    chance = Random(SEED)
    wrong = [wrong_after_a_cut(story, tmp_path / f"cut-{number}", chance) for number in range(60)]
    assert sum(bool(one) for one in wrong) > 20
