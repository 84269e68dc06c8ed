"""The card terminal's end of day on paper: what it states, or that it stated nothing."""

from __future__ import annotations

from collections.abc import Iterator

from hardware.receipt_document import Blank, Block, Cut, ReceiptDocument, Rule, Text, name_and_amount
from pos_client.printing.paper_words import ENGLISH, PaperWords
from pos_client.printing.receipt import shop_heading
from pos_client.till.ports import CardIntent
from shared_models.currency import currency
from shared_models.moment import Moment
from shared_models.money import format_amount
from shared_models.store_config import StoreConfig


def card_day_document(
    intent: CardIntent, store: StoreConfig, at: Moment, words: PaperWords = ENGLISH
) -> ReceiptDocument:
    heading = Text(words.card_day, align="center", bold=True, double_height=True)
    printed = name_and_amount(words.printed_at, f"{at.local():%Y-%m-%d %H:%M}")
    body = (*shop_heading(store, words), Blank(), heading, Rule(), printed, Rule(), *_result(intent, words))
    return ReceiptDocument((*body, Cut()))


def _result(intent: CardIntent, words: PaperWords) -> Iterator[Block]:
    if intent.payment is None or intent.reason:
        yield Text(words.card_day_unknown, bold=True)
        yield Text(intent.reason)
    else:
        total = format_amount(intent.payment.amount_minor, currency(intent.currency))
        yield name_and_amount(f"{words.total} {intent.currency}", total, bold=True)
    if intent.payment is not None and intent.payment.merchant_text:
        yield Rule()
        yield from map(Text, intent.payment.merchant_text)
