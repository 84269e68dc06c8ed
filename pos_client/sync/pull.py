"""Reference data on its way down: the core that pages through streams and knows when only a snapshot helps.

A page is applied only where it starts at the copy's cursor; the checksum after it must fit. What doesn't,
a new epoch and a cursor that the server no longer serves all end in a snapshot, never in a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pos_client.sync.back_off import BackOff, Jitter
from pos_client.sync.outcomes import Failure, Nonsense, Refused, Unreachable, in_words
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
from shared_models.reference import FeedPage, FeedPosition

ROUND_EVERY_MS = 60_000
PAGE_LIMIT = 2_000

Steps = tuple[PullOutbound, ...]


class PullCore:
    """Goes round the streams, one request at a time; `step` as in the push core."""

    def __init__(self, streams: Sequence[str], jitter: Jitter) -> None:
        self._streams = tuple(streams)
        self._back_off = BackOff(jitter)
        self._last_number = 0
        self._in_flight: int | None = None
        self._asked: FeedPosition | None = None
        self._more = False
        self._line_was_down = False
        self._left = list(streams)
        self._not_before_ms = 0
        self._next_round_ms = 0
        self._snapshot_because = ""
        self._unproven_snapshot = False

    def step(self, now_ms: int, inbound: PullInbound) -> Steps:
        """`now_ms` never goes back."""
        if isinstance(inbound, PageReceived | PageApplied | SnapshotTaken | PullFailed):
            if inbound.number != self._in_flight:
                return ()
            self._in_flight = None
        match inbound:
            case CopyLooked(positions=positions):
                return self._look(now_ms, positions)
            case PageReceived(page=page):
                return self._page(now_ms, page)
            case PageApplied(fits=fits):
                return self._applied(now_ms, fits)
            case SnapshotTaken():
                return self._snapshot_taken()
            case PullFailed(failure=failure):
                return self._failed(now_ms, failure)
            case VerdictsHeard(feeds=feeds):
                return self._verdicts(now_ms, {f.stream for f in feeds if f.state == "reset"}, bool(feeds))
            case PullPoked():
                return self._poked(now_ms)

    def _look(self, now_ms: int, positions: Sequence[FeedPosition]) -> Steps:
        if self._in_flight is not None:
            return ()
        if now_ms < self._not_before_ms:
            return (Wait(self._not_before_ms),)
        have = {position.stream: position for position in positions}
        missing = [stream for stream in self._streams if stream not in have]
        if missing and self._unproven_snapshot:
            self._unproven_snapshot = False
            return self._failed(now_ms, Nonsense(f"a catalogue file without {', '.join(missing)}"))
        if missing and not self._snapshot_because:
            self._snapshot_because = f"the till has no copy of {', '.join(missing)} yet"
        if self._snapshot_because:
            return (TakeSnapshot(self._next_number(), self._snapshot_because),)
        if not self._left:
            if now_ms < self._next_round_ms:
                return (Wait(self._next_round_ms),)
            self._left = list(self._streams)
        asked = self._asked = have[self._left[0]]
        return (FetchPage(self._next_number(), asked.stream, asked.epoch, asked.ver, PAGE_LIMIT),)

    def _page(self, now_ms: int, page: FeedPage) -> Steps:
        asked = self._asked
        assert asked is not None
        if page.stream == asked.stream and (page.reset or page.epoch != asked.epoch):
            return self._only_a_snapshot(now_ms, f"the server starts {asked.stream} anew")
        wrong = _wrong_with(page, asked)
        if wrong:
            return self._failed(now_ms, Nonsense(wrong))
        if page.to > page.after:
            self._more = page.more
            return (ApplyPage(self._next_number(), page),)
        if page.checksum_after != asked.checksum:
            return self._only_a_snapshot(now_ms, f"the copy of {asked.stream} is not the server's")
        return self._stream_done(now_ms)

    def _applied(self, now_ms: int, fits: bool) -> Steps:
        assert self._asked is not None
        if not fits:
            return self._only_a_snapshot(now_ms, f"the copy of {self._asked.stream} is not the server's")
        if self._more:
            self._back_off.succeeded()
            return (Look(),)
        return self._stream_done(now_ms)

    def _stream_done(self, now_ms: int) -> Steps:
        self._back_off.succeeded()
        self._left.pop(0)
        if self._left:
            return (Look(),)
        self._next_round_ms = now_ms + ROUND_EVERY_MS
        self._unproven_snapshot = False
        return (CaughtUp(), Look())

    def _only_a_snapshot(self, now_ms: int, reason: str) -> Steps:
        """A snapshot that doesn't fit either is not fetched again at once: no storm of downloads."""
        self._snapshot_because = reason
        if self._unproven_snapshot:
            self._not_before_ms = now_ms + self._back_off.failed()
        message = f"The catalogue is fetched whole: {reason}. Sell on with the prices of before."
        return (Trouble("catalogue_refetched", message), Look())

    def _snapshot_taken(self) -> Steps:
        self._snapshot_because = ""
        self._unproven_snapshot = True
        self._left = list(self._streams)
        return (Look(),)

    def _poked(self, now_ms: int) -> Steps:
        self._next_round_ms = now_ms
        if self._line_was_down and self._in_flight is None:
            self._back_off.succeeded()
            self._not_before_ms = now_ms
        return (Look(),)

    def _failed(self, now_ms: int, failure: Failure) -> Steps:
        self._line_was_down = isinstance(failure, Unreachable)
        asked_ms = failure.retry_after_ms if isinstance(failure, Refused) else 0
        self._not_before_ms = now_ms + self._back_off.failed(asked_ms)
        return (Trouble(*in_words(failure)), Wait(self._not_before_ms))

    def _verdicts(self, now_ms: int, reset: set[str], any_feed: bool) -> Steps:
        ours = sorted(reset.intersection(self._streams))
        if ours and self._in_flight is None:
            return self._only_a_snapshot(now_ms, f"the server no longer serves the till's {', '.join(ours)}")
        if any_feed:
            self._next_round_ms = now_ms
        return (Look(),)

    def _next_number(self) -> int:
        self._last_number += 1
        self._in_flight = self._last_number
        return self._last_number


def _wrong_with(page: FeedPage, asked: FeedPosition) -> str:
    """What no server of this protocol would say."""
    if page.stream != asked.stream or page.after != asked.ver:
        return f"a page of {page.stream} after {page.after} for one of {asked.stream} after {asked.ver}"
    if page.to < page.after or page.head < page.to or (page.more and page.to == page.after):
        return f"a page of {page.stream} from {page.after} to {page.to} of {page.head}"
    versions = [page.after, *(change.ver for change in page.changes), page.to + 1]
    if any(later <= earlier for earlier, later in pairwise(versions)):
        return f"a page of {page.stream} with its changes out of order"
    return ""
