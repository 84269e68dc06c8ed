"""The archive of journals, as text: what `verifier` reads. The same journals always give the same bytes.

Every file is UTF-8. `archive.json` is the manifest; `INCARNATION.jsonl` has an entry a line, bytes in hex. A server's
has `closings.ndjson` and `roots.ndjson` too, with a signed statement a line. `body` is
the sealed JSON as text; where it is no UTF-8, `body_hex` stands for it. `content_hash`, `body_sha256` and the marks
(`body_fields`, and the manifest's `fields` over all the rest of it) follow from the rest: they tell what was touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from shared_models.checkpoint import Checkpoint
from shared_models.closing import Sealed
from shared_models.field_marks import marks
from shared_models.journal import Entry, body_hash
from shared_models.server_keys import KeyTerm
from shared_models.signing import key_id_of

FORMAT = "evertill-archive-1"
MANIFEST = "archive.json"
CLOSINGS, ROOTS = "closings.ndjson", "roots.ndjson"


class ArchivedJournal(msgspec.Struct, frozen=True):
    """One incarnation as the manifest names it; `parent` is empty where nothing came before.

    An archive of a part begins with entry `first_seq`, and `before_hash` is the hash of the one before.
    """

    incarnation: bytes
    parent: bytes
    parent_seq: int
    parent_hash: bytes
    public_key: bytes
    head_seq: int
    head_hash: bytes
    first_seq: int = 1
    before_hash: bytes = b""


def file_name(incarnation: bytes) -> str:
    return f"{incarnation.hex()}.jsonl"


def line_of(entry: Entry) -> bytes:
    """One line of a journal's file, with its end."""
    told = {
        "seq": entry.seq,
        "event_id": entry.event_id.hex(),
        "type": entry.type,
        "schema": entry.schema,
        **_body(entry.body),
        "body_fields": marks(entry.body),
        "body_sha256": sha256(entry.body).hexdigest(),
        "content_hash": body_hash(entry.type, entry.schema, entry.body).hex(),
        "prev": entry.prev.hex(),
        "hash": entry.hash.hex(),
        "signature": entry.signature.hex(),
        "algorithm": entry.algorithm,
    }
    return _ENCODER.encode(told) + b"\n"


def statement_line(seal: Sealed, **more: Any) -> bytes:
    """One line of the file of closings or of daily roots, with its end."""
    told = {
        "statement": seal.body.decode(),
        "statement_fields": marks(seal.body),
        "hash": seal.hash.hex(),
        "signature": seal.signature.hex(),
    }
    return _ENCODER.encode(told | more) + b"\n"


def manifest(
    journals: Iterable[ArchivedJournal],
    checkpoints: Iterable[Checkpoint],
    server_keys: Iterable[bytes],
    terms: Sequence[KeyTerm] = (),
    statements: dict[str, tuple[int, str]] | None = None,
) -> bytes:
    """`terms` say of each server key from when to when it signed; needed where there is more than one.

    `statements` are the ends, number and hash in hex, of the chains of closings and of the daily roots.
    """
    told: dict[str, Any] = {
        "format": FORMAT,
        "incarnations": [_hexed(one) for one in sorted(journals, key=lambda one: one.incarnation)],
        "checkpoints": [_hexed(one) for one in sorted(checkpoints, key=lambda one: one.incarnation)],
        "server_keys": {key_id_of(key): key.hex() for key in sorted(server_keys) if key},
    }
    if len(terms) > 1:
        told["server_key_terms"] = [_hexed(one) for one in terms]
    if statements is not None:
        told["statements"] = statements
    told["fields"] = marks(_ENCODER.encode(told))
    return msgspec.json.format(_ENCODER.encode(told), indent=1) + b"\n"


def _body(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body_hex": body.hex()}


def _hexed(value: msgspec.Struct) -> dict[str, Any]:
    fields = msgspec.structs.asdict(value)
    return {name: one.hex() if isinstance(one, bytes) else one for name, one in fields.items()}


_ENCODER = msgspec.json.Encoder()
