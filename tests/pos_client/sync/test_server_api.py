"""Every way in which a server can answer badly, over real sockets, ends in a value and within its time."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from threading import Thread

import pytest
import zstandard

from pos_client.sync.outcomes import Nonsense, Refused, Reply, Unreachable
from pos_client.sync.push import push_of
from pos_client.sync.server_api import TOKEN_TAG, ServerApi, TimeLimits
from shared_models.reference import FeedPage, FeedPosition
from shared_models.signing import new_private_key, public_key_of, signer, verifier
from shared_models.sync_api import (
    Enrolled,
    EnrolRequest,
    HelloReply,
    Poke,
    Push,
    PushReply,
    SnapshotManifest,
    TokenRequest,
)
from shared_models.wire import pack, unpack
from tests.pos_client.sync.model_till import ModelTill, unsigned
from tests.pos_client.sync.push_shell import hello_of
from tests.pos_client.sync.scripted_http import Asked, ScriptedHttp

QUICK = TimeLimits(connect_s=0.5, silence_s=0.3, answer_s=0.6, download_s=5, poke_s=0.3)


@pytest.fixture
def api(http: ScriptedHttp) -> Iterator[ServerApi]:
    api = ServerApi(http.url, "device-1", unsigned, QUICK)
    yield api
    api.close()


def a_push() -> Push:
    till = ModelTill()
    till.sell(3)
    return push_of(till.segments()[0], till.strands[0].entries)


def stored(asked: Asked) -> None:
    push = unpack(asked.body(), Push)
    reply = PushReply(incarnation=push.incarnation, high=3, hash=push.head_hash)
    asked.say(200, pack(reply))


def saying(body: bytes) -> Callable[[Asked], None]:
    def answer(asked: Asked) -> None:
        asked.body()
        asked.say(200, body)

    return answer


def test_a_push_is_answered_under_a_token_that_was_fetched_once(http: ScriptedHttp, api: ServerApi) -> None:
    http.routes["/sync/push"] = stored
    push = a_push()
    for _ in range(3):
        outcome = api.push(push)
        assert isinstance(outcome, Reply)
        assert outcome.value.hash == push.head_hash
    assert http.tokens == 1
    assert http.asked[-1][1]["Authorization"] == "Bearer token-1"


def test_the_challenge_is_signed_with_the_tills_key(http: ScriptedHttp) -> None:
    key = new_private_key()
    seen = []

    def token(asked: Asked) -> None:
        seen.append(unpack(asked.body(), TokenRequest))
        asked.say(401)

    http.routes["/sync/token"] = token
    api = ServerApi(http.url, "device-1", signer(key), QUICK)
    assert isinstance(api.push(a_push()), Refused)
    api.close()
    [request] = seen
    assert request.device_id == "device-1"
    assert verifier(public_key_of(key))(TOKEN_TAG + request.nonce.encode(), request.signature)


def test_a_token_that_ran_out_is_replaced_once(http: ScriptedHttp, api: ServerApi) -> None:
    def only_the_second(asked: Asked) -> None:
        if asked.headers["Authorization"] == "Bearer token-2":
            stored(asked)
        else:
            asked.body()
            asked.say(401)

    http.routes["/sync/push"] = only_the_second
    assert isinstance(api.push(a_push()), Reply)
    http.routes["/sync/push"] = lambda asked: (asked.body(), asked.say(401))[1]
    outcome = api.push(a_push())
    assert isinstance(outcome, Refused)
    assert outcome.status == 401
    assert http.tokens == 3


def test_the_other_routes_carry_their_messages(http: ScriptedHttp, api: ServerApi) -> None:
    enrolled = Enrolled(device_id="d", store_id="s", till_id="t", store_name="Shop", server_time_ms=1)
    page = FeedPage("catalogue", "e", 4, 5, 5)
    manifest = SnapshotManifest(
        store_id="s", feed_schema=1, sha256="0" * 64, size=1, unpacked_size=1, positions=()
    )
    greeting = HelloReply(server_time_ms=5, protocol=1, segments=(), feeds=())
    for path, message in {
        "/sync/enrol": enrolled,
        "/sync/feed": page,
        "/sync/snapshot/s": manifest,
        "/sync/hello": greeting,
        "/sync/poke": Poke(streams=("catalogue",)),
    }.items():
        http.routes[path] = saying(pack(message))
    assert api.enrol(EnrolRequest(code="c", device_id="d", public_key=b"p")) == Reply(enrolled)
    assert api.feed("catalogue", "e", 4, 100) == Reply(page)
    assert "stream=catalogue&epoch=e&after=4&limit=100" in http.asked[-1][0]
    assert api.snapshot("s") == Reply(manifest)
    assert api.hello(hello_of(ModelTill())) == Reply(greeting)
    assert api.poke((FeedPosition("price/s", "e", 7, 0),)) == Reply(Poke(streams=("catalogue",)))
    assert "have=price%2Fs%3A7" in http.asked[-1][0]


def test_a_raw_entry_may_be_kept_without_a_word_or_with_one(http: ScriptedHttp, api: ServerApi) -> None:
    http.routes["/sync/push_raw"] = lambda asked: (asked.body(), asked.say(202))[1]
    assert api.push_raw(a_push(), "why") == Reply(None)
    http.routes["/sync/push_raw"] = stored
    outcome = api.push_raw(a_push(), "why")
    assert isinstance(outcome, Reply)
    assert outcome.value is not None
    assert outcome.value.high == 3
    http.routes["/sync/push_raw"] = lambda asked: (asked.body(), asked.say(500))[1]
    assert api.push_raw(a_push(), "why") == Refused(500)


BAD: dict[str, tuple[Callable[[Asked], None], str]] = {
    "html": (lambda it: it.say(200, b"\n<html>Log in to the Wi-Fi</html>"), "web page"),
    "garbage": (lambda it: it.say(200, b"\x00\xff garbage"), "not zstd"),
    "nothing": (lambda it: it.say(200), "PushReply"),
    "another struct": (lambda it: it.say(200, pack(Poke())), "not a PushReply"),
    "a hash that is text": (lambda it: it.say(200, pack({"incarnation": 1, "high": "3"})), "not a PushReply"),
    "a redirect": (lambda it: it.say(302, Location="http://portal.example/"), "portal.example"),
    "a bomb": (lambda it: it.say(200, zstandard.compress(bytes(17 << 20))), "too large"),
    "endless": (lambda it: it.say(200, bytes(17 << 20)), "larger than any message"),
}


@pytest.mark.parametrize("kind", BAD)
def test_nonsense_is_told_from_an_answer(http: ScriptedHttp, api: ServerApi, kind: str) -> None:
    answer, words = BAD[kind]
    http.routes["/sync/push"] = lambda asked: (asked.body(), answer(asked))[1]
    outcome = api.push(a_push())
    assert isinstance(outcome, Nonsense)
    assert words in outcome.reason


def test_a_refusal_keeps_the_servers_words_and_its_patience(http: ScriptedHttp, api: ServerApi) -> None:
    problem = b'{"title":"Busy","status":429,"detail":"Come\\u0007 back\\nlater","code":"busy"}'
    http.routes["/sync/push"] = lambda it: (it.body(), it.say(429, problem, Retry_After="7"))[1]
    assert api.push(a_push()) == Refused(429, "busy", "Come back later", 7_000)
    http.routes["/sync/push"] = lambda it: (it.body(), it.say(413, b"<html>nginx</html>"))[1]
    assert api.push(a_push()) == Refused(413)


def test_a_server_that_cuts_the_line_leaves_it_open_whether_it_arrived(
    http: ScriptedHttp, api: ServerApi
) -> None:
    http.routes["/sync/push"] = lambda asked: (asked.body(), asked.cut())[1]
    outcome = api.push(a_push())
    assert isinstance(outcome, Unreachable)
    assert outcome.sent
    assert not outcome.timed_out


def test_an_answer_cut_in_the_middle_is_no_answer(http: ScriptedHttp, api: ServerApi) -> None:
    def half(asked: Asked) -> None:
        asked.body()
        asked.send_response(200)
        asked.send_header("Content-Length", "1000")
        asked.end_headers()
        asked.wfile.write(b"half")
        asked.close_connection = True

    http.routes["/sync/push"] = half
    outcome = api.push(a_push())
    assert isinstance(outcome, Unreachable)
    assert outcome.sent


def test_a_server_that_hangs_is_given_up_on(http: ScriptedHttp, api: ServerApi) -> None:
    http.routes["/sync/push"] = lambda asked: asked.hang()
    began = time.monotonic()
    outcome = api.push(a_push())
    assert isinstance(outcome, Unreachable)
    assert (outcome.sent, outcome.timed_out) == (True, True)
    assert time.monotonic() - began < 3


def test_a_server_that_drips_is_given_up_on_too(http: ScriptedHttp, api: ServerApi) -> None:
    def drip(asked: Asked) -> None:
        asked.body()
        asked.send_response(200)
        asked.send_header("Content-Length", "1000")
        asked.end_headers()
        for _ in range(1000):
            asked.wfile.write(b"x")
            asked.wfile.flush()
            if asked.server.over.wait(0.05):
                return

    http.routes["/sync/push"] = drip
    outcome = api.push(a_push())
    assert isinstance(outcome, Unreachable)
    assert outcome.timed_out


def test_nobody_at_the_address_means_that_nothing_was_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        api = ServerApi(f"http://127.0.0.1:{taken.getsockname()[1]}", "d", unsigned, QUICK)
        outcome = api.push(a_push())
        api.close()
    assert isinstance(outcome, Unreachable)
    assert not outcome.sent


def test_an_address_that_is_none_is_nonsense() -> None:
    api = ServerApi("ftp://shop.example", "d", unsigned, QUICK)
    assert isinstance(api.push(a_push()), Nonsense)
    api.close()


def test_shutting_down_breaks_off_what_hangs(http: ScriptedHttp) -> None:
    patient = ServerApi(http.url, "d", unsigned, TimeLimits())
    http.routes["/sync/push"] = lambda asked: asked.hang()
    outcomes: list[object] = []
    thread = Thread(target=lambda: outcomes.append(patient.push(a_push())))
    thread.start()
    while not http.times("/sync/push"):
        thread.join(0.01)
    patient.abort()
    thread.join(2)
    assert not thread.is_alive()
    assert isinstance(outcomes[0], Unreachable)
    assert isinstance(patient.push(a_push()), Unreachable)
    patient.close()


class Bucket:
    def __init__(self, most: int = 1 << 30) -> None:
        self.content = bytearray()
        self.most = most

    def start_at(self, offset: int) -> None:
        del self.content[offset:]

    def write(self, piece: bytes) -> bool:
        self.content += piece
        return len(self.content) < self.most


def ranged(content: bytes) -> Callable[[Asked], None]:
    def answer(asked: Asked) -> None:
        first = int(asked.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        if first:
            span = f"bytes {first}-{len(content) - 1}/{len(content)}"
            asked.say(206, content[first:], Content_Range=span)
        else:
            asked.say(200, content)

    return answer


def test_a_download_goes_on_where_it_was_cut(http: ScriptedHttp, api: ServerApi) -> None:
    content = bytes(range(256)) * 5000
    http.routes["/sync/blob/abc"] = ranged(content)
    bucket = Bucket()
    bucket.content += content[:1000]
    assert api.blob("abc", 1000, bucket) == Reply(len(content) - 1000)
    assert bucket.content == content


def test_a_server_that_will_not_resume_starts_over(http: ScriptedHttp, api: ServerApi) -> None:
    http.routes["/sync/blob/abc"] = lambda asked: asked.say(200, b"whole file")
    bucket = Bucket()
    bucket.content += b"whole"
    assert api.blob("abc", 5, bucket) == Reply(10)
    assert bucket.content == b"whole file"


@pytest.mark.parametrize("span", ["bytes 3-9/10", "pages 1-2", ""])
def test_a_part_from_elsewhere_is_nonsense(http: ScriptedHttp, api: ServerApi, span: str) -> None:
    http.routes["/sync/blob/abc"] = lambda asked: asked.say(206, b"xx", Content_Range=span)
    assert isinstance(api.blob("abc", 5, Bucket()), Nonsense)


def test_a_download_ends_early_when_nobody_wants_it(http: ScriptedHttp, api: ServerApi) -> None:
    http.routes["/sync/blob/abc"] = ranged(bytes(2 << 20))
    assert isinstance(api.blob("abc", 0, Bucket(most=1)), Unreachable)


def test_a_download_that_is_refused_or_cut_says_so(http: ScriptedHttp, api: ServerApi) -> None:
    http.routes["/sync/blob/abc"] = lambda asked: asked.say(416)
    assert api.blob("abc", 5, Bucket()) == Refused(416)
    http.routes["/sync/blob/abc"] = lambda asked: asked.cut()
    assert isinstance(api.blob("abc", 0, Bucket()), Unreachable)


def test_a_download_has_an_end_in_time(http: ScriptedHttp) -> None:
    api = ServerApi(http.url, "d", unsigned, TimeLimits(download_s=0.0))
    http.routes["/sync/blob/abc"] = lambda asked: asked.say(200, b"x" * 100)
    outcome = api.blob("abc", 0, Bucket())
    api.close()
    assert isinstance(outcome, Unreachable)
    assert outcome.timed_out
