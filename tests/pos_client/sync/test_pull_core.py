"""Reference data comes down in whole pages, and what does not fit ends in a snapshot."""

from __future__ import annotations

from collections import deque

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pos_client.sync.outcomes import Reply, Unreachable
from pos_client.sync.pull import ROUND_EVERY_MS, PullCore
from pos_client.sync.pull_messages import (
    ApplyPage,
    CaughtUp,
    CopyLooked,
    FetchPage,
    PageApplied,
    PageReceived,
    PullFailed,
    PullInbound,
    PullOutbound,
    PullPoked,
    SnapshotTaken,
    TakeSnapshot,
    VerdictsHeard,
)
from pos_client.sync.push_messages import Look, Trouble, Wait
from shared_models.reference import Change, FeedPage
from shared_models.sync_api import FeedVerdict
from tests.effort import examples
from tests.pos_client.sync.model_catalogue import STREAM, ModelCopy, ModelFeed


class PullShell:
    """Time passes only by waiting; `fates` says of each request whether the line carries it."""

    def __init__(self, feed: ModelFeed, copy: ModelCopy, fates: list[bool] | None = None) -> None:
        self.core = PullCore([STREAM], jitter=lambda ceiling: ceiling)
        self.feed, self.copy = feed, copy
        self.fates = fates or []
        self.now_ms = 0
        self.said: list[PullOutbound] = []
        self.most_rows = 3

    def run(self) -> None:
        for _ in range(500):
            self.turn()
            if any(isinstance(said, CaughtUp) for said in self.said[-3:]):
                return
        raise AssertionError("the till never caught up")

    def turn(self) -> None:
        todo: deque[PullOutbound] = deque([Look()])
        while todo:
            said = todo.popleft()
            self.said.append(said)
            if isinstance(said, Wait):
                self.now_ms = max(self.now_ms, said.until_ms)
                return
            inbound = self._perform(said)
            if inbound is not None:
                todo.extend(self.core.step(self.now_ms, inbound))
        raise AssertionError("the core neither waits nor works")

    def _perform(self, said: PullOutbound) -> PullInbound | None:
        if isinstance(said, FetchPage | TakeSnapshot) and self.fates and not self.fates.pop():
            return PullFailed(said.number, Unreachable("cut", sent=True))
        match said:
            case Look():
                return CopyLooked(self.copy.positions())
            case FetchPage():
                reply = self.feed.feed(said.stream, said.epoch, said.after, min(said.limit, self.most_rows))
                assert isinstance(reply, Reply)
                return PageReceived(said.number, reply.value)
            case ApplyPage():
                return PageApplied(said.number, self.copy.apply(said.page))
            case TakeSnapshot():
                self.copy.rows = dict(self.feed.rows)
                self.copy.position = self.feed.position()
                self.copy.swaps += 1
                return SnapshotTaken(said.number)
        return None

    def of_kind(self, kind: type[PullOutbound]) -> list[PullOutbound]:
        return [said for said in self.said if isinstance(said, kind)]


def shelf(products: int = 7) -> tuple[ModelFeed, ModelCopy, PullShell]:
    feed, copy = ModelFeed(), ModelCopy()
    for number in range(products):
        feed.put(f"p{number}", b"{}")
    return feed, copy, PullShell(feed, copy)


def at_first_page(shell: PullShell) -> FetchPage:
    shell.run()
    shell.now_ms += ROUND_EVERY_MS
    [fetch] = shell.core.step(shell.now_ms, CopyLooked(shell.copy.positions()))
    assert isinstance(fetch, FetchPage)
    return fetch


@settings(max_examples=examples(50))
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.integers(0, 5), st.binary(max_size=3)),
            st.tuples(st.just("delete"), st.integers(0, 5), st.just(b"")),
            st.tuples(st.just("new epoch"), st.just(0), st.just(b"")),
            st.tuples(st.just("round"), st.just(0), st.just(b"")),
        ),
        max_size=40,
    ),
    st.lists(st.booleans(), max_size=20),
)
def test_the_copy_is_the_servers_after_every_round(
    changes: list[tuple[str, int, bytes]], fates: list[bool]
) -> None:
    feed, copy = ModelFeed(), ModelCopy()
    shell = PullShell(feed, copy, fates)
    for kind, number, body in [*changes, ("round", 0, b"")]:
        if kind == "put":
            feed.put(f"p{number}", body)
        elif kind == "delete" and f"p{number}" in feed.rows:
            feed.delete(f"p{number}")
        elif kind == "new epoch":
            feed.epoch += "+"
        elif kind == "round":
            shell.now_ms += ROUND_EVERY_MS
            shell.run()
            assert copy.rows == feed.rows
            assert copy.position == feed.position()


def test_a_till_without_a_copy_takes_a_snapshot_first() -> None:
    feed, copy, shell = shelf()
    shell.run()
    assert copy.rows == feed.rows
    assert copy.swaps == 1
    assert feed.pages == 1


def test_later_changes_come_as_pages() -> None:
    feed, copy, shell = shelf()
    shell.run()
    for number in range(8):
        feed.put(f"p{number}", b'{"new":1}')
    shell.now_ms += ROUND_EVERY_MS
    shell.run()
    assert copy.rows == feed.rows
    assert copy.swaps == 1
    assert len(shell.of_kind(ApplyPage)) == 3


def test_a_copy_that_was_altered_is_found_without_any_change_on_the_server() -> None:
    feed, copy, shell = shelf()
    shell.run()
    assert copy.position is not None
    copy.position = msgspec.structs.replace(copy.position, checksum=1)
    shell.now_ms += ROUND_EVERY_MS
    shell.run()
    assert copy.swaps == 2
    assert copy.position == feed.position()


def test_a_checksum_that_does_not_fit_is_reported_and_healed_by_a_snapshot() -> None:
    feed, copy, shell = shelf()
    shell.run()
    copy.rows["p0"] = b"altered"
    feed.put("p9", b"{}")
    shell.now_ms += ROUND_EVERY_MS
    shell.run()
    assert copy.rows == feed.rows
    [trouble] = shell.of_kind(Trouble)
    assert isinstance(trouble, Trouble)
    assert trouble.code == "catalogue_refetched"


def test_a_server_whose_checksums_never_fit_causes_no_storm_of_downloads() -> None:
    feed, copy, shell = shelf()
    feed.lies = True
    while shell.now_ms < 3_600_000:
        shell.turn()
    assert copy.swaps < 30
    feed.lies = False
    shell.run()
    assert copy.rows == feed.rows


def test_a_restored_server_starts_the_copy_anew() -> None:
    feed, copy, shell = shelf()
    shell.run()
    feed.epoch = "e2"
    shell.now_ms += ROUND_EVERY_MS
    shell.run()
    assert copy.position == feed.position()
    assert copy.swaps == 2


def test_a_page_of_another_epoch_is_not_applied() -> None:
    _, copy, shell = shelf()
    fetch = at_first_page(shell)
    page = FeedPage(STREAM, "other", fetch.after, fetch.after + 1, fetch.after + 1, checksum_after=1)
    steps = shell.core.step(shell.now_ms, PageReceived(fetch.number, page))
    assert not any(isinstance(step, ApplyPage) for step in steps)
    [snapshot] = shell.core.step(shell.now_ms, CopyLooked(copy.positions()))
    assert isinstance(snapshot, TakeSnapshot)


WRONG = {
    "another stream": FeedPage("price/x", "e1", 7, 8, 8),
    "another start": FeedPage(STREAM, "e1", 6, 8, 8),
    "backwards": FeedPage(STREAM, "e1", 7, 6, 8),
    "past the head": FeedPage(STREAM, "e1", 7, 9, 8),
    "more without end": FeedPage(STREAM, "e1", 7, 7, 8, more=True),
    "out of order": FeedPage(STREAM, "e1", 7, 9, 9, (Change(9, "product", "a"), Change(8, "product", "b"))),
    "before its start": FeedPage(STREAM, "e1", 7, 9, 9, (Change(7, "product", "a"),)),
    "past its end": FeedPage(STREAM, "e1", 7, 8, 9, (Change(9, "product", "a"),)),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_page_that_makes_no_sense_changes_nothing(kind: str) -> None:
    _, _, shell = shelf()
    fetch = at_first_page(shell)
    assert fetch.after == 7
    trouble, wait = shell.core.step(shell.now_ms, PageReceived(fetch.number, WRONG[kind]))
    assert isinstance(trouble, Trouble)
    assert trouble.code == "nonsense"
    assert isinstance(wait, Wait)


def test_an_answer_that_comes_twice_is_heard_once() -> None:
    feed, _, shell = shelf()
    fetch = at_first_page(shell)
    reply = feed.feed(fetch.stream, fetch.epoch, fetch.after, 5)
    assert isinstance(reply, Reply)
    assert shell.core.step(shell.now_ms, PageReceived(fetch.number, reply.value))
    assert shell.core.step(shell.now_ms, PageReceived(fetch.number, reply.value)) == ()


def test_a_hint_starts_a_round_at_once() -> None:
    _, copy, shell = shelf()
    shell.run()
    assert shell.core.step(100, CopyLooked(copy.positions())) == (Wait(ROUND_EVERY_MS),)
    assert shell.core.step(100, PullPoked()) == (Look(),)
    [fetch] = shell.core.step(100, CopyLooked(copy.positions()))
    assert isinstance(fetch, FetchPage)
    assert shell.core.step(100, CopyLooked(copy.positions())) == ()


def test_a_hint_ends_the_wait_for_a_line() -> None:
    _, copy, shell = shelf()
    fetch = at_first_page(shell)
    now = shell.now_ms
    shell.core.step(now, PullFailed(fetch.number, Unreachable("no route")))
    assert shell.core.step(now, CopyLooked(copy.positions())) == (Wait(now + 1_000),)
    shell.core.step(now, PullPoked())
    [again] = shell.core.step(now, CopyLooked(copy.positions()))
    assert isinstance(again, FetchPage)


def test_what_the_server_says_at_the_greeting_counts() -> None:
    _, copy, shell = shelf()
    shell.run()
    behind = FeedVerdict(stream=STREAM, state="behind", epoch="e1", head=9)
    assert shell.core.step(10, VerdictsHeard((behind,))) == (Look(),)
    [fetch] = shell.core.step(10, CopyLooked(copy.positions()))
    assert isinstance(fetch, FetchPage)
    reset = FeedVerdict(stream=STREAM, state="reset", epoch="e2", head=9)
    assert shell.core.step(10, VerdictsHeard((reset,))) == (Look(),)
    shell.core.step(10, PullFailed(fetch.number, Unreachable("cut")))
    trouble, _ = shell.core.step(20, VerdictsHeard((reset,)))
    assert isinstance(trouble, Trouble)
    assert shell.core.step(20, VerdictsHeard(())) == (Look(),)


def test_streams_are_followed_one_after_the_other() -> None:
    core = PullCore(["a", "b"], jitter=lambda ceiling: ceiling)
    copies = tuple(msgspec.structs.replace(ModelFeed().position(), stream=name) for name in ("a", "b"))
    [first] = core.step(0, CopyLooked(copies))
    assert isinstance(first, FetchPage)
    assert core.step(0, PageReceived(first.number, FeedPage("a", "e1", 0, 0, 0))) == (Look(),)
    [second] = core.step(0, CopyLooked(copies))
    assert isinstance(second, FetchPage)
    assert second.stream == "b"


def test_a_file_that_lacks_a_stream_is_not_fetched_in_a_loop() -> None:
    core = PullCore([STREAM], jitter=lambda ceiling: ceiling)
    [snapshot] = core.step(0, CopyLooked(()))
    assert isinstance(snapshot, TakeSnapshot)
    assert core.step(0, SnapshotTaken(snapshot.number)) == (Look(),)
    trouble, wait = core.step(0, CopyLooked(()))
    assert isinstance(trouble, Trouble)
    assert "without catalogue" in trouble.message
    assert wait == Wait(1_000)
    [again] = core.step(1_000, CopyLooked(()))
    assert isinstance(again, TakeSnapshot)
