"""What the customer sees on a line display: the line just scanned and the total, what is due, the change, a welcome."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from hardware.displays.base import Facing, TwoLines
from pos_client.till.state import LineView, Phase, TenderView, TillState
from pos_client.ui.wording import Wording, tr
from shared_models.quantity import MILLI


class CustomerLines(QObject):
    """Connect `show_state` to the presenter."""

    def __init__(
        self, wording: Wording, show: Callable[[TwoLines], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._wording = wording
        self._show = show

    def show_state(self, state: TillState) -> None:
        self._show(lines_for(state, self._wording))


def lines_for(state: TillState, wording: Wording) -> TwoLines:
    """Nothing of a ticket while nobody is at the till."""
    match state.phase:
        case Phase.SALE if state.lines:
            return _ticket(state, wording)
        case Phase.TENDER if state.tender is not None:
            return _payment(state.tender, wording)
        case Phase.CHANGE if state.done is not None:
            paid = Facing(tr("Paid"), wording.money(state.done.received_minor))
            return TwoLines(paid, Facing(tr("Change"), wording.money(state.done.change_minor)))
        case Phase.REFUND if state.refund is not None:
            return TwoLines(
                Facing(tr("Refund")), Facing(tr("To you"), wording.money(state.refund.total_minor))
            )
        case Phase.SALE | Phase.CHANGE | Phase.TENDER | Phase.REFUND:
            return TwoLines(Facing(state.store_name), Facing(tr("Welcome")))
        case _:
            return TwoLines(Facing(state.store_name), Facing(tr("This till is closed")))


def _ticket(state: TillState, wording: Wording) -> TwoLines:
    at = len(state.lines) - 1 if state.selected is None else state.selected
    total = Facing(tr("Total"), wording.money(state.to_pay_minor))
    return TwoLines(_line(state.lines[at], wording), total)


def _line(line: LineView, wording: Wording) -> Facing:
    """'2 Cola 0.33', '0.350 kg Tomatoes'."""
    how_much = wording.quantity(line.quantity_milli, line.unit)
    name = line.name if line.quantity_milli == MILLI and not line.weighed else f"{how_much} {line.name}"
    return Facing(name, wording.amount(line.amount_minor))


def _payment(tender: TenderView, wording: Wording) -> TwoLines:
    due = Facing(tr("To pay"), wording.money(tender.due_minor))
    if not tender.received_minor:
        return TwoLines(due)
    if tender.open_minor:
        return TwoLines(due, Facing(tr("Still open"), wording.money(tender.open_minor)))
    return TwoLines(due, Facing(tr("Change"), wording.money(tender.change_minor)))
