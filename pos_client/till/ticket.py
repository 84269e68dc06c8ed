"""Changing the ticket: quantity, price, discounts, notes, voiding and parking."""

from __future__ import annotations

import msgspec

from pos_client.till.cart import Line
from pos_client.till.desk import Desk
from pos_client.till.limits import refuse_line, refuse_total, set_line_quantity
from pos_client.till.ports import ParkedSale
from pos_client.till.refusals import Asked, Refused
from pos_client.till.state import Phase, Severity
from pos_client.till.ticket_totals import full_amount, voided_line
from pos_client.till.typed_text import entered_text, reason_text
from shared_models.pricing import WHOLE_PPM, ManualDiscount
from shared_models.sale import SaleParked, SaleVoided, VoidedLine
from shared_models.staff import Permission


class Ticket:
    """The keys beside the ticket."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def select(self, index: int) -> None:
        self._desk.require(Phase.SALE)
        if not 0 <= index < len(self._desk.cart.lines):
            raise Refused("no_line")
        self._desk.cart.selected = index

    def set_quantity(self, quantity_milli: int) -> None:
        index, line = self._free_line()
        if line.label_amount_minor is not None:
            raise Refused("price_is_fixed", name=line.name)
        if line.serial and quantity_milli != line.quantity_milli:
            raise Refused("serial_is_one", name=line.name)
        set_line_quantity(self._desk, index, quantity_milli)
        self._desk.save_cart()

    def set_price(self, unit_price_minor: int, reason: str) -> None:
        index, line = self._free_line()
        if unit_price_minor < 0:
            raise Refused("bad_price")
        if line.label_amount_minor is not None:
            raise Refused("price_is_fixed", name=line.name)
        why = reason_text(reason)

        def override(approver: str) -> None:
            note = f"{why} (approved by {approver})" if approver else why
            self._change(index, unit_price_minor=unit_price_minor, override_reason=note)

        self._desk.approved(Permission.PRICE_OVERRIDE, override)

    def discount_line(self, percent_ppm: int, amount_minor: int, reason: str) -> None:
        index, line = self._free_line()
        discount = _discount(percent_ppm, amount_minor, reason, full_amount(line))

        def give(approver: str) -> None:
            self._change(index, discount=_with_approver(discount, approver))

        self._desk.approved(Permission.DISCOUNT, give)

    def discount_sale(self, percent_ppm: int, amount_minor: int, reason: str) -> None:
        """Replaces the discount on the sale; nothing off takes it away."""
        self._desk.seller()
        cart = self._desk.cart
        if not cart.lines:
            raise Refused("nothing_to_discount")
        discount = _discount(percent_ppm, amount_minor, reason, sum(map(full_amount, cart.lines)))

        def give(approver: str) -> None:
            cart.discount = _with_approver(discount, approver)
            self._desk.save_cart()

        self._desk.approved(Permission.DISCOUNT, give)

    def note_line(self, text: str) -> None:
        index, _ = self._selected()
        self._change(index, note=entered_text(text) if text.strip() else "")

    def void_line(self) -> None:
        index, line = self._free_line()
        cart = self._desk.cart
        gone = [line, *(other for other in cart.lines if other.deposit_of == line.key)]
        cart.void(index, tuple(self._record(one) for one in gone))
        self._desk.save_cart()

    def void_sale(self) -> None:
        self._desk.seller()
        if self._desk.cart.is_untouched():
            raise Refused("nothing_to_void")
        total = self._desk.totals().to_pay_minor

        def confirmed(_: str) -> None:
            self._desk.approved(Permission.VOID_SALE, self._void_and_say)

        raise Asked("void_sale", confirmed, amount_minor=total)

    def void_leftovers(self) -> None:
        """Lines that were voided and then nothing bought: written down before the ticket is left for good."""
        if self._desk.cart.voided and not self._desk.cart.lines:
            self._void_sale("")

    def _void_and_say(self, approver: str) -> None:
        self._void_sale(approver)
        self._desk.say(Severity.INFO, Refused("sale_voided"))

    def _void_sale(self, approver: str) -> None:
        desk, cart = self._desk, self._desk.cart
        fact = SaleVoided(
            sale_id=cart.sale_id,
            till_id=desk.till_id,
            shift_id=desk.open_shift().opened.shift_id,
            operator_id=desk.people.current().staff_id,
            parked_version=cart.parked_version,
            total_minor=desk.totals().to_pay_minor,
            lines=(*cart.voided, *(self._record(line) for line in cart.lines)),
            reason=f"approved by {approver}" if approver else "",
        )
        desk.ports.books.post(fact)
        desk.begin_sale()

    def park(self, label: str) -> None:
        self._desk.seller()
        desk, cart = self._desk, self._desk.cart
        if not cart.lines:
            raise Refused("nothing_to_park")
        at, member = desk.ports.clock.now(), desk.people.current()
        name = entered_text(label) if label.strip() else f"{at.local():%H:%M}"
        total, count = desk.totals().to_pay_minor, len(cart.lines)
        cart.parked_version = version = cart.parked_version + 1
        parked = ParkedSale(cart.sale_id, name, at, member.name, total, count, desk.cart_bytes(), version)
        fact = SaleParked(
            sale_id=cart.sale_id,
            till_id=desk.till_id,
            operator_id=member.staff_id,
            label=name,
            total_minor=total,
            line_count=count,
            version=version,
        )
        desk.ports.books.park(parked, fact)
        desk.ports.lending.share_parked()
        desk.begin_sale()
        desk.parked = desk.ports.books.parked()
        desk.say(Severity.INFO, Refused("parked", label=name))

    def _selected(self) -> tuple[int, Line]:
        self._desk.seller()
        cart = self._desk.cart
        if cart.selected is None or not cart.lines:
            raise Refused("no_line")
        return cart.selected, cart.lines[cart.selected]

    def _free_line(self) -> tuple[int, Line]:
        """The selected line, unless it only follows another."""
        index, line = self._selected()
        if line.deposit_of is not None:
            raise Refused("deposit_follows", name=line.deposit_for)
        return index, line

    def _change(self, index: int, **values: object) -> None:
        cart = self._desk.cart
        changed = msgspec.structs.replace(cart.lines[index], **values)
        refuse_line(changed)
        cart.replace(index, changed)
        refuse_total(self._desk)
        self._desk.save_cart()

    def _record(self, line: Line) -> VoidedLine:
        desk = self._desk
        at_ms, operator = desk.ports.clock.now().at_ms, desk.people.current().staff_id
        return voided_line(line, at_ms, operator, desk.store().rounding_policy)


def _discount(percent_ppm: int, amount_minor: int, reason: str, of_minor: int) -> ManualDiscount | None:
    """None takes a discount away."""
    if percent_ppm == 0 and amount_minor == 0:
        return None
    both = bool(percent_ppm and amount_minor)
    if both or not 0 <= percent_ppm <= WHOLE_PPM or not 0 <= amount_minor <= of_minor:
        raise Refused("bad_discount")
    return ManualDiscount(percent_ppm=percent_ppm, amount_minor=amount_minor, reason=reason_text(reason))


def _with_approver(discount: ManualDiscount | None, approver: str) -> ManualDiscount | None:
    return msgspec.structs.replace(discount, approved_by=approver) if discount else None
