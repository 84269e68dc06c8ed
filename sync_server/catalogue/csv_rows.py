"""Rows of a product file, read one by one: each is fit to be imported or says what is wrong with it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from shared_models.contents import Content, parse_content
from shared_models.currency import Currency
from shared_models.errors import ShopError
from shared_models.money import parse_amount
from shared_models.quantity import parse_quantity
from sync_server.catalogue.codes import canonical_code, fault_of_sku
from sync_server.catalogue.families import MOST_COMPONENTS, MOST_OF_A_COMPONENT_MILLI
from sync_server.catalogue.product_names import clean_name, fault_of_name

COLUMNS = (
    "sku",
    "name",
    "price",
    "barcode",
    "category",
    "tax_category",
    "unit",
    "weighed",
    "open_price",
    "minimum_age",
    "variant_of",
    "size",
    "colour",
    "kit",
    "content",
)
_YES = frozenset({"1", "yes", "true", "y"})
_NO = frozenset({"", "0", "no", "false", "n"})
_UNITS = frozenset({"piece", "kg", "g", "l", "ml", "m", "cm"})
_SHOWN = 60


class BadHeader(ShopError):
    """The first line does not name the columns, so no row can be read."""

    code = "bad_header"


class BadRow(msgspec.Struct, frozen=True):
    """`row` is the line's number as a spreadsheet shows it, the header being 1. `advice` says what to do."""

    row: int
    column: str
    code: str
    value: str
    advice: str


class ProductRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that holds together in itself. Empty cells are None: those fields stay as they are."""

    row: int
    sku: str
    name: str
    price_minor: int | None = None
    barcodes: tuple[str, ...] = ()
    category: str | None = None
    tax_category: str | None = None
    unit: str | None = None
    weighed: bool | None = None
    open_price: bool | None = None
    minimum_age: int | None = None
    variant_of: str | None = None
    """The parent's SKU."""
    size: str | None = None
    colour: str | None = None
    kit: tuple[tuple[str, int], ...] | None = None
    """(SKU, quantity_milli) of what is in it."""
    content: Content | None = None


class _Bad(Exception):
    def __init__(self, column: str, code: str, advice: str) -> None:
        self.column, self.code, self.advice = column, code, advice


def read_rows(file: BinaryIO, currency: Currency) -> Iterator[ProductRow | BadRow]:
    """Every row of the file in order, without ever holding the file in memory. Raises `BadHeader`.

    The separator (comma, semicolon, tab) comes from the header. Bytes that are no UTF-8 spoil only their row.
    """
    text = io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
    try:
        yield from _rows(text, currency)
    finally:
        text.detach()  # the file is the caller's to close


def _rows(text: io.TextIOWrapper, currency: Currency) -> Iterator[ProductRow | BadRow]:
    first = text.readline(10_000)
    if not first.strip():
        raise BadHeader(
            "The file is empty. Its first line is a header that names the columns, such as sku,name,price."
        )
    separator = max(",;\t", key=first.count)
    header = _header(first, separator)
    lines = csv.reader(text, delimiter=separator, strict=True)
    row = 1
    while True:
        row += 1
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error as reason:
            yield BadRow(
                row,
                "",
                "unreadable_row",
                "",
                f"The quotes of this row do not match ({reason}). Put it right.",
            )
            continue
        if any(cells):
            yield _row(row, header, cells, currency)


def _header(line: str, separator: str) -> list[str]:
    names = [name.strip().strip('"').lower() for name in line.rstrip("\r\n").split(separator)]
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise BadHeader(f"There is no column {unknown[0][:_SHOWN]!r}. Columns are {', '.join(COLUMNS)}.")
    if len(set(names)) != len(names):
        raise BadHeader("The file names a column twice. Remove one of them.")
    if "name" not in names or not {"sku", "barcode"} & set(names):
        raise BadHeader("The file needs the columns 'name' and 'sku' (or 'barcode').")
    return names


def _row(row: int, header: list[str], cells: list[str], currency: Currency) -> ProductRow | BadRow:
    if len(cells) != len(header):
        advice = f"The row has {len(cells)} cells, the header {len(header)}. Is a separator missing?"
        return BadRow(row, "", "wrong_column_count", _shown(cells[0]), advice)
    by_name = dict(zip(header, cells, strict=True))
    try:
        return _product(row, by_name, currency)
    except _Bad as bad:
        return BadRow(row, bad.column, bad.code, _shown(by_name.get(bad.column, "")), bad.advice)


def _product(row: int, cells: dict[str, str], currency: Currency) -> ProductRow:
    for column, cell in cells.items():
        if any("\udc80" <= character <= "\udcff" for character in cell):
            raise _Bad(column, "broken_encoding", "The cell is not UTF-8. Save the file as 'CSV UTF-8'.")
    barcodes = _barcodes(cells.get("barcode", ""))
    sku = cells.get("sku", "").strip(" ") or (barcodes[0] if barcodes else "")
    if fault := fault_of_sku(sku):
        raise _Bad("sku", "bad_sku", fault)
    name = clean_name(cells["name"])
    if fault := fault_of_name(name):
        raise _Bad("name", "bad_name" if name else "missing_name", fault)
    return ProductRow(
        row=row,
        sku=sku,
        name=name,
        price_minor=_price(cells.get("price", "").strip(), currency),
        barcodes=barcodes,
        category=_label("category", cells),
        tax_category=_label("tax_category", cells),
        unit=_unit(cells.get("unit", "").strip()),
        weighed=_flag("weighed", cells),
        open_price=_flag("open_price", cells),
        minimum_age=_age(cells.get("minimum_age", "").strip()),
        variant_of=_parent(cells.get("variant_of", "").strip(), sku),
        size=_label("size", cells),
        colour=_label("colour", cells),
        kit=_kit(cells.get("kit", ""), sku),
        content=_content(cells.get("content", "").strip()),
    )


def _barcodes(cell: str) -> tuple[str, ...]:
    codes: list[str] = []
    for text in cell.replace("|", " ").split(" "):
        if not text:
            continue
        try:
            codes.append(canonical_code(text))
        except ShopError as reason:
            raise _Bad("barcode", reason.code, reason.message) from reason
    return tuple(dict.fromkeys(codes))


def _price(cell: str, currency: Currency) -> int | None:
    if not cell:
        return None
    try:
        amount = parse_amount(cell, currency)
    except ShopError as reason:
        raise _Bad("price", reason.code, reason.message) from reason
    if amount < 0:
        raise _Bad("price", "negative_price", "A price can't be less than nothing.")
    return amount


def _label(column: str, cells: dict[str, str]) -> str | None:
    text = clean_name(cells.get(column, ""))
    if not text:
        return None
    if fault := fault_of_name(text):
        raise _Bad(column, "bad_name", fault)
    return text


def _unit(cell: str) -> str | None:
    if cell and cell not in _UNITS:
        raise _Bad("unit", "unknown_unit", f"Use one of: {', '.join(sorted(_UNITS))}.")
    return cell or None


def _flag(column: str, cells: dict[str, str]) -> bool | None:
    if column not in cells:
        return None
    cell = cells[column].strip().lower()
    if cell not in _YES | _NO:
        raise _Bad(column, "not_yes_or_no", "Write yes or no.")
    return cell in _YES if cell else None


def _age(cell: str) -> int | None:
    if not cell:
        return None
    if not (cell.isascii() and cell.isdigit() and int(cell[:4]) <= 99):
        raise _Bad("minimum_age", "bad_age", "Write the age in years, like 18.")
    return int(cell)


def _parent(cell: str, sku: str) -> str | None:
    if cell and cell == sku:
        raise _Bad("variant_of", "own_parent", "A product is no variant of itself. Name its parent's SKU.")
    return cell or None


def _kit(cell: str, sku: str) -> tuple[tuple[str, int], ...] | None:
    """'TEA*2+CUP' is two of TEA and one of CUP. A SKU may hold plus and star only where that stays clear."""
    found: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in cell.split("+"))):
        inside, _, count = part.partition("*")
        inside = inside.strip()
        if not inside or inside == sku or inside in found:
            raise _Bad("kit", "bad_kit", "Name each thing in the kit once, by its SKU, like TEA*2+CUP*1.")
        found[inside] = _pieces(count.strip() or "1")
    if len(found) > MOST_COMPONENTS:
        raise _Bad("kit", "bad_kit", f"A kit holds at most {MOST_COMPONENTS} things.")
    return tuple(found.items()) or None


def _pieces(text: str) -> int:
    try:
        quantity = parse_quantity(text)
    except ShopError as reason:
        raise _Bad("kit", "bad_kit", reason.message) from reason
    if not 0 < quantity <= MOST_OF_A_COMPONENT_MILLI:
        raise _Bad("kit", "bad_kit", "A kit holds more than nothing and less than 1,000 of a thing.")
    return quantity


def _content(cell: str) -> Content | None:
    try:
        return parse_content(cell) if cell else None
    except ShopError as reason:
        raise _Bad("content", reason.code, reason.message) from reason


def _shown(value: str) -> str:
    """As much of a cell as a report may show: printable, short."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in value[:_SHOWN])
