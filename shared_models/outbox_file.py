"""What a till has not sent, in one file that only who knows its code can read: for a USB stick in place of the line.

A file is MAGIC, 16 bytes of salt, then frames: four bytes of length (big-endian) and AES-256-GCM of one packed message,
with the frame's number as nonce and MAGIC and salt as associated data. The first message is an OutboxHead, the others
are OutboxFrames, and the last of them says that it is the last: a file that was cut short is known as such. The key is
scrypt of the code; every file has a salt and a code of its own, so no nonce is ever used twice under a key.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from hashlib import scrypt
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared_models import wire
from shared_models.errors import ShopError
from shared_models.sync_api import MAX_MESSAGE_BYTES, Message, Push

MAGIC = b"evertill outbox1"
SALT_BYTES = 16
CODE_BYTES = 10
_LENGTH_BYTES = 4
_TAG_BYTES = 16
_MOST = MAX_MESSAGE_BYTES + _TAG_BYTES
_ALIKE = str.maketrans("018", "OIB")


class BadOutboxFile(ShopError):
    """The file is none, is cut short or altered, or the code is another file's."""

    code = "bad_outbox_file"


class OutboxHead(Message, frozen=True):
    """Where the file was written, and of each journal in it (incarnation, public key of its signatures).

    The key is what tells whose a journal is: the machine that made it may be gone.
    """

    device_id: str
    till_id: str
    store_id: str
    made_at_ms: int
    journals: tuple[tuple[bytes, bytes], ...] = ()


class OutboxFrame(Message, frozen=True):
    """A push as the till would have sent it; None in the last frame. `pushes` is how many came before."""

    push: Push | None
    pushes: int


def code_of(random: bytes) -> str:
    """CODE_BYTES fresh random bytes as four groups of four letters and digits, easy to write down."""
    letters = base64.b32encode(random).decode()
    return "-".join(letters[i : i + 4] for i in range(0, len(letters), 4))


class OutboxWriter:
    """Writes the head at once; `add` pushes in the order of their entries, then `end`."""

    def __init__(self, file: BinaryIO, code: str, salt: bytes, head: OutboxHead) -> None:
        self._file = file
        self._frames = _Frames(code, salt)
        self._pushes = 0
        file.write(MAGIC + salt)
        self._write(head)

    def add(self, push: Push) -> None:
        self._write(OutboxFrame(push=push, pushes=self._pushes))
        self._pushes += 1

    def end(self) -> None:
        self._write(OutboxFrame(push=None, pushes=self._pushes))

    def _write(self, message: Message) -> None:
        sealed = self._frames.seal(wire.pack(message))
        self._file.write(len(sealed).to_bytes(_LENGTH_BYTES, "big") + sealed)


class OutboxReader:
    """`head` is read at once; `pushes` gives the rest. Raises BadOutboxFile, a cut end only when it is reached."""

    def __init__(self, file: BinaryIO, code: str) -> None:
        self._file = file
        start = file.read(len(MAGIC) + SALT_BYTES)
        if len(start) < len(MAGIC) + SALT_BYTES or not start.startswith(MAGIC):
            raise BadOutboxFile("This is no file of unsent entries. Choose the file that the till wrote.")
        self._frames = _Frames(code, start[len(MAGIC) :])
        try:
            packed = self._frames.open(self._read())
        except InvalidTag as reason:
            raise BadOutboxFile(
                "The code does not fit to this file. Type the code that the till showed with it."
            ) from reason
        self.head = wire.unpack(packed, OutboxHead)

    def pushes(self) -> Iterator[Push]:
        count = 0
        while True:
            try:
                packed = self._frames.open(self._read())
            except InvalidTag as reason:
                raise BadOutboxFile(_CUT) from reason
            frame = wire.unpack(packed, OutboxFrame)
            if frame.pushes != count:
                raise BadOutboxFile(_CUT)
            if frame.push is None:
                return
            count += 1
            yield frame.push

    def _read(self) -> bytes:
        length = self._file.read(_LENGTH_BYTES)
        size = int.from_bytes(length, "big")
        sealed = self._file.read(size) if size <= _MOST else b""
        if len(length) < _LENGTH_BYTES or len(sealed) < size or size > _MOST or not size:
            raise BadOutboxFile(_CUT)
        return sealed


_CUT = "The file is cut short or altered from here on. What came before is stored; write the file again at the till."


class _Frames:
    def __init__(self, code: str, salt: bytes) -> None:
        letters = code.upper().translate(_ALIKE).replace("-", "").replace(" ", "")
        key = scrypt(letters.encode(), salt=salt, n=1 << 15, r=8, p=1, maxmem=64 << 20, dklen=32)
        self._cipher = AESGCM(key)
        self._bound = MAGIC + salt
        self._number = 0

    def seal(self, plain: bytes) -> bytes:
        return self._cipher.encrypt(self._nonce(), plain, self._bound)

    def open(self, sealed: bytes) -> bytes:
        return self._cipher.decrypt(self._nonce(), sealed, self._bound)

    def _nonce(self) -> bytes:
        self._number += 1
        return self._number.to_bytes(12, "big")
