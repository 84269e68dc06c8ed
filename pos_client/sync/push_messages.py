"""What goes into and comes out of the push core: frozen values, so that a simulator can carry them too."""

from __future__ import annotations

import msgspec

from pos_client.sync.outcomes import Failure
from shared_models.continuity import Reason
from shared_models.journal import Entry
from shared_models.sync_api import EntryNote, HelloReply, Push, PushReply, SegmentState


class Looked(msgspec.Struct, frozen=True):
    """The journal as it stands: said when woken, when `Look` asks for it, and when a `Wait` is over."""

    segments: tuple[SegmentState, ...]


class EntriesRead(msgspec.Struct, frozen=True):
    number: int
    entries: tuple[Entry, ...]


class LocalEnd(msgspec.Struct, frozen=True):
    """What this till has where the server points: its head, and its hash at the server's `high`."""

    incarnation: bytes
    head_seq: int
    hash_at_high: bytes | None


class Greeted(msgspec.Struct, frozen=True):
    number: int
    reply: HelloReply
    ends: tuple[LocalEnd, ...]


class Answered(msgspec.Struct, frozen=True):
    """The server's answer to a push or a raw push."""

    number: int
    reply: PushReply
    end: LocalEnd


class RawStored(msgspec.Struct, frozen=True):
    """The server keeps the opaque entry, and said nothing of where the incarnation now stands."""

    number: int


class HashesCompared(msgspec.Struct, frozen=True):
    """At which of the places that were asked for the server holds the same entry as the till."""

    number: int
    alike: tuple[int, ...]


class Reincarnated(msgspec.Struct, frozen=True):
    """The till left the incarnation where it was told to."""

    number: int


class TryFailed(msgspec.Struct, frozen=True):
    """The shell owes one of these for every number that got no usable answer, time-outs included."""

    number: int
    failure: Failure


class Poked(msgspec.Struct, frozen=True):
    """The server was heard of: a wait that was only for the line is over."""


class Doubted(msgspec.Struct, frozen=True):
    """An answer was cut off: whether the line still stands is to be found out by a greeting."""


PushInbound = (
    Looked
    | EntriesRead
    | Greeted
    | Answered
    | RawStored
    | HashesCompared
    | Reincarnated
    | TryFailed
    | Poked
    | Doubted
)


class Look(msgspec.Struct, frozen=True):
    """Say `Looked` at once."""


class Wait(msgspec.Struct, frozen=True):
    """Nothing to do before this moment, unless woken."""

    until_ms: int


class ReadEntries(msgspec.Struct, frozen=True):
    number: int
    incarnation: bytes
    after_seq: int
    limit: int
    max_bytes: int


class SayHello(msgspec.Struct, frozen=True):
    number: int


class SendPush(msgspec.Struct, frozen=True):
    number: int
    push: Push


class SendRaw(msgspec.Struct, frozen=True):
    """One entry that the server chokes on, as bytes that it need not understand."""

    number: int
    push: Push
    reason: str


class Acknowledge(msgspec.Struct, frozen=True):
    """Move the outbox's cursor, also back."""

    incarnation: bytes
    high: int
    safe_through: int


class Noted(msgspec.Struct, frozen=True):
    """What the server said about entries that it stored."""

    notes: tuple[EntryNote, ...]


class CompareHashes(msgspec.Struct, frozen=True):
    """Ask the server what it holds at these places, and compare."""

    number: int
    incarnation: bytes
    seqs: tuple[int, ...]


class Reincarnate(msgspec.Struct, frozen=True):
    """Leave the incarnation after its entry `common`, the last that both sides have."""

    number: int
    incarnation: bytes
    common: int
    reason: Reason


class Diverged(msgspec.Struct, frozen=True):
    """The server's history of this incarnation is not the till's; nothing of it is sent until that is sorted out."""

    incarnation: bytes
    high: int
    message: str


class Trouble(msgspec.Struct, frozen=True):
    """For the status line."""

    code: str
    message: str


class AllSent(msgspec.Struct, frozen=True):
    """Every entry of every incarnation that may be sent is acknowledged."""


PushOutbound = (
    Look
    | Wait
    | ReadEntries
    | SayHello
    | SendPush
    | SendRaw
    | Acknowledge
    | Noted
    | CompareHashes
    | Reincarnate
    | Diverged
    | Trouble
    | AllSent
)
