"""Prices and taxes: kept here, sent down to the tills of the stores that they are for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, delete, insert, select

from shared_models.catalogue import Price, TaxCategory
from shared_models.money import MAX_AMOUNT_MINOR
from shared_models.tax import Tax
from sync_server.bulk_rows import insert_rows
from sync_server.errors import Invalid, NotFound
from sync_server.ports import NewId, NowMs, Publisher
from sync_server.pricing.changes import MOST_CHANGED, ChangedPrice, change_since, touched_since
from sync_server.pricing.tables import ALL_STORES, price, tax_category
from sync_server.pricing.timeline import KeptPrice, for_tills, in_force
from sync_server.reference_lock import hold_reference

StoreIds = Callable[[Connection], Sequence[str]]
RequireProduct = Callable[[Connection, str], object]
"""Raises NotFound when there is no such product."""

_CHUNK = 500
T = TypeVar("T")


class KeptTaxCategory(msgspec.Struct, frozen=True):
    """`store_id` is empty for what every store has unless it has its own."""

    tax_category_id: str
    name: str
    taxes: tuple[Tax, ...]
    store_id: str = ALL_STORES


class PricingService:
    def __init__(
        self,
        publisher: Publisher,
        store_ids: StoreIds,
        require_product: RequireProduct,
        now_ms: NowMs,
        new_id: NewId,
    ) -> None:
        self._publisher = publisher
        self._store_ids = store_ids
        self._require_product = require_product
        self._now_ms = now_ms
        self._new_id = new_id

    # Prices

    def change_price(
        self,
        tx: Connection,
        product_id: str,
        unit_price_minor: int,
        *,
        changed_by: str,
        store_id: str = ALL_STORES,
        valid_from_ms: int | None = None,
    ) -> KeptPrice:
        """A new price from a moment on (now, when none is given). What was charged before stays as it was."""
        hold_reference(tx)
        self._require_product(tx, product_id)
        if not 0 <= unit_price_minor <= MAX_AMOUNT_MINOR:
            raise Invalid("A price can't be less than nothing or that large. Check the digits.")
        if store_id != ALL_STORES and store_id not in self._store_ids(tx):
            raise NotFound(f"There is no store '{store_id}'.", store_id=store_id)
        known = self._rows(tx, [product_id])[product_id]
        made = self._new_price(product_id, unit_price_minor, known, changed_by, store_id, valid_from_ms)
        insert_rows(tx, price, [msgspec.structs.astuple(made)])
        self._send(tx, {product_id: [*known, made]})
        return made

    def set_prices(self, tx: Connection, prices: Sequence[tuple[str, int]], changed_by: str) -> int:
        """(product_id, unit_price_minor) for all stores from now on; those in force already stay."""
        hold_reference(tx)
        changed = 0
        now = self._now_ms()
        for part in _chunks(prices):
            known = self._rows(tx, [product_id for product_id, _ in part])
            made: list[KeptPrice] = []
            for product_id, unit_price_minor in part:
                current = in_force(known[product_id], ALL_STORES, now)
                if current is None or current.unit_price_minor != unit_price_minor:
                    new = self._new_price(product_id, unit_price_minor, known[product_id], changed_by)
                    known[product_id].append(new)
                    made.append(new)
            insert_rows(tx, price, [msgspec.structs.astuple(one) for one in made])
            self._send(tx, {one.product_id: known[one.product_id] for one in made})
            changed += len(made)
        return changed

    def prices(self, tx: Connection, product_id: str) -> list[KeptPrice]:
        """All there ever were, the newest first."""
        self._require_product(tx, product_id)
        rows = self._rows(tx, [product_id])[product_id]
        return sorted(rows, key=lambda one: (one.valid_from_ms, one.changed_at_ms), reverse=True)

    def prices_in_force(
        self, tx: Connection, product_ids: Sequence[str], store_id: str
    ) -> dict[str, KeptPrice]:
        now = self._now_ms()
        found: dict[str, KeptPrice] = {}
        for product_id, rows in self._rows(tx, product_ids).items():
            current = in_force(rows, store_id, now)
            if current is not None:
                found[product_id] = current
        return found

    def changed_since(
        self, tx: Connection, store_id: str, since_ms: int, most: int = MOST_CHANGED
    ) -> list[ChangedPrice]:
        """Products that cost something else in the store now than just before `since_ms`, also new ones.

        Raises Invalid where more than `most` were touched since, such as on the day of a first import.
        """
        now = self._now_ms()
        touched = touched_since(tx, store_id, since_ms, now, most + 1)
        if len(touched) > most:
            raise Invalid(
                f"More than {most:,} prices were set since then. Take a later day, or name products."
            )
        rows = self._rows(tx, touched)
        changes = (change_since(known, store_id, since_ms, now) for known in rows.values())
        return [change for change in changes if change is not None]

    # Taxes

    def save_tax_category(self, tx: Connection, wanted: KeptTaxCategory) -> None:
        hold_reference(tx)
        if not wanted.tax_category_id or not wanted.name.strip():
            raise Invalid("A tax category has an id and a name.")
        key = (
            tax_category.c.tax_category_id == wanted.tax_category_id,
            tax_category.c.store_id == wanted.store_id,
        )
        tx.execute(delete(tax_category).where(*key))
        taxes = msgspec.json.encode(wanted.taxes).decode()
        tx.execute(insert(tax_category).values(**msgspec.structs.asdict(wanted) | {"taxes": taxes}))
        stores = self._store_ids(tx) if wanted.store_id == ALL_STORES else [wanted.store_id]
        for store_id in stores:
            self._send_taxes(tx, store_id)

    def tax_categories(self, tx: Connection) -> list[KeptTaxCategory]:
        rows = tx.execute(
            select(tax_category).order_by(tax_category.c.tax_category_id, tax_category.c.store_id)
        )
        decode = msgspec.json.Decoder(tuple[Tax, ...]).decode
        return [KeptTaxCategory(r.tax_category_id, r.name, decode(r.taxes), r.store_id) for r in rows]

    def tax_category_ids(self, tx: Connection) -> frozenset[str]:
        return frozenset(tx.scalars(select(tax_category.c.tax_category_id).distinct()))

    # Stores

    def send_store(self, tx: Connection, store_id: str) -> None:
        """Everything that a new store's tills need from here."""
        self._send_taxes(tx, store_id)
        now = self._now_ms()
        rows: dict[str, list[KeptPrice]] = defaultdict(list)
        for row in tx.execute(select(price).where(price.c.store_id.in_((ALL_STORES, store_id)))):
            rows[row.product_id].append(KeptPrice(*row))
        for known in rows.values():
            for one in for_tills(known, store_id, now):
                self._publisher.publish(tx, f"price/{store_id}", _for_till(one))

    def _new_price(
        self,
        product_id: str,
        unit_price_minor: int,
        known: Sequence[KeptPrice],
        changed_by: str,
        store_id: str = ALL_STORES,
        valid_from_ms: int | None = None,
    ) -> KeptPrice:
        now = self._now_ms()
        same_list = [one.valid_from_ms for one in known if one.store_id == store_id]
        if valid_from_ms is None:
            # The first price holds since ever, so that a till whose clock is behind has one as well.
            valid_from_ms = 0 if not known else now
        while valid_from_ms in same_list:
            valid_from_ms += 1
        return KeptPrice(
            self._new_id(), product_id, store_id, unit_price_minor, valid_from_ms, now, changed_by
        )

    def _rows(self, tx: Connection, product_ids: Sequence[str]) -> dict[str, list[KeptPrice]]:
        found: dict[str, list[KeptPrice]] = {product_id: [] for product_id in product_ids}
        for part in _chunks(list(found)):
            for row in tx.execute(select(price).where(price.c.product_id.in_(part))):
                found[row.product_id].append(KeptPrice(*row))
        return found

    def _send(self, tx: Connection, by_product: dict[str, list[KeptPrice]]) -> None:
        """Make every store's tills hold exactly what they need of these products' prices."""
        now = self._now_ms()
        for store_id in self._store_ids(tx):
            stream = f"price/{store_id}"
            for rows in by_product.values():
                wanted = for_tills(rows, store_id, now)
                for one in rows:
                    if one in wanted:
                        self._publisher.publish(tx, stream, _for_till(one))
                    elif one.store_id in (ALL_STORES, store_id):
                        self._publisher.withdraw(tx, stream, "price", one.price_id)

    def _send_taxes(self, tx: Connection, store_id: str) -> None:
        chosen: dict[str, KeptTaxCategory] = {}
        for kept in self.tax_categories(tx):
            if kept.store_id in (ALL_STORES, store_id):
                chosen[kept.tax_category_id] = kept  # sorted: a store's own comes after the shared one
        for kept in chosen.values():
            value = TaxCategory(kept.tax_category_id, kept.name, kept.taxes)
            self._publisher.publish(tx, f"config/{store_id}", value)


def _for_till(one: KeptPrice) -> Price:
    return Price(one.price_id, one.product_id, one.unit_price_minor, one.valid_from_ms)


def _chunks(values: Sequence[T]) -> Iterable[Sequence[T]]:
    return (values[at : at + _CHUNK] for at in range(0, len(values), _CHUNK))
