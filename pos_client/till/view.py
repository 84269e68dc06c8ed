"""The state of the till, made from what lies on the desk."""

from __future__ import annotations

from pos_client.till.card_words import card_view
from pos_client.till.desk import Desk
from pos_client.till.parking import parked_view, view_elsewhere
from pos_client.till.ports import OpenShift
from pos_client.till.state import (
    Notice,
    Phase,
    Question,
    RefundView,
    ShiftView,
    TaxView,
    TenderView,
    TillState,
)
from pos_client.till.ticket_view import TicketView
from pos_client.till.variants import variant_choice
from shared_models.tax import TaxAmount


class StateView:
    """Makes states; keeps the parts that rarely change."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ticket = TicketView()

    def state(self, notice: Notice | None, question: Question | None) -> TillState:
        desk, store = self._desk, self._desk.ports.catalogue.store()
        if store is None:
            return TillState(phase=Phase.WAITING, till_id=desk.till_id, training=desk.training, notice=notice)
        totals = desk.totals()
        counting, shift = desk.counting, desk.shift
        return TillState(
            phase=desk.phase,
            store_name=store.name,
            till_id=desk.till_id,
            training=desk.training,
            currency=store.currency,
            operator=desk.people.view(),
            shift=_shift_view(shift) if shift else None,
            sale_name=desk.sale_name,
            lines=self._ticket.lines(totals.lines),
            selected=desk.cart.selected,
            to_pay_minor=totals.to_pay_minor,
            discount_minor=totals.discount_minor,
            taxes=tuple(map(_tax_view, totals.document.taxes)),
            tender=tender_view(desk, store.point_minor > 0),
            card=card_view(desk),
            weighing=desk.weighing.view(),
            refund=_refund_view(desk, store.cash_rounding_minor),
            waiting=desk.asking.waiting.words if desk.asking.waiting else None,
            done=desk.done,
            count=counting.view(shift.opened.float_minor, desk.unsent_sales) if counting and shift else None,
            x_report=desk.x_report,
            z_report=desk.z_report,
            parked=(*map(parked_view, desk.parked), *map(view_elsewhere, desk.parked_elsewhere)),
            notice=notice,
            question=question,
            choice=variant_choice(desk.choosing) if desk.choosing else None,
            locked_until_ms=desk.people.locked_until_ms,
        )


def _refund_view(desk: Desk, step_minor: int) -> RefundView | None:
    """After a restart a refund that is at the card terminal is shown without its lines."""
    if desk.refund is not None:
        return desk.refund.view(step_minor)
    if desk.card is None or desk.card.give_back is None:
        return None
    fact = desk.card.give_back.refund
    return RefundView(
        receipt_number=fact.receipt_number,
        lines=(),
        total_minor=fact.total_minor + fact.cash_rounding_minor,
        to_card_minor=fact.to_card_minor(),
        cash_minor=fact.cash_minor(),
        card_paid=True,
    )


def tender_view(desk: Desk, takes_points: bool) -> TenderView | None:
    if desk.payment is None:
        return None
    return desk.payment.view(takes_points=takes_points, takes_cards=desk.ports.cards.is_set_up)


def _shift_view(shift: OpenShift) -> ShiftView:
    opened = shift.opened
    return ShiftView(
        opened.shift_id, opened.number, shift.opened_at, opened.operator_name, opened.business_date
    )


def _tax_view(tax: TaxAmount) -> TaxView:
    return TaxView(tax.name, tax.rate_ppm, tax.amount_minor, tax.included)
