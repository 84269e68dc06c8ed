"""A posted sale as the receipt that the customer takes home."""

from __future__ import annotations

from collections.abc import Iterator

from hardware.receipt_document import (
    Barcode,
    Blank,
    Block,
    Cell,
    Columns,
    Cut,
    Logo,
    QrCode,
    ReceiptDocument,
    Rule,
    Text,
    name_and_amount,
)
from pos_client.printing.paper_words import ENGLISH, PaperWords, tender_name
from pos_client.till.ports import PostedSale
from shared_models.currency import Currency, currency
from shared_models.money import format_amount
from shared_models.quantity import MILLI, format_quantity
from shared_models.sale import HAND, SCALE, SaleLine, SalePosted, SoldComponent
from shared_models.store_config import StoreConfig

_EVIDENCE_VERSION = "EVT1"
_INDENT = "  "
_ON_SALE = "sale"


def receipt_document(posted: PostedSale, store: StoreConfig, words: PaperWords = ENGLISH) -> ReceiptDocument:
    """The receipt, marked COPY n where `posted.copies` is not zero; its width is the printer's matter."""
    sale, money = posted.sale, currency(posted.sale.currency)
    blocks: list[Block] = [
        *shop_heading(store, words),
        *_marks(posted, words),
        Rule(),
        name_and_amount(sale.receipt_number, f"{posted.at.local():%Y-%m-%d %H:%M}"),
        Text(f"{words.till} {sale.till_id} · {words.served_by} {sale.operator_name}"),
        Rule(),
    ]
    for line in sale.lines:
        blocks.extend(_line(line, money, words))
    blocks.append(Rule())
    blocks.extend(_totals(sale, money, words))
    blocks.extend(_tax_table(sale, money, words))
    blocks.extend(_card_texts(sale))
    blocks.extend(_ending(posted, store))
    return ReceiptDocument(tuple(blocks))


def shop_heading(store: StoreConfig, words: PaperWords = ENGLISH) -> Iterator[Block]:
    if store.logo_text or store.logo_png:
        yield Logo(tuple(store.logo_text.splitlines()), store.logo_png)
    yield Text(store.name, align="center", bold=True)
    for line in store.address:
        yield Text(line, align="center")
    if store.tax_number:
        yield Text(f"{words.tax_number} {store.tax_number}", align="center")


def evidence_text(posted: PostedSale) -> str:
    """What the QR code says: enough to find the journal entry, and to see that the paper tells the truth."""
    sale = posted.sale
    return f"{_EVIDENCE_VERSION}:{sale.receipt_number}:{sale.total_minor}:{posted.evidence}"


def _marks(posted: PostedSale, words: PaperWords) -> Iterator[Block]:
    marks = []
    if posted.copies:
        marks.append(f"{words.copy} {posted.copies}")
    if posted.sale.training:
        marks.append(words.training)
    for mark in marks:
        yield Blank()
        yield Text(mark, align="center", bold=True, double_width=True, double_height=True)


def _line(line: SaleLine, money: Currency, words: PaperWords) -> Iterator[Block]:
    """The amount before discounts, then the line's own discounts; those on the whole sale come before the total."""
    off = sum(discount.amount_minor for discount in line.discounts)
    yield name_and_amount(line.name, format_amount(_charged(line) + off, money))
    quantity = _quantity(line, money, words)
    if quantity:
        yield Text(_INDENT + quantity)
    for component in filter(_is_named, line.components):
        yield Text(f"{_INDENT}{format_quantity(component.quantity_milli)} × {component.name}")
    if line.override_reason:
        yield Text(f"{_INDENT}{words.price_changed} {format_amount(line.regular_price_minor, money)}")
    for label, value in ((words.serial, line.serial), (words.lot, line.lot), ("", line.note)):
        if value:
            yield Text(_INDENT + f"{label} {value}".strip())
    for discount in line.discounts:
        if discount.kind != _ON_SALE:
            label = _INDENT + (discount.label or words.discount)
            yield name_and_amount(label, format_amount(-discount.amount_minor, money))


def _is_named(component: SoldComponent) -> bool:
    return bool(component.name)


def _charged(line: SaleLine) -> int:
    """What the line costs in the price's own terms: taxes that are added come further down."""
    return line.gross_minor - sum(tax.amount_minor for tax in line.taxes if not tax.included)


def _quantity(line: SaleLine, money: Currency, words: PaperWords) -> str:
    """What a scale weighed is marked as net, and what somebody typed as typed: EN 45501 wants the two told apart."""
    price = format_amount(line.unit_price_minor, money)
    if line.unit != "piece":
        mark = {SCALE: f" {words.net_weight}", HAND: f" {words.typed_weight}"}.get(line.weighed_by, "")
        return f"{format_quantity(line.quantity_milli)} {line.unit}{mark} × {price} / {line.unit}"
    return f"{format_quantity(line.quantity_milli)} × {price}" if line.quantity_milli != MILLI else ""


def _totals(sale: SalePosted, money: Currency, words: PaperWords) -> Iterator[Block]:
    added = [tax for tax in sale.taxes if not tax.included]
    off = _sale_discounts(sale, words)
    if added or off:
        before = sum(map(_charged, sale.lines)) + sum(off.values())
        yield name_and_amount(words.subtotal, format_amount(before, money))
    for label, amount_minor in off.items():
        yield name_and_amount(label, format_amount(-amount_minor, money))
    for tax in added:
        yield name_and_amount(tax.name, format_amount(tax.amount_minor, money))
    yield name_and_amount(
        f"{words.total} {money.code}",
        format_amount(sale.total_minor, money),
        bold=True,
        double_width=True,
        double_height=True,
    )
    if sale.cash_rounding_minor:
        yield name_and_amount(words.cash_rounding, format_amount(sale.cash_rounding_minor, money, sign=True))
    for tender in sale.tenders:
        name = tender_name(tender.kind, words)
        if tender.card is not None:
            name = f"{name} {tender.reference}".strip()
        yield name_and_amount(name, format_amount(tender.received_minor, money))
    if sale.change_minor:
        yield name_and_amount(words.change, format_amount(sale.change_minor, money), bold=True)


def _card_texts(sale: SalePosted) -> Iterator[Block]:
    """The terminal's own words to the customer, as it wants them printed."""
    for card in (tender.card for tender in sale.tenders if tender.card is not None):
        if card.receipt_text:
            yield Rule()
        for line in card.receipt_text:
            yield Text(line)


def _sale_discounts(sale: SalePosted, words: PaperWords) -> dict[str, int]:
    """Each discount on the whole sale once, its shares put together again."""
    sums: dict[str, int] = {}
    for discount in (discount for line in sale.lines for discount in line.discounts):
        if discount.kind == _ON_SALE:
            label = discount.label or words.discount_on_sale
            sums[label] = sums.get(label, 0) + discount.amount_minor
    return sums


def _tax_table(sale: SalePosted, money: Currency, words: PaperWords) -> Iterator[Block]:
    if not sale.taxes:
        return
    yield Rule()
    yield _tax_row(words.tax, words.net, words.tax, words.gross)
    for tax in sale.taxes:
        amounts = (tax.base_minor, tax.amount_minor, tax.base_minor + tax.amount_minor)
        yield _tax_row(tax.name, *(format_amount(amount, money) for amount in amounts))


def _tax_row(name: str, net: str, tax: str, gross: str) -> Columns:
    cells = (
        Cell(name, weight=1),
        Cell(net, align="right", width=9),
        Cell(tax, align="right", width=8),
        Cell(gross, align="right", width=9),
    )
    return Columns(cells)


def _ending(posted: PostedSale, store: StoreConfig) -> Iterator[Block]:
    yield Blank()
    yield Barcode("code128", posted.sale.receipt_number)
    yield QrCode(evidence_text(posted).encode(), caption=posted.evidence)
    yield Blank()
    for line in store.receipt_footer.splitlines():
        yield Text(line, align="center")
    yield Cut()
