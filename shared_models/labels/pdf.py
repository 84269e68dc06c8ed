"""Labels on sheets for an office printer, as PDF; the same labels in the same letters always give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING

import msgspec

from shared_models.labels.label import Label, one_line
from shared_models.labels.sheets import A4_MM, Sheet
from shared_models.labels.symbol import Symbol, symbol_of

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_MM = 72 / 25.4
_PADDING_MM = 2.0
_WIDEST_MODULE_MM = 0.33  # the nominal size, GS1 General Specifications, section 5.12.3
_NARROWEST_MODULE_MM = 0.2  # a laser's bars are read down to there; below that the number alone is printed
_SMALLEST_PT = 5.0
_DIGITS_PT = 6.5
_BETWEEN_PT = 6.0
_FILES = (
    (
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
        "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
    ),
    (
        "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
        "/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf",
    ),
    ("C:/Windows/Fonts/segoeui.ttf", "C:/Windows/Fonts/segoeuib.ttf"),
    ("/System/Library/Fonts/Supplemental/Arial.ttf", "/System/Library/Fonts/Supplemental/Arial Bold.ttf"),
)
"""Regular and bold, the first that is there."""


class Typeface(msgspec.Struct, frozen=True):
    """The bytes of two TrueType fonts."""

    regular: bytes
    bold: bytes


def first_typeface(read: Callable[[str], bytes]) -> Typeface | None:
    """The machine's own letters, of a font for many scripts; `read` raises OSError for a file that is not there."""
    for regular, bold in _FILES:
        try:
            return Typeface(read(regular), read(bold))
        except OSError:
            continue
    return None


def label_sheets(
    labels: Sequence[Label], sheet: Sheet, skip: int = 0, typeface: Typeface | None = None
) -> bytes:
    """As many pages as it takes; `skip` labels of the first one are used already.

    Without a `typeface` the letters are those that come with reportlab, which has Latin ones alone.
    """
    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    canvas = Canvas(out, pagesize=(A4_MM[0] * _MM, A4_MM[1] * _MM), invariant=1)
    canvas.setTitle("Labels")
    pen = _Pen(canvas, *_registered(typeface))
    for at, label in enumerate(labels, skip % sheet.count):
        if at % sheet.count == 0 and at > 0:
            canvas.showPage()
        pen.label(label, sheet, at % sheet.count)
    canvas.save()
    return out.getvalue()


class _Pen:
    """Draws labels onto a canvas; all lengths are points."""

    def __init__(self, canvas: Canvas, regular: str, bold: str) -> None:
        self._canvas = canvas
        self._regular = regular
        self._bold = bold

    def label(self, label: Label, sheet: Sheet, at: int) -> None:
        """From left to right, then down; the label's own corner is (0, 0)."""
        row, column = divmod(at, sheet.columns)
        left = sheet.left + column * sheet.step_across
        top = sheet.top + row * sheet.step_down
        self._canvas.saveState()
        self._canvas.translate(left * _MM, (A4_MM[1] - top - sheet.height) * _MM)
        self._inside(label, sheet.width * _MM, sheet.height * _MM)
        self._canvas.restoreState()

    def _inside(self, label: Label, width: float, height: float) -> None:
        edge = _PADDING_MM * _MM
        room = width - 2 * edge
        name_pt, small_pt = height / 10, max(_SMALLEST_PT, height / 13)
        y = height - edge
        for line in _wrapped(one_line(label.name), self._bold, name_pt, room, lines=2):
            y -= name_pt * 1.1
            self._left(line, self._bold, name_pt, edge, y)
        price_pt = height / 4.6
        price_y = height - edge - 2.2 * name_pt - price_pt
        self._prices(label, edge, price_y, room, price_pt, small_pt)
        self._code(label, edge, price_y - 0.25 * price_pt, room, small_pt)

    def _prices(
        self, label: Label, edge: float, y: float, room: float, price_pt: float, small_pt: float
    ) -> None:
        """The price per kilogram or litre keeps its size, since the law wants it read; the price has the rest."""
        per = label.unit_price_text()
        per_pt = _fitting(per, self._regular, small_pt, room / 2)
        self._left(per, self._regular, per_pt, edge, y)
        beside = _wide(per, self._regular, per_pt) + _BETWEEN_PT if per else 0.0
        price = label.price_text()
        price_pt = _fitting(price, self._bold, price_pt, room - beside)
        self._right(price, self._bold, price_pt, edge + room, y)

    def _code(self, label: Label, edge: float, top: float, room: float, small_pt: float) -> None:
        symbol = symbol_of(label.code)
        module = 0.0 if symbol is None else min(_WIDEST_MODULE_MM * _MM, room / symbol.modules)
        if symbol is None or module < _NARROWEST_MODULE_MM * _MM:
            shown = _cut(one_line(label.code or label.sku), self._regular, small_pt, room)
            self._left(shown, self._regular, small_pt, edge, edge)
            return
        self._bars(symbol, edge, edge, module, top - edge)
        beside = room - module * symbol.modules - 4
        sku = one_line(label.sku)
        if sku and beside > 3 * small_pt:
            shown = _cut(sku, self._regular, small_pt, beside)
            self._right(shown, self._regular, small_pt, edge + room, edge)

    def _bars(self, symbol: Symbol, x: float, y: float, module: float, height: float) -> None:
        """With their number below them; the quiet zones are inside the symbol's width."""
        from reportlab.graphics.barcode import createBarcodeDrawing
        from reportlab.graphics.barcode.code128 import Code128
        from reportlab.graphics.renderPDF import draw

        if symbol.kind == "code128":
            bars = Code128(symbol.data, barWidth=module, barHeight=height - _DIGITS_PT - 2, quiet=False)
            left = x + symbol.quiet_modules * module
            bars.drawOn(self._canvas, left, y + _DIGITS_PT + 2)
            self._canvas.setFont(self._regular, _DIGITS_PT)
            self._canvas.drawCentredString(left + bars.width / 2, y, symbol.data)
            return
        names = {"ean13": "EAN13", "ean8": "EAN8", "upca": "UPCA"}
        drawing = createBarcodeDrawing(  # type: ignore[no-untyped-call]
            names[symbol.kind],
            value=symbol.data,
            barWidth=module,
            barHeight=height,
            fontSize=_DIGITS_PT,
            humanReadable=True,
        )
        draw(drawing, self._canvas, x + (symbol.modules * module - drawing.width) / 2, y)

    def _left(self, text: str, face: str, size: float, x: float, y: float) -> None:
        self._canvas.setFont(face, size)
        self._canvas.drawString(x, y, text)

    def _right(self, text: str, face: str, size: float, x: float, y: float) -> None:
        self._canvas.setFont(face, size)
        self._canvas.drawRightString(x, y, text)


def _wrapped(text: str, face: str, size: float, room: float, lines: int) -> list[str]:
    """Broken between words, and inside one that is longer than a line; what has no place ends in an ellipsis."""
    done: list[str] = []
    words = text.split()
    while words and len(done) < lines - 1:
        line = [words.pop(0)]
        while words and _wide(" ".join([*line, words[0]]), face, size) <= room:
            line.append(words.pop(0))
        done.append(_cut(" ".join(line), face, size, room))
    if words:
        done.append(_cut(" ".join(words), face, size, room))
    return done


def _cut(text: str, face: str, size: float, room: float) -> str:
    if _wide(text, face, size) <= room:
        return text
    while text and _wide(text + "…", face, size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def _fitting(text: str, face: str, size: float, room: float) -> float:
    """Smaller before it is cut: an amount is never shortened."""
    wide = _wide(text, face, size)
    return size if wide <= room else max(1.0, size * room / wide)


def _wide(text: str, face: str, size: float) -> float:
    from reportlab.pdfbase.pdfmetrics import stringWidth

    return float(stringWidth(text, face, size))


@lru_cache(maxsize=4)
def _registered(typeface: Typeface | None) -> tuple[str, str]:
    """The names of the regular and the bold font; reportlab never gives a name to another font."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    if typeface is None:
        registerFont(TTFont("Vera", "Vera.ttf"))
        registerFont(TTFont("VeraBd", "VeraBd.ttf"))
        return "Vera", "VeraBd"
    names = [sha256(content).hexdigest()[:12] for content in (typeface.regular, typeface.bold)]
    for name, content in zip(names, (typeface.regular, typeface.bold), strict=True):
        registerFont(TTFont(name, BytesIO(content)))
    return names[0], names[1]
