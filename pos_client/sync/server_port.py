"""What the engine asks of the server, without saying how it is reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from pos_client.sync.outcomes import Failure, Reply
from shared_models.evidence_api import FileHeld, FileOffer, FilePiece
from shared_models.leases import (
    LeaseReply,
    LeaseRequest,
    ParkedFate,
    ParkedList,
    ParkedLook,
    ParkedOffer,
    ReceiptStated,
)
from shared_models.reference import FeedPage, FeedPosition
from shared_models.sync_api import (
    Enrolled,
    EnrolRequest,
    HashesReply,
    Hello,
    HelloReply,
    Poke,
    Push,
    PushReply,
    SnapshotManifest,
)


class BlobSink(Protocol):
    """Where the bytes of a download go."""

    def start_at(self, offset: int) -> None:
        """The server sends from here on: what was asked for, or 0 when it would not resume."""

    def write(self, piece: bytes) -> bool:
        """False to break off."""


class Server(Protocol):
    """Every call ends within its time limit, in a value. Safe to call from several threads."""

    def enrol(self, request: EnrolRequest) -> Reply[Enrolled] | Failure: ...

    def hello(self, hello: Hello) -> Reply[HelloReply] | Failure: ...

    def push(self, push: Push) -> Reply[PushReply] | Failure: ...

    def push_raw(self, push: Push, reason: str) -> Reply[PushReply | None] | Failure:
        """None when the entry is kept, but the server says nothing of where the journal now stands."""

    def hashes(self, incarnation: bytes, seqs: Sequence[int]) -> Reply[HashesReply] | Failure:
        """At most MAX_PROBES places at once."""

    def feed(self, stream: str, epoch: str, after: int, limit: int) -> Reply[FeedPage] | Failure: ...

    def snapshot(self, store_id: str) -> Reply[SnapshotManifest] | Failure: ...

    def blob(self, sha256: str, offset: int, sink: BlobSink) -> Reply[int] | Failure:
        """Download from `offset` on; the reply is the number of bytes that came now."""

    def poke(self, have: Sequence[FeedPosition]) -> Reply[Poke] | Failure:
        """Waits, perhaps a minute, for a hint that something changed. A hint lost is harmless."""

    def abort(self) -> None:
        """Break off what is under way, from another thread; from now on all is Unreachable."""

    def close(self) -> None:
        """Let go of the connections, once no thread uses them any more."""


class LeaseServer(Protocol):
    """As `Server`, for what must not be spent twice. Somebody waits at the counter, so its limits are short."""

    def lease(self, wanted: LeaseRequest) -> Reply[LeaseReply] | Failure:
        """The same request again gets the first answer again."""

    def close_lease(self, lease_id: str, used: int) -> Reply[LeaseReply] | Failure: ...

    def receipt(self, receipt_number: str) -> Reply[ReceiptStated] | Failure: ...

    def offer(self, ticket: ParkedOffer) -> Reply[ParkedFate] | Failure: ...

    def look(self, asked: ParkedLook) -> Reply[ParkedList] | Failure: ...

    def abort(self) -> None: ...

    def close(self) -> None: ...


class FileServer(Protocol):
    """As `Server`, for files that were put aside."""

    def offer_file(self, offer: FileOffer) -> Reply[FileHeld] | Failure: ...

    def send_piece(self, piece: FilePiece) -> Reply[FileHeld] | Failure: ...

    def abort(self) -> None: ...

    def close(self) -> None: ...


Connect = Callable[[], Server]
"""Called on the engine's own thread, so that the HTTP library is not loaded before the first paint."""
