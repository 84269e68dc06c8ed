"""The journal's chain: whatever is touched in a stored entry is found and named."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_models import signing
from shared_models.journal import START, Entry, check_entry, faults, first_prev, seal

KEY = signing.new_private_key()
SIGN = signing.signer(KEY)
VERIFY = signing.verifier(signing.public_key_of(KEY))
TILL = bytes(range(16))


def journal(length: int = 4) -> list[Entry]:
    entries: list[Entry] = []
    prev = START
    for seq in range(1, length + 1):
        body = f'{{"sale":{seq}}}'.encode()
        entries.append(seal(TILL, seq, seq.to_bytes(16, "big"), "sale.posted", 1, body, prev, SIGN))
        prev = entries[-1].hash
    return entries


def test_an_untouched_journal_has_no_fault() -> None:
    assert list(faults(journal(), VERIFY)) == []


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("body", b'{"sale":9}', "body"),
        ("type", "sale.voided", "body"),
        ("schema", 2, "body"),
        ("event_id", bytes(16), "body"),
        ("incarnation", bytes(16), "body"),
        ("prev", bytes(32), "prev"),
        ("hash", bytes(32), "body"),
        ("signature", bytes(64), "signature"),
        ("signature", b"", "signature"),
        ("algorithm", "none", "algorithm"),
        ("seq", 7, "seq"),
    ],
)
def test_an_edited_field_is_named_with_its_entry(field: str, value: object, named: str) -> None:
    entries = journal()
    entries[1] = msgspec.structs.replace(entries[1], **{field: value})
    found = next(faults(entries, VERIFY))
    assert (found.field, found.seq) == (named, 7 if field == "seq" else 2)


@given(at=st.integers(0, 2), position=st.integers(0, 10), flip=st.integers(1, 255))
def test_any_flipped_byte_of_a_body_is_found(at: int, position: int, flip: int) -> None:
    entries = journal(3)
    body = bytearray(entries[at].body)
    body[position % len(body)] ^= flip
    entries[at] = msgspec.structs.replace(entries[at], body=bytes(body))
    assert [fault.seq for fault in faults(entries, VERIFY)] == [at + 1]


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_removed_entry_is_found_where_the_next_one_stands(gone: int) -> None:
    entries = journal(4)
    del entries[gone]
    assert [fault.field for fault in faults(entries, VERIFY)] == ["seq"]


def test_swapped_entries_are_found() -> None:
    entries = journal(4)
    entries[1], entries[2] = entries[2], entries[1]
    assert len(list(faults(entries, VERIFY))) == 3


def test_an_entry_sealed_anew_with_another_key_is_found() -> None:
    entries = journal(3)
    stranger = signing.signer(signing.new_private_key())
    entries[2] = seal(TILL, 3, entries[2].event_id, "sale.posted", 1, b"{}", entries[1].hash, stranger)
    assert [(fault.seq, fault.field) for fault in faults(entries, VERIFY)] == [(3, "signature")]


def test_type_and_body_cannot_trade_bytes() -> None:
    one = seal(TILL, 1, bytes(16), "ab", 1, b"c", START, SIGN)
    other = seal(TILL, 1, bytes(16), "a", 1, b"bc", START, SIGN)
    assert one.hash != other.hash


def test_a_new_incarnation_chains_to_the_point_where_its_parent_was_left() -> None:
    parent = journal(2)
    prev = first_prev(TILL, 2, parent[1].hash)
    child = seal(b"\1" * 16, 1, bytes(16), "sale.posted", 1, b"{}", prev, SIGN)
    assert check_entry(child, 1, prev, VERIFY) is None
    assert first_prev(None) == START
    assert prev != first_prev(TILL, 1, parent[0].hash)


def test_without_a_key_the_chain_alone_is_checked() -> None:
    entries = journal(2)
    entries[1] = msgspec.structs.replace(entries[1], signature=bytes(64))
    assert list(faults(entries, None)) == []
