"""The feed over HTTP: pages, snapshots, their files, and the long-poll hint."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from shared_models.errors import ShopError
from shared_models.reference import FeedPosition, streams_of
from shared_models.sync_api import Poke
from sync_server.database import Database, Transaction
from sync_server.errors import Forbidden, Invalid
from sync_server.feed.pokes import PokeBoard
from sync_server.feed.service import MAX_PAGE, FeedService, check_stream
from sync_server.feed.snapshots import Snapshots
from sync_server.sync_messages import TillIdentity, packed, till, till_of

CheckDevice = Callable[[Transaction, TillIdentity], object]
"""Raises when the till's machine is not welcome any more."""
AnyRequest = Request[Any, Any, Any]
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{1,18})?")
_CHUNK = 256 << 10


class NoSuchRange(ShopError):
    code = "no_such_range"
    status = 416


def routes(
    db: Database,
    feed: FeedService,
    snapshots: Snapshots,
    board: PokeBoard,
    check_device: CheckDevice,
    poke_seconds: float,
) -> list[ControllerRouterHandler]:
    @get(
        "/sync/feed",
        guards=[till],
        sync_to_thread=True,
        summary="What changed in a stream, from a version on",
    )
    def page(
        request: AnyRequest,
        stream: FromQuery[str],
        epoch: FromQuery[str] = "",
        after: FromQuery[int] = 0,
        limit: FromQuery[int] = MAX_PAGE,
    ) -> Response[bytes]:
        who = till_of(request)
        check_stream(who.store_id, stream)
        with db.read() as tx:
            check_device(tx, who)
            return packed(feed.page(tx, stream, epoch, after, limit))

    @get(
        "/sync/snapshot/{store_id:str}",
        guards=[till],
        sync_to_thread=True,
        summary="What a new till loads first",
    )
    def manifest(request: AnyRequest, store_id: FromPath[str]) -> Response[bytes]:
        who = till_of(request)
        if store_id != who.store_id:
            raise Forbidden("A till takes the snapshot of its own store.")
        with db.read() as tx:
            check_device(tx, who)
        return packed(snapshots.manifest(store_id))

    @get(
        "/sync/blob/{name:str}",
        guards=[till],
        sync_to_thread=True,
        summary="A file of a snapshot, in parts if asked",
    )
    def blob(request: AnyRequest, name: FromPath[str]) -> Stream:
        with db.read() as tx:
            check_device(tx, till_of(request))
        return _part_of(snapshots.blob(name), request.headers.get("range", ""))

    @get(
        "/sync/poke",
        guards=[till],
        summary="Waits until there is news",
    )
    async def poke(request: AnyRequest, have: FromQuery[str] = "") -> Response[bytes]:
        """`have` is `stream:version,…` as the till holds them; news that is there already is told at once."""
        who = till_of(request)
        streams = frozenset(streams_of(who.store_id))
        held = _versions(have)
        waiting = asyncio.ensure_future(board.wait(streams, poke_seconds))
        await asyncio.sleep(0)  # on the board first, then the look: nothing falls between
        try:
            news = await asyncio.to_thread(_news, db, feed, check_device, who, held)
            if not news:
                news = await waiting
        finally:
            waiting.cancel()
        return packed(Poke(streams=tuple(sorted(news))))

    handlers: list[Any] = [page, manifest, blob, poke]
    return handlers


def _news(
    db: Database, feed: FeedService, check_device: CheckDevice, who: TillIdentity, held: dict[str, int]
) -> frozenset[str]:
    with db.read() as tx:
        check_device(tx, who)
        heads: tuple[FeedPosition, ...] = feed.positions(tx, who.store_id) if held else ()
    return frozenset(head.stream for head in heads if head.ver != held.get(head.stream, head.ver))


def _versions(have: str) -> dict[str, int]:
    versions = {}
    for part in filter(None, have.split(",")):
        stream, _, ver = part.rpartition(":")
        if not stream or not ver.isdecimal() or len(ver) > 18:
            raise Invalid("have is a list of stream:version, with commas between them.")
        versions[stream] = int(ver)
    return versions


def _part_of(path: Path, asked: str) -> Stream:
    """The file, or the one range of it that was asked for: a cut download goes on where it stopped."""
    size = path.stat().st_size
    first, last = 0, size - 1
    match = _RANGE.fullmatch(asked.replace(" ", ""))
    if match:
        first, last = int(match[1]), min(int(match[2] or last), last)
        if first > last:
            raise NoSuchRange(f"The file has {size} bytes.", size=size)
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(last - first + 1), "ETag": f'"{path.name}"'}
    if match:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return Stream(
        _chunks(path, first, last),
        status_code=206 if match else 200,
        media_type="application/octet-stream",
        headers=headers,
    )


async def _chunks(path: Path, first: int, last: int) -> AsyncIterator[bytes]:
    async with await anyio.open_file(path, "rb") as file:
        await file.seek(first)
        remaining = last - first + 1
        while remaining > 0 and (chunk := await file.read(min(_CHUNK, remaining))):
            remaining -= len(chunk)
            yield chunk
