"""TLV containers (PA00P015, 'TLV-Container'): tags and lengths as BER writes them, containers inside containers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from hardware.terminals.zvt.apdu import BadMessage

_CONSTRUCTED, _MORE_TAG = 0x20, 0x1F
_DEEPEST = 8


class Tlv(msgspec.Struct, frozen=True):
    """`tag` is all of its bytes in one number, 0x1F07. A container has `children`, anything else a `value`."""

    tag: int
    value: bytes = b""
    children: tuple[Tlv, ...] = ()

    def encoded(self) -> bytes:
        value = self.value or b"".join(child.encoded() for child in self.children)
        tag = self.tag.to_bytes((max(self.tag, 1).bit_length() + 7) // 8, "big")
        return tag + encoded_length(len(value)) + value


def container(parts: Sequence[Tlv]) -> bytes:
    """What follows BMP 06: the length of all, then the parts."""
    inside = b"".join(part.encoded() for part in parts)
    return encoded_length(len(inside)) + inside


def encoded_length(size: int) -> bytes:
    """Up to 127 one byte; then 81 and one, or 82 and two, the higher one first."""
    if size < 0x80:
        return bytes((size,))
    return bytes((0x81, size)) if size <= 0xFF else bytes((0x82, size >> 8, size & 0xFF))


def length_at(data: bytes, at: int) -> tuple[int, int]:
    """The length that stands there, and where it ends."""
    if at >= len(data):
        raise _cut_off()
    first = data[at]
    if first < 0x80:
        return first, at + 1
    count = first & 0x7F
    if not 1 <= count <= 2 or at + 1 + count > len(data):
        raise _cut_off()
    return int.from_bytes(data[at + 1 : at + 1 + count], "big"), at + 1 + count


def parts_of(data: bytes, depth: int = 0) -> tuple[Tlv, ...]:
    """All that stands in a container; raises BadMessage where it is cut off or nested without end."""
    if depth > _DEEPEST:
        raise BadMessage("The card terminal sent a message that is nested too deep.")
    return tuple(_parts(data, depth))


def find(parts: Sequence[Tlv], *path: int) -> Tlv | None:
    """The first at that path of tags."""
    for part in parts:
        if part.tag == path[0]:
            if len(path) == 1:
                return part
            found = find(part.children, *path[1:])
            if found is not None:
                return found
    return None


def _parts(data: bytes, depth: int) -> Iterator[Tlv]:
    at = 0
    while at < len(data):
        tag, is_container, at = _tag_at(data, at)
        size, at = length_at(data, at)
        if at + size > len(data):
            raise _cut_off()
        value, at = data[at : at + size], at + size
        yield Tlv(tag, children=parts_of(value, depth + 1)) if is_container else Tlv(tag, value)


def _tag_at(data: bytes, at: int) -> tuple[int, bool, int]:
    start, is_container = at, bool(data[at] & _CONSTRUCTED)
    goes_on = data[at] & 0x1F == _MORE_TAG
    at += 1
    while goes_on:
        if at >= len(data) or at - start > 3:
            raise _cut_off()
        goes_on = bool(data[at] & 0x80)
        at += 1
    return int.from_bytes(data[start:at], "big"), is_container, at


def _cut_off() -> BadMessage:
    return BadMessage("The card terminal sent a message that is cut off.")
