"""New lives of tills' journals: told to head office with what is known of why, and of what is missing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from shared_models.continuity import IncarnationOpened
from sync_server.findings import Finding, Inbox
from sync_server.ingest import log
from sync_server.ingest_entry import RecordedEntry

_WHY = {
    "restored": "its database was put back from an older copy",
    "diverged": "its journal went on elsewhere: a copy was put back, or two machines run as this till",
    "foreign": "its files had been copied from another till",
    "new_key": "it was enrolled again with a new key",
    "new_machine": "its files are on another machine than before",
    "damaged": "its database was damaged, and what could be read of it was kept",
    "unproven": "it could not prove that nothing is missing",
}


class Continuity:
    """A `Recorder` that keeps no rows: the journal has it all, and people read the inbox."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def record(self, tx: Connection, entry: RecordedEntry) -> None:
        self.record_many(tx, [entry])

    def record_many(self, tx: Connection, entries: Sequence[RecordedEntry]) -> None:
        opened = [entry for entry in entries if isinstance(entry.recorded.fact, IncarnationOpened)]
        self._inbox.raise_many(tx, [_finding(tx, entry) for entry in opened])


def _finding(tx: Connection, entry: RecordedEntry) -> Finding:
    fact: IncarnationOpened = entry.recorded.fact
    refs = {
        "event": entry.event_id.hex(),
        "incarnation": entry.incarnation.hex(),
        "parent": fact.parent,
        "parent_seq": str(fact.parent_seq),
        "series": fact.series,
    }
    return Finding(
        key=f"journal_restarted:{entry.event_id.hex()}",
        kind="journal_restarted",
        sentence=f"{_what_happened(entry.till_id, fact)} {_what_is_missing(tx, fact)}",
        store_id=entry.store_id,
        till_id=entry.till_id,
        refs=refs,
    )


def _what_happened(till_id: str, fact: IncarnationOpened) -> str:
    why = _WHY.get(fact.reason, "for a reason that this server does not know")
    count = fact.stamped_again
    again = f" {count} entries came again, and count once." if count > 1 else ""
    if count == 1:
        again = " One entry came again, and counts once."
    return f"Till {till_id} began receipt series {fact.series} after entry {fact.parent_seq}: {why}.{again}"


def _what_is_missing(tx: Connection, fact: IncarnationOpened) -> str:
    """What the machine had seen and neither its files nor this server hold is gone, and is said."""
    held = log.incarnation_of(tx, bytes.fromhex(fact.parent))
    there = max(fact.parent_seq, held.high if held else 0)
    if fact.seen_seq <= there:
        return "Nothing is missing that is known of."
    first = there + 1
    which = f"Entries {first} to {fact.seen_seq}" if first < fact.seen_seq else f"Entry {first}"
    never = f"{which} of the series before never arrived, though the till had sealed as much"
    return f"{never}: look for the old disk, or a copy of its journal."
