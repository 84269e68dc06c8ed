"""Putting products on the ticket: from a scanned code or a key to a line, asking for what is missing."""

from __future__ import annotations

from datetime import date

import msgspec

from hardware.scanners.base import without_symbology
from pos_client.till.cart import MAX_LINES, Line
from pos_client.till.desk import Desk
from pos_client.till.limits import refuse_line, refuse_quantity, refuse_total, set_line_quantity
from pos_client.till.refusals import Asked, Refused
from pos_client.till.scanning import Scan, read_scan
from pos_client.till.state import Severity
from pos_client.till.typed_text import entered_text
from pos_client.till.variants import Choosing
from pos_client.till.wanted import Wanted
from pos_client.till.wanted_line import line_of, wanted_from, with_components
from shared_models.catalogue import Offer
from shared_models.currency import currency
from shared_models.money import parse_amount
from shared_models.quantity import MILLI, parse_quantity
from shared_models.sale import HAND, SCALE
from shared_models.stored_value import GIFT


class Selling:
    """Scans and product keys."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def scan(self, text: str) -> None:
        self._desk.seller()
        store = self._desk.store()
        try:
            scan = read_scan(text, store.embedded_rules, currency(store.currency).exponent)
            offer = self._offer(scan)
        except Refused:
            if self._take_coupon(without_symbology(text.strip())):
                return
            raise
        self._begin(wanted_from(offer, scan))

    def add_product(self, product_id: str) -> None:
        self._desk.seller()
        offer = self._desk.ports.catalogue.by_id(product_id, self._desk.ports.clock.now())
        if offer is None:
            raise _loud("unknown_barcode", code=product_id)
        self._begin(Wanted(offer=offer, code=offer.product.sku))

    def choose_variant(self, choosing: Choosing | None, product_id: str) -> None:
        """A cell of the matrix that was open: the parent's count goes to the variant."""
        self._desk.seller()
        offer = choosing.offer_of(product_id) if choosing else None
        if choosing is None or offer is None:
            raise Refused("no_choice")
        self._begin(msgspec.structs.replace(choosing.wanted, offer=offer, code=offer.product.sku))

    def _begin(self, wanted: Wanted) -> None:
        """The parent of a family is not sold: its variants are offered instead."""
        catalogue, at = self._desk.ports.catalogue, self._desk.ports.clock.now()
        product = wanted.offer.product
        variants = () if product.variant_of else catalogue.variants(product.product_id, at)
        if variants:
            self._desk.choosing = Choosing(wanted, variants)
        else:
            self._add(with_components(wanted, catalogue, at))

    def _offer(self, scan: Scan) -> Offer:
        at = self._desk.ports.clock.now()
        for code in scan.codes:
            offer = self._desk.ports.catalogue.by_code(code, at)
            if offer is not None:
                return offer
        if scan.suspicion:
            raise _loud(scan.suspicion, code=scan.shown)
        raise _loud("unknown_barcode", code=scan.shown)

    def _take_coupon(self, code: str) -> bool:
        """What is no product's code may be a coupon's. Only onto a ticket that belongs to somebody."""
        desk, cart = self._desk, self._desk.cart
        unlocked = desk.promoting.unlock(code, cart.coupons)
        if unlocked is None:
            return False
        if not cart.lines:
            raise Refused("coupon_too_early")
        cart.coupons = (*cart.coupons, code)
        desk.save_cart()
        desk.say(Severity.INFO, Refused("coupon_taken", name=unlocked.name))
        return True

    def _add(self, wanted: Wanted) -> None:
        """Asks one question at a time; every answer comes back here knowing more."""
        product = wanted.offer.product
        if wanted.offer.price is None and not product.open_price and wanted.label_amount_minor is None:
            raise _loud("no_price", name=product.full_name())
        self._ask_age(wanted)
        if product.open_price and wanted.price_minor is None and wanted.label_amount_minor is None:
            raise Asked(
                "enter_price",
                lambda text: self._with_price(wanted, text),
                needs="amount",
                name=product.full_name(),
            )
        if product.weighed and wanted.quantity_milli is None:
            self._ask_weight(wanted)
        self._ask_tracking(wanted)
        self._put(wanted)

    def _ask_age(self, wanted: Wanted) -> None:
        product, cart = wanted.offer.product, self._desk.cart
        years = max(product.minimum_age, wanted.minimum_age)
        if years <= cart.age_confirmed:
            return

        def confirmed(_: str) -> None:
            cart.age_confirmed = years
            self._add(wanted)

        raise Asked(
            "confirm_age",
            confirmed,
            refusal=_loud("age_refused", name=product.full_name()),
            name=product.full_name(),
            years=years,
            born_on_or_before=_years_before(self._desk.ports.clock.now().local().date(), years),
        )

    def _ask_weight(self, wanted: Wanted) -> None:
        product, weighing = wanted.offer.product, self._desk.weighing
        name, unit = product.full_name(), product.unit
        if not weighing.is_possible:
            raise Asked(
                "enter_quantity",
                lambda text: self._with_quantity(wanted, text),
                needs="quantity",
                name=name,
                unit=unit,
            )
        weighing.begin(name, unit, line_of(wanted, 0).unit_price_minor)
        raise Asked(
            "weigh", lambda text: self._with_weight(wanted, text), needs="weight", name=name, unit=unit
        )

    def _with_weight(self, wanted: Wanted, text: str) -> None:
        """What was typed goes before what the scale shows."""
        if text.strip():
            self._with_quantity(wanted, text)
            return
        quantity = self._desk.weighing.take()
        refuse_quantity(quantity, weighed=True, name=wanted.offer.product.full_name())
        self._add(msgspec.structs.replace(wanted, quantity_milli=quantity, weighed_by=SCALE))

    def _ask_tracking(self, wanted: Wanted) -> None:
        product = wanted.offer.product
        if product.track in ("serial", GIFT):
            if (wanted.quantity_milli or MILLI) != MILLI:
                raise Refused("serial_is_one", name=product.full_name())
            if not wanted.serial:
                raise Asked(
                    "enter_serial" if product.track != GIFT else "enter_gift_number",
                    lambda text: self._with_serial(wanted, text),
                    needs="text",
                    name=product.full_name(),
                )
            self._refuse_serial_twice(wanted)
        if product.track == "lot" and not wanted.lot:
            raise Asked(
                "enter_lot", lambda text: self._with_lot(wanted, text), needs="text", name=product.full_name()
            )

    def _refuse_serial_twice(self, wanted: Wanted) -> None:
        product_id = wanted.offer.product.product_id
        for line in self._desk.cart.lines:
            if (line.product_id, line.serial) == (product_id, wanted.serial):
                raise _loud("serial_twice", serial=wanted.serial)

    def _with_price(self, wanted: Wanted, text: str) -> None:
        price = parse_amount(text, currency(self._desk.store().currency))
        if price < 0:
            raise Refused("bad_price")
        self._add(msgspec.structs.replace(wanted, price_minor=price))

    def _with_quantity(self, wanted: Wanted, text: str) -> None:
        quantity = parse_quantity(text)
        refuse_quantity(quantity, weighed=True, name=wanted.offer.product.full_name())
        self._add(msgspec.structs.replace(wanted, quantity_milli=quantity, weighed_by=HAND))

    def _with_serial(self, wanted: Wanted, text: str) -> None:
        self._add(msgspec.structs.replace(wanted, serial=entered_text(text)))

    def _with_lot(self, wanted: Wanted, text: str) -> None:
        self._add(msgspec.structs.replace(wanted, lot=entered_text(text)))

    def _put(self, wanted: Wanted) -> None:
        cart = self._desk.cart
        line = line_of(wanted, cart.take_key())
        last = cart.last_scanned()
        if last is not None and cart.lines[last].merges_with(line):
            more = cart.lines[last].quantity_milli + line.quantity_milli
            set_line_quantity(self._desk, last, more)
        else:
            self._put_new(wanted, line)
        self._desk.save_cart()

    def _put_new(self, wanted: Wanted, line: Line) -> None:
        cart = self._desk.cart
        deposit = self._deposit(wanted, line)
        if len(cart.lines) + (2 if deposit else 1) > MAX_LINES:
            raise _loud("ticket_full", limit=MAX_LINES)
        refuse_line(line)
        cart.add(line)
        if deposit is not None:
            index = cart.selected
            cart.add(deposit)
            cart.selected = index
        refuse_total(self._desk)

    def _deposit(self, wanted: Wanted, line: Line) -> Line | None:
        product_id = wanted.offer.product.deposit_product_id
        if product_id is None:
            return None
        offer = self._desk.ports.catalogue.by_id(product_id, self._desk.ports.clock.now())
        if offer is None or offer.price is None:
            raise _loud("no_price", name=offer.product.full_name() if offer else product_id)
        made = line_of(
            Wanted(offer=offer, code=offer.product.sku, quantity_milli=line.quantity_milli),
            self._desk.cart.take_key(),
        )
        return msgspec.structs.replace(made, deposit_of=line.key, deposit_for=line.name)


def _years_before(today: date, years: int) -> str:
    try:
        return today.replace(year=today.year - years).isoformat()
    except ValueError:  # 29 February
        return today.replace(year=today.year - years, day=28).isoformat()


def _loud(code: str, /, **values: str | int) -> Refused:
    """A refusal that is seen and heard."""
    return Refused(code, severity=Severity.DANGER, **values)
