"""A till without a shop: a key, a journal in memory, and the messages of the protocol over a test client."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from litestar import Litestar
from litestar.testing import TestClient

from shared_models import journal, wire
from shared_models.events import Recorded, encode_body, type_name
from shared_models.journal import Entry
from shared_models.protocol import PROTOCOL
from shared_models.signing import new_private_key, public_key_of, signer
from shared_models.store_config import StoreConfig
from shared_models.sync_api import (
    Challenge,
    Enrolled,
    EnrolRequest,
    Hello,
    HelloReply,
    Push,
    PushReply,
    SegmentState,
    Token,
    TokenRequest,
    WireEntry,
)
from sync_server.database import Database

Client = TestClient[Litestar]
_events = itertools.count(1)


class ATill:
    """Enrolled with `code`; `entries` is its journal, which it may also lie about."""

    def __init__(self, client: Client, code: str, device_id: str = "device-0001") -> None:
        self.client = client
        self.device_id = device_id
        self.key = new_private_key()
        self.sign = signer(self.key)
        self.incarnation = device_id.encode().rjust(16, b"-")[-16:]
        self.entries: list[Entry] = []
        self.first_prev = journal.START
        self.enrolled: Enrolled | None = None
        self.token = ""
        self.code = code

    def enrol(self) -> Any:
        request = EnrolRequest(
            code=self.code, device_id=self.device_id, public_key=public_key_of(self.key), app="evertill 0.1"
        )
        answer = self.client.post("/sync/enrol", content=wire.pack(request))
        if answer.status_code == 200:
            self.enrolled = wire.unpack(answer.content, Enrolled)
        return answer

    def log_in(self, nonce: str = "") -> Any:
        if not nonce:
            nonce = wire.unpack(self.client.get("/sync/challenge").content, Challenge).nonce
        signature = self.sign(b"evertill-token\0" + nonce.encode())
        request = TokenRequest(device_id=self.device_id, nonce=nonce, signature=signature)
        answer = self.client.post("/sync/token", content=wire.pack(request))
        if answer.status_code == 200:
            self.token = wire.unpack(answer.content, Token).token
        return answer

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def record(self, fact: Any, event_id: bytes = b"", at_ms: int = 1_790_000_000_000) -> Entry:
        return self.record_bytes(type_name(fact), encode_body(Recorded(at_ms, 60, fact)), event_id)

    def record_bytes(self, kind: str, body: bytes, event_id: bytes = b"", schema: int = 1) -> Entry:
        prev = self.entries[-1].hash if self.entries else self.first_prev
        event_id = event_id or next(_events).to_bytes(16, "big")
        seq = len(self.entries) + 1
        entry = journal.seal(self.incarnation, seq, event_id, kind, schema, body, prev, self.sign)
        self.entries.append(entry)
        return entry

    def batch(self, first_seq: int = 1, last_seq: int | None = None, **changes: Any) -> Push:
        return push_of(self.entries[first_seq - 1 : last_seq], **changes)

    def push(self, first_seq: int = 1, last_seq: int | None = None, **changes: Any) -> PushReply:
        answer = self.send(self.batch(first_seq, last_seq, **changes))
        assert answer.status_code == 200, answer.text
        return wire.unpack(answer.content, PushReply)

    def send(self, push: Push) -> Any:
        return self.client.post("/sync/push", content=wire.pack(push), headers=self.headers)

    def send_raw(self, frame: bytes) -> Any:
        return self.client.post(
            "/sync/push_raw", params={"reason": "it fails"}, content=frame, headers=self.headers
        )

    def hello(self, **changes: Any) -> Any:
        head = self.entries[-1].hash if self.entries else journal.START
        segment = SegmentState(
            incarnation=self.incarnation, head_seq=len(self.entries), head_hash=head, acked=0
        )
        values: dict[str, Any] = {
            "device_id": self.device_id,
            "till_id": "03-1",
            "protocol": PROTOCOL,
            "app": "evertill 0.2",
            "feed_schema": 1,
            "till_time_ms": 1_790_000_000_000 - 5000,
            "segments": (segment,),
            "feeds": (),
            "unsent": 7,
            "free_mb": 900,
        }
        return self.client.post(
            "/sync/hello", content=wire.pack(Hello(**values | changes)), headers=self.headers
        )

    def greeted(self, **changes: Any) -> HelloReply:
        answer = self.hello(**changes)
        assert answer.status_code == 200, answer.text
        return wire.unpack(answer.content, HelloReply)


def push_of(sealed: Sequence[Entry], **changes: Any) -> Push:
    sent = tuple(
        WireEntry(
            event_id=e.event_id,
            type=e.type,
            schema=e.schema,
            body=e.body,
            signature=e.signature,
            algorithm=e.algorithm,
        )
        for e in sealed
    )
    values: dict[str, Any] = {
        "incarnation": sealed[0].incarnation,
        "first_seq": sealed[0].seq,
        "prev": sealed[0].prev,
        "entries": sent,
        "head_hash": sealed[-1].hash,
    }
    return Push(**values | changes)


def open_store(app: Litestar, database: Database, tills: int = 1) -> None:
    """Store 03 with tills 03-1, 03-2, …"""
    services = app.state.services
    with database.write() as tx:
        services.stores.create(tx, StoreConfig(store_id="03", name="Corner", currency="EUR"))
        for number in range(1, tills + 1):
            services.stores.add_till(tx, f"03-{number}", "03", "")


def code_for(app: Litestar, database: Database, till_id: str = "03-1") -> str:
    with database.write() as tx:
        code: str = app.state.services.tills.make_code(tx, till_id, "Ada").code
        return code


def enrolled_till(
    app: Litestar, database: Database, client: Client, number: int = 1, device_id: str = ""
) -> ATill:
    """A till that is logged in; the store must be open."""
    device_id = device_id or f"device-{number:04d}"
    till = ATill(client, code_for(app, database, f"03-{number}"), device_id)
    assert till.enrol().status_code == 200
    assert till.log_in().status_code == 200
    return till
