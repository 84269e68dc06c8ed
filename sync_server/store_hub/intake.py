"""What a till sends to its store's hub: kept durably before it is acknowledged, and then passed on."""

from __future__ import annotations

from collections.abc import Callable

from shared_models.sync_api import HashesReply, HashesRequest, Push, PushReply
from sync_server.ingest.service import IngestService
from sync_server.store_hub.ports import CentralServer
from sync_server.sync_messages import TillIdentity


class HubIntake:
    """As an IngestService. Nothing is booked here; `wake` is called when there is something to pass on."""

    def __init__(self, ingest: IngestService, central: CentralServer, wake: Callable[[], None]) -> None:
        self._ingest = ingest
        self._central = central
        self._wake = wake

    def push(self, who: TillIdentity, push: Push) -> PushReply:
        reply = self._ingest.push(who, push)
        self._wake()
        return reply

    def push_raw(self, who: TillIdentity, frame: bytes, reason: str) -> PushReply | None:
        reply = self._ingest.push_raw(who, frame, reason)
        self._wake()
        return reply

    def hashes(self, who: TillIdentity, asked: HashesRequest) -> HashesReply:
        """The central server is asked too where this hub lacks one; raises CentralAway when it can't be."""
        held = self._ingest.hashes(who, asked).hashes
        if all(held):
            return HashesReply(hashes=held)
        theirs = self._central.hashes(who.device_id, asked).hashes
        return HashesReply(hashes=tuple(here or there for here, there in zip(held, theirs, strict=True)))
