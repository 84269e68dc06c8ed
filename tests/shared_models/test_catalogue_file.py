"""The catalogue file: the same changes make the same file, whatever came before, and its checksum proves it."""

from __future__ import annotations

import sqlite3
from itertools import permutations

from sqlcipher3 import dbapi2

from shared_models import catalogue_file, reference
from shared_models.catalogue import Category, Price, Product


def empty_file() -> sqlite3.Connection:
    file: sqlite3.Connection = dbapi2.connect(":memory:")
    file.executescript(catalogue_file.SCHEMA_SQL + catalogue_file.INDEX_SQL)
    return file


def change(thing: Product | Price | Category, ver: int = 1) -> reference.Change:
    entity, id, body = reference.encode(thing)
    return reference.Change(ver, entity, id, reference.PUT, body)


def apply(file: sqlite3.Connection, made: reference.Change) -> None:
    for sql, values in catalogue_file.statements(made):
        file.execute(sql, values)


def rows(file: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    return [
        file.execute(f"select * from {table} order by 1, 2").fetchall()
        for table in ("product", "barcode", "price", "reference")
    ]


MILK = Product("p1", 1, "C15", "Milk 1 l", "zero", barcodes=("05449000000996",))
RENAMED = Product("p1", 1, "C15", "Oat drink", "zero", barcodes=("04006381333931",))
PRICE = Price("p1:0", "p1", 119)
DAIRY = Category("dairy", "Dairy")


def test_a_renamed_product_is_found_by_its_new_name_and_code_only() -> None:
    file = empty_file()
    apply(file, change(MILK))
    apply(file, change(RENAMED, 2))
    words = "select rowid from product_words where product_words match ?"
    assert file.execute(words, ("milk*",)).fetchall() == []
    assert file.execute(words, ("oat*",)).fetchall() == [(1,)]
    assert file.execute("select code from barcode").fetchall() == [("04006381333931",)]


def test_a_removed_thing_leaves_nothing_behind() -> None:
    file = empty_file()
    for thing in (MILK, PRICE, DAIRY):
        apply(file, change(thing))
        entity, id, _ = reference.encode(thing)
        assert file.execute(*catalogue_file.old_hash_query(entity, id)).fetchone() is not None
        apply(file, reference.Change(2, entity, id, reference.DELETE))
        assert file.execute(*catalogue_file.old_hash_query(entity, id)).fetchone() is None
    assert rows(file) == rows(empty_file())
    assert file.execute("select count(*) from product_words where product_words match 'mil*'").fetchone() == (
        0,
    )


def test_a_change_applied_twice_is_applied_once() -> None:
    once, twice = empty_file(), empty_file()
    for thing in (MILK, PRICE, DAIRY):
        apply(once, change(thing))
        apply(twice, change(thing))
        apply(twice, change(thing))
    assert rows(once) == rows(twice)


def test_the_checksum_does_not_mind_the_order_of_changes() -> None:
    hashes = [reference.row_hash(*reference.encode(thing)) for thing in (MILK, PRICE, DAIRY)]
    sums = set()
    for order in permutations(hashes):
        total = 0
        for added in order:
            total = reference.checksum_with(total, added=added)
        sums.add(total)
    assert len(sums) == 1
    assert reference.checksum_with(sums.pop(), removed=sum(hashes)) == 0


def test_a_row_hash_survives_being_stored_signed() -> None:
    for value in (0, 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
        assert catalogue_file.unsigned(catalogue_file.signed(value)) == value
        assert -(1 << 63) <= catalogue_file.signed(value) < 1 << 63


def test_a_till_follows_the_streams_of_its_own_store() -> None:
    assert reference.streams_of("03") == ("catalogue", "config/03", "price/03", "staff/03")
