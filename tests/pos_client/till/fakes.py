"""The ports of the till's core in memory: a clock to turn, a small catalogue, books told to fail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from hardware.receipt_document import ReceiptDocument, Text
from hardware.scales.base import Condition, Reading, Unit, WeighRequest, Weight
from hardware.terminals.base import Payment, Step
from pos_client.till.ports import (
    CardIntent,
    Escrow,
    GiveBack,
    LeaseAnswer,
    OpenShift,
    ParkedAnswer,
    ParkedSale,
    PostedSale,
    ReceiptAnswer,
    ScaleLook,
    Unsent,
)
from shared_models import cash, sale
from shared_models.barcode import EmbeddedRule
from shared_models.catalogue import Category, KitComponent, Offer, Price, Product
from shared_models.errors import ShopError
from shared_models.events import Fact
from shared_models.ids import evidence_code, receipt_number
from shared_models.leases import LeaseReply, LeaseRequest, ParkedListing, ReceiptStated
from shared_models.moment import Moment
from shared_models.offline_limits import Spent
from shared_models.promotions import Promotion
from shared_models.refund import RefundPosted
from shared_models.staff import Permission, StaffMember
from shared_models.store_config import QuickKeyPage, StoreConfig
from shared_models.stored_value import GiftRedeemed, LoyaltyRedeemed
from shared_models.tax import Tax

TILL_ID = "03-2"
STORE = StoreConfig(
    store_id="03",
    name="Harbour Street",
    currency="EUR",
    address=("12 Harbour Street", "20457 Hamburg"),
    tax_number="DE123456789",
    logo_text="HARBOUR",
    receipt_footer="Thank you!",
    embedded_rules=(EmbeddedRule("20", 5, 5, "weight", 3), EmbeddedRule("21", 5, 5, "price", 2)),
    quick_keys=(QuickKeyPage("Bakery", ("p-roll", "p-gone")),),
)
VAT_7 = Tax("vat7", "VAT 7 %", 70_000, included=True)
VAT_19 = Tax("vat19", "VAT 19 %", 190_000, included=True)
NO_TAX = Tax("none", "No tax", 0, included=True)
SALES_TAX = Tax("st8", "Sales tax 8.25 %", 82_500, included=False)
FOOD = Category("c-food", "Food", colour="#0b6e4f")
EVERYTHING = tuple(permission.value for permission in Permission)
ANA = StaffMember("s-ana", "Ana R.", "hash:1111", (Permission.SELL.value, Permission.SHIFT.value))
MAX = StaffMember("s-max", "Max B.", "hash:9999", EVERYTHING)
GONE = StaffMember("s-gone", "Gone G.", "hash:5555", EVERYTHING, active=False)
STAFF = (ANA, MAX, GONE)
START_MS = 1_795_244_640_000  # 2026-11-21 07:04 UTC


def offer(
    product_id: str,
    name: str,
    unit_price_minor: int | None,
    *codes: str,
    tax: Tax = VAT_7,
    **product: object,
) -> Offer:
    """A product with its price; SKU is the id in capitals."""
    made = Product(
        product_id=product_id,
        number=sum(map(ord, product_id)),
        sku=product_id.upper(),
        name=name,
        tax_category_id=tax.tax_id,
        category_id=FOOD.category_id,
        barcodes=tuple(code.zfill(14) if len(code) == 13 else code for code in codes),
        **product,  # type: ignore[arg-type]
    )
    price = None if unit_price_minor is None else Price(f"price-{product_id}", product_id, unit_price_minor)
    return Offer(made, price, (tax,), FOOD)


OAT_DRINK = "7394376616228"
WINE = "4006381333931"
COLA = "5449000000996"
NAVY_M = "4006381333955"
SHOP = (
    offer("p-oat", "Oat drink barista 1 L", 249, OAT_DRINK),
    offer("p-tomato", "Tomatoes on the vine", 299, "2000042", unit="kg", weighed=True),
    offer("p-cheese", "Mountain cheese", 2490, "2100017", unit="kg", weighed=True),
    offer("p-roll", "Sourdough roll", 90, "roll"),
    offer("p-wine", "Chardonnay Reserve 0.75 L", 899, WINE, tax=VAT_19, minimum_age=18),
    offer("p-cola", "Cola 0.33", 129, COLA, tax=VAT_19, deposit_product_id="p-deposit"),
    offer("p-deposit", "Deposit 0.25", 25, tax=VAT_19),
    offer("p-flowers", "Flowers", None, "flowers", open_price=True),
    offer("p-secret", "Not priced yet", None, "secret"),
    offer("p-phone", "Telephone", 19900, "phone", tax=VAT_19, track="serial"),
    offer("p-beer", "Beer 0.5 L", 149, "beer", tax=VAT_19, minimum_age=16),
    offer("p-gift", "Gift card", None, "giftcard", tax=NO_TAX, open_price=True, track="gift"),
    offer("p-milk", "Raw milk", 159, "milk", track="lot"),
    offer("p-tee", "T-shirt basic", None, "tee", tax=VAT_19),
    *(
        offer(f"p-tee-{colour[0]}{size.lower()}", "T-shirt basic", 1490, *codes, tax=VAT_19, **variant)
        for colour, size, *codes in (
            ("navy #1a2b4c", "XL"),
            ("navy #1a2b4c", "S"),
            ("navy #1a2b4c", "M", NAVY_M),
            ("red", "M"),
        )
        for variant in [{"variant_of": "p-tee", "colour": colour, "size": size}]
    ),
    offer(
        "p-breakfast",
        "Breakfast",
        199,
        "breakfast",
        components=(KitComponent("p-roll", 2000), KitComponent("p-oat", 1000)),
    ),
    offer("p-evening", "Evening", 990, "evening", tax=VAT_19, components=(KitComponent("p-wine", 1000),)),
)


class FakeClock:
    def __init__(self) -> None:
        self.wall_ms = START_MS
        self.mono_ms = 1_000

    def now(self) -> Moment:
        return Moment(self.wall_ms, 60)

    def monotonic_ms(self) -> int:
        return self.mono_ms

    def advance(self, seconds: int) -> None:
        self.wall_ms += seconds * 1000
        self.mono_ms += seconds * 1000


class FakeIds:
    def __init__(self) -> None:
        self.given = 0

    def new(self) -> str:
        self.given += 1
        return f"{self.given:032x}"


class FakePins:
    """'hash:1111' is the hash of 1111."""

    def matches(self, pin_hash: str, pin: str) -> bool:
        return pin_hash == f"hash:{pin}"


class FakeCatalogue:
    def __init__(
        self,
        offers: Iterable[Offer] = SHOP,
        store: StoreConfig | None = STORE,
        staff: tuple[StaffMember, ...] = STAFF,
    ) -> None:
        self.offers = {offer.product.product_id: offer for offer in offers}
        self.config = store
        self.people = staff
        self.offered: tuple[Promotion, ...] = ()

    def store(self) -> StoreConfig | None:
        return self.config

    def by_code(self, code: str, at: Moment) -> Offer | None:
        for found in self.offers.values():
            if code in (*found.product.barcodes, found.product.sku):
                return found
        return None

    def by_id(self, product_id: str, at: Moment) -> Offer | None:
        return self.offers.get(product_id)

    def variants(self, product_id: str, at: Moment) -> tuple[Offer, ...]:
        return tuple(found for found in self.offers.values() if found.product.variant_of == product_id)

    def search(self, text: str, at: Moment, limit: int = 40) -> tuple[Offer, ...]:
        words = text.lower()
        return tuple(found for found in self.offers.values() if words in found.product.name.lower())[:limit]

    def categories(self) -> tuple[Category, ...]:
        return (FOOD,)

    def in_category(self, category_id: str, at: Moment, limit: int = 60) -> tuple[Offer, ...]:
        parents = (found for found in self.offers.values() if not found.product.variant_of)
        return tuple(found for found in parents if found.product.category_id == category_id)[:limit]

    def staff(self) -> tuple[StaffMember, ...]:
        return self.people

    def promotions(self) -> tuple[Promotion, ...]:
        return self.offered

    def reprice(self, product_id: str, unit_price_minor: int) -> None:
        """Head office changes a price."""
        price = Price(f"price-{product_id}-new", product_id, unit_price_minor)
        self.offers[product_id] = msgspec.structs.replace(self.offers[product_id], price=price)


class FakePaper:
    """Documents of one line that say what they are."""

    def receipt(self, posted: PostedSale, store: StoreConfig) -> ReceiptDocument:
        return _note(f"receipt {posted.sale.receipt_number} copy {posted.copies}")

    def refund(self, refund: RefundPosted, store: StoreConfig, at: Moment) -> ReceiptDocument:
        return _note(f"refund of {refund.receipt_number}")

    def card_day(self, intent: CardIntent, store: StoreConfig, at: Moment) -> ReceiptDocument:
        return _note(f"card day {intent.payment.amount_minor if intent.payment else 'unknown'}")

    def x_report(
        self, totals: cash.ShiftTotals, store: StoreConfig, operator_name: str, at: Moment
    ) -> ReceiptDocument:
        return _note(f"X {totals.number}")

    def z_report(self, closed: cash.ShiftClosed, store: StoreConfig, at: Moment) -> ReceiptDocument:
        return _note(f"Z {closed.number}")


class FakeLending:
    """Requests in a list, until a test says what became of them."""

    def __init__(self) -> None:
        self.asked: list[LeaseRequest] = []
        self.asked_receipts: list[str] = []
        self.given_back: list[str] = []
        self.put_aside: dict[str, Escrow] = {}
        self.shared = self.looked = 0
        self._parked: ParkedAnswer | None = None
        self._leases: dict[str, LeaseAnswer] = {}
        self._receipts: dict[str, ReceiptAnswer] = {}

    def grant(self, ends_mono_ms: int = 10**9, **reply: object) -> None:
        """What was asked for last."""
        self._say("granted", ends_mono_ms, **reply)

    def deny(self, code: str, reason: str = "No.", balance: int = 0) -> None:
        self._say("denied", 0, code=code, reason=reason, balance=balance)

    def _say(self, state: str, ends_mono_ms: int, **more: object) -> None:
        wanted = self.asked[-1]
        reply = LeaseReply(lease_id=wanted.lease_id, state=state, amount=wanted.amount, **more)  # type: ignore[arg-type]
        self._leases[wanted.lease_id] = LeaseAnswer(reply, ends_mono_ms)

    def line_is_down(self) -> None:
        """Whatever is being asked is not answered."""
        for wanted in self.asked:
            self._leases[wanted.lease_id] = LeaseAnswer(None)
        for number in self.asked_receipts:
            self._receipts[number] = ReceiptAnswer(reached=False)

    def tell(self, stated: ReceiptStated) -> None:
        self._receipts[self.asked_receipts[-1]] = ReceiptAnswer(True, stated)

    def ask(self, wanted: LeaseRequest) -> None:
        self.asked.append(wanted)

    def answer(self, lease_id: str) -> LeaseAnswer | None:
        return self._leases.pop(lease_id, None)

    def ask_receipt(self, receipt_number: str) -> None:
        self.asked_receipts.append(receipt_number)

    def receipt(self, receipt_number: str) -> ReceiptAnswer | None:
        return self._receipts.pop(receipt_number, None)

    def share_parked(self) -> None:
        self.shared += 1

    def ask_parked(self) -> None:
        self.looked += 1

    def show_parked(self, *listings: ParkedListing) -> None:
        self._parked = ParkedAnswer(True, listings)

    def parked(self) -> ParkedAnswer | None:
        answer, self._parked = self._parked, None
        return answer

    def give_back(self, lease_id: str) -> None:
        self.given_back.append(lease_id)

    def escrows(self, account: str, subject: str) -> tuple[Escrow, ...]:
        found = self.put_aside.get(subject)
        return (found,) if found is not None and found.lease_id not in self.given_back else ()


class FakeScales:
    """A scale that shows what a test says, to the weighing that is under way."""

    is_set_up = True

    def __init__(self) -> None:
        self.weighing = 0
        self.is_weighing = False
        self.requests: list[WeighRequest] = []
        self.pressed: list[str] = []
        self._look = ScaleLook()

    def shows(
        self,
        milli: int = 0,
        condition: Condition = "stable",
        *,
        unit: Unit = "kg",
        is_net: bool = False,
        told: Condition | None = None,
    ) -> None:
        weight = Weight(milli, unit, is_net) if milli else None
        self._look = ScaleLook(Reading(condition, weight), Reading(told) if told else None)

    def begin(self, request: WeighRequest) -> int:
        self.weighing += 1
        self.is_weighing = True
        self.requests.append(request)
        self._look = ScaleLook()
        return self.weighing

    def look(self, weighing: int) -> ScaleLook:
        return self._look if self.is_weighing and weighing == self.weighing else ScaleLook()

    def zero(self, weighing: int) -> None:
        self.pressed.append("zero")

    def tare(self, weighing: int) -> None:
        self.pressed.append("tare")

    def end(self, weighing: int) -> None:
        if weighing == self.weighing:
            self.is_weighing = False


class FakeCards:
    """A card terminal that does what a test says, one payment at a time."""

    is_set_up = True

    def __init__(self) -> None:
        self.intent: CardIntent | None = None
        self.now = Step("connecting")
        self.cancelled = self.has_asked = False

    def end(self, state: str, reason: str = "", payment: Payment | None = None) -> None:
        assert self.intent is not None
        self.intent = msgspec.structs.replace(self.intent, state=state, reason=reason, payment=payment)

    def open_intents(self) -> tuple[CardIntent, ...]:
        over = ("declined", "reversed", "used")
        return (self.intent,) if self.intent is not None and self.intent.state not in over else ()

    def begin(self, sale_id: str, amount_minor: int, currency: str) -> CardIntent:
        self.intent = CardIntent("1" * 32, sale_id, amount_minor, currency, "sent")
        return self.intent

    def end_day(self, currency: str) -> CardIntent:
        self.intent = CardIntent("3" * 32, "", 0, currency, "sent", kind="end_of_day")
        return self.intent

    def day_reported(self, intent_id: str) -> None:
        self.end("used")

    def give_back(self, task: GiveBack) -> CardIntent:
        refund = task.refund
        self.intent = CardIntent(
            "2" * 32,
            refund.sale_id,
            refund.to_card_minor(),
            refund.currency,
            "sent",
            kind="refund",
            give_back=task,
        )
        return self.intent

    def look(self, intent_id: str) -> CardIntent:
        assert self.intent is not None
        return self.intent

    def step(self) -> Step:
        return self.now

    def was_asked(self, intent_id: str) -> bool:
        return self.has_asked

    def cancel(self) -> None:
        self.cancelled = True

    def decide(self, intent_id: str, *, paid: bool, by: str) -> CardIntent:
        assert self.intent is not None
        state = "approved" if paid else "declined"
        self.intent = msgspec.structs.replace(self.intent, state=state, decided_by=by)
        return self.intent

    def reverse(self, intent_id: str) -> CardIntent:
        self.end("reversing")
        return self.look(intent_id)


class FakeKeptNumber:
    def __init__(self) -> None:
        self.number = 0
        self.failure: Exception | None = None

    def get(self) -> int:
        return self.number

    def keep(self, number: int) -> None:
        if self.failure is not None:
            raise self.failure
        self.number = number


class FakeBooks:
    """Facts in a list. Put an error into `failure` and the next writing raises it and does nothing.

    `fail_facts` does so for as long as it is set, but lets the ticket in progress be saved.
    """

    def __init__(self, clock: FakeClock, paper: FakePaper | None = None, store: StoreConfig = STORE) -> None:
        self.clock, self.paper, self.store = clock, paper or FakePaper(), store
        self.facts: list[tuple[int, Moment, Fact]] = []
        self.failure: ShopError | None = None
        self.fail_facts: ShopError | None = None
        self.broken_reads: ShopError | None = None
        self.printed: list[str] = []
        self.pulses: list[str] = []
        self.sales: dict[str, PostedSale] = {}
        self.put_aside: dict[str, ParkedSale] = {}
        self.used_leases: list[str] = []
        self.cart_body = b""
        self.cart_saves = 0
        self.count_body = b""
        self.wrong_pins = FakeKeptNumber()
        self.acknowledged = 0

    def of_kind(self, kind: type) -> list[Fact]:
        return [fact for _, _, fact in self.facts if isinstance(fact, kind)]

    def post_sale(self, sale: sale.SalePosted, *also: Fact, open_drawer: bool) -> PostedSale:
        self._fail_if_told()
        numbered = msgspec.structs.replace(sale, receipt_number=self.next_receipt_number())
        seq = self._seal(numbered)
        for fact in also:
            self._seal(fact)
        posted = PostedSale(numbered, self.clock.now(), seq, evidence_code(_hash(numbered)))
        self.sales[numbered.receipt_number] = posted
        self._print(self.paper.receipt(posted, self.store))
        if open_drawer:
            self.pulses.append("sale")
        return posted

    def post(
        self, *facts: Fact, document: ReceiptDocument | None = None, drawer_reason: str = "", note: str = ""
    ) -> tuple[int, ...]:
        self._fail_if_told()
        sequences = tuple(self._seal(fact) for fact in facts)
        if document is not None:
            self._print(document)
        if drawer_reason:
            self.pulses.append(drawer_reason)
        return sequences

    def park(self, parked: ParkedSale, fact: Fact) -> None:
        self._fail_if_told()
        self._seal(fact)
        self.put_aside[parked.sale_id] = parked

    def take_over(self, body: bytes, fact: Fact, lease_id: str) -> None:
        self._fail_if_told()
        self._seal(fact)
        self.cart_body = body
        self.used_leases.append(lease_id)

    def recall(self, sale_id: str, fact: Fact, lease_id: str = "") -> ParkedSale:
        self._fail_if_told()
        self.used_leases.append(lease_id)
        self._seal(fact)
        return self.put_aside.pop(sale_id)

    def parked(self) -> tuple[ParkedSale, ...]:
        return tuple(self.put_aside.values())

    def save_count(self, body: bytes) -> None:
        self._fail_if_told()
        self.count_body = body

    def save_cart(self, body: bytes) -> None:
        if self.fail_facts is None:
            self._fail_if_told()
        self.cart_body = body
        self.cart_saves += 1

    def saved_cart(self) -> bytes:
        return self.cart_body

    def open_shift(self) -> OpenShift | None:
        for _, at, fact in reversed(self.facts):
            if isinstance(fact, cash.ShiftClosed):
                return None
            if isinstance(fact, cash.ShiftOpened):
                return OpenShift(fact, at, self.count_body)
        return None

    def next_shift_number(self) -> int:
        return len(self.of_kind(cash.ShiftOpened)) + 1

    def shift_totals(self, shift_id: str) -> cash.ShiftTotals:
        return _totals(self.facts, shift_id)

    def previous_closing_hash(self) -> str:
        closings = self.of_kind(cash.ShiftClosed)
        return _hash(closings[-1]).hex() if closings else ""

    def head(self) -> tuple[int, bytes]:
        return (self.facts[-1][0], _hash(self.facts[-1][2])) if self.facts else (0, bytes(32))

    def next_receipt_number(self) -> str:
        if self.broken_reads is not None and self.sales:
            raise self.broken_reads
        return receipt_number(TILL_ID, "K7Q", len(self.sales) + 1)

    def sale(self, receipt_number: str) -> PostedSale | None:
        return self._with_copies(self.sales.get(receipt_number))

    def last_sale(self) -> PostedSale | None:
        return self._with_copies(next(reversed(self.sales.values()), None))

    def recent_sales(self, limit: int = 50) -> Sequence[PostedSale]:
        return list(reversed(self.sales.values()))[:limit]

    def taken_back(self, sale_id: str) -> dict[int, int]:
        sums: dict[int, int] = {}
        for fact in self.of_kind(RefundPosted):
            for line in fact.lines if fact.sale_id == sale_id else ():  # type: ignore[union-attr]
                sums[line.line_no] = sums.get(line.line_no, 0) + line.quantity_milli
        return sums

    def unasked(self, kind: str, sale_id: str, business_date: str) -> Spent:
        kinds = {"refund": RefundPosted, "gift": GiftRedeemed, "loyalty": LoyaltyRedeemed}
        mine: list[Any] = [fact for fact in self.of_kind(kinds[kind]) if not fact.lease_id]  # type: ignore[union-attr]
        here = [_worth(fact) for fact in mine if fact.sale_id == sale_id]
        today = [_worth(fact) for fact in mine if fact.business_date == business_date]
        return Spent(sum(here), sum(today), len(here))

    def unsent(self) -> Unsent:
        waiting = [entry for entry in self.facts if entry[0] > self.acknowledged]
        value = sum(fact.total_minor for _, _, fact in waiting if isinstance(fact, sale.SalePosted))
        return Unsent(len(waiting), waiting[0][1].at_ms if waiting else None, value)

    def _fail_if_told(self) -> None:
        if self.fail_facts is not None:
            raise self.fail_facts
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure

    def _seal(self, fact: Fact) -> int:
        if isinstance(fact, cash.ShiftOpened | cash.ShiftClosed):
            self.count_body = b""
        self.facts.append((len(self.facts) + 1, self.clock.now(), fact))
        return len(self.facts)

    def _print(self, document: ReceiptDocument) -> None:
        first = document.blocks[0]
        self.printed.append(first.text if isinstance(first, Text) else type(first).__name__)

    def _with_copies(self, posted: PostedSale | None) -> PostedSale | None:
        if posted is None:
            return None
        reprints = [
            fact
            for fact in self.of_kind(sale.ReceiptReprinted)
            if isinstance(fact, sale.ReceiptReprinted) and fact.sale_id == posted.sale.sale_id
        ]
        return msgspec.structs.replace(posted, copies=len(reprints))


def _worth(fact: RefundPosted | GiftRedeemed | LoyaltyRedeemed) -> int:
    if isinstance(fact, LoyaltyRedeemed):
        return fact.points
    return fact.total_minor if isinstance(fact, RefundPosted) else fact.amount_minor


def _note(text: str) -> ReceiptDocument:
    return ReceiptDocument((Text(text),))


def _hash(fact: Fact) -> bytes:
    return sha256(msgspec.json.encode(fact)).digest()


def _totals(facts: list[tuple[int, Moment, Fact]], shift_id: str) -> cash.ShiftTotals:
    mine = [(seq, at, fact) for seq, at, fact in facts if getattr(fact, "shift_id", "") == shift_id]
    opened = next(fact for _, _, fact in mine if isinstance(fact, cash.ShiftOpened))
    sales = [fact for _, _, fact in mine if isinstance(fact, sale.SalePosted)]
    moves = [fact for _, _, fact in mine if isinstance(fact, cash.CashMoved)]
    refunds = [fact for _, _, fact in mine if isinstance(fact, RefundPosted)]
    refunded_cash = sum(fact.cash_minor() for fact in refunds)

    def moved(kind: str) -> int:
        return sum(move.amount_minor for move in moves if move.kind == kind)

    kept = sum(fact.cash_kept_minor() for fact in sales)
    return cash.ShiftTotals(
        shift_id=shift_id,
        number=opened.number,
        opened_at_ms=mine[0][1].at_ms,
        sale_count=len(sales),
        line_count=sum(len(fact.lines) for fact in sales),
        net_minor=sum(fact.net_minor for fact in sales),
        tax_minor=sum(fact.tax_minor for fact in sales),
        gross_minor=sum(fact.total_minor for fact in sales),
        discount_minor=sum(d.amount_minor for fact in sales for line in fact.lines for d in line.discounts),
        cash_rounding_minor=sum(fact.cash_rounding_minor for fact in sales),
        voided_line_count=sum(len(fact.voided_lines) for fact in sales),
        voided_sale_count=sum(isinstance(fact, sale.SaleVoided) for _, _, fact in mine),
        float_minor=opened.float_minor,
        paid_in_minor=moved(cash.PAID_IN),
        paid_out_minor=moved(cash.PAID_OUT),
        safe_drop_minor=moved(cash.SAFE_DROP),
        no_sale_count=sum(isinstance(fact, cash.DrawerOpened) for _, _, fact in mine),
        expected_minor=opened.float_minor + kept - refunded_cash + sum(move.signed_minor() for move in moves),
        refund_count=len(refunds),
        refund_minor=sum(fact.total_minor for fact in refunds),
        refund_cash_minor=refunded_cash,
        grand_total_minor=sum(fact.total_minor for _, _, fact in facts if isinstance(fact, sale.SalePosted)),
        first_seq=mine[0][0],
        last_seq=facts[-1][0],
        taxes=_taxes(sales),
        tenders=(cash.TenderTotal(sale.CASH, len(sales), kept),) if sales else (),
        first_receipt=sales[0].receipt_number if sales else "",
        last_receipt=sales[-1].receipt_number if sales else "",
    )


def _taxes(sales: list[sale.SalePosted]) -> tuple[cash.TaxTotal, ...]:
    sums: dict[str, cash.TaxTotal] = {}
    for tax in (tax for fact in sales for tax in fact.taxes):
        before = sums.get(tax.tax_id)
        sums[tax.tax_id] = cash.TaxTotal(
            tax.tax_id,
            tax.name,
            tax.rate_ppm,
            tax.base_minor + (before.base_minor if before else 0),
            tax.amount_minor + (before.amount_minor if before else 0),
        )
    return tuple(sums.values())
