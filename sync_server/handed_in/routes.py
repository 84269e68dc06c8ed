"""Handing in over HTTP, and the office's list of what is there, to fetch and to remove."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
from litestar import Request, Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from shared_models.evidence_api import FileOffer, FilePiece
from shared_models.wire import unpack
from sync_server.auth import actor_of, permission
from sync_server.database import Database
from sync_server.handed_in.service import HandedIn, TillFile
from sync_server.store_scope import store_in_scope
from sync_server.sync_messages import TillIdentity, packed, till, till_of

AnyRequest = Request[Any, Any, Any]
CheckDevice = Callable[[Any, TillIdentity], object]
StoreOf = Callable[[Any, str], str]
"""The store of a till; raises NotFound."""
_CHUNK = 1 << 18


def routes(
    db: Database, service: HandedIn, check_device: CheckDevice, store_of: StoreOf
) -> list[ControllerRouterHandler]:
    return [*_for_tills(db, service, check_device), *_for_the_office(db, service, store_of)]


def _for_tills(db: Database, service: HandedIn, check_device: CheckDevice) -> list[Any]:
    @post(
        "/sync/evidence",
        guards=[till],
        sync_to_thread=True,
        status_code=200,
        summary="Offer a file that was put aside, such as a damaged database",
    )
    def offer(request: AnyRequest, body: RawBody) -> Response[bytes]:
        who, said = till_of(request), unpack(body, FileOffer)
        with db.read() as tx:
            check_device(tx, who)
        return packed(service.offer(who, said))

    @post(
        "/sync/evidence/piece",
        guards=[till],
        sync_to_thread=True,
        status_code=200,
        summary="The next bytes of a file that was offered",
    )
    def piece(request: AnyRequest, body: RawBody) -> Response[bytes]:
        who, said = till_of(request), unpack(body, FilePiece)
        with db.read() as tx:
            check_device(tx, who)
        return packed(service.take(who, said))

    return [offer, piece]


def _for_the_office(db: Database, service: HandedIn, store_of: StoreOf) -> list[Any]:
    @get(
        "/api/v1/tills/{till_id:str}/files",
        guards=[permission("evidence.read")],
        sync_to_thread=True,
        summary="What a till handed in for repair, the newest first",
    )
    def list_files(request: AnyRequest, till_id: FromPath[str]) -> list[TillFile]:
        with db.read() as tx:
            store_in_scope(actor_of(request), store_of(tx, till_id))
            return service.files(tx, till_id)

    @get(
        "/api/v1/tills/{till_id:str}/files/{file_id:str}",
        guards=[permission("evidence.read")],
        sync_to_thread=True,
        summary="The file, byte by byte as it lay on the till's disk",
    )
    def fetch(request: AnyRequest, till_id: FromPath[str], file_id: FromPath[str]) -> Stream:
        with db.read() as tx:
            store_in_scope(actor_of(request), store_of(tx, till_id))
            file = service.file(tx, till_id, file_id)
        return sent(file, service.path(file))

    @post(
        "/api/v1/tills/{till_id:str}/files/{file_id:str}/remove",
        guards=[permission("tills.write")],
        sync_to_thread=True,
        status_code=204,
        summary="Remove it here, once it was looked at; the till keeps its own",
    )
    def remove(request: AnyRequest, till_id: FromPath[str], file_id: FromPath[str]) -> None:
        with db.read() as tx:
            store_in_scope(actor_of(request), store_of(tx, till_id))
        service.remove(till_id, file_id)

    return [list_files, fetch, remove]


def sent(file: TillFile, path: Path) -> Stream:
    headers = {
        "Content-Length": str(file.size),
        "Content-Disposition": f'attachment; filename="{file.till_id}-{file.name}"',
    }
    return Stream(_pieces(path), media_type="application/octet-stream", headers=headers)


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    async with await anyio.open_file(path, "rb") as file:
        while piece := await file.read(_CHUNK):
            yield piece
