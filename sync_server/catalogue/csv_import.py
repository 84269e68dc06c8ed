"""Importing a product file: good rows are taken, bad ones reported, the same file again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import BinaryIO, Protocol

import msgspec
from sqlalchemy import Connection

from shared_models.catalogue import Category, KitComponent, Product
from shared_models.currency import Currency
from sync_server.catalogue.csv_rows import BadRow, ProductRow, read_rows
from sync_server.catalogue.families import fault_of_links
from sync_server.catalogue.service import DEFAULT_TAX_CATEGORY, CatalogueService, KeptProduct
from sync_server.ports import NewId
from sync_server.reference_lock import hold_reference

_BATCH = 500
MAX_REPORTED = 5000


class PriceBook(Protocol):
    """What an import needs of prices and taxes."""

    def set_prices(self, tx: Connection, prices: Sequence[tuple[str, int]], changed_by: str) -> int:
        """(product_id, unit_price_minor) for all stores from now on; returns how many were new."""

    def tax_category_ids(self, tx: Connection) -> frozenset[str]: ...


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file. `bad` holds the first 5,000 bad rows, `bad_count` counts all."""

    dry_run: bool
    rows: int
    created: int
    updated: int
    unchanged: int
    prices_changed: int
    bad_count: int
    bad: tuple[BadRow, ...]


class CatalogueImport:
    def __init__(self, catalogue: CatalogueService, prices: PriceBook, new_id: NewId) -> None:
        self._catalogue = catalogue
        self._prices = prices
        self._new_id = new_id

    def run(
        self, tx: Connection, file: BinaryIO, currency: Currency, *, dry_run: bool, changed_by: str
    ) -> ImportReport:
        """Reads the file once, in batches. A dry run finds the same bad rows and writes nothing."""
        if not dry_run:
            hold_reference(tx)
        return _Run(self._catalogue, self._prices, self._new_id, tx, dry_run, changed_by).over(
            read_rows(file, currency)
        )


class _Run:
    """One import: what it has seen so far and what it has done."""

    def __init__(
        self,
        catalogue: CatalogueService,
        prices: PriceBook,
        new_id: NewId,
        tx: Connection,
        dry_run: bool,
        changed_by: str,
    ) -> None:
        self._catalogue, self._prices, self._new_id = catalogue, prices, new_id
        self._tx, self._dry_run, self._changed_by = tx, dry_run, changed_by
        self._categories = {one.name: one.category_id for one in catalogue.categories(tx)}
        self._tax_categories = prices.tax_category_ids(tx) | {DEFAULT_TAX_CATEGORY}
        self._row_of_sku: dict[str, int] = {}
        self._made: dict[str, Product] = {}
        """By SKU: what rows of this file became and is not saved yet, for variants and kits further down."""
        self._row_of_code: dict[str, int] = {}
        self._next_number = catalogue.next_numbers(tx, 0).start
        self._bad: list[BadRow] = []
        self._rows = self._created = self._updated = self._unchanged = self._prices_changed = (
            self._bad_count
        ) = 0

    def over(self, rows: Iterator[ProductRow | BadRow]) -> ImportReport:
        while batch := list(islice(rows, _BATCH)):
            self._rows += len(batch)
            self._take(self._without_doubles(batch))
        return ImportReport(
            dry_run=self._dry_run,
            rows=self._rows,
            created=self._created,
            updated=self._updated,
            unchanged=self._unchanged,
            prices_changed=self._prices_changed,
            bad_count=self._bad_count,
            bad=tuple(self._bad),
        )

    def _report(self, bad: BadRow) -> None:
        self._bad_count += 1
        if len(self._bad) < MAX_REPORTED:
            self._bad.append(bad)

    def _without_doubles(self, batch: list[ProductRow | BadRow]) -> list[ProductRow]:
        """The rows that are good so far and repeat neither a SKU nor a barcode of an earlier row."""
        good: list[ProductRow] = []
        for row in batch:
            fault = row if isinstance(row, BadRow) else self._double(row)
            if fault is not None:
                self._report(fault)
            elif isinstance(row, ProductRow):
                self._row_of_sku[row.sku] = row.row
                self._row_of_code |= dict.fromkeys(row.barcodes, row.row)
                good.append(row)
        return good

    def _double(self, row: ProductRow) -> BadRow | None:
        if (first := self._row_of_sku.get(row.sku)) is not None:
            return BadRow(
                row.row, "sku", "duplicate_sku", row.sku, f"Row {first} has this SKU. Keep one of them."
            )
        for code in row.barcodes:
            if (first := self._row_of_code.get(code)) is not None:
                advice = f"Row {first} has this barcode. A barcode leads to one product only."
                return BadRow(row.row, "barcode", "duplicate_barcode", code, advice)
        if row.tax_category is not None and row.tax_category not in self._tax_categories:
            advice = f"Use one of: {', '.join(sorted(self._tax_categories))}."
            return BadRow(row.row, "tax_category", "unknown_tax_category", row.tax_category, advice)
        return None

    def _take(self, rows: list[ProductRow]) -> None:
        kept = self._catalogue.by_sku(self._tx, [sku for row in rows for sku in (row.sku, *_named(row))])
        owners = self._catalogue.owners_of_barcodes(self._tx, [code for row in rows for code in row.barcodes])
        changed: list[Product] = []
        priced: list[tuple[str, int]] = []
        for row in rows:
            old = kept.get(row.sku)
            if taken := self._taken(row, old, owners):
                self._report(taken)
                continue
            linked = self._linked(row, kept)
            product = linked if isinstance(linked, BadRow) else self._product(row, old, linked)
            if isinstance(product, BadRow):
                self._report(product)
                continue
            self._made[row.sku] = product
            changed += self._counted(product, old)
            if row.price_minor is not None:
                priced.append((product.product_id, row.price_minor))
        if not self._dry_run:
            self._catalogue.save(self._tx, changed)
            self._made.clear()
            self._prices_changed += self._prices.set_prices(self._tx, priced, self._changed_by)

    def _taken(self, row: ProductRow, old: KeptProduct | None, owners: dict[str, str]) -> BadRow | None:
        own = old.product.product_id if old else None
        for code in row.barcodes:
            if code in owners and owners[code] != own:
                advice = "Another product has this barcode. Remove it there first."
                return BadRow(row.row, "barcode", "barcode_taken", code, advice)
        return None

    def _counted(self, product: Product, old: KeptProduct | None) -> list[Product]:
        """The product if it must be written, and one more in the right count."""
        if old is None:
            self._created += 1
        elif old.active and old.product == product:
            self._unchanged += 1
            return []
        else:
            self._updated += 1
        return [product]

    def _linked(self, row: ProductRow, kept: dict[str, KeptProduct]) -> dict[str, Product] | BadRow:
        """The products that the row names, by SKU."""
        found: dict[str, Product] = {}
        for sku in _named(row):
            before = kept.get(sku)
            product = self._made.get(sku) or (before.product if before and before.active else None)
            if product is None:
                return _unknown(row, sku)
            found[sku] = product
        return found

    def _product(
        self, row: ProductRow, old: KeptProduct | None, linked: dict[str, Product]
    ) -> Product | BadRow:
        base = old.product if old else self._new_product(row)
        given = {
            "barcodes": row.barcodes or None,
            "category_id": self._category_id(row.category),
            "tax_category_id": row.tax_category,
            "unit": row.unit,
            "weighed": row.weighed,
            "open_price": row.open_price,
            "minimum_age": row.minimum_age,
            "variant_of": linked[row.variant_of].product_id if row.variant_of else None,
            "size": row.size,
            "colour": row.colour,
            "components": _components(row, linked),
            "content": row.content,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        product = msgspec.structs.replace(base, name=row.name, **changes)
        if _named(row):
            known = {one.product_id: one for one in linked.values()}
            column, advice = fault_of_links(_only_named(row, product), product.product_id, known)
            if advice:
                self._next_number -= old is None  # numbers are dense
                return BadRow(row.row, column, "bad_link", _cell(row, column), advice)
        return product

    def _new_product(self, row: ProductRow) -> Product:
        number = self._next_number
        self._next_number += 1
        return Product(self._new_id(), number, row.sku, row.name, DEFAULT_TAX_CATEGORY)

    def _category_id(self, name: str | None) -> str | None:
        if name is None:
            return None
        if name not in self._categories:
            self._categories[name] = self._new_id()
            if not self._dry_run:
                made = Category(self._categories[name], name, position=len(self._categories))
                self._catalogue.save_category(self._tx, made)
        return self._categories[name]


def _named(row: ProductRow) -> list[str]:
    """SKUs of other products that the row speaks of."""
    parent = [row.variant_of] if row.variant_of else []
    return [*parent, *(sku for sku, _ in row.kit or ())]


def _unknown(row: ProductRow, sku: str) -> BadRow:
    if sku == row.variant_of:
        advice = "There is no such parent. Put the parent's row above its variants."
        return BadRow(row.row, "variant_of", "unknown_parent", sku, advice)
    advice = "Something in the kit is not known. Put its row above the kit's."
    return BadRow(row.row, "kit", "unknown_component", sku, advice)


def _components(row: ProductRow, linked: dict[str, Product]) -> tuple[KitComponent, ...] | None:
    if row.kit is None:
        return None
    return tuple(KitComponent(linked[sku].product_id, quantity_milli) for sku, quantity_milli in row.kit)


def _only_named(row: ProductRow, product: Product) -> Product:
    """What stands in the row; links from before were good when they were made."""
    return msgspec.structs.replace(
        product,
        variant_of=product.variant_of if row.variant_of else None,
        components=product.components if row.kit else (),
    )


def _cell(row: ProductRow, column: str) -> str:
    return row.variant_of or "" if column == "variant_of" else "+".join(sku for sku, _ in row.kit or ())
