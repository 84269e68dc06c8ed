"""Labels as ZPL II, the language of Zebra's label printers and of many others.

A printer takes ^ and ~ for the beginning of a command wherever they stand. So every character of a field but letters,
digits and spaces goes as its UTF-8 bytes in hexadecimal (^FH): nothing that stands in a product's name can become one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from shared_models.labels.label import Label, one_line
from shared_models.labels.symbol import Symbol, in_pairs, symbol_of

_MARGIN_MM = 2
# A module of the bars: GS1 General Specifications, section 5.12.3 (retail point of sale), allow 0.264 to 0.660 mm; two
# dots of a printer with 203 dpi are 0.25 and read well, so they are taken where three have no room.
_WIDEST_MODULE_UM, _NARROWEST_MODULE_UM = 400, 240
_LETTER_WIDTH_PERCENT = 60
"""Of the height, at most, on average over a line; the printer's font is narrower."""
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ")
# Characters that Code 128 takes only by an invocation code (ZPL II Programming Guide, ^BC).
_INVOKED = {"^": "><", ">": ">0", "~": ">="}
_START_B, _START_C = ">:", ">;"


class LabelSize(msgspec.Struct, frozen=True):
    """One label of the roll; `dots_per_mm` is 6, 8, 12 or 24 (150, 203, 300, 600 dpi)."""

    width_mm: int = 57
    height_mm: int = 32
    dots_per_mm: int = 8

    @property
    def width(self) -> int:
        return self.width_mm * self.dots_per_mm

    @property
    def height(self) -> int:
        return self.height_mm * self.dots_per_mm


def zpl(labels: Sequence[Label], size: LabelSize | None = None) -> bytes:
    """One format after the other, each a label."""
    chosen = size or LabelSize()
    return b"".join("".join(_format(label, chosen)).encode("ascii") for label in labels)


def field(text: str) -> str:
    """Field data, for ^FH in front of it."""
    data = text.encode("utf-8", "replace")
    return "".join(chr(byte) if byte in _PLAIN else f"_{byte:02X}" for byte in data)


def module_dots(symbol: Symbol, width_dots: int, dots_per_mm: int) -> int:
    """How wide the narrowest bar is; 0 where the symbol has no room."""
    widest = max(1, _WIDEST_MODULE_UM * dots_per_mm // 1000)
    narrowest = -(-_NARROWEST_MODULE_UM * dots_per_mm // 1000)
    fitting = min(widest, width_dots // symbol.modules)
    return fitting if fitting >= narrowest else 0


def _format(label: Label, size: LabelSize) -> Iterator[str]:
    edge = _MARGIN_MM * size.dots_per_mm
    width, bottom = size.width - 2 * edge, size.height - edge
    name_dots = max(16, size.height // 9)
    small_dots = max(14, size.height // 12)
    price_dots = size.height // 4
    price_top = edge + 2 * name_dots + 4
    per = label.unit_price_text()
    per_dots = _fitting(per, small_dots, width // 2)
    beside = len(per) * per_dots * _LETTER_WIDTH_PERCENT // 100 + per_dots if per else 0
    yield f"^XA^CI28^PW{size.width}^LL{size.height}^LH0,0"
    yield _text(one_line(label.name), edge, edge, width, name_dots, lines=2)
    price, price_width = label.price_text(), width - beside
    letters = _fitting(price, price_dots, price_width)
    yield _text(price, edge + beside, price_top + price_dots - letters, price_width, letters, at_end=True)
    yield _text(per, edge, price_top + price_dots - per_dots, beside, per_dots)
    symbol = symbol_of(label.code)
    bars = 0 if symbol is None else module_dots(symbol, width, size.dots_per_mm)
    bars_top = price_top + price_dots + size.dots_per_mm
    if symbol is not None and bars:
        height = bottom - bars_top - small_dots - 4
        yield _bars(symbol, edge + bars * symbol.quiet_modules, bars_top, bars, height)
        after_bars = edge + bars * symbol.modules
        room = size.width - edge - after_bars
        if room > 4 * small_dots:
            yield _text(one_line(label.sku), after_bars, bottom - small_dots, room, small_dots, at_end=True)
    else:
        yield _text(one_line(label.code or label.sku), edge, bottom - small_dots, width, small_dots)
    yield "^XZ\n"


def _text(
    text: str, left: int, top: int, width: int, height: int, *, lines: int = 1, at_end: bool = False
) -> str:
    """In a block, so that the printer breaks lines and puts amounts to the right with its own font's widths."""
    if not text:
        return ""
    shown = _cut(text, width * 100 // (_LETTER_WIDTH_PERCENT * height), lines)
    escaped = field(shown.replace("\\", "\\\\"))  # a backslash begins a break in a block
    side = "R" if at_end else "L"
    return f"^FO{left},{top}^A0N,{height},{height}^FB{width},{lines},0,{side},0^FH^FD{escaped}^FS"


def _fitting(text: str, height: int, width: int) -> int:
    """Smaller letters before an amount is cut."""
    return min(height, width * 100 // (_LETTER_WIDTH_PERCENT * max(1, len(text))))


def _cut(text: str, longest_line: int, lines: int) -> str:
    """A block that is too long would print its end over its last line."""
    shown: list[str] = []
    for word in text.split(" "):
        if shown and (len(shown[-1]) + 1 + len(word) <= longest_line or len(shown) == lines):
            shown[-1] += f" {word}"
        else:
            shown.append(word)
    if len(shown[-1]) > longest_line:
        shown[-1] = shown[-1][: max(1, longest_line - 1)].rstrip() + "…"
    return " ".join(shown)


def _bars(symbol: Symbol, left: int, top: int, module: int, height: int) -> str:
    command, data = _command(symbol, height)
    return f"^FO{left},{top}^BY{module}{command}^FH^FD{field(data)}^FS"


def _command(symbol: Symbol, height: int) -> tuple[str, str]:
    """The printer adds the check digits of GTINs itself."""
    match symbol.kind:
        case "ean13":
            return f"^BEN,{height},Y,N", symbol.data[:-1]
        case "ean8":
            return f"^B8N,{height},Y,N", symbol.data[:-1]
        case "upca":
            return f"^BUN,{height},Y,N,Y", symbol.data[:-1]
        case "code128":
            return f"^BCN,{height},Y,N,N", _code128(symbol.data)


def _code128(data: str) -> str:
    if in_pairs(data):
        return _START_C + data
    return _START_B + "".join(_INVOKED.get(each, each) for each in data)
