"""The ESC/POS commands that we send, each as bytes; nothing here takes text."""

from __future__ import annotations

from typing import Literal

from hardware.escpos.obeyed_at_once import with_a_dot_more
from hardware.escpos.raster import Dots
from hardware.escpos.symbols import code128_pieces
from hardware.receipt_document import Align

INITIALISE = b"\x1b@"
SINGLE_BYTE_TEXT = b"\x1c."  # many printers wake up expecting Chinese in byte pairs
AMERICAN_CHARACTERS = b"\x1bR\x00"  # other national sets replace # $ @ and brackets
NO_UNASKED_STATUS = b"\x1da\x00"  # its bytes could be taken for the answer to ASK_PAPER_IN_ORDER
LINE_FEED = b"\n"
PARTIAL_CUT = b"\x1dV\x01"
PARTIAL_CUT_AFTER_FEED = b"\x1dVB\x00"
ASK_PAPER_IN_ORDER = b"\x1dr\x01"  # answered when everything before it has been worked off

StatusKind = Literal["printer", "offline", "error", "paper"]
_STATUS_NUMBER: dict[StatusKind, int] = {"printer": 1, "offline": 2, "error": 3, "paper": 4}
_ALIGN_NUMBER: dict[Align, int] = {"left": 0, "center": 1, "right": 2}
_PULSE_UNIT_MS = 2


def ask_status(kind: StatusKind) -> bytes:
    """DLE EOT: answered at once, whatever waits in the printer's memory."""
    return bytes((0x10, 0x04, _STATUS_NUMBER[kind]))


def align(value: Align) -> bytes:
    return bytes((0x1B, 0x61, _ALIGN_NUMBER[value]))


def bold(on: bool) -> bytes:
    return bytes((0x1B, 0x45, on))


def underline(on: bool) -> bytes:
    return bytes((0x1B, 0x2D, on))


def size(double_width: bool, double_height: bool) -> bytes:
    return bytes((0x1D, 0x21, (0x10 if double_width else 0) | (0x01 if double_height else 0)))


def code_page(number: int) -> bytes:
    return bytes((0x1B, 0x74, number))


def feed_lines(count: int) -> bytes:
    return bytes((0x1B, 0x64, min(count, 255)))


def feed_dots(count: int) -> bytes:
    return bytes((0x1B, 0x4A, min(count, 255)))


def raster(picture: Dots) -> bytes:
    return (
        b"\x1dv0\x00"
        + picture.width_bytes.to_bytes(2, "little")
        + picture.height.to_bytes(2, "little")
        + with_a_dot_more(picture.data)
    )


def code128(data: str, module_dots: int, height_dots: int) -> bytes:
    """Bars without a caption; `data` is printable ASCII, a brace is doubled as code set B wants it."""
    payload = b"".join(
        b"{" + code_set.encode("ascii") + (part.replace(b"{", b"{{") if code_set == "B" else part)
        for code_set, part in code128_pieces(data)
    )
    return _bar_settings(module_dots, height_dots) + bytes((0x1D, 0x6B, 73, len(payload))) + payload


def ean13(digits: str, module_dots: int, height_dots: int) -> bytes:
    return _bar_settings(module_dots, height_dots) + bytes((0x1D, 0x6B, 67, 13)) + digits.encode("ascii")


def qr(data: bytes, module_dots: int) -> bytes:
    """Model 2, error correction M, store, print."""
    return b"".join(
        (
            _qr_function(0x41, b"\x32\x00"),
            _qr_function(0x43, bytes((module_dots,))),
            _qr_function(0x45, b"\x31"),
            _qr_function(0x50, b"\x30" + data),
            _qr_function(0x51, b"\x30"),
        )
    )


def drawer_pulse(pin: int = 0, on_ms: int = 100, off_ms: int = 200) -> bytes:
    """ESC p: `pin` 0 is connector pin 2, 1 is pin 5; the times are rounded to steps of 2 ms, at most 510."""
    if pin not in (0, 1):
        raise ValueError("a drawer is on pin 0 or 1")
    return bytes((0x1B, 0x70, pin, _pulse_units(on_ms), _pulse_units(off_ms)))


def drawer_pulse_in_real_time(pin: int = 0, on_ms: int = 100) -> bytes:
    """DLE DC4: works also while the printer has stopped, if it knows it; steps of 100 ms, at most 800."""
    if pin not in (0, 1):
        raise ValueError("a drawer is on pin 0 or 1")
    return bytes((0x10, 0x14, 0x01, pin, max(1, min(8, round(on_ms / 100)))))


def _pulse_units(ms: int) -> int:
    return max(1, min(255, ms // _PULSE_UNIT_MS))


def _bar_settings(module_dots: int, height_dots: int) -> bytes:
    height = max(1, min(255, height_dots))
    return bytes((0x1D, 0x48, 0, 0x1D, 0x77, module_dots, 0x1D, 0x68, height))


def _qr_function(function: int, parameters: bytes) -> bytes:
    length = len(parameters) + 2
    return b"\x1d(k" + length.to_bytes(2, "little") + bytes((0x31, function)) + parameters
