"""Promotions one by one, and how they meet on one ticket."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared_models.catalogue import Category
from shared_models.moment import Moment
from shared_models.promotion_pricing import PromotionBook, PromotionLine, apply_promotions
from shared_models.promotions import (
    AmountOff,
    BuyGet,
    MixAndMatch,
    PercentOff,
    Promotion,
    SpecialPrice,
    SpendAndSave,
    Target,
)
from tests.shared_models.promoted_baskets import SATURDAY, by_whom, off, pieces, promotion, weighed

TEA, JAM, SOAP = "tea", "jam", "soap"


def test_a_rate_comes_off_the_products_it_names_and_no_others() -> None:
    assert off([pieces(TEA, 2490), pieces(JAM, 500)], promotion(PercentOff(200_000), TEA)) == [498, 0]


def test_a_rate_is_rounded_once_per_line() -> None:
    assert off([pieces(TEA, 99, 3)], promotion(PercentOff(150_000), TEA)) == [45]  # 44.55


def test_a_category_takes_what_lies_below_it_along() -> None:
    sale = Promotion(
        promotion_id="p", name="Drinks", rule=PercentOff(100_000), applies_to=Target(categories=("drinks",))
    )
    lines = [
        pieces("orange", 200, category_id="juice"),
        pieces("water", 100, category_id="drinks"),
        pieces(SOAP, 300),
    ]
    assert off(lines, sale) == [20, 10, 0]


def test_an_amount_comes_off_each_piece_and_never_more_than_the_piece_costs() -> None:
    assert off([pieces(TEA, 500, 3), pieces(JAM, 70, 2)], promotion(AmountOff(100))) == [300, 140]


def test_an_amount_off_weighed_goods_is_by_the_kilogram() -> None:
    assert off([weighed("cheese", 2490, 350, 872)], promotion(AmountOff(200))) == [70]


def test_a_special_price_only_ever_makes_cheaper() -> None:
    lines = [pieces(TEA, 500, 2), pieces(JAM, 300)]
    assert off(lines, promotion(SpecialPrice(399))) == [202, 0]


def test_a_quantity_break_reaches_every_piece_once_there_are_enough() -> None:
    sale = promotion(PercentOff(200_000, from_pieces=3))
    assert off([pieces(TEA, 100, 2)], sale) == [0]
    assert off([pieces(TEA, 100, 2), pieces(JAM, 200)], sale) == [40, 40]


def test_three_for_two_gives_the_cheapest_away() -> None:
    lines = [pieces(TEA, 500), pieces(JAM, 300), pieces(SOAP, 400)]
    assert off(lines, promotion(BuyGet(2, 1))) == [0, 300, 0]


def test_a_group_that_is_not_full_gives_nothing() -> None:
    assert off([pieces(TEA, 500, 2)], promotion(BuyGet(2, 1))) == [0]
    assert off([pieces(TEA, 500, 5)], promotion(BuyGet(2, 1))) == [500]


def test_the_second_one_at_half_price() -> None:
    assert off([pieces(TEA, 500, 2)], promotion(BuyGet(1, 1, 500_000))) == [250]


def test_who_buys_one_thing_gets_another_for_less() -> None:
    sale = promotion(BuyGet(2, 1, reward=Target(products=(JAM,))), TEA)
    assert off([pieces(TEA, 500, 3), pieces(JAM, 300, 2)], sale) == [0, 300]
    assert off([pieces(TEA, 500, 4), pieces(JAM, 300, 1)], sale) == [0, 300]
    assert off([pieces(TEA, 500, 1), pieces(JAM, 300, 1)], sale) == [0, 0]


def test_mix_and_match_shares_its_saving_in_proportion() -> None:
    lines = [pieces(TEA, 500), pieces(JAM, 300), pieces(SOAP, 200)]
    assert off(lines, promotion(MixAndMatch(3, 700))) == [150, 90, 60]


def test_mix_and_match_takes_the_dearest_first_and_leaves_what_is_cheap_already() -> None:
    lines = [pieces(TEA, 500, 2), pieces(JAM, 300, 2), pieces(SOAP, 100, 2)]
    # 500 + 500 and 300 + 300 for 550 each; 100 + 100 is cheaper anyway. The odd cent is the dearest's.
    assert off(lines, promotion(MixAndMatch(2, 550))) == [313, 187, 0]


def test_a_threshold_is_shared_over_the_ticket() -> None:
    lines = [pieces(TEA, 4000), pieces(JAM, 1500)]
    assert off(lines, promotion(SpendAndSave(5500, amount_minor=550))) == [400, 150]
    assert off(lines, promotion(SpendAndSave(5501, amount_minor=550))) == [0, 0]


def test_a_threshold_counts_what_is_really_paid() -> None:
    lines = [pieces(TEA, 4000), pieces(JAM, 1500)]
    sale = promotion(PercentOff(100_000), TEA, promotion_id="ten")
    assert off(lines, sale, promotion(SpendAndSave(5200, percent_ppm=100_000))) == [400, 0]
    assert off(lines, sale, promotion(SpendAndSave(5000, percent_ppm=100_000))) == [760, 150]


def test_a_threshold_may_reward_another_product() -> None:
    gift = promotion(SpendAndSave(10_000, percent_ppm=1_000_000, reward=Target(products=(JAM,))))
    assert off([pieces(TEA, 2000, 5), pieces(JAM, 300)], gift) == [0, 300]


def test_an_amount_off_the_sale_never_pays_money_out() -> None:
    assert off([pieces(TEA, 300)], promotion(SpendAndSave(0, amount_minor=1000))) == [300]


def test_of_two_promotions_a_piece_takes_the_one_that_saves_more() -> None:
    ten, half = (
        promotion(PercentOff(100_000), promotion_id="ten"),
        promotion(AmountOff(300), promotion_id="x"),
    )
    assert by_whom([pieces(TEA, 500), pieces(JAM, 9000)], ten, half) == [[("x", 300)], [("ten", 900)]]


def test_priority_comes_before_saving() -> None:
    ten = promotion(PercentOff(100_000), promotion_id="ten", priority=1)
    half = promotion(PercentOff(500_000), promotion_id="half")
    assert by_whom([pieces(TEA, 500)], ten, half) == [[("ten", 50)]]


def test_a_tie_goes_to_the_first_id() -> None:
    one, two = promotion(AmountOff(50), promotion_id="a"), promotion(PercentOff(100_000), promotion_id="b")
    assert by_whom([pieces(TEA, 500)], two, one) == [[("a", 50)]]


def test_pieces_over_from_a_group_take_what_single_pieces_take() -> None:
    group, ten = (
        promotion(BuyGet(2, 1), promotion_id="3for2"),
        promotion(PercentOff(100_000), promotion_id="ten"),
    )
    assert by_whom([pieces(TEA, 500, 4)], group, ten) == [[("3for2", 500), ("ten", 50)]]


def test_a_group_that_saves_less_than_its_pieces_alone_stands_back() -> None:
    group, half = (
        promotion(BuyGet(2, 1), promotion_id="3for2"),
        promotion(PercentOff(500_000), promotion_id="h"),
    )
    assert by_whom([pieces(TEA, 500, 3)], group, half) == [[("h", 750)]]


def test_two_groups_do_not_share_a_piece() -> None:
    one, other = (
        promotion(BuyGet(2, 1), promotion_id="3for2"),
        promotion(MixAndMatch(2, 600), promotion_id="mix"),
    )
    lines = [pieces(TEA, 500, 3)]
    assert by_whom(lines, one, other) == [
        [("3for2", 500)]
    ]  # the mix would save 400, and needs two of the three


def test_what_is_not_exclusive_comes_on_top() -> None:
    ten = promotion(PercentOff(100_000), promotion_id="ten")
    more = promotion(PercentOff(100_000), promotion_id="staff", exclusive=False)
    assert by_whom([pieces(TEA, 1000)], ten, more) == [[("ten", 100), ("staff", 90)]]


def test_only_one_exclusive_threshold_and_any_others_on_top() -> None:
    small = promotion(SpendAndSave(1000, amount_minor=100), promotion_id="small")
    large = promotion(SpendAndSave(2000, amount_minor=300), promotion_id="large")
    on_top = promotion(SpendAndSave(0, percent_ppm=100_000), promotion_id="club", exclusive=False)
    assert by_whom([pieces(TEA, 3000)], small, large, on_top) == [[("large", 300), ("club", 270)]]


def test_returns_deposits_and_prices_set_by_hand_take_nothing_and_count_for_nothing() -> None:
    by_hand = PromotionLine(TEA, None, 3000, 500, 1500, untouched=True)
    returned = pieces(TEA, 500, -3)
    sales = (
        promotion(BuyGet(2, 1), promotion_id="g"),
        promotion(PercentOff(500_000, from_pieces=2), promotion_id="q"),
        promotion(SpendAndSave(600, amount_minor=100), promotion_id="s"),
    )
    assert off([by_hand, returned, pieces(JAM, 300)], *sales) == [0, 0, 0]


def test_weighed_goods_make_up_no_groups_and_have_no_special_price() -> None:
    lines = [weighed("cheese", 2490, 3000, 7470), pieces(TEA, 500, 2)]
    assert off(lines, promotion(BuyGet(2, 1))) == [0, 0]
    assert off(lines, promotion(MixAndMatch(3, 100))) == [0, 0]
    assert off(lines, promotion(SpecialPrice(100))) == [0, 800]
    assert off(lines, promotion(PercentOff(100_000))) == [747, 100]


def test_a_promotion_holds_on_its_days_and_in_its_time_by_the_shop_s_clock() -> None:
    lines = [pieces(TEA, 1000)]
    saturdays = promotion(PercentOff(100_000), weekdays=(6,))
    assert off(lines, saturdays) == [100]
    half_past_eleven_in_the_evening_utc = Moment(1_795_303_800_000, 60)  # Sunday already in the shop
    assert off(lines, saturdays, at=half_past_eleven_in_the_evening_utc) == [0]
    now = SATURDAY.at_ms
    assert off(lines, promotion(PercentOff(100_000), valid_from_ms=now, valid_to_ms=now + 1)) == [100]
    assert off(lines, promotion(PercentOff(100_000), valid_to_ms=now)) == [0]
    assert off(lines, promotion(PercentOff(100_000), valid_from_ms=now + 1)) == [0]


def test_a_coupon_unlocks_its_promotion_however_it_is_written() -> None:
    lines = [pieces(TEA, 1000)]
    coupon = promotion(PercentOff(100_000), coupon_code="Winter10")
    assert off(lines, coupon) == [0]
    assert off(lines, coupon, coupons=("winter10 ",)) == [100]
    assert off(lines, coupon, coupons=("WINTER10", "winter10")) == [100]
    assert off(lines, coupon, coupons=("WINTER10-0001",)) == [0]
    prefix = promotion(PercentOff(100_000), coupon_code="W10-", coupon_is_prefix=True)
    assert off(lines, prefix, coupons=("w10-0001",)) == [100]


def test_a_book_knows_a_coupon_that_has_run_out() -> None:
    book = PromotionBook([promotion(PercentOff(100_000), coupon_code="OLD", valid_to_ms=1)])
    assert [one.name for one in book.with_coupon("old")] == ["Winter sale"]
    assert book.with_coupon("older") == ()


def test_a_discount_names_its_promotion() -> None:
    (taken,) = apply_promotions([pieces(TEA, 1000)], [promotion(PercentOff(100_000))], SATURDAY)
    assert [(one.kind, one.label, one.amount_minor, one.reference) for one in taken] == [
        ("promotion", "Winter sale", 100, "p1")
    ]


def test_a_million_pieces_on_one_line_are_no_more_work_than_one() -> None:
    lines = [pieces(TEA, 500, 1_000_000), pieces(JAM, 300, 999_999)]
    assert off(lines, promotion(BuyGet(2, 1))) == [0, 666_666 * 300]
    assert sum(off(lines, promotion(MixAndMatch(2, 700)))) == 500_000 * 300


def test_a_circle_in_the_category_tree_does_no_harm() -> None:
    from_here = Promotion(
        promotion_id="p", name="x", rule=PercentOff(100_000), applies_to=Target(categories=("a",))
    )

    circle = (Category("a", "A", parent_id="b"), Category("b", "B", parent_id="a"))
    (taken,) = apply_promotions([pieces(TEA, 100, category_id="b")], [from_here], SATURDAY, (), circle)
    assert taken[0].amount_minor == 10


@pytest.mark.parametrize(
    "make",
    [
        lambda: PercentOff(0),
        lambda: PercentOff(1_000_001),
        lambda: PercentOff(1, from_pieces=0),
        lambda: AmountOff(0),
        lambda: AmountOff(1, from_pieces=0),
        lambda: SpecialPrice(-1),
        lambda: SpecialPrice(1, from_pieces=0),
        lambda: BuyGet(0, 1),
        lambda: BuyGet(1, 1, 0),
        lambda: MixAndMatch(0, 1),
        lambda: MixAndMatch(1, -1),
        lambda: SpendAndSave(100),
        lambda: SpendAndSave(100, 1, 1),
        lambda: SpendAndSave(-1, 1),
        lambda: SpendAndSave(0, 1_000_001),
        lambda: promotion(PercentOff(1), promotion_id=""),
        lambda: promotion(PercentOff(1), name=" "),
        lambda: promotion(PercentOff(1), weekdays=(0,)),
        lambda: promotion(PercentOff(1), valid_from_ms=5, valid_to_ms=5),
        lambda: promotion(PercentOff(1), coupon_is_prefix=True),
        lambda: promotion(MixAndMatch(2, 1), exclusive=False),
    ],
)
def test_a_promotion_that_makes_no_sense_can_not_be_made(make: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        make()


@pytest.mark.parametrize(
    "rule",
    [
        PercentOff(200_000),
        AmountOff(100, 2),
        SpecialPrice(99),
        BuyGet(2, 1, reward=Target(categories=("c",))),
        MixAndMatch(3, 1000),
        SpendAndSave(5000, amount_minor=500),
    ],
)
def test_a_promotion_reads_back_as_it_was_written(rule: Any) -> None:
    before = promotion(rule, TEA, weekdays=(1, 2), coupon_code="X")
    assert msgspec.json.decode(msgspec.json.encode(before), type=Promotion) == before


def test_nonsense_from_outside_is_a_decoding_error() -> None:
    with pytest.raises(msgspec.ValidationError, match="at most all of it"):
        msgspec.json.decode(
            b'{"promotion_id":"p","name":"x","rule":{"kind":"percent","percent_ppm":2000000}}', type=Promotion
        )
