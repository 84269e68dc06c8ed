"""A sale as rows, and whether its figures hold together: pure functions of the fact."""

from __future__ import annotations

from collections.abc import Iterator

from shared_models.sale import CASH, SalePosted, SaleVoided, VoidedLine
from sync_server.ingest_entry import RecordedEntry

Row = tuple[object, ...]


def sale_row(entry: RecordedEntry) -> Row:
    """In the order of the sale table's columns."""
    sale: SalePosted = entry.recorded.fact
    return (
        entry.event_id,
        sale.sale_id,
        entry.ingest_id,
        sale.receipt_number,
        entry.store_id or sale.store_id,
        entry.till_id or sale.till_id,
        sale.shift_id,
        sale.operator_id,
        sale.operator_name,
        sale.business_date,
        entry.recorded.at_ms,
        entry.recorded.tz_min,
        sale.currency,
        sale.net_minor,
        sale.tax_minor,
        sale.total_minor,
        sum(discount.amount_minor for line in sale.lines for discount in line.discounts),
        sale.cash_rounding_minor,
        sale.change_minor,
        len(sale.lines),
        sale.training,
        False,
    )


def line_rows(entry: RecordedEntry) -> Iterator[Row]:
    # Counted here, not by `line_no`: a till that numbers badly must not make its sale unreadable.
    for at, line in enumerate(entry.recorded.fact.lines, 1):
        yield (
            entry.event_id,
            at,
            line.product_id,
            line.sku,
            line.code,
            line.name,
            line.unit,
            line.quantity_milli,
            line.unit_price_minor,
            line.net_minor,
            line.tax_minor,
            line.gross_minor,
            sum(discount.amount_minor for discount in line.discounts),
            line.tax_category_id,
            line.category_id,
        )


def tender_rows(entry: RecordedEntry) -> Iterator[Row]:
    sale: SalePosted = entry.recorded.fact
    change = sale.change_minor
    for at, tender in enumerate(sale.tenders, 1):
        given = change if tender.kind == CASH else 0
        change -= given
        yield (entry.event_id, at, tender.kind, tender.received_minor, tender.received_minor - given)
    if change:
        # Change is cash, whatever was tendered: the drawer lost it.
        yield (entry.event_id, 0, CASH, 0, -change)


def tax_rows(entry: RecordedEntry) -> Iterator[Row]:
    for at, tax in enumerate(entry.recorded.fact.taxes, 1):
        money = (tax.base_minor, tax.amount_minor)
        yield (entry.event_id, at, tax.tax_id, tax.name, tax.rate_ppm, tax.included, *money)


def void_rows(entry: RecordedEntry) -> Iterator[Row]:
    """Lines taken off a ticket, and tickets given up: what one looks at when money is missing."""
    fact: SalePosted | SaleVoided = entry.recorded.fact
    who = (fact.sale_id, entry.till_id or fact.till_id, fact.shift_id)
    if isinstance(fact, SaleVoided):
        reason = fact.reason or f"{len(fact.lines)} lines"
        yield (
            entry.event_id,
            0,
            *who,
            fact.operator_id,
            entry.recorded.at_ms,
            reason,
            fact.total_minor,
            True,
        )
    lines: tuple[VoidedLine, ...] = fact.lines if isinstance(fact, SaleVoided) else fact.voided_lines
    for at, line in enumerate(lines, 1):
        yield (entry.event_id, at, *who, line.operator_id, line.at_ms, line.name, line.gross_minor, False)


def discrepancies(sale: SalePosted) -> list[str]:
    """What in the sale's figures does not add up, in words; nothing for a sound one."""
    found: list[str] = []

    def expect(what: str, left: int, right: int) -> None:
        if left != right:
            found.append(f"{what}: {left} and {right}")

    expect("lines' net and sale's net", sum(line.net_minor for line in sale.lines), sale.net_minor)
    expect("lines' tax and sale's tax", sum(line.tax_minor for line in sale.lines), sale.tax_minor)
    expect("lines' total and sale's total", sum(line.gross_minor for line in sale.lines), sale.total_minor)
    expect("net with tax and total", sale.net_minor + sale.tax_minor, sale.total_minor)
    expect("tax table and sale's tax", sum(tax.amount_minor for tax in sale.taxes), sale.tax_minor)
    received = sum(tender.received_minor for tender in sale.tenders)
    expect(
        "money kept and money due", received - sale.change_minor, sale.total_minor + sale.cash_rounding_minor
    )
    return found
