"""Goods taken back and money given back, as the paper that the customer takes home and the shop keeps."""

from __future__ import annotations

from collections.abc import Iterator

from hardware.receipt_document import Barcode, Blank, Block, Cut, ReceiptDocument, Rule, Text, name_and_amount
from pos_client.printing.paper_words import ENGLISH, PaperWords, tender_name
from pos_client.printing.receipt import shop_heading
from shared_models.currency import currency
from shared_models.moment import Moment
from shared_models.money import format_amount
from shared_models.quantity import MILLI, format_quantity
from shared_models.refund import RefundedLine, RefundPosted
from shared_models.store_config import StoreConfig


def refund_document(
    refund: RefundPosted, store: StoreConfig, at: Moment, words: PaperWords = ENGLISH
) -> ReceiptDocument:
    blocks: list[Block] = [
        *shop_heading(store, words),
        Blank(),
        Text(words.refund, align="center", bold=True, double_width=True, double_height=True),
        Rule(),
        name_and_amount(f"{words.of_receipt} {refund.receipt_number}", f"{at.local():%Y-%m-%d %H:%M}"),
        Text(f"{words.till} {refund.till_id} · {words.served_by} {refund.operator_name}"),
        Rule(),
        *_goods(refund),
        Rule(),
        *_money(refund, words),
        Blank(),
        Barcode("code128", refund.receipt_number),
        Blank(),
        Text(f"{words.signature} ______________________"),
        Cut(),
    ]
    return ReceiptDocument(tuple(blocks))


def _goods(refund: RefundPosted) -> Iterator[Block]:
    money = currency(refund.currency)
    for line in refund.lines:
        yield name_and_amount(_name(line), format_amount(-line.gross_minor, money))


def _name(line: RefundedLine) -> str:
    return (
        line.name if line.quantity_milli == MILLI else f"{format_quantity(line.quantity_milli)} × {line.name}"
    )


def _money(refund: RefundPosted, words: PaperWords) -> Iterator[Block]:
    money = currency(refund.currency)
    total = format_amount(-refund.total_minor, money)
    yield name_and_amount(
        f"{words.total} {money.code}", total, bold=True, double_width=True, double_height=True
    )
    yield name_and_amount(words.tax, format_amount(-refund.tax_minor, money))
    if refund.cash_rounding_minor:
        yield name_and_amount(
            words.cash_rounding, format_amount(-refund.cash_rounding_minor, money, sign=True)
        )
    for given in refund.given_back:
        yield name_and_amount(
            f"{words.given_back} {tender_name(given.kind, words)}", format_amount(given.amount_minor, money)
        )
        if given.reference:
            yield Text(given.reference)
        if given.card is not None and given.card.receipt_text:
            yield Blank()
            yield from map(Text, given.card.receipt_text)
    if refund.reason:
        yield Text(refund.reason)
