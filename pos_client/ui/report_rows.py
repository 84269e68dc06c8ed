"""Shift figures in rows, the same for the X report, the confirmed count and the Z report."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QWidget

from pos_client.ui.labels import label, rule
from pos_client.ui.wording import Wording, tr
from shared_models.cash import ShiftTotals

Figure = tuple[str, str]


def figures(rows: Sequence[Figure]) -> QWidget:
    """A name and an amount in each row, hairlines between; a row without an amount is a heading."""
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(0, 1)
    for at, (name, amount) in enumerate(rows):
        if not amount:
            grid.setRowMinimumHeight(2 * at, 30)
            grid.addWidget(label(name, "strong"), 2 * at, 0, 1, 2)
        else:
            grid.addWidget(label(name, "soft", wraps=True), 2 * at, 0)
            grid.addWidget(label(amount, at_end=True), 2 * at, 1)
        grid.addWidget(rule(), 2 * at + 1, 0, 1, 2)
    grid.setRowStretch(2 * len(rows), 1)
    return holder


def takings(totals: ShiftTotals, wording: Wording) -> list[Figure]:
    amount = wording.amount
    rows = [
        (tr("Takings"), ""),
        (tr("Sales"), str(totals.sale_count)),
        (tr("Lines"), str(totals.line_count)),
        (tr("Net"), amount(totals.net_minor)),
    ]
    for tax in totals.taxes:
        base = amount(tax.base_minor)
        rows.append((tr("{tax} on {base}").format(tax=tax.name, base=base), amount(tax.amount_minor)))
    rows += [
        (tr("Gross"), wording.money(totals.gross_minor)),
        (tr("Discounts given"), amount(totals.discount_minor)),
        (tr("Rounded for cash"), amount(totals.cash_rounding_minor, sign=True)),
    ]
    if totals.first_receipt:
        receipts = f"{totals.first_receipt} – {totals.last_receipt}"
        rows += [(tr("Receipts"), ""), (receipts, str(totals.sale_count))]
    return rows


def drawer(totals: ShiftTotals, wording: Wording, *, expected: bool) -> list[Figure]:
    """`expected` is left out while the drawer may still be counted blind."""
    amount = wording.amount
    rows = [(tr("Drawer"), ""), (tr("Float"), amount(totals.float_minor))]
    names = {"cash": tr("Cash sales"), "card": tr("Cards"), "gift": tr("Gift cards"), "loyalty": tr("Points")}
    for tender in totals.tenders:
        rows.append((names.get(tender.kind, tender.kind), amount(tender.amount_minor)))
    rows += [
        (tr("Paid in"), amount(totals.paid_in_minor)),
        (tr("Paid out"), amount(-totals.paid_out_minor)),
        (tr("Safe drops"), amount(-totals.safe_drop_minor)),
    ]
    if totals.refund_count:
        rows.append((tr("Refunded in cash"), amount(-totals.refund_cash_minor)))
    if expected:
        rows.append((tr("Should hold"), wording.money(totals.expected_minor)))
    rows += [
        (tr("To look at"), ""),
        (tr("Lines voided"), str(totals.voided_line_count)),
        (tr("Sales voided"), str(totals.voided_sale_count)),
        (tr("Drawer opened without a sale"), str(totals.no_sale_count)),
    ]
    return rows
