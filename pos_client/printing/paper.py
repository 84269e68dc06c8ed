"""`till.ports.Paper`: the documents that the till's core asks for."""

from __future__ import annotations

from hardware.receipt_document import ReceiptDocument
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
    """In one language."""

    def __init__(self, words: PaperWords = ENGLISH) -> None:
        self._words = words

    def receipt(self, posted: PostedSale, store: StoreConfig) -> ReceiptDocument:
        return receipt_document(posted, store, self._words)

    def refund(self, refund: RefundPosted, store: StoreConfig, at: Moment) -> ReceiptDocument:
        return refund_document(refund, store, at, self._words)

    def card_day(self, intent: CardIntent, store: StoreConfig, at: Moment) -> ReceiptDocument:
        return card_day_document(intent, store, at, self._words)

    def x_report(
        self, totals: ShiftTotals, store: StoreConfig, operator_name: str, at: Moment
    ) -> ReceiptDocument:
        return report_document(x_report(totals, store, operator_name, at, self._words), store, self._words)

    def z_report(self, closed: ShiftClosed, store: StoreConfig, at: Moment) -> ReceiptDocument:
        return report_document(z_report(closed, store, at, self._words), store, self._words)
