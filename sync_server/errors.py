"""Errors on their way out as problem documents (RFC 9457), and strict reading of bodies on the way in."""

from __future__ import annotations

import logging
import re
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from sqlalchemy.exc import DataError

from shared_models.errors import ShopError

PROBLEM = "application/problem+json"
T = TypeVar("T")
_LOGGED_CHARACTERS = 300
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_log = logging.getLogger(__name__)


class Invalid(ShopError):
    """What was sent is not what is asked for."""

    code = "invalid"
    status = 400


class NotLoggedIn(ShopError):
    code = "not_logged_in"
    status = 401


class Forbidden(ShopError):
    code = "forbidden"
    status = 403


class NotFound(ShopError):
    code = "not_found"
    status = 404


class Conflict(ShopError):
    """It was changed meanwhile, or is there already."""

    code = "conflict"
    status = 409


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457; `code` is ours and stable, `detail` says what to do."""

    title: str
    status: int
    detail: str
    code: str
    type: str = "about:blank"
    errors: dict[str, str] = {}


def read_json(body: bytes, kind: type[T]) -> T:
    """The body as `kind`, strictly: "3" is not 3, and no text holds a NUL, which PostgreSQL would not take."""
    if _NUL.search(body):
        raise Invalid("The body holds a NUL character. Remove it.")
    try:
        return msgspec.json.decode(body, type=kind, strict=True)
    except (msgspec.DecodeError, UnicodeDecodeError) as reason:
        raise Invalid(f"The body is not as it should be: {reason}.") from reason


def on_shop_error(request: Request[Any, Any, Any], error: ShopError) -> Response[Any]:
    status = int(getattr(error, "status", 400))
    if status == 401 and "text/html" in request.headers.get("accept", ""):
        return Redirect(f"/login?next={request.url.path}")
    _note_why(request, error.code, error.message)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else dict(getattr(error, "headers", {}))
    details = {name: str(value) for name, value in error.details.items()}
    return problem(status, type(error).__name__, error.message, error.code, details, headers)


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What the framework itself refuses: no such route, a wrong parameter, a body too large."""
    code = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(error.status_code, "invalid")
    _note_why(request, code, str(error.detail))
    return problem(
        error.status_code, type(error).__name__, str(error.detail), code, {}, dict(error.headers or {})
    )


def on_data_error(request: Request[Any, Any, Any], error: DataError) -> Response[Any]:
    """What no check of ours caught and the database did: a text too long for its column, a number out of range."""
    _log.info("the database refused a value at %s %s: %s", request.method, request.url.path, error.orig)
    detail = "A text is too long or a number out of range. Make it smaller."
    _note_why(request, "invalid", detail)
    return problem(400, "Invalid", detail, "invalid", {}, {})


def on_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A bug: the log gets all of it, the outside nothing."""
    _log.error("unexpected error at %s %s", request.method, request.url.path, exc_info=error)
    detail = "Something went wrong on the server. It has been logged; try again."
    return problem(500, "Internal error", detail, "internal_error", {}, {})


def _note_why(request: Request[Any, Any, Any], code: str, message: str) -> None:
    """For the request's line in the log: the sender may be a machine that shows nobody what it was told."""
    request.scope["state"]["refused"] = f"{code}: {message}"[:_LOGGED_CHARACTERS]


def problem(
    status: int, title: str, detail: str, code: str, errors: dict[str, str], headers: dict[str, str]
) -> Response[Any]:
    body = msgspec.json.encode(Problem(title, status, detail, code, errors=errors))
    return Response(body, status_code=status, media_type=PROBLEM, headers=headers)
