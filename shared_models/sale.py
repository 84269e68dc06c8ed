"""A sale as a fact: made once at a till, complete in itself, never edited."""

from __future__ import annotations

import msgspec

from shared_models.tax import TaxAmount

CASH = "cash"
CARD = "card"
SCALE = "scale"
HAND = "hand"


class LineDiscount(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Money taken off one line. `kind` is promotion, line or sale (a share of a discount on the whole sale)."""

    kind: str
    label: str
    amount_minor: int
    reference: str = ""


class SoldComponent(msgspec.Struct, frozen=True, gc=False):
    """What a kit's line took off the shelf. `quantity_milli` is for the whole line."""

    product_id: str
    name: str
    quantity_milli: int


class SaleLine(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One line as charged. `code` is what was scanned or typed; `regular_price_minor` is the price list's.

    gross = net + tax; `taxes` are this line's share of the sale's taxes; discounts are positive amounts.
    """

    line_no: int
    product_id: str
    sku: str
    code: str
    name: str
    quantity_milli: int
    unit_price_minor: int
    regular_price_minor: int
    net_minor: int
    tax_minor: int
    gross_minor: int
    taxes: tuple[TaxAmount, ...]
    tax_category_id: str
    unit: str = "piece"
    price_id: str = ""
    category_id: str | None = None
    discounts: tuple[LineDiscount, ...] = ()
    override_reason: str = ""
    age_confirmed: int = 0
    deposit_of: int | None = None
    note: str = ""
    serial: str = ""
    lot: str = ""
    components: tuple[SoldComponent, ...] = ()
    is_gift: bool = False
    """A gift card was sold; `serial` is its number."""
    weighed_by: str = ""
    """Whose word the quantity of weighed goods is: SCALE, HAND where somebody typed it; empty where nobody says."""


class VoidedLine(msgspec.Struct, frozen=True, gc=False):
    """A line taken off the ticket before the sale was paid; it stays visible to those who look for fraud."""

    product_id: str
    name: str
    quantity_milli: int
    gross_minor: int
    at_ms: int
    operator_id: str


class CardPaid(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A card payment as its terminal states it; of the card's number the last four digits only.

    `date` is MMDD and `time` HHMMSS by the terminal's clock. `receipt_text` is what the terminal wants printed for the
    customer. `confirmed_by` is who looked at the terminal, where it could not say what became of the payment.
    """

    intent_id: str
    brand: str = ""
    last_four: str = ""
    terminal_id: str = ""
    trace: int = 0
    terminal_receipt: int = 0
    date: str = ""
    time: str = ""
    authorisation: str = ""
    application_id: str = ""
    receipt_text: tuple[str, ...] = ()
    confirmed_by: str = ""


class Tender(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What the customer handed over, in the store's currency; change is the sale's."""

    kind: str
    received_minor: int
    reference: str = ""
    card: CardPaid | None = None


class SalePosted(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A paid sale. Always: sum of received - change = total + cash rounding, and total = net + tax.

    `receipt_number` is empty until the till's database gives it inside the transaction that commits the sale.
    `cash_rounding_minor` is what rounding for cash adds to the total (negative when it takes off).
    `parked_version` is the version of the parked ticket that became this sale, 0 for one that never was parked.
    """

    sale_id: str
    receipt_number: str
    store_id: str
    till_id: str
    shift_id: str
    operator_id: str
    operator_name: str
    business_date: str
    started_at_ms: int
    currency: str
    rounding_policy: str
    lines: tuple[SaleLine, ...]
    taxes: tuple[TaxAmount, ...]
    net_minor: int
    tax_minor: int
    total_minor: int
    tenders: tuple[Tender, ...]
    cash_rounding_minor: int = 0
    change_minor: int = 0
    voided_lines: tuple[VoidedLine, ...] = ()
    training: bool = False
    parked_version: int = 0

    def cash_kept_minor(self) -> int:
        """What the drawer gained: cash received less change."""
        return (
            sum(tender.received_minor for tender in self.tenders if tender.kind == CASH) - self.change_minor
        )


class SaleVoided(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A ticket that was given up before it was paid."""

    sale_id: str
    till_id: str
    shift_id: str
    operator_id: str
    total_minor: int
    lines: tuple[VoidedLine, ...]
    reason: str = ""
    parked_version: int = 0


class SaleParked(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`version` counts how often the ticket was parked or changed hands; 0 in facts of a till that did not count."""

    sale_id: str
    till_id: str
    operator_id: str
    label: str
    total_minor: int
    line_count: int
    version: int = 0


class SaleRecalled(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`version` is that of the ticket that was taken up."""

    sale_id: str
    till_id: str
    operator_id: str
    version: int = 0


class ReceiptReprinted(msgspec.Struct, frozen=True, kw_only=True):
    """`copy_number` is 1 for the first copy; the original is never printed again unmarked."""

    sale_id: str
    receipt_number: str
    operator_id: str
    copy_number: int
