"""What lies on the counter between two actions: operator, shift, ticket, payment, count, reports."""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec

from pos_client.till.asking import Asking
from pos_client.till.cart import Cart
from pos_client.till.counting import Counting
from pos_client.till.parking import CartWriter, decode_cart
from pos_client.till.people import People
from pos_client.till.ports import (
    Books,
    CardIntent,
    CardPayments,
    Catalogue,
    Clock,
    Ids,
    Lending,
    NoScale,
    NoTerminal,
    OpenShift,
    Paper,
    PinCheck,
    Scales,
)
from pos_client.till.promoting import Promoting
from pos_client.till.refusals import Asked, Refused
from pos_client.till.returns import Refund
from pos_client.till.state import DoneView, Phase, Severity
from pos_client.till.tendering import Payment
from pos_client.till.ticket_totals import TicketPricing, TicketTotals
from pos_client.till.variants import Choosing
from pos_client.till.weighed_line import WeighedLine
from shared_models.cash import ShiftClosed, ShiftTotals
from shared_models.errors import ShopError
from shared_models.leases import ParkedListing
from shared_models.staff import Permission, StaffMember
from shared_models.store_config import StoreConfig

_log = logging.getLogger(__name__)


class Ports(msgspec.Struct, frozen=True):
    """Everything outside that a till's core needs."""

    clock: Clock
    ids: Ids
    catalogue: Catalogue
    books: Books
    pins: PinCheck
    paper: Paper
    lending: Lending
    cards: CardPayments = NoTerminal()
    scales: Scales = NoScale()


class Desk:
    """Holds the cart, and everything else as frozen values; which screen is on follows from what is there."""

    def __init__(self, till_id: str, ports: Ports, *, training: bool = False) -> None:
        """`training`: every sale is marked as practice."""
        self.till_id = till_id
        self.training = training
        self.ports = ports
        wrong_pins = ports.books.wrong_pins.get()
        self.people = People(ports.catalogue, ports.clock, ports.pins, wrong_pins, self._keep_wrong_pins)
        self.cart = Cart(ports.ids.new(), ports.clock.now().at_ms)
        self.restored = self._restore_cart()
        self.shift: OpenShift | None = ports.books.open_shift()
        self.parked = ports.books.parked()
        self.parked_elsewhere: tuple[ParkedListing, ...] = ()
        self.sale_name = ports.books.next_receipt_number()
        self.payment: Payment | None = None
        self.choosing: Choosing | None = None
        self.counting: Counting | None = None
        self.unsent_sales = 0
        self.done: DoneView | None = None
        self.paid = False
        self.x_report: ShiftTotals | None = None
        self.z_report: ShiftClosed | None = None
        self.asking = Asking(ports.lending)
        self.card: CardIntent | None = None
        """What the terminal is at work on: a payment, or money for a card."""
        self.weighing = WeighedLine(ports.scales)
        self.refund: Refund | None = None
        self.promoting = Promoting(ports.catalogue, ports.clock)
        self._pricing = TicketPricing(self.promoting.on_ticket)
        self._writer = CartWriter()
        self.say: Callable[[Severity, Refused | ShopError], None] = _nobody_listens

    @property
    def phase(self) -> Phase:
        if self.ports.catalogue.store() is None:
            return Phase.WAITING
        if self.people.operator is None:
            return Phase.LOCKED
        if self.z_report is not None:
            return Phase.CLOSED
        if self.shift is None:
            return Phase.NO_SHIFT
        if self.counting is not None:
            return Phase.COUNTED if self.counting.is_confirmed() else Phase.COUNT
        if self.payment is not None:
            return Phase.TENDER
        if self.refund is not None or (self.card is not None and self.card.give_back is not None):
            return Phase.REFUND
        return Phase.CHANGE if self.paid else Phase.SALE

    # what an action may rely on

    def store(self) -> StoreConfig:
        store = self.ports.catalogue.store()
        if store is None:
            raise Refused("no_catalogue")
        return store

    def open_shift(self) -> OpenShift:
        if self.shift is None:
            raise Refused("no_shift")
        return self.shift

    def require(self, *phases: Phase) -> None:
        """Raises the refusal that fits when the till is on another screen."""
        phase = self.phase
        if phase not in phases:
            raise Refused(_OTHER_PHASE[phase])

    def seller(self) -> StaffMember:
        """The operator, who must be allowed to sell, on the sale screen; leaves the change display."""
        self.require(Phase.SALE, Phase.CHANGE)
        member = self.people.current()
        if not member.may(Permission.SELL):
            raise Refused("not_allowed", name=member.name)
        self.paid = False
        return member

    def approved(self, permission: Permission, action: Callable[[str], None]) -> None:
        """Does the action if the operator may, else once someone who may has given a PIN.

        `action` gets the approver's id, empty where none was needed.
        """
        if self.people.current().may(permission):
            action("")
            return

        def with_pin(pin: str) -> None:
            action(self.people.approver(pin, permission).staff_id)

        raise Asked("approver_pin", with_pin, needs="pin", permission=permission.value)

    def totals(self) -> TicketTotals:
        """A payment keeps the rounding that it began with, whatever head office sends meanwhile."""
        policy = self.payment.policy if self.payment else self.store().rounding_policy
        return self._pricing.totals(self.cart, policy)

    def _keep_wrong_pins(self, count: int) -> None:
        """A disk that takes nothing keeps nobody out and lets nobody in: the count then lasts until the till ends."""
        try:
            self.ports.books.wrong_pins.keep(count)
        except ShopError as trouble:
            _log.warning("the number of wrong PINs is not kept: %s", trouble.message)

    # keeping the ticket

    def save_cart(self) -> None:
        """Keeps the ticket across a crash. Failing at it is said, and stops no sale."""
        try:
            self.ports.books.save_cart(self.cart_bytes())
        except ShopError:
            self.say(Severity.DANGER, Refused("cart_not_saved"))

    def cart_bytes(self) -> bytes:
        return self._writer.encode(self.cart)

    def begin_sale(self) -> None:
        """The ticket is sold, parked or given up, and the journal says so: nothing may bring it back."""
        self.cart.begin(self.ports.ids.new(), self.ports.clock.now().at_ms)
        self.payment = None
        self.sale_name = self.ports.books.next_receipt_number()
        self.save_cart()

    def _restore_cart(self) -> bool:
        body = self.ports.books.saved_cart()
        saved = decode_cart(body) if body else None
        if saved is None or self._was_settled(saved.sale_id):
            return False
        self.cart.restore(saved)
        return bool(saved.lines)

    def _was_settled(self, sale_id: str) -> bool:
        """A crash right after the commit leaves a saved ticket that is sold or parked already."""
        books = self.ports.books
        return any(posted.sale.sale_id == sale_id for posted in books.recent_sales(3)) or any(
            parked.sale_id == sale_id for parked in books.parked()
        )


_OTHER_PHASE = {
    Phase.WAITING: "no_catalogue",
    Phase.LOCKED: "not_logged_in",
    Phase.NO_SHIFT: "no_shift",
    Phase.SALE: "not_paying",
    Phase.CHANGE: "not_paying",
    Phase.TENDER: "paying",
    Phase.REFUND: "refunding",
    Phase.COUNT: "counting",
    Phase.COUNTED: "counting",
    Phase.CLOSED: "dismiss_report_first",
}


def _nobody_listens(severity: Severity, what: Refused | ShopError) -> None:
    """Until a session listens."""
