"""Products, categories and barcodes: kept here, sent down to every till."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

from shared_models.catalogue import Category, KitComponent, Product
from shared_models.contents import Content, checked_content
from sync_server.bulk_rows import insert_rows
from sync_server.catalogue.codes import canonical_code, fault_of_sku
from sync_server.catalogue.families import fault_of_links, linked_ids
from sync_server.catalogue.product_names import clean_name, fault_of_name, folded
from sync_server.catalogue.tables import barcode, category, product
from sync_server.errors import Conflict, Invalid, NotFound
from sync_server.ports import NewId, NowMs, Publisher
from sync_server.reference_lock import hold_reference

STREAM = "catalogue"
DEFAULT_TAX_CATEGORY = "standard"
_CHUNK = 500
_decoder = msgspec.json.Decoder(Product)


class ProductFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a person may set of a product; the rest is the server's."""

    sku: str
    name: str
    barcodes: tuple[str, ...] = ()
    tax_category_id: str = DEFAULT_TAX_CATEGORY
    category_id: str | None = None
    unit: str = "piece"
    weighed: bool = False
    open_price: bool = False
    minimum_age: int = 0
    deposit_product_id: str | None = None
    popularity: int = 0
    size: str | None = None
    colour: str | None = None
    track: str = ""
    variant_of: str | None = None
    components: tuple[KitComponent, ...] = ()
    content: Content | None = None


class KeptProduct(msgspec.Struct, frozen=True):
    """`version` goes up with every change and is the product's ETag."""

    product: Product
    version: int
    updated_at_ms: int
    active: bool = True


class CatalogueService:
    def __init__(self, publisher: Publisher, now_ms: NowMs, new_id: NewId) -> None:
        self._publisher = publisher
        self._now_ms = now_ms
        self._new_id = new_id

    # Products

    def create(self, tx: Connection, fields: ProductFields) -> KeptProduct:
        """A new product; a removed one with the same SKU comes back as itself."""
        fields = checked(fields)
        hold_reference(tx)
        old = self.by_sku(tx, [fields.sku]).get(fields.sku)
        if old is not None and old.active:
            raise Conflict(f"There is a product with the SKU '{fields.sku}' already.", sku=fields.sku)
        self._refuse_bad_links(tx, fields, "")
        made = Product(
            product_id=old.product.product_id if old else self._new_id(),
            number=old.product.number if old else self._last_number(tx) + 1,
            **msgspec.structs.asdict(fields),
        )
        self.save(tx, [made])
        return self.product(tx, made.product_id)

    def change(
        self, tx: Connection, product_id: str, fields: ProductFields, if_version: int | None = None
    ) -> KeptProduct:
        """The product with these fields. With `if_version`, only when nobody changed it meanwhile."""
        fields = checked(fields)
        hold_reference(tx)
        kept = self.product(tx, product_id)
        if if_version is not None and kept.version != if_version:
            raise Conflict("Somebody changed this product meanwhile. Load it again and repeat your change.")
        other = self.by_sku(tx, [fields.sku]).get(fields.sku)
        if other is not None and other.product.product_id != product_id:
            raise Conflict(f"Another product has the SKU '{fields.sku}'.", sku=fields.sku)
        self._refuse_bad_links(tx, fields, product_id)
        self.save(tx, [msgspec.structs.replace(kept.product, **msgspec.structs.asdict(fields))])
        return self.product(tx, product_id)

    def remove(self, tx: Connection, product_id: str) -> None:
        """No longer for sale. Its past sales stay as they are, and its number is never given again."""
        hold_reference(tx)
        kept = self.product(tx, product_id)
        tx.execute(delete(barcode).where(barcode.c.product_id == product_id))
        tx.execute(
            update(product)
            .where(product.c.product_id == product_id)
            .values(active=False, version=kept.version + 1, updated_at_ms=self._now_ms())
        )
        self._publisher.withdraw(tx, STREAM, "product", product_id)

    def save(self, tx: Connection, products: Sequence[Product]) -> None:
        """Write and publish products that differ from what is kept. Raises Conflict for a taken barcode."""
        self._refuse_taken_barcodes(tx, products)
        ids = [one.product_id for one in products]
        versions: dict[str, int] = {}
        for part in _chunks(ids):
            rows = tx.execute(
                select(product.c.product_id, product.c.version).where(product.c.product_id.in_(part))
            )
            versions |= {row.product_id: row.version for row in rows}
            tx.execute(delete(barcode).where(barcode.c.product_id.in_(part)))
            tx.execute(delete(product).where(product.c.product_id.in_(part)))
        now = self._now_ms()
        insert_rows(tx, product, [_row(one, versions.get(one.product_id, 0) + 1, now) for one in products])
        insert_rows(tx, barcode, [(code, one.product_id) for one in products for code in one.barcodes])
        for one in products:
            self._publisher.publish(tx, STREAM, one)

    def product(self, tx: Connection, product_id: str) -> KeptProduct:
        row = tx.execute(select(product).where(product.c.product_id == product_id)).one_or_none()
        if row is None or not row.active:
            raise NotFound("There is no such product. It may have been removed.", product_id=product_id)
        return _kept(row)

    def by_sku(self, tx: Connection, skus: Sequence[str]) -> dict[str, KeptProduct]:
        """Also removed ones, so that a SKU keeps its number for ever."""
        found: dict[str, KeptProduct] = {}
        for part in _chunks(skus):
            rows = tx.execute(select(product).where(product.c.sku.in_(part)))
            found |= {row.sku: _kept(row) for row in rows}
        return found

    def by_id(self, tx: Connection, product_ids: Sequence[str]) -> dict[str, Product]:
        """Those that are for sale."""
        found: dict[str, Product] = {}
        for part in _chunks(product_ids):
            rows = tx.execute(select(product).where(product.c.product_id.in_(part), product.c.active))
            found |= {row.product_id: _decoder.decode(row.body) for row in rows}
        return found

    def owners_of_barcodes(self, tx: Connection, codes: Sequence[str]) -> dict[str, str]:
        """code -> product_id"""
        found: dict[str, str] = {}
        for part in _chunks(codes):
            found |= {
                r.code: r.product_id for r in tx.execute(select(barcode).where(barcode.c.code.in_(part)))
            }
        return found

    def products(
        self,
        tx: Connection,
        text: str = "",
        category_id: str | None = None,
        after: tuple[str, str] | None = None,
        limit: int = 100,
    ) -> list[KeptProduct]:
        """By name; `text` is words that all must occur in name, SKU or barcode, in any order and case."""
        query = (
            select(product)
            .where(product.c.active)
            .order_by(product.c.name, product.c.product_id)
            .limit(limit)
        )
        for word in folded(text).split()[:8]:
            query = query.where(product.c.search_text.contains(word, autoescape=True))
        if category_id:
            query = query.where(product.c.category_id == category_id)
        if after:
            name, product_id = after
            later_twin = and_(product.c.name == name, product.c.product_id > product_id)
            query = query.where(or_(product.c.name > name, later_twin))
        return [_kept(row) for row in tx.execute(query)]

    def names(self, tx: Connection, product_ids: Sequence[str]) -> dict[str, str]:
        """Also of removed ones: their sales are still spoken of."""
        query = select(product.c.product_id, product.c.name).where(product.c.product_id.in_(product_ids))
        return {row.product_id: row.name for row in tx.execute(query)}

    def count(self, tx: Connection) -> int:
        return tx.scalar(select(func.count()).select_from(product).where(product.c.active)) or 0

    def next_numbers(self, tx: Connection, count: int) -> range:
        first = self._last_number(tx) + 1
        return range(first, first + count)

    # Categories

    def save_category(self, tx: Connection, wanted: Category) -> Category:
        name = clean_name(wanted.name)
        if fault := fault_of_name(name):
            raise Invalid(fault)
        kept = msgspec.structs.replace(wanted, name=name, category_id=wanted.category_id or self._new_id())
        hold_reference(tx)
        tx.execute(delete(category).where(category.c.category_id == kept.category_id))
        tx.execute(insert(category).values(**msgspec.structs.asdict(kept), active=True))
        self._publisher.publish(tx, STREAM, kept)
        return kept

    def remove_category(self, tx: Connection, category_id: str) -> None:
        hold_reference(tx)
        used = tx.scalar(
            select(func.count())
            .select_from(product)
            .where(product.c.category_id == category_id, product.c.active)
        )
        if used:
            raise Conflict(f"{used} products are in this category. Move them first.", products=used)
        gone = tx.execute(delete(category).where(category.c.category_id == category_id))
        if gone.rowcount == 0:
            raise NotFound("There is no such category.")
        self._publisher.withdraw(tx, STREAM, "category", category_id)

    def categories(self, tx: Connection) -> list[Category]:
        rows = tx.execute(select(category).order_by(category.c.position, category.c.name))
        return [Category(r.category_id, r.name, r.parent_id, r.position, r.colour) for r in rows]

    def _last_number(self, tx: Connection) -> int:
        return tx.scalar(select(func.max(product.c.number))) or 0

    def _refuse_bad_links(self, tx: Connection, fields: ProductFields, product_id: str) -> None:
        ids = linked_ids(fields)
        field, advice = fault_of_links(fields, product_id, self.by_id(tx, ids)) if ids else ("", "")
        if advice:
            raise Invalid(advice, field="components" if field == "kit" else field)

    def _refuse_taken_barcodes(self, tx: Connection, products: Sequence[Product]) -> None:
        taken = self.owners_of_barcodes(tx, [code for one in products for code in one.barcodes])
        for one in products:
            for code in one.barcodes:
                if taken.setdefault(code, one.product_id) != one.product_id:
                    raise Conflict(f"Another product has the barcode {code}.", barcode=code)


def checked(fields: ProductFields) -> ProductFields:
    """The fields as they are kept. Raises Invalid and InvalidContent with what to do."""
    name = clean_name(fields.name)
    fault = fault_of_name(name) or fault_of_sku(fields.sku)
    if fault:
        raise Invalid(fault)
    if fields.content is not None:
        checked_content(fields.content)
    codes = tuple(dict.fromkeys(canonical_code(code) for code in fields.barcodes))
    return msgspec.structs.replace(fields, name=name, barcodes=codes)


def _row(one: Product, version: int, now_ms: int) -> tuple[object, ...]:
    search_text = folded(" ".join((one.full_name(), one.sku, *one.barcodes)))
    body = msgspec.json.encode(one).decode()
    return (
        one.product_id,
        one.number,
        one.sku,
        one.name,
        search_text,
        one.category_id,
        True,
        version,
        now_ms,
        body,
    )


def _kept(row: Row[Any]) -> KeptProduct:
    return KeptProduct(_decoder.decode(row.body), row.version, row.updated_at_ms, row.active)


def _chunks(values: Iterable[str]) -> Iterable[list[str]]:
    unique = list(dict.fromkeys(values))
    return (unique[at : at + _CHUNK] for at in range(0, len(unique), _CHUNK))
