"""Every byte of every answer may be hostile: the till calls it nonsense, keeps what it holds, and sells on."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pos_client.sync.outcomes import Nonsense, Refused, Reply, Unreachable
from pos_client.sync.server_api import ServerApi, TimeLimits
from shared_models.leases import LeaseReply, LeaseRequest
from shared_models.reference import Change, FeedPage, FeedPosition
from shared_models.sync_api import (
    Challenge,
    Enrolled,
    EnrolRequest,
    FeedVerdict,
    HashesReply,
    HelloReply,
    Poke,
    PushReply,
    SegmentVerdict,
    SnapshotManifest,
    Token,
)
from shared_models.wire import pack
from tests.effort import examples
from tests.pos_client.sync.model_till import ModelTill, unsigned
from tests.pos_client.sync.push_shell import hello_of
from tests.pos_client.sync.scripted_http import Asked, ScriptedHttp
from tests.pos_client.sync.test_server_api import a_push, stored
from tests.sync_server.hostile_messages import NAMED, hostile, packed

QUICK = TimeLimits(connect_s=2, silence_s=5, answer_s=5, download_s=5, poke_s=5)
OFTEN = settings(max_examples=examples(10), suppress_health_check=[HealthCheck.function_scoped_fixture])
LEASE = "a" * 32

Call = Callable[[ServerApi], object]
ANSWERS: dict[str, tuple[msgspec.Struct, Call]] = {
    "/sync/challenge": (Challenge(nonce="n", expires_ms=1), lambda api: api.push(a_push())),
    "/sync/token": (Token(token="t", expires_ms=1), lambda api: api.push(a_push())),
    "/sync/enrol": (
        Enrolled(device_id="d", store_id="s", till_id="t", store_name="Shop", server_time_ms=1),
        lambda api: api.enrol(EnrolRequest(code="c", device_id="d", public_key=b"p")),
    ),
    "/sync/hello": (
        HelloReply(
            server_time_ms=5,
            protocol=1,
            segments=(SegmentVerdict(incarnation=b"i" * 16, high=1, hash=b"h" * 32),),
            feeds=(FeedVerdict(stream="catalogue", state="ok", epoch="e", head=1),),
        ),
        lambda api: api.hello(hello_of(ModelTill())),
    ),
    "/sync/push": (PushReply(incarnation=b"i" * 16, high=3, hash=b"h" * 32), lambda api: api.push(a_push())),
    "/sync/push_raw": (
        PushReply(incarnation=b"i" * 16, high=3, hash=b"h" * 32),
        lambda api: api.push_raw(a_push(), "why"),
    ),
    "/sync/hashes": (HashesReply(hashes=(b"h" * 32,)), lambda api: api.hashes(b"i" * 16, (1,))),
    "/sync/feed": (
        FeedPage("catalogue", "e", 4, 5, 5, (Change(5, "product", "p", b"{}"),), 7),
        lambda api: api.feed("catalogue", "e", 4, 100),
    ),
    "/sync/snapshot/s": (
        SnapshotManifest(
            store_id="s",
            feed_schema=1,
            sha256="0" * 64,
            size=1,
            unpacked_size=1,
            positions=(FeedPosition("catalogue", "e", 1, 1),),
        ),
        lambda api: api.snapshot("s"),
    ),
    "/sync/poke": (Poke(streams=("catalogue",)), lambda api: api.poke(())),
    "/lease": (
        LeaseReply(lease_id=LEASE, state="granted", amount=1),
        lambda api: api.lease(LeaseRequest(lease_id=LEASE, kind="gift", subject="card", amount=1)),
    ),
}


@pytest.mark.parametrize("path", ANSWERS)
def test_whatever_bytes_come_back_they_end_in_a_value(http: ScriptedHttp, path: str) -> None:
    message, call = ANSWERS[path]

    @OFTEN
    @given(hostile(message), st.sampled_from((200, 200, 200, 400, 409, 503)), st.sampled_from(PROTOCOLS))
    def any_answer(body: bytes, status: int, protocol: str) -> None:
        http.routes[path] = saying(status, body, protocol)
        api = ServerApi(http.url, "device-1", unsigned, QUICK)
        try:
            assert isinstance(call(api), Reply | Nonsense | Refused | Unreachable)
        finally:
            api.close()

    any_answer()


PROTOCOLS = ("1", "3", "", "banana", "-1", "9" * 40, "3, 3", "²")


@pytest.mark.parametrize("name", [name for name in NAMED if name != "nothing"])
def test_what_is_no_message_is_called_nonsense_by_every_call(http: ScriptedHttp, name: str) -> None:
    for path in ANSWERS:
        http.routes[path] = saying(200, NAMED[name], "3")
    for path, (_, call) in ANSWERS.items():
        api = ServerApi(http.url, "device-1", unsigned, QUICK)
        assert isinstance(call(api), Nonsense), path
        api.close()


def saying(status: int, body: bytes, protocol: str) -> Callable[[Asked], None]:
    def answer(asked: Asked) -> None:
        asked.body()
        asked.send_response(status)
        asked.send_header("Evertill-Protocol", protocol)
        asked.send_header("Content-Length", str(len(body)))
        asked.end_headers()
        asked.wfile.write(body)

    return answer


@pytest.mark.parametrize("token", ["", "a\nb", "a\r\nX-Evil: 1", "\0", "💣", "é", " ", "x" * 100_000])
def test_a_token_that_no_header_can_carry_is_nonsense_and_not_kept(http: ScriptedHttp, token: str) -> None:
    good = http.routes["/sync/token"]
    http.routes["/sync/token"] = saying(200, pack(Token(token=token, expires_ms=1)), "3")
    http.routes["/sync/push"] = stored
    api = ServerApi(http.url, "device-1", unsigned, QUICK)
    assert isinstance(api.push(a_push()), Nonsense)
    http.routes["/sync/token"] = good
    assert isinstance(api.push(a_push()), Reply)
    api.close()


def test_an_answer_that_is_deep_without_end_is_nonsense(http: ScriptedHttp) -> None:
    """In a field of a later server's, which is passed over."""
    fields = msgspec.msgpack.encode(FeedPage("catalogue", "e", 4, 5, 5))
    deep = bytes([fields[0] + 1]) + fields[1:] + b"\xa3new" + b"\x91" * 100_000 + b"\xc0"
    http.routes["/sync/feed"] = saying(200, packed(deep), "9")
    api = ServerApi(http.url, "device-1", unsigned, QUICK)
    assert isinstance(api.feed("catalogue", "e", 4, 100), Nonsense)
    api.close()
