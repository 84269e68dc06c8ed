"""How a request to the server can end: as values, so that nobody above HTTP catches exceptions."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Reply(msgspec.Struct, Generic[T], frozen=True):
    """The server answered what was asked."""

    value: T


class Refused(msgspec.Struct, frozen=True):
    """A status past 399. `code` and `message` are those of the server's problem document, if it sent one."""

    status: int
    code: str = ""
    message: str = ""
    retry_after_ms: int = 0


class Unreachable(msgspec.Struct, frozen=True):
    """No answer. With `sent` the request may have arrived and been carried out; this side can't know."""

    reason: str
    sent: bool = False
    timed_out: bool = False


class Nonsense(msgspec.Struct, frozen=True):
    """An answer that the protocol does not know: another program at the address, a portal's page."""

    reason: str


class LocalFault(msgspec.Struct, frozen=True):
    """This machine could not do its part: no room on the disk, a file out of reach, a bug."""

    reason: str


Failure = Refused | Unreachable | Nonsense | LocalFault

_REFUSALS = {
    401: (
        "not_admitted",
        "The server does not admit this till. Enrol it with a new code.",
    ),
    403: ("not_allowed", "The server has shut this till out. Ask head office to allow it."),
    413: ("too_large", "The server takes smaller batches. The till divides them by itself."),
    426: ("update_needed", "The server needs a newer till program. Update this till."),
    501: (
        "server_too_old",
        "The server is older than this till. Ask head office to update it; the till sells on.",
    ),
    429: ("server_busy", "The server is busy. The till waits and tries again by itself."),
}


def in_words(failure: Failure) -> tuple[str, str]:
    """(code, message) for the status line; the code is stable, the message says what to do."""
    match failure:
        case Refused(status=503, retry_after_ms=asked_ms) if asked_ms:
            return _REFUSALS[429]
        case Refused(status=status, message=message):
            if status in _REFUSALS:
                return _REFUSALS[status]
            if status >= 500:
                return "server_fault", f"The server has a fault ({status}). The till tries again by itself."
            told = f": {message}" if message else ""
            return "refused", f"The server refused ({status}){told}. Nothing is lost; tell head office."
        case Unreachable(reason=reason):
            return (
                "offline",
                f"No connection to the server ({reason}). The till sells on and tries again by itself.",
            )
        case Nonsense(reason=reason):
            return "nonsense", f"The server's answer makes no sense ({reason}). Check the server's address."
        case LocalFault(reason=reason):
            return "local_fault", f"This till could not do its part ({reason}). It tries again by itself."
