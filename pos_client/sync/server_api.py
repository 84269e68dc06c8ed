"""The till's only HTTP: one method a route, time and size limits on everything, every ending a value."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any, TypeVar

import httpx
import msgspec

from pos_client.sync.open_sockets import OpenSockets
from pos_client.sync.outcomes import Failure, Nonsense, Refused, Reply, Unreachable
from pos_client.sync.problem_document import read_refusal
from pos_client.sync.server_port import BlobSink
from shared_models import wire
from shared_models.evidence_api import FileHeld, FileOffer, FilePiece
from shared_models.journal import Sign
from shared_models.leases import (
    LeaseClosing,
    LeaseReply,
    LeaseRequest,
    ParkedFate,
    ParkedList,
    ParkedLook,
    ParkedOffer,
    ReceiptAsked,
    ReceiptStated,
)
from shared_models.protocol import OLDEST_PROTOCOL, PROTOCOL, PROTOCOL_HEADER
from shared_models.reference import FeedPage, FeedPosition
from shared_models.sync_api import (
    MAX_MESSAGE_BYTES,
    MEDIA_TYPE,
    Challenge,
    Enrolled,
    EnrolRequest,
    HashesReply,
    HashesRequest,
    Hello,
    HelloReply,
    Poke,
    Push,
    PushReply,
    SnapshotManifest,
    Token,
    TokenRequest,
)

M = TypeVar("M")
TOKEN_TAG = b"evertill-token\0"
_LONGEST_TOKEN = 4096


class TimeLimits(msgspec.Struct, frozen=True):
    """Seconds: to connect, without a byte, for a whole answer; a download and a poke may take longer."""

    connect_s: float = 5.0
    silence_s: float = 15.0
    answer_s: float = 30.0
    download_s: float = 3600.0
    poke_s: float = 60.0


AT_THE_COUNTER = TimeLimits(connect_s=2.0, silence_s=4.0, answer_s=6.0)
"""For what a customer waits for."""
IN_THE_SHOP = TimeLimits(connect_s=2.0, silence_s=6.0, answer_s=12.0)
"""For the store's hub, beside which there is another way."""


class ServerApi:
    """A `Server` over HTTP. Logs in by signing a challenge when it must, and once again after a 401."""

    def __init__(
        self,
        base_url: str,
        device_id: str,
        sign: Sign,
        limits: TimeLimits | None = None,
        protocol: int = PROTOCOL,
    ) -> None:
        self._device_id = device_id
        self._sign = sign
        self._limits = limits or TimeLimits()
        self._sockets = OpenSockets()
        self._ours = self._theirs = protocol
        self._token = ""
        self._token_lock = Lock()
        self._client = httpx.Client(
            base_url=base_url,
            timeout=httpx.Timeout(self._limits.silence_s, connect=self._limits.connect_s),
            follow_redirects=False,
            headers={"Accept": MEDIA_TYPE, "Accept-Encoding": "identity"},
            verify=_who_is_trusted(),
        )

    def enrol(self, request: EnrolRequest) -> Reply[Enrolled] | Failure:
        return self._ask("POST", "/sync/enrol", Enrolled, request)

    def hello(self, hello: Hello) -> Reply[HelloReply] | Failure:
        return self._admitted(lambda: self._ask("POST", "/sync/hello", HelloReply, hello))

    def push(self, push: Push) -> Reply[PushReply] | Failure:
        return self._admitted(lambda: self._ask("POST", "/sync/push", PushReply, push))

    def push_raw(self, push: Push, reason: str) -> Reply[PushReply | None] | Failure:
        body, params = wire.pack(push, self._theirs), {"reason": reason}
        outcome = self._admitted(lambda: self._answer("POST", "/sync/push_raw", body, params))
        return (
            _message(outcome, PushReply) if isinstance(outcome, Reply) and outcome.value else _kept(outcome)
        )

    def hashes(self, incarnation: bytes, seqs: Sequence[int]) -> Reply[HashesReply] | Failure:
        request = HashesRequest(incarnation=incarnation, seqs=tuple(seqs))
        return self._admitted(lambda: self._ask("POST", "/sync/hashes", HashesReply, request), since=2)

    def feed(self, stream: str, epoch: str, after: int, limit: int) -> Reply[FeedPage] | Failure:
        params = {"stream": stream, "epoch": epoch, "after": after, "limit": limit}
        return self._admitted(lambda: self._ask("GET", "/sync/feed", FeedPage, params=params))

    def snapshot(self, store_id: str) -> Reply[SnapshotManifest] | Failure:
        return self._admitted(lambda: self._ask("GET", f"/sync/snapshot/{store_id}", SnapshotManifest))

    def poke(self, have: Sequence[FeedPosition]) -> Reply[Poke] | Failure:
        params = {"have": ",".join(f"{position.stream}:{position.ver}" for position in have)}
        return self._admitted(
            lambda: self._ask("GET", "/sync/poke", Poke, params=params, silence_s=self._limits.poke_s)
        )

    def blob(self, sha256: str, offset: int, sink: BlobSink) -> Reply[int] | Failure:
        return self._admitted(lambda: self._download(sha256, offset, sink))

    def lease(self, wanted: LeaseRequest) -> Reply[LeaseReply] | Failure:
        return self._admitted(lambda: self._ask("POST", "/lease", LeaseReply, wanted), since=3)

    def close_lease(self, lease_id: str, used: int) -> Reply[LeaseReply] | Failure:
        path = f"/lease/{lease_id}/{'capture' if used else 'release'}"
        return self._admitted(lambda: self._ask("POST", path, LeaseReply, LeaseClosing(used=used)), since=3)

    def receipt(self, receipt_number: str) -> Reply[ReceiptStated] | Failure:
        asked = ReceiptAsked(receipt_number=receipt_number)
        return self._admitted(lambda: self._ask("POST", "/lease/receipt", ReceiptStated, asked), since=3)

    def offer(self, ticket: ParkedOffer) -> Reply[ParkedFate] | Failure:
        return self._admitted(lambda: self._ask("POST", "/lease/parked", ParkedFate, ticket), since=3)

    def look(self, asked: ParkedLook) -> Reply[ParkedList] | Failure:
        return self._admitted(lambda: self._ask("POST", "/lease/parked/look", ParkedList, asked), since=3)

    def offer_file(self, offer: FileOffer) -> Reply[FileHeld] | Failure:
        return self._admitted(lambda: self._ask("POST", "/sync/evidence", FileHeld, offer))

    def send_piece(self, piece: FilePiece) -> Reply[FileHeld] | Failure:
        return self._admitted(lambda: self._ask("POST", "/sync/evidence/piece", FileHeld, piece))

    def abort(self) -> None:
        self._sockets.shut()

    def close(self) -> None:
        self._sockets.shut()
        self._client.close()

    def _admitted(self, ask: Callable[[], Reply[M] | Failure], since: int = 1) -> Reply[M] | Failure:
        """`ask` with a token; a token that the server no longer takes is replaced once. `since` is the protocol."""
        refused = self._log_in(replacing="") or self._too_old(since)
        if refused is not None:
            return refused
        used = self._token
        outcome = ask()
        if isinstance(outcome, Refused) and outcome.status == 401:
            return self._log_in(replacing=used) or ask()
        return outcome

    def _log_in(self, replacing: str) -> Failure | None:
        with self._token_lock:
            if self._token != replacing:
                return None
            self._token = ""
            challenge = self._ask("GET", "/sync/challenge", Challenge, params={"device_id": self._device_id})
            if not isinstance(challenge, Reply):
                return challenge
            nonce = challenge.value.nonce
            request = TokenRequest(
                device_id=self._device_id, nonce=nonce, signature=self._sign(TOKEN_TAG + nonce.encode())
            )
            token = self._ask("POST", "/sync/token", Token, request)
            if not isinstance(token, Reply):
                return token
            if not _fits_a_header(token.value.token):
                return Nonsense("the token is not one that can be sent")
            self._token = token.value.token
            return None

    def _ask(
        self,
        method: str,
        path: str,
        kind: type[M],
        message: Any = None,
        *,
        params: dict[str, Any] | None = None,
        silence_s: float | None = None,
    ) -> Reply[M] | Failure:
        body = None if message is None else wire.pack(message, self._theirs)
        outcome = self._answer(method, path, body, params or {}, silence_s)
        return _message(outcome, kind) if isinstance(outcome, Reply) else outcome

    def _answer(
        self,
        method: str,
        path: str,
        body: bytes | None,
        params: dict[str, Any],
        silence_s: float | None = None,
    ) -> Reply[bytes] | Failure:
        """The body of a 2xx answer, read whole within the limits."""
        limit_s = self._limits.answer_s + (silence_s or 0)
        progress = _Progress(limit_s)
        try:
            with self._stream(method, path, progress, silence_s, content=body, params=params) as response:
                raw = b"".join(progress.pieces(response.iter_raw(), MAX_MESSAGE_BYTES))
        except httpx.HTTPError as broken:
            return progress.broken(broken)
        except (httpx.InvalidURL, httpx.StreamError) as broken:
            return Nonsense(str(broken))
        return _judged(response, raw, progress)

    def _download(self, sha256: str, offset: int, sink: BlobSink) -> Reply[int] | Failure:
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        progress = _Progress(self._limits.download_s)
        try:
            with self._stream("GET", f"/sync/blob/{sha256}", progress, None, headers=headers) as response:
                if response.status_code not in (200, 206):
                    raw = b"".join(progress.pieces(response.iter_raw(), MAX_MESSAGE_BYTES))
                    return _refusal(response, raw)
                start = _start_of(response)
                if start not in (0, offset):
                    return Nonsense(f"bytes from {start} for a download from {offset}")
                sink.start_at(start)
                # no chunk size: httpx would hold back, and on a cut lose, what doesn't fill a chunk
                return _poured(progress.pieces(response.iter_raw(), None), sink, progress)
        except httpx.HTTPError as broken:
            return progress.broken(broken)

    def _hear_protocol(self, said: str) -> None:
        """An older server says none; a proxy's own page neither, which changes nothing."""
        if said.isascii() and said.isdecimal():
            self._theirs = max(OLDEST_PROTOCOL, min(self._ours, int(said[:6])))

    def _too_old(self, protocol: int) -> Failure | None:
        """What the till may not ask of a server that does not know it yet."""
        if self._theirs >= protocol:
            return None
        return Refused(501, "server_too_old", "The server does not know that yet.")

    @contextmanager
    def _stream(
        self, method: str, path: str, progress: _Progress, silence_s: float | None, **what: Any
    ) -> Iterator[httpx.Response]:
        headers = {"Content-Type": MEDIA_TYPE, **what.pop("headers", {})}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        read_s = silence_s or self._limits.silence_s
        timeout = httpx.Timeout(self._limits.silence_s, connect=self._limits.connect_s, read=read_s)

        def trace(event: str, info: dict[str, Any]) -> None:
            progress.note(event)
            self._sockets.note(event, info)

        request = self._client.build_request(
            method, path, headers=headers, timeout=timeout, extensions={"trace": trace}, **what
        )
        if self._sockets.is_shut:
            raise httpx.ConnectError("the till is shutting down", request=request)
        response = self._client.send(request, stream=True)
        self._hear_protocol(response.headers.get(PROTOCOL_HEADER, ""))
        try:
            yield response
        finally:
            response.close()


@cache
def _who_is_trusted() -> ssl.SSLContext:
    """Read once: a till talks to two servers and more, and the certificates of the world take long to read."""
    return httpx.create_ssl_context()


class _Progress:
    """How far one request came, and whether its time or its size is used up."""

    def __init__(self, limit_s: float) -> None:
        self._end_s = time.monotonic() + limit_s
        self.sent = False
        self.too_long = False
        self.too_large = False

    def note(self, event: str) -> None:
        if event.endswith("send_request_headers.started"):
            self.sent = True

    def pieces(self, pieces: Iterator[bytes], most: int | None) -> Iterator[bytes]:
        size = 0
        for piece in pieces:
            size += len(piece)
            self.too_large = most is not None and size > most
            self.too_long = time.monotonic() > self._end_s
            if self.too_large or self.too_long:
                return
            yield piece

    def broken(self, broken: httpx.HTTPError) -> Failure:
        if isinstance(broken, httpx.UnsupportedProtocol | httpx.DecodingError):
            return Nonsense(str(broken))
        timed_out = isinstance(broken, httpx.TimeoutException)
        reason = "no answer in time" if timed_out else str(broken) or type(broken).__name__
        return Unreachable(reason, sent=self.sent, timed_out=timed_out)


def _judged(response: httpx.Response, raw: bytes, progress: _Progress) -> Reply[bytes] | Failure:
    if progress.too_long:
        return Unreachable("no whole answer in time", sent=True, timed_out=True)
    if progress.too_large:
        return Nonsense("the answer is larger than any message")
    if 200 <= response.status_code < 300:
        return Reply(raw)
    return _refusal(response, raw)


def _refusal(response: httpx.Response, raw: bytes) -> Failure:
    if 300 <= response.status_code < 400:
        return Nonsense(f"it points to {response.headers.get('location', 'nowhere')[:100]}")
    return read_refusal(response.status_code, raw, response.headers.get("retry-after", ""))


def _message(answer: Reply[bytes], kind: type[M]) -> Reply[M] | Failure:
    if answer.value.lstrip()[:1] == b"<":
        return Nonsense("a web page, not Evertill's server")
    try:
        return Reply(wire.unpack(answer.value, kind))
    except wire.MalformedMessage as reason:
        return Nonsense(reason.message)


def _fits_a_header(token: str) -> bool:
    return 0 < len(token) <= _LONGEST_TOKEN and token.isascii() and token.isprintable() and " " not in token


def _kept(outcome: Reply[bytes] | Failure) -> Reply[PushReply | None] | Failure:
    return Reply(None) if isinstance(outcome, Reply) else outcome


def _start_of(response: httpx.Response) -> int:
    """Where the body starts: 0 for a whole one, -1 when a part doesn't say which it is."""
    if response.status_code == 200:
        return 0
    first = response.headers.get("content-range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdecimal() else -1


def _poured(pieces: Iterator[bytes], sink: BlobSink, progress: _Progress) -> Reply[int] | Failure:
    size = 0
    for piece in pieces:
        size += len(piece)
        if not sink.write(piece):
            return Unreachable("the download was broken off", sent=True)
    if progress.too_long:
        return Unreachable("the download takes too long", sent=True, timed_out=True)
    return Reply(size)
