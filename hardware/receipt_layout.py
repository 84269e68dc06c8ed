"""Lays a receipt document out on a fixed number of columns; pure, and never drops a word."""

from __future__ import annotations

import msgspec

from hardware.printable_text import character_width, column_width, printable, printable_lines
from hardware.receipt_document import (
    Align,
    Barcode,
    Blank,
    Block,
    Cell,
    Columns,
    Cut,
    Logo,
    QrCode,
    ReceiptDocument,
    Rule,
    Text,
)

COLUMNS_80_MM = 48
COLUMNS_76_MM = 42
COLUMNS_58_MM = 32

_LEAST_NAME_COLUMNS = 8  # a name squeezed into less is unreadable: it gets lines of its own instead
_GAP = 1
_MOST_BLANK_LINES = 100


class Line(msgspec.Struct, frozen=True):
    """One printed line; `text` holds printable characters only and is at most as wide as the paper."""

    text: str
    align: Align = "left"
    bold: bool = False
    double_width: bool = False
    double_height: bool = False
    underline: bool = False


Placed = Line | Logo | Barcode | QrCode | Cut


def lay_out(document: ReceiptDocument, columns: int) -> list[Placed]:
    """Text as lines of at most `columns` (half as many in double width), everything else as it is."""
    assert columns >= 1
    return [placed for block in document.blocks for placed in _placed(block, columns)]


def _placed(block: Block, columns: int) -> list[Placed]:
    match block:
        case Text():
            return list(_text_lines(block, columns))
        case Columns():
            return list(_column_lines(block, columns))
        case Rule():
            return [Line(("═" if block.double else "─") * columns)]
        case Blank():
            return [Line("")] * max(0, min(block.lines, _MOST_BLANK_LINES))
        case _:
            return [block]


def _text_lines(block: Text, columns: int) -> list[Line]:
    room = _room(columns, block.double_width)
    paragraphs = printable_lines(block.text)
    return [_styled(text, block, block.align) for paragraph in paragraphs for text in wrap(paragraph, room)]


def _column_lines(block: Columns, columns: int) -> list[Line]:
    cells = [_printable_cell(cell) for cell in block.cells]
    if block.double_width and _room(columns, True) < _side_by_side_width(cells) <= columns:
        block = msgspec.structs.replace(
            block, double_width=False
        )  # a total on one line beats a wide one on two
    room = _room(columns, block.double_width)
    return [_styled(text.rstrip(), block, "left") for text in _rows(cells, room)]


def _side_by_side_width(cells: list[Cell]) -> int:
    return sum(column_width(cell.text) for cell in cells) + _GAP * (len(cells) - 1)


def _rows(cells: list[Cell], room: int) -> list[str]:
    if not cells:
        return [""]
    widths = _cell_widths(cells, room)
    if widths is not None:
        return _side_by_side(cells, widths)
    if len(cells) == 1:
        return [_aligned(text, room, cells[0].align) for text in wrap(cells[0].text, room)]
    below = [_aligned(text, room, "right") for text in _packed([cell.text for cell in cells[1:]], room)]
    return wrap(cells[0].text, room) + below


def _cell_widths(cells: list[Cell], room: int) -> list[int] | None:
    """A width for each cell, or None when they can't stand side by side."""
    widths = _least_widths(cells, room)
    left = room - sum(widths) - _GAP * (len(cells) - 1)
    weights = [cell.weight for cell in cells]
    if left < 0:
        return None
    total_weight = sum(weights)
    if total_weight:
        shares = [left * weight // total_weight for weight in weights]
        shares[weights.index(max(weights))] += left - sum(shares)
        widths = [width + share for width, share in zip(widths, shares, strict=True)]
    if any(_is_squeezed(cell, width) for cell, width in zip(cells, widths, strict=True)):
        return None
    return widths


def _least_widths(cells: list[Cell], room: int) -> list[int]:
    """Fixed widths shrink in proportion on narrow paper, whatever the texts: a table keeps its columns."""
    others = sum(
        _LEAST_NAME_COLUMNS if cell.weight else column_width(cell.text) for cell in cells if not cell.width
    )
    fixed = sum(cell.width for cell in cells)
    left_for_fixed = max(0, room - _GAP * (len(cells) - 1) - others)
    return [
        _least_width(cell, cell.width * left_for_fixed // fixed if fixed > left_for_fixed else cell.width)
        for cell in cells
    ]


def _least_width(cell: Cell, width: int) -> int:
    if cell.align == "right":
        return max(width, column_width(cell.text))
    return width if width or cell.weight else column_width(cell.text)


def _is_squeezed(cell: Cell, width: int) -> bool:
    return not cell.width and width < _LEAST_NAME_COLUMNS and width < column_width(cell.text)


def _side_by_side(cells: list[Cell], widths: list[int]) -> list[str]:
    wrapped = [wrap(cell.text, width) if width else [""] for cell, width in zip(cells, widths, strict=True)]
    height = max(len(lines) for lines in wrapped)
    rows = []
    for number in range(height):
        parts = [
            _aligned(lines[number] if number < len(lines) else "", width, cell.align)
            for cell, width, lines in zip(cells, widths, wrapped, strict=True)
        ]
        rows.append((" " * _GAP).join(parts))
    return rows


def _packed(texts: list[str], room: int) -> list[str]:
    """As many texts to a line as fit; one that is wider than the paper is broken."""
    lines: list[str] = []
    for text in texts:
        joined = f"{lines[-1]} {text}" if lines else text
        if lines and column_width(joined) <= room:
            lines[-1] = joined
        else:
            lines.extend(wrap(text, room))
    return lines


def wrap(text: str, room: int) -> list[str]:
    """`text` in lines of at most `room` columns, broken between words, or inside one that is too long.

    Spaces at the beginning indent every line.
    """
    room = max(room, 2)  # a wide character needs two
    indent = len(text) - len(text.lstrip(" "))
    if 0 < indent <= room // 2 and room - indent >= 2:
        return [" " * indent + line for line in _wrapped(text[indent:], room - indent)]
    return _wrapped(text, room)


def _wrapped(text: str, room: int) -> list[str]:
    if not text.startswith(" ") and column_width(text) <= room:
        return [text]
    lines: list[str] = []
    current = ""
    for word in text.split(" "):
        candidate = f"{current} {word}" if current else word
        if column_width(candidate) <= room:
            current = candidate
            continue
        if current:
            lines.append(current)
        *full, current = _pieces(word, room)
        lines.extend(full)
    if current or not lines:
        lines.append(current)
    return lines


def _pieces(word: str, room: int) -> list[str]:
    pieces = [""]
    used = 0
    for character in word:
        width = character_width(character)
        if used + width > room:
            pieces.append("")
            used = 0
        pieces[-1] += character
        used += width
    return pieces


def _aligned(text: str, width: int, align: Align) -> str:
    space = max(0, width - column_width(text))
    if align == "right":
        return " " * space + text
    if align == "center":
        return " " * (space // 2) + text + " " * (space - space // 2)
    return text + " " * space


def _printable_cell(cell: Cell) -> Cell:
    return msgspec.structs.replace(cell, text=printable(cell.text))


def _styled(text: str, style: Text | Columns, align: Align) -> Line:
    return Line(text, align, style.bold, style.double_width, style.double_height, style.underline)


def _room(columns: int, double_width: bool) -> int:
    return max(1, columns // 2 if double_width else columns)
