"""Taking in a till's file of unsent entries: the same as if the till had pushed them, so each counts once."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

import msgspec
from sqlalchemy import Connection

from shared_models import wire
from shared_models.outbox_file import OutboxHead, OutboxReader
from shared_models.sync_api import Push
from sync_server.database import Database
from sync_server.errors import NotFound
from sync_server.findings import Finding, Inbox
from sync_server.ingest import chain, log
from sync_server.ingest.service import IngestService
from sync_server.sync_messages import TillIdentity

OwnerOf = Callable[[Connection, str, bytes], TillIdentity | None]
"""owner(tx, device_id, public_key): the machine of that key, also one that was replaced or shut out; of that id where
the key is empty."""
_BEHIND_A_GAP = "it came in a file of unsent entries, behind entries that are missing"


class UnknownMachine(NotFound):
    code = "unknown_machine"


class OutboxReport(msgspec.Struct, frozen=True):
    """`new` entries were not here before; `apart` are kept for a person, since entries before them are missing."""

    till_id: str
    made_at_ms: int
    entries: int
    new: int
    apart: int


class OutboxImport:
    """`ingest` must take entries of machines that are no longer welcome: here a person brings them."""

    def __init__(self, db: Database, ingest: IngestService, owner_of: OwnerOf, inbox: Inbox) -> None:
        self._db = db
        self._ingest = ingest
        self._owner_of = owner_of
        self._inbox = inbox

    def run(
        self, file: BinaryIO, code: str, by: str, allowed: Callable[[str], None] = lambda store_id: None
    ) -> OutboxReport:
        """Push by push, each durable before the next. The same file again changes nothing. Raises BadOutboxFile.

        `allowed` raises where whoever brings it may do nothing in that store.
        """
        reader = OutboxReader(file, code)
        owners = self._owners(reader.head)
        for owner in owners.values():
            allowed(owner.store_id)
        entries = new = apart = 0
        for push in reader.pushes():
            who = owners[push.incarnation]
            before = self._high(push.incarnation)
            reply = self._ingest.push(who, push)
            last = push.first_seq + len(push.entries) - 1
            entries += len(push.entries)
            if reply.high >= last:
                new += max(0, last - max(before, push.first_seq - 1))
            else:
                apart += self._keep_apart(who, push)
        report = OutboxReport(reader.head.till_id, reader.head.made_at_ms, entries, new, apart)
        self._note(reader.head, report, by)
        return report

    def _owners(self, head: OutboxHead) -> dict[bytes, TillIdentity]:
        """By incarnation."""
        owners = {}
        with self._db.read() as tx:
            for incarnation, key in head.journals:
                owner = self._owner_of(tx, head.device_id, key)
                if owner is None:
                    raise UnknownMachine(
                        f"The file is from till {head.till_id}, from a machine that this server does not know. "
                        "Bring it to the server that the till was enrolled with."
                    )
                owners[incarnation] = owner
        return owners

    def _high(self, incarnation: bytes) -> int:
        with self._db.read() as tx:
            stands = log.incarnation_of(tx, incarnation)
        return stands.high if stands else 0

    def _keep_apart(self, who: TillIdentity, push: Push) -> int:
        """One frame an entry, as the till itself sends what can't be pushed."""
        digests = _hashes(push)
        for at, entry in enumerate(push.entries):
            one = msgspec.structs.replace(
                push,
                first_seq=push.first_seq + at,
                prev=push.prev if at == 0 else digests[at - 1],
                entries=(entry,),
                head_hash=digests[at],
            )
            self._ingest.push_raw(who, wire.pack(one), _BEHIND_A_GAP)
        return len(push.entries)

    def _note(self, head: OutboxHead, report: OutboxReport, by: str) -> None:
        what = (
            f"{by} brought a file of {report.entries} entries of till {head.till_id}: {report.new} were new, "
            f"{report.apart} are kept apart because entries before them are missing."
        )
        finding = Finding(
            key=f"outbox_imported:{head.device_id}:{report.made_at_ms}",
            kind="outbox_imported",
            sentence=what,
            store_id=head.store_id,
            till_id=head.till_id,
        )
        with self._db.write() as tx:
            self._inbox.raise_many(tx, [finding])
            if not report.apart:
                self._inbox.settle(tx, finding.key, "Everything in it was taken in.")


def _hashes(push: Push) -> list[bytes]:
    return [at.hash for at in chain.stamp(push)]
