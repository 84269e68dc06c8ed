"""The catalogue file: the SQLite layout that a server builds, a till downloads, and changes are applied to.

Only text lives here, so that builder and user can't differ; whoever holds a connection runs it. A product's rowid is
its number, so full-text hits come in a stable order and a bounded first slice of them can be ranked outside.
Row hashes are stored signed, because SQLite's integers are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from shared_models import reference
from shared_models.catalogue import Price, Product

Statement = tuple[str, tuple[Any, ...]]

SCHEMA_SQL = """
create table feed_state (
    stream text primary key, epoch text not null, ver integer not null, checksum text not null,
    applied_at_ms integer not null default 0
) strict, without rowid;
create table product (
    number integer primary key, product_id text not null, name text not null, sku text not null, category_id text,
    popularity integer not null, body blob not null, row_hash integer not null
) strict;
create table barcode (code text primary key, number integer not null) strict, without rowid;
create table price (
    product_id text not null, valid_from_ms integer not null, price_id text not null, unit_price_minor integer not null,
    body blob not null, row_hash integer not null, primary key (product_id, valid_from_ms, price_id)
) strict, without rowid;
create table reference (
    entity text not null, id text not null, body blob not null, row_hash integer not null, primary key (entity, id)
) strict, without rowid;
create virtual table product_words using fts5(
    name, sku, content='', contentless_delete=1, prefix='1 2 3', tokenize='unicode61 remove_diacritics 2', detail=column
);
create virtual table product_trigrams using fts5(
    name, content='', contentless_delete=1, tokenize='trigram remove_diacritics 1', detail=none
);
"""

_PARENT = "json_extract(cast(body as text), '$.variant_of')"
VARIANTS_SQL = f"{_PARENT} = ? and {_PARENT} is not null"
"""Of which product it is a variant, as the index has it."""
NO_VARIANT_SQL = f"{_PARENT} is null"
VARIANT_INDEX_SQL = f"""
create index if not exists product_by_parent on product({_PARENT}) where {_PARENT} is not null;
"""
"""By itself, because files from before there were variants get it when they are opened."""

INDEX_SQL = f"""
create unique index product_by_id on product(product_id);
create index product_by_sku on product(sku);
create index product_by_category on product(category_id, popularity desc);
create index barcode_by_number on barcode(number);
create unique index price_by_id on price(price_id);
{VARIANT_INDEX_SQL}"""
"""Made after the rows when a file is built whole, before them otherwise."""


ROW_HASHES_SQL = " union all ".join(
    f"select sum(row_hash >> 32), sum(row_hash & 4294967295) from {table}"
    for table in ("product", "price", "reference")
)
"""The upper and lower halves of all row hashes, added up where they lie; see `checksum`."""


def checksum(halves: Iterable[tuple[int | None, int | None]]) -> int:
    """Of all streams together, from the rows of ROW_HASHES_SQL."""
    return sum(((upper or 0) << 32) + (lower or 0) for upper, lower in halves) % reference.CHECKSUM_MODULUS


def signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def unsigned(value: int) -> int:
    return value % (1 << 64)


def old_hash_query(entity: str, id: str) -> Statement:
    """One row with the row hash of the living version, or none."""
    if entity == "product":
        return "select row_hash from product where product_id = ?", (id,)
    if entity == "price":
        return "select row_hash from price where price_id = ?", (id,)
    return "select row_hash from reference where entity = ? and id = ?", (entity, id)


def statements(change: reference.Change) -> Iterator[Statement]:
    """What makes the file hold this change, in order. Applying a change twice is the same as once."""
    yield from _removal(change.entity, change.id)
    if change.op == reference.PUT:
        yield from _insertion(change.entity, change.id, change.body)


def insertions(change: reference.Change) -> Iterator[Statement]:
    """The same for a file that is built whole and holds no other version of the thing yet."""
    return _insertion(change.entity, change.id, change.body)


def _removal(entity: str, id: str) -> Iterator[Statement]:
    if entity == "product":
        number = "(select number from product where product_id = ?)"
        yield f"delete from barcode where number = {number}", (id,)
        yield f"delete from product_words where rowid = {number}", (id,)
        yield f"delete from product_trigrams where rowid = {number}", (id,)
        yield "delete from product where product_id = ?", (id,)
    elif entity == "price":
        yield "delete from price where price_id = ?", (id,)
    else:
        yield "delete from reference where entity = ? and id = ?", (entity, id)


def _insertion(entity: str, id: str, body: bytes) -> Iterator[Statement]:
    digest = signed(reference.row_hash(entity, id, body))
    if entity == "product":
        yield from _product_rows(reference.decode(entity, body), body, digest)
    elif entity == "price":
        price: Price = reference.decode(entity, body)
        yield (
            "insert into price values (?, ?, ?, ?, ?, ?)",
            (price.product_id, price.valid_from_ms, price.price_id, price.unit_price_minor, body, digest),
        )
    else:
        yield "insert into reference values (?, ?, ?, ?)", (entity, id, body, digest)


def _product_rows(product: Product, body: bytes, digest: int) -> Iterator[Statement]:
    yield (
        "insert into product values (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            product.number,
            product.product_id,
            product.name,
            product.sku,
            product.category_id,
            product.popularity,
            body,
            digest,
        ),
    )
    for code in product.barcodes:
        yield "insert or replace into barcode values (?, ?)", (code, product.number)
    yield (
        "insert into product_words(rowid, name, sku) values (?, ?, ?)",
        (product.number, product.full_name(), product.sku),
    )
    yield "insert into product_trigrams(rowid, name) values (?, ?)", (product.number, product.name)
