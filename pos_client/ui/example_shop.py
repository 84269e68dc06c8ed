"""An example shop in fixed states: what screenshots and tests of screens are taken of."""

from __future__ import annotations

from typing import Any

import msgspec

from pos_client.till.state import (
    CardView,
    CountView,
    DoneView,
    LineView,
    Notice,
    OperatorView,
    ParkedView,
    Phase,
    Question,
    QuickPage,
    RefundLineView,
    RefundView,
    Severity,
    ShiftView,
    TaxView,
    TenderLine,
    TenderView,
    TillState,
    TillStatus,
    VariantCell,
    VariantChoice,
    VariantColour,
    WeighingView,
    Words,
)
from shared_models.cash import Pieces, ShiftClosed, ShiftTotals, TaxTotal, TenderTotal
from shared_models.catalogue import Category, Offer, Price, Product, split_colour
from shared_models.moment import Moment

NOW = Moment(1_795_248_240_000, 60)  # 2026-11-21, 09:04 in the shop
_OPENED = Moment(NOW.at_ms - 62 * 60_000, 60)
_ORANGE, _PURPLE, _GREY, _GREEN, _BLUE, _PINK = (
    "#b54708",
    "#6e3fc3",
    "#5c6670",
    "#0b6e4f",
    "#1757d1",
    "#c11574",
)

CATEGORIES = (
    Category("c-bakery", "Bakery", colour=_ORANGE),
    Category("c-cafe", "Café", colour=_PURPLE),
    Category("c-fruit", "Fruit", colour=_GREEN),
    Category("c-drinks", "Drinks", colour=_BLUE),
    Category("c-clothing", "Clothing", colour=_PINK),
    Category("c-sundries", "Sundries", colour=_GREY),
)
_FAVOURITES = (
    ("Sourdough roll", 90, 0, ""),
    ("Croissant", 160, 0, ""),
    ("Espresso", 220, 1, ""),
    ("Cappuccino", 310, 1, ""),
    ("Carrier bag", 30, 5, ""),
    ("Apples Gala", 279, 2, "kg"),
    ("Bananas", 199, 2, "kg"),
    ("Tomatoes on the vine", 299, 2, "kg"),
    ("Still water 0.5 L", 95, 3, ""),
    ("Cola 0.33 L", 129, 3, ""),
    ("Newspaper", 240, 5, ""),
    ("Oat drink barista 1 L", 249, 3, ""),
    ("T-shirt basic", 1490, 4, ""),
    ("Stamp 0.95", 95, 5, ""),
    ("Flowers", 0, 5, ""),
    ("Wool scarf grey", 2490, 4, ""),
    ("Ice cubes 2 kg", 250, 3, ""),
    ("Matches", 50, 5, ""),
    ("Eggs 10 free range", 349, 2, ""),
    ("Milk 1 L", 119, 3, ""),
)


def offer(at: int) -> Offer:
    name, price_minor, category, unit = _FAVOURITES[at]
    product = Product(
        product_id=f"p-{at}",
        number=at,
        sku=f"{1000 + at}",
        name=name,
        tax_category_id="food",
        unit=unit or "piece",
        weighed=bool(unit),
        open_price=not price_minor,
        barcodes=(f"40063813339{at:02d}",),
    )
    return Offer(product, Price(f"r-{at}", f"p-{at}", price_minor), (), CATEGORIES[category])


OFFERS = tuple(offer(at) for at in range(len(_FAVOURITES)))


def _small(code: str, tax_ppm: int, *more: Words) -> tuple[Words, ...]:
    tax = Words("tax", {"name": f"VAT {tax_ppm // 10_000} %", "rate_ppm": tax_ppm})
    return (Words("code", {"code": code}), tax, *more)


LINES = (
    LineView(1, "Oat drink barista 1 L", 2000, "piece", False, 249, 498, _small("7394376616228", 70_000)),
    LineView(
        2,
        "Tomatoes on the vine",
        350,
        "kg",
        True,
        299,
        105,
        _small("2100042", 70_000, Words("measured", {"unit_price_minor": 299, "unit": "kg"})),
    ),
    LineView(
        3,
        "Wool scarf · grey · one size",
        1000,
        "piece",
        False,
        2490,
        1992,
        _small(
            "SCARF-GR",
            190_000,
            Words("line_discount", {"label": "Winter sale", "rate_ppm": 200_000, "was_minor": 2490}),
        ),
    ),
    LineView(4, "Sourdough roll", 2000, "piece", False, 90, 180, _small("1000", 70_000)),
    LineView(
        5,
        "Chardonnay Reserve 0.75 L",
        1000,
        "piece",
        False,
        899,
        899,
        _small("4006381333931", 190_000, Words("age_confirmed", {"years": 18})),
    ),
    LineView(
        6,
        "Deposit 0.08",
        1000,
        "piece",
        False,
        8,
        8,
        (Words("deposit_for", {"name": "Chardonnay Reserve 0.75 L"}),),
    ),
)

SALE = TillState(
    phase=Phase.SALE,
    store_name="Harbour Street",
    till_id="03-2",
    currency="EUR",
    operator=OperatorView("s-ana", "Ana R.", ("till.sell", "till.discount")),
    shift=ShiftView("shift-312", 312, _OPENED, "Ana R.", "2026-11-21"),
    sale_name="03-2-K7Q-001284",
    lines=LINES,
    selected=4,
    to_pay_minor=3682,
    discount_minor=498,
    taxes=(
        TaxView("VAT 19 %", 190_000, 463, True),
        TaxView("VAT 7 %", 70_000, 51, True),
    ),
    done=DoneView("03-2-K7Q-001283", 1240, 760, 2000),
    parked=(
        ParkedView("k-1", "Mrs Weber", Moment(NOW.at_ms - 11 * 60_000, 60), "Ana R.", 2315, 4),
        ParkedView("k-2", "blue jacket", Moment(NOW.at_ms - 4 * 60_000, 60), "Max B.", 1990, 1),
    ),
)
STATUS = TillStatus(
    online=False,
    unsent_entries=14,
    oldest_unsent_at_ms=NOW.at_ms - 6 * 60_000,
    unsent_value_minor=41_280,
    catalogue_as_of_ms=NOW.at_ms - 9 * 60_000,
    printer_ok=True,
)

_TOTALS = ShiftTotals(
    shift_id="shift-312",
    number=312,
    opened_at_ms=_OPENED.at_ms,
    sale_count=43,
    line_count=171,
    net_minor=80_412,
    tax_minor=9_873,
    gross_minor=90_285,
    discount_minor=1_244,
    cash_rounding_minor=-3,
    voided_line_count=5,
    voided_sale_count=1,
    float_minor=15_000,
    paid_in_minor=2_000,
    paid_out_minor=1_250,
    safe_drop_minor=50_000,
    no_sale_count=2,
    expected_minor=56_032,
    grand_total_minor=1_840_229,
    first_seq=4_021,
    last_seq=4_079,
    taxes=(
        TaxTotal("vat19", "VAT 19 %", 190_000, 38_450, 7_305),
        TaxTotal("vat7", "VAT 7 %", 70_000, 41_962, 2_568),
    ),
    tenders=(TenderTotal("cash", 43, 90_282),),
    first_receipt="03-2-K7Q-001241",
    last_receipt="03-2-K7Q-001283",
)
_COUNTED = tuple(
    Pieces(denomination, pieces)
    for denomination, pieces in (
        (5000, 3),
        (2000, 11),
        (1000, 9),
        (500, 6),
        (200, 14),
        (100, 22),
        (50, 18),
        (20, 25),
        (10, 31),
    )
)
_PIECES = tuple(
    Pieces(denomination, {pile.denomination_minor: pile.pieces for pile in _COUNTED}.get(denomination, 0))
    for denomination in (50000, 20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1)
)


def _sale_with(**changes: Any) -> TillState:
    return msgspec.structs.replace(SALE, **changes)


_NO_SALE: dict[str, Any] = {
    "lines": (),
    "selected": None,
    "to_pay_minor": 0,
    "discount_minor": 0,
    "taxes": (),
}
_TENDER = TenderView(3680, -2, 0, 3680, 0, (3680, 3700, 4000, 5000, 10_000), (), False)
_CLOSED = ShiftClosed(
    shift_id="shift-312",
    number=312,
    store_id="03",
    till_id="03-2",
    operator_id="s-ana",
    operator_name="Ana R.",
    business_date="2026-11-21",
    currency="EUR",
    totals=_TOTALS,
    counted_minor=55_710,
    over_short_minor=-322,
    pieces=_COUNTED,
    head_hash="9f" * 32,
    previous_closing_hash="",
    unsent=14,
    approved_by="Max B.",
)

_SHIRTS = (
    ("navy #1a2b4c", "S M L XL"),
    ("white #ffffff", "S M L"),
    ("bottle green #0b6e4f", "M XL"),
    ("striped", "S M L XL"),
)
_SIZES = ("S", "M", "L", "XL")


def _shirt(number: int, colour: str, size: str) -> Offer:
    id = f"p-shirt-{number}"
    product = Product(
        id,
        900 + number,
        f"TEE-{number}",
        "T-shirt basic",
        "food",
        variant_of="p-12",
        size=size,
        colour=colour,
    )
    return Offer(product, Price(f"r-{id}", id, 1690 if size == "XL" else 1490), (), CATEGORIES[4])


SHIRTS = VariantChoice(
    "T-shirt basic",
    _SIZES,
    tuple(VariantColour(*split_colour(colour)) for colour, _ in _SHIRTS),
    tuple(
        VariantCell(_SIZES.index(size), row, _shirt(10 * row + _SIZES.index(size), colour, size))
        for row, (colour, sizes) in enumerate(_SHIRTS)
        for size in sizes.split()
    ),
)

_REFUND = RefundView(
    "03-1-K7Q-000412",
    (
        RefundLineView("Oat drink barista 1 L", "piece", 3000, 2000, 1000, 249),
        RefundLineView("Tomatoes on the vine", "kg", 645, 645, 0, 0),
        RefundLineView("Gift card", "piece", 1000, 0, 0, 0),
    ),
    249,
)
_TO_CARD = msgspec.structs.replace(_REFUND, to_card_minor=149, cash_minor=100, card_paid=True)
_GOES_BACK = CardView(
    149, Words("card_present_card", {"amount_minor": 149}), can_cancel=True, gives_back=True
)

STATES: dict[str, TillState] = {
    "waiting": TillState(phase=Phase.WAITING, till_id="03-2"),
    "locked": _sale_with(phase=Phase.LOCKED, operator=None, shift=None, **_NO_SALE),
    "no_shift": _sale_with(phase=Phase.NO_SHIFT, shift=None, **_NO_SALE),
    "sale_empty": _sale_with(**_NO_SALE),
    "sale": SALE,
    "sale_notice": _sale_with(
        notice=Notice(7, Severity.WARNING, Words("unknown_barcode", {"code": "4006381333948"}))
    ),
    "question_void": _sale_with(question=Question(Words("void_sale", {"amount_minor": 3682}), "void_sale")),
    "question_age": _sale_with(
        question=Question(
            Words(
                "confirm_age",
                {"name": "Chardonnay Reserve 0.75 L", "years": 18, "born_on_or_before": "2008-11-21"},
            ),
            "confirm_age",
        )
    ),
    "variants": _sale_with(choice=SHIRTS),
    "question_pin": _sale_with(question=Question(Words("approver_pin", {}), "approver_pin", "pin")),
    "question_weight": _sale_with(
        question=Question(
            Words("enter_quantity", {"name": "Tomatoes on the vine", "unit": "kg"}),
            "enter_quantity",
            "quantity",
        )
    ),
    "question_price": _sale_with(
        question=Question(Words("enter_price", {"name": "Flowers"}), "enter_price", "amount")
    ),
    "weighing": _sale_with(
        question=Question(Words("weigh", {"name": "Tomatoes on the vine", "unit": "kg"}), "weigh", "weight"),
        weighing=WeighingView(Words("scale_stable"), "kg", 350, is_net=True, can_take=True),
    ),
    "question_serial": _sale_with(
        question=Question(Words("enter_serial", {"name": "Headphones HX-2"}), "enter_serial", "text")
    ),
    "tender": _sale_with(phase=Phase.TENDER, tender=_TENDER),
    "tender_part": _sale_with(
        phase=Phase.TENDER,
        tender=msgspec.structs.replace(
            _TENDER,
            received_minor=2000,
            open_minor=1680,
            quick_minor=(1680, 1700, 2000, 5000, 10_000),
            tenders=(TenderLine("cash", 2000),),
        ),
    ),
    "tender_card": _sale_with(
        phase=Phase.TENDER,
        tender=msgspec.structs.replace(_TENDER, takes_cards=True),
        card=CardView(3680, Words("card_present_card", {"amount_minor": 3680}), can_cancel=True),
    ),
    "tender_card_undecided": _sale_with(
        phase=Phase.TENDER,
        tender=msgspec.structs.replace(_TENDER, takes_cards=True),
        card=CardView(
            3680,
            Words(
                "card_undecided",
                {"amount_minor": 3680, "reason": "The terminal's last payment is of another amount."},
            ),
            can_decide=True,
        ),
    ),
    "refund": _sale_with(phase=Phase.REFUND, refund=_REFUND, **_NO_SALE),
    "refund_to_card": _sale_with(phase=Phase.REFUND, refund=_TO_CARD, **_NO_SALE),
    "refund_at_terminal": _sale_with(phase=Phase.REFUND, refund=_TO_CARD, card=_GOES_BACK, **_NO_SALE),
    "refund_asking": _sale_with(
        phase=Phase.REFUND, refund=_REFUND, waiting=Words("asking_refund"), **_NO_SALE
    ),
    "tender_points": _sale_with(
        phase=Phase.TENDER, tender=msgspec.structs.replace(_TENDER, takes_points=True)
    ),
    "question_card": _sale_with(
        phase=Phase.TENDER, tender=_TENDER, question=Question(Words("enter_card"), "enter_card", "text")
    ),
    "change": _sale_with(
        phase=Phase.CHANGE,
        done=DoneView("03-2-K7Q-001284", 3682, 1320, 5000),
        **{**_NO_SALE, "sale_name": "03-2-K7Q-001285"},
    ),
    "x_report": _sale_with(x_report=_TOTALS, **_NO_SALE),
    "count": _sale_with(phase=Phase.COUNT, count=CountView(_PIECES, 55_710, 15_000, 14), **_NO_SALE),
    "counted": _sale_with(
        phase=Phase.COUNTED,
        count=CountView(_PIECES, 55_710, 15_000, 14, 56_032, -322, True),
        **_NO_SALE,
    ),
    "closed": _sale_with(phase=Phase.CLOSED, z_report=_CLOSED, shift=None, **_NO_SALE),
}


COUPON = "oat"
"""Also the beginning of a product's name, which a typed coupon must not pick."""


class ShownTill:
    """A till that shows one state whatever is done, and writes down what was asked of it."""

    def __init__(self, state: TillState = SALE) -> None:
        self.state = state
        self.asked: list[tuple[str, tuple[object, ...], dict[str, object]]] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def act(*values: object, **named: object) -> TillState:
            self.asked.append((name, values, named))
            return self.state

        return act

    def search(self, text: str) -> tuple[Offer, ...]:
        wanted = text.casefold()
        return tuple(found for found in OFFERS if wanted in found.product.name.casefold())

    def is_coupon(self, text: str) -> bool:
        return text.casefold() == COUPON

    def quick_pages(self) -> tuple[QuickPage, ...]:
        return (QuickPage("Favourites", OFFERS),)

    def categories(self) -> tuple[Category, ...]:
        return CATEGORIES

    def in_category(self, category_id: str) -> tuple[Offer, ...]:
        return tuple(
            found for found in OFFERS if found.category and found.category.category_id == category_id
        )

    def recent_receipts(self) -> tuple[str, ...]:
        return ("03-2-K7Q-001283", "03-2-K7Q-001282", "03-2-K7Q-001281")
