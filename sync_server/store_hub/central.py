"""The central server as its hub meets it: the hub's only HTTP outwards, each call within a time limit."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec

from shared_models import wire
from shared_models.errors import ShopError
from shared_models.hub_api import HubEnrolled, HubEnrolRequest, HubHello, HubHelloReply
from shared_models.journal import Sign
from shared_models.reference import FeedPage, FeedPosition
from shared_models.sync_api import (
    MEDIA_TYPE,
    Challenge,
    HashesReply,
    HashesRequest,
    Poke,
    Push,
    PushReply,
    SnapshotManifest,
    Token,
    TokenRequest,
)
from sync_server.errors import Problem
from sync_server.feed.service import MAX_PAGE

_TIMEOUT = httpx.Timeout(20, connect=5)
_WHILE_A_TILL_WAITS = httpx.Timeout(3, connect=2)
_POKE_S = 60.0
_TOKEN_TAG = b"evertill-token\0"
M = TypeVar("M")


class CentralAway(ShopError):
    """No answer, or none that makes sense: it is asked again later.

    With `was_sent` the request may have arrived, and may be what keeps the central server from answering.
    """

    code = "central_away"
    status = 503

    def __init__(self, message: str, *, was_sent: bool = False) -> None:
        super().__init__(message)
        self.was_sent = was_sent


class CentralRefused(ShopError):
    """An answer past 399; `refusal` is the code of its problem document, `answered` the HTTP status.

    `is_busy`: it says when to come back, so it is not about what was sent.
    """

    code = "central_refused"
    status = 503

    def __init__(self, message: str, answered: int, refusal: str, *, is_busy: bool = False) -> None:
        super().__init__(message)
        self.is_busy = is_busy
        self.answered = answered
        self.refusal = refusal


class Central:
    """Logs in by signing a challenge when it must. Safe to call from several threads."""

    def __init__(self, url: str, hub_id: str, sign: Sign, *, a_till_waits: bool = False) -> None:
        self._hub_id = hub_id
        self._sign = sign
        self._token = ""
        self._lock = threading.Lock()
        timeout = _WHILE_A_TILL_WAITS if a_till_waits else _TIMEOUT
        self._client = httpx.Client(
            base_url=url, timeout=timeout, headers={"Accept-Encoding": "identity"}, verify=_who_is_trusted()
        )

    def enrol(self, asked: HubEnrolRequest) -> HubEnrolled:
        return _read(self._send("POST", "/sync/hub/enrol", content=wire.pack(asked)), HubEnrolled)

    def hello(self, said: HubHello) -> HubHelloReply:
        return self._ask("POST", "/sync/hub/hello", HubHelloReply, content=wire.pack(said))

    def push(self, device_id: str, push: Push) -> PushReply:
        params = {"device_id": device_id}
        return self._ask("POST", "/sync/hub/push", PushReply, params=params, content=wire.pack(push))

    def push_raw(self, device_id: str, frame: bytes, reason: str) -> PushReply | None:
        """None when it is only kept."""
        params = {"device_id": device_id, "reason": reason}
        answer = self._admitted("POST", "/sync/hub/push_raw", params=params, content=frame)
        return _read(answer, PushReply) if answer else None

    def hashes(self, device_id: str, asked: HashesRequest) -> HashesReply:
        params = {"device_id": device_id}
        return self._ask("POST", "/sync/hub/hashes", HashesReply, params=params, content=wire.pack(asked))

    def page(self, stream: str, epoch: str, after: int, limit: int = MAX_PAGE) -> FeedPage:
        params = {"stream": stream, "epoch": epoch, "after": after, "limit": limit}
        return self._ask("GET", "/sync/feed", FeedPage, params=params)

    def manifest(self, store_id: str) -> SnapshotManifest:
        return self._ask("GET", f"/sync/snapshot/{store_id}", SnapshotManifest, timeout=300)

    def blob(self, sha256: str, to: Path) -> None:
        """Goes on where the file at `to` ends."""
        self._log_in("")
        have = to.stat().st_size if to.exists() else 0
        headers = {"Authorization": f"Bearer {self._token}"} | ({"Range": f"bytes={have}-"} if have else {})
        try:
            with self._client.stream("GET", f"/sync/blob/{sha256}", headers=headers) as answer:
                if answer.status_code not in (200, 206):
                    to.unlink(missing_ok=True)
                    raise CentralAway(f"the catalogue's file could not be fetched ({answer.status_code})")
                with to.open("ab" if answer.status_code == 206 else "wb") as file:
                    for piece in answer.iter_raw():
                        file.write(piece)
        except httpx.HTTPError as reason:
            raise _away(reason) from reason

    def poke(self, have: Sequence[FeedPosition]) -> Poke:
        params = {"have": ",".join(f"{at.stream}:{at.ver}" for at in have)}
        return self._ask("GET", "/sync/poke", Poke, params=params, timeout=_POKE_S)

    def close(self) -> None:
        self._client.close()

    def _ask(self, method: str, path: str, kind: type[M], **what: Any) -> M:
        return _read(self._admitted(method, path, **what), kind)

    def _admitted(self, method: str, path: str, **what: Any) -> bytes:
        """With a token; one that is no longer taken is replaced once."""
        used = self._log_in("")
        try:
            return self._send(method, path, token=used, **what)
        except CentralRefused as reason:
            if reason.answered != 401:
                raise
            return self._send(method, path, token=self._log_in(used), **what)

    def _log_in(self, replacing: str) -> str:
        with self._lock:
            if not self._token or self._token == replacing:
                nonce = _read(self._send("GET", "/sync/challenge"), Challenge).nonce
                signature = self._sign(_TOKEN_TAG + nonce.encode())
                asked = TokenRequest(device_id=self._hub_id, nonce=nonce, signature=signature)
                self._token = _read(
                    self._send("POST", "/sync/hub/token", content=wire.pack(asked)), Token
                ).token
            return self._token

    def _send(self, method: str, path: str, token: str = "", **what: Any) -> bytes:
        headers = {"Content-Type": MEDIA_TYPE} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            answer = self._client.request(method, path, headers=headers, **what)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, RuntimeError) as reason:
            raise _away(reason) from reason  # RuntimeError: the client was closed, the hub is stopping
        if answer.status_code >= 400:
            raise _refusal(answer)
        if answer.status_code >= 300:
            raise CentralAway("The central server points elsewhere. Check its address.")
        return answer.content


@cache
def _who_is_trusted() -> ssl.SSLContext:
    """Read once for all that a hub's program asks with."""
    return httpx.create_ssl_context()


def _read(body: bytes, kind: type[M]) -> M:
    try:
        return wire.unpack(body, kind)
    except wire.MalformedMessage as reason:
        raise CentralAway(f"The central server's answer makes no sense: {reason.message}") from reason


def _refusal(answer: httpx.Response) -> CentralRefused:
    try:
        problem = msgspec.json.decode(answer.content, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = Problem("", answer.status_code, "", "")
    message = problem.detail or f"The central server refused ({answer.status_code})."
    is_busy = answer.status_code == 503 and "retry-after" in answer.headers
    return CentralRefused(message, answer.status_code, problem.code, is_busy=is_busy)


def _away(reason: Exception) -> CentralAway:
    never_left = isinstance(reason, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    return CentralAway(
        f"The central server can't be reached ({str(reason) or type(reason).__name__}).",
        was_sent=isinstance(reason, httpx.TransportError) and not never_left,
    )
