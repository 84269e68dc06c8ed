"""A stream forgets what later changes made worthless; whoever follows it never notices, or starts over."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from shared_models.catalogue import Category
from sync_server.database import Database
from sync_server.feed import service
from sync_server.feed.compaction import Compaction
from sync_server.feed.publisher import FeedPublisher
from sync_server.feed.service import FeedService
from sync_server.feed.tables import change_feed, feed_head
from tests.sync_server.conftest import Clock
from tests.sync_server.feed.a_copy import Copy

DAY_MS = 86_400_000
Publish = Callable[..., None]


@pytest.fixture
def publish(database: Database, clock: Clock) -> Publish:
    """`publish(3, "Tea")` names category c3 so; without a name it is withdrawn."""
    publisher = FeedPublisher(clock, lambda: "epoch-1", lambda streams: None)
    publisher.join(database)

    def publish(number: int, name: str = "") -> None:
        with database.write() as tx:
            if name:
                publisher.publish(tx, "catalogue", Category(f"c{number}", name))
            else:
                publisher.withdraw(tx, "catalogue", "category", f"c{number}")

    return publish


@pytest.fixture
def compaction(database: Database, clock: Clock) -> Compaction:
    return Compaction(database, clock, step=3)


def a_year_of_changes(database: Database, publish: Publish, clock: Clock) -> list[Copy]:
    """Copies as they stood at every version, the last at the head."""
    dice = random.Random(5)
    copies = [Copy(database)]
    for number in range(60):
        clock.advance(6 * DAY_MS)
        publish(dice.randrange(8), f"name {number}" if dice.random() < 0.7 else "")
        copies.append(copies[-1].again().catch_up())
    return copies


def changes_left(database: Database) -> int:
    with database.read() as tx:
        return tx.scalar(select(func.count()).select_from(change_feed)) or 0


def test_what_was_replaced_long_ago_is_forgotten_and_a_new_till_gets_the_rest_at_once(
    database: Database, publish: Publish, clock: Clock, compaction: Compaction
) -> None:
    for round_ in range(5):
        for number in range(4):
            publish(number, f"round {round_}")
    clock.advance(31 * DAY_MS)
    publish(0, "round 5")
    assert compaction.run(lambda: True) == 16
    assert changes_left(database) == 5
    copy = Copy(database)
    page = copy.pull(limit=1)
    assert (page.after, page.to, page.more) == (0, 20, True)
    assert copy.pull().to == 21
    assert copy.rows["category", "c0"] != copy.rows["category", "c1"]
    assert compaction.run(lambda: True) == 0


def test_wherever_a_till_stood_it_comes_to_what_the_server_has_or_is_told_to_start_over(
    database: Database, publish: Publish, clock: Clock, compaction: Compaction
) -> None:
    copies = a_year_of_changes(database, publish, clock)
    newest = copies[-1]
    assert compaction.run(lambda: True) > 20
    with database.read() as tx:
        head = tx.execute(select(feed_head)).one()
        verdicts = [FeedService().verdicts(tx, "03", (copy.at,))[0].state for copy in copies]
    assert 0 < head.floor < head.compacted < head.ver
    for copy, verdict in zip(copies, verdicts, strict=True):
        if copy.at.ver < head.floor:
            assert copy.ask().reset
            assert verdict == "reset"
            continue
        assert verdict == ("ok" if copy.at.ver == head.ver else "behind")
        assert copy.catch_up(limit=2).rows == newest.rows
        assert copy.at == newest.at


def test_a_server_whose_clock_was_ten_years_ahead_for_a_while_goes_on_forgetting(
    database: Database, publish: Publish, clock: Clock, compaction: Compaction
) -> None:
    publish(1, "before")
    clock.advance(3650 * DAY_MS)
    for number in range(8):
        publish(2, f"while it was ahead {number}")
    clock.advance(-3650 * DAY_MS)
    assert compaction.run(lambda: True) == 0, "nothing says how old they are"
    publish(1, "after")
    assert compaction.run(lambda: True) == 0
    clock.advance(31 * DAY_MS)
    publish(3, "new")
    assert compaction.run(lambda: True) == 8
    assert Copy(database).catch_up().rows.keys() == {("category", f"c{number}") for number in (1, 2, 3)}


def test_a_deletion_is_told_for_ninety_days(
    database: Database, publish: Publish, clock: Clock, compaction: Compaction
) -> None:
    publish(1, "Tea")
    publish(2, "Milk")
    before = Copy(database).catch_up()
    publish(1)
    publish(3, "Salt")
    clock.advance(89 * DAY_MS)
    publish(4, "Oil")
    compaction.run(lambda: True)
    late = before.again()
    late.catch_up()
    assert ("category", "c1") not in late.rows

    clock.advance(2 * DAY_MS)
    assert compaction.run(lambda: True) == 1
    assert before.ask().reset, "it would keep what is gone"
    assert late.ask().to == 5
    assert changes_left(database) == 3


def test_a_stream_in_which_nothing_happens_any_more_is_followed_on_without_a_reset(
    database: Database, publish: Publish, clock: Clock, compaction: Compaction
) -> None:
    publish(1, "Tea")
    publish(1)
    copy = Copy(database).catch_up()
    for _ in range(3):
        clock.advance(100 * DAY_MS)
        compaction.run(lambda: True)
    assert not copy.ask().reset
    publish(2, "Milk")
    assert copy.catch_up().rows.keys() == {("category", "c2")}


def test_changes_between_two_steps_are_kept_and_nobody_waits(
    database: Database, publish: Publish, clock: Clock, compaction: Compaction
) -> None:
    copies = a_year_of_changes(database, publish, clock)
    before = copies[-1].at.ver
    published = 0

    def publish_and_go_on() -> bool:
        nonlocal published
        published += 1
        publish(published % 8, f"meanwhile {published}")
        return True

    compaction.run(publish_and_go_on)
    assert published > 10
    newest = copies[-1].catch_up()
    assert newest.at.ver == before + published
    assert copies[-12].catch_up().rows == newest.rows


def test_a_compaction_that_is_stopped_goes_on_where_it_was(
    database: Database, publish: Publish, clock: Clock, compaction: Compaction
) -> None:
    copies = a_year_of_changes(database, publish, clock)
    forgotten = 0
    for _ in range(200):
        going = iter([True, True])
        forgotten += compaction.run(lambda going=going: next(going, False))  # type: ignore[misc]
        assert copies[-12].again().catch_up().rows == copies[-1].rows
    assert compaction.run(lambda: True) == 0
    assert changes_left(database) == copies[-1].at.ver - forgotten


def test_of_two_servers_that_compact_at_once_one_gives_way(
    database: Database, publish: Publish, clock: Clock, compaction: Compaction
) -> None:
    copies = a_year_of_changes(database, publish, clock)
    other = Compaction(database, clock, step=7)
    turns = 0

    def other_first() -> bool:
        nonlocal turns
        turns += 1
        if turns == 3:
            other.run(lambda: True)
        return True

    compaction.run(other_first)
    assert copies[-12].catch_up().rows == copies[-1].rows


def test_a_leap_that_no_message_can_hold_is_a_reset(
    database: Database, publish: Publish, clock: Clock, compaction: Compaction
) -> None:
    for number in range(3):
        publish(number, "x" * (service.MAX_LEAP_BYTES // 2))
    clock.advance(31 * DAY_MS)
    assert Copy(database).catch_up().at.ver == 3
    compaction.run(lambda: True)
    assert Copy(database).ask().reset
