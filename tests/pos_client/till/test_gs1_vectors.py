"""Other people's GS1 vectors and barcode pictures are read as they should be, and the page says which are not."""

from __future__ import annotations

import pytest

from pos_client.till.refusals import Refused
from pos_client.till.scanning import read_scan
from pos_client.till.session import TillSession
from tests.pos_client.till.fakes import OAT_DRINK
from tests.pos_client.till.gs1_vectors import BEGIN, END, PAGE, REASONS, everything, table

LINK = f"https://id.gs1.org/01/{OAT_DRINK.zfill(14)}"


def test_the_page_says_what_the_till_reads() -> None:
    said = PAGE.read_text().partition(BEGIN)[2].partition(END)[0]
    assert said == table(), "write it anew: python -m tests.pos_client.till.gs1_vectors"


def test_whatever_is_read_otherwise_has_a_reason_and_no_reason_is_left_over() -> None:
    assert {one.what for one in everything() if not one.fits} == set(REASONS)


def test_every_picture_of_a_valid_code_is_read() -> None:
    pictures = [one for one in everything() if one.group.startswith("pictures")]
    assert len(pictures) == 183
    refused = [one for one in pictures if not one.fits]
    assert all(not one.done for one in refused)
    assert len(refused) == 8


@pytest.mark.parametrize(
    "scan", [LINK, LINK.upper(), f"]Q1{LINK}", f"{LINK}/10/LOT-7/21/SN1?17=301231&utm=poster"]
)
def test_a_digital_link_on_the_package_sells_the_product(till: TillSession, scan: str) -> None:
    state = till.scan(scan)
    assert state.notice is None
    assert len(state.lines) == 1


def test_a_digital_link_gives_lot_and_serial_number() -> None:
    scan = read_scan(f"{LINK}/10/LOT-7/21/SN1", (), 2)
    assert (scan.lot, scan.serial) == ("LOT-7", "SN1")


def test_a_code_that_names_two_products_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        read_scan(f"]C101{OAT_DRINK.zfill(14)}0104006381333931", (), 2)
    assert refused.value.words.code == "gs1_contradicts"


def test_any_other_web_address_is_just_not_for_sale(till: TillSession) -> None:
    state = till.scan("https://example.com/offers")
    assert state.notice is not None
    assert state.notice.words.code == "unknown_barcode"
