"""Numbers as the protocol packs them: BCD, and lengths of which each byte holds one digit."""

from __future__ import annotations

from hardware.terminals.card_number import last_four_of
from hardware.terminals.zvt.apdu import BadMessage

TEXT_CODE_PAGE = "cp437"


def packed(number: int, size: int) -> bytes:
    """BCD in `size` bytes, zeros in front."""
    digits = f"{number:0{size * 2}d}"
    assert number >= 0, number
    assert len(digits) == size * 2, f"{number} needs more than {size} bytes"
    return bytes.fromhex(digits)


def unpacked(data: bytes) -> int:
    digits = data.hex()
    if not digits.isdecimal():
        raise BadMessage("The card terminal sent a number that is none.")
    return int(digits)


def unpacked_text(data: bytes) -> str:
    """With its zeros in front; empty where it is no number."""
    digits = data.hex()
    return digits if digits.isdecimal() else ""


def last_four_packed(data: bytes) -> str:
    """Of a card number in BCD: E is a masked digit, F fills up an odd length. The rest is never kept."""
    return last_four_of(data.hex().rstrip("f"))


def variable(data: bytes, digits: int) -> bytes:
    """LLVAR (two digits) and LLLVAR (three): F0 to F9 a byte, then as many bytes as they say."""
    size = f"{len(data):0{digits}d}"
    assert len(size) == digits, f"{len(data)} bytes are too many"
    return bytes(0xF0 | int(digit) for digit in size) + data


def variable_size(head: bytes) -> int:
    low = [byte & 0x0F for byte in head]
    if any(digit > 9 for digit in low):
        raise BadMessage("The card terminal sent a length that is none.")
    return int("".join(map(str, low)))


def text_of(data: bytes) -> str:
    return data.rstrip(b"\0").decode(TEXT_CODE_PAGE).strip()


def bytes_of(text: str) -> bytes:
    return text.encode(TEXT_CODE_PAGE, "replace")
