"""What goes into and comes out of the pull core."""

from __future__ import annotations

import msgspec

from pos_client.sync.outcomes import Failure
from pos_client.sync.push_messages import Look, Trouble, Wait
from shared_models.reference import FeedPage, FeedPosition
from shared_models.sync_api import FeedVerdict


class CopyLooked(msgspec.Struct, frozen=True):
    """Where the till's copy stands: said when woken, when `Look` asks for it, and when a `Wait` is over."""

    positions: tuple[FeedPosition, ...]


class PageReceived(msgspec.Struct, frozen=True):
    number: int
    page: FeedPage


class PageApplied(msgspec.Struct, frozen=True):
    """Whether the copy took the page; it does not when the checksum would not fit."""

    number: int
    fits: bool


class SnapshotTaken(msgspec.Struct, frozen=True):
    number: int


class PullFailed(msgspec.Struct, frozen=True):
    """The shell owes one of these for every number that came to nothing."""

    number: int
    failure: Failure


class VerdictsHeard(msgspec.Struct, frozen=True):
    """What the server said of the copy when it was greeted."""

    feeds: tuple[FeedVerdict, ...]


class PullPoked(msgspec.Struct, frozen=True):
    """The server hints that something changed."""


PullInbound = CopyLooked | PageReceived | PageApplied | SnapshotTaken | PullFailed | VerdictsHeard | PullPoked


class FetchPage(msgspec.Struct, frozen=True):
    number: int
    stream: str
    epoch: str
    after: int
    limit: int


class ApplyPage(msgspec.Struct, frozen=True):
    number: int
    page: FeedPage


class TakeSnapshot(msgspec.Struct, frozen=True):
    number: int
    reason: str


class CaughtUp(msgspec.Struct, frozen=True):
    """Every stream stood at the server's head within this round."""


PullOutbound = Look | Wait | Trouble | FetchPage | ApplyPage | TakeSnapshot | CaughtUp
