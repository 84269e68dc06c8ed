"""Of a card number only the last four digits pass, however a terminal writes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.terminals.card_number import last_four_of, without_card_numbers

VISA, AMEX = "4111111111111111", "378282246310005"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Card {VISA}", "Card ************1111"),
        ("Card 4111 1111 1111 1111 05/27", "Card **** **** **** 1111 05/27"),
        ("3782-822463-10005", "****-******-*0005"),
        (f";{VISA}=25121010000", ";************1111=25121010000"),
        (f"{VISA}2512101000000", "*" * 29),
        ("Nr:  **** **** **** 4821", "Nr:  **** **** **** 4821"),
        ("AID: A0000000041010", "AID: A0000000041010"),
        ("19.09.2022 14:05:45      0343", "19.09.2022 14:05:45      0343"),
        ("Trace 001044  28004869", "Trace 001044  28004869"),
        (f"A{VISA}", "A************1111"),
        (f"A00000{VISA}", "A" + "*" * 21),
    ],
)
def test_a_text_keeps_what_is_no_card_number(text: str, shown: str) -> None:
    assert without_card_numbers(text) == shown


@given(st.sampled_from([VISA, AMEX]), st.text(max_size=20), st.text(max_size=20))
def test_no_card_number_survives_in_whatever_stands_around_it(number: str, before: str, after: str) -> None:
    assert number not in without_card_numbers(before + number + after)


def test_four_digits_are_known_or_none() -> None:
    assert last_four_of("eeeeeeeeeeee4771") == "4771"
    assert last_four_of("eeeeeeeeeeeeee71") == ""
    assert last_four_of("") == ""
