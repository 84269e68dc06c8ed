"""A refusal as the server words it: a problem document (RFC 9457) if it is one, and how long to wait."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from pos_client.sync.outcomes import Refused

LONGEST_MESSAGE = 300


class _Problem(msgspec.Struct):
    title: str = ""
    detail: str = ""
    code: str = ""


_decoder = msgspec.json.Decoder(_Problem)


def read_refusal(status: int, body: bytes, retry_after: str, now: datetime | None = None) -> Refused:
    """`body` may be anything, a proxy's page too: then the status alone speaks."""
    try:
        problem = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = _Problem()
    wait_ms = _wait_ms(retry_after, now or datetime.now(UTC))
    return Refused(status, _printable(problem.code), _printable(problem.detail or problem.title), wait_ms)


def _printable(text: str) -> str:
    """On one line, without control characters, and not endless."""
    clean = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * LONGEST_MESSAGE])
    return " ".join(clean.split())[:LONGEST_MESSAGE]


def _wait_ms(retry_after: str, now: datetime) -> int:
    """Both forms of RFC 9110, 10.2.3: seconds, or a date; 0 for neither."""
    if retry_after.isascii() and retry_after.isdecimal():
        return int(retry_after[:9]) * 1000
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0
    if until.tzinfo is None:
        return 0
    return max(0, int((until - now).total_seconds() * 1000))
