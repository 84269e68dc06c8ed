"""A shop for the store's tests: sales, shifts and cash as facts, and books with given time and chance."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hardware.receipt_document import ReceiptDocument, Text, name_and_amount
from pos_client.store.books import TillBooks
from pos_client.till.ports import ParkedSale, PostedSale
from shared_models import cash, sale
from shared_models.moment import Moment
from shared_models.signing import signer
from shared_models.tax import TaxAmount

NOON_MS = 1_795_000_000_000
PRIVATE_KEY = bytes.fromhex(
    "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420"
    "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721a14403420004"
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
)
"""The key of RFC 6979, A.2.5."""
PUBLIC_KEY = PRIVATE_KEY[-65:]


class ShopClock:
    """A second passes at every look."""

    def __init__(self, at_ms: int = NOON_MS) -> None:
        self._at_ms = at_ms

    def now(self) -> Moment:
        self._at_ms += 1000
        return Moment(self._at_ms, 60)

    def monotonic_ms(self) -> int:
        return self._at_ms - NOON_MS


class Numbered:
    """Ids and random bytes in order, from a start that differs between runs of a till."""

    def __init__(self, start: int = 1) -> None:
        self._numbers = itertools.count(start)

    def new(self) -> str:
        return f"{next(self._numbers):032x}"

    def mint(self, size: int) -> bytes:
        return (next(self._numbers) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 8 * size)).to_bytes(
            size, "big"
        )


def receipt(posted: PostedSale) -> ReceiptDocument:
    lines = [name_and_amount(line.name, f"{line.gross_minor}") for line in posted.sale.lines]
    mark = [Text("COPY")] if posted.copies else []
    return ReceiptDocument((*mark, Text(posted.sale.receipt_number), *lines, Text(posted.evidence)))


def open_books(folder: Path, start: int = 1, **changed: Any) -> TillBooks:
    ids = Numbered(start)
    given: dict[str, Any] = {
        "till_id": "03-2",
        "sign": signer(PRIVATE_KEY),
        "clock": ShopClock(NOON_MS + start),
        "ids": ids,
        "mint": ids.mint,
        "render": receipt,
        "anchor_path": folder / "elsewhere" / "anchor.json",
        "ballast_bytes": 0,
        "log_bytes": 0,
        "boot_id": "boot-1",
    }
    (folder / "books").mkdir(exist_ok=True, parents=True)
    return TillBooks(folder / "books" / "till.db", **given | changed)


def sale_lines(count: int) -> Iterator[sale.SaleLine]:
    for number in range(1, count + 1):
        yield sale.SaleLine(
            line_no=number,
            product_id=f"{number:032x}",
            sku=f"SKU-{number}",
            code="4006381333931",
            name=f"Organic oat drink {number}",
            quantity_milli=1000,
            unit_price_minor=238,
            regular_price_minor=238,
            net_minor=200,
            tax_minor=38,
            gross_minor=238,
            taxes=(TaxAmount("vat", "VAT", 190_000, True, 200, 38),),
            tax_category_id="food",
        )


def a_sale(
    shift_id: str = "s1", lines: int = 5, tenders: tuple[sale.Tender, ...] = (), **changed: Any
) -> sale.SalePosted:
    total = 238 * lines
    paid = tenders or (sale.Tender("cash", total + 10),)
    given: dict[str, Any] = {
        "sale_id": "5a1e" * 8,
        "receipt_number": "",
        "store_id": "03",
        "till_id": "03-2",
        "shift_id": shift_id,
        "operator_id": "op1",
        "operator_name": "Ada",
        "business_date": "2026-11-21",
        "started_at_ms": NOON_MS,
        "currency": "EUR",
        "rounding_policy": "per_line",
        "lines": tuple(sale_lines(lines)),
        "taxes": (TaxAmount("vat", "VAT", 190_000, True, 200 * lines, 38 * lines),),
        "net_minor": 200 * lines,
        "tax_minor": 38 * lines,
        "total_minor": total,
        "tenders": paid,
        "change_minor": sum(tender.received_minor for tender in paid) - total,
    }
    return sale.SalePosted(**given | changed)


def shift_opened(shift_id: str = "s1", number: int = 1, float_minor: int = 15000) -> cash.ShiftOpened:
    return cash.ShiftOpened(
        shift_id=shift_id,
        number=number,
        store_id="03",
        till_id="03-2",
        operator_id="op1",
        operator_name="Ada",
        business_date="2026-11-21",
        float_minor=float_minor,
        currency="EUR",
    )


def shift_closed(books: TillBooks, shift_id: str = "s1") -> cash.ShiftClosed:
    totals = books.shift_totals(shift_id)
    return cash.ShiftClosed(
        shift_id=shift_id,
        number=totals.number,
        store_id="03",
        till_id="03-2",
        operator_id="op1",
        operator_name="Ada",
        business_date="2026-11-21",
        currency="EUR",
        totals=totals,
        counted_minor=totals.expected_minor,
        over_short_minor=0,
        pieces=(),
        head_hash=books.head()[1].hex(),
        previous_closing_hash=books.previous_closing_hash(),
        unsent=books.unsent().entries,
    )


def cash_moved(kind: str, amount_minor: int) -> cash.CashMoved:
    return cash.CashMoved(
        movement_id=f"m-{kind}",
        kind=kind,
        shift_id="s1",
        till_id="03-2",
        operator_id="op1",
        amount_minor=amount_minor,
        reason="stamps",
    )


def no_sale() -> cash.DrawerOpened:
    return cash.DrawerOpened(shift_id="s1", till_id="03-2", operator_id="op1", reason="change")


def sale_voided() -> sale.SaleVoided:
    return sale.SaleVoided(
        sale_id="v1", till_id="03-2", shift_id="s1", operator_id="op1", total_minor=500, lines=()
    )


def parked_sale(sale_id: str = "p1", body: bytes = b"cart") -> ParkedSale:
    return ParkedSale(sale_id, "Blue coat", Moment(NOON_MS, 60), "Ada", 1190, 5, body)


def sale_parked(sale_id: str = "p1") -> sale.SaleParked:
    return sale.SaleParked(
        sale_id=sale_id, till_id="03-2", operator_id="op1", label="Blue coat", total_minor=1190, line_count=5
    )


def sale_recalled(sale_id: str = "p1") -> sale.SaleRecalled:
    return sale.SaleRecalled(sale_id=sale_id, till_id="03-2", operator_id="op1")
