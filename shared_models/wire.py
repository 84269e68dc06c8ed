"""Messages as bytes: MessagePack inside zstd, strict, and never larger than a limit once unpacked."""

from __future__ import annotations

import gzip
import zlib
from typing import Any, TypeVar

import msgspec

try:
    import zstandard
except ImportError:
    zstandard = None  # type: ignore[assignment]

from shared_models.errors import ShopError
from shared_models.protocol import PROTOCOL, for_peer
from shared_models.sync_api import MAX_MESSAGE_BYTES


class MalformedMessage(ShopError):
    """Bytes that are not the message that was expected."""

    code = "malformed_message"


M = TypeVar("M")
_GZIP = b"\x1f\x8b"
_encoder = msgspec.msgpack.Encoder()


def pack(message: Any, protocol: int = PROTOCOL) -> bytes:
    """Message -> compressed bytes, for a peer of that protocol.

    zstd level 1 takes half a millisecond for a hundred sales; gzip is for a machine without it.
    """
    plain = _encoder.encode(for_peer(message, protocol))
    return (
        zstandard.ZstdCompressor(level=1).compress(plain) if zstandard else gzip.compress(plain, 1, mtime=0)
    )


def unpack(body: bytes, kind: type[M]) -> M:
    """Bytes of zstd or gzip -> message; raises MalformedMessage, also for more than MAX_MESSAGE_BYTES unpacked."""
    raw = _unpacked_gzip(body) if body.startswith(_GZIP) else _unpacked_zstd(body)
    if len(raw) > MAX_MESSAGE_BYTES:
        raise MalformedMessage("The message is too large. Send fewer entries at once.")
    try:
        return msgspec.msgpack.decode(raw, type=kind, strict=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
        raise MalformedMessage(f"The message is not a {kind.__name__}: {reason}.") from reason


def _unpacked_zstd(body: bytes) -> bytes:
    if not zstandard:
        raise MalformedMessage("This machine has no zstd. Install the zstandard package.")
    try:
        with zstandard.ZstdDecompressor().stream_reader(body) as reader:
            return reader.read(MAX_MESSAGE_BYTES + 1)
    except zstandard.ZstdError as reason:
        raise MalformedMessage(f"The message is not zstd: {reason}. Send it again.") from reason


def _unpacked_gzip(body: bytes) -> bytes:
    inflating = zlib.decompressobj(wbits=31)
    try:
        raw = inflating.decompress(body, MAX_MESSAGE_BYTES + 1)
    except zlib.error as reason:
        raise MalformedMessage(f"The message is not gzip: {reason}. Send it again.") from reason
    if not inflating.eof and len(raw) <= MAX_MESSAGE_BYTES:
        raise MalformedMessage("The message is cut short. Send it again.")
    return raw
