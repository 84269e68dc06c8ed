"""The store's promotions on a ticket: what they take off, and which of them a coupon unlocks."""

from __future__ import annotations

from collections.abc import Sequence

from pos_client.till.cart import Line
from pos_client.till.ports import Catalogue, Clock
from pos_client.till.refusals import Refused
from shared_models.catalogue import Category
from shared_models.promotion_pricing import Applied, PromotionBook, PromotionLine
from shared_models.promotions import Promotion
from shared_models.quantity import extend


class Promoting:
    """Asked whenever the ticket changes; the index over the promotions is kept until head office changes any."""

    def __init__(self, catalogue: Catalogue, clock: Clock) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._book: tuple[tuple[Promotion, ...], tuple[Category, ...], PromotionBook] | None = None
        self._seen: dict[int, tuple[Line, PromotionLine]] = {}

    def on_ticket(self, lines: Sequence[Line], coupons: Sequence[str]) -> tuple[tuple[Applied, ...], ...]:
        """What comes off each line now."""
        if not self._catalogue.promotions():
            return ((),) * len(lines)
        seen = {line.key: (line, self._promotable(line)) for line in lines}
        self._seen = seen
        return self._promotions().apply([one for _, one in seen.values()], self._clock.now(), coupons)

    def unlock(self, code: str, coupons: Sequence[str]) -> Promotion | None:
        """What a coupon adds to a ticket; None when the code is no coupon.

        Raises Refused for a coupon that does not hold today, or adds nothing to what is unlocked already.
        """
        found = self._promotions().with_coupon(code)
        if not found:
            return None
        at = self._clock.now()
        holding = [one for one in found if one.in_force(at)]
        if not holding:
            raise Refused("coupon_not_now", name=found[0].name)
        new = [one for one in holding if not any(one.unlocked_by(other) for other in coupons)]
        if not new:
            raise Refused("coupon_twice", name=holding[0].name)
        return new[0]

    def is_coupon(self, code: str) -> bool:
        return bool(code.strip() and self._promotions().with_coupon(code))

    def _promotions(self) -> PromotionBook:
        promotions, categories = self._catalogue.promotions(), self._catalogue.categories()
        known = self._book
        if (
            known is None
            or known[0] is not promotions
            or (known[1] is not categories and known[1] != categories)
        ):
            known = self._book = (promotions, categories, PromotionBook(promotions, categories))
        return known[2]

    def _promotable(self, line: Line) -> PromotionLine:
        known = self._seen.get(line.key)
        if known is not None and known[0] is line:
            return known[1]
        stated = line.label_amount_minor
        return PromotionLine(
            line.product_id,
            line.category_id,
            line.quantity_milli,
            line.unit_price_minor,
            extend(line.unit_price_minor, line.quantity_milli) if stated is None else stated,
            measured=line.weighed or stated is not None,
            # A deposit is given back in full, and a person's price is not reduced behind that person's back.
            untouched=line.deposit_of is not None or bool(line.override_reason),
        )
