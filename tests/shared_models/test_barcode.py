"""Barcodes: check digits, one number for all lengths, labels from the scale, and what a scan is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from biip.checksums import gs1_price_weight_check_digit
from hypothesis import given
from hypothesis import strategies as st

from shared_models.barcode import (
    EmbeddedBarcode,
    EmbeddedRule,
    Gtin,
    InvalidBarcode,
    NotDigits,
    PlainCode,
    UnreadableScan,
    WrongBarcodeLength,
    WrongCheckDigit,
    WrongPriceCheckDigit,
    check_digit,
    classify_scan,
    compress_upca,
    expand_upce,
    has_valid_check_digit,
    normalise_gtin,
    parse_embedded,
    price_check_digit,
    printed_gtin,
)

DATA = Path(__file__).parent / "data"
GS1: dict[str, Any] = json.loads((DATA / "gs1_check_digits.json").read_text("utf-8"))
TEXTS: dict[str, Any] = json.loads((DATA / "barcode_texts.json").read_text("utf-8"))

WEIGHT = EmbeddedRule(prefix="28", item_digits=5, value_digits=5, value_kind="weight", decimals=3)
PRICE = EmbeddedRule(prefix="21", item_digits=5, value_digits=5, value_kind="price", decimals=2)
CHECKED_PRICE = EmbeddedRule(
    prefix="02", item_digits=5, value_digits=4, value_kind="price", decimals=2, price_check_digit=True
)
RULES = (WEIGHT, PRICE, CHECKED_PRICE)

digits = st.text("0123456789", min_size=1, max_size=17)


def sealed(body: str) -> str:
    return body + str(check_digit(body))


@pytest.mark.parametrize("case", GS1["cases"], ids=lambda case: repr(case["input"]))
def test_check_digits_are_judged_as_gs1_judges_them(case: dict[str, Any]) -> None:
    assert has_valid_check_digit(case["input"]) is case["valid"]


@given(digits, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(body: str, at: int, by: int) -> None:
    good = sealed(body)
    at %= len(good)
    bad = good[:at] + str((int(good[at]) + by) % 10) + good[at + 1 :]
    assert has_valid_check_digit(good)
    assert not has_valid_check_digit(bad)


def test_a_check_digit_needs_digits() -> None:
    for text in ("", "12a", "١٢٣"):
        with pytest.raises(NotDigits):
            check_digit(text)


@pytest.mark.parametrize("text", [*TEXTS["ean13"], *TEXTS["ean8"]])
def test_real_barcodes_have_a_canonical_form_that_reads_back(text: str) -> None:
    gtin = normalise_gtin(text)
    assert len(gtin) == 14
    assert printed_gtin(gtin) == text
    assert normalise_gtin(gtin) == gtin


def test_a_upc_and_its_ean_are_one_number() -> None:
    assert normalise_gtin("036000291452") == normalise_gtin("0036000291452") == "00036000291452"
    assert printed_gtin("00036000291452") == "0036000291452"
    assert printed_gtin("14006381333938") == "14006381333938"


@pytest.mark.parametrize(
    ("text", "error", "code"),
    [
        ("4006381333932", WrongCheckDigit, "barcode_wrong_check_digit"),
        ("40063813339", WrongBarcodeLength, "barcode_wrong_length"),
        ("", NotDigits, "barcode_not_digits"),
        ("400638133393X", NotDigits, "barcode_not_digits"),
        ("４006381333931", NotDigits, "barcode_not_digits"),
    ],
)
def test_what_is_no_gtin_is_refused_with_its_own_error(
    text: str, error: type[InvalidBarcode], code: str
) -> None:
    with pytest.raises(error, match="Scan again") as refused:
        normalise_gtin(text)
    assert refused.value.code == code


def test_a_wrong_check_digit_tells_which_would_fit() -> None:
    with pytest.raises(WrongCheckDigit) as refused:
        normalise_gtin("4006381333932")
    assert refused.value.details == {"text": "4006381333932", "expected": 1}


@pytest.mark.parametrize("text", TEXTS["upce"])
def test_a_real_short_upc_expands_and_back(text: str) -> None:
    assert compress_upca(expand_upce(text)) == text


@pytest.mark.parametrize(
    ("short", "long"),
    [
        # One for each way of leaving out zeros; the last digit before the check digit says which.
        ("01245714", "012100004574"),
        ("01234531", "012300000451"),
        ("01234543", "012340000053"),
        ("01234558", "012345000058"),
    ],
)
def test_a_short_upc_says_where_its_zeros_were(short: str, long: str) -> None:
    assert expand_upce(short) == long
    assert compress_upca(long) == short


@given(st.sampled_from("01"), st.text("0123456789", min_size=6, max_size=6))
def test_every_short_upc_expands_to_a_valid_one_that_compresses_to_the_same_number(
    system: str, body: str
) -> None:
    for check in "0123456789":
        try:
            long = expand_upce(system + body + check)
        except WrongCheckDigit as refused:
            assert refused.details["expected"] != int(check)  # noqa: PT017
            continue
        assert has_valid_check_digit(long)
        assert expand_upce(compress_upca(long)) == long


def test_what_is_no_upc_is_refused() -> None:
    for text, error in (
        ("1234567", WrongBarcodeLength),
        ("2123456X", NotDigits),
        ("21234565", InvalidBarcode),
    ):
        with pytest.raises(error):
            expand_upce(text)
    for text in ("0123", "x" * 12, "036000291453", "036000291452", sealed("21230000045")):
        with pytest.raises(InvalidBarcode):
            compress_upca(text)


def test_a_label_with_a_weight_names_article_and_grams() -> None:
    code = sealed("281234500350")
    expected = EmbeddedBarcode(code, "28", "12345", weight_milli=350)
    assert parse_embedded(code, RULES) == classify_scan(code, RULES) == expected


def test_a_label_with_a_price_names_article_and_amount_in_the_shops_currency() -> None:
    code = sealed("211234501999")
    assert classify_scan(code, RULES) == EmbeddedBarcode(code, "21", "12345", amount_minor=1999)
    in_yen = EmbeddedRule(prefix="21", item_digits=5, value_digits=5, value_kind="price", decimals=0)
    assert classify_scan(code, [in_yen], 0) == EmbeddedBarcode(code, "21", "12345", amount_minor=1999)
    assert classify_scan(code, [PRICE], 3) == EmbeddedBarcode(code, "21", "12345", amount_minor=19990)


def test_an_american_label_carries_its_price_with_a_check_digit() -> None:
    code = sealed("2" + "12345" + "9" + "2875")
    assert len(code) == 12
    assert classify_scan(code, RULES) == EmbeddedBarcode("0" + code, "02", "12345", amount_minor=2875)
    assert classify_scan("0" + code, RULES) == classify_scan(code, RULES)


def test_a_misread_price_is_refused() -> None:
    with pytest.raises(WrongPriceCheckDigit, match="weigh and label it again") as refused:
        classify_scan(sealed("2" + "12345" + "8" + "2875"), RULES)
    assert refused.value.code == "barcode_wrong_price_check_digit"
    with pytest.raises(WrongCheckDigit):
        parse_embedded("2812345003500", RULES)


@given(st.from_regex(r"[0-9]{4,5}", fullmatch=True).filter(str.isascii))
def test_price_check_digits_agree_with_another_implementation(value: str) -> None:
    assert price_check_digit(value) == gs1_price_weight_check_digit(value)


@given(st.integers(0, 99999), st.integers(0, 99999))
def test_every_label_reads_back_as_printed(item: int, value: int) -> None:
    label = classify_scan(sealed(f"28{item:05d}{value:05d}"), RULES)
    assert isinstance(label, EmbeddedBarcode)
    assert (label.item_code, label.weight_milli) == (f"{item:05d}", value)


def test_the_longest_prefix_decides_and_other_numbers_are_left_alone() -> None:
    special = EmbeddedRule(prefix="281", item_digits=4, value_digits=5, value_kind="price", decimals=2)
    label = parse_embedded(sealed("281234500350"), [*RULES, special])
    assert label is not None
    assert (label.item_code, label.amount_minor) == ("2345", 350)
    assert parse_embedded("4006381333931", RULES) is None
    assert parse_embedded("12345670", RULES) is None
    assert parse_embedded("28-2345003500", RULES) is None
    assert parse_embedded(sealed("281234500350"), ()) is None


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"item_digits": 6}, "makes 14 digits"),
        ({"prefix": "2x"}, "must be digits"),
        ({"item_digits": 0}, "needs an article number"),
        ({"decimals": -1}, "no negative decimals"),
        ({"price_check_digit": True, "value_digits": 3, "item_digits": 6}, "4 or 5 value digits"),
        ({"value_digits": 0, "item_digits": 10}, "makes 13 digits"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_when_the_shop_sets_it(
    change: dict[str, Any], complaint: str
) -> None:
    sound = {"prefix": "28", "item_digits": 5, "value_digits": 5, "value_kind": "weight", "decimals": 3}
    assert msgspec.convert(sound, EmbeddedRule) == WEIGHT
    with pytest.raises(msgspec.ValidationError, match=complaint):
        msgspec.convert(sound | change, EmbeddedRule)


@pytest.mark.parametrize(
    ("text", "scan"),
    [
        ("4006381333931", Gtin("04006381333931")),
        ("4006381333931\r\n", Gtin("04006381333931")),
        ("]E04006381333931", Gtin("04006381333931")),
        ("036000291452", Gtin("00036000291452")),
        ("]E412345670", Gtin("00000012345670")),
        ("59001270", Gtin("00000059001270")),
        ("01234565", Gtin("00000001234565", alternative="00012345000065")),
        ("01234531", Gtin("00012300000451")),
        ("]C1ABC-123", PlainCode("ABC-123")),
        ("03-2-K7Q-001283", PlainCode("03-2-K7Q-001283")),
        ("12345678", PlainCode("12345678")),
        ("4711", PlainCode("4711")),
        ("14006381333938", Gtin("14006381333938")),
        ("Übergröße 42", PlainCode("Übergröße 42")),
    ],
)
def test_a_scan_is_what_it_looks_like(text: str, scan: Gtin | PlainCode) -> None:
    assert classify_scan(text, RULES) == scan


def test_eight_digits_that_fit_both_ways_are_looked_up_both_ways() -> None:
    both, neither = classify_scan("01234565"), classify_scan("59001270")
    assert isinstance(both, Gtin)
    assert both.candidates() == ("00000001234565", "00012345000065")
    assert isinstance(neither, Gtin)
    assert neither.candidates() == ("00000059001270",)


@pytest.mark.parametrize(
    "case", [case for case in GS1["scans"] if case["scan"].startswith("]E")], ids=lambda c: c["scan"]
)
def test_scans_of_ean_symbols_are_judged_as_gs1_judges_them(case: dict[str, Any]) -> None:
    if case["valid"]:
        assert classify_scan(case["scan"]) == Gtin(case["expected"].zfill(14))
    else:
        with pytest.raises(InvalidBarcode):
            classify_scan(case["scan"])


@pytest.mark.parametrize(
    "text", ["4006381333932", "]E412345671", "]E099999991", "036000291453", "14006381333939"]
)
def test_a_misread_number_is_never_taken_for_another(text: str) -> None:
    with pytest.raises(WrongCheckDigit, match="a digit is wrong"):
        classify_scan(text, RULES)


@pytest.mark.parametrize("text", ["400638\x001333931", "\x1b@", "]C10112345\x1d10AB", "ab\u202ecd", "a\nb"])
def test_control_characters_in_a_scan_are_refused(text: str) -> None:
    with pytest.raises(UnreadableScan, match="control characters") as refused:
        classify_scan(text)
    assert refused.value.code == "scan_unreadable"


def test_an_empty_or_endless_scan_is_refused() -> None:
    for text in ("", " \r\n", "]E0"):
        with pytest.raises(InvalidBarcode):
            classify_scan(text)
    with pytest.raises(WrongBarcodeLength):
        classify_scan("A" * 129)
    with pytest.raises(WrongBarcodeLength):
        classify_scan("]E014006381333938")


@given(st.text(max_size=140))
def test_whatever_is_scanned_is_classified_or_refused_politely(text: str) -> None:
    try:
        scan = classify_scan(text, RULES)
    except InvalidBarcode as refused:
        assert refused.message  # noqa: PT017
    else:
        assert isinstance(scan, Gtin | EmbeddedBarcode | PlainCode)
