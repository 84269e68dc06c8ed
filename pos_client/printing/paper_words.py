"""The words that stand on paper, in English; a shop in another language gives its own."""

from __future__ import annotations

import msgspec

from shared_models.sale import CARD, CASH
from shared_models.stored_value import GIFT, LOYALTY


class PaperWords(msgspec.Struct, frozen=True):
    tax_number: str = "Tax no."
    copy: str = "COPY"
    training: str = "TRAINING - NO SALE"
    till: str = "Till"
    served_by: str = "Served by"
    subtotal: str = "Subtotal"
    total: str = "TOTAL"
    cash_rounding: str = "Cash rounding"
    cash: str = "Cash"
    change: str = "Change"
    card: str = "Card"
    gift_card: str = "Gift card"
    points: str = "Points"
    refund: str = "REFUND"
    of_receipt: str = "Of receipt"
    given_back: str = "Given back:"
    signature: str = "Signature"
    tax: str = "Tax"
    net: str = "Net"
    gross: str = "Gross"
    included: str = "included"
    net_weight: str = "net"
    typed_weight: str = "typed"
    serial: str = "Serial no."
    lot: str = "Lot"
    discount: str = "Discount"
    discount_on_sale: str = "Discount on the sale"
    price_changed: str = "Price changed from"

    card_day: str = "Card terminal: end of day"
    card_day_unknown: str = "The terminal did not say what came of it. Look at the terminal."
    x_report: str = "X report"
    z_report: str = "Z report"
    currency: str = "Currency"
    business_date: str = "Business date"
    opened_at: str = "Opened"
    printed_at: str = "Printed"
    closed_at: str = "Closed"
    closed_by: str = "Closed by"
    approved_by: str = "Approved by"
    sales_section: str = "Sales"
    sales: str = "Sales"
    lines: str = "Lines"
    discounts: str = "Discounts"
    taxes_section: str = "Taxes"
    tenders_section: str = "Payments"
    drawer_section: str = "Drawer"
    opening_float: str = "Opening float"
    paid_in: str = "Paid in"
    paid_out: str = "Paid out"
    safe_drop: str = "Safe drops"
    refunds: str = "Refunds"
    refunded_cash: str = "Refunded in cash"
    expected: str = "Expected in drawer"
    counted: str = "Counted"
    over_short: str = "Over / short"
    watch_section: str = "To look at"
    voided_lines: str = "Voided lines"
    voided_sales: str = "Voided sales"
    no_sales: str = "Drawer opened without sale"
    pieces_section: str = "Notes and coins"
    evidence_section: str = "Evidence"
    receipts: str = "Receipts"
    grand_total: str = "Grand total of this till"
    journal: str = "Journal entries"
    head_hash: str = "Journal hash"
    previous_closing: str = "Closing before"
    unsent: str = "Entries not yet at head office"


ENGLISH = PaperWords()


def tender_name(kind: str, words: PaperWords) -> str:
    """A kind that this version has no word for is called what it is called in the journal."""
    return {CASH: words.cash, CARD: words.card, GIFT: words.gift_card, LOYALTY: words.points}.get(kind, kind)
