"""The inside of a virtual receipt printer: decoded commands go in, paper comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from hardware.escpos.decoder import Characters, Command, Token, Unknown
from hardware.escpos.paper import (
    FONT_DOTS,
    LINE_SPACING_DOTS,
    Feed,
    Printed,
    PrintedBarcode,
    PrintedImage,
    PrintedLine,
    PrintedQr,
    Pulse,
    Receipt,
    Span,
    Style,
    UnknownCommand,
)
from hardware.receipt_document import Align

# The numbers that Epson gives to code pages, which most others follow.
EPSON_CODE_PAGES = {
    0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 13: "cp857", 14: "cp737", 15: "iso8859_7",
    16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858", 21: "cp874", 32: "cp720", 33: "cp775", 34: "cp855",
    35: "cp861", 36: "cp862", 37: "cp864", 38: "cp869", 39: "iso8859_2", 40: "iso8859_15", 44: "cp1125",
    45: "cp1250", 46: "cp1251", 47: "cp1253", 48: "cp1254", 49: "cp1255", 50: "cp1256", 51: "cp1257",
    52: "cp1258",
}  # fmt: skip
_COUNTED_BARCODES = {
    65: "upca", 66: "upce", 67: "ean13", 68: "ean8", 69: "code39", 70: "itf", 71: "codabar", 72: "code93",
    73: "code128",
}  # fmt: skip
_BARCODES_UNTIL_NUL = {0: "upca", 1: "upce", 2: "ean13", 3: "ean8", 4: "code39", 5: "itf", 6: "codabar"}
_ALIGN: dict[int, Align] = {0: "left", 1: "center", 2: "right", 48: "left", 49: "center", 50: "right"}
_QR_LEVELS: dict[int, Literal["l", "m", "q", "h"]] = {48: "l", 49: "m", 50: "q", 51: "h"}
_TAB_COLUMNS = 8
_KNIFE_DISTANCE_DOTS = 90


class _Settings(msgspec.Struct):
    """What ESC @ puts back."""

    style: Style = Style()
    align: Align = "left"
    codec: str = "cp437"
    chinese: bool = False
    spacing_dots: int = LINE_SPACING_DOTS
    character_gap_dots: int = 0
    left_dots: int = 0
    area_dots: int = 0
    caption_above: bool = False
    caption_below: bool = False
    bar_height_dots: int = 162
    bar_module_dots: int = 3
    qr_module_dots: int = 3
    qr_level: Literal["l", "m", "q", "h"] = "l"
    qr_data: bytes = b""
    graphics: PrintedImage | None = None


class Interpreter:
    """Applies tokens one by one. Finished receipts go to `receipts` and `on_receipt`, pulses to `pulses`."""

    def __init__(
        self,
        paper_dots: int = 576,
        code_pages: dict[int, str] | None = None,
        on_receipt: Callable[[Receipt], None] | None = None,
    ) -> None:
        self.receipts: list[Receipt] = []
        self.pulses: list[Pulse] = []
        self.fed_dots = 0
        self._paper_dots = paper_dots
        self._code_pages = EPSON_CODE_PAGES if code_pages is None else code_pages
        self._on_receipt = on_receipt
        self._printed: list[Printed] = []
        self._set = _Settings()
        self._spans: list[Span] = []
        self._used_dots = 0
        self._stripe: PrintedImage | None = None

    @property
    def unfinished(self) -> Receipt:
        """What hangs out of the printer."""
        return Receipt(tuple(self._printed), self._paper_dots)

    def tear_off(self) -> Receipt | None:
        """Takes what hangs out of the printer, if anything does."""
        if not self._printed:
            return None
        return self._finish("torn")

    def apply(self, token: Token) -> None:
        match token:
            case Characters(data):
                self._characters(data)
            case Unknown(b"\0"):
                pass  # printers pass over it
            case Unknown(raw):
                self._printed.append(UnknownCommand(raw))
            case Command(name, parameters):
                action = _ACTIONS.get(name)
                if action is not None:
                    action(self, parameters)

    # Text

    def _characters(self, data: bytes) -> None:
        codec = "gb18030" if self._set.chinese else self._set.codec
        for character in data.decode(codec, errors="replace"):
            self._character(character)

    def _character(self, character: str) -> None:
        style = self._set.style
        dots = (FONT_DOTS[style.font][0] + self._set.character_gap_dots) * style.width
        if self._set.chinese and not character.isascii():
            dots *= 2
        if self._spans and self._used_dots + dots > self._area_dots():
            self._end_line(self._set.spacing_dots)
        self._used_dots += dots
        if self._spans and self._spans[-1].style == style:
            self._spans[-1] = Span(self._spans[-1].text + character, style)
        else:
            self._spans.append(Span(character, style))

    def _area_dots(self) -> int:
        room = self._paper_dots - self._set.left_dots
        return min(self._set.area_dots or room, room)

    def _end_line(self, feed_dots: int) -> None:
        """Prints what is in the line, or feeds when there is nothing."""
        if self._stripe is not None:
            stripe, self._stripe = self._stripe, None
            self._put(stripe, stripe.height * stripe.down)
            feed_dots -= stripe.height * stripe.down
        if self._spans:
            tallest = max(FONT_DOTS[span.style.font][1] * span.style.height for span in self._spans)
            height = max(feed_dots, tallest + 2)
            line = PrintedLine(tuple(self._spans), self._set.align, self._set.left_dots, height)
            self._spans, self._used_dots = [], 0
            self._put(line, height)
        elif feed_dots > 0:
            self._put(Feed(feed_dots), feed_dots)

    def _put(self, printed: Printed, dots: int) -> None:
        self._printed.append(printed)
        self.fed_dots += dots

    # Commands; each takes its parameter bytes

    def _line_feed(self, _: bytes) -> None:
        self._end_line(self._set.spacing_dots)

    def _tab(self, _: bytes) -> None:
        column = sum(len(span.text) for span in self._spans)
        for _step in range(_TAB_COLUMNS - column % _TAB_COLUMNS):
            self._character(" ")

    def _initialise(self, _: bytes) -> None:
        self._set = _Settings()
        self._spans, self._used_dots, self._stripe = [], 0, None

    def _feed_lines(self, parameters: bytes) -> None:
        self._end_line(self._set.spacing_dots * parameters[0])

    def _feed_dots(self, parameters: bytes) -> None:
        self._end_line(parameters[0])

    def _print_mode(self, parameters: bytes) -> None:
        mode = parameters[0]
        self._style(
            font="b" if mode & 0x01 else "a",
            bold=bool(mode & 0x08),
            height=2 if mode & 0x10 else 1,
            width=2 if mode & 0x20 else 1,
            underline=bool(mode & 0x80),
        )

    def _size(self, parameters: bytes) -> None:
        self._style(width=(parameters[0] >> 4 & 7) + 1, height=(parameters[0] & 7) + 1)

    def _bold(self, parameters: bytes) -> None:
        self._style(bold=bool(parameters[0] & 1))

    def _underline(self, parameters: bytes) -> None:
        self._style(underline=parameters[0] in (1, 2, 49, 50))

    def _inverse(self, parameters: bytes) -> None:
        self._style(inverse=bool(parameters[0] & 1))

    def _font(self, parameters: bytes) -> None:
        self._style(font="b" if parameters[0] in (1, 49) else "a")

    def _style(self, **changes: object) -> None:
        self._set.style = msgspec.structs.replace(self._set.style, **changes)

    def _align(self, parameters: bytes) -> None:
        if not self._spans:
            self._set.align = _ALIGN.get(parameters[0], self._set.align)

    def _code_page(self, parameters: bytes) -> None:
        self._set.codec = self._code_pages.get(parameters[0], "ascii")

    def _chinese_on(self, _: bytes) -> None:
        self._set.chinese = True

    def _chinese_off(self, _: bytes) -> None:
        self._set.chinese = False

    def _default_spacing(self, _: bytes) -> None:
        self._set.spacing_dots = LINE_SPACING_DOTS

    def _spacing(self, parameters: bytes) -> None:
        self._set.spacing_dots = parameters[0]

    def _character_gap(self, parameters: bytes) -> None:
        self._set.character_gap_dots = parameters[0]

    def _left_margin(self, parameters: bytes) -> None:
        self._set.left_dots = min(int.from_bytes(parameters, "little"), self._paper_dots - 12)

    def _area_width(self, parameters: bytes) -> None:
        self._set.area_dots = int.from_bytes(parameters, "little")

    def _pulse(self, parameters: bytes) -> None:
        pulse = Pulse(parameters[0] & 1, parameters[1] * 2, parameters[2] * 2)
        self.pulses.append(pulse)
        self._printed.append(pulse)

    def _real_time_request(self, parameters: bytes) -> None:
        if parameters[0] == 1:
            pulse = Pulse(parameters[1] & 1, parameters[2] * 100, parameters[2] * 100)
            self.pulses.append(pulse)
            self._printed.append(pulse)

    def _cut(self, parameters: bytes) -> None:
        self._end_line(0)
        mode = parameters[0]
        if mode >= 65:
            self._put(Feed(parameters[1] + _KNIFE_DISTANCE_DOTS), parameters[1] + _KNIFE_DISTANCE_DOTS)
        self._finish("full" if mode in (0, 48, 65, 97, 103) else "partial")

    def _old_full_cut(self, _: bytes) -> None:
        self._finish("full")

    def _old_partial_cut(self, _: bytes) -> None:
        self._finish("partial")

    def _finish(self, cut: Literal["full", "partial", "torn"]) -> Receipt:
        receipt = Receipt(tuple(self._printed), self._paper_dots, cut)
        self._printed = []
        self.receipts.append(receipt)
        if self._on_receipt is not None:
            self._on_receipt(receipt)
        return receipt

    # Symbols and pictures

    def _caption(self, parameters: bytes) -> None:
        place = parameters[0] & 3
        self._set.caption_above, self._set.caption_below = bool(place & 1), bool(place & 2)

    def _bar_height(self, parameters: bytes) -> None:
        self._set.bar_height_dots = parameters[0]

    def _bar_width(self, parameters: bytes) -> None:
        self._set.bar_module_dots = parameters[0]

    def _barcode(self, parameters: bytes) -> None:
        self._end_line(0)
        system = parameters[0]
        if system >= 65:
            symbology, data = _COUNTED_BARCODES.get(system, str(system)), parameters[2:]
        else:
            symbology, data = _BARCODES_UNTIL_NUL.get(system, str(system)), parameters[1:-1]
        text = _code128_text(data) if symbology == "code128" else data.decode("latin-1")
        settings = self._set
        self._put(
            PrintedBarcode(
                symbology,
                text,
                settings.align,
                settings.bar_module_dots,
                settings.bar_height_dots,
                settings.caption_above,
                settings.caption_below,
            ),
            settings.bar_height_dots,
        )

    def _counted(self, parameters: bytes) -> None:
        """GS ( and GS 8: a letter, the length, then what the letter says."""
        if parameters[:1] == b"k":
            self._two_dimensional(parameters[3:])
        elif parameters[:1] == b"L":
            self._graphics(parameters[3:])

    def _counted_large(self, parameters: bytes) -> None:
        if parameters[:1] == b"L":
            self._graphics(parameters[5:])

    def _two_dimensional(self, body: bytes) -> None:
        if len(body) < 3 or body[0] != 49:
            return
        function, values = body[1], body[2:]
        if function == 67:
            self._set.qr_module_dots = max(1, min(16, values[0]))
        elif function == 69:
            self._set.qr_level = _QR_LEVELS.get(values[0], self._set.qr_level)
        elif function == 80:
            self._set.qr_data = values[1:]
        elif function == 81:
            self._end_line(0)
            settings = self._set
            self._put(
                PrintedQr(settings.qr_data, settings.qr_level, settings.qr_module_dots, settings.align),
                settings.qr_module_dots * 33,
            )

    def _graphics(self, body: bytes) -> None:
        if len(body) < 2:
            return
        function, values = body[1], body[2:]
        if function == 112 and len(values) >= 8:
            across, down = max(1, values[1]), max(1, values[2])
            width, height = int.from_bytes(values[4:6], "little"), int.from_bytes(values[6:8], "little")
            self._set.graphics = PrintedImage(width, height, values[8:], self._set.align, across, down)
        elif function in (2, 50) and self._set.graphics is not None:
            picture = self._set.graphics
            self._end_line(0)
            self._put(picture, picture.height * picture.down)

    def _raster(self, parameters: bytes) -> None:
        self._end_line(0)
        mode = parameters[1] & 3
        width_bytes = int.from_bytes(parameters[2:4], "little")
        height = int.from_bytes(parameters[4:6], "little")
        down = 2 if mode & 2 else 1
        picture = PrintedImage(
            width_bytes * 8, height, parameters[6:], self._set.align, 2 if mode & 1 else 1, down
        )
        self._put(picture, height * down)

    def _column_image(self, parameters: bytes) -> None:
        tall = parameters[0] in (32, 33)
        columns = int.from_bytes(parameters[1:3], "little")
        across = 1 if parameters[0] in (1, 33) else 2
        rows = _rows_of_columns(parameters[3:], columns, 3 if tall else 1)
        self._stripe = PrintedImage(
            columns, 24 if tall else 8, rows, self._set.align, across, 1 if tall else 3
        )


def _code128_text(data: bytes) -> str:
    """The text behind code set switches; code set C holds two digits a byte."""
    text, code_set, position = "", "B", 0
    while position < len(data):
        byte = data[position]
        if byte == 0x7B and position + 1 < len(data):
            letter = chr(data[position + 1])
            position += 2
            if letter in "ABC":
                code_set = letter
            elif letter == "{":
                text += "{"
            continue
        text += f"{byte:02d}" if code_set == "C" else chr(byte)
        position += 1
    return text


def _rows_of_columns(data: bytes, columns: int, column_bytes: int) -> bytes:
    """Turns pictures that are sent column by column into rows."""
    width_bytes = (columns + 7) // 8
    rows = bytearray(width_bytes * column_bytes * 8)
    for column in range(columns):
        for part in range(column_bytes):
            byte = data[column * column_bytes + part]
            for bit in range(8):
                if byte & (0x80 >> bit):
                    rows[(part * 8 + bit) * width_bytes + column // 8] |= 0x80 >> column % 8
    return bytes(rows)


# Commands that are missing here (page mode, macros, ASB and the like) are read over, as they print nothing.
_ACTIONS: dict[str, Callable[[Interpreter, bytes], None]] = {
    "LF": Interpreter._line_feed,
    "HT": Interpreter._tab,
    "ESC @": Interpreter._initialise,
    "ESC d": Interpreter._feed_lines,
    "ESC J": Interpreter._feed_dots,
    "ESC !": Interpreter._print_mode,
    "GS !": Interpreter._size,
    "ESC E": Interpreter._bold,
    "ESC G": Interpreter._bold,
    "ESC -": Interpreter._underline,
    "GS B": Interpreter._inverse,
    "ESC M": Interpreter._font,
    "ESC a": Interpreter._align,
    "ESC t": Interpreter._code_page,
    "FS &": Interpreter._chinese_on,
    "FS .": Interpreter._chinese_off,
    "ESC 2": Interpreter._default_spacing,
    "ESC 3": Interpreter._spacing,
    "ESC SP": Interpreter._character_gap,
    "GS L": Interpreter._left_margin,
    "GS W": Interpreter._area_width,
    "ESC p": Interpreter._pulse,
    "DLE DC4": Interpreter._real_time_request,
    "GS V": Interpreter._cut,
    "ESC i": Interpreter._old_full_cut,
    "ESC m": Interpreter._old_partial_cut,
    "GS H": Interpreter._caption,
    "GS h": Interpreter._bar_height,
    "GS w": Interpreter._bar_width,
    "GS k": Interpreter._barcode,
    "GS (": Interpreter._counted,
    "GS 8": Interpreter._counted_large,
    "GS v": Interpreter._raster,
    "ESC *": Interpreter._column_image,
}
