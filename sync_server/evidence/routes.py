"""What the server has signed, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Annotated, Any

import msgspec
from litestar import Request, get
from litestar.concurrency import sync_to_thread
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from sync_server.auth import actor_of, permission
from sync_server.database import Database
from sync_server.evidence.service import EvidenceService, SigningKey
from sync_server.store_scope import store_in_scope

_READ = [permission("evidence.read")]
_PIECE = 1 << 18
WriteArchive = Callable[[IO[bytes], str, str, str, str], object]
"""Writes the archive of a store and a till, all where empty, from one day to another."""


class SigningKeys(msgspec.Struct, frozen=True):
    """`in_use` signs now; `used` are all that ever did, the oldest first."""

    in_use: SigningKey
    used: list[SigningKey]


def routes(
    db: Database, service: EvidenceService, write_archive: WriteArchive, folder: Path
) -> list[ControllerRouterHandler]:
    """`folder` is where an archive lies while it is made and sent."""

    @get(
        "/api/v1/evidence/keys",
        guards=_READ,
        sync_to_thread=True,
        summary="The keys that this server signed checkpoints with",
    )
    def keys() -> SigningKeys:
        with db.read() as tx:
            return SigningKeys(service.key, service.keys(tx))

    @get(
        "/api/v1/evidence/archive",
        guards=_READ,
        sync_to_thread=True,
        summary="The journals as a ZIP file that the verifier checks, as evertill-server archive writes it",
    )
    def archive(
        request: Request[Any, Any, Any],
        store_id: FromQuery[str] = "",
        till_id: FromQuery[str] = "",
        first_day: Annotated[str, QueryParameter(name="from")] = "",
        last_day: Annotated[str, QueryParameter(name="until")] = "",
    ) -> Stream:
        """`from` and `until` are days by the tills' clocks, such as 2026-11-26, and both belong to it."""
        store = store_in_scope(actor_of(request), store_id) or ""
        folder.mkdir(parents=True, exist_ok=True)
        file = TemporaryFile(dir=folder)  # noqa: SIM115 - it is closed when it was sent
        try:
            write_archive(file, store, till_id, first_day, last_day)
            size = file.tell()
        except BaseException:
            file.close()
            raise
        parts = [store, till_id, first_day, last_day]
        name = "-".join(["journals", *("".join(filter(_is_plain, one)) for one in parts if one)])
        headers = {"Content-Length": str(size), "Content-Disposition": f'attachment; filename="{name}.zip"'}
        return Stream(_pieces(file), media_type="application/zip", headers=headers)

    handlers: list[Any] = [keys, archive]
    return handlers


def _is_plain(letter: str) -> bool:
    return letter.isascii() and (letter.isalnum() or letter == "-")


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    """The file is gone when it is closed, and that is when it was sent, or nobody listens any more."""
    try:
        await sync_to_thread(file.seek, 0)
        while piece := await sync_to_thread(file.read, _PIECE):
            yield piece
    finally:
        file.close()
