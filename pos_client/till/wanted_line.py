"""From a scan to what is wanted, and from that to the line it becomes."""

from __future__ import annotations

import msgspec

from pos_client.till.cart import Line
from pos_client.till.limits import refuse_quantity
from pos_client.till.ports import Catalogue
from pos_client.till.scanning import Scan
from pos_client.till.wanted import Wanted
from shared_models.catalogue import Offer
from shared_models.moment import Moment
from shared_models.quantity import MILLI
from shared_models.sale import HAND, SoldComponent
from shared_models.stored_value import GIFT


def wanted_from(offer: Offer, scan: Scan) -> Wanted:
    product = offer.product
    count = scan.count_milli
    stated = scan.amount_minor is not None or scan.measure_milli is not None
    if count is not None:
        refuse_quantity(count, weighed=product.weighed and not stated, name=product.full_name())
    quantity, label = count, None
    if scan.measure_milli is not None and product.weighed:
        quantity = scan.measure_milli * (count or MILLI) // MILLI
    if scan.amount_minor is not None:
        label = scan.amount_minor * (count or MILLI) // MILLI
        quantity = quantity if scan.measure_milli is not None else _quantity_of_label(offer, label)
    if quantity is not None:
        refuse_quantity(quantity, weighed=product.weighed, name=product.full_name())
    return Wanted(
        offer=offer,
        code=scan.shown,
        quantity_milli=quantity,
        label_amount_minor=label,
        serial=scan.serial,
        lot=scan.lot,
        weighed_by=HAND if product.weighed and count is not None and not stated else "",
    )


def with_components(wanted: Wanted, catalogue: Catalogue, at: Moment) -> Wanted:
    """A kit with what is in it now. It wants the age of the strictest thing in it.

    A component that has gone from the catalogue still leaves the shelf; only its name is not known.
    """
    inside = [(one, catalogue.by_id(one.product_id, at)) for one in wanted.offer.product.components]
    return msgspec.structs.replace(
        wanted,
        minimum_age=max((offer.product.minimum_age for _, offer in inside if offer), default=0),
        components=tuple(
            SoldComponent(one.product_id, offer.product.full_name() if offer else "", one.quantity_milli)
            for one, offer in inside
        ),
    )


def _quantity_of_label(offer: Offer, label_minor: int) -> int:
    """How much a price label stands for; one, where nothing tells."""
    if not offer.product.weighed or offer.price is None or offer.price.unit_price_minor <= 0:
        return MILLI
    return max(
        1, (label_minor * MILLI * 2 + offer.price.unit_price_minor) // (offer.price.unit_price_minor * 2)
    )


def line_of(wanted: Wanted, key: int) -> Line:
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
        name=product.full_name(),
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
        age_confirmed=max(product.minimum_age, wanted.minimum_age),
        serial=wanted.serial,
        lot=wanted.lot,
        own_price=product.open_price,
        is_gift=product.track == GIFT,
        components=wanted.components,
        weighed_by=wanted.weighed_by,
    )
