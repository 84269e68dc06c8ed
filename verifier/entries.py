"""One incarnation's entries: which field of which entry was touched, which entries are missing or too many."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from verifier.seals import body_hash, chain_hash, is_signed

FIELDS = {
    "seq": int, "event_id": bytes, "type": str, "schema": int, "body": str, "body_sha256": bytes,
    "content_hash": bytes, "prev": bytes, "hash": bytes, "signature": bytes, "algorithm": str,
}  # fmt: skip
_MAX_SCHEMA = 1000


class Fault(NamedTuple):
    incarnation: str
    seq: int
    field: str
    message: str


class Line(NamedTuple):
    """One entry as the archive has it."""

    seq: int
    event_id: bytes
    type: str
    schema: int
    body: bytes
    body_sha256: bytes
    content_hash: bytes
    prev: bytes
    hash: bytes
    signature: bytes
    algorithm: str


class Unreadable(Exception):
    """`field` of a line is missing or is no such value."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def read_line(text: str) -> Line:
    try:
        stored = json.loads(text)
    except ValueError:
        raise Unreadable("line") from None
    if not isinstance(stored, dict) or set(stored) - set(FIELDS):
        raise Unreadable("line")
    line = Line(**{name: _value(stored, name) for name in FIELDS})
    if text != json.dumps(stored, separators=(",", ":"), ensure_ascii=False):
        raise Unreadable("line")
    return line


def _value(stored: dict[str, Any], name: str) -> Any:
    kind, value = FIELDS[name], stored.get(name)
    try:
        if kind is bytes:
            return bytes.fromhex(value)  # type: ignore[arg-type]
        if name == "body":
            return value.encode()  # type: ignore[union-attr]
    except (TypeError, ValueError, AttributeError):
        raise Unreadable(name) from None
    if type(value) is not kind or (isinstance(value, int) and not 0 <= value < 1 << 31):
        raise Unreadable(name)
    return value


def check_entries(
    incarnation: bytes, key: bytes, first_prev: bytes, lines: list[Line | Fault]
) -> Iterator[Fault]:
    """Faults in order; after one the chain is taken up again at that entry."""
    seq, prev, seen = 1, first_prev, set[bytes]()
    for line in lines:
        if isinstance(line, Fault):
            yield line
            seq, prev = seq + 1, b""
            continue
        fault = _touched(incarnation, key, line, seq, prev) or _misplaced(incarnation, line, seq, prev, seen)
        if fault is not None:
            yield fault
        seen.add(line.hash)
        seq, prev = line.seq + 1 if fault is None or fault.field != "seq" else seq + 1, line.hash


def _touched(incarnation: bytes, key: bytes, line: Line, seq: int, prev: bytes) -> Fault | None:
    """The one field without which the rest of the entry would fit together."""

    def fault(field: str) -> Fault:
        return Fault(incarnation.hex(), line.seq, field, "this is not what was sealed")

    def chained(**other: Any) -> bytes:
        one = line._replace(**other)
        return chain_hash(incarnation, one.seq, one.event_id, one.content_hash, one.prev)

    if line.algorithm != "ES256":
        return fault("algorithm")
    content = body_hash(line.type, line.schema, line.body)
    if content != line.content_hash:
        return fault(_touched_content(line, chained() == line.hash))
    if sha256(line.body).digest() != line.body_sha256:
        return fault("body_sha256")
    if chained() != line.hash:
        if is_signed(key, chained(), line.signature):
            return fault("hash")
        if chained(seq=seq) == line.hash:
            return fault("seq")
        return fault("prev" if prev and chained(prev=prev) == line.hash else "event_id")
    return None if is_signed(key, line.hash, line.signature) else fault("signature")


def _touched_content(line: Line, is_chained: bool) -> str:
    if not is_chained:
        return "content_hash"
    if sha256(line.body).digest() != line.body_sha256:
        return "body"
    schemas = range(_MAX_SCHEMA)
    return (
        "schema" if any(body_hash(line.type, n, line.body) == line.content_hash for n in schemas) else "type"
    )


def _misplaced(incarnation: bytes, line: Line, seq: int, prev: bytes, seen: set[bytes]) -> Fault | None:
    """A good entry that does not follow the one before it."""
    name = incarnation.hex()
    if line.hash in seen:
        return Fault(name, line.seq, "duplicate", "this entry is here twice")
    if line.seq > seq:
        return Fault(name, seq, "missing", f"entries {seq} to {line.seq - 1} are missing before {line.seq}")
    if line.seq < seq:
        return Fault(name, line.seq, "order", f"entry {line.seq} stands where {seq} belongs")
    if prev and line.prev != prev:
        return Fault(name, line.seq, "prev", "this entry does not follow the one before it")
    return None
