"""What the till's core needs from outside: time, ids, the catalogue, the books, the journal's unsent end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from hardware.receipt_document import ReceiptDocument
from hardware.scales.base import Reading, WeighRequest
from hardware.terminals.base import Payment, Request, Step
from shared_models.cash import ShiftClosed, ShiftOpened, ShiftTotals
from shared_models.catalogue import Category, Offer
from shared_models.events import Fact
from shared_models.leases import LeaseReply, LeaseRequest, ParkedListing, ReceiptStated
from shared_models.moment import Moment
from shared_models.offline_limits import Spending, Spent
from shared_models.promotions import Promotion
from shared_models.refund import RefundPosted
from shared_models.sale import SalePosted
from shared_models.staff import StaffMember
from shared_models.store_config import StoreConfig


class Clock(Protocol):
    def now(self) -> Moment:
        """The wall clock. It may jump; nothing is ordered by it."""

    def monotonic_ms(self) -> int:
        """Never goes back; for idle locks and lock-outs."""


class Ids(Protocol):
    def new(self) -> str:
        """A fresh id, 32 hex digits."""


class Catalogue(Protocol):
    """Reference data as this till has it now. Every answer is from the local copy and takes microseconds."""

    def store(self) -> StoreConfig | None:
        """None until the first catalogue has arrived."""

    def by_code(self, code: str, at: Moment) -> Offer | None:
        """`code` is a canonical GTIN or any other code of a product, its SKU too; exact case first."""

    def by_id(self, product_id: str, at: Moment) -> Offer | None: ...

    def variants(self, product_id: str, at: Moment) -> tuple[Offer, ...]:
        """Of a parent, in the order of their numbers; empty for every other product."""

    def search(self, text: str, at: Moment, limit: int = 40) -> tuple[Offer, ...]:
        """By the beginnings of words, in rank order, with typos forgiven where nothing fits exactly."""

    def categories(self) -> tuple[Category, ...]: ...

    def in_category(self, category_id: str, at: Moment, limit: int = 60) -> tuple[Offer, ...]:
        """Without variants: their parent stands for them."""

    def staff(self) -> tuple[StaffMember, ...]: ...

    def promotions(self) -> tuple[Promotion, ...]:
        """All that this store has, in force or not; the same tuple until something has come down."""


class PinCheck(Protocol):
    def matches(self, pin_hash: str, pin: str) -> bool:
        """Argon2id; takes tens of milliseconds on purpose."""


class ParkedSale(msgspec.Struct, frozen=True):
    """A ticket put aside. `body` is the cart as the core wrote it, opaque to the store.

    `version` counts how often it was parked or changed hands. `is_shared`: the server may know of it, so another till
    may have it by now.
    """

    sale_id: str
    label: str
    parked_at: Moment
    operator_name: str
    total_minor: int
    line_count: int
    body: bytes
    version: int = 0
    is_shared: bool = False


class PostedSale(msgspec.Struct, frozen=True):
    """A sale with its place in the journal; `evidence` is what its receipt prints of it."""

    sale: SalePosted
    at: Moment
    seq: int
    evidence: str
    copies: int = 0


class OpenShift(msgspec.Struct, frozen=True):
    opened: ShiftOpened
    opened_at: Moment
    saved_count: bytes = b""
    """A blind count that was put aside, as the core wrote it."""


class Unsent(msgspec.Struct, frozen=True):
    """What the server has not acknowledged: entries, the oldest's time, and the sales' worth."""

    entries: int
    oldest_at_ms: int | None
    value_minor: int


class KeptNumber(Protocol):
    """Survives a restart; 0 before the first. Keeping it may raise what `Books` raises."""

    def get(self) -> int: ...

    def keep(self, number: int) -> None: ...


class Books(Protocol):
    """The till's own database. Every `post…` is one durable transaction: once back, the facts can't be lost.

    Raises `StorageFull` or `StorageFailed` (pos_client.till.errors); then nothing of the call has happened.
    """

    @property
    def wrong_pins(self) -> KeptNumber:
        """How many were typed since the last right one: a restart is no new start for who guesses."""

    def post_sale(self, sale: SalePosted, *also: Fact, open_drawer: bool) -> PostedSale:
        """Receipt number, sealed entries, projections, queued receipt and drawer pulse: all or none.

        `also` are facts that the sale brings about: what was spent of gift cards, and what was put on them.
        """

    def post(
        self, *facts: Fact, document: ReceiptDocument | None = None, drawer_reason: str = "", note: str = ""
    ) -> tuple[int, ...]:
        """Seal other facts in order, with a document and a drawer pulse if asked; returns their sequences.

        Without facts only the document is queued: an X report changes nothing.
        """

    def park(self, parked: ParkedSale, fact: Fact) -> None: ...

    def recall(self, sale_id: str, fact: Fact, lease_id: str = "") -> ParkedSale:
        """Takes it out; a ticket is never in two places. `lease_id` is what the server gave it out under."""

    def take_over(self, body: bytes, fact: Fact, lease_id: str) -> None:
        """Another till's ticket is the ticket in progress here, and its lease is used."""

    def parked(self) -> tuple[ParkedSale, ...]: ...

    def save_count(self, body: bytes) -> None:
        """Put a half-done blind count aside, until the shift is closed."""

    def save_cart(self, body: bytes) -> None:
        """Keep the ticket in progress across a crash (not a fact, not journaled); b'' when there is none."""

    def saved_cart(self) -> bytes: ...

    def open_shift(self) -> OpenShift | None: ...

    def next_shift_number(self) -> int: ...

    def shift_totals(self, shift_id: str) -> ShiftTotals: ...

    def previous_closing_hash(self) -> str: ...

    def head(self) -> tuple[int, bytes]:
        """Sequence and hash of the newest entry of the current incarnation."""

    def next_receipt_number(self) -> str:
        """What the next sale will be called; shown on the screen, given for good only at the commit."""

    def sale(self, receipt_number: str) -> PostedSale | None: ...

    def last_sale(self) -> PostedSale | None: ...

    def recent_sales(self, limit: int = 50) -> Sequence[PostedSale]: ...

    def taken_back(self, sale_id: str) -> Mapping[int, int]:
        """Thousandths of each line that this till took back, by line number."""

    def unasked(self, kind: Spending, sale_id: str, business_date: str) -> Spent:
        """What this till did on its own word: on this receipt, and on this business day."""

    def unsent(self) -> Unsent: ...


class Escrow(msgspec.Struct, frozen=True):
    """Part of a card that was put aside for this till, to be spent whether or not there is a line."""

    lease_id: str
    left: int


class LeaseAnswer(msgspec.Struct, frozen=True):
    """`reply` is None where the server can't be asked now. `ends_mono_ms`: when a lease ends, on `monotonic_ms`."""

    reply: LeaseReply | None
    ends_mono_ms: int = 0


class ReceiptAnswer(msgspec.Struct, frozen=True):
    """`reached` is false where the server can't be asked now."""

    reached: bool
    stated: ReceiptStated = ReceiptStated()


class ParkedAnswer(msgspec.Struct, frozen=True):
    """What is parked in the store, this till's own included. `reached` is false where the server can't be asked now."""

    reached: bool
    listings: tuple[ParkedListing, ...] = ()


class Lending(Protocol):
    """The server's word on what must not be spent twice. Nothing here waits: an answer comes later, or never.

    Whoever does not want an answer any more gives the lease back, also one that is still being asked for.
    """

    def ask(self, wanted: LeaseRequest) -> None: ...

    def answer(self, lease_id: str) -> LeaseAnswer | None:
        """None as long as there is none; given out once."""

    def ask_receipt(self, receipt_number: str) -> None: ...

    def receipt(self, receipt_number: str) -> ReceiptAnswer | None:
        """None as long as there is none; given out once."""

    def share_parked(self) -> None:
        """A ticket was put aside: other tills may have it."""

    def ask_parked(self) -> None: ...

    def parked(self) -> ParkedAnswer | None:
        """None as long as there is none; given out once."""

    def give_back(self, lease_id: str) -> None: ...

    def escrows(self, account: str, subject: str) -> tuple[Escrow, ...]:
        """What was put aside of it for this till."""


class GiveBack(msgspec.Struct, frozen=True):
    """The refund that is posted once its card's part went back, and the payment to reverse for it, where one may do."""

    refund: RefundPosted
    undoes: Payment | None = None


CardTask = Literal["payment", "refund", "end_of_day"]


class CardIntent(msgspec.Struct, frozen=True):
    """What the card terminal is asked to do, written down before it hears of it.

    `state`: created (nothing was sent), sent (it may be paid from now on), uncertain, approved, declined, reversing,
    reversed, used (its sale or refund is posted). `request` is None until it is sent. `reason` is for the cashier.
    """

    intent_id: str
    sale_id: str
    amount_minor: int
    currency: str
    state: str = "created"
    request: Request | None = None
    payment: Payment | None = None
    reason: str = ""
    decided_by: str = ""
    kind: CardTask = "payment"
    give_back: GiveBack | None = None
    """Of a refund."""

    @property
    def is_settled(self) -> bool:
        """Nothing is to come of it any more from the terminal."""
        return self.state in ("approved", "declined", "reversed", "used")


class CardPayments(Protocol):
    """The card terminal and what the till's database knows of its payments. Only `begin` and the likes write; the
    terminal itself is another thread's, so nothing here waits for it.
    """

    @property
    def is_set_up(self) -> bool: ...

    def open_intents(self) -> tuple[CardIntent, ...]:
        """Those whose sale is not posted and whose money has not gone back, the oldest first."""

    def begin(self, sale_id: str, amount_minor: int, currency: str) -> CardIntent:
        """Commits the intent, then asks the terminal."""

    def give_back(self, task: GiveBack) -> CardIntent:
        """As `begin`, for the card's part of a refund."""

    def end_day(self, currency: str) -> CardIntent:
        """Asks for the terminal's end of day. Approved, `payment` holds its total and, for the merchant, its text;
        None there means that the terminal was asked and never said what came of it.
        """

    def day_reported(self, intent_id: str) -> None:
        """Its report is printed: it is over."""

    def look(self, intent_id: str) -> CardIntent: ...

    def step(self) -> Step:
        """What goes on at the terminal now."""

    def was_asked(self, intent_id: str) -> bool:
        """Whether the terminal was asked what became of it, and could not say."""

    def cancel(self) -> None:
        """A wish; what comes of it the terminal says."""

    def decide(self, intent_id: str, *, paid: bool, by: str) -> CardIntent:
        """A person has looked at the terminal. An answer that came meanwhile stays."""

    def reverse(self, intent_id: str) -> CardIntent:
        """Gives the whole payment back."""


class NoTerminal:
    """`CardPayments` of a till that takes no cards."""

    is_set_up = False

    def open_intents(self) -> tuple[CardIntent, ...]:
        return ()

    def begin(self, sale_id: str, amount_minor: int, currency: str) -> CardIntent:
        raise AssertionError("there is no terminal")

    def give_back(self, task: GiveBack) -> CardIntent:
        raise AssertionError("there is no terminal")

    def end_day(self, currency: str) -> CardIntent:
        raise AssertionError("there is no terminal")

    def day_reported(self, intent_id: str) -> None:
        raise AssertionError("there is no terminal")

    def look(self, intent_id: str) -> CardIntent:
        raise AssertionError("there is no terminal")

    def step(self) -> Step:
        return Step("other")

    def was_asked(self, intent_id: str) -> bool:
        return False

    def cancel(self) -> None:
        pass

    def decide(self, intent_id: str, *, paid: bool, by: str) -> CardIntent:
        raise AssertionError("there is no terminal")

    def reverse(self, intent_id: str) -> CardIntent:
        raise AssertionError("there is no terminal")


class ScaleLook(msgspec.Struct, frozen=True):
    """The scale's last word for a weighing; None before the first. `told` is what came of the last zero or tare."""

    reading: Reading | None = None
    told: Reading | None = None


class Scales(Protocol):
    """The scale, asked again and again for one line at a time on a thread of its own: nothing here waits for it."""

    @property
    def is_set_up(self) -> bool: ...

    def begin(self, request: WeighRequest) -> int:
        """The number of a new weighing; one that was under way is over."""

    def look(self, weighing: int) -> ScaleLook:
        """Of this weighing alone: what the scale says for another is never seen here."""

    def zero(self, weighing: int) -> None:
        """A wish, like `tare`; what came of it is in `look`."""

    def tare(self, weighing: int) -> None: ...

    def end(self, weighing: int) -> None: ...


class NoScale:
    """`Scales` of a till where weights are typed."""

    is_set_up = False

    def begin(self, request: WeighRequest) -> int:
        raise AssertionError("there is no scale")

    def look(self, weighing: int) -> ScaleLook:
        return ScaleLook()

    def zero(self, weighing: int) -> None:
        pass

    def tare(self, weighing: int) -> None:
        pass

    def end(self, weighing: int) -> None:
        pass


class Paper(Protocol):
    """Facts as documents to print. `posted.copies` says which copy a receipt is; 0 is the original."""

    def receipt(self, posted: PostedSale, store: StoreConfig) -> ReceiptDocument: ...

    def refund(self, refund: RefundPosted, store: StoreConfig, at: Moment) -> ReceiptDocument: ...

    def card_day(self, intent: CardIntent, store: StoreConfig, at: Moment) -> ReceiptDocument: ...

    def x_report(
        self, totals: ShiftTotals, store: StoreConfig, operator_name: str, at: Moment
    ) -> ReceiptDocument: ...

    def z_report(self, closed: ShiftClosed, store: StoreConfig, at: Moment) -> ReceiptDocument: ...
