"""Reference data on its way down: dense versions, provable copies, nothing missed."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from shared_models.catalogue import Category, Price
from shared_models.reference import FeedPage, FeedPosition
from sync_server.database import Database
from sync_server.errors import Forbidden, Invalid
from sync_server.feed.publisher import FeedPublisher
from sync_server.feed.service import FeedService, check_stream
from tests.sync_server.feed.a_copy import Copy


@pytest.fixture
def told() -> list[frozenset[str]]:
    return []


@pytest.fixture
def publisher(database: Database, told: list[frozenset[str]]) -> FeedPublisher:
    publisher = FeedPublisher(lambda: 1, lambda: "epoch-1", told.append)
    publisher.join(database)
    return publisher


def named(number: int, name: str) -> Category:
    return Category(f"c{number}", name)


def test_a_copy_follows_changes_and_deletions_page_by_page(
    database: Database, publisher: FeedPublisher
) -> None:
    for round_ in range(4):
        for number in range(6):
            with database.write() as tx:
                publisher.publish(tx, "catalogue", named(number, f"{round_}"))
                if round_ == 2 and number % 2:
                    publisher.withdraw(tx, "catalogue", "category", f"c{number}")
    for limit in (1, 3, 7, 1000):
        copy = Copy(database)
        while copy.pull(limit).more:
            pass
        assert copy.rows.keys() == {("category", f"c{number}") for number in range(6)}
        assert copy.at.ver == 24


def test_what_did_not_change_costs_no_version(
    database: Database, publisher: FeedPublisher, told: list[frozenset[str]]
) -> None:
    for _ in range(3):
        with database.write() as tx:
            publisher.publish(tx, "catalogue", named(1, "Tea"))
            publisher.withdraw(tx, "catalogue", "category", "never was")
    copy = Copy(database)
    assert copy.pull().to == 1
    assert told == [frozenset({"catalogue"})]


def test_the_last_word_of_a_transaction_counts(database: Database, publisher: FeedPublisher) -> None:
    with database.write() as tx:
        publisher.publish(tx, "catalogue", named(1, "Tea"))
        publisher.publish(tx, "catalogue", named(1, "Coffee"))
        publisher.publish(tx, "catalogue", named(2, "Milk"))
        publisher.withdraw(tx, "catalogue", "category", "c2")
    copy = Copy(database)
    copy.pull()
    assert list(copy.rows) == [("category", "c1")]
    assert b"Coffee" in copy.rows["category", "c1"]


def test_a_rollback_publishes_nothing_and_leaves_no_gap(
    database: Database, publisher: FeedPublisher, told: list[frozenset[str]]
) -> None:
    def fail() -> None:
        with database.write() as tx:
            publisher.publish(tx, "catalogue", named(1, "Tea"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert told == []
    with database.write() as tx:
        publisher.publish(tx, "catalogue", named(2, "Milk"))
    page = Copy(database).pull()
    assert [(change.ver, change.id) for change in page.changes] == [(1, "c2")]


def test_a_large_import_is_one_transaction_and_many_versions(
    database: Database, publisher: FeedPublisher
) -> None:
    for name in ("first", "second"):
        with database.write() as tx:
            for number in range(1200):
                publisher.publish(tx, "catalogue", named(number, name))
    copy = Copy(database)
    while copy.pull().more:
        pass
    assert (copy.at.ver, len(copy.rows)) == (2400, 1200)


def test_a_page_has_a_size_that_a_message_can_hold(database: Database, publisher: FeedPublisher) -> None:
    with database.write() as tx:
        for number in range(4):
            publisher.publish(tx, "catalogue", named(number, "x" * (3 << 20)))
    copy = Copy(database)
    assert [copy.pull().to for _ in range(4)] == [1, 2, 3, 4]


@pytest.mark.parametrize(("epoch", "after"), [("another", 1), ("epoch-1", 9), ("", 1)])
def test_a_cursor_of_another_history_is_told_to_start_over(
    database: Database, publisher: FeedPublisher, epoch: str, after: int
) -> None:
    with database.write() as tx:
        publisher.publish(tx, "catalogue", named(1, "Tea"))
    with database.read() as tx:
        assert FeedService().page(tx, "catalogue", epoch, after, 10).reset


def test_a_cursor_that_no_server_ever_gave_is_refused(database: Database) -> None:
    for after in (-1, 1 << 63):
        with pytest.raises(Invalid), database.read() as tx:
            FeedService().page(tx, "catalogue", "epoch-1", after, 10)


def test_a_stream_that_was_never_opened_is_empty_and_not_wrong(database: Database) -> None:
    with database.read() as tx:
        assert FeedService().page(tx, "catalogue", "", 0, 10) == FeedPage("catalogue", "", 0, 0, 0)
        assert FeedService().page(tx, "catalogue", "gone", 7, 10).reset


def test_a_hello_hears_of_each_stream_whether_it_is_current(
    database: Database, publisher: FeedPublisher
) -> None:
    for number in range(3):
        with database.write() as tx:
            publisher.publish(tx, "catalogue", named(number, "Tea"))
    copy = Copy(database)
    copy.pull(2)
    behind = copy.at
    copy.pull()
    cases = {
        "ok": copy.at,
        "behind": behind,
    }
    wrong = [
        FeedPosition("catalogue", "another", 3, copy.at.checksum),
        FeedPosition("catalogue", "epoch-1", 3, copy.at.checksum + 1),
        FeedPosition("catalogue", "epoch-1", 2, behind.checksum + 1),
        FeedPosition("catalogue", "epoch-1", 9, copy.at.checksum),
    ]
    with database.read() as tx:
        for state, held in cases.items():
            verdicts = {v.stream: v for v in FeedService().verdicts(tx, "03", (held,))}
            assert verdicts["catalogue"].state == state
            assert verdicts["price/03"].state == "ok"
            assert len(verdicts) == 4
        for held in wrong:
            assert FeedService().verdicts(tx, "03", (held,))[0].state == "reset", held
        assert FeedService().verdicts(tx, "03", ())[0].state == "behind"
        unopened = FeedPosition("price/03", "gone", 4, 4)
        assert FeedService().verdicts(tx, "03", (unopened,))[2].state == "reset"


def test_a_till_reads_its_own_stores_streams_only() -> None:
    check_stream("03", "staff/03")
    with pytest.raises(Forbidden):
        check_stream("03", "staff/04")


def test_two_writers_of_two_streams_never_wait_for_each_other_in_a_ring(
    database: Database, publisher: FeedPublisher
) -> None:
    streams = ["price/03", "price/04", "catalogue"]

    def write(order: list[str]) -> None:
        for number in range(15):
            with database.write() as tx:
                for stream in order:
                    publisher.publish(tx, stream, Price(f"{order[0]}-{number}", "p", number))

    run_all([lambda: write(streams), lambda: write(streams[::-1])])
    for stream in streams:
        copy = Copy(database, stream)
        copy.pull()
        assert copy.at.ver == 30


def run_all(tasks: list[Callable[[], None]]) -> None:
    failures: list[BaseException] = []

    def guarded(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as failure:  # noqa: BLE001 - carried to the test's own thread
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures, failures
