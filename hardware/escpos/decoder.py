"""Splits a stream of ESC/POS bytes into characters and commands, however the bytes arrive.

Written from the public command descriptions and sharing nothing with the encoder, so that one can check
the other.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

LARGEST_PAYLOAD = 4 * 1024 * 1024

_ESC, _FS, _GS, _DLE, _DEL = 0x1B, 0x1C, 0x1D, 0x10, 0x7F
_PREFIX_NAMES = {_ESC: "ESC", _FS: "FS", _GS: "GS", _DLE: "DLE"}
_SINGLE_NAMES = {0x09: "HT", 0x0A: "LF", 0x0C: "FF", 0x0D: "CR", 0x18: "CAN"}


class Characters(msgspec.Struct, frozen=True):
    """Bytes to be printed; which letters they are depends on the code page."""

    data: bytes


class Command(msgspec.Struct, frozen=True):
    """A whole command: its name as the manuals write it, and every byte after the name."""

    name: str
    parameters: bytes = b""


class Unknown(msgspec.Struct, frozen=True):
    """Bytes that are neither text nor a command that we know."""

    raw: bytes


Token = Characters | Command | Unknown
# How many parameter bytes belong to a command, seeing those that have arrived; None while nobody can tell.
_Length = Callable[[bytes], int | None]


class Decoder:
    """Feed it bytes, get what is complete; the rest waits."""

    def __init__(self) -> None:
        self._waiting = b""

    @property
    def waiting(self) -> bytes:
        """Bytes of a command that is not complete."""
        return self._waiting

    def feed(self, data: bytes) -> list[Token]:
        stream = self._waiting + data
        tokens: list[Token] = []
        position = 0
        while position < len(stream):
            end, token = _next_token(stream, position)
            if token is None:
                break
            tokens.append(token)
            position = end
        self._waiting = stream[position:]
        return tokens


def _next_token(stream: bytes, start: int) -> tuple[int, Token | None]:
    first = stream[start]
    if first >= 0x20 and first != _DEL:
        end = _end_of_text(stream, start)
        return end, Characters(stream[start:end])
    if first in _PREFIX_NAMES:
        return _prefixed(stream, start)
    if first in _SINGLE_NAMES:
        return start + 1, Command(_SINGLE_NAMES[first])
    return start + 1, Unknown(stream[start : start + 1])


def _end_of_text(stream: bytes, start: int) -> int:
    end = start
    while end < len(stream) and stream[end] >= 0x20 and stream[end] != _DEL:
        end += 1
    return end


def _prefixed(stream: bytes, start: int) -> tuple[int, Token | None]:
    if start + 1 >= len(stream):
        return start, None
    prefix, letter = stream[start], stream[start + 1]
    shape = _SHAPES[prefix].get(letter)
    if shape is None:
        return start + 2, Unknown(stream[start : start + 2])
    begin = start + 2
    if isinstance(shape, int):
        length: int | None = shape
    else:
        length = shape(stream[begin : begin + LARGEST_PAYLOAD])
    if length is None:
        return _too_long_or_waiting(stream, start)
    if length > LARGEST_PAYLOAD:
        return begin, Unknown(stream[start:begin])
    if begin + length > len(stream):
        return start, None
    return begin + length, Command(_name(prefix, letter), stream[begin : begin + length])


def _too_long_or_waiting(stream: bytes, start: int) -> tuple[int, Token | None]:
    if len(stream) - start >= LARGEST_PAYLOAD:
        return start + 2, Unknown(stream[start : start + 2])
    return start, None


def _name(prefix: int, letter: int) -> str:
    if prefix == _DLE:
        return {0x04: "DLE EOT", 0x05: "DLE ENQ", 0x14: "DLE DC4"}[letter]
    return f"{_PREFIX_NAMES[prefix]} {'SP' if letter == 0x20 else chr(letter)}"


def _two_bytes(seen: bytes, at: int) -> int:
    return seen[at] | seen[at + 1] << 8


def _until_nul(seen: bytes) -> int | None:
    end = seen.find(0)
    return None if end < 0 else end + 1


def _counted_after_letter(seen: bytes) -> int | None:
    """ESC ( X, GS ( X, FS ( X: letter, two bytes of length, that many bytes."""
    return None if len(seen) < 3 else 3 + _two_bytes(seen, 1)


def _large_graphics(seen: bytes) -> int | None:
    """GS 8 L: letter, four bytes of length."""
    return None if len(seen) < 5 else 5 + int.from_bytes(seen[1:5], "little")


def _column_image(seen: bytes) -> int | None:
    """ESC *: mode, two bytes of width, one or three bytes a column."""
    if len(seen) < 3:
        return None
    return 3 + _two_bytes(seen, 1) * (3 if seen[0] in (32, 33) else 1)


def _raster_image(seen: bytes) -> int | None:
    """GS v 0, GS Q 0: '0', mode, width, height; the width is in bytes, or the height is (GS Q)."""
    return None if len(seen) < 6 else 6 + _two_bytes(seen, 2) * _two_bytes(seen, 4)


def _downloaded_image(seen: bytes) -> int | None:
    return None if len(seen) < 2 else 2 + seen[0] * seen[1] * 8


def _stored_images(seen: bytes) -> int | None:
    """FS q: how many, then width and height in bytes of eight and the picture, for each."""
    if not seen:
        return None
    length = 1
    for _ in range(seen[0]):
        if len(seen) < length + 4:
            return None
        length += 4 + _two_bytes(seen, length) * _two_bytes(seen, length + 2) * 8
    return length


def _user_characters(seen: bytes) -> int | None:
    """ESC &: height in bytes, first and last code, then for each its width and picture."""
    if len(seen) < 3:
        return None
    length = 3
    for _ in range(max(0, seen[2] - seen[1] + 1)):
        if len(seen) <= length:
            return None
        length += 1 + seen[length] * seen[0]
    return length


def _barcode(seen: bytes) -> int | None:
    """GS k: the older form ends with NUL, the newer one (systems from 65 on) is counted."""
    if not seen:
        return None
    if seen[0] >= 65:
        return None if len(seen) < 2 else 2 + seen[1]
    end = seen.find(0, 1)
    return None if end < 0 else end + 1


def _cut(seen: bytes) -> int | None:
    """GS V: from 65 on the mode is followed by how far to feed."""
    if not seen:
        return None
    return 2 if seen[0] >= 65 else 1


def _counter(seen: bytes) -> int | None:
    """GS C: '0' m n, '1' six bytes, '2' n n, or ';' text ';'."""
    if not seen:
        return None
    return {ord("0"): 3, ord("1"): 7, ord("2"): 3}.get(seen[0], 1)


def _real_time_status(seen: bytes) -> int | None:
    if not seen:
        return None
    return 2 if seen[0] in (7, 8) else 1


def _real_time_request(seen: bytes) -> int | None:
    """DLE DC4: pulse, power off, buzzer, status, clear."""
    if not seen:
        return None
    return {1: 3, 2: 3, 3: 6, 7: 2, 8: 8}.get(seen[0], 1)


_ESC_FIXED = {
    0: "2@LSimqv<\x0c",
    1: " !%-3=?EGJKMRTUVadertu{",
    2: "$\\cf",
    3: "p",
    8: "W",
}
_GS_FIXED = {
    0: ":c",
    1: "!/BEHITabfhjrw",
    2: "$LPW\\",
    3: "^z",
    4: "g",
}
_FS_FIXED = {0: "&.", 1: "!-CW", 2: "Sp?", 74: "2"}


def _shapes(fixed: dict[int, str], variable: dict[str, _Length]) -> dict[int, int | _Length]:
    shapes: dict[int, int | _Length] = {
        ord(letter): length for length, letters in fixed.items() for letter in letters
    }
    shapes.update({ord(letter): length for letter, length in variable.items()})
    return shapes


_SHAPES: dict[int, dict[int, int | _Length]] = {
    _ESC: _shapes(
        _ESC_FIXED,
        {"D": _until_nul, "*": _column_image, "&": _user_characters, "(": _counted_after_letter},
    ),
    _GS: _shapes(
        _GS_FIXED,
        {
            "(": _counted_after_letter,
            "8": _large_graphics,
            "*": _downloaded_image,
            "k": _barcode,
            "v": _raster_image,
            "Q": _raster_image,
            "V": _cut,
            "C": _counter,
        },
    ),
    _FS: _shapes(_FS_FIXED, {"(": _counted_after_letter, "q": _stored_images}),
    _DLE: {0x04: _real_time_status, 0x05: 1, 0x14: _real_time_request},
}
