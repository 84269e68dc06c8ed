"""A till keeps what its own server signed, about what both agree on, and nothing else."""

from __future__ import annotations

import msgspec
import pytest

from pos_client.sync.vouching import Vouching
from shared_models.checkpoint import Checkpoint, vouched
from shared_models.signing import key_id_of, new_private_key, public_key_of, signer
from shared_models.sync_api import HelloReply, PushReply, SegmentVerdict

KEY, OTHER_KEY = new_private_key(), new_private_key()
PUBLIC_KEY, OTHER = public_key_of(KEY), public_key_of(OTHER_KEY)
INCARNATION, HASH = b"i" * 16, b"h" * 32


def signed(high: int = 7, key: bytes = KEY, hash: bytes = HASH) -> Checkpoint:
    return vouched(INCARNATION, high, hash, 1_790_000_000_000, key_id_of(public_key_of(key)), signer(key))


def answer(checkpoint: Checkpoint | None, high: int = 7) -> PushReply:
    return PushReply(incarnation=INCARNATION, high=high, hash=HASH, checkpoint=checkpoint)


def greeting(checkpoint: Checkpoint | None = None, server_key: bytes = b"") -> HelloReply:
    verdict = SegmentVerdict(incarnation=INCARNATION, high=7, hash=HASH, checkpoint=checkpoint)
    return HelloReply(server_time_ms=0, protocol=1, segments=(verdict,), feeds=(), server_key=server_key)


def test_the_checkpoint_of_an_answer_goes_with_its_acknowledgement_once() -> None:
    vouching = Vouching(PUBLIC_KEY)
    checkpoint = signed()
    vouching.answered(answer(checkpoint))
    assert vouching.for_acknowledgement(INCARNATION, 7) == checkpoint
    assert vouching.for_acknowledgement(INCARNATION, 7) is None


def test_a_greeting_brings_one_too() -> None:
    vouching = Vouching(PUBLIC_KEY)
    checkpoint = signed()
    vouching.greeted(greeting(checkpoint, PUBLIC_KEY))
    assert vouching.for_acknowledgement(INCARNATION, 7) == checkpoint


@pytest.mark.parametrize(
    "checkpoint",
    [
        None,
        signed(key=OTHER_KEY),
        signed(high=8),
        signed(hash=b"g" * 32),
        msgspec.structs.replace(signed(), signature=b""),
        msgspec.structs.replace(signed(), at_ms=-1),
    ],
)
def test_what_the_server_did_not_sign_about_this_answer_is_not_kept(checkpoint: Checkpoint | None) -> None:
    vouching = Vouching(PUBLIC_KEY)
    vouching.answered(answer(checkpoint))
    assert vouching.for_acknowledgement(INCARNATION, 7) is None


def test_an_acknowledgement_of_less_than_was_signed_keeps_nothing() -> None:
    vouching = Vouching(PUBLIC_KEY)
    vouching.answered(answer(signed()))
    assert vouching.for_acknowledgement(INCARNATION, 5) is None


def test_a_till_enrolled_before_servers_signed_learns_the_key_at_a_hello() -> None:
    learned: list[bytes] = []
    vouching = Vouching(b"", learned.append)
    vouching.answered(answer(signed()))
    assert vouching.for_acknowledgement(INCARNATION, 7) is None
    checkpoint = signed()
    vouching.greeted(greeting(checkpoint, PUBLIC_KEY))
    vouching.greeted(greeting(checkpoint, PUBLIC_KEY))
    assert learned == [PUBLIC_KEY]
    assert vouching.for_acknowledgement(INCARNATION, 7) == checkpoint


def test_another_key_later_is_not_believed() -> None:
    learned: list[bytes] = []
    vouching = Vouching(PUBLIC_KEY, learned.append)
    vouching.greeted(greeting(signed(key=OTHER_KEY), OTHER))
    assert vouching.for_acknowledgement(INCARNATION, 7) is None
    assert learned == []


def test_a_key_that_is_none_is_survived() -> None:
    vouching = Vouching(b"no point")
    vouching.answered(answer(signed()))
    assert vouching.for_acknowledgement(INCARNATION, 7) is None
