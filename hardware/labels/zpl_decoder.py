"""Reads a ZPL stream as a printer does: commands with their parameters, and fields with their data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import msgspec

_START = re.compile(rb"[\^~]")
_HEX = re.compile(rb"_([0-9A-Fa-f]{2})")
_ONE_LETTER = (b"A",)  # ^A0: the font is the first parameter


class Command(msgspec.Struct, frozen=True):
    """`name` with its ^ or ~; `parameters` is all up to the next command, as it came."""

    name: str
    parameters: bytes = b""

    @property
    def values(self) -> list[str]:
        return self.parameters.decode("utf-8", "replace").strip().split(",")


def commands(stream: bytes) -> Iterator[Command]:
    """All of a whole stream; what stands before the first command is passed over, as a printer does."""
    starts = [match.start() for match in _START.finditer(stream)]
    for start, end in pairwise([*starts, len(stream)]):
        rest = stream[start + 1 : end]
        letters = 1 if rest[:1] in _ONE_LETTER else 2
        name = stream[start : start + 1] + rest[:letters].upper()
        yield Command(name.decode("latin-1"), rest[letters:])


def field_text(data: bytes, *, hexadecimal: bool) -> str:
    """What ^FD prints, in UTF-8 (^CI28); `hexadecimal` after ^FH."""
    plain = _HEX.sub(lambda match: bytes.fromhex(match[1].decode()), data) if hexadecimal else data
    return plain.decode("utf-8", "replace")
