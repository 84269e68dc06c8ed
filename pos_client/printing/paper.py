"""`till.ports.Paper`: the documents that the till's core asks for."""

from __future__ import annotations

from hardware.receipt_document import Cut, ReceiptDocument, Text
from pos_client.printing.card_day import card_day_document
from pos_client.printing.paper_words import ENGLISH, PaperWords
from pos_client.printing.receipt import receipt_document
from pos_client.printing.refund import refund_document
from pos_client.printing.report import report_document, x_report, z_report
from pos_client.till.ports import CardIntent, PostedSale
from shared_models.cash import ShiftClosed, ShiftTotals
from shared_models.moment import Moment
from shared_models.refund import RefundPosted
from shared_models.store_config import StoreConfig


class Paper:
    """In one language. In `training` every paper says so."""

    def __init__(self, words: PaperWords = ENGLISH, *, training: bool = False) -> None:
        self._words = words
        self._training = training

    def _marked(self, document: ReceiptDocument) -> ReceiptDocument:
        if not self._training:
            return document
        mark = Text(self._words.training, align="center", bold=True, double_width=True, double_height=True)
        is_cut = bool(document.blocks) and isinstance(document.blocks[-1], Cut)
        blocks, end = (document.blocks[:-1], document.blocks[-1:]) if is_cut else (document.blocks, ())
        return ReceiptDocument((mark, *blocks, mark, *end))

    def receipt(self, posted: PostedSale, store: StoreConfig) -> ReceiptDocument:
        return receipt_document(posted, store, self._words)  # a sale says itself that it is none

    def refund(self, refund: RefundPosted, store: StoreConfig, at: Moment) -> ReceiptDocument:
        return self._marked(refund_document(refund, store, at, self._words))

    def card_day(self, intent: CardIntent, store: StoreConfig, at: Moment) -> ReceiptDocument:
        return self._marked(card_day_document(intent, store, at, self._words))

    def x_report(
        self, totals: ShiftTotals, store: StoreConfig, operator_name: str, at: Moment
    ) -> ReceiptDocument:
        return self._marked(
            report_document(x_report(totals, store, operator_name, at, self._words), store, self._words)
        )

    def z_report(self, closed: ShiftClosed, store: StoreConfig, at: Moment) -> ReceiptDocument:
        return self._marked(report_document(z_report(closed, store, at, self._words), store, self._words))
