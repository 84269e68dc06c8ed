"""Promotions: kept here, sent down to the tills of the stores that they are for, beside the prices."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select

from shared_models.promotions import (
    EVERYTHING,
    BuyGet,
    Promotion,
    Rule,
    SpendAndSave,
    Target,
)
from sync_server.errors import Invalid, NotFound
from sync_server.ports import NewId, NowMs, Publisher
from sync_server.pricing.tables import promotion
from sync_server.reference_lock import hold_reference

StoreIds = Callable[[Connection], Sequence[str]]
Names = Callable[[Connection, Sequence[str]], Collection[str]]
"""Those of the ids that exist."""

MAX_PROMOTIONS = 1000
"""A till holds all of its store's in memory and weighs them at every scan."""
MAX_NAMED = 5000
_CHUNK = 500


class NewPromotion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A promotion as it is asked for. With a `promotion_id` it takes that one's place.

    No `store_ids` means all stores, those to come too.
    """

    name: str
    rule: Rule
    promotion_id: str = ""
    applies_to: Target = EVERYTHING
    valid_from_ms: int = 0
    valid_to_ms: int = 0
    weekdays: tuple[int, ...] = ()
    priority: int = 0
    coupon_code: str = ""
    coupon_is_prefix: bool = False
    exclusive: bool = True
    store_ids: tuple[str, ...] = ()


class KeptPromotion(msgspec.Struct, frozen=True):
    promotion: Promotion
    store_ids: tuple[str, ...]
    changed_at_ms: int
    changed_by: str


class PromotionService:
    def __init__(
        self,
        publisher: Publisher,
        store_ids: StoreIds,
        known_products: Names,
        known_categories: Names,
        now_ms: NowMs,
        new_id: NewId,
    ) -> None:
        self._publisher = publisher
        self._store_ids = store_ids
        self._known_products = known_products
        self._known_categories = known_categories
        self._now_ms = now_ms
        self._new_id = new_id

    def save(self, tx: Connection, asked: NewPromotion, changed_by: str) -> KeptPromotion:
        """A new promotion, or another version of one; it is on its way to the tills at once."""
        hold_reference(tx)
        if asked.promotion_id:
            self.promotion(tx, asked.promotion_id)
        elif (tx.scalar(select(func.count()).select_from(promotion)) or 0) >= MAX_PROMOTIONS:
            raise Invalid(f"There are {MAX_PROMOTIONS} promotions already. Remove some that have ended.")
        wanted = _promotion(asked, asked.promotion_id or self._new_id())
        self._refuse_unknown(tx, wanted, asked.store_ids)
        kept = KeptPromotion(wanted, asked.store_ids, self._now_ms(), changed_by)
        tx.execute(delete(promotion).where(promotion.c.promotion_id == wanted.promotion_id))
        tx.execute(insert(promotion).values(_row(kept)))
        for store_id in self._store_ids(tx):
            if not kept.store_ids or store_id in kept.store_ids:
                self._publisher.publish(tx, f"price/{store_id}", wanted)
            else:
                self._withdraw(tx, store_id, wanted.promotion_id)
        return kept

    def remove(self, tx: Connection, promotion_id: str) -> None:
        """Gone from the tills; receipts keep what it took off."""
        hold_reference(tx)
        self.promotion(tx, promotion_id)
        tx.execute(delete(promotion).where(promotion.c.promotion_id == promotion_id))
        for store_id in self._store_ids(tx):
            self._withdraw(tx, store_id, promotion_id)

    def promotion(self, tx: Connection, promotion_id: str) -> KeptPromotion:
        row = tx.execute(select(promotion).where(promotion.c.promotion_id == promotion_id)).one_or_none()
        if row is None:
            raise NotFound("There is no such promotion. It may have been removed.", promotion_id=promotion_id)
        return _kept(row)

    def promotions(
        self, tx: Connection, after: tuple[str, str] | None = None, limit: int = MAX_PROMOTIONS
    ) -> list[KeptPromotion]:
        """By name, whether they have begun, hold or have ended."""
        key = (promotion.c.name, promotion.c.promotion_id)
        query = select(promotion).order_by(*key).limit(limit)
        if after is not None:
            name, promotion_id = after
            later_twin = (promotion.c.name == name) & (promotion.c.promotion_id > promotion_id)
            query = query.where((promotion.c.name > name) | later_twin)
        return [_kept(row) for row in tx.execute(query)]

    def send_store(self, tx: Connection, store_id: str) -> None:
        """What a new store's tills need from here."""
        for kept in self.promotions(tx):
            if not kept.store_ids or store_id in kept.store_ids:
                self._publisher.publish(tx, f"price/{store_id}", kept.promotion)

    def _withdraw(self, tx: Connection, store_id: str, promotion_id: str) -> None:
        self._publisher.withdraw(tx, f"price/{store_id}", "promotion", promotion_id)

    def _refuse_unknown(self, tx: Connection, wanted: Promotion, store_ids: Iterable[str]) -> None:
        """A promotion for what does not exist would look right and never do anything."""
        stores = frozenset(self._store_ids(tx))
        for store_id in store_ids:
            if store_id not in stores:
                raise NotFound(f"There is no store '{store_id}'.", store_id=store_id)
        for what, ids, known in (
            ("product", _named(wanted, "products"), self._known_products),
            ("category", _named(wanted, "categories"), self._known_categories),
        ):
            if len(ids) > MAX_NAMED:
                raise Invalid(f"A promotion can name {MAX_NAMED} at most. Use a category.")
            found = {one for at in range(0, len(ids), _CHUNK) for one in known(tx, ids[at : at + _CHUNK])}
            missing = next((one for one in ids if one not in found), None)
            if missing is not None:
                raise NotFound(f"There is no {what} '{missing}'.", id=missing)


def _named(wanted: Promotion, kind: str) -> list[str]:
    targets = [wanted.applies_to]
    if isinstance(wanted.rule, BuyGet | SpendAndSave) and wanted.rule.reward is not None:
        targets.append(wanted.rule.reward)
    return sorted({one for target in targets for one in getattr(target, kind)})


def _promotion(asked: NewPromotion, promotion_id: str) -> Promotion:
    fields = {name: getattr(asked, name) for name in asked.__struct_fields__ if name != "store_ids"}
    try:
        return Promotion(**fields | {"promotion_id": promotion_id})
    except ValueError as reason:
        raise Invalid(f"This promotion can't be: {reason}.") from reason


def _row(kept: KeptPromotion) -> dict[str, object]:
    return {
        "promotion_id": kept.promotion.promotion_id,
        "name": kept.promotion.name,
        "store_ids": msgspec.json.encode(kept.store_ids).decode(),
        "body": msgspec.json.encode(kept.promotion),
        "changed_at_ms": kept.changed_at_ms,
        "changed_by": kept.changed_by,
    }


_decode = msgspec.json.Decoder(Promotion).decode
_decode_stores = msgspec.json.Decoder(tuple[str, ...]).decode


def _kept(row: Row[tuple[object, ...]]) -> KeptPromotion:
    return KeptPromotion(_decode(row.body), _decode_stores(row.store_ids), row.changed_at_ms, row.changed_by)
