"""Promotions as values: what is reduced, how, when and for whom; `promotion_pricing` works out what they take off."""

from __future__ import annotations

import msgspec

from shared_models.moment import Moment
from shared_models.pricing import WHOLE_PPM


class Target(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Products by id, and categories with all that lies below them. Naming neither means everything."""

    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


EVERYTHING = Target()


class _Rule(msgspec.Struct, frozen=True, tag_field="kind"):
    """Unknown fields are refused everywhere here: half a condition understood is a discount for everyone."""


class PercentOff(_Rule, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag="percent"):
    """A rate off, rounded half up once per line. Goods sold by measure take it too.

    With `from_pieces`, only when the ticket holds so many pieces of the target; then every one of them.
    """

    percent_ppm: int
    from_pieces: int = 1

    def __post_init__(self) -> None:
        _require(0 < self.percent_ppm <= WHOLE_PPM, "the rate is more than nothing and at most all of it")
        _require(self.from_pieces >= 1, "it begins at one piece or more")


class AmountOff(_Rule, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag="amount"):
    """An amount off each piece, or off each kilogram or metre of what is sold by measure; never below zero."""

    amount_minor: int
    from_pieces: int = 1

    def __post_init__(self) -> None:
        _require(self.amount_minor > 0, "the amount is more than nothing")
        _require(self.from_pieces >= 1, "it begins at one piece or more")


class SpecialPrice(_Rule, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag="price"):
    """Another price for each piece, where it is lower than the piece's own. Whole pieces only."""

    unit_price_minor: int
    from_pieces: int = 1

    def __post_init__(self) -> None:
        _require(self.unit_price_minor >= 0, "the price can't be less than nothing")
        _require(self.from_pieces >= 1, "it begins at one piece or more")


class BuyGet(_Rule, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag="buy_get"):
    """Of every `buy` + `get` whole pieces the `get` cheapest are reduced, free unless a rate says otherwise.

    Cheapest means: of all the pieces that make up groups, by unit price before any discount. The cheapest
    pieces of the target make up the groups, so the dearest are what stays over. Where `reward` is given,
    `buy` pieces of the target reduce `get` pieces of the reward, the cheapest first; what is in both counts
    as bought only.
    """

    buy: int
    get: int
    percent_ppm: int = WHOLE_PPM
    reward: Target | None = None

    def __post_init__(self) -> None:
        _require(self.buy >= 1 and self.get >= 1, "buy one piece or more, get one or more")
        _require(0 < self.percent_ppm <= WHOLE_PPM, "the rate is more than nothing and at most all of it")


class MixAndMatch(_Rule, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag="mix"):
    """Any `pieces` whole pieces of the target for one price, the dearest first, as long as that is cheaper.

    What the groups save is shared over their lines in proportion to what the pieces cost.
    """

    pieces: int
    price_minor: int

    def __post_init__(self) -> None:
        _require(self.pieces >= 1, "a group is one piece or more")
        _require(self.price_minor >= 0, "the price can't be less than nothing")


class SpendAndSave(_Rule, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag="spend"):
    """Who pays `spend_minor` or more for the target gets a rate or an amount off it, or off `reward`.

    What counts as paid is what is left after the other kinds; the saving is shared over the lines in
    proportion to that.
    """

    spend_minor: int
    percent_ppm: int = 0
    amount_minor: int = 0
    reward: Target | None = None

    def __post_init__(self) -> None:
        _require(self.spend_minor >= 0, "the threshold can't be less than nothing")
        _require((self.percent_ppm > 0) != (self.amount_minor > 0), "give a rate or an amount, not both")
        _require(0 <= self.percent_ppm <= WHOLE_PPM, "the rate is at most all of it")
        _require(self.amount_minor >= 0, "the amount is more than nothing")


Rule = PercentOff | AmountOff | SpecialPrice | BuyGet | MixAndMatch | SpendAndSave


class Promotion(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """One promotion of a store. It holds from `valid_from_ms` until before `valid_to_ms` (0: no end).

    `weekdays` are ISO numbers, Monday 1, on the shop's calendar; none means every day. A promotion with a
    `coupon_code` waits for that code on the ticket, or with `coupon_is_prefix` for one that begins so;
    letters count the same in either case. How promotions meet (`priority`, `exclusive`) is said in
    `promotion_pricing`.
    """

    promotion_id: str
    name: str
    rule: Rule
    applies_to: Target = EVERYTHING
    valid_from_ms: int = 0
    valid_to_ms: int = 0
    weekdays: tuple[int, ...] = ()
    priority: int = 0
    coupon_code: str = ""
    coupon_is_prefix: bool = False
    exclusive: bool = True

    def __post_init__(self) -> None:
        _require(bool(self.promotion_id and self.name.strip()), "a promotion has an id and a name")
        _require(self.valid_to_ms == 0 or self.valid_from_ms < self.valid_to_ms, "it ends after it has begun")
        _require(all(1 <= day <= 7 for day in self.weekdays), "weekdays are 1 for Monday to 7 for Sunday")
        _require(not self.coupon_is_prefix or bool(self.coupon_code), "a prefix needs a coupon code")
        _require(
            self.exclusive or isinstance(self.rule, PercentOff | AmountOff | SpendAndSave),
            "only rates, amounts and thresholds can be combined with other promotions",
        )

    def in_force(self, at: Moment) -> bool:
        if at.at_ms < self.valid_from_ms or (self.valid_to_ms and at.at_ms >= self.valid_to_ms):
            return False
        return not self.weekdays or at.local().isoweekday() in self.weekdays

    def unlocked_by(self, code: str) -> bool:
        """Whether this is a coupon and `code` is one of its codes."""
        if not self.coupon_code:
            return False
        wanted, given = self.coupon_code.casefold(), code.strip().casefold()
        return given.startswith(wanted) if self.coupon_is_prefix else given == wanted


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
