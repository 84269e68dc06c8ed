"""How much may be on a line and on a ticket."""

from __future__ import annotations

import msgspec

from pos_client.till.cart import Line
from pos_client.till.desk import Desk
from pos_client.till.refusals import Refused
from pos_client.till.state import Severity
from pos_client.till.ticket_totals import full_amount
from shared_models.money import MAX_AMOUNT_MINOR
from shared_models.quantity import MAX_QUANTITY_MILLI, MILLI
from shared_models.sale import HAND


def set_line_quantity(desk: Desk, index: int, quantity_milli: int) -> None:
    """Changes a line and its deposit; raises Refused for what can't be, which puts the cart back."""
    cart, line = desk.cart, desk.cart.lines[index]
    refuse_quantity(quantity_milli, weighed=line.weighed, name=line.name)
    weighed_by = HAND if line.weighed else line.weighed_by
    changed = msgspec.structs.replace(line, quantity_milli=quantity_milli, weighed_by=weighed_by)
    refuse_line(changed)
    deposit = cart.deposit_of(line.key)
    if deposit is not None:
        cart.replace(deposit, msgspec.structs.replace(cart.lines[deposit], quantity_milli=quantity_milli))
    cart.replace(index, changed)
    refuse_total(desk)


def refuse_quantity(quantity_milli: int, *, weighed: bool, name: str) -> None:
    if quantity_milli <= 0:
        raise Refused("quantity_zero")
    if quantity_milli > MAX_QUANTITY_MILLI:
        raise Refused("quantity_too_large", severity=Severity.DANGER)
    if not weighed and quantity_milli % MILLI:
        raise Refused("whole_pieces", name=name)


def refuse_line(line: Line) -> None:
    if full_amount(line) > MAX_AMOUNT_MINOR:
        raise Refused("amount_too_large", severity=Severity.DANGER)


def refuse_total(desk: Desk) -> None:
    """The cart is put back as it was by whoever runs the action."""
    if desk.totals().to_pay_minor > MAX_AMOUNT_MINOR:
        raise Refused("amount_too_large", severity=Severity.DANGER)
