"""Putting products on the ticket: from a scanned code or a key to a line, asking for what is missing."""

from __future__ import annotations

from datetime import date

import msgspec

from pos_client.till.cart import MAX_LINES, Line
from pos_client.till.desk import Desk
from pos_client.till.refusals import Asked, Refused
from pos_client.till.scanning import Scan, read_scan
from pos_client.till.state import Severity
from pos_client.till.ticket_totals import full_amount
from pos_client.till.typed_text import entered_text
from shared_models.catalogue import Offer
from shared_models.money import MAX_AMOUNT_MINOR, currency, parse_amount
from shared_models.quantity import MAX_QUANTITY_MILLI, MILLI, parse_quantity


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A product on its way to the ticket, with what is known so far."""

    offer: Offer
    code: str
    quantity_milli: int | None = None
    price_minor: int | None = None
    label_amount_minor: int | None = None
    serial: str = ""
    lot: str = ""


class Selling:
    """Scans and product keys."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def scan(self, text: str) -> None:
        self._desk.seller()
        store = self._desk.store()
        scan = read_scan(text, store.embedded_rules, currency(store.currency).exponent)
        self._add(_wanted(self._offer(scan), scan))

    def add_product(self, product_id: str) -> None:
        self._desk.seller()
        offer = self._desk.ports.catalogue.by_id(product_id, self._desk.ports.clock.now())
        if offer is None:
            raise _loud("unknown_barcode", code=product_id)
        self._add(_Wanted(offer=offer, code=offer.product.sku))

    def _offer(self, scan: Scan) -> Offer:
        at = self._desk.ports.clock.now()
        for code in scan.codes:
            offer = self._desk.ports.catalogue.by_code(code, at)
            if offer is not None:
                return offer
        if scan.suspicion:
            raise _loud(scan.suspicion, code=scan.shown)
        raise _loud("unknown_barcode", code=scan.shown)

    def _add(self, wanted: _Wanted) -> None:
        """Asks one question at a time; every answer comes back here knowing more."""
        product = wanted.offer.product
        if wanted.offer.price is None and not product.open_price and wanted.label_amount_minor is None:
            raise _loud("no_price", name=product.name)
        self._ask_age(wanted)
        if product.open_price and wanted.price_minor is None and wanted.label_amount_minor is None:
            raise Asked(
                "enter_price", lambda text: self._with_price(wanted, text), needs="amount", name=product.name
            )
        if product.weighed and wanted.quantity_milli is None:
            raise Asked(
                "enter_quantity",
                lambda text: self._with_quantity(wanted, text),
                needs="quantity",
                name=product.name,
                unit=product.unit,
            )
        self._ask_tracking(wanted)
        self._put(wanted)

    def _ask_age(self, wanted: _Wanted) -> None:
        product, cart = wanted.offer.product, self._desk.cart
        if product.minimum_age <= cart.age_confirmed:
            return

        def confirmed(_: str) -> None:
            cart.age_confirmed = product.minimum_age
            self._add(wanted)

        raise Asked(
            "confirm_age",
            confirmed,
            refusal=_loud("age_refused", name=product.name),
            name=product.name,
            years=product.minimum_age,
            born_on_or_before=_years_before(self._desk.ports.clock.now().local().date(), product.minimum_age),
        )

    def _ask_tracking(self, wanted: _Wanted) -> None:
        product = wanted.offer.product
        if product.track == "serial":
            if (wanted.quantity_milli or MILLI) != MILLI:
                raise Refused("serial_is_one", name=product.name)
            if not wanted.serial:
                raise Asked(
                    "enter_serial",
                    lambda text: self._with_serial(wanted, text),
                    needs="text",
                    name=product.name,
                )
            self._refuse_serial_twice(wanted)
        if product.track == "lot" and not wanted.lot:
            raise Asked(
                "enter_lot", lambda text: self._with_lot(wanted, text), needs="text", name=product.name
            )

    def _refuse_serial_twice(self, wanted: _Wanted) -> None:
        product_id = wanted.offer.product.product_id
        for line in self._desk.cart.lines:
            if (line.product_id, line.serial) == (product_id, wanted.serial):
                raise _loud("serial_twice", serial=wanted.serial)

    def _with_price(self, wanted: _Wanted, text: str) -> None:
        price = parse_amount(text, currency(self._desk.store().currency))
        if price < 0:
            raise Refused("bad_price")
        self._add(msgspec.structs.replace(wanted, price_minor=price))

    def _with_quantity(self, wanted: _Wanted, text: str) -> None:
        quantity = parse_quantity(text)
        refuse_quantity(quantity, weighed=True, name=wanted.offer.product.name)
        self._add(msgspec.structs.replace(wanted, quantity_milli=quantity))

    def _with_serial(self, wanted: _Wanted, text: str) -> None:
        self._add(msgspec.structs.replace(wanted, serial=entered_text(text)))

    def _with_lot(self, wanted: _Wanted, text: str) -> None:
        self._add(msgspec.structs.replace(wanted, lot=entered_text(text)))

    def _put(self, wanted: _Wanted) -> None:
        cart = self._desk.cart
        line = _line(wanted, cart.take_key())
        last = cart.last_scanned()
        if last is not None and cart.lines[last].merges_with(line):
            more = cart.lines[last].quantity_milli + line.quantity_milli
            set_line_quantity(self._desk, last, more)
        else:
            self._put_new(wanted, line)
        self._desk.save_cart()

    def _put_new(self, wanted: _Wanted, line: Line) -> None:
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

    def _deposit(self, wanted: _Wanted, line: Line) -> Line | None:
        product_id = wanted.offer.product.deposit_product_id
        if product_id is None:
            return None
        offer = self._desk.ports.catalogue.by_id(product_id, self._desk.ports.clock.now())
        if offer is None or offer.price is None:
            raise _loud("no_price", name=offer.product.name if offer else product_id)
        made = _line(
            _Wanted(offer=offer, code=offer.product.sku, quantity_milli=line.quantity_milli),
            self._desk.cart.take_key(),
        )
        return msgspec.structs.replace(made, deposit_of=line.key, deposit_for=line.name)


def set_line_quantity(desk: Desk, index: int, quantity_milli: int) -> None:
    """Changes a line and its deposit; raises Refused before anything has changed."""
    cart, line = desk.cart, desk.cart.lines[index]
    refuse_quantity(quantity_milli, weighed=line.weighed, name=line.name)
    changed = msgspec.structs.replace(line, quantity_milli=quantity_milli)
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
        raise _loud("quantity_too_large")
    if not weighed and quantity_milli % MILLI:
        raise Refused("whole_pieces", name=name)


def refuse_line(line: Line) -> None:
    if full_amount(line) > MAX_AMOUNT_MINOR:
        raise _loud("amount_too_large")


def refuse_total(desk: Desk) -> None:
    """The cart is put back as it was by whoever runs the action."""
    if desk.totals().to_pay_minor > MAX_AMOUNT_MINOR:
        raise _loud("amount_too_large")


def _wanted(offer: Offer, scan: Scan) -> _Wanted:
    product = offer.product
    count = scan.count_milli
    if count is not None:
        stated = scan.amount_minor is not None or scan.measure_milli is not None
        refuse_quantity(count, weighed=product.weighed and not stated, name=product.name)
    quantity, label = count, None
    if scan.measure_milli is not None and product.weighed:
        quantity = scan.measure_milli * (count or MILLI) // MILLI
    if scan.amount_minor is not None:
        label = scan.amount_minor * (count or MILLI) // MILLI
        quantity = quantity if scan.measure_milli is not None else _quantity_of_label(offer, label)
    if quantity is not None:
        refuse_quantity(quantity, weighed=product.weighed, name=product.name)
    return _Wanted(
        offer=offer,
        code=scan.shown,
        quantity_milli=quantity,
        label_amount_minor=label,
        serial=scan.serial,
        lot=scan.lot,
    )


def _quantity_of_label(offer: Offer, label_minor: int) -> int:
    """How much a price label stands for; one, where nothing tells."""
    if not offer.product.weighed or offer.price is None or offer.price.unit_price_minor <= 0:
        return MILLI
    return max(
        1, (label_minor * MILLI * 2 + offer.price.unit_price_minor) // (offer.price.unit_price_minor * 2)
    )


def _line(wanted: _Wanted, key: int) -> Line:
    product, price = wanted.offer.product, wanted.offer.price
    listed = price.unit_price_minor if price else 0
    charged = wanted.price_minor if wanted.price_minor is not None else listed
    if wanted.label_amount_minor is not None and price is None:
        charged = wanted.label_amount_minor
    return Line(
        key=key,
        product_id=product.product_id,
        sku=product.sku,
        code=wanted.code,
        name=product.name,
        quantity_milli=MILLI if wanted.quantity_milli is None else wanted.quantity_milli,
        unit_price_minor=charged,
        regular_price_minor=listed if price else charged,
        taxes=wanted.offer.taxes,
        tax_category_id=product.tax_category_id,
        unit=product.unit,
        weighed=product.weighed,
        price_id=price.price_id if price else "",
        category_id=product.category_id,
        label_amount_minor=wanted.label_amount_minor,
        age_confirmed=product.minimum_age,
        serial=wanted.serial,
        lot=wanted.lot,
        own_price=product.open_price,
    )


def _years_before(today: date, years: int) -> str:
    try:
        return today.replace(year=today.year - years).isoformat()
    except ValueError:  # 29 February
        return today.replace(year=today.year - years, day=28).isoformat()


def _loud(code: str, /, **values: str | int) -> Refused:
    """A refusal that is seen and heard."""
    return Refused(code, severity=Severity.DANGER, **values)
