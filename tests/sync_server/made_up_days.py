"""Made-up days of a shop: facts as tills state them, with figures that hold together."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, insert

from shared_models.cash import (
    PAID_OUT,
    CashMoved,
    ShiftClosed,
    ShiftOpened,
    ShiftTotals,
    TaxTotal,
    TenderTotal,
)
from shared_models.events import Recorded, encode_body, type_name
from shared_models.journal import body_hash
from shared_models.refund import GivenBack, RefundPosted, taken_back
from shared_models.sale import SaleLine, SalePosted, Tender
from shared_models.tax import TaxAmount
from sync_server.ingest import check_place
from sync_server.ingest.tables import ingest_log, ingest_queue
from sync_server.ingest_entry import RecordedEntry
from sync_server.ports import system_now_ms

DAY = "2026-11-21"
NOON_MS = 1_795_262_400_000
INCARNATION = b"i" * 16
STORE, TILL, SHIFT = "03", "03-1", "shift-1"


class Published:
    """A publisher that remembers what would go down to the tills."""

    def __init__(self) -> None:
        self.living: dict[tuple[str, str, str], Any] = {}
        self.count = 0

    def publish(self, tx: Connection, stream: str, thing: Any) -> None:
        from shared_models import reference

        entity, id, _ = reference.encode(thing)
        self.living[stream, entity, id] = thing
        self.count += 1

    def withdraw(self, tx: Connection, stream: str, entity: str, id: str) -> None:
        self.living.pop((stream, entity, id), None)
        self.count += 1

    def on(self, stream: str) -> list[Any]:
        return [thing for (on, _, _), thing in self.living.items() if on == stream]


def ids() -> Any:
    numbers = itertools.count(1)
    return lambda: f"{next(numbers):032x}"


def a_line(
    at: int = 1, product: str = "p1", quantity: int = 1, price: int = 119, name: str = "Tea"
) -> SaleLine:
    """`quantity` pieces with 19 % included."""
    gross = quantity * price
    tax = round(gross * 19 / 119)
    taxes = (TaxAmount("vat19", "VAT 19 %", 190_000, True, gross - tax, tax),)
    return SaleLine(
        line_no=at,
        product_id=product,
        sku=product.upper(),
        code=product,
        name=name,
        quantity_milli=quantity * 1000,
        unit_price_minor=price,
        regular_price_minor=price,
        net_minor=gross - tax,
        tax_minor=tax,
        gross_minor=gross,
        taxes=taxes,
        tax_category_id="standard",
    )


def a_refund_of(sold: SalePosted) -> RefundPosted:
    """All of it, in cash, on the till's own word."""
    total = sold.total_minor
    return RefundPosted(
        refund_id=f"refund-{sold.sale_id}",
        sale_id=sold.sale_id,
        receipt_number=sold.receipt_number,
        lease_id="",
        store_id=sold.store_id,
        till_id=sold.till_id,
        shift_id=sold.shift_id,
        operator_id=sold.operator_id,
        operator_name=sold.operator_name,
        business_date=sold.business_date,
        currency=sold.currency,
        lines=tuple(taken_back(line, line.quantity_milli) for line in sold.lines),
        net_minor=sold.net_minor,
        tax_minor=sold.tax_minor,
        total_minor=total,
        given_back=(GivenBack("cash", total),),
    )


def a_sale(number: int, *lines: SaleLine, till: str = TILL, shift: str = SHIFT, **changes: Any) -> SalePosted:
    """Paid in cash with the next ten, the change given back."""
    lines = lines or (a_line(),)
    net, tax = sum(line.net_minor for line in lines), sum(line.tax_minor for line in lines)
    total = net + tax
    received = (total // 1000 + 1) * 1000
    values: dict[str, Any] = {
        "sale_id": f"sale-{till}-{number}",
        "receipt_number": f"{till}-K7Q-{number:06d}",
        "store_id": till.partition("-")[0],
        "till_id": till,
        "shift_id": shift,
        "operator_id": "op1",
        "operator_name": "Ana R.",
        "business_date": DAY,
        "started_at_ms": NOON_MS,
        "currency": "EUR",
        "rounding_policy": "per_line",
        "lines": lines,
        "taxes": (TaxAmount("vat19", "VAT 19 %", 190_000, True, net, tax),),
        "net_minor": net,
        "tax_minor": tax,
        "total_minor": total,
        "tenders": (Tender("cash", received),),
        "change_minor": received - total,
    }
    return SalePosted(**values | changes)


def an_opening(shift: str = SHIFT, till: str = TILL) -> ShiftOpened:
    return ShiftOpened(
        shift_id=shift,
        number=7,
        store_id=till.partition("-")[0],
        till_id=till,
        operator_id="op1",
        operator_name="Ana R.",
        business_date=DAY,
        float_minor=15000,
        currency="EUR",
    )


def paid_out(amount: int, shift: str = SHIFT, till: str = TILL) -> CashMoved:
    return CashMoved(
        movement_id=f"move-{amount}",
        kind=PAID_OUT,
        shift_id=shift,
        till_id=till,
        operator_id="op1",
        amount_minor=amount,
        reason="Window cleaner",
    )


def a_closing(
    sales: Sequence[SalePosted], last_seq: int, paid_out_minor: int = 0, shift: str = SHIFT, **changes: Any
) -> ShiftClosed:
    """The Z report that a till makes of these sales."""
    gross = sum(sale.total_minor for sale in sales)
    net, tax = sum(sale.net_minor for sale in sales), sum(sale.tax_minor for sale in sales)
    cash = sum(sale.cash_kept_minor() for sale in sales)
    totals = ShiftTotals(
        shift_id=shift,
        number=7,
        opened_at_ms=NOON_MS,
        sale_count=len(sales),
        line_count=sum(len(sale.lines) for sale in sales),
        net_minor=net,
        tax_minor=tax,
        gross_minor=gross,
        discount_minor=0,
        cash_rounding_minor=0,
        voided_line_count=0,
        voided_sale_count=0,
        float_minor=15000,
        paid_in_minor=0,
        paid_out_minor=paid_out_minor,
        safe_drop_minor=0,
        no_sale_count=0,
        expected_minor=15000 + cash - paid_out_minor,
        grand_total_minor=gross,
        first_seq=1,
        last_seq=last_seq,
        taxes=(TaxTotal("vat19", "VAT 19 %", 190_000, net, tax),),
        tenders=(TenderTotal("cash", len(sales), cash),),
    )
    till = sales[0].till_id
    values: dict[str, Any] = {
        "shift_id": shift,
        "number": 7,
        "store_id": till.partition("-")[0],
        "till_id": till,
        "operator_id": "op1",
        "operator_name": "Ana R.",
        "business_date": DAY,
        "currency": "EUR",
        "totals": totals,
        "counted_minor": totals.expected_minor,
        "over_short_minor": 0,
        "pieces": (),
        "head_hash": "",
        "previous_closing_hash": "",
        "unsent": 0,
    }
    return ShiftClosed(**values | changes)


def an_entry(seq: int, fact: Any, till: str = TILL, at_ms: int | None = None) -> RecordedEntry:
    recorded = Recorded(NOON_MS + seq * 60_000 if at_ms is None else at_ms, 60, fact)
    return RecordedEntry(
        event_id=sha256(f"{till} {seq}".encode()).digest()[:16],
        ingest_id=int(till[-1]) * 1000 + seq,
        till_id=till,
        store_id=till.partition("-")[0],
        incarnation=INCARNATION,
        seq=seq,
        type=type_name(fact),
        recorded=recorded,
    )


def store_entries(tx: Connection, entries: Sequence[RecordedEntry]) -> None:
    """The journal's side of these entries: stored, acknowledged, and waiting to be applied.

    No till sealed them, so the check that reads everything again is told that it has just been round.
    """
    now_ms = system_now_ms()
    check_place.note(tx, check_place.Place(began_ms=now_ms, ended_ms=now_ms))
    for entry in entries:
        body = encode_body(entry.recorded)
        tx.execute(
            insert(ingest_log).values(
                ingest_id=entry.ingest_id,
                event_id=entry.event_id,
                body_hash=body_hash(entry.type, 1, body),
                type=entry.type,
                schema=1,
                body=body,
                till_id=entry.till_id,
                store_id=entry.store_id,
                incarnation=entry.incarnation,
                seq=entry.seq,
                received_at_ms=entry.recorded.at_ms,
            )
        )
        tx.execute(insert(ingest_queue).values(ingest_id=entry.ingest_id, attempts=0))
