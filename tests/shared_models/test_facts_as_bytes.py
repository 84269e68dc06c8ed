"""Facts, ids and messages as bytes: what is written is what is read, and anything else is refused in words."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from shared_models import events, ids, wire
from shared_models.cash import CashMoved, OperatorLoggedIn
from shared_models.moment import Moment
from shared_models.sync_api import MAX_MESSAGE_BYTES, EnrolRequest, Push, WireEntry
from tests.golden import kept

LOGGED_IN = OperatorLoggedIn("7", "Ana R.", "03-2")


def test_a_fact_comes_back_from_its_bytes() -> None:
    body = events.encode_body(events.Recorded(1_700_000_000_000, 60, LOGGED_IN, "boot", 12, -40))
    assert events.decode_body(events.type_name(LOGGED_IN), events.SCHEMA, body) == events.Recorded(
        1_700_000_000_000, 60, LOGGED_IN, "boot", 12, -40
    )


def test_every_fact_has_one_name() -> None:
    assert len(set(events.TYPES.values())) == len(events.TYPES)
    assert events.TYPES[events.type_name(LOGGED_IN)] is OperatorLoggedIn


@pytest.mark.parametrize(("name", "schema"), [("sale.imagined", 1), ("sale.posted", 2)])
def test_a_fact_from_a_newer_till_is_named_as_unknown(name: str, schema: int) -> None:
    with pytest.raises(events.UnknownFact) as reason:
        events.decode_body(name, schema, b"{}")
    assert name in reason.value.message


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"at_ms":1,"tz_min":0,"fact":{}}', b"[]"])
def test_an_unreadable_body_is_said_to_be_so(body: bytes) -> None:
    with pytest.raises(events.UnreadableFact):
        events.decode_body("operator.logged_in", 1, body)


@pytest.mark.parametrize("folder", kept.PROTOCOLS, ids=lambda folder: folder.name)
def test_what_tills_of_every_version_wrote_can_be_read_in_one_way(folder: Path) -> None:
    for name, body in kept.facts(folder).items():
        assert events.other_reading(events.decode_body(name, events.SCHEMA, body), body) == ""


@given(st.binary(max_size=300))
def test_no_bytes_make_a_message_crash(body: bytes) -> None:
    with pytest.raises(wire.MalformedMessage):
        wire.unpack(b"x" + body, Push)


def test_a_message_comes_back_from_the_wire() -> None:
    entry = WireEntry(event_id=bytes(16), type="x", schema=1, body=b"{}", signature=bytes(64))
    push = Push(incarnation=bytes(16), first_seq=1, prev=bytes(32), entries=(entry,), head_hash=bytes(32))
    assert wire.unpack(wire.pack(push), Push) == push


def test_a_message_with_an_unknown_field_is_refused() -> None:
    stranger = zstandard.compress(
        msgspec.msgpack.encode({"code": "A", "device_id": "d", "public_key": b"", "x": 1})
    )
    with pytest.raises(wire.MalformedMessage):
        wire.unpack(stranger, EnrolRequest)


def test_a_message_that_unpacks_to_far_too_much_is_refused() -> None:
    bomb = zstandard.compress(bytes(MAX_MESSAGE_BYTES + 1))
    with pytest.raises(wire.MalformedMessage, match="too large"):
        wire.unpack(bomb, Push)


@given(st.integers(0, (1 << 48) - 1), st.binary(min_size=10, max_size=10))
def test_an_event_id_is_a_uuid_of_version_7(at_ms: int, random: bytes) -> None:
    made = ids.uuid7(at_ms, random)
    assert (len(made), made[12], made[16] in "89ab", int(made[:12], 16)) == (32, "7", True, at_ms)


def test_an_event_id_wants_ten_random_bytes() -> None:
    with pytest.raises(ValueError, match="10 random bytes"):
        ids.uuid7(0, os.urandom(9))


def test_a_receipt_number_says_till_series_and_place() -> None:
    assert ids.series_of(bytes.fromhex("57e1")) == "K7Q"
    assert ids.receipt_number("03-2", "K7Q", 1284) == "03-2-K7Q-001284"
    assert len(ids.evidence_code(bytes(32))) == 8


def test_a_moment_keeps_the_shops_own_date() -> None:
    new_year = Moment(1_767_222_000_000, 60)  # 23:00 UTC on 31 December
    assert new_year.business_date() == "2026-01-01"
    assert new_year.local().isoformat() == "2026-01-01T00:00:00+01:00"


def test_cash_paid_out_leaves_the_drawer() -> None:
    def moved(kind: str) -> int:
        return CashMoved(
            movement_id="m", kind=kind, shift_id="s", till_id="t", operator_id="o", amount_minor=5, reason="r"
        ).signed_minor()

    assert (moved("paid_in"), moved("paid_out"), moved("safe_drop")) == (5, -5, -5)
