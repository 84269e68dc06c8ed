"""Barcodes and QR codes as modules, for printers that can't make them and for the virtual paper."""

from __future__ import annotations

import re

from hardware.escpos.obeyed_at_once import would_be_obeyed

CODE128_LONGEST = 60
# Bytes that a QR code of version 1, 2, ... 40 carries at error correction level M (ISO/IEC 18004, table 7).
_QR_BYTES_AT_M = (
    14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666,
    711, 779, 857, 911, 997, 1059, 1125, 1190, 1264, 1370, 1452, 1538, 1628, 1722, 1809, 1911, 1989,
    2099, 2213, 2331,
)  # fmt: skip
_QR_QUIET_MODULES = 4
_DIGIT_RUNS = re.compile(r"[0-9]+|[^0-9]+")


def is_code128(data: str) -> bool:
    return 0 < len(data) <= CODE128_LONGEST and data.isascii() and data.isprintable()


def code128_pieces(data: str) -> list[tuple[str, bytes]]:
    """`data` as stretches in code set B, or in C, which packs two digits into one symbol."""
    pieces: list[tuple[str, bytes]] = []
    for match in _DIGIT_RUNS.finditer(data):
        text, start, end = match.group(), match.start(), match.end()
        at_an_end = start == 0 or end == len(data)
        if text.isdigit() and len(text) >= (4 if at_an_end else 6):
            before, packed, after = _packed(text)
        else:
            before, packed, after = text, b"", ""
        for code_set, part in (("B", before.encode("ascii")), ("C", packed), ("B", after.encode("ascii"))):
            if part:
                _add(pieces, code_set, part)
    return pieces


def _packed(digits: str) -> tuple[str, bytes, str]:
    """Digits two to a byte, and what stands alone before and behind; no bytes that a printer would obey."""
    for first in (len(digits) % 2, 1 - len(digits) % 2):
        last = len(digits) - (len(digits) - first) % 2
        packed = bytes(int(digits[at : at + 2]) for at in range(first, last, 2))
        if not would_be_obeyed(packed):
            return digits[:first], packed, digits[last:]
    return digits, b"", ""


def code128_modules(data: str) -> int:
    """How wide the bars are at most: a symbol for each byte, each switch, start, check and stop."""
    pieces = code128_pieces(data)
    symbols = sum(len(part) for _, part in pieces) + len(pieces) - 1
    return 11 * (symbols + 3) + 2


def _add(pieces: list[tuple[str, bytes]], code_set: str, part: bytes) -> None:
    if pieces and pieces[-1][0] == code_set:
        pieces[-1] = (code_set, pieces[-1][1] + part)
    else:
        pieces.append((code_set, part))


def is_ean13(data: str) -> bool:
    """Thirteen digits whose check digit is right."""
    if len(data) != 13 or not (data.isascii() and data.isdigit()):
        return False
    odd, even = sum(map(int, data[0:12:2])), sum(map(int, data[1:12:2]))
    return (10 - (odd + 3 * even) % 10) % 10 == int(data[12])


def bars(symbology: str, data: str) -> str:
    """The modules of a barcode as '1' (bar) and '0' (space), without quiet zones.

    `symbology` is a name that python-barcode knows; raises ValueError for data that it can't carry.
    """
    from barcode import get_barcode_class
    from barcode.errors import BarcodeError

    try:
        modules = get_barcode_class(symbology)(data).build()
    except (BarcodeError, KeyError, IndexError) as error:
        raise ValueError(f"{symbology} can't carry {data!r}") from error
    return "".join("0" if module == "0" else "1" for module in modules[0])


def qr_modules_wide(byte_count: int) -> int | None:
    """Modules on a side at level M, quiet zones included; None when no QR code carries so much."""
    for version, capacity in enumerate(_QR_BYTES_AT_M, start=1):
        if byte_count <= capacity:
            return 17 + 4 * version + 2 * _QR_QUIET_MODULES
    return None
