"""Takings as a CSV file that a spreadsheet opens without harm."""

from __future__ import annotations

import csv
import io

from shared_models.money import currency, format_amount
from shared_models.quantity import format_quantity
from sync_server.reports.takings import Takings, TakingsRow

_MONEY = ("net_minor", "tax_minor", "gross_minor", "discount_minor", "cash_rounding_minor")
# A spreadsheet takes these for a formula, and a product's name comes from a file that somebody sent.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def takings_csv(takings: Takings) -> str:
    out = io.StringIO()
    lines = csv.writer(out)
    names = [name.removesuffix("_minor") for name in _MONEY]
    lines.writerow([takings.by, "name", "currency", "sales", "quantity", *names, "receipts"])
    for row in takings.rows:
        lines.writerow(_cells(row))
    return out.getvalue()


def _cells(row: TakingsRow) -> list[str | int]:
    money = [format_amount(getattr(row, name), currency(row.currency)) for name in _MONEY]
    filters = "&".join(f"{name}={value}" for name, value in row.receipts.items())
    quantity = format_quantity(row.quantity_milli)
    return [
        _harmless(row.key),
        _harmless(row.name),
        row.currency,
        row.sale_count,
        quantity,
        *money,
        f"/receipts?{filters}",
    ]


def _harmless(text: str) -> str:
    return "'" + text if text.startswith(_FORMULA) else text
