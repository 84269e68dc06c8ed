"""What customers of the demo buy: real invoices of a gift shop, with groceries from the shelf now and then."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator

import msgspec

from installers.demo.shop import DATA

_GROCERIES_IN_A_BASKET = (0, 0, 1, 2, 3)


class Pick(msgspec.Struct, frozen=True):
    """So many pieces of what carries this code: a barcode, or a stock code."""

    code: str
    pieces: int


def baskets(seed: int = 14) -> Iterator[tuple[Pick, ...]]:
    """The invoices in their order, for ever; the same seed adds the same groceries."""
    chance = random.Random(seed)  # noqa: S311  (baskets, not secrets)
    barcodes = [row["barcode"] for row in _rows("groceries.csv")]
    invoices = _invoices()
    while True:
        for invoice in invoices:
            count = chance.choice(_GROCERIES_IN_A_BASKET)
            yield invoice + tuple(Pick(chance.choice(barcodes), 1) for _ in range(count))


def _invoices() -> list[tuple[Pick, ...]]:
    found: dict[str, list[Pick]] = {}
    for row in _rows("baskets.csv"):
        found.setdefault(row["invoice"], []).append(Pick(row["sku"], int(row["quantity"])))
    return [tuple(picks) for picks in found.values()]


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
