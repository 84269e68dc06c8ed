"""Taking in a till's file of unsent entries: the same as if the till had pushed them, so each counts once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import BinaryIO

import msgspec
from sqlalchemy import Connection

from shared_models import wire
from shared_models.outbox_file import BadOutboxFile, OutboxHead, OutboxReader
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
        report = OutboxReport(reader.head.till_id, reader.head.made_at_ms, 0, 0, 0)
        try:
            for push in reader.pushes():
                report = self._with(report, owners, push)
        except BadOutboxFile:
            self._note(_cut(reader.head, report, by), {})
            raise
        self._note(*_brought(reader.head, report, by))
        return report

    def _with(self, report: OutboxReport, owners: Mapping[bytes, TillIdentity], push: Push) -> OutboxReport:
        who = owners.get(push.incarnation)
        if who is None:
            raise BadOutboxFile(
                "The file has entries of a journal that it does not name at its beginning. What came before them is "
                "stored; write the file again at the till."
            )
        before = self._high(push.incarnation)
        reply = self._ingest.push(who, push)
        last = push.first_seq + len(push.entries) - 1
        taken = reply.high >= last
        return msgspec.structs.replace(
            report,
            entries=report.entries + len(push.entries),
            new=report.new + (max(0, last - max(before, push.first_seq - 1)) if taken else 0),
            apart=report.apart + (0 if taken else self._keep_apart(who, push)),
        )

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

    def _note(self, finding: Finding, settled: Mapping[str, str]) -> None:
        """`settled` are cases that need nobody any more, and why."""
        with self._db.write() as tx:
            self._inbox.raise_many(tx, [finding])
            for key, reason in settled.items():
                self._inbox.settle(tx, key, reason)


def _brought(head: OutboxHead, report: OutboxReport, by: str) -> tuple[Finding, dict[str, str]]:
    what = (
        f"{by} brought a file of {report.entries} entries of till {head.till_id}: {report.new} were new, "
        f"{report.apart} are kept apart because entries before them are missing."
    )
    finding = _finding("outbox_imported", head, what)
    settled = {_key("outbox_cut", head): "The whole file was brought."}
    return finding, settled if report.apart else settled | {finding.key: "Everything in it was taken in."}


def _cut(head: OutboxHead, report: OutboxReport, by: str) -> Finding:
    """Whoever brought it was told; so are the others, since sales may be in no other place."""
    what = (
        f"{by} brought a file of till {head.till_id} that is cut short or altered: {report.entries} entries could be "
        "read and are here. The rest is not."
    )
    return _finding("outbox_cut", head, what)


def _finding(kind: str, head: OutboxHead, sentence: str) -> Finding:
    return Finding(
        key=_key(kind, head),
        kind=kind,
        sentence=sentence,
        store_id=head.store_id,
        till_id=head.till_id,
    )


def _key(kind: str, head: OutboxHead) -> str:
    """A file that is written later, of the same till, is another one."""
    return f"{kind}:{head.device_id}:{head.made_at_ms}"


def _hashes(push: Push) -> list[bytes]:
    return [at.hash for at in chain.stamp(push)]
