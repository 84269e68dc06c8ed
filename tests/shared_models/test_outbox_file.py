"""A file of unsent entries opens with its own code only, and shows every cut and every altered byte."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared_models.errors import ShopError
from shared_models.outbox_file import BadOutboxFile, OutboxHead, OutboxReader, OutboxWriter, code_of
from shared_models.sync_api import Push, WireEntry
from tests.effort import examples

SALT = bytes(range(16))
HEAD = OutboxHead(device_id="device-0001", till_id="03-1", store_id="03", made_at_ms=1_795_000_000_000)
CODE = code_of(bytes(range(10)))


def a_push(seq: int) -> Push:
    entry = WireEntry(event_id=seq.to_bytes(16, "big"), type="x", schema=1, body=b"{}", signature=b"s" * 64)
    return Push(incarnation=b"i" * 16, first_seq=seq, prev=bytes(32), entries=(entry,), head_hash=b"h" * 32)


def a_file(pushes: int = 3, code: str = CODE) -> bytes:
    out = io.BytesIO()
    writer = OutboxWriter(out, code, SALT, HEAD)
    for seq in range(1, pushes + 1):
        writer.add(a_push(seq))
    writer.end()
    return out.getvalue()


WHOLE = a_file()
FEW = settings(max_examples=examples(20))
"""Every look takes the tenth of a second that keeps codes from being guessed."""


def read(content: bytes, code: str = CODE) -> tuple[OutboxHead, list[Push]]:
    reader = OutboxReader(io.BytesIO(content), code)
    return reader.head, list(reader.pushes())


def test_what_was_written_is_read_back() -> None:
    assert read(WHOLE) == (HEAD, [a_push(1), a_push(2), a_push(3)])
    assert read(a_file(0)) == (HEAD, [])


@pytest.mark.parametrize(
    "typed", [str.lower, lambda code: code.replace("-", " "), lambda code: code.replace("-", "")]
)
def test_the_code_may_be_typed_as_people_type(typed: Callable[[str], str]) -> None:
    assert read(WHOLE, typed(CODE))[0] == HEAD


def test_letters_that_look_like_digits_do_no_harm() -> None:
    code = "OIB2-AAAA-AAAA-AAAA"
    assert read(a_file(1, code), "018 2aaaa aaaa aaaa")[0] == HEAD


@pytest.mark.parametrize("code", ["", "AAAA-BBBB-CCCC-DDDD", CODE[:-1]])
def test_another_code_is_refused_in_words(code: str) -> None:
    with pytest.raises(BadOutboxFile, match="The code does not fit"):
        read(WHOLE, code)


@FEW
@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_cut_anywhere_is_refused(size: int) -> None:
    with pytest.raises(BadOutboxFile):
        read(WHOLE[:size])


@FEW
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_an_altered_byte_anywhere_is_found(at: int, difference: int) -> None:
    content = bytearray(WHOLE)
    content[at] ^= difference
    with pytest.raises(BadOutboxFile):
        read(bytes(content))


@FEW
@given(st.binary(max_size=200))
def test_bytes_of_anything_are_refused_and_never_a_crash(content: bytes) -> None:
    with pytest.raises(ShopError):
        read(content)


def test_frames_can_not_change_places() -> None:
    rest, frames = WHOLE[32:], []
    while rest:
        size = 4 + int.from_bytes(rest[:4], "big")
        frames.append(rest[:size])
        rest = rest[size:]
    frames[1], frames[2] = frames[2], frames[1]
    with pytest.raises(BadOutboxFile, match="altered"):
        read(WHOLE[:32] + b"".join(frames))
