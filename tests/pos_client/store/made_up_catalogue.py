"""A catalogue for the store's tests: feed pages and whole files as a server would make them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver

from shared_models import catalogue_file, reference
from shared_models.catalogue import Category, Price, Product, TaxCategory
from shared_models.reference import Change, FeedPage
from shared_models.staff import StaffMember
from shared_models.store_config import StoreConfig
from shared_models.tax import Tax

EPOCH = "e1"
VAT = Tax("vat", "VAT", 190_000, included=True)
STORE = StoreConfig(store_id="03", name="Corner shop", currency="EUR")
FOOD = TaxCategory("food", "Food", (VAT,))
DRINKS = Category("drinks", "Drinks", position=1)
MILKS = Category("milks", "Milks", parent_id="drinks")
ADA = StaffMember("ada", "Ada", "$argon2id$", ("till.sell",))


def product(number: int, name: str, **changed: Any) -> Product:
    given: dict[str, Any] = {
        "product_id": f"{number:032x}",
        "sku": f"SKU-{number}",
        "tax_category_id": "food",
        "category_id": "drinks",
        "barcodes": (f"{4_000_000_000_000 + number}",),
    }
    return Product(number=number, name=name, **given | changed)


def price(of: Product, unit_price_minor: int, valid_from_ms: int = 0) -> Price:
    return Price(f"{of.product_id}-{valid_from_ms}", of.product_id, unit_price_minor, valid_from_ms)


def page(
    things: list[Any], *, stream: str = "catalogue", after: int = 0, before: int = 0, **changed: Any
) -> FeedPage:
    """The things as new ones, after a copy whose checksum was `before`."""
    changes = []
    checksum = before
    for ver, thing in enumerate(things, after + 1):
        entity, id, body = reference.encode(thing)
        changes.append(Change(ver, entity, id, body=body))
        checksum = reference.checksum_with(checksum, added=reference.row_hash(entity, id, body))
    to = after + len(changes)
    given: dict[str, Any] = {
        "stream": stream,
        "epoch": EPOCH,
        "after": after,
        "to": to,
        "head": to,
        "changes": tuple(changes),
        "checksum_after": checksum,
    }
    return FeedPage(**given | changed)


def build_file(path: Path, things: list[Any]) -> Path:
    """A whole catalogue file with everything in one stream."""
    whole = page(things)
    connection = driver.connect(str(path), isolation_level=None)
    connection.executescript(catalogue_file.SCHEMA_SQL)
    connection.execute("begin")
    for change in whole.changes:
        for sql, parameters in catalogue_file.statements(change):
            connection.execute(sql, parameters)
    connection.execute(
        "insert into feed_state(stream, epoch, ver, checksum) values (?, ?, ?, ?)",
        (whole.stream, EPOCH, whole.to, str(whole.checksum_after)),
    )
    connection.execute("commit")
    connection.executescript(catalogue_file.INDEX_SQL)
    connection.close()
    return path
