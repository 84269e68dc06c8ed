"""What a scan may be, and what is said when it is none of it."""

from __future__ import annotations

import pytest

from pos_client.till.scanning import read_scan
from pos_client.till.session import TillSession
from pos_client.till.state import Severity, TillState
from shared_models.barcode import EmbeddedRule, check_digit
from tests.pos_client.till.fakes import OAT_DRINK


def code_of(state: TillState) -> str:
    return state.notice.words.code if state.notice else ""


def ean13(first_twelve: str) -> str:
    return f"{first_twelve}{check_digit(first_twelve)}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("4006381333930", "wrong_check_digit"),
        ("2512345678908", "unknown_barcode"),
        ("no such thing", "unknown_barcode"),
        ("roll\x1b@", "unreadable_scan"),
        ("\x00", "unreadable_scan"),
        ("   ", "no_code"),
        ("x" * 200, "scan_too_long"),
        ("1,2,3*roll", "bad_multiplier"),
        ("0*roll", "quantity_zero"),
        ("-2*roll", "quantity_zero"),
        ("1.5*roll", "whole_pieces"),
        ("7394376616228*roll", "bad_multiplier"),
        ("]E012", "unreadable_scan"),
        ("secret", "no_price"),
        ("(10)LOT1", "gs1_without_product"),
        ("(01)04006381333930", "wrong_check_digit"),
        ("(01)0400638133", "wrong_check_digit"),
    ],
)
def test_a_scan_that_sells_nothing_says_why_and_leaves_the_ticket(
    till: TillSession, text: str, said: str
) -> None:
    before = till.scan("roll")
    state = till.scan(text)
    assert code_of(state) == said
    assert state.lines == before.lines
    assert till.scan("roll").to_pay_minor == 180


def test_an_unknown_barcode_is_heard(till: TillSession) -> None:
    state = till.scan("96385074")
    assert state.notice is not None
    assert state.notice.severity is Severity.DANGER
    assert state.notice.words.values["code"] == "96385074"


def test_the_same_notice_twice_is_seen_twice(till: TillSession) -> None:
    first, second = till.scan("nothing"), till.scan("nothing")
    assert first.notice is not None
    assert second.notice is not None
    assert second.notice.serial > first.notice.serial


def test_a_good_scan_takes_the_notice_away(till: TillSession) -> None:
    till.scan("nothing")
    assert till.scan("roll").notice is None


@pytest.mark.parametrize("text", ["3*roll", "3 * roll", "3×roll", "3.000*roll"])
def test_a_multiplier_sells_several_at_once(till: TillSession, text: str) -> None:
    assert [line.quantity_milli for line in till.scan(text).lines] == [3000]


def test_a_scanners_line_end_is_no_part_of_the_code(till: TillSession) -> None:
    assert len(till.scan(f"{OAT_DRINK}\r\n").lines) == 1


def test_the_ticket_shows_the_code_as_it_was_scanned(till: TillSession) -> None:
    (line,) = till.scan(OAT_DRINK).lines
    assert line.small_print[0].values == {"code": OAT_DRINK}


def test_a_sku_sells_as_well_as_a_barcode(till: TillSession) -> None:
    assert till.scan("P-OAT").lines[0].name == "Oat drink barista 1 L"


def test_a_weight_label_sells_what_was_weighed(till: TillSession) -> None:
    (line,) = till.scan(ean13("200004200350")).lines
    assert (line.quantity_milli, line.amount_minor) == (350, 105)


def test_a_price_label_is_charged_as_it_stands_and_tells_the_weight(till: TillSession) -> None:
    (line,) = till.scan(ean13("210001700871")).lines
    assert (line.amount_minor, line.quantity_milli) == (871, 350)
    assert "label_price" in [words.code for words in line.small_print]


def test_three_labels_of_the_same_price_cost_three_times_as_much(till: TillSession) -> None:
    (line,) = till.scan("3*" + ean13("210001700871")).lines
    assert line.amount_minor == 3 * 871


def test_half_a_label_can_not_be_sold(till: TillSession) -> None:
    assert code_of(till.scan("0.5*" + ean13("210001700871"))) == "whole_pieces"


def test_a_label_without_weight_is_printed_again(till: TillSession) -> None:
    assert code_of(till.scan(ean13("200004200000"))) == "embedded_price_zero"


def test_the_price_on_a_label_can_not_be_changed(manager_till: TillSession) -> None:
    manager_till.scan(ean13("210001700871"))
    assert code_of(manager_till.set_quantity(2000)) == "price_is_fixed"
    assert code_of(manager_till.set_price(1, "cheaper")) == "price_is_fixed"


def test_weighed_goods_never_merge(till: TillSession) -> None:
    till.scan(ean13("200004200350"))
    assert len(till.scan(ean13("200004200350")).lines) == 2


def test_an_element_string_brings_lot_serial_and_weight() -> None:
    scan = read_scan("]C101040063813339313103000350" + "10ABC\x1d21X1", (), 2)
    assert scan.codes == ("04006381333931",)
    assert (scan.measure_milli, scan.lot, scan.serial) == (350, "ABC", "X1")


def test_an_element_string_may_name_its_price_and_count() -> None:
    scan = read_scan("(01)04006381333931(3922)001299(30)4", (), 2)
    assert (scan.amount_minor, scan.count_milli) == (1299, 4000)
    assert read_scan("(01)04006381333931(3922)001299", (), 0).amount_minor == 13


def test_a_carton_of_the_product_is_sold_by_its_element_string(till: TillSession) -> None:
    state = till.scan("01" + "0" + OAT_DRINK + "10LOT7")
    assert [line.name for line in state.lines] == ["Oat drink barista 1 L"]
    assert "lot" in [words.code for words in state.lines[0].small_print]


def test_an_element_string_for_nothing_is_refused(till: TillSession) -> None:
    assert code_of(till.scan(f"(01)0{OAT_DRINK}(3922)000000")) == "embedded_price_zero"


def test_eight_digits_may_be_a_short_upc_too() -> None:
    scan = read_scan("04252614", (), 2)
    assert len(scan.codes) == 3 or scan.codes[-1] == "04252614"


def test_a_code_the_shop_made_up_sells_although_its_check_digit_is_wrong() -> None:
    scan = read_scan("4006381333930", (), 2)
    assert (scan.codes, scan.suspicion) == (("4006381333930",), "wrong_check_digit")


def test_a_star_inside_a_code_is_no_multiplier() -> None:
    assert read_scan("AB*12", (), 2).codes == ("AB*12",)


def test_a_price_label_for_goods_without_a_price_costs_what_it_says(till: TillSession) -> None:
    rules = (EmbeddedRule("22", 5, 5, "price", 2),)
    scan = read_scan(ean13("220001700500"), rules, 2)
    assert (scan.codes, scan.amount_minor) == (("2200017", "00017"), 500)


def test_search_and_keys_come_from_the_catalogue(till: TillSession) -> None:
    assert [found.product.name for found in till.search("oat")] == ["Oat drink barista 1 L"]
    assert till.search("  ") == ()
    (page,) = till.quick_pages()
    assert [key.product.name for key in page.keys] == ["Sourdough roll"]
    (food,) = till.categories()
    assert len(till.in_category(food.category_id)) == 16


def test_a_key_whose_product_has_gone_says_so(till: TillSession) -> None:
    assert code_of(till.add_product("p-gone")) == "unknown_barcode"
    assert len(till.add_product("p-roll").lines) == 1
