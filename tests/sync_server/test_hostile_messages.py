"""Every byte of every message may be hostile: the sender is told in words, the operator reads of it, nobody waits."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import select

from shared_models import wire
from shared_models.cash import OperatorLoggedIn
from shared_models.evidence_api import FileOffer, FilePiece
from shared_models.hub_api import HubEnrolRequest, HubHello
from shared_models.leases import (
    ClaimedLine,
    LeaseClosing,
    LeaseRequest,
    ParkedLook,
    ParkedOffer,
    ReceiptAsked,
    ValueAsked,
)
from shared_models.protocol import PROTOCOL
from shared_models.reference import FeedPosition
from shared_models.signing import new_private_key, public_key_of
from shared_models.sync_api import (
    MAX_SEGMENTS,
    Challenge,
    EnrolRequest,
    HashesRequest,
    Hello,
    PushReply,
    SegmentState,
    TokenRequest,
)
from sync_server.database import Database
from sync_server.exceptions.tables import exception_case
from sync_server.ingest.tables import ingest_log, quarantine
from sync_server.log_lines import log_handler
from sync_server.request_log import RequestLog
from sync_server.settings import Settings
from tests.effort import examples
from tests.sync_server.a_hub import AHub, enrolled_hub
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store, push_of
from tests.sync_server.conftest import Clock
from tests.sync_server.hostile_messages import NAMED, ODD_VALUES, hostile

TEN_YEARS_MS = 10 * 365 * 86_400_000
OFTEN = hypothesis_settings(
    max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Where nobody waits long for news."""
    return msgspec.structs.replace(settings, poke_seconds=0.01)


class Shop:
    """A good till, a bad one and a bad hub at one server, and what the server wrote into its log."""

    def __init__(self, app: Litestar, database: Database, client: Client, log: io.StringIO) -> None:
        open_store(app, database, tills=2)
        self.app, self.database, self.log = app, database, log
        self.good = enrolled_till(app, database, client, 1)
        self.bad = enrolled_till(app, database, client, 2)
        self.hub: AHub = enrolled_hub(app, database, client)
        for till in (self.good, self.bad):
            till.record(OperatorLoggedIn("op1", "Ana", "03-1"))
            till.push()
        self.bad.record(OperatorLoggedIn("op2", "Ben", "03-2"))

    def send(self, path: str, body: bytes) -> Any:
        sender: ATill | AHub = self.hub if path.startswith("/sync/hub") else self.bad
        return sender.client.post(path, content=body, headers=sender.headers)

    def refused(self, answer: Any) -> None:
        """In words for the sender, and for the operator with the reason."""
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["status"] == answer.status_code
        assert (bool(problem["code"]), bool(problem["detail"]), "Traceback" in answer.text) == (
            True,
            True,
            False,
        )
        lines = [json.loads(line) for line in self.log.getvalue().splitlines()[-5:]]
        line = [line for line in lines if line["event"] == "request"][-1]
        assert line["status"] == answer.status_code
        assert line["refused"].startswith(problem["code"])

    def all_is_well(self) -> None:
        """The good till's next sale is stored at once, and what was stored is as it was."""
        known = self.good.entries[-1].hash
        self.good.record(OperatorLoggedIn("op1", "Ana", "03-1"))
        assert self.good.batch(len(self.good.entries)).prev == known
        assert self.good.push(len(self.good.entries)).high == len(self.good.entries)
        with self.database.read() as tx:
            bodies = tx.scalars(select(ingest_log.c.body)).all()
        assert {entry.body for entry in self.good.entries} <= set(bodies)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler, root = log_handler(stream, readable=False), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def client(app: Litestar, log: io.StringIO) -> Iterator[Client]:
    with TestClient(RequestLog(app), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def shop(app: Litestar, database: Database, client: Client, log: io.StringIO) -> Shop:
    return Shop(app, database, client, log)


def messages(shop: Shop) -> dict[str, msgspec.Struct]:
    """A good message for every route that reads one."""
    key, till = public_key_of(new_private_key()), shop.bad
    segment = SegmentState(incarnation=till.incarnation, head_seq=2, head_hash=till.entries[1].hash, acked=1)
    hello = Hello(
        device_id=till.device_id,
        till_id="03-2",
        protocol=PROTOCOL,
        app="evertill 1",
        feed_schema=1,
        till_time_ms=1,
        segments=(segment,),
        feeds=(FeedPosition("catalogue", "e", 1, 1),),
    )
    offer = ParkedOffer(
        sale_id="s" * 32,
        version=1,
        label="Table 4",
        operator_name="Ana",
        parked_at_ms=1,
        tz_min=60,
        total_minor=100,
        line_count=1,
        cart=b"{}",
    )
    lease = "a" * 32
    refund = (ClaimedLine(line_no=1, quantity_milli=1000),)
    hashes = HashesRequest(incarnation=till.incarnation, seqs=(1, 2))
    return {
        "/sync/enrol": EnrolRequest(code="AAAA-BBBB", device_id="device-9999", public_key=key),
        "/sync/token": TokenRequest(device_id=till.device_id, nonce="n", signature=b"s" * 70),
        "/sync/hello": hello,
        "/sync/push": till.batch(2, 2),
        "/sync/push_raw": till.batch(2, 2),
        "/sync/hashes": hashes,
        "/sync/evidence": FileOffer(name="till.db.damaged-1", sha256="a" * 64, size=9, put_aside_ms=1),
        "/sync/evidence/piece": FilePiece(sha256="a" * 64, offset=0, content=b"123456789"),
        "/sync/hub/enrol": HubEnrolRequest(code="AAAA-BBBB", hub_id="hub-9", public_key=key),
        "/sync/hub/token": TokenRequest(device_id="hub-9", nonce="n", signature=b"s" * 70),
        "/sync/hub/hello": HubHello(
            protocol=PROTOCOL, app="a", waiting=1, oldest_waiting_ms=1, journals=(till.incarnation,)
        ),
        f"/sync/hub/push?device_id={till.device_id}": till.batch(2, 2),
        f"/sync/hub/push_raw?device_id={till.device_id}": till.batch(2, 2),
        f"/sync/hub/hashes?device_id={till.device_id}": hashes,
        "/lease": LeaseRequest(lease_id=lease, kind="refund", subject="sale", currency="EUR", lines=refund),
        f"/lease/{lease}/capture": LeaseClosing(used=1),
        f"/lease/{lease}/release": LeaseClosing(used=1),
        "/lease/value": ValueAsked(kind="gift", subject="card", currency="EUR"),
        "/lease/receipt": ReceiptAsked(receipt_number="03-1-A-000001"),
        "/lease/parked": offer,
        "/lease/parked/look": ParkedLook(mine=("s" * 32,)),
    }


def test_hostile_bytes_are_refused_in_words_or_kept_and_hold_up_nobody(shop: Shop) -> None:
    for path, message in messages(shop).items():
        bombard(shop, path, message)
        shop.all_is_well()


def bombard(shop: Shop, path: str, message: msgspec.Struct) -> None:
    @OFTEN
    @given(hostile(message))
    def any_bytes(body: bytes) -> None:
        answer = shop.send(path, body)
        assert answer.status_code < 500, (path, answer.text)
        if answer.status_code >= 400:
            shop.refused(answer)

    any_bytes()


@pytest.mark.parametrize("name", NAMED)
def test_what_is_no_message_is_refused_in_words_on_every_route(shop: Shop, name: str) -> None:
    for path in messages(shop):
        answer = shop.send(path, NAMED[name])
        if "push_raw" in path:
            assert answer.status_code == 202, path
            continue
        assert answer.status_code in {400, 413}, (path, answer.text)
        shop.refused(answer)
    with shop.database.read() as tx:
        assert NAMED[name] in tx.scalars(select(quarantine.c.raw)).all()
    shop.all_is_well()


def a_journal(incarnation: bytes, head_seq: int = 1, acked: int = 0) -> SegmentState:
    return SegmentState(incarnation=incarnation, head_seq=head_seq, head_hash=b"h" * 32, acked=acked)


@pytest.mark.parametrize(
    "segments",
    [
        tuple(a_journal(n.to_bytes(16, "big")) for n in range(MAX_SEGMENTS + 1)),
        (a_journal(b"i" * 5_000_000),),
        (a_journal(b"i" * 16, head_seq=1 << 63),),
        (a_journal(b"i" * 16, acked=-1),),
    ],
    ids=["too many", "no incarnation", "no place", "less than nothing"],
)
def test_a_greeting_with_journals_that_no_till_has_is_refused_before_anybody_is_asked_about_them(
    shop: Shop, segments: tuple[SegmentState, ...]
) -> None:
    answer = shop.bad.hello(segments=segments)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_message")
    shop.refused(answer)
    shop.all_is_well()


@pytest.mark.parametrize("protocol", [2**63, 2**64 - 1])
def test_a_number_that_no_database_holds_is_refused_in_words(shop: Shop, protocol: int) -> None:
    answer = shop.bad.hello(protocol=protocol)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    shop.refused(answer)
    shop.all_is_well()


@pytest.mark.parametrize(
    "query",
    [
        "/sync/feed?stream={}",
        "/sync/feed?stream=catalogue&epoch={}",
        "/sync/feed?stream=catalogue&after={}",
        "/sync/feed?stream=catalogue&limit={}",
        "/sync/snapshot/{}",
        "/sync/blob/{}",
        "/sync/poke?have={}",
        "/sync/poke?have=catalogue:{}",
    ],
)
def test_an_address_made_up_by_somebody_else_is_answered_in_words(shop: Shop, query: str) -> None:
    values = [
        *(str(value)[:3000] for value in ODD_VALUES),
        "%00",
        "%ff%fe",
        "%2e%2e%2f",
        "9" * 400,
        "catalogue:",
    ]
    shop.bad.client.headers["Range"] = "bytes=5-1"
    for value in values:
        escaped = value if value.startswith("%") else quote(value, safe="")
        answer = shop.bad.client.get(query.format(escaped), headers=shop.bad.headers)
        assert answer.status_code < 500, (query, value[:80], answer.text)
        if answer.status_code >= 400:
            shop.refused(answer)
    shop.all_is_well()


def test_an_odd_reason_costs_no_frame(shop: Shop) -> None:
    for number, reason in enumerate(("\1", "x" * 50_000, "\u202e💣")):
        frame = b"frame %d" % number
        answer = shop.bad.client.post(
            "/sync/push_raw", params={"reason": reason}, content=frame, headers=shop.bad.headers
        )
        assert answer.status_code == 202, answer.text
        with shop.database.read() as tx:
            assert frame in tx.scalars(select(quarantine.c.raw)).all()


def test_entries_from_the_future_are_asked_for_from_where_the_server_stands(shop: Shop) -> None:
    for first_seq in (3, 2**31, 2**61):
        reply = shop.bad.send(push_of(shop.bad.entries[1:], first_seq=first_seq))
        assert wire.unpack(reply.content, PushReply).high == 1
    assert shop.bad.push(2, 2).high == 2
    shop.all_is_well()


@pytest.mark.parametrize("off_ms", [TEN_YEARS_MS, -TEN_YEARS_MS, 2**63 - 1 - 1_790_000_000_000])
def test_a_clock_ten_years_off_costs_no_entry(shop: Shop, off_ms: int) -> None:
    at_ms = 1_790_000_000_000 + off_ms
    assert shop.bad.hello(till_time_ms=at_ms, segments=()).status_code == 200
    shop.bad.record(OperatorLoggedIn("op3", "Cem", "03-2"), at_ms=at_ms)
    assert shop.bad.push(2).high == 3
    shop.app.state.services.applier.drain()
    shop.all_is_well()


def test_a_token_is_good_for_its_till_and_its_hour(shop: Shop, clock: Clock) -> None:
    token = shop.bad.token
    head, body, seal = token.split(".")
    for forged in (f"{head}.{body}.", f"{head}.{body}.{seal[:-2]}AA", f"{head}..{seal}", "a.b.c", "x" * 9000):
        shop.bad.token = forged
        answer = shop.bad.client.post("/sync/push", content=b"", headers=shop.bad.headers)
        assert answer.status_code == 401, forged[:50]
        shop.refused(answer)
    clock.advance(61 * 60_000)
    shop.bad.token = token
    answer = shop.bad.send(shop.bad.batch(2, 2))
    assert answer.status_code == 401
    shop.refused(answer)


def test_a_signed_challenge_opens_once(shop: Shop) -> None:
    nonce = wire.unpack(shop.bad.client.get("/sync/challenge").content, Challenge).nonce
    assert shop.bad.log_in(nonce).status_code == 200
    again = shop.bad.log_in(nonce)
    assert again.status_code == 401
    shop.refused(again)


def test_a_foreign_key_and_another_tills_entries_open_no_journal(shop: Shop) -> None:
    stranger = ATill(shop.bad.client, "", shop.bad.device_id)
    assert stranger.log_in().status_code == 401
    stolen = shop.bad.send(shop.good.batch())
    assert (stolen.status_code, stolen.json()["code"]) == (403, "not_your_journal")
    shop.refused(stolen)
    assert shop.bad.push(2, 2).high == 2
    with shop.database.read() as tx:
        assert "bad_signature" not in tx.scalars(select(exception_case.c.kind)).all()
    shop.all_is_well()
