"""A receipt document as the bytes that one printer model understands.

python-escpos gives the printer database and collects the commands. Its own text() is not used: it changes the
encoding of a whole string for one character, and prints question marks in silence.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from hardware.escpos import commands, symbols
from hardware.escpos.library import capabilities
from hardware.escpos.obeyed_at_once import would_be_obeyed
from hardware.escpos.profile import CodePage, PrinterProfile
from hardware.escpos.qr_masks import qr_rows
from hardware.escpos.raster import Dots, bar_dots, drawn_line, logo_dots, matrix_dots
from hardware.escpos.text_encoding import encoded, fitted, must_be_drawn
from hardware.receipt_document import (
    Align,
    Barcode,
    Block,
    Columns,
    Cut,
    Logo,
    QrCode,
    ReceiptDocument,
    Text,
)
from hardware.receipt_layout import Line, lay_out

_BEFORE_EVERY_JOB = (
    commands.INITIALISE,
    commands.NO_UNASKED_STATUS,
    commands.SINGLE_BYTE_TEXT,
    commands.AMERICAN_CHARACTERS,
)
_FEED_WITHOUT_CUTTER = 5
_BAR_MODULE_DOTS = (3, 2)
_BAR_QUIET_MODULES = 4  # the paper's own margins are the rest of the quiet zone
_SYMBOL_GAP_DOTS = 10
_EAN13_MODULES = 95
_LEAST_QR_MODULE_DOTS = 2


def encode(document: ReceiptDocument, profile: PrinterProfile) -> bytes:
    """The whole receipt; every command byte in it is ours, and text from data is printable bytes only."""
    job = _Job(profile)
    for placed in lay_out(_fitted_document(document, profile), profile.columns):
        match placed:
            case Line():
                job.line(placed)
            case Logo():
                job.logo(placed)
            case Barcode():
                job.barcode(placed)
            case QrCode():
                job.qr(placed)
            case Cut():
                job.cut()
    return job.finished()


class _Collector(Protocol):
    """The part of python-escpos' Dummy printer that we use."""

    @property
    def output(self) -> bytes: ...

    def _raw(self, msg: bytes) -> None: ...


class _Job:
    """Collects one receipt; remembers what the printer is set to, so that each setting is sent once."""

    def __init__(self, profile: PrinterProfile) -> None:
        self._profile = profile
        self._printer = _collector()
        self._page: CodePage | None = None
        self._style = Line("")
        for command in _BEFORE_EVERY_JOB:
            self._send(command)

    def finished(self) -> bytes:
        return self._printer.output

    def line(self, line: Line) -> None:
        if self._profile.has_raster and must_be_drawn(line.text, self._profile):
            self._picture(drawn_line(line, self._profile.columns, self._profile.dots), "left")
            return
        if line.text:
            self._set_style(line)
            self._text(line.text)
        self._send(commands.LINE_FEED)

    def logo(self, logo: Logo) -> None:
        wanted = logo.png and self._profile.has_raster
        picture = logo_dots(logo.png, self._profile.dots) if wanted else None
        if picture is not None:
            self._picture(picture, "center")
            return
        for text in logo.lines:
            self._block(Text(text, align="center", bold=True, double_width=True, double_height=True))

    def barcode(self, barcode: Barcode) -> None:
        self._gap()
        self._bars(barcode)
        self._block(Text(barcode.caption or barcode.data, align="center"))
        self._gap()

    def qr(self, code: QrCode) -> None:
        modules_wide = symbols.qr_modules_wide(len(code.data))
        if modules_wide is not None and code.data:
            wanted = max(code.module_dots, _LEAST_QR_MODULE_DOTS)
            module_dots = min(wanted, 16, self._profile.dots // modules_wide)
            if module_dots >= _LEAST_QR_MODULE_DOTS:
                self._gap()
                self._qr(code.data, module_dots)
                self._gap()
        if code.caption:
            self._block(Text(code.caption, align="center"))

    def cut(self) -> None:
        if self._profile.cutter == "yes":
            self._send(commands.PARTIAL_CUT_AFTER_FEED)
            return
        self._send(commands.feed_lines(_FEED_WITHOUT_CUTTER))
        if self._profile.cutter == "perhaps":  # one without a knife reads over it
            self._send(commands.PARTIAL_CUT)

    def _block(self, block: Block) -> None:
        document = _fitted_document(ReceiptDocument((block,)), self._profile)
        for placed in lay_out(document, self._profile.columns):
            if isinstance(placed, Line):
                self.line(placed)

    def _bars(self, barcode: Barcode) -> None:
        data = barcode.data
        if barcode.symbology == "ean13" and symbols.is_ean13(data):
            self._send_bars("ean13", data, _EAN13_MODULES, barcode.height_dots)
        elif barcode.symbology == "code128" and symbols.is_code128(data):
            modules = symbols.code128_modules(data)
            if not self._send_bars("code128", data, modules, barcode.height_dots):
                self.qr(QrCode(data.encode("ascii")))  # the bars would be too thin for a scanner

    def _send_bars(self, symbology: str, data: str, modules: int, height: int) -> bool:
        for module_dots in _BAR_MODULE_DOTS:
            if (modules + _BAR_QUIET_MODULES) * module_dots <= self._profile.dots:
                break
        else:
            return False
        if not self._profile.has_barcodes:
            if self._profile.has_raster:
                self._picture(bar_dots(symbols.bars(symbology, data), module_dots, height), "center")
            return True
        self._set_align("center")
        native = commands.ean13 if symbology == "ean13" else commands.code128
        self._send(native(data, module_dots, height))
        return True

    def _qr(self, data: bytes, module_dots: int) -> None:
        if self._profile.has_qr and not would_be_obeyed(data):
            self._set_align("center")
            self._send(commands.qr(data, module_dots))
        elif self._profile.has_raster:
            self._picture(matrix_dots(qr_rows(data), module_dots), "center")

    def _gap(self) -> None:
        self._send(commands.feed_dots(_SYMBOL_GAP_DOTS))

    def _picture(self, picture: Dots, align: Align) -> None:
        self._set_align(align)
        self._send(commands.raster(picture))

    def _text(self, text: str) -> None:
        for run in encoded(text, self._profile, self._page):
            if run.page is not None and run.page is not self._page:
                self._send(commands.code_page(run.page.number))
                self._page = run.page
            self._send(run.data)

    def _set_style(self, line: Line) -> None:
        before = self._style
        self._set_align(line.align)
        if line.bold != before.bold:
            self._send(commands.bold(line.bold))
        if line.underline != before.underline:
            self._send(commands.underline(line.underline))
        if (line.double_width, line.double_height) != (before.double_width, before.double_height):
            self._send(commands.size(line.double_width, line.double_height))
        self._style = line

    def _set_align(self, align: Align) -> None:
        if align != self._style.align:
            self._send(commands.align(align))
            self._style = msgspec.structs.replace(self._style, align=align)

    def _send(self, data: bytes) -> None:
        self._printer._raw(data)


def _collector() -> _Collector:
    capabilities()  # before the import below, so that its side effects are caught
    from escpos.printer import Dummy

    collector: Any = Dummy()
    collector.open()
    return collector  # type: ignore[no-any-return]


def _fitted_document(document: ReceiptDocument, profile: PrinterProfile) -> ReceiptDocument:
    return ReceiptDocument(tuple(_fitted_block(block, profile) for block in document.blocks))


def _fitted_block(block: Block, profile: PrinterProfile) -> Block:
    match block:
        case Text():
            text = "\n".join(fitted(line, profile) for line in block.text.splitlines())
            return msgspec.structs.replace(block, text=text)
        case Columns():
            cells = tuple(
                msgspec.structs.replace(cell, text=fitted(cell.text, profile)) for cell in block.cells
            )
            return msgspec.structs.replace(block, cells=cells)
        case _:
            return block
