"""What the QR code of an enrolment says comes back as it went in, and nothing else passes for it."""

from __future__ import annotations

import pytest

from shared_models.enrolment_uri import BadEnrolmentUri, enrolment_uri, is_enrolment_uri, read_enrolment_uri

SERVER, CODE = "https://shop.example:8443", "ABCD-EFGH-JKLM"


def test_server_and_code_come_back() -> None:
    uri = enrolment_uri(SERVER, CODE)
    assert is_enrolment_uri(uri)
    assert read_enrolment_uri(f" {uri}\n") == (SERVER, CODE)


def test_a_code_alone_is_none() -> None:
    assert not is_enrolment_uri(CODE)


@pytest.mark.parametrize(
    "text",
    [CODE, "evertill:enrol", "evertill:enrol?server=ftp://x&code=A", "evertill:enrol?server=https://x", ""],
)
def test_anything_else_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadEnrolmentUri, match="Scan the code that head office shows"):
        read_enrolment_uri(text)
