"""What a till makes of a refusal's words and of the wait that it asks for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pos_client.sync.outcomes import LocalFault, Nonsense, Refused, Unreachable, in_words
from pos_client.sync.problem_document import LONGEST_MESSAGE, read_refusal

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "wait_ms"),
    [
        ("", 0),
        ("120", 120_000),
        ("9" * 40, 999_999_999_000),
        ("-5", 0),
        ("soon", 0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30_000),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
        ("Sat, 21 Nov 2026 12:00:30 -0000", 0),
    ],
)
def test_a_wait_may_be_seconds_or_a_date(header: str, wait_ms: int) -> None:
    assert read_refusal(503, b"", header, NOON).retry_after_ms == wait_ms


def test_a_proxys_page_is_no_problem_document() -> None:
    assert read_refusal(502, b"<html>Bad gateway</html>", "") == Refused(502)
    assert read_refusal(502, b"\xff\xfe", "") == Refused(502)


def test_a_title_stands_in_for_a_detail_and_no_message_is_endless() -> None:
    refused = read_refusal(400, b'{"title":"' + b"long " * 1000 + b'"}', "")
    assert refused.message.startswith("long long")
    assert len(refused.message) <= LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Refused(401), "not_admitted"),
        (Refused(403), "not_allowed"),
        (Refused(413), "too_large"),
        (Refused(426), "update_needed"),
        (Refused(429), "server_busy"),
        (Refused(503), "server_fault"),
        (Refused(400, message="what?"), "refused"),
        (Refused(404), "refused"),
        (Unreachable("no route"), "offline"),
        (Nonsense("a web page"), "nonsense"),
        (LocalFault("disk full"), "local_fault"),
    ],
)
def test_every_ending_has_a_code_and_plain_words(failure: Refused, code: str) -> None:
    found, message = in_words(failure)
    assert found == code
    assert message.endswith(".")
    assert "Error" not in message
