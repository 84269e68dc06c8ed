"""What the hub asks of the central server, over whatever line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from shared_models.hub_api import HubHello, HubHelloReply
from shared_models.reference import FeedPage, FeedPosition
from shared_models.sync_api import HashesReply, HashesRequest, Poke, Push, PushReply, SnapshotManifest
from sync_server.feed.service import MAX_PAGE


class CentralServer(Protocol):
    """Each call raises CentralAway without an answer that makes sense, and CentralRefused for a refusal."""

    def hello(self, said: HubHello) -> HubHelloReply: ...

    def push(self, device_id: str, push: Push) -> PushReply: ...

    def push_raw(self, device_id: str, frame: bytes, reason: str) -> PushReply | None:
        """None when it is only kept."""

    def hashes(self, device_id: str, asked: HashesRequest) -> HashesReply: ...

    def page(self, stream: str, epoch: str, after: int, limit: int = MAX_PAGE) -> FeedPage: ...

    def manifest(self, store_id: str) -> SnapshotManifest: ...

    def blob(self, sha256: str, to: Path) -> None:
        """Goes on where the file at `to` ends."""

    def poke(self, have: Sequence[FeedPosition]) -> Poke:
        """Waits for news, or for a while."""

    def close(self) -> None: ...
