"""ESC/POS for displays (Epson DM-D) and CD5220, the language that most displays of other makers come with.

Sources: Epson, 'DM-D110 Specification (STANDARD)', section 5.4: ESC @, US MD1, US C, US $, ESC t and the numbers of its
pages. Partner Tech, 'CD5220 customer display', section 6.1, and POS-X, 'XP8200', section 4.1.8: ESC Q A and ESC Q B,
which take twenty letters each, CLR, and that nothing but CLR and CAN ends that mode.
"""

from __future__ import annotations

import msgspec

from hardware.displays.base import Facing, TwoLines, in_columns
from hardware.escpos.profile import PrinterProfile, code_pages, letters_of
from hardware.escpos.text_encoding import encoded, fitted

ESC, US, CLR, CR = b"\x1b", b"\x1f", b"\x0c", b"\r"
INITIALISE, OVERWRITE, NO_CURSOR = ESC + b"@", US + b"\x01", US + b"C\x00"
DM_D_PAGES = {
    0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858",
}  # fmt: skip


def _letters(name: str, pages: dict[int, str]) -> PrinterProfile:
    """What the display can write, in the shape that text is fitted to."""
    found = code_pages(pages)
    return PrinterProfile(
        name=name,
        title=name,
        columns=20,
        dots=0,
        code_pages=found,
        letters=letters_of(found),
        has_barcodes=False,
        has_qr=False,
        cutter="no",
        has_raster=False,
        confirmation="none",
    )


class EscposDisplay:
    name = "ESC/POS"

    def __init__(self) -> None:
        self._letters = _letters("line display, ESC/POS", DM_D_PAGES)

    def start(self) -> bytes:
        return INITIALISE + OVERWRITE + NO_CURSOR + CLR

    def show(self, lines: TwoLines) -> bytes:
        return self._line(1, lines.upper) + self._line(2, lines.lower)

    def _line(self, row: int, line: Facing) -> bytes:
        said = US + b"$" + bytes((1, row))
        for run in encoded(_spelt(line, self._letters), self._letters, None):
            if run.page is not None:
                said += ESC + b"t" + bytes((run.page.number,))
            said += run.data
        return said


class Cd5220Display:
    """It has no code pages that all makers share, so letters go in ASCII."""

    name = "CD5220"

    def __init__(self) -> None:
        self._letters = _letters("line display, CD5220", {})

    def start(self) -> bytes:
        return INITIALISE + CLR

    def show(self, lines: TwoLines) -> bytes:
        return self._line(b"A", lines.upper) + self._line(b"B", lines.lower)

    def _line(self, row: bytes, line: Facing) -> bytes:
        text = _spelt(line, self._letters).encode("ascii", "replace")
        return ESC + b"Q" + row + text + CR


def _spelt(line: Facing, letters: PrinterProfile) -> str:
    """In letters of the display, and then into columns: a plainer spelling may be longer."""
    plain = msgspec.structs.replace(line, start=fitted(line.start, letters), end=fitted(line.end, letters))
    return in_columns(plain)
