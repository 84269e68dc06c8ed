"""The figures of a closing, added up again from the facts of the journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

Key = tuple[Any, ...]
Sums = Counter[Key]
"""What each figure comes to, by currency and name; taxes and tenders have more in their names."""

_OF_TAX = ("base_minor", "amount_minor", "back_base_minor", "back_amount_minor")
_OF_TENDER = ("kept_minor", "given_back_minor")
NEVER_FALLING = ("sale_count", "turnover_minor", "refund_count", "training_count")
_MAX_AMOUNT = 10**14


def stated(figures: Iterable[dict[str, Any]]) -> Sums:
    """As a closing states them."""
    sums: Sums = Counter()
    for one in figures:
        code = one["currency"]
        for name, value in one.items():
            if name.endswith(("_minor", "_count")):
                sums[code, name] += value
        for tax in one["taxes"]:
            sums.update(
                {(code, "taxes", tax["tax_id"], tax["rate_ppm"], name): tax[name] for name in _OF_TAX}
            )
        for tender in one["tenders"]:
            sums.update({(code, "tenders", tender["kind"], name): tender[name] for name in _OF_TENDER})
    return sums


def of_sale(fact: dict[str, Any]) -> Sums:
    code, total = fact["currency"], fact["total_minor"]
    if fact.get("training", False):
        return Counter({(code, "training_count"): 1})
    discounts = (one["amount_minor"] for line in fact["lines"] for one in line.get("discounts", ()))
    sums: Sums = Counter(
        {
            (code, "sale_count"): 1,
            (code, "turnover_minor"): max(total, 0),
            (code, "gross_minor"): total,
            (code, "net_minor"): fact["net_minor"],
            (code, "tax_minor"): fact["tax_minor"],
            (code, "discount_minor"): sum(discounts),
            (code, "cash_rounding_minor"): fact.get("cash_rounding_minor", 0),
        }
    )
    for tax in fact["taxes"]:
        sums[code, "taxes", tax["tax_id"], tax["rate_ppm"], "base_minor"] += tax["base_minor"]
        sums[code, "taxes", tax["tax_id"], tax["rate_ppm"], "amount_minor"] += tax["amount_minor"]
    for tender in fact["tenders"]:
        sums[code, "tenders", tender["kind"], "kept_minor"] += tender["received_minor"]
    sums[code, "tenders", "cash", "kept_minor"] -= fact.get("change_minor", 0)
    return sums


def of_refund(fact: dict[str, Any]) -> Sums:
    code = fact["currency"]
    sums: Sums = Counter(
        {
            (code, "refund_count"): 1,
            (code, "refund_minor"): fact["total_minor"],
            (code, "refund_net_minor"): fact["net_minor"],
            (code, "refund_tax_minor"): fact["tax_minor"],
        }
    )
    for tax in (tax for line in fact["lines"] for tax in line["taxes"]):
        sums[code, "taxes", tax["tax_id"], tax["rate_ppm"], "back_base_minor"] += tax["base_minor"]
        sums[code, "taxes", tax["tax_id"], tax["rate_ppm"], "back_amount_minor"] += tax["amount_minor"]
    for given in fact["given_back"]:
        sums[code, "tenders", given["kind"], "given_back_minor"] += given["amount_minor"]
    return sums


def differing(one: Sums, other: Sums) -> list[Key]:
    """The names of the figures in which the two differ, in order."""
    return sorted((key for key in {*one, *other} if one[key] != other[key]), key=str)


def name(key: Key) -> str:
    """As a report shows it: EUR.taxes.vat19.190000.base_minor"""
    return ".".join(map(str, key))


def readable_total(body: Any) -> tuple[str, int] | None:
    """(currency, total) of a sale that could not be booked, as far as its body says."""
    try:
        fact = body["fact"]
        code, total = fact["currency"], fact["total_minor"]
    except (KeyError, TypeError):
        return None
    sound = type(total) is int and abs(total) <= _MAX_AMOUNT and isinstance(code, str)
    return (code, total) if sound else None
