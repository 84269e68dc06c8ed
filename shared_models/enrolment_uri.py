"""What the QR code of an enrolment says: the server's address and the one-time code, in one line to scan."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

from shared_models.errors import ShopError

_START = "evertill:enrol"


class BadEnrolmentUri(ShopError):
    """It is no such line, or a part of it is missing."""

    code = "bad_enrolment_uri"


def enrolment_uri(server: str, code: str) -> str:
    """`evertill:enrol?server=https%3A%2F%2Fshop.example&code=ABCD-EFGH-JKLM`"""
    return f"{_START}?{urlencode({'server': server, 'code': code})}"


def is_enrolment_uri(text: str) -> bool:
    return text.strip().lower().startswith(_START)


def read_enrolment_uri(text: str) -> tuple[str, str]:
    """(server, code); raises BadEnrolmentUri."""
    said = parse_qs(text.strip().partition("?")[2])
    server, code = said.get("server", [""])[0], said.get("code", [""])[0]
    if not is_enrolment_uri(text) or urlsplit(server).scheme not in ("http", "https") or not code:
        raise BadEnrolmentUri(
            "That is no enrolment. Scan the code that head office shows, or type its letters."
        )
    return server, code
