"""Messages as bytes: MessagePack inside zstd, strict, and never larger than a limit once unpacked."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
import zstandard

from shared_models.errors import ShopError
from shared_models.sync_api import MAX_MESSAGE_BYTES


class MalformedMessage(ShopError):
    """Bytes that are not the message that was expected."""

    code = "malformed_message"


M = TypeVar("M")
_encoder = msgspec.msgpack.Encoder()


def pack(message: Any) -> bytes:
    """Message -> compressed bytes (zstd level 1: half a millisecond for a hundred sales)."""
    return zstandard.ZstdCompressor(level=1).compress(_encoder.encode(message))


def unpack(body: bytes, kind: type[M]) -> M:
    """Compressed bytes -> message; raises MalformedMessage, also for more than MAX_MESSAGE_BYTES unpacked."""
    try:
        with zstandard.ZstdDecompressor().stream_reader(body) as reader:
            raw = reader.read(MAX_MESSAGE_BYTES + 1)
    except zstandard.ZstdError as reason:
        raise MalformedMessage(f"The message is not zstd: {reason}. Send it again.") from reason
    if len(raw) > MAX_MESSAGE_BYTES:
        raise MalformedMessage("The message is too large. Send fewer entries at once.")
    try:
        return msgspec.msgpack.decode(raw, type=kind, strict=True)
    except (msgspec.DecodeError, UnicodeDecodeError) as reason:
        raise MalformedMessage(f"The message is not a {kind.__name__}: {reason}.") from reason
