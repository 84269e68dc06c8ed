"""Journal positions as one integer: which incarnation of this file, and which sequence in it."""

from __future__ import annotations

_SHIFT = 40
_MASK = (1 << _SHIFT) - 1


def position(segment: int, seq: int) -> int:
    return segment << _SHIFT | seq


def seq_of(pos: int) -> int:
    return pos & _MASK


def segment_of(pos: int) -> int:
    return pos >> _SHIFT
