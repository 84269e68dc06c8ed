"""What the server signed of days that are over: the lines of its files, their seals, and the chains they stand in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from verifier.entries import Fault
from verifier.marks import changes
from verifier.readings import Reading, Unclear, read_both_ways, strictly
from verifier.seals import is_signed

CLOSINGS, ROOTS = "closings.ndjson", "roots.ndjson"
CLOSING_TAG, ROOT_TAG = b"evertill-closing-1\0", b"evertill-root-1\0"
_SEAL = ("statement", "statement_fields", "hash", "signature")
NOT_SIGNED = "this is not what was signed"


class Statement(NamedTuple):
    """`said` is the statement as it can be read; `is_sound` says that it is as it was signed."""

    line: int
    chain: str
    number: int
    title: str
    said: dict[str, Any]
    hash: bytes
    more: dict[str, Any]
    is_sound: bool

    def fault(self, field: str, message: str) -> Fault:
        return Fault("", self.number, field, message, self.title)


def read(
    path: Path, tag: bytes, keys: dict[str, bytes], more: Sequence[str] = ()
) -> tuple[list[Statement], list[Fault]]:
    """The statements of a file and what is wrong with their seals; a line that is none is left out and named."""
    statements: list[Statement] = []
    faults: list[Fault] = []
    texts = path.read_bytes().decode("utf-8", "surrogateescape").split("\n")
    for n, text in enumerate(texts, 1):
        if n == len(texts) and not text:
            break
        try:
            stored = _line(text, more)
            reading = read_both_ways(stored["statement"])
            statement = _statement(n, stored, reading, tag)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as reason:
            message = str(reason) if isinstance(reason, Unclear) else "this can't be what was signed"
            faults.append(Fault("", n, "line", message, f"{path.name}, line {n}"))
            continue
        touched = list(_touched(statement, stored, tag, keys))
        if reading.unclear:
            touched.append(statement.fault("statement", reading.unclear))
        faults += touched
        statements.append(statement._replace(is_sound=not touched))
    return statements, faults


def check_chain(statements: Sequence[Statement]) -> Iterator[Fault]:
    """Numbers from 1 without a gap, each naming the hash of the one before."""
    number, previous, seen = 1, "", set[bytes]()
    for one in statements:
        if one.hash in seen:
            yield one.fault("duplicate", "this is here twice")
            continue
        if one.number > number:
            yield one.fault("missing", f"numbers {number} to {one.number - 1} are missing before this")
        elif one.number < number:
            yield one.fault("order", f"number {one.number} stands where {number} belongs")
        elif one.is_sound and one.said["previous"] != previous:
            yield one.fault("previous", "this does not follow the one before it")
        seen.add(one.hash)
        number, previous = one.number + 1, one.hash.hex()


def check_end(
    chain: str, statements: Sequence[Statement], count: int, digest: str, who: str
) -> Iterator[Fault]:
    """`who` says that the chain has so many, the last with that hash."""
    there = {one.number: one.hash.hex() for one in statements}
    last = max(there, default=0)
    if last < count:
        yield Fault("", last + 1, "truncated", f"{who} names {count}; {last} are here", f"chain {chain}")
    elif there.get(count, digest) != digest:
        yield Fault("", count, "hash", f"{who} names another one", f"chain {chain}, number {count}")


def _line(text: str, more: Sequence[str]) -> dict[str, Any]:
    stored: dict[str, Any] = strictly(text)
    if set(stored) != {*_SEAL, *more}:
        raise ValueError
    if text != json.dumps(stored, separators=(",", ":"), ensure_ascii=False):
        raise ValueError
    return stored


def _statement(n: int, stored: dict[str, Any], reading: Reading, tag: bytes) -> Statement:
    if not reading.is_json:
        raise ValueError
    said = reading.value
    names = ("day", "key_id") if tag == ROOT_TAG else ("scope", "scope_id", "span", "period", "key_id")
    if type(said["number"]) is not int or not all(isinstance(said[name], str) for name in names):
        strictly(stored["statement"])
        raise ValueError
    if tag == ROOT_TAG:
        chain, title = "roots", f"root {said['number']} of {said['day']}"
    else:
        chain = f"{said['scope']}/{said['scope_id']}/{said['span']}"
        title = f"closing {said['number']} of {chain} ({said['period']})"
    more = {name: value for name, value in stored.items() if name not in _SEAL}
    if not all(isinstance(stored[name], str) for name in _SEAL):
        raise ValueError
    bytes.fromhex(stored["signature"])
    return Statement(n, chain, said["number"], title, said, bytes.fromhex(stored["hash"]), more, False)


def _touched(
    statement: Statement, stored: dict[str, Any], tag: bytes, keys: dict[str, bytes]
) -> Iterator[Fault]:
    """The field without which the rest would fit together; of a statement what is known of its inside."""
    said = tag + stored["statement"].encode("utf-8", "surrogateescape")
    key, signature = keys.get(statement.said["key_id"], b""), bytes.fromhex(stored["signature"])
    is_genuine, is_hashed = is_signed(key, said, signature), sha256(said).digest() == statement.hash
    marked = changes(statement.said, stored["statement_fields"])
    if is_genuine and is_hashed:
        if marked:
            yield statement.fault("statement_fields", f"the marks do not fit to {marked[0].path}")
    elif is_genuine:
        yield statement.fault("hash", NOT_SIGNED)
    elif is_hashed and statement.said["key_id"] not in keys:
        yield statement.fault("key_id", "this key is not among those of the server")
    elif is_hashed:
        yield statement.fault("signature", "the server did not sign this")
    elif marked:
        yield from (statement.fault(one.path or "statement", one.message) for one in marked)
    else:
        yield statement.fault("statement", f"{NOT_SIGNED}, and where can't be told")
