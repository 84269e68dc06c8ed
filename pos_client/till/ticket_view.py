"""Ticket lines as the screen shows them, each explaining its price."""

from __future__ import annotations

from collections.abc import Iterator

from pos_client.till.state import LineView, Words
from pos_client.till.ticket_totals import PricedLine
from shared_models.pricing import WHOLE_PPM
from shared_models.promotion_pricing import Applied
from shared_models.promotions import BuyGet, PercentOff, SpendAndSave
from shared_models.quantity import format_quantity
from shared_models.sale import HAND, SoldComponent


class TicketView:
    """Keeps a line's view for as long as the line is the same."""

    def __init__(self) -> None:
        self._views: dict[int, tuple[PricedLine, LineView]] = {}
        self._latest: tuple[tuple[PricedLine, ...], tuple[LineView, ...]] = ((), ())

    def lines(self, priced: tuple[PricedLine, ...]) -> tuple[LineView, ...]:
        if priced is not self._latest[0]:
            self._latest = (priced, self._fresh(priced))
        return self._latest[1]

    def _fresh(self, priced: tuple[PricedLine, ...]) -> tuple[LineView, ...]:
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
    if inside := " + ".join(map(_counted, filter(_is_named, line.components))):
        yield Words("kit", {"inside": inside})
    if line.age_confirmed:
        yield Words("age_confirmed", {"years": line.age_confirmed})
    for code, key, value in (
        ("serial", "serial", line.serial),
        ("lot", "lot", line.lot),
        ("note", "text", line.note),
    ):
        if value:
            yield Words(code, {key: value})


def _is_named(component: SoldComponent) -> bool:
    return bool(component.name)


def _counted(component: SoldComponent) -> str:
    return f"{format_quantity(component.quantity_milli)} × {component.name}"


def _price_explained(priced: PricedLine) -> Iterator[Words]:
    line = priced.line
    if line.weighed:
        yield Words("measured", {"unit_price_minor": line.unit_price_minor, "unit": line.unit})
    if line.weighed_by == HAND:
        yield Words("typed_weight", {})
    if line.label_amount_minor is not None:
        yield Words("label_price", {})
    if line.override_reason:
        yield Words("price_override", {"reason": line.override_reason, "was_minor": line.regular_price_minor})
    was = priced.full_minor
    for applied in priced.promotions:
        yield _promotion_explained(applied, was)
        was -= applied.amount_minor
    if line.discount is not None:
        label = line.discount.reason
        if line.discount.percent_ppm:
            rate = line.discount.percent_ppm
            yield Words("line_discount", {"label": label, "rate_ppm": rate, "was_minor": was})
        else:
            off = priced.line_discount_minor
            yield Words("line_discount_amount", {"label": label, "amount_minor": off, "was_minor": was})
    if priced.sale_discount_minor:
        yield Words("sale_discount", {"amount_minor": priced.sale_discount_minor})


def _promotion_explained(applied: Applied, was_minor: int) -> Words:
    rule, label = applied.promotion.rule, applied.promotion.name
    if isinstance(rule, BuyGet) and rule.percent_ppm == WHOLE_PPM:
        return Words("promotion_free", {"label": label, "pieces": applied.pieces})
    if isinstance(rule, BuyGet):
        rate = rule.percent_ppm
        return Words("promotion_pieces", {"label": label, "pieces": applied.pieces, "rate_ppm": rate})
    if isinstance(rule, PercentOff):
        return Words("promotion_rate", {"label": label, "rate_ppm": rule.percent_ppm, "was_minor": was_minor})
    if isinstance(rule, SpendAndSave):
        return Words("promotion_share", {"label": label, "amount_minor": applied.amount_minor})
    return Words(
        "promotion_amount", {"label": label, "amount_minor": applied.amount_minor, "was_minor": was_minor}
    )
