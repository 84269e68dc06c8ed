"""One incarnation's entries: which field of which entry was touched, which entries are missing or too many."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple
from zlib import crc32

from verifier.marks import Change, changes
from verifier.readings import Reading, loosely, read_both_ways
from verifier.seals import body_hash, chain_hash, is_signed

FIELDS = {
    "seq": int, "event_id": bytes, "type": str, "schema": int, "body": str, "body_fields": str, "body_sha256": bytes,
    "content_hash": bytes, "prev": bytes, "hash": bytes, "signature": bytes, "algorithm": str,
}  # fmt: skip
_MAX_SCHEMA = 1000
_MOST_SHOWN = 600


class Fault(NamedTuple):
    """`field` is a stored field, with a path into a body behind `body.`. `entry` says which one it is, in words."""

    incarnation: str
    seq: int
    field: str
    message: str
    entry: str = ""


class Line(NamedTuple):
    """One entry as the archive has it."""

    seq: int
    event_id: bytes
    type: str
    schema: int
    body: bytes
    body_fields: str
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
        stored = loosely(text)
    except (ValueError, RecursionError):
        raise Unreadable("line") from None
    hexed = isinstance(stored, dict) and "body_hex" in stored
    if (
        not isinstance(stored, dict)
        or set(stored) - set(FIELDS) - {"body_hex"}
        or hexed == ("body" in stored)
    ):
        raise Unreadable("line" if hexed else _missing(stored))
    line = Line(**{name: _value(stored, name) for name in FIELDS})
    if text != json.dumps(stored, separators=(",", ":"), ensure_ascii=False):
        raise Unreadable("line")
    return line


def _missing(stored: Any) -> str:
    return "body" if isinstance(stored, dict) and set(FIELDS) - set(stored) == {"body"} else "line"


def _value(stored: dict[str, Any], name: str) -> Any:
    kind, value = FIELDS[name], stored.get(name)
    try:
        if name == "body":
            return bytes.fromhex(stored["body_hex"]) if "body_hex" in stored else value.encode()  # type: ignore[union-attr]
        if kind is bytes:
            return bytes.fromhex(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, AttributeError):
        raise Unreadable(name) from None
    if type(value) is not kind or (isinstance(value, int) and not 0 <= value < 1 << 62):
        raise Unreadable(name)
    return value


def check_entries(
    incarnation: bytes, key: bytes, first_seq: int, first_prev: bytes, lines: list[Line | Fault]
) -> Iterator[Fault]:
    """Faults in order; after one the chain is taken up again at that entry."""
    seq, prev, seen = first_seq, first_prev, set[bytes]()
    for line in lines:
        if isinstance(line, Fault):
            yield line
            seq, prev = seq + 1, b""
            continue
        body = read_both_ways(line.body)
        known = _changes(line, body)
        faults = _touched(incarnation, key, line, known, seq, prev)
        faults = faults or _misplaced(incarnation, line, seq, prev, seen)
        if body.unclear:
            faults.append(Fault(incarnation.hex(), line.seq, "body", body.unclear))
        yield from (one._replace(entry=in_words(line.type, body.value)) for one in faults)
        seen.add(line.hash)
        moved = any(one.field == "seq" for one in faults)
        seq, prev = seq + 1 if moved else line.seq + 1, line.hash


def in_words(kind: str, body: Any) -> str:
    """What kind of entry it is, and the receipt that it says it belongs to."""
    fact = body.get("fact") if isinstance(body, dict) else None
    number = fact.get("receipt_number") if isinstance(fact, dict) else None
    return f"{kind}, receipt {number}" if isinstance(number, str) else kind


def _touched(
    incarnation: bytes, key: bytes, line: Line, known: list[Change], seq: int, prev: bytes
) -> list[Fault]:
    """The one field without which the rest of the entry would fit together; of a body what is known of its inside."""
    field = _touched_field(incarnation, key, line, known, seq, prev)
    if field == "body":
        return [Fault(incarnation.hex(), line.seq, *said) for said in _touched_body(line, known)]
    if field == "":
        return [
            Fault(incarnation.hex(), line.seq, "body_fields", f"the marks do not fit to body.{one.path}")
            for one in known[:1]
        ]
    return [Fault(incarnation.hex(), line.seq, field, "this is not what was sealed")]


def _touched_field(
    incarnation: bytes, key: bytes, line: Line, known: list[Change], seq: int, prev: bytes
) -> str:
    """Empty for an entry that is as it was sealed."""

    def chained(**other: Any) -> bytes:
        one = line._replace(**other)
        return chain_hash(incarnation, one.seq, one.event_id, one.content_hash, one.prev)

    if line.algorithm != "ES256":
        return "algorithm"
    if body_hash(line.type, line.schema, line.body) != line.content_hash:
        return _touched_content(line, known, chained() == line.hash)
    if sha256(line.body).digest() != line.body_sha256:
        return "body_sha256"
    if chained() != line.hash:
        if is_signed(key, chained(), line.signature):
            return "hash"
        if chained(seq=seq) == line.hash:
            return "seq"
        return "prev" if prev and chained(prev=prev) == line.hash else "event_id"
    return "" if is_signed(key, line.hash, line.signature) else "signature"


def _touched_content(line: Line, known: list[Change], is_chained: bool) -> str:
    if not is_chained:
        return "content_hash"
    if sha256(line.body).digest() != line.body_sha256:
        return "body"
    schemas = range(_MAX_SCHEMA)
    if any(body_hash(line.type, n, line.body) == line.content_hash for n in schemas):
        return "schema"
    return "body" if known else "type"


def _touched_body(line: Line, known: list[Change]) -> Iterator[tuple[str, str]]:
    yield from ((f"body.{one.path}" if one.path else "body", one.message) for one in known)
    if not known:
        now = line.body.decode("utf-8", "backslashreplace")
        shown = now[:_MOST_SHOWN] + ("…" if len(now) > _MOST_SHOWN else "")
        yield "body", f"this is not what was sealed, and where can't be told; it now says {shown}"


def _changes(line: Line, body: Reading) -> list[Change]:
    """What is known of the inside of a body by its marks."""
    if body.is_json:
        return changes(body.value, line.body_fields)
    mark = f"{crc32(line.body):08x}"
    return [] if line.body_fields == mark else [Change("", "this is not what was sealed")]


def _misplaced(incarnation: bytes, line: Line, seq: int, prev: bytes, seen: set[bytes]) -> list[Fault]:
    """A good entry that does not follow the one before it."""
    name = incarnation.hex()
    if line.hash in seen:
        return [Fault(name, line.seq, "duplicate", "this entry is here twice")]
    if line.seq > seq:
        return [Fault(name, seq, "missing", f"entries {seq} to {line.seq - 1} are missing before {line.seq}")]
    if line.seq < seq:
        return [Fault(name, line.seq, "order", f"entry {line.seq} stands where {seq} belongs")]
    if prev and line.prev != prev:
        return [Fault(name, line.seq, "prev", "this entry does not follow the one before it")]
    return []
