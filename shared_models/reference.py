"""Reference data on its way down: streams, changes, pages, and the running checksum that proves a copy whole."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec

from shared_models.catalogue import Category, Price, Product, TaxCategory
from shared_models.promotions import Promotion
from shared_models.staff import StaffMember
from shared_models.store_config import StoreConfig

FEED_SCHEMA = 1
"""The layout of reference bodies and of the catalogue file; another number means another snapshot."""

CHECKSUM_MODULUS = 1 << 64

ENTITIES: dict[str, type[Any]] = {
    "category": Category,
    "product": Product,
    "price": Price,
    "promotion": Promotion,
    "tax_category": TaxCategory,
    "store_config": StoreConfig,
    "staff": StaffMember,
}
PUT = "put"
DELETE = "del"


def streams_of(store_id: str) -> tuple[str, ...]:
    """The streams that a till of this store follows, in the order in which they are applied and locked."""
    return ("catalogue", f"config/{store_id}", f"price/{store_id}", f"staff/{store_id}")


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One version of one thing. `body` is the entity's JSON, empty for a tombstone."""

    ver: int
    entity: str
    id: str
    op: str = PUT
    body: bytes = b""


class FeedPosition(msgspec.Struct, frozen=True):
    """Where a copy of a stream stands. A new `epoch` means that the server's history was replaced."""

    stream: str
    epoch: str
    ver: int
    checksum: int


class FeedPage(msgspec.Struct, frozen=True, omit_defaults=True):
    """The changes after `after`; `to` may jump over versions that later ones made worthless.

    `checksum_after` is the checksum of the copy once this page is applied. `reset` tells the till to take a
    snapshot instead: its epoch is gone or its cursor too old.
    """

    stream: str
    epoch: str
    after: int
    to: int
    head: int
    changes: tuple[Change, ...] = ()
    checksum_after: int = 0
    more: bool = False
    reset: bool = False


def row_hash(entity: str, id: str, body: bytes) -> int:
    """What one living row adds to its stream's checksum, 0 to 2^64 - 1."""
    digest = sha256(entity.encode() + b"\0" + id.encode() + b"\0" + body).digest()
    return int.from_bytes(digest[:8], "big")


def checksum_with(checksum: int, *, removed: int = 0, added: int = 0) -> int:
    return (checksum - removed + added) % CHECKSUM_MODULUS


_encoder = msgspec.json.Encoder()
_decoders = {name: msgspec.json.Decoder(kind) for name, kind in ENTITIES.items()}
_names = {kind: name for name, kind in ENTITIES.items()}
_ids = {
    "category": "category_id",
    "product": "product_id",
    "price": "price_id",
    "promotion": "promotion_id",
    "tax_category": "tax_category_id",
    "store_config": "store_id",
    "staff": "staff_id",
}


def encode(thing: Any) -> tuple[str, str, bytes]:
    """(entity, id, body) of a reference value."""
    entity = _names[type(thing)]
    return entity, getattr(thing, _ids[entity]), _encoder.encode(thing)


def decode(entity: str, body: bytes) -> Any:
    """The value in `body`; raises msgspec.DecodeError (or its ValidationError) on anything else."""
    return _decoders[entity].decode(body)
