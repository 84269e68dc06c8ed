"""GTINs, the numbers in retail barcodes: check digits, one form for all lengths, and the short UPC-E.

The canonical form is fourteen digits with zeros in front. A UPC-A and the EAN-13 with a zero before it are
the same number, and so they meet.
"""

from __future__ import annotations

from shared_models.errors import ShopError

CANONICAL_DIGITS = 14

# GTIN-8, GTIN-12 (UPC-A), GTIN-13 (EAN-13), GTIN-14 (cartons).
GTIN_LENGTHS = frozenset({8, 12, 13, 14})


class InvalidBarcode(ShopError):
    """What was scanned or typed can't be a barcode of this kind."""

    code = "invalid_barcode"


class NotDigits(InvalidBarcode):
    code = "barcode_not_digits"

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text[:40]!r} holds something other than digits. Scan again or type it.", text=text[:40]
        )


class WrongBarcodeLength(InvalidBarcode):
    code = "barcode_wrong_length"

    def __init__(self, text: str, wanted: str) -> None:
        super().__init__(
            f"{text[:40]!r} has {len(text)} characters, expected {wanted}. Scan again or type it.",
            text=text[:40],
            wanted=wanted,
        )


class WrongCheckDigit(InvalidBarcode):
    """A digit is misread or mistyped. `details` hold the text and the check digit that would fit."""

    code = "barcode_wrong_check_digit"

    def __init__(self, text: str, expected: int) -> None:
        super().__init__(
            f"The check digit of {text} does not fit, so a digit is wrong. Scan again or type it with care.",
            text=text,
            expected=expected,
        )


def check_digit(digits: str) -> int:
    """The check digit that belongs after these digits, whatever the length. Raises `NotDigits`."""
    if not _are_digits(digits):
        raise NotDigits(digits)
    weighted = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits)))
    return -weighted % 10


def has_valid_check_digit(digits: str) -> bool:
    return len(digits) > 1 and _are_digits(digits) and check_digit(digits[:-1]) == int(digits[-1])


def normalise_gtin(text: str) -> str:
    """The canonical fourteen digits of an EAN-8, UPC-A, EAN-13 or GTIN-14, check digit verified.

    Raises `NotDigits`, `WrongBarcodeLength` or `WrongCheckDigit`. Eight digits are taken for an EAN-8; a
    UPC-E is first expanded with `expand_upce`.
    """
    digits = text.strip()
    if not _are_digits(digits):
        raise NotDigits(digits)
    if len(digits) not in GTIN_LENGTHS:
        raise WrongBarcodeLength(digits, "8, 12, 13 or 14")
    _verify(digits)
    return digits.zfill(CANONICAL_DIGITS)


def printed_gtin(gtin: str) -> str:
    """A canonical GTIN as it stands under the bars: 8, 13 or 14 digits."""
    if gtin.startswith("000000"):
        return gtin[6:]
    return gtin[1:] if gtin.startswith("0") else gtin


def expand_upce(text: str) -> str:
    """The UPC-A (twelve digits) that a UPC-E (eight, number system and check digit included) stands for."""
    digits = text.strip()
    if not _are_digits(digits):
        raise NotDigits(digits)
    if len(digits) != 8:
        raise WrongBarcodeLength(digits, "8")
    if digits[0] not in "01":
        raise InvalidBarcode(f"{digits} is not a UPC-E, which begins with 0 or 1. Scan again.", text=digits)
    body = digits[0] + _expanded(digits[1:7])
    expected = check_digit(body)
    if expected != int(digits[7]):
        raise WrongCheckDigit(digits, expected)
    return body + digits[7]


def compress_upca(text: str) -> str:
    """The UPC-E of a UPC-A that has one; most have none. Raises `InvalidBarcode` for those."""
    digits = text.strip()
    if not _are_digits(digits):
        raise NotDigits(digits)
    if len(digits) != 12:
        raise WrongBarcodeLength(digits, "12")
    _verify(digits)
    maker, product = digits[1:6], digits[6:11]
    # One way to leave out zeros per last digit of the short form; the first that leads back is the right one.
    for short in (
        maker[:2] + product[2:] + maker[2],
        maker[:3] + product[3:] + "3",
        maker[:4] + product[4] + "4",
        maker + product[4],
    ):
        if digits[0] in "01" and _expanded(short) == maker + product:
            return digits[0] + short + digits[11]
    raise InvalidBarcode(f"{digits} has no short form. Print it as a UPC-A.", text=digits)


def _expanded(short: str) -> str:
    """Ten digits from the six of a UPC-E; its last digit says where zeros were left out."""
    last = short[5]
    if last in "012":
        return short[:2] + last + "0000" + short[2:5]
    if last == "3":
        return short[:3] + "00000" + short[3:5]
    if last == "4":
        return short[:4] + "00000" + short[4]
    return short[:5] + "0000" + last


def _verify(digits: str) -> None:
    expected = check_digit(digits[:-1])
    if expected != int(digits[-1]):
        raise WrongCheckDigit(digits, expected)


def _are_digits(text: str) -> bool:
    # isdigit alone would let in digits of other scripts.
    return text.isascii() and text.isdigit()
