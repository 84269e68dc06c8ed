"""The character NUL, which no text of a shop holds and which PostgreSQL does not take: refused at the door."""

from __future__ import annotations

from typing import Any

from litestar import Request

from sync_server.errors import Invalid

_ADVICE = "The request holds a NUL character. Remove it."


async def refuse_nul(request: Request[Any, Any, Any]) -> None:
    """Raises Invalid for a NUL in the address. Async, so that it needs no thread of its own."""
    if "\0" in request.url.path or b"%00" in bytes(request.scope.get("query_string", b"")):
        raise Invalid(_ADVICE)


def refuse_nul_in_form(body: bytes) -> None:
    if b"%00" in body or b"\0" in body:
        raise Invalid(_ADVICE)
