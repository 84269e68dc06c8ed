"""The messages by which a till hands in a file, such as a damaged database: offered once, sent piece by piece."""

from __future__ import annotations

from shared_models.sync_api import Answer, Message

MAX_PIECE_BYTES = 512 << 10
MAX_NAME = 120


class FileOffer(Message, frozen=True):
    """`sha256`, in hex, is what the file is known by; offering it again says how much of it is there."""

    name: str
    sha256: str
    size: int
    put_aside_ms: int


class FilePiece(Message, frozen=True):
    """The next bytes, at most MAX_PIECE_BYTES, from `offset` on."""

    sha256: str
    offset: int
    content: bytes


class FileHeld(Answer, frozen=True):
    """The server has this many bytes on its disk; `whole` once it has all and their hash is right.

    0 after all of them: the bytes that came were others than were offered, and the till starts over.
    """

    received: int
    whole: bool = False
