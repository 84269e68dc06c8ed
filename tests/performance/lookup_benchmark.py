"""How long the till looks for a product among a million: by barcode, by name, with a typo.

Run `python -m tests.performance.lookup_benchmark`; it prints medians and 99th percentiles, and whether the goals hold.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlcipher3.dbapi2 as driver

from pos_client.store.catalogue import CatalogueFile
from shared_models import catalogue_file, reference
from shared_models.catalogue import Category, Price, Product, TaxCategory
from shared_models.moment import Moment
from shared_models.reference import Change
from shared_models.tax import Tax

AT = Moment(1_795_000_000_000)
SEED = 16
GOALS_MS = {
    "barcode": 1.0,
    "unknown barcode": 1.0,
    "SKU in another case": 1.0,
    "two words": 10.0,
    "one letter": 10.0,
    "a typo": 30.0,
}
"""99th percentiles; a scan must be far below a display frame, typing within one or two."""
_SYLLABLES = [consonant + vowel for consonant in "bklmnrs" for vowel in "aeiou"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=1_000_000)
    parser.add_argument("--lookups", type=int, default=2000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalogue.db"
        started = time.perf_counter()
        build(path, arguments.products)
        print(f"{arguments.products} products built in {time.perf_counter() - started:.0f} s")
        catalogue = CatalogueFile(path, lambda: 0)
        reached = [
            measure(name, look, arguments.lookups) for name, look in looks(catalogue, arguments.products)
        ]
        catalogue.close()
    print("goals reached" if all(reached) else "goals MISSED")
    return 0 if all(reached) else 1


def measure(name: str, look: Callable[[], object], count: int) -> bool:
    times = []
    for _ in range(count):
        started = time.perf_counter()
        look()
        times.append(time.perf_counter() - started)
    times.sort()
    p50, p99 = times[count // 2] * 1000, times[count * 99 // 100] * 1000
    print(f"{name:20} p50 {p50:7.3f} ms  p99 {p99:7.3f} ms  (goal {GOALS_MS[name]:g} ms)")
    return p99 < GOALS_MS[name]


def looks(catalogue: CatalogueFile, products: int) -> Iterator[tuple[str, Callable[[], object]]]:
    chance = random.Random(SEED)

    def number() -> int:
        return chance.randint(1, products)

    def typo() -> str:
        word = made_up_name(number()).split()[0]
        place = chance.randrange(1, len(word))
        return word[:place] + "x" + word[place + 1 :]

    yield "barcode", lambda: catalogue.by_code(made_up_barcode(number()), AT)
    yield "unknown barcode", lambda: catalogue.by_code(made_up_barcode(number() + products), AT)
    yield "SKU in another case", lambda: catalogue.by_code(f"sku-{number()}", AT)
    yield (
        "two words",
        lambda: catalogue.search(" ".join(word[:4] for word in made_up_name(number()).split()[:2]), AT),
    )
    yield "one letter", lambda: catalogue.search(chance.choice("bklmnrs"), AT)
    yield "a typo", lambda: catalogue.search(typo(), AT)


def build(path: Path, products: int) -> None:
    connection = driver.connect(str(path), isolation_level=None)
    connection.execute("pragma journal_mode=off")
    connection.execute("pragma synchronous=off")
    connection.executescript(catalogue_file.SCHEMA_SQL)
    connection.execute("begin")
    for thing in things(products):
        entity, id, body = reference.encode(thing)
        # The first statements of a change take away an older version; in an empty file there is none.
        for sql, parameters in catalogue_file.statements(Change(0, entity, id, body=body)):
            if sql.startswith("insert"):
                connection.execute(sql, parameters)
    connection.execute("commit")
    connection.executescript(catalogue_file.INDEX_SQL)
    connection.close()


def things(products: int) -> Iterator[Product | Price | Category | TaxCategory]:
    yield TaxCategory("food", "Food", (Tax("vat", "VAT", 190_000, included=True),))
    for category in range(100):
        yield Category(f"c{category}", f"Category {category}")
    for number in range(1, products + 1):
        product_id = f"{number:032x}"
        yield Product(
            product_id=product_id,
            number=number,
            sku=f"SKU-{number}",
            name=made_up_name(number),
            tax_category_id="food",
            category_id=f"c{number % 100}",
            barcodes=(made_up_barcode(number),),
            popularity=products - number,
        )
        yield Price(f"p{number}", product_id, 100 + number % 900)


def made_up_barcode(number: int) -> str:
    return f"{4_000_000_000_000 + number}"


def made_up_name(number: int) -> str:
    """Three made-up words, the first common, the last rare."""
    chance = random.Random(number)
    words = ("".join(chance.choices(_SYLLABLES, k=count)) for count in (2, 3, 4))
    return " ".join(word.capitalize() for word in words)


if __name__ == "__main__":
    sys.exit(main())
