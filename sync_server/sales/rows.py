"""A sale as rows, and whether its figures hold together: pure functions of the fact."""

from __future__ import annotations

from collections.abc import Iterator

from shared_models.sale import CASH, SaleLine, SalePosted, SaleVoided, VoidedLine
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
        sum(_discount_minor(line) for line in sale.lines if line.discounts),
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
            _discount_minor(line) if line.discounts else 0,
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
    net = tax = total = 0
    for line in sale.lines:
        net += line.net_minor
        tax += line.tax_minor
        total += line.gross_minor
    of_taxes = sum([one.amount_minor for one in sale.taxes])
    kept = sum([tender.received_minor for tender in sale.tenders]) - sale.change_minor
    pairs = (
        ("lines' net and sale's net", net, sale.net_minor),
        ("lines' tax and sale's tax", tax, sale.tax_minor),
        ("lines' total and sale's total", total, sale.total_minor),
        ("net with tax and total", sale.net_minor + sale.tax_minor, sale.total_minor),
        ("tax table and sale's tax", of_taxes, sale.tax_minor),
        ("money kept and money due", kept, sale.total_minor + sale.cash_rounding_minor),
    )
    return [f"{what}: {left} and {right}" for what, left, right in pairs if left != right]


def _discount_minor(line: SaleLine) -> int:
    return sum(discount.amount_minor for discount in line.discounts)
