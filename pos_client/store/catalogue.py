"""The catalogue file as the till looks things up in it: by code, by name, by category."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from pos_client.store.catalogue_copy import CatalogueStore, Now, proved
from pos_client.store.catalogue_search import find_numbers, plain
from pos_client.store.connection import Driver, DriverConnection
from shared_models import catalogue_file, reference
from shared_models.catalogue import Category, Offer, Price, Product, TaxCategory
from shared_models.moment import Moment
from shared_models.promotions import Promotion
from shared_models.reference import FeedPage, FeedPosition
from shared_models.staff import StaffMember
from shared_models.store_config import StoreConfig

_OFFER = (
    "select product.product_id, product.body, product.row_hash, charged.* from product left join"
    " (select price_id, body as price_body, row_hash as price_hash from price) as charged on charged.price_id ="
    " (select price_id from price where price.product_id = product.product_id"
    " and valid_from_ms <= ? order by valid_from_ms desc, price_id desc limit 1)"
)
_IN_FORCE = (
    "(select unit_price_minor from price where price.product_id = product.product_id and valid_from_ms {until}"
    " order by valid_from_ms desc, price_id desc limit 1)"
)
_CHANGED = (
    "select number from product where product_id in"
    " (select product_id from price where valid_from_ms >= ? and valid_from_ms <= ?)"
    f" and {_IN_FORCE.format(until='< ?')} is not {_IN_FORCE.format(until='<= ?')} order by number limit ?"
)
_product = msgspec.json.Decoder(Product).decode
_price = msgspec.json.Decoder(Price).decode

_SKU_CANDIDATES = 200
_MOST_VARIANTS = 400


class Kept(msgspec.Struct, frozen=True):
    """The small part of the catalogue, decoded once and thrown away when anything changes."""

    stores: tuple[StoreConfig, ...]
    categories: tuple[Category, ...]
    taxes: dict[str, TaxCategory]
    staff: tuple[StaffMember, ...]
    promotions: tuple[Promotion, ...]
    category_by_id: dict[str, Category]
    children: dict[str, tuple[str, ...]]


class CatalogueFile:
    """Implements `till.ports.Catalogue` and `sync.ports.CatalogueCopy` on one replaceable file."""

    def __init__(self, path: Path, now: Now, connection_class: type[Any] = DriverConnection) -> None:
        self._store = CatalogueStore(path, now, connection_class)
        self._kept: tuple[int, Kept] | None = None

    def close(self) -> None:
        self._store.close()

    # What the till asks

    def store(self) -> StoreConfig | None:
        stores = self._small().stores
        return stores[0] if stores else None

    def by_code(self, code: str, at: Moment) -> Offer | None:
        code, small = plain(code), self._small()
        with self._store.read() as connection:
            return (
                self._first(
                    connection, "where number = (select number from barcode where code = ?)", code, at, small
                )
                or self._first(connection, "where sku = ? order by number limit 1", code, at, small)
                or self._by_sku_in_any_case(connection, code, at, small)
            )

    def by_id(self, product_id: str, at: Moment) -> Offer | None:
        small = self._small()
        with self._store.read() as connection:
            return self._first(connection, "where product_id = ?", plain(product_id), at, small)

    def variants(self, product_id: str, at: Moment) -> tuple[Offer, ...]:
        small = self._small()
        where = f"{catalogue_file.VARIANTS_SQL} order by number limit {_MOST_VARIANTS}"
        with self._store.read() as connection:
            rows = connection.execute(f"{_OFFER} where {where}", (at.at_ms, plain(product_id))).fetchall()
            return tuple(_offer(row, small) for row in rows)

    def search(self, text: str, at: Moment, limit: int = 40) -> tuple[Offer, ...]:
        small = self._small()
        with self._store.read() as connection:
            return self._in_order(connection, find_numbers(connection, text, limit), at, small)

    def changed_since(self, since: Moment, at: Moment, limit: int) -> tuple[Offer, ...]:
        """Products with another price in force at `at` than just before `since`, by name."""
        small = self._small()
        with self._store.read() as connection:
            rows = connection.execute(
                _CHANGED, (since.at_ms, at.at_ms, since.at_ms, at.at_ms, limit)
            ).fetchall()
            offers = self._in_order(connection, [number for (number,) in rows], at, small)
        return tuple(sorted(offers, key=lambda offer: offer.product.full_name()))

    def categories(self) -> tuple[Category, ...]:
        return self._small().categories

    def in_category(self, category_id: str, at: Moment, limit: int = 60) -> tuple[Offer, ...]:
        """The most popular first; products of the categories below count in. Variants stand behind their parent."""
        small = self._small()
        rows: list[tuple[int, int]] = []
        with self._store.read() as connection:
            for one in _with_descendants(category_id, small):
                rows += connection.execute(
                    "select -popularity, number from product where category_id = ?"
                    f" and {catalogue_file.NO_VARIANT_SQL} order by popularity desc limit ?",
                    (one, limit),
                ).fetchall()
            return self._in_order(connection, [number for _, number in sorted(rows)[:limit]], at, small)

    def staff(self) -> tuple[StaffMember, ...]:
        return self._small().staff

    def promotions(self) -> tuple[Promotion, ...]:
        return self._small().promotions

    # What the sync engine asks

    def positions(self) -> tuple[FeedPosition, ...]:
        return self._store.positions()

    def apply(self, page: FeedPage) -> bool:
        return self._store.apply(page)

    def swap_in(self, path: Path) -> None:
        self._store.swap_in(path)

    def as_of_ms(self) -> int | None:
        """When something last came down; None before the first time."""
        return self._store.as_of_ms()

    # How

    def _first(self, connection: Driver, where: str, key: str, at: Moment, small: Kept) -> Offer | None:
        row = connection.execute(f"{_OFFER} {where}", (at.at_ms, key)).fetchone()
        return None if row is None else _offer(row, small)

    def _by_sku_in_any_case(self, connection: Driver, code: str, at: Moment, small: Kept) -> Offer | None:
        """Only when it is the only one: a guess between two products would charge the wrong one."""
        if code.isascii() and code.isdigit():
            return None  # digits have no other case, and the full-text index is slow to say so
        candidates = find_numbers(connection, code, _SKU_CANDIDATES, column="sku")
        found = [
            offer
            for offer in self._in_order(connection, candidates, at, small)
            if offer.product.sku.casefold() == code.casefold()
        ]
        return found[0] if len(found) == 1 else None

    def _in_order(
        self, connection: Driver, numbers: Sequence[int], at: Moment, small: Kept
    ) -> tuple[Offer, ...]:
        marks = ", ".join("?" * len(numbers))
        rows = connection.execute(f"{_OFFER} where number in ({marks})", (at.at_ms, *numbers)).fetchall()
        offers = {offer.product.number: offer for offer in (_offer(row, small) for row in rows)}
        return tuple(offers[number] for number in numbers)

    def _small(self) -> Kept:
        kept = self._kept
        if kept is None or kept[0] != self._store.generation:
            generation = self._store.generation
            with self._store.read() as connection:
                kept = (generation, _read_small(connection))
            self._kept = kept
        return kept[1]


def _offer(row: tuple[Any, ...], small: Kept) -> Offer:
    """Inside a read: what is damaged is found here."""
    product_id, body, row_hash, price_id, price_body, price_hash = row
    product = _product(proved("product", product_id, body, row_hash))
    tax_category = small.taxes.get(product.tax_category_id)
    return Offer(
        product,
        None if price_id is None else _price(proved("price", price_id, price_body, price_hash)),
        () if tax_category is None else tax_category.taxes,
        small.category_by_id.get(product.category_id or ""),
    )


def _with_descendants(category_id: str, small: Kept) -> list[str]:
    found = [category_id]
    for one in found:
        found += [child for child in small.children.get(one, ()) if child not in found]
    return found


def _read_small(connection: Driver) -> Kept:
    rows = connection.execute(
        "select entity, id, body, row_hash from reference order by entity, id"
    ).fetchall()
    things: dict[str, list[Any]] = {}
    for entity, id, body, row_hash in rows:
        if entity in reference.ENTITIES:
            things.setdefault(entity, []).extend(_readable(entity, proved(entity, id, body, row_hash)))
    categories = sorted(things.get("category", ()), key=lambda one: (one.position, one.name, one.category_id))
    children: dict[str, list[str]] = {}
    for category in categories:
        children.setdefault(category.parent_id or "", []).append(category.category_id)
    return Kept(
        stores=tuple(things.get("store_config", ())),
        categories=tuple(categories),
        taxes={one.tax_category_id: one for one in things.get("tax_category", ())},
        staff=tuple(things.get("staff", ())),
        promotions=tuple(things.get("promotion", ())),
        category_by_id={one.category_id: one for one in categories},
        children={parent: tuple(below) for parent, below in children.items()},
    )


def _readable(entity: str, body: bytes) -> list[Any]:
    """A promotion of a kind that only a newer till knows is left out: the shop sells on, at the regular price."""
    try:
        return [reference.decode(entity, body)]
    except msgspec.ValidationError:
        if entity != "promotion":
            raise
        return []
