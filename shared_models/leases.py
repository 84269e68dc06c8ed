"""Leases: the messages by which a till asks to spend what must not be spent twice, and says what became of it.

A till mints `lease_id` itself and asks with it as often as it must: the first answer stands. What it then did is said
twice, by the fact in its journal and by closing the lease, in whichever order they arrive.
"""

from __future__ import annotations

from typing import Literal

from shared_models.sale import SalePosted
from shared_models.sync_api import Message

Kind = Literal["gift", "loyalty", "refund", "parked", "escrow"]
Account = Literal["", "gift", "loyalty"]
State = Literal["granted", "denied", "captured", "released", "expired"]

GRANTED: State = "granted"
DENIED: State = "denied"
CAPTURED: State = "captured"
RELEASED: State = "released"
EXPIRED: State = "expired"

LONGEST_HOLD_MS = 15 * 60_000
LONGEST_ESCROW_MS = 30 * 24 * 3_600_000
MAX_CART_BYTES = 1 << 20
MAX_CLAIMED_LINES = 1000


class ClaimedLine(Message, frozen=True):
    """So much of one line of a sale is to be taken back; `line_no` counts as on its receipt."""

    line_no: int
    quantity_milli: int


class LeaseRequest(Message, frozen=True):
    """`subject` is a card, a loyalty member or a sale id; `amount` is minor units or points.

    For refund `lines` say what is taken back, and `amount` is nothing. For parked `amount` is the version that was
    seen. For escrow `account` says whether the subject is a gift card or a loyalty member.
    """

    lease_id: str
    kind: Kind
    subject: str
    amount: int = 0
    ttl_ms: int = LONGEST_HOLD_MS
    currency: str = ""
    account: Account = ""
    lines: tuple[ClaimedLine, ...] = ()


class LeaseReply(Message, frozen=True):
    """Where the lease stands. `code` and `reason` are for a denied till; `balance` is what is left to ask for.

    `expires_ms` is on the server's clock, whose time is `server_time_ms`. A parked sale comes with its `cart`, as
    another till wrote it, and the `version` under which the claimer now has it. For a refund `before` says how much of
    each line went back earlier, or is about to.
    """

    lease_id: str
    state: State
    amount: int = 0
    used: int = 0
    balance: int = 0
    expires_ms: int = 0
    server_time_ms: int = 0
    code: str = ""
    reason: str = ""
    version: int = 0
    cart: bytes = b""
    before: tuple[ClaimedLine, ...] = ()


class LeaseClosing(Message, frozen=True):
    """So much of the lease was spent, by facts that the journal brings; the rest is free again."""

    used: int = 0


class ParkedOffer(Message, frozen=True):
    """A ticket put aside, for every till of its store. `version` counts how often it changed hands or was parked."""

    sale_id: str
    version: int
    label: str
    operator_name: str
    parked_at_ms: int
    tz_min: int
    total_minor: int
    line_count: int
    cart: bytes


class ParkedListing(Message, frozen=True):
    """A parked ticket as a list shows it. `till_id` is who put it aside, and may take it up without asking."""

    sale_id: str
    version: int
    till_id: str
    label: str
    operator_name: str
    parked_at_ms: int
    tz_min: int
    total_minor: int
    line_count: int


class ParkedLook(Message, frozen=True):
    """What is parked in the store? `mine` are the sale ids that this till believes to have put aside."""

    mine: tuple[str, ...] = ()


class ParkedFate(Message, frozen=True):
    """What the server knows of a ticket that a till believes to have. `state` is parked, taken, gone or unknown."""

    sale_id: str
    state: str
    version: int = 0
    till_id: str = ""


class ParkedList(Message, frozen=True):
    """`fates` answer for `mine`, in their order."""

    listings: tuple[ParkedListing, ...] = ()
    fates: tuple[ParkedFate, ...] = ()


class ValueAsked(Message, frozen=True):
    """What is on a card, or a member's points?"""

    kind: Literal["gift", "loyalty"]
    subject: str
    currency: str = ""


class ValueStated(Message, frozen=True):
    """`available` is the balance less what others hold at this moment."""

    known: bool
    balance: int = 0
    available: int = 0


class ReceiptAsked(Message, frozen=True):
    """A receipt that is to be refunded, and that another till printed."""

    receipt_number: str


class ReceiptStated(Message, frozen=True):
    """The sale, or None where the server does not have it (yet). `before` is how much of each line went back."""

    sale: SalePosted | None = None
    before: tuple[ClaimedLine, ...] = ()
