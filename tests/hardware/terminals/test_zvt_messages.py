"""ZVT byte by byte: what the till sends, and what real terminals answered."""

from __future__ import annotations

import itertools
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.terminals.zvt import commands, fields, messages, tlv
from hardware.terminals.zvt.apdu import ACKNOWLEDGED, Apdu, ApduReader, BadMessage, refused
from hardware.terminals.zvt.digits import packed, unpacked, variable
from tests.hardware.terminals import recorded


def read(data: bytes) -> Apdu:
    (message,) = ApduReader().feed(data)
    return message


def sent(command: Apdu) -> str:
    return command.encoded().hex(" ").upper()


def test_an_authorisation_is_sent_as_the_protocol_writes_it() -> None:
    assert commands.authorisation(11_000, "EUR").encoded() == recorded.AUTHORISATION_OF_110_EUR
    assert sent(commands.authorisation(1, "CHF")) == "06 01 0A 04 00 00 00 00 00 01 49 07 56"


def test_every_other_command_is_sent_as_the_protocol_writes_it() -> None:
    assert sent(commands.registration(123456, "EUR")) == (
        "06 00 0E 12 34 56 9E 09 78 06 06 26 04 0A 02 06 D3"
    )
    assert sent(commands.reversal(0, 42, 1250, "EUR")) == (
        "06 30 10 00 00 00 87 00 42 04 00 00 00 00 12 50 49 09 78"
    )
    assert sent(commands.refund(123456, 1250, "EUR")) == ("06 31 0D 12 34 56 04 00 00 00 00 12 50 49 09 78")
    assert sent(commands.end_of_day(0)) == "06 50 03 00 00 00"
    assert sent(commands.repeat_receipt(0)) == "06 20 03 00 00 00"
    assert sent(commands.status_enquiry(0)) == "05 01 03 00 00 00"
    assert sent(commands.abort()) == "06 B0 00"
    assert sent(commands.log_off()) == "06 02 00"
    assert sent(commands.display_text(5, "Hi")) == "06 E0 07 F0 05 F1 F0 F2 48 69"
    assert sent(ACKNOWLEDGED) == "80 00 00"
    assert sent(refused(0x83)) == "84 83 00"


def test_a_long_message_has_the_long_length() -> None:
    assert Apdu(0x06D3, bytes(254)).encoded()[:4] == bytes.fromhex("06 D3 FE 00")
    assert Apdu(0x06D3, bytes(255)).encoded()[:5] == bytes.fromhex("06 D3 FF FF 00")
    assert Apdu(0x06D3, bytes(0x028E)).encoded()[:5] == bytes.fromhex("06 D3 FF 8E 02")


@given(st.lists(st.binary(max_size=600), min_size=1, max_size=4), st.integers(1, 40))
def test_messages_come_whole_in_whatever_pieces_they_arrive(all_data: list[bytes], size: int) -> None:
    said = [Apdu(0x0601 + at, data) for at, data in enumerate(all_data)]
    line = b"".join(message.encoded() for message in said)
    reader = ApduReader()
    pieces = (line[at : at + size] for at in range(0, len(line), size))
    assert list(itertools.chain.from_iterable(map(reader.feed, pieces))) == said
    assert not reader.has_half


def test_a_payment_that_a_real_terminal_took_is_read() -> None:
    found = messages.status_information(read(recorded.PAID_20_40).data)
    assert (found.result, found.amount_minor, found.brand) == (0, 2040, "Debit Mastercard")
    assert (found.reference.terminal_id, found.reference.trace) == ("28004869", 470)
    assert (found.reference.receipt_number, found.reference.date, found.reference.time) == (
        470,
        "1006",
        "223953",
    )
    assert (found.last_four, found.authorisation, found.text) == ("4771", "611804", "GEN.NR.:611804")
    assert found.merchant_id == "100461763"


def test_the_chip_s_application_is_found_in_the_container() -> None:
    found = messages.status_information(read(recorded.PAID_20_40_BY_CHIP).data)
    assert (found.application_id, found.brand, found.last_four) == ("A0000000041010", "MASTERCARD", "4771")
    assert (found.amount_minor, found.reference.receipt_number, found.reference.trace) == (2040, 5, 0)


def test_a_customer_who_cancels_is_read() -> None:
    found = messages.status_information(read(recorded.CANCELLED_BY_CUSTOMER).data)
    assert (found.result, found.text, found.amount_minor) == (0x6C, "Abbruch durch Kunde", None)


def test_what_the_terminal_shows_meanwhile_is_read() -> None:
    assert messages.intermediate(bytes.fromhex("0A")) == messages.Intermediate(0x0A)
    found = messages.intermediate(read(recorded.INSERT_CARD_WITH_TEXT).data)
    assert found == messages.Intermediate(0xFF, "EUR 1.23 Bitte warten")


def test_lines_and_blocks_say_whose_receipt_they_are() -> None:
    assert messages.printed_line(read(recorded.CUSTOMER_LINE).data) == messages.Paper(
        "customer", ("Nr:  **** **** **** 4821",)
    )
    assert messages.printed_line(read(recorded.LINE).data).lines == ("Terminal-ID:    28004869",)
    assert messages.printed_line(read(recorded.LAST_LINE).data).ends
    block = messages.printed_block(read(recorded.NOTHING_TO_CLOSE).data)
    assert (block.kind, block.ends) == ("other", True)
    assert "Abschluss - keine TX" in block.lines


def test_a_terminal_s_state_is_the_last_byte() -> None:
    version = b"\xf0" + variable(b"1.2.3", 3)
    assert messages.terminal_state(Apdu(0x060F, version + b"\xdc")) == 0xDC
    assert messages.terminal_state(Apdu(0x060F, bytes.fromhex("27 E0"))) == 0xE0
    assert messages.terminal_state(Apdu(0x060F)) == 0


@given(st.binary(max_size=80))
def test_no_bytes_break_the_reading(data: bytes) -> None:
    for reading in (messages.status_information, messages.intermediate, messages.printed_block):
        with suppress(BadMessage):
            assert reading(data) is not None
    messages.printed_line(data)
    messages.completion_code(data)


@given(st.integers(0, 10**12 - 1))
def test_amounts_survive_bcd(amount_minor: int) -> None:
    assert unpacked(packed(amount_minor, 6)) == amount_minor


@given(
    st.recursive(st.binary(max_size=200), lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=6)
)
def test_containers_survive(tree: object) -> None:
    def part(node: object) -> tlv.Tlv:
        if isinstance(node, bytes):
            return tlv.Tlv(0x1F07, node)
        assert isinstance(node, list)
        return tlv.Tlv(0x25, children=tuple(map(part, node)))

    parts = (part(tree),)
    found = fields.decoded(fields.encoded({fields.TLV: tlv.container(parts)}))
    assert tlv.parts_of(found[fields.TLV]) == parts


@pytest.mark.parametrize("cut", range(1, 0x77))
def test_a_payment_that_is_cut_off_is_never_read_as_another(cut: int) -> None:
    """A field that is there is whole; one that is not whole is an error."""
    data = read(recorded.PAID_20_40).data[:cut]
    try:
        found = messages.status_information(data)
    except BadMessage:
        return
    assert found.amount_minor in (None, 2040)
    assert found.last_four in ("", "4771")
