"""The console's own style sheets and scripts: read once, served with a tag."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from litestar import Response, get
from litestar.params import FromPath

from sync_server.auth import public
from sync_server.console.view import AnyRequest
from sync_server.errors import NotFound

_FOLDER = Path(__file__).parent / "static"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class _File(NamedTuple):
    kind: str
    content: bytes
    tag: str


def routes() -> list[Any]:
    files = {path.name: _read(path) for path in _FOLDER.iterdir() if path.suffix in _KINDS}

    @get("/static/{name:str}", guards=[public], sync_to_thread=False, include_in_schema=False)
    def file(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        found = files.get(name)
        if found is None:
            raise NotFound("There is no such file.", name=name)
        headers = {"ETag": found.tag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == found.tag:
            return Response(b"", status_code=304, headers=headers)
        return Response(found.content, media_type=found.kind, headers=headers)

    return [file]


def _read(path: Path) -> _File:
    content = path.read_bytes()
    return _File(_KINDS[path.suffix], content, f'"{sha256(content).hexdigest()[:16]}"')
