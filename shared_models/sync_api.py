"""The messages between a till and a server, and the limits that both keep.

All bodies are MessagePack of these structs, compressed with zstd (see `wire`). What a till sends is refused with
fields that the server does not know; what a server answers may say more than a till knows, for it may be newer.
A refusal that means 'try again later or otherwise' is an HTTP status with a problem document (RFC 9457); a fact is
never refused.
"""

from __future__ import annotations

import msgspec

from shared_models.checkpoint import Checkpoint
from shared_models.protocol import PROTOCOL
from shared_models.reference import FeedPosition
from shared_models.server_keys import KeyTerm

MEDIA_TYPE = "application/msgpack"
MAX_BATCH_ENTRIES = 512
MAX_BATCH_BYTES = 4 << 20
"""Unpacked; a single entry may not be larger either."""
MAX_MESSAGE_BYTES = 16 << 20
MAX_PROBES = 256
MAX_SEGMENTS = 1000
"""More lives than any till's journal has; of more it tells the newest."""


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What all messages have in common: they are values, and strict."""


class Answer(Message, frozen=True, forbid_unknown_fields=False):
    """What a server says. A newer one may say more; an older till passes over it."""


class EnrolRequest(Message, frozen=True):
    """`public_key` is an uncompressed P-256 point; `code` is the one-time code that head office made."""

    code: str
    device_id: str
    public_key: bytes
    protocol: int = PROTOCOL
    app: str = ""


class Enrolled(Answer, frozen=True):
    """`server_key` is the point that the server signs checkpoints with; older servers have none."""

    device_id: str
    store_id: str
    till_id: str
    store_name: str
    server_time_ms: int
    server_key: bytes = b""


class Challenge(Answer, frozen=True):
    nonce: str
    expires_ms: int


class TokenRequest(Message, frozen=True):
    """`signature` is over b'evertill-token\\0' + nonce by the till's key."""

    device_id: str
    nonce: str
    signature: bytes


class Token(Answer, frozen=True):
    token: str
    expires_ms: int


class SegmentState(Message, frozen=True):
    """What a till holds of one incarnation: its head, and how far the server had acknowledged it."""

    incarnation: bytes
    head_seq: int
    head_hash: bytes
    acked: int
    parent: bytes | None = None
    parent_seq: int = 0
    parent_hash: bytes = b""


class Hello(Message, frozen=True):
    device_id: str
    till_id: str
    protocol: int
    app: str
    feed_schema: int
    till_time_ms: int
    segments: tuple[SegmentState, ...]
    feeds: tuple[FeedPosition, ...]
    unsent: int = 0
    free_mb: int = 0


class SegmentVerdict(Answer, frozen=True):
    """What the server holds durably of one incarnation: every entry up to `high`, whose hash is `hash`."""

    incarnation: bytes
    high: int
    hash: bytes
    safe_through: int = 0
    state: str = "active"
    checkpoint: Checkpoint | None = None


class FeedVerdict(Answer, frozen=True):
    """`state` is ok, behind or reset."""

    stream: str
    state: str
    epoch: str
    head: int


class Limits(Answer, frozen=True):
    batch_entries: int = MAX_BATCH_ENTRIES
    batch_bytes: int = MAX_BATCH_BYTES
    min_gap_ms: int = 0


class HelloReply(Answer, frozen=True):
    """`server_key` is for tills that were enrolled before there was one; `server_keys` where it was ever replaced."""

    server_time_ms: int
    protocol: int
    segments: tuple[SegmentVerdict, ...]
    feeds: tuple[FeedVerdict, ...]
    limits: Limits = Limits()
    server_key: bytes = b""
    server_keys: tuple[KeyTerm, ...] = ()


class WireEntry(Message, frozen=True):
    """A journal entry without what the batch already says; `hash` and `prev` are the receiver's to recompute."""

    event_id: bytes
    type: str
    schema: int
    body: bytes
    signature: bytes
    algorithm: str = "ES256"


class Push(Message, frozen=True):
    """Entries `first_seq`, first_seq + 1, … of one incarnation; the first chains to `prev`.

    `head_hash` is the hash of the last entry, so that a receiver can tell a broken chain from a broken batch.
    """

    incarnation: bytes
    first_seq: int
    prev: bytes
    entries: tuple[WireEntry, ...]
    head_hash: bytes
    parent: bytes | None = None
    parent_seq: int = 0
    parent_hash: bytes = b""


class EntryNote(Answer, frozen=True):
    """Something about one stored entry that a person will look at; never a refusal. `kind`: quarantined, exception."""

    event_id: bytes
    kind: str
    reason: str


class PushReply(Answer, frozen=True):
    """Everything up to `high` is durable. The till compares `hash` with its own and only then moves its cursor.

    `checkpoint` says the same with the server's signature, for a till to keep.
    """

    incarnation: bytes
    high: int
    hash: bytes
    safe_through: int = 0
    notes: tuple[EntryNote, ...] = ()
    retry_after_ms: int = 0
    limits: Limits = Limits()
    checkpoint: Checkpoint | None = None


class HashesRequest(Message, frozen=True):
    """Asks for the chain hashes that the server holds at some places of one incarnation, at most MAX_PROBES."""

    incarnation: bytes
    seqs: tuple[int, ...]


class HashesReply(Answer, frozen=True):
    """In the order of the request; empty bytes where the server holds no entry."""

    hashes: tuple[bytes, ...]


class SnapshotManifest(Answer, frozen=True):
    """A prebuilt catalogue file: `sha256` names the zstd-compressed blob, `positions` say where its streams stand."""

    store_id: str
    feed_schema: int
    sha256: str
    size: int
    unpacked_size: int
    positions: tuple[FeedPosition, ...]


class Poke(Answer, frozen=True):
    """A hint that these streams have news, or none in the time that was waited; losing it harms nothing."""

    streams: tuple[str, ...] = ()
