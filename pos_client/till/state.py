"""What a till shows: one frozen value after every action. Amounts stay ints, words stay codes."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from shared_models.cash import Pieces, ShiftClosed, ShiftTotals
from shared_models.catalogue import Offer
from shared_models.moment import Moment


class Phase(StrEnum):
    """Which screen the till is on."""

    WAITING = "waiting"  # no catalogue yet: nothing to sell
    LOCKED = "locked"  # a PIN is wanted
    NO_SHIFT = "no_shift"  # logged in, float wanted
    SALE = "sale"
    TENDER = "tender"
    REFUND = "refund"  # a receipt is open: what of it is taken back
    CHANGE = "change"  # paid: change is shown until the next scan
    COUNT = "count"  # blind count
    COUNTED = "counted"  # count confirmed: expected and over/short are shown, closing wants confirmation
    CLOSED = "closed"  # Z report shown


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    DANGER = "danger"


class Words(msgspec.Struct, frozen=True):
    """A sentence to be put into the operator's language: `code` names it, `values` fill it.

    Values whose name ends in _minor are money, in _milli quantities, in _ppm rates, in _at_ms times.
    """

    code: str
    values: dict[str, str | int] = {}


class Notice(msgspec.Struct, frozen=True):
    """The one thing the operator should know now. `serial` grows, so the same notice twice is seen twice."""

    serial: int
    severity: Severity
    words: Words


class Question(msgspec.Struct, frozen=True):
    """Something that can't be undone, or needs an answer: the safe answer is no."""

    words: Words
    answer: str  # what `Till.answer` will do when yes: void_sale, confirm_age, …
    needs: str = ""  # '' yes or no, 'pin' an approver's PIN, 'quantity', 'weight', 'amount', 'text'


class VariantColour(msgspec.Struct, frozen=True):
    """`colour_hex` is '#1a2b4c', or empty where only the name is known."""

    name: str
    colour_hex: str = ""


class VariantCell(msgspec.Struct, frozen=True):
    """A variant there is, at its place among sizes and colours."""

    size_index: int
    colour_index: int
    offer: Offer


class VariantChoice(msgspec.Struct, frozen=True):
    """Which variant of `name` shall it be? A name among sizes or colours is empty where variants state none."""

    name: str
    sizes: tuple[str, ...]
    colours: tuple[VariantColour, ...]
    cells: tuple[VariantCell, ...]


class LineView(msgspec.Struct, frozen=True):
    """A ticket line as shown; `small_print` explains its price and holds its code."""

    line_no: int
    name: str
    quantity_milli: int
    unit: str
    weighed: bool
    unit_price_minor: int
    amount_minor: int
    small_print: tuple[Words, ...]


class TaxView(msgspec.Struct, frozen=True):
    name: str
    rate_ppm: int
    amount_minor: int
    included: bool


class TenderLine(msgspec.Struct, frozen=True):
    kind: str
    received_minor: int


class TenderView(msgspec.Struct, frozen=True):
    """The payment in progress. `due_minor` is to pay in cash, rounded; `open_minor` what is still missing."""

    due_minor: int
    rounding_minor: int
    received_minor: int
    open_minor: int
    change_minor: int
    quick_minor: tuple[int, ...]
    tenders: tuple[TenderLine, ...]
    can_finish: bool
    takes_points: bool = False
    takes_cards: bool = False


class CardView(msgspec.Struct, frozen=True):
    """A card payment at the terminal, or money that goes back: `words` say what goes on.

    `can_decide`: the terminal was asked and can't say, so somebody has to look at it.
    """

    amount_minor: int
    words: Words
    can_cancel: bool = False
    can_decide: bool = False
    gives_back: bool = False


class DoneView(msgspec.Struct, frozen=True):
    """The sale just posted, or the last one."""

    receipt_number: str
    total_minor: int
    change_minor: int
    received_minor: int


class WeighingView(msgspec.Struct, frozen=True):
    """What the scale shows for the line that asks, in the product's unit; None while it shows no weight.

    `is_net`: a tare is taken off. `can_take`: Enter would take it.
    """

    words: Words
    unit: str
    weight_milli: int | None = None
    is_net: bool = False
    can_take: bool = False


class RefundLineView(msgspec.Struct, frozen=True):
    """A line of the receipt: how much was sold, can still be taken back, and is taken back now."""

    name: str
    unit: str
    sold_milli: int
    left_milli: int
    chosen_milli: int
    amount_minor: int


class RefundView(msgspec.Struct, frozen=True):
    """`total_minor` is what the customer gets back, rounded for cash; `onto_card` names the gift card it goes onto.

    `to_card_minor` of it goes to a payment card and `cash_minor` comes out of the drawer. `card_paid`: a card has paid
    and may get money back; `in_cash`: cash was chosen instead.
    """

    receipt_number: str
    lines: tuple[RefundLineView, ...]
    total_minor: int
    onto_card: str = ""
    to_card_minor: int = 0
    cash_minor: int = 0
    in_cash: bool = False
    card_paid: bool = False


class ParkedView(msgspec.Struct, frozen=True):
    """`till_id` names another till that has put it aside; empty for this one."""

    sale_id: str
    label: str
    parked_at: Moment
    operator_name: str
    total_minor: int
    line_count: int
    till_id: str = ""


class CountView(msgspec.Struct, frozen=True):
    """A blind count. What the drawer should hold is absent until the count is confirmed."""

    pieces: tuple[Pieces, ...]
    counted_minor: int
    float_minor: int
    unsent_sales: int
    expected_minor: int | None = None
    over_short_minor: int | None = None
    needs_approval: bool = False


class OperatorView(msgspec.Struct, frozen=True):
    staff_id: str
    name: str
    permissions: tuple[str, ...]


class ShiftView(msgspec.Struct, frozen=True):
    shift_id: str
    number: int
    opened_at: Moment
    operator_name: str
    business_date: str


class TillState(msgspec.Struct, frozen=True, kw_only=True):
    phase: Phase
    store_name: str = ""
    till_id: str = ""
    training: bool = False
    currency: str = "EUR"
    operator: OperatorView | None = None
    shift: ShiftView | None = None
    sale_name: str = ""
    lines: tuple[LineView, ...] = ()
    selected: int | None = None
    """Index into `lines`: the line just touched."""
    to_pay_minor: int = 0
    discount_minor: int = 0
    taxes: tuple[TaxView, ...] = ()
    tender: TenderView | None = None
    done: DoneView | None = None
    card: CardView | None = None
    weighing: WeighingView | None = None
    """Beside a question that needs 'weight'; an empty answer takes the weight, digits are typed by hand."""
    refund: RefundView | None = None
    waiting: Words | None = None
    """What the server is being asked; `Till.hear` goes on once it has answered."""
    count: CountView | None = None
    x_report: ShiftTotals | None = None
    z_report: ShiftClosed | None = None
    parked: tuple[ParkedView, ...] = ()
    notice: Notice | None = None
    question: Question | None = None
    choice: VariantChoice | None = None
    """Open until a variant is chosen or anything else is done."""
    locked_until_ms: int = 0
    """On the monotonic clock: no PIN is taken before it."""


class QuickPage(msgspec.Struct, frozen=True):
    """A tab of quick keys: `colour` is each key's category's."""

    name: str
    keys: tuple[Offer, ...]


class TillStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Plain facts for the status line, from the workers; they show and never block."""

    online: bool | None = None
    by_hub: bool = False
    """By the store's hub, which passes on to head office."""
    unsent_entries: int = 0
    oldest_unsent_at_ms: int | None = None
    unsent_value_minor: int = 0
    catalogue_as_of_ms: int | None = None
    printer_ok: bool | None = None
    printer_message: str = ""
    unsure_receipts: tuple[str, ...] = ()
    """Numbers of receipts that may not have been printed."""
    clock_drift_ms: int = 0
    sync_message: str = ""
