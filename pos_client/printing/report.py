"""X and Z reports: the figures of a shift as rows, and the rows as paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from hardware.receipt_document import Blank, Block, Cut, ReceiptDocument, Rule, Text, name_and_amount
from pos_client.printing.paper_words import ENGLISH, PaperWords, tender_name
from pos_client.printing.receipt import shop_heading
from shared_models.cash import ShiftClosed, ShiftTotals
from shared_models.currency import Currency, currency
from shared_models.moment import Moment
from shared_models.money import format_amount
from shared_models.store_config import StoreConfig

Kind = Literal["plain", "strong", "section", "long"]


class Row(msgspec.Struct, frozen=True):
    """A label with its value. A section has no value; a long value gets lines of its own."""

    label: str
    value: str = ""
    kind: Kind = "plain"


class Report(msgspec.Struct, frozen=True):
    """The same rows go to paper and to PDF."""

    title: str
    rows: tuple[Row, ...]


def x_report(
    totals: ShiftTotals, store: StoreConfig, operator_name: str, at: Moment, words: PaperWords = ENGLISH
) -> Report:
    """A look at the shift so far; it changes nothing."""
    money = currency(store.currency)
    rows = (
        Row(words.opened_at, _time(Moment(totals.opened_at_ms, at.tz_min))),
        Row(words.printed_at, _time(at)),
        Row(words.served_by, operator_name),
        Row(words.currency, money.code),
        *_takings(totals, money, words),
        *_drawer(totals, money, words),
        *_watched(totals, words),
    )
    return Report(f"{words.x_report} {totals.number}", rows)


def z_report(closed: ShiftClosed, store: StoreConfig, at: Moment, words: PaperWords = ENGLISH) -> Report:
    """The closing of a shift as it stands in the journal."""
    totals, money = closed.totals, currency(closed.currency)
    rows = (
        Row(words.till, closed.till_id),
        Row(words.business_date, closed.business_date),
        Row(words.opened_at, _time(Moment(totals.opened_at_ms, at.tz_min))),
        Row(words.closed_at, _time(at)),
        Row(words.closed_by, closed.operator_name),
        Row(words.currency, money.code),
        *((Row(words.approved_by, closed.approved_by),) if closed.approved_by else ()),
        *_takings(totals, money, words),
        *_drawer(totals, money, words),
        Row(words.counted, format_amount(closed.counted_minor, money)),
        Row(words.over_short, format_amount(closed.over_short_minor, money, sign=True), "strong"),
        *_pieces(closed, money, words),
        *_watched(totals, words),
        *_evidence(closed, money, words),
    )
    return Report(f"{words.z_report} {closed.number}", rows)


def report_document(report: Report, store: StoreConfig, words: PaperWords = ENGLISH) -> ReceiptDocument:
    blocks: list[Block] = [
        *shop_heading(store, words),
        Blank(),
        Text(report.title, align="center", bold=True, double_width=True, double_height=True),
        Rule(),
    ]
    for row in report.rows:
        blocks.extend(_block(row))
    blocks.extend((Rule(), Cut()))
    return ReceiptDocument(tuple(blocks))


def _block(row: Row) -> Iterator[Block]:
    if row.kind == "section":
        yield Blank()
        yield Text(row.label, bold=True)
    elif row.kind == "long":
        yield Text(row.label)
        yield Text(row.value)
    else:
        yield name_and_amount(row.label, row.value, bold=row.kind == "strong")


def _takings(totals: ShiftTotals, money: Currency, words: PaperWords) -> Iterator[Row]:
    amount = _writer(money)
    yield Row(words.sales_section, kind="section")
    yield Row(words.sales, str(totals.sale_count))
    yield Row(words.lines, str(totals.line_count))
    yield Row(words.gross, amount(totals.gross_minor), "strong")
    yield Row(words.net, amount(totals.net_minor))
    yield Row(words.tax, amount(totals.tax_minor))
    yield Row(words.discounts, amount(-totals.discount_minor))
    if totals.taxes:
        yield Row(words.taxes_section, kind="section")
    for tax in totals.taxes:
        yield Row(f"{tax.name} · {words.net}", amount(tax.base_minor))
        yield Row(f"{tax.name} · {words.tax}", amount(tax.amount_minor))
    if totals.tenders:
        yield Row(words.tenders_section, kind="section")
    for tender in totals.tenders:
        name = tender_name(tender.kind, words)
        yield Row(f"{name} × {tender.count}", amount(tender.amount_minor))
    if totals.cash_rounding_minor:
        yield Row(words.cash_rounding, format_amount(totals.cash_rounding_minor, money, sign=True))


def _drawer(totals: ShiftTotals, money: Currency, words: PaperWords) -> Iterator[Row]:
    amount = _writer(money)
    yield Row(words.drawer_section, kind="section")
    yield Row(words.opening_float, amount(totals.float_minor))
    yield Row(words.paid_in, amount(totals.paid_in_minor))
    yield Row(words.paid_out, amount(-totals.paid_out_minor))
    yield Row(words.safe_drop, amount(-totals.safe_drop_minor))
    if totals.refund_count:
        yield Row(f"{words.refunds} × {totals.refund_count}", amount(-totals.refund_minor))
        yield Row(words.refunded_cash, amount(-totals.refund_cash_minor))
    yield Row(words.expected, amount(totals.expected_minor), "strong")


def _pieces(closed: ShiftClosed, money: Currency, words: PaperWords) -> Iterator[Row]:
    if closed.pieces:
        yield Row(words.pieces_section, kind="section")
    for pile in closed.pieces:
        value = format_amount(pile.denomination_minor * pile.pieces, money)
        yield Row(f"{pile.pieces} × {format_amount(pile.denomination_minor, money)}", value)


def _watched(totals: ShiftTotals, words: PaperWords) -> Iterator[Row]:
    yield Row(words.watch_section, kind="section")
    yield Row(words.voided_lines, str(totals.voided_line_count))
    yield Row(words.voided_sales, str(totals.voided_sale_count))
    yield Row(words.no_sales, str(totals.no_sale_count))


def _evidence(closed: ShiftClosed, money: Currency, words: PaperWords) -> Iterator[Row]:
    totals = closed.totals
    yield Row(words.evidence_section, kind="section")
    if totals.first_receipt:
        yield Row(words.receipts, f"{totals.first_receipt} - {totals.last_receipt}", "long")
    yield Row(words.grand_total, format_amount(totals.grand_total_minor, money))
    yield Row(words.journal, f"{totals.first_seq} - {totals.last_seq}")
    yield Row(words.unsent, str(closed.unsent))
    yield Row(words.head_hash, closed.head_hash, "long")
    if closed.previous_closing_hash:
        yield Row(words.previous_closing, closed.previous_closing_hash, "long")


def _writer(money: Currency) -> Callable[[int], str]:
    return lambda amount_minor: format_amount(amount_minor, money)


def _time(at: Moment) -> str:
    return f"{at.local():%Y-%m-%d %H:%M}"
