"""A product on its way to the ticket: what is known of it."""

from __future__ import annotations

import msgspec

from shared_models.catalogue import Offer
from shared_models.sale import SoldComponent


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is None is not known yet, and may have to be asked."""

    offer: Offer
    code: str
    quantity_milli: int | None = None
    price_minor: int | None = None
    label_amount_minor: int | None = None
    serial: str = ""
    lot: str = ""
    minimum_age: int = 0
    components: tuple[SoldComponent, ...] = ()
    weighed_by: str = ""
