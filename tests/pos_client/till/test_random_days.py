"""Random days at the till: whatever is pressed in whatever order, the books stay right."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pos_client.till.errors import StorageFailed, StorageFull
from pos_client.till.state import Phase, TillState
from shared_models.promotions import BuyGet, PercentOff, Promotion, SpendAndSave, Target
from shared_models.sale import SaleParked, SalePosted, SaleVoided
from shared_models.tax import RoundingPolicy
from tests.effort import examples
from tests.pos_client.till.conftest import Shop
from tests.pos_client.till.fakes import COLA, NAVY_M, OAT_DRINK, STORE, WINE

CODES = st.one_of(
    st.sampled_from(
        [
            OAT_DRINK,
            WINE,
            COLA,
            "roll",
            "beer",
            "milk",
            "phone",
            "flowers",
            "secret",
            "2000042",
            "3*roll",
            "2*" + COLA,
            "SAVE10",
            "tee",
            "3*tee",
            NAVY_M,
            "breakfast",
            "evening",
        ]
    ),
    st.sampled_from(
        ["4006381333930", "nothing", "", "]C1", "(01)", "\x1d", "*", "3*", "0*roll", "(30)x", "(310x)1"]
    ),
    st.text(max_size=20),
)
AMOUNTS = st.one_of(st.sampled_from([0, 1, 5, 50, 100, 500, 1000, 5000]), st.integers(-(10**6), 10**14))
WORDS = st.sampled_from(["", "dented", "x" * 70, "\x1b@"])
KEYS = [
    "void_line",
    "void_sale",
    "start_tender",
    "remove_tender",
    "back_to_sale",
    "finish_sale",
    "next_sale",
    "x_report",
    "dismiss_report",
    "start_count",
    "save_count",
    "confirm_count",
    "recount",
    "close_shift",
    "lock",
    "log_out",
    "reprint",
    "dismiss_notice",
    "dismiss_choice",
]
SETTLING = (SalePosted, SaleParked, SaleVoided)
PPM = st.integers(-1, 1_000_001)
PROMOTIONS = (
    Promotion(promotion_id="p1", name="3 for 2", rule=BuyGet(2, 1)),
    Promotion(
        promotion_id="p2", name="Oat", rule=PercentOff(333_333), applies_to=Target(("p-oat", "p-tomato"))
    ),
    Promotion(promotion_id="p3", name="10 off", rule=SpendAndSave(1, amount_minor=997), coupon_code="SAVE10"),
)


class RandomDay(RuleBasedStateMachine):
    """Every rule is an action; most are refused most of the time, as they should be."""

    lines_saved = 0
    """Of the ticket in progress, when the disk last took it; none of one that the journal says was settled."""

    @initialize(
        policy=st.sampled_from(list(RoundingPolicy)),
        step=st.sampled_from([1, 5, 10]),
        count=st.integers(0, 3),
    )
    def a_shop_opens(self, policy: RoundingPolicy, step: int, count: int) -> None:
        store = STORE.__class__(
            store_id="03",
            name="Harbour Street",
            currency="EUR",
            rounding_policy=policy,
            cash_rounding_minor=step,
            embedded_rules=STORE.embedded_rules,
        )
        self.shop = Shop(store=store)
        self.shop.catalogue.offered = PROMOTIONS[:count]
        self.shop.opened("9999")
        self.serial = 0
        self.posted = 0

    def act(self, name: str, *arguments: Any, **named: Any) -> TillState:
        """Does it, and checks what must hold after every action."""
        till, books = self.shop.till, self.shop.books
        before, pulses, prints = till.state, len(books.pulses), len(books.printed)
        facts, saves = len(books.facts), books.cart_saves
        failing = books.failure is not None
        after: TillState = getattr(till, name)(*arguments, **named)
        if after.notice is not None and after.notice != before.notice:
            assert after.notice.serial > self.serial
            self.serial = after.notice.serial
        if failing and books.failure is None and len(books.facts) == facts:
            assert (len(books.pulses), len(books.printed)) == (pulses, prints)
            assert after.notice is not None, "trouble with the disk was not said"
            if name in ("finish_sale", "park"):
                assert (after.lines, after.tender) == (before.lines, before.tender)
        assert len(books.pulses) - pulses <= 1
        if books.cart_saves > saves:
            self.lines_saved = len(after.lines)
        if any(isinstance(fact, SETTLING) for _, _, fact in books.facts[facts:]) and not after.lines:
            self.lines_saved = 0
        return after

    @rule(code=CODES)
    def scan(self, code: str) -> None:
        before = self.shop.till.state
        after = self.act("scan", code)
        if after.lines == before.lines and before.phase is not Phase.CHANGE:
            assert after.notice or after.question or after.choice, "a scan that did nothing was silent"

    @rule(product_id=st.sampled_from(["p-tee-ns", "p-tee-rm", "p-tee", "p-roll", ""]))
    def choose_variant(self, product_id: str) -> None:
        before = self.shop.till.state
        after = self.act("choose_variant", product_id)
        if before.choice is None or product_id in ("p-tee", "p-roll", ""):
            assert after.lines == before.lines

    @rule(product_id=st.sampled_from(["p-tee", "p-roll", "p-breakfast"]))
    def touch_a_key(self, product_id: str) -> None:
        self.act("add_product", product_id)

    @rule()
    def back_to_selling(self) -> None:
        """What a cashier presses who only wants to go on."""
        till = self.shop.till
        if till.state.question is not None:
            self.act("answer", False)
        self.shop.clock.advance(1_000)
        if till.state.operator is None:
            self.act("log_in", "9999")
        for name in ("back_to_sale", "recount", "save_count", "dismiss_report"):
            self.act(name)
        self.act("open_shift", 15_000)

    @rule(codes=st.lists(st.sampled_from([OAT_DRINK, COLA, "roll", "3*roll"]), min_size=1, max_size=4))
    def a_customer_buys(self, codes: list[str]) -> None:
        self.back_to_selling()
        for code in codes:
            self.act("scan", code)
        self.pay_enough()

    @rule(
        yes=st.booleans(),
        value=st.sampled_from(["", "9999", "1111", "1.5", "2", "SN-1", "abc", "99999999999"]),
    )
    def answer(self, yes: bool, value: str) -> None:
        self.act("answer", yes, value)

    @rule(quantity=st.one_of(st.integers(-5, 20).map(lambda n: n * 1000), st.integers(-(10**4), 10**12)))
    def set_quantity(self, quantity: int) -> None:
        self.act("set_quantity", quantity)

    @rule(price=AMOUNTS, reason=WORDS)
    def set_price(self, price: int, reason: str) -> None:
        self.act("set_price", price, reason)

    @rule(percent=PPM, amount=AMOUNTS, reason=WORDS, name=st.sampled_from(["discount_line", "discount_sale"]))
    def discount(self, percent: int, amount: int, reason: str, name: str) -> None:
        self.act(name, percent_ppm=percent, amount_minor=0 if percent > 0 else amount, reason=reason)

    @rule(index=st.integers(-1, 5))
    def select(self, index: int) -> None:
        self.act("select", index)

    @rule(text=WORDS, name=st.sampled_from(["note_line", "park", "open_drawer"]))
    def with_text(self, text: str, name: str) -> None:
        self.act(name, text)

    @rule(name=st.sampled_from(KEYS))
    def press(self, name: str) -> None:
        self.act(name)

    @rule(which=st.integers(0, 3))
    def recall(self, which: int) -> None:
        parked = self.shop.till.state.parked
        self.act("recall", parked[which % len(parked)].sale_id if parked else "none")

    @rule(amount=AMOUNTS)
    def tender(self, amount: int) -> None:
        self.act("tender_cash", amount)

    @rule()
    def pay_enough(self) -> None:
        self.act("start_tender")
        state = self.shop.till.state
        if state.tender is not None:
            self.act("tender_cash", max(10, -(-state.tender.open_minor // 10) * 10))
            self.act("finish_sale")

    @rule(amount=AMOUNTS, reason=WORDS, name=st.sampled_from(["pay_in", "pay_out", "safe_drop"]))
    def move_cash(self, amount: int, reason: str, name: str) -> None:
        self.act(name, amount, reason)

    @rule(denomination=st.sampled_from([5000, 500, 3, 1]), pieces=st.integers(-1, 5))
    def count(self, denomination: int, pieces: int) -> None:
        self.act("count", denomination, pieces)

    @rule(pin=st.sampled_from(["9999", "9999", "1111", "0000"]))
    def log_in(self, pin: str) -> None:
        self.act("log_in", pin)

    @rule(amount=st.sampled_from([0, 15_000]))
    def open_shift(self, amount: int) -> None:
        self.act("open_shift", amount)

    @rule(seconds=st.integers(0, 2_000))
    def time_passes(self, seconds: int) -> None:
        self.shop.clock.advance(seconds)

    @rule(failure=st.sampled_from([StorageFull("Full."), StorageFailed("No answer.")]))
    def the_disk_fails_once(self, failure: StorageFull) -> None:
        self.shop.books.failure = failure

    @rule(codes=st.lists(st.sampled_from([OAT_DRINK, COLA, "roll"]), max_size=3), taken=st.booleans())
    def the_till_crashes(self, codes: list[str], taken: bool) -> None:
        """A ticket that the disk did not take is what it was before."""
        self.back_to_selling()
        for code in codes:
            self.act("scan", code)
        if not taken:
            self.the_disk_fails_once(StorageFull("Full."))
            self.act("scan", "beer")
        self.serial = 0
        self.shop.restart()
        assert len(self.shop.till.state.lines) == self.lines_saved

    @invariant()
    def what_is_shown_adds_up(self) -> None:
        state = self.shop.till.state
        added = sum(tax.amount_minor for tax in state.taxes if not tax.included)
        if self.shop.store.rounding_policy is RoundingPolicy.PER_LINE:
            assert sum(line.amount_minor for line in state.lines) + added == state.to_pay_minor
        assert state.selected is None or 0 <= state.selected < len(state.lines)
        assert (state.tender is not None) >= (state.phase is Phase.TENDER)
        assert state.choice is None or (state.phase is Phase.SALE and state.question is None)

    @invariant()
    def every_sale_adds_up(self) -> None:
        sales = self.shop.books.of_kind(SalePosted)
        for sale in sales[self.posted :]:
            assert isinstance(sale, SalePosted)
            received = sum(tender.received_minor for tender in sale.tenders)
            assert received - sale.change_minor == sale.total_minor + sale.cash_rounding_minor
            assert sale.total_minor == sale.net_minor + sale.tax_minor
            assert sum(line.gross_minor for line in sale.lines) == sale.total_minor
            assert sum(tax.amount_minor for tax in sale.taxes) == sale.tax_minor
            assert sale.total_minor >= 0
            assert sale.change_minor >= 0
        self.posted = len(sales)
        ids = [sale.sale_id for sale in sales if isinstance(sale, SalePosted)]
        assert len(ids) == len(set(ids)), "a ticket was sold twice"


TestRandomDays = RandomDay.TestCase
TestRandomDays.settings = settings(
    max_examples=examples(30), stateful_step_count=60, suppress_health_check=list(HealthCheck)
)
