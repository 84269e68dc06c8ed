"""Ticket lines as the screen shows them, each explaining its price."""

from __future__ import annotations

from collections.abc import Iterator

from pos_client.till.state import LineView, Words
from pos_client.till.ticket_totals import PricedLine


class TicketView:
    """Keeps a line's view for as long as the line is the same."""

    def __init__(self) -> None:
        self._views: dict[int, tuple[PricedLine, LineView]] = {}

    def lines(self, priced: tuple[PricedLine, ...]) -> tuple[LineView, ...]:
        views = [self._view(line_no, line) for line_no, line in enumerate(priced, 1)]
        self._views = {line.line.key: (line, view) for line, view in zip(priced, views, strict=True)}
        return tuple(views)

    def _view(self, line_no: int, priced: PricedLine) -> LineView:
        known = self._views.get(priced.line.key)
        if known is not None and known[0] is priced and known[1].line_no == line_no:
            return known[1]
        line = priced.line
        return LineView(
            line_no,
            line.name,
            line.quantity_milli,
            line.unit,
            line.weighed,
            line.unit_price_minor,
            priced.amount_minor,
            tuple(_small_print(priced)),
        )


def _small_print(priced: PricedLine) -> Iterator[Words]:
    line = priced.line
    if line.deposit_of is not None:
        yield Words("deposit_for", {"name": line.deposit_for})
    else:
        yield Words("code", {"code": line.code})
    for tax in line.taxes:
        yield Words("tax", {"name": tax.name, "rate_ppm": tax.rate_ppm})
    yield from _price_explained(priced)
    if line.age_confirmed:
        yield Words("age_confirmed", {"years": line.age_confirmed})
    for code, key, value in (
        ("serial", "serial", line.serial),
        ("lot", "lot", line.lot),
        ("note", "text", line.note),
    ):
        if value:
            yield Words(code, {key: value})


def _price_explained(priced: PricedLine) -> Iterator[Words]:
    line = priced.line
    if line.weighed:
        yield Words("measured", {"unit_price_minor": line.unit_price_minor, "unit": line.unit})
    if line.label_amount_minor is not None:
        yield Words("label_price", {})
    if line.override_reason:
        yield Words("price_override", {"reason": line.override_reason, "was_minor": line.regular_price_minor})
    if line.discount is not None:
        label, was = line.discount.reason, priced.full_minor
        if line.discount.percent_ppm:
            rate = line.discount.percent_ppm
            yield Words("line_discount", {"label": label, "rate_ppm": rate, "was_minor": was})
        else:
            off = priced.line_discount_minor
            yield Words("line_discount_amount", {"label": label, "amount_minor": off, "was_minor": was})
    if priced.sale_discount_minor:
        yield Words("sale_discount", {"amount_minor": priced.sale_discount_minor})
