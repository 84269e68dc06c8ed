"""A newer machine leaves out what an older one does not know, and both packings are read."""

from __future__ import annotations

import gzip
from typing import Annotated

import msgspec
import pytest

from shared_models import wire
from shared_models.protocol import PROTOCOL, for_peer, since
from shared_models.sync_api import MAX_MESSAGE_BYTES, Message, TokenRequest


class OldPart(Message, frozen=True):
    a: int


class OldMessage(Message, frozen=True):
    name: str
    parts: tuple[OldPart, ...] = ()
    note: str = ""


class NewPart(Message, frozen=True):
    a: int
    b: Annotated[int, since(2)] = 0


class NewMessage(Message, frozen=True):
    name: str
    parts: tuple[NewPart, ...] = ()
    note: str = ""
    extra: Annotated[str, since(3)] = ""


NEW = NewMessage(name="n", parts=(NewPart(a=1, b=2), NewPart(a=3)), note="kept", extra="later")


def test_an_older_machine_reads_what_a_newer_one_wrote_for_it() -> None:
    read = wire.unpack(wire.pack(NEW, 1), OldMessage)
    assert read == OldMessage(name="n", parts=(OldPart(a=1), OldPart(a=3)), note="kept")


def test_each_field_goes_to_whoever_knows_it() -> None:
    def said(protocol: int) -> object:
        return msgspec.msgpack.decode(msgspec.msgpack.encode(for_peer(NEW, protocol)))

    assert said(2) == {"name": "n", "parts": [{"a": 1, "b": 2}, {"a": 3}], "note": "kept"}
    assert said(PROTOCOL) == {**msgspec.to_builtins(for_peer(NEW, 2)), "extra": "later"}
    assert for_peer(NEW, PROTOCOL + 1) is NEW


def test_without_the_pact_an_older_machine_would_refuse_it() -> None:
    with pytest.raises(wire.MalformedMessage):
        wire.unpack(wire.pack(NEW), OldMessage)


ASKED = TokenRequest(device_id="d", nonce="n", signature=b"s")
GZIPPED = gzip.compress(msgspec.msgpack.encode(ASKED))


def test_a_message_in_gzip_is_read_like_one_in_zstd() -> None:
    assert wire.unpack(GZIPPED, TokenRequest) == wire.unpack(wire.pack(ASKED), TokenRequest) == ASKED


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (GZIPPED[:-9], "cut short"),
        (b"\x1f\x8b\x00no deflate at all", "not gzip"),
        (gzip.compress(bytes(MAX_MESSAGE_BYTES + 1)), "too large"),
    ],
    ids=["cut", "altered", "a bomb"],
)
def test_bad_gzip_is_refused_in_words(body: bytes, words: str) -> None:
    with pytest.raises(wire.MalformedMessage, match=words):
        wire.unpack(body, TokenRequest)
