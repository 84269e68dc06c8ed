"""A till keeps what its own server signed, about what both agree on, and nothing else."""

from __future__ import annotations

import msgspec
import pytest

from pos_client.sync.vouching import Vouching
from shared_models.checkpoint import Checkpoint, vouched
from shared_models.server_keys import KeyTerm, handover_statement, only_term
from shared_models.signing import key_id_of, new_private_key, public_key_of, signer
from shared_models.sync_api import HelloReply, PushReply, SegmentVerdict

KEY, OTHER_KEY = new_private_key(), new_private_key()
PUBLIC_KEY, OTHER = public_key_of(KEY), public_key_of(OTHER_KEY)
INCARNATION, HASH = b"i" * 16, b"h" * 32


def signed(high: int = 7, key: bytes = KEY, hash: bytes = HASH) -> Checkpoint:
    return vouched(INCARNATION, high, hash, 1_790_000_000_000, key_id_of(public_key_of(key)), signer(key))


def answer(checkpoint: Checkpoint | None, high: int = 7) -> PushReply:
    return PushReply(incarnation=INCARNATION, high=high, hash=HASH, checkpoint=checkpoint)


def greeting(
    checkpoint: Checkpoint | None = None, server_key: bytes = b"", terms: tuple[KeyTerm, ...] = ()
) -> HelloReply:
    verdict = SegmentVerdict(incarnation=INCARNATION, high=7, hash=HASH, checkpoint=checkpoint)
    more = {"server_key": server_key, "server_keys": terms}
    return HelloReply(server_time_ms=0, protocol=1, segments=(verdict,), feeds=(), **more)  # type: ignore[arg-type]


def test_the_checkpoint_of_an_answer_goes_with_its_acknowledgement_once() -> None:
    vouching = Vouching(only_term(PUBLIC_KEY))
    checkpoint = signed()
    vouching.answered(answer(checkpoint))
    assert vouching.for_acknowledgement(INCARNATION, 7) == checkpoint
    assert vouching.for_acknowledgement(INCARNATION, 7) is None


def test_a_greeting_brings_one_too() -> None:
    vouching = Vouching(only_term(PUBLIC_KEY))
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
    vouching = Vouching(only_term(PUBLIC_KEY))
    vouching.answered(answer(checkpoint))
    assert vouching.for_acknowledgement(INCARNATION, 7) is None


def test_an_acknowledgement_of_less_than_was_signed_keeps_nothing() -> None:
    vouching = Vouching(only_term(PUBLIC_KEY))
    vouching.answered(answer(signed()))
    assert vouching.for_acknowledgement(INCARNATION, 5) is None


def test_a_till_enrolled_before_servers_signed_learns_the_key_at_a_hello() -> None:
    learned: list[tuple[KeyTerm, ...]] = []
    vouching = Vouching((), learned.append)
    vouching.answered(answer(signed()))
    assert vouching.for_acknowledgement(INCARNATION, 7) is None
    checkpoint = signed()
    vouching.greeted(greeting(checkpoint, PUBLIC_KEY))
    vouching.greeted(greeting(checkpoint, PUBLIC_KEY))
    assert learned == [only_term(PUBLIC_KEY)]
    assert vouching.for_acknowledgement(INCARNATION, 7) == checkpoint


def test_another_key_later_is_not_believed() -> None:
    learned: list[tuple[KeyTerm, ...]] = []
    vouching = Vouching(only_term(PUBLIC_KEY), learned.append)
    vouching.greeted(greeting(signed(key=OTHER_KEY), OTHER))
    assert vouching.for_acknowledgement(INCARNATION, 7) is None
    assert learned == []


def test_a_key_that_is_none_is_survived() -> None:
    vouching = Vouching(only_term(b"no point"))
    vouching.answered(answer(signed()))
    assert vouching.for_acknowledgement(INCARNATION, 7) is None


CHANGED_MS = 1_790_000_000_000
OLD_ID, NEW_ID = key_id_of(PUBLIC_KEY), key_id_of(OTHER)
HANDOVER = signer(KEY)(handover_statement(OLD_ID, OTHER, CHANGED_MS))


def changed(**new: object) -> tuple[KeyTerm, ...]:
    """The server's old key and its new one."""
    values = {"from_ms": CHANGED_MS, "replaces": OLD_ID, "handover": HANDOVER, **new}
    old = KeyTerm(OLD_ID, PUBLIC_KEY, 5, until_ms=CHANGED_MS)
    return old, KeyTerm(**({"key_id": NEW_ID, "public_key": OTHER} | values))  # type: ignore[arg-type]


def signed_at(at_ms: int, key: bytes) -> Checkpoint:
    return vouched(INCARNATION, 7, HASH, at_ms, key_id_of(public_key_of(key)), signer(key))


@pytest.mark.expects_log
@pytest.mark.parametrize("handover", [HANDOVER, b""], ids=["handed over", "old key lost"])
def test_a_key_that_the_server_names_in_place_of_the_known_one_is_believed_for_its_time(
    handover: bytes,
) -> None:
    learned: list[tuple[KeyTerm, ...]] = []
    vouching = Vouching(only_term(PUBLIC_KEY), learned.append)
    vouching.greeted(greeting(None, OTHER, changed(handover=handover)))
    vouching.greeted(greeting(None, OTHER, changed(handover=handover)))
    assert [[term.key_id for term in terms] for terms in learned] == [[OLD_ID, NEW_ID]]
    for at_ms, key, is_kept in (
        (CHANGED_MS - 1, KEY, True),
        (CHANGED_MS + 1, KEY, False),
        (CHANGED_MS - 1, OTHER_KEY, False),
        (CHANGED_MS + 1, OTHER_KEY, True),
    ):
        checkpoint = signed_at(at_ms, key)
        vouching.answered(answer(checkpoint))
        assert vouching.for_acknowledgement(INCARNATION, 7) == (checkpoint if is_kept else None)


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "terms",
    [
        changed(handover=bytes(64)),
        changed(key_id=OLD_ID),
        changed(public_key=b"no point", key_id=key_id_of(b"no point"), handover=b""),
        changed(from_ms=-1, handover=b""),
        changed(replaces="another one's"),
        changed()[1:],
    ],
)
def test_a_key_that_does_not_follow_on_the_known_one_is_not_believed(terms: tuple[KeyTerm, ...]) -> None:
    vouching = Vouching(only_term(PUBLIC_KEY))
    vouching.greeted(greeting(None, OTHER, terms))
    vouching.answered(answer(signed_at(CHANGED_MS + 1, OTHER_KEY)))
    assert vouching.for_acknowledgement(INCARNATION, 7) is None


def test_the_time_of_a_known_key_is_never_made_longer() -> None:
    old, new = changed()
    vouching = Vouching((old, new))
    vouching.greeted(greeting(None, OTHER, (msgspec.structs.replace(old, until_ms=CHANGED_MS * 2), new)))
    vouching.answered(answer(signed_at(CHANGED_MS + 1, KEY)))
    assert vouching.for_acknowledgement(INCARNATION, 7) is None
