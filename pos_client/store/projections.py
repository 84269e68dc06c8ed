"""What follows from a fact in the till's books, besides its entry."""

from __future__ import annotations

from pos_client.store import card_intents, given_back, leases, sales, shifts
from pos_client.store.connection import Driver
from pos_client.store.jobs import settle_receipt, settle_shift
from pos_client.store.journal import Sealed
from shared_models.cash import ShiftClosed
from shared_models.sale import ReceiptReprinted, SalePosted


def project(connection: Driver, sealed: Sealed) -> None:
    """Of any fact but a sale, whose row the books make ahead of its commit."""
    shifts.project_shift(connection, sealed)
    given_back.project(connection, sealed)
    leases.spend(connection, sealed.fact)
    card_intents.use_intents(connection, sealed.fact)
    if isinstance(sealed.fact, ReceiptReprinted):
        sales.count_copy(connection, sealed.fact.receipt_number)
        settle_receipt(connection, sealed.fact.receipt_number)
    elif isinstance(sealed.fact, ShiftClosed):
        settle_shift(connection)


def replay(connection: Driver, sealed: Sealed) -> None:
    """The same again from the journal alone, in the order of the places."""
    if not isinstance(sealed.fact, SalePosted):
        project(connection, sealed)
        return
    sale = sealed.fact
    number = int(sale.receipt_number.rpartition("-")[2])
    total = sales.grand_total(connection) + sale.total_minor
    sales.insert_sale(connection, sales.sale_row(sealed.pos, sealed.at.at_ms, number, total, sale))
