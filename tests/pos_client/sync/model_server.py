"""The server's side of the push rules in memory: stores, then answers; dedupes by event id; never rejects."""

from __future__ import annotations

from collections.abc import Sequence

from shared_models.journal import START, body_hash, chain_hash, first_prev
from shared_models.sync_api import (
    HashesReply,
    Hello,
    HelloReply,
    Push,
    PushReply,
    SegmentVerdict,
)


class ServerCrashed(Exception):
    """The process died on an entry; nothing of the request was stored."""


class ModelServer:
    """`stored` is the ingest log: one body per event id, with how often its effects were applied."""

    def __init__(self) -> None:
        self.chains: dict[bytes, list[bytes]] = {}
        self.stored: dict[bytes, bytes] = {}
        self.effects: dict[bytes, int] = {}
        self.raw: dict[bytes, bytes] = {}
        self.foreign: set[bytes] = set()
        self.crashes_on: set[bytes] = set()
        self.most_entries = 1 << 30
        self.server_time_ms = 0
        self.requests = 0

    def hello(self, hello: Hello) -> HelloReply:
        self.requests += 1
        verdicts = tuple(self._verdict(s.incarnation) for s in hello.segments)
        return HelloReply(server_time_ms=self.server_time_ms, protocol=1, segments=verdicts, feeds=())

    def hashes(self, incarnation: bytes, seqs: Sequence[int]) -> HashesReply:
        self.requests += 1
        chain = self.chains.get(incarnation, [])
        return HashesReply(hashes=tuple(chain[seq - 1] if seq <= len(chain) else b"" for seq in seqs))

    def push(self, push: Push) -> PushReply:
        self.requests += 1
        if any(entry.event_id in self.crashes_on for entry in push.entries):
            raise ServerCrashed
        chain = self.chains.setdefault(push.incarnation, [])
        if push.first_seq > len(chain) + 1:
            return self._reply(push.incarnation)
        prev = push.prev
        for seq, entry in enumerate(push.entries, push.first_seq):
            digest = chain_hash(
                push.incarnation, seq, entry.event_id, body_hash(entry.type, entry.schema, entry.body), prev
            )
            if seq <= len(chain):
                if chain[seq - 1] != digest:
                    return self._reply(push.incarnation)
            elif prev != self._head(push):
                return self._reply(push.incarnation)
            else:
                self._store(chain, digest, entry.event_id, entry.body)
            prev = digest
        return self._reply(push.incarnation)

    def push_raw(self, push: Push, steps_past: bool = True) -> PushReply | None:
        """Keeps the bytes; with `steps_past` it also takes the sender's word for where they stand."""
        self.requests += 1
        [entry] = push.entries
        self.raw[entry.event_id] = entry.body
        chain = self.chains.setdefault(push.incarnation, [])
        if not steps_past or push.first_seq != len(chain) + 1:
            return None
        self._store(chain, push.head_hash, entry.event_id, entry.body)
        return self._reply(push.incarnation)

    def restore_backup(self, incarnation: bytes, high: int) -> None:
        """As it was when it held `high` entries."""
        self.chains[incarnation] = self.chains[incarnation][:high]
        kept = set(list(self.stored)[:high])
        self.stored = {event: body for event, body in self.stored.items() if event in kept}
        self.effects = {event: times for event, times in self.effects.items() if event in kept}

    def _store(self, chain: list[bytes], digest: bytes, event_id: bytes, body: bytes) -> None:
        chain.append(digest)
        if event_id not in self.stored:
            self.stored[event_id] = body
            self.effects[event_id] = self.effects.get(event_id, 0) + 1

    def _head(self, push: Push) -> bytes:
        chain = self.chains[push.incarnation]
        return chain[-1] if chain else first_prev(push.parent, push.parent_seq, push.parent_hash)

    def _reply(self, incarnation: bytes) -> PushReply:
        chain = self.chains[incarnation]
        return PushReply(incarnation=incarnation, high=len(chain), hash=chain[-1] if chain else START)

    def _verdict(self, incarnation: bytes) -> SegmentVerdict:
        if incarnation in self.foreign:
            return SegmentVerdict(incarnation=incarnation, high=0, hash=START, state="foreign")
        chain = self.chains.get(incarnation, [])
        return SegmentVerdict(incarnation=incarnation, high=len(chain), hash=chain[-1] if chain else START)
