"""An archive that is sealed as a till and a server seal it, and what can be done to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from shared_models.archive import MANIFEST, ArchivedJournal, file_name, line_of, manifest
from shared_models.checkpoint import vouched
from shared_models.events import TYPES, Recorded, encode_body
from shared_models.field_marks import marks
from shared_models.journal import START, Entry, first_prev, seal
from shared_models.signing import key_id_of, new_private_key, public_key_of, signer
from tests.golden.make import sample
from verifier.archive import Report, check_archive

TILL, SERVER, STRANGER = new_private_key(), new_private_key(), new_private_key()
TILL_KEY, SERVER_KEY = public_key_of(TILL), public_key_of(SERVER)
OLD, NEW = b"o" * 16, b"n" * 16
OLD_FILE, NEW_FILE = file_name(OLD), file_name(NEW)
ROOT = Path(__file__).parents[2]
KINDS = sorted(TYPES)
FEW = [one for one in KINDS if one.startswith(("refund.", "sale."))]
FIELDS = (
    "seq", "event_id", "type", "schema", "body", "body_fields", "body_sha256", "content_hash", "prev", "hash",
    "signature", "algorithm",
)  # fmt: skip


def body_of(kind: str) -> bytes:
    return encode_body(Recorded(1_795_000_000_000, 60, sample(TYPES[kind]), "boot", 5, -7))


def sealed(incarnation: bytes, prev: bytes, kinds: Sequence[str]) -> list[Entry]:
    """One entry of each."""
    entries: list[Entry] = []
    sign = signer(TILL, repeatable=True)
    for seq, kind in enumerate(kinds, 1):
        id = sha256(incarnation + bytes([seq])).digest()[:16]
        entries.append(seal(incarnation, seq, id, kind, 1, body_of(kind), prev, sign))
        prev = entries[-1].hash
    return entries


def going_on_from(journal: list[Entry]) -> list[Entry]:
    return sealed(NEW, first_prev(OLD, journal[-1].seq, journal[-1].hash), KINDS[:3])


JOURNAL = sealed(OLD, START, FEW)
CHILD = going_on_from(JOURNAL)


def journal_of(entries: list[Entry], parent: bytes, parent_seq: int, parent_hash: bytes) -> ArchivedJournal:
    head = entries[-1]
    key = TILL_KEY
    return ArchivedJournal(head.incarnation, parent, parent_seq, parent_hash, key, head.seq, head.hash)


def files_of(journal: list[Entry], child: list[Entry]) -> dict[str, bytes]:
    files, vows = {}, []
    for entries in (journal, child):
        files[file_name(entries[0].incarnation)] = b"".join(map(line_of, entries))
        head = entries[-1]
        key_id = key_id_of(SERVER_KEY)
        vows.append(vouched(head.incarnation, head.seq, head.hash, 1_795_000_000_000, key_id, signer(SERVER)))
    journals = [journal_of(journal, b"", 0, b""), journal_of(child, OLD, journal[-1].seq, journal[-1].hash)]
    return files | {MANIFEST: manifest(journals, vows, [SERVER_KEY])}


FILES = files_of(JOURNAL, CHILD)


@cache
def around(kind: str) -> tuple[int, dict[str, bytes]]:
    """An archive with an entry of that kind between those of the kinds beside it, and which one it is in there.

    The first kind is the first entry of its archive and the last kind the last; more entries would show no more.
    """
    at = KINDS.index(kind)
    kinds = KINDS[max(at - 1, 0) : at + 2]
    journal = sealed(OLD, START, kinds)
    return kinds.index(kind) + 1, files_of(journal, going_on_from(journal))


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for name, text in files.items():
        (folder / name).write_bytes(text)
    return folder


@contextmanager
def after(mutation: object) -> Iterator[None]:
    """Whatever fails in here says what was done to the archive."""
    try:
        yield
    except BaseException as failure:
        failure.add_note(f"after this was done to the archive: {mutation}")
        raise


def checked(folder: Path) -> Report:
    return check_archive(folder, {TILL_KEY.hex()}, {SERVER_KEY.hex()})


def named(folder: Path) -> set[tuple[str, int, str]]:
    return {(one.incarnation, one.seq, one.field) for one in checked(folder).faults}


def lines(folder: Path) -> list[str]:
    return (folder / OLD_FILE).read_text().splitlines(keepends=True)


def write(folder: Path, kept: list[str]) -> None:
    (folder / OLD_FILE).write_bytes("".join(kept).encode())


def dumped(line: dict[str, Any]) -> str:
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n"


def other(value: Any) -> Any:
    """Another value of the same form."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return ("1" if value[:1] == "0" else "0") + value[1:]
    return [*value, 1] if isinstance(value, list) else {**value, "more": 1}


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every field is, however deep."""
    if not isinstance(value, dict | list) or not value:
        return [at]
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    return [place for name, one in inside for place in places(one, (*at, name))]


def edit(value: Any, place: tuple[Any, ...]) -> Any:
    for name in place[:-1]:
        value = value[name]
    value[place[-1]] = other(value[place[-1]])


BODIES = [(kind, place) for kind in KINDS for place in places(json.loads(body_of(kind)))]


def with_body(folder: Path, seq: int, change: Callable[[Any], None], **more: Callable[[bytes], str]) -> None:
    """`more` are fields that whoever changed the body makes fit to it."""
    all_lines = lines(folder)
    line = json.loads(all_lines[seq - 1])
    body = json.loads(line["body"])
    change(body)
    line["body"] = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    line |= {name: made(line["body"].encode()) for name, made in more.items()}
    all_lines[seq - 1] = dumped(line)
    write(folder, all_lines)


def digest(body: bytes) -> str:
    return sha256(body).hexdigest()


def drop(value: Any, place: tuple[Any, ...]) -> None:
    for name in place[:-1]:
        value = value[name]
    del value[place[-1]]


def told(folder: Path) -> Any:
    return json.loads((folder / MANIFEST).read_text())


def made_to_fit(folder: Path, manifest: Any) -> None:
    del manifest["fields"]
    manifest["fields"] = marks(json.dumps(manifest).encode())
    (folder / MANIFEST).write_text(json.dumps(manifest))
