"""Promotions while goods are scanned: what comes off, why, and what the sale keeps of it."""

from __future__ import annotations

import pytest

from pos_client.till.session import TillSession
from pos_client.till.state import Phase, TillState, Words
from shared_models.promotion_pricing import PROMOTION
from shared_models.promotions import (
    AmountOff,
    BuyGet,
    MixAndMatch,
    PercentOff,
    Promotion,
    Rule,
    SpendAndSave,
    Target,
)
from shared_models.sale import SalePosted
from tests.pos_client.till.conftest import Shop
from tests.pos_client.till.fakes import COLA, FOOD, OAT_DRINK, START_MS

OAT, ROLL = "p-oat", "p-roll"


def offered(shop: Shop, rule: Rule, *products: str, **other: object) -> Promotion:
    fields: dict[str, object] = {
        "promotion_id": f"promo-{len(shop.catalogue.offered)}",
        "name": "Winter sale",
        "applies_to": Target(products=products),
    }
    made = Promotion(rule=rule, **fields | other)  # type: ignore[arg-type]
    shop.catalogue.offered = (*shop.catalogue.offered, made)
    return made


def said(state: TillState) -> str:
    return state.notice.words.code if state.notice else ""


def explained(state: TillState, index: int = 0) -> list[Words]:
    return [words for words in state.lines[index].small_print if words.code.startswith("promotion_")]


def pay(shop: Shop) -> SalePosted:
    shop.till.start_tender()
    shop.till.tender_cash(100_000)
    shop.till.finish_sale()
    sale = shop.books.of_kind(SalePosted)[-1]
    assert isinstance(sale, SalePosted)
    return sale


def test_a_rate_comes_off_as_the_product_is_scanned(shop: Shop, till: TillSession) -> None:
    offered(shop, PercentOff(200_000), OAT)
    till.scan("roll")
    state = till.scan(OAT_DRINK)
    assert (state.to_pay_minor, state.discount_minor) == (90 + 249 - 50, 50)
    assert explained(state) == []
    (words,) = explained(state, 1)
    assert (words.code, words.values) == (
        "promotion_rate",
        {"label": "Winter sale", "rate_ppm": 200_000, "was_minor": 249},
    )


def test_the_third_one_is_free_once_it_is_there_and_not_before(shop: Shop, till: TillSession) -> None:
    offered(shop, BuyGet(2, 1), ROLL, name="3 for 2")
    assert till.scan("2*roll").to_pay_minor == 180
    state = till.scan("roll")
    assert (state.to_pay_minor, state.lines[0].amount_minor) == (180, 180)
    assert explained(state) == [Words("promotion_free", {"label": "3 for 2", "pieces": 1})]
    assert till.set_quantity(2000).to_pay_minor == 180
    assert till.state.discount_minor == 0


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (BuyGet(1, 1, 500_000), "promotion_pieces"),
        (MixAndMatch(2, 150), "promotion_amount"),
        (AmountOff(10), "promotion_amount"),
        (SpendAndSave(100, amount_minor=10), "promotion_share"),
    ],
)
def test_every_kind_explains_itself(shop: Shop, till: TillSession, rule: Rule, code: str) -> None:
    offered(shop, rule, ROLL)
    assert [words.code for words in explained(till.scan("2*roll"))] == [code]


def test_the_sale_keeps_what_each_promotion_took_off(shop: Shop, till: TillSession) -> None:
    rate = offered(shop, PercentOff(200_000), OAT)
    spend = offered(shop, SpendAndSave(200, amount_minor=30), name="Thank you")
    till.scan(OAT_DRINK)
    till.scan("roll")
    sale = pay(shop)
    kept = [
        [(one.kind, one.label, one.amount_minor, one.reference) for one in line.discounts]
        for line in sale.lines
    ]
    assert kept == [
        [
            (PROMOTION, "Winter sale", 50, rate.promotion_id),
            (PROMOTION, "Thank you", 21, spend.promotion_id),
        ],
        [(PROMOTION, "Thank you", 9, spend.promotion_id)],
    ]
    assert sale.total_minor == sum(line.gross_minor for line in sale.lines) == 249 + 90 - 50 - 30


def test_what_a_person_gives_comes_off_after_the_promotion(shop: Shop) -> None:
    till = shop.opened("9999")
    offered(shop, PercentOff(500_000), OAT)
    till.scan("4*" + OAT_DRINK)  # 996, 498 off
    till.discount_line(percent_ppm=100_000, reason="dented")
    assert till.state.to_pay_minor == 498 - 50
    state = till.discount_sale(percent_ppm=500_000, reason="friend")
    assert state.to_pay_minor == 224
    kinds = [one.kind for one in pay(shop).lines[0].discounts]
    assert kinds == [PROMOTION, "line", "sale"]


def test_a_price_set_by_hand_a_deposit_and_a_price_label_keep_to_their_rules(shop: Shop) -> None:
    till = shop.opened("9999")
    offered(shop, PercentOff(500_000))
    till.scan(COLA)
    assert [line.amount_minor for line in till.state.lines] == [64, 25]  # the deposit is given back in full
    till.select(0)
    assert till.set_price(100, "dented").to_pay_minor == 125


def test_weighed_goods_take_a_rate_and_make_up_no_group(shop: Shop, till: TillSession) -> None:
    offered(shop, BuyGet(1, 1), "p-tomato")
    till.add_product("p-tomato")
    assert till.answer(True, "2").to_pay_minor == 598
    offered(shop, PercentOff(100_000), "p-tomato")
    till.add_product("p-tomato")
    assert till.answer(True, "1").to_pay_minor == 598 + 299 - 60 - 30


def test_a_category_s_promotion_reaches_its_products(shop: Shop, till: TillSession) -> None:
    offered(shop, PercentOff(100_000), applies_to=Target(categories=(FOOD.category_id,)))
    assert till.scan("roll").to_pay_minor == 81


def test_a_total_that_was_shown_does_not_move_when_a_promotion_ends(shop: Shop, till: TillSession) -> None:
    offered(shop, PercentOff(500_000), ROLL, valid_to_ms=START_MS + 60_000)
    assert till.scan("roll").to_pay_minor == 45
    shop.clock.advance(120)
    assert till.start_tender().to_pay_minor == 45
    till.back_to_sale()
    assert till.scan("roll").to_pay_minor == 180


def test_a_promotion_that_comes_down_counts_from_the_next_change_on(shop: Shop, till: TillSession) -> None:
    assert till.scan("roll").to_pay_minor == 90
    offered(shop, PercentOff(500_000), ROLL)
    assert till.start_tender().to_pay_minor == 90
    till.back_to_sale()
    assert till.scan("roll").to_pay_minor == 90


def test_a_coupon_unlocks_its_promotion_once(shop: Shop, till: TillSession) -> None:
    offered(shop, PercentOff(500_000), ROLL, name="Welcome", coupon_code="HELLO")
    till.scan("roll")
    state = till.scan(" hello ")
    assert (said(state), state.to_pay_minor) == ("coupon_taken", 45)
    state = till.scan("HELLO")
    assert (said(state), state.to_pay_minor) == ("coupon_twice", 45)
    pay(shop)
    assert till.scan("roll").to_pay_minor == 90  # the next customer has none


def test_numbered_coupons_share_a_prefix_and_count_once(shop: Shop, till: TillSession) -> None:
    offered(shop, SpendAndSave(0, amount_minor=20), coupon_code="W20-", coupon_is_prefix=True)
    till.scan("roll")
    assert till.scan("W20-00017").to_pay_minor == 70
    state = till.scan("W20-00018")
    assert (said(state), state.to_pay_minor) == ("coupon_twice", 70)


def test_a_coupon_with_bars_of_its_own_is_known_too(shop: Shop, till: TillSession) -> None:
    offered(shop, PercentOff(500_000), ROLL, coupon_code="9991234567895")
    till.scan("roll")
    assert said(till.scan("9991234567895")) == "coupon_taken"


def test_a_product_s_code_is_never_taken_for_a_coupon(shop: Shop, till: TillSession) -> None:
    offered(shop, PercentOff(500_000), ROLL, coupon_code="7", coupon_is_prefix=True)
    state = till.scan(OAT_DRINK)
    assert (said(state), len(state.lines)) == ("", 1)


def test_a_coupon_out_of_its_time_is_said_to_be_so(shop: Shop, till: TillSession) -> None:
    offered(shop, PercentOff(500_000), ROLL, coupon_code="OLD", valid_to_ms=1)
    till.scan("roll")
    state = till.scan("OLD")
    assert (said(state), state.to_pay_minor) == ("coupon_not_now", 90)


def test_a_coupon_wants_a_ticket_that_belongs_to_somebody(shop: Shop, till: TillSession) -> None:
    offered(shop, PercentOff(500_000), ROLL, coupon_code="HELLO")
    assert said(till.scan("HELLO")) == "coupon_too_early"
    till.scan("roll")
    till.scan("HELLO")
    till.void_line()
    assert till.scan("roll").to_pay_minor == 90


def test_a_parked_ticket_and_one_after_a_crash_keep_their_coupons(shop: Shop, till: TillSession) -> None:
    offered(shop, PercentOff(500_000), ROLL, coupon_code="HELLO")
    till.scan("roll")
    till.scan("HELLO")
    (parked,) = till.park("blue coat").parked
    assert parked.total_minor == 45
    till.scan(OAT_DRINK)
    till.void_line()
    assert till.recall(parked.sale_id).to_pay_minor == 45
    again = shop.restart()
    assert (again.log_in("1111").to_pay_minor, again.state.phase) == (45, Phase.SALE)


def test_a_scan_into_a_long_ticket_leaves_the_other_lines_alone(shop: Shop, till: TillSession) -> None:
    offered(shop, PercentOff(100_000))
    till.scan("roll")
    till.scan(OAT_DRINK)
    before = till.state.lines[0]
    assert till.scan(COLA).lines[0] is before


def test_what_is_typed_is_known_for_a_coupon_before_anyone_searches(shop: Shop, till: TillSession) -> None:
    assert not till.is_coupon("hello")
    offered(shop, PercentOff(500_000), coupon_code="HELLO", valid_to_ms=1)
    assert till.is_coupon("hello")
    assert not till.is_coupon("")
