"""What every closing of the second version has: its fields, each of its kind, and lists in which nothing is twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

MONEY = ("unclassified", "unclassified_refunds")
WHYS = ("unbooked", "kept_raw", "set_aside", "elsewhere")
OF_SECOND_ONLY = frozenset({"unclassified_refunds", "frames"})
_CLOSING: dict[str, type] = {
    "version": int, "scope": str, "scope_id": str, "store_id": str, "span": str, "number": int, "period": str,
    "amends": int, "at_ms": int, "figures": list, "grand": list, "first_receipt": str, "last_receipt": str,
    "journals": list, "left_out": list, "unclassified": list, "unclassified_refunds": list, "frames": list,
    "parts": list, "previous": str, "key_id": str,
}  # fmt: skip
_FIGURES: dict[str, type] = {
    "currency": str, "sale_count": int, "turnover_minor": int, "gross_minor": int, "net_minor": int, "tax_minor": int,
    "discount_minor": int, "cash_rounding_minor": int, "refund_count": int, "refund_minor": int,
    "refund_net_minor": int, "refund_tax_minor": int, "training_count": int, "taxes": list, "tenders": list,
}  # fmt: skip
_TAX: dict[str, type] = {
    "tax_id": str, "rate_ppm": int, "base_minor": int, "amount_minor": int, "back_base_minor": int,
    "back_amount_minor": int,
}  # fmt: skip
_TENDER: dict[str, type] = {"kind": str, "kept_minor": int, "given_back_minor": int}
_JOURNAL: dict[str, type] = {"incarnation": str, "seq": int, "hash": str}
_LEFT_OUT: dict[str, type] = {"incarnation": str, "seq": int, "why": str}
_SUM: dict[str, type] = {"currency": str, "entries": int, "amount_minor": int, "unreadable": int}
_FRAME: dict[str, type] = {"id": str, "sales": list, "refunds": list}
_PART: dict[str, type] = {"chain": str, "number": int, "hash": str}
_SPANS = {"till": ("day",), "store": ("day", "month", "year")}
_HASH = re.compile("[0-9a-f]{64}")
_FIRST_DAY = {"day": "", "month": "-01", "year": "-01-01"}


def is_period(span: str, period: str) -> bool:
    first = period + _FIRST_DAY.get(span, "no span")
    try:
        return date.fromisoformat(first).isoformat() == first
    except ValueError:
        return False


def misshapen(said: dict[str, Any]) -> Iterator[str]:
    """Paths of what is missing, too much, or can't be such a value; whoever asks on must not mind what follows."""
    yield from sorted(set(said) ^ set(_CLOSING))
    yield from (name for name, kind in _CLOSING.items() if type(said[name]) is not kind)
    if said["span"] not in _SPANS.get(said["scope"], ()):
        yield "span"
    if said["scope"] == "store" and said["store_id"] != said["scope_id"]:
        yield "store_id"
    if not is_period(said["span"], said["period"]):
        yield "period"
    for name in ("figures", "grand"):
        yield from _figures(name, said[name])
    yield from _list("journals", said["journals"], _JOURNAL, ("incarnation",))
    yield from _list("left_out", said["left_out"], _LEFT_OUT, ("incarnation", "seq"))
    yield from (f"left_out.{n}.why" for n, one in enumerate(said["left_out"]) if one["why"] not in WHYS)
    for name in MONEY:
        yield from _sums(name, said[name])
    yield from _list("frames", said["frames"], _FRAME, ("id",))
    for n, one in enumerate(said["frames"]):
        if not _HASH.fullmatch(one["id"]) or not one["sales"] + one["refunds"]:
            yield f"frames.{n}"
        for name in ("sales", "refunds"):
            yield from _sums(f"frames.{n}.{name}", one[name])
    yield from _list("parts", said["parts"], _PART)
    parts = [(one["chain"], one["number"]) for one in said["parts"]]
    yield from (f"parts.{n}" for n, one in enumerate(parts) if one in parts[:n])


def _figures(path: str, rows: Any) -> Iterator[str]:
    yield from _list(path, rows, _FIGURES, ("currency",))
    for n, row in enumerate(rows):
        yield from _list(f"{path}.{n}.taxes", row["taxes"], _TAX, ("tax_id", "rate_ppm"))
        yield from _list(f"{path}.{n}.tenders", row["tenders"], _TENDER, ("kind",))


def _sums(path: str, rows: Any) -> Iterator[str]:
    """A sum per currency; what nobody can read has none, and no amount."""
    yield from _list(path, rows, _SUM, ("currency",))
    for n, row in enumerate(rows):
        is_unreadable = row["currency"] == ""
        if (
            row["entries"] < 1
            or row["unreadable"] != (row["entries"] if is_unreadable else 0)
            or (is_unreadable and row["amount_minor"])
        ):
            yield f"{path}.{n}"


def _list(path: str, rows: Any, fields: Mapping[str, type], order: Sequence[str] = ()) -> Iterator[str]:
    """Objects of exactly these fields; each once, where `order` says by which of them they are ordered."""
    for n, row in enumerate(rows):
        is_one = isinstance(row, dict) and set(row) == set(fields)
        if not is_one or any(type(row[name]) is not kind for name, kind in fields.items()):
            yield f"{path}.{n}"
    keys = [[row[name] for name in order] for row in rows] if order else []
    yield from (f"{path}.{n + 1}" for n in range(len(keys) - 1) if keys[n] >= keys[n + 1])
