"""A checkpoint is the server's word only as the server signed it."""

from __future__ import annotations

import msgspec
import pytest

from shared_models.checkpoint import Checkpoint, is_genuine, vouched
from shared_models.signing import key_id_of, new_private_key, public_key_of, signer, verifier
from shared_models.sync_api import Answer, PushReply
from shared_models.wire import pack, unpack

KEY = new_private_key()
PUBLIC_KEY = public_key_of(KEY)
SAID = vouched(b"i" * 16, 7, b"h" * 32, 1_790_000_000_000, key_id_of(PUBLIC_KEY), signer(KEY))
LIES = {
    "incarnation": b"j" * 16,
    "high": 6,
    "hash": b"g" * 32,
    "at_ms": 1_790_000_000_001,
    "signature": b"s" * 64,
}


def test_what_the_server_signed_is_genuine() -> None:
    assert is_genuine(SAID, verifier(PUBLIC_KEY))


@pytest.mark.parametrize("field", LIES)
def test_a_checkpoint_with_another_word_in_it_is_not(field: str) -> None:
    lie = msgspec.structs.replace(SAID, **{field: LIES[field]})
    assert not is_genuine(lie, verifier(PUBLIC_KEY))


def test_another_servers_checkpoint_is_not_genuine() -> None:
    assert not is_genuine(SAID, verifier(public_key_of(new_private_key())))


@pytest.mark.parametrize("high", [-1, -(2**63)])
def test_a_checkpoint_that_no_server_can_have_meant_is_refused_without_a_crash(high: int) -> None:
    assert not is_genuine(msgspec.structs.replace(SAID, high=high), verifier(PUBLIC_KEY))


def test_moving_bytes_between_incarnation_and_height_makes_another_statement() -> None:
    longer = msgspec.structs.replace(SAID, incarnation=SAID.incarnation + b"\0")
    assert not is_genuine(longer, verifier(PUBLIC_KEY))


class PushReplyOfLastYear(Answer, frozen=True):
    incarnation: bytes
    high: int
    hash: bytes


def test_a_till_that_knows_no_checkpoints_understands_the_rest_of_the_answer() -> None:
    reply = PushReply(incarnation=b"i" * 16, high=7, hash=b"h" * 32, checkpoint=SAID)
    assert unpack(pack(reply), PushReplyOfLastYear).high == 7
    assert unpack(pack(reply), PushReply) == reply


def test_a_server_that_knows_no_checkpoints_sends_none() -> None:
    old = PushReplyOfLastYear(incarnation=b"i" * 16, high=7, hash=b"h" * 32)
    assert unpack(pack(old), PushReply).checkpoint is None
    assert Checkpoint(*msgspec.structs.astuple(SAID)) == SAID
