"""An archive as a whole: its manifest, the file of each incarnation, and the server's checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from verifier.closed_days import check_closed_days
from verifier.entries import Fault, Line, Unreadable, check_entries, read_line
from verifier.marks import changes
from verifier.plain_files import is_plain
from verifier.readings import Unclear, names_once, no_whole_numbers
from verifier.seals import checkpoint_statement, first_prev, handover_statement, is_signed, key_id

FORMAT = "evertill-archive-1"
MANIFEST = "archive.json"
_NUMBERS = frozenset({"parent_seq", "first_seq", "head_seq", "high", "at_ms", "from_ms", "until_ms"})


class Report(NamedTuple):
    """`parts` are (incarnation, first, last) of journals that the archive does not have from their beginning on."""

    entries: int
    checkpoints: int
    faults: tuple[Fault, ...]
    parts: tuple[tuple[str, int, int], ...] = ()
    unproven_keys: tuple[str, ...] = ()
    """Server keys that came in place of a lost one: nothing but the archive says that they are the same server's."""
    closings: int = 0
    roots: int = 0
    set_aside: tuple[tuple[str, str], ...] = ()
    """Which entry, and what it comes to in minor units: what counts as no money, by the last closing of each till."""


class Journal(NamedTuple):
    """One incarnation of the manifest with the lines of its file."""

    incarnation: bytes
    public_key: bytes
    parent: bytes
    parent_seq: int
    first_seq: int
    first_prev: bytes
    head_seq: int
    head_hash: bytes
    lines: list[Line | Fault]
    strays: bool
    """A place in a parent is given and no parent, or an entry before the first."""


def check_archive(
    folder: Path, till_keys: set[str], server_keys: set[str], roots: frozenset[str] = frozenset()
) -> Report:
    """Without keys to trust, the archive's own are taken. `roots` are hashes of daily roots kept elsewhere."""
    faults: list[Fault] = []
    try:
        if (folder / MANIFEST).exists() and not is_plain(folder / MANIFEST):
            raise ValueError("it is no plain file of the archive")
        manifest = names_once((folder / MANIFEST).read_bytes().decode())
        faults += _touched(manifest)
        if wrong := list(_without_numbers(manifest)):
            return Report(0, 0, (*faults, *wrong))
        report = _check(folder, manifest, till_keys, server_keys, roots)
        return report._replace(faults=(*faults, *report.faults))
    except FileNotFoundError as reason:
        missing = Path(str(reason.filename)).name
        return Report(0, 0, (Fault("", 0, missing, "this file is missing"),))
    except Unclear as reason:
        return Report(0, 0, (Fault("", 0, MANIFEST, f"the manifest can't be read: {reason}"),))
    except (
        OSError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as reason:
        return Report(0, 0, (*faults, Fault("", 0, MANIFEST, f"the manifest can't be read: {reason!r}")))


def _touched(manifest: Any) -> list[Fault]:
    """Takes the marks away from the manifest, and says what does not fit to them."""
    marks = manifest.pop("fields")
    return [Fault("", 0, one.path or "fields", one.message) for one in changes(manifest, marks)]


def _without_numbers(manifest: Any) -> Iterator[Fault]:
    """Nothing can be held against an end, a place or a time that is no whole number."""
    ends = manifest.get("statements") or {}
    wrong = dict.fromkeys(no_whole_numbers(manifest, _NUMBERS))
    wrong |= {f"statements.{chain}.0": None for chain, (number, _) in ends.items() if type(number) is not int}
    for path in wrong:
        yield Fault("", 0, path, "the manifest states no whole number here")


def _check(
    folder: Path, manifest: Any, till_keys: set[str], server_keys: set[str], held: frozenset[str]
) -> Report:
    faults: list[Fault] = []
    if manifest["format"] != FORMAT:
        faults.append(Fault("", 0, "format", f"this is not {FORMAT}"))
    journals: dict[bytes, Journal] = {}
    for told in manifest["incarnations"]:
        name = told["incarnation"]
        path = folder / f"{bytes.fromhex(name).hex()}.jsonl"
        if not path.exists():
            faults.append(Fault(name, 0, path.name, "this file is missing"))
            continue
        if not is_plain(path):
            faults.append(Fault(name, 0, path.name, "this is no plain file of the archive"))
            continue
        if bytes.fromhex(name) in journals:
            faults.append(Fault(name, 0, "incarnation", "the manifest names this incarnation twice"))
            continue
        journal = _journal(told, path)
        journals[journal.incarnation] = journal
        faults += _check_journal(journal, till_keys)
    known = {f"{one.hex()}.jsonl" for one in journals}
    for path in sorted(folder.glob("*.jsonl")):
        if path.name not in known:
            faults.append(Fault(path.stem, 0, path.name, "the manifest does not name this file"))
    faults += _check_checkpoints(manifest, journals, server_keys)
    count = sum(len(one.lines) for one in journals.values())
    parts = [
        (one.incarnation.hex(), one.first_seq, one.head_seq) for one in journals.values() if one.first_seq > 1
    ]
    lines = {
        id.hex(): [one for one in journal.lines if isinstance(one, Line)] for id, journal in journals.items()
    }
    closed = check_closed_days(folder, manifest, lines, held)
    faults += closed.faults
    checkpoints = len(manifest["checkpoints"])
    unproven = _unproven(manifest)
    return Report(
        count,
        checkpoints,
        tuple(faults),
        tuple(parts),
        unproven,
        closed.closings,
        closed.roots,
        closed.set_aside,
    )


def _journal(told: Any, path: Path) -> Journal:
    incarnation = bytes.fromhex(told["incarnation"])
    lines: list[Line | Fault] = []
    texts = path.read_bytes().decode("utf-8", "surrogateescape").split("\n")
    for n, text in enumerate(texts[:-1], 1):
        try:
            lines.append(read_line(text))
        except Unreadable as reason:
            lines.append(Fault(told["incarnation"], n, reason.field, "this can't be what was sealed"))
    if texts[-1]:
        lines.append(Fault(told["incarnation"], len(texts), "line", "this line has no end"))
    parent, seq = bytes.fromhex(told["parent"]), told["parent_seq"]
    first, before = told["first_seq"], bytes.fromhex(told["before_hash"])
    start = before if first > 1 else first_prev(parent, seq, bytes.fromhex(told["parent_hash"]))
    strays = (not parent and bool(seq or told["parent_hash"])) or (first <= 1 and bool(before)) or first < 1
    key, head = bytes.fromhex(told["public_key"]), bytes.fromhex(told["head_hash"])
    return Journal(incarnation, key, parent, seq, first, start, told["head_seq"], head, lines, strays)


def _check_journal(journal: Journal, till_keys: set[str]) -> list[Fault]:
    name = journal.incarnation.hex()
    key = journal.public_key.hex()
    faults = [Fault(name, 0, "parent", "there is nothing before this place")] if journal.strays else []
    start = (journal.first_seq, journal.first_prev)
    faults += list(check_entries(journal.incarnation, journal.public_key, *start, journal.lines))
    if till_keys and key not in till_keys:
        faults.append(Fault(name, 0, "public_key", "this is not a key that you trust"))
    if journal.lines and [one.field for one in faults].count("signature") == len(journal.lines):
        faults = [one for one in faults if one.field != "signature"]
        faults += [Fault(name, 0, "public_key", "no entry is signed with this key")]
    good = [one for one in journal.lines if isinstance(one, Line)]
    if (good[-1].seq if good else 0) != journal.head_seq:
        faults.append(Fault(name, journal.head_seq, "head_seq", f"the manifest ends at {journal.head_seq}"))
    elif good and good[-1].hash != journal.head_hash:
        faults.append(Fault(name, journal.head_seq, "head_hash", "the manifest ends with another entry"))
    return faults


def _check_checkpoints(
    manifest: Any, journals: dict[bytes, Journal], server_keys: set[str]
) -> Iterator[Fault]:
    keys = {name: bytes.fromhex(key) for name, key in manifest["server_keys"].items()}
    for name, key in keys.items():
        if key_id(key) != name or (server_keys and key.hex() not in server_keys):
            yield Fault("", 0, "server_keys", f"key {name} is another than its name or than you trust")
    terms = {one["key_id"]: one for one in manifest.get("server_key_terms", [])}
    yield from _check_terms(list(terms.values()), keys)
    for told in manifest["checkpoints"]:
        incarnation, high = bytes.fromhex(told["incarnation"]), told["high"]
        digest, signature = bytes.fromhex(told["hash"]), bytes.fromhex(told["signature"])
        said = checkpoint_statement(incarnation, high, digest, told["at_ms"])
        journal = journals.get(incarnation)
        if not is_signed(keys.get(told["key_id"], b""), said, signature):
            yield Fault(told["incarnation"], high, "checkpoint", "the server did not sign this")
        elif not _in_time(terms.get(told["key_id"]), told["at_ms"]):
            yield Fault(told["incarnation"], high, "checkpoint", "its key was not in use at that time")
        elif journal is None:
            yield Fault(told["incarnation"], high, "missing", "the server signed for this incarnation")
        else:
            left = any(
                one.lines and one.parent == incarnation and one.parent_seq < high for one in journals.values()
            )
            yield from _against(journal, high, digest, left)


def _check_terms(terms: list[Any], keys: dict[str, bytes]) -> Iterator[Fault]:
    """A key that another handed over to is as good as that one; one that came after a loss is only said to be."""
    for before, term in pairwise(terms):
        name, public_key = term["key_id"], bytes.fromhex(term["public_key"])
        if keys.get(name) != public_key or term["replaces"] != before["key_id"]:
            yield Fault("", 0, "server_key_terms", f"key {name} does not follow {before['key_id']}")
        handover = bytes.fromhex(term["handover"])
        said = handover_statement(before["key_id"], public_key, term["from_ms"])
        if handover and not is_signed(bytes.fromhex(before["public_key"]), said, handover):
            yield Fault("", 0, "server_key_terms", f"key {name} was not handed over by {before['key_id']}")


def _unproven(manifest: Any) -> tuple[str, ...]:
    return tuple(one["key_id"] for one in manifest.get("server_key_terms", [])[1:] if not one["handover"])


def _in_time(term: Any, at_ms: int) -> bool:
    return term is None or (term["from_ms"] <= at_ms and (not term["until_ms"] or at_ms <= term["until_ms"]))


def _against(journal: Journal, high: int, digest: bytes, left: bool) -> Iterator[Fault]:
    """`left`: the till went on in another incarnation from before `high`, which that one's chain proves."""
    name = journal.incarnation.hex()
    held = {one.seq: one.hash for one in journal.lines if isinstance(one, Line)}
    last = max(held, default=0)
    if last < high and not left:
        yield Fault(name, last + 1, "truncated", f"the server signed for {high} entries; {last} are here")
    elif high in held and held[high] != digest:
        yield Fault(name, high, "checkpoint", "the server signed for another entry")
