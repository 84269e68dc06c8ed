"""Everything that an operator can do at a till. The screens know only this; `session.TillSession` is it."""

from __future__ import annotations

from typing import Protocol

from pos_client.till.state import QuickPage, TillState
from shared_models.catalogue import Category, Offer


class Till(Protocol):
    """Each action returns the state after it and never raises for anything that can happen in a shop:

    what was wrong is in `state.notice`, and then nothing else has changed.
    """

    @property
    def state(self) -> TillState: ...

    # people
    def log_in(self, pin: str) -> TillState: ...
    def log_out(self) -> TillState: ...
    def lock(self) -> TillState:
        """The idle lock: the ticket stays."""

    # shift and cash
    def open_shift(self, float_minor: int) -> TillState: ...
    def pay_in(self, amount_minor: int, reason: str) -> TillState: ...
    def pay_out(self, amount_minor: int, reason: str) -> TillState: ...
    def safe_drop(self, amount_minor: int, reason: str) -> TillState: ...
    def open_drawer(self, reason: str) -> TillState: ...
    def x_report(self, *, print_it: bool = False) -> TillState: ...
    def end_card_day(self) -> TillState:
        """The card terminal's; `hear` says what came of it. Selling goes on meanwhile."""

    def dismiss_report(self) -> TillState: ...
    def start_count(self) -> TillState: ...
    def count(self, denomination_minor: int, pieces: int) -> TillState: ...
    def save_count(self) -> TillState: ...
    def confirm_count(self) -> TillState: ...
    def recount(self) -> TillState: ...
    def close_shift(self, approver_pin: str = "") -> TillState: ...

    # ticket
    def scan(self, text: str) -> TillState:
        """A code from a scanner, or typed and entered; may carry a multiplier ('3*4006381333931')."""

    def add_product(self, product_id: str) -> TillState: ...
    def choose_variant(self, product_id: str) -> TillState:
        """A cell of `state.choice`; every other action puts the choice away."""

    def dismiss_choice(self) -> TillState: ...
    def select(self, index: int) -> TillState: ...
    def set_quantity(self, quantity_milli: int) -> TillState:
        """Of the selected line."""

    def set_price(self, unit_price_minor: int, reason: str) -> TillState: ...
    def discount_line(
        self, *, percent_ppm: int = 0, amount_minor: int = 0, reason: str = ""
    ) -> TillState: ...
    def discount_sale(
        self, *, percent_ppm: int = 0, amount_minor: int = 0, reason: str = ""
    ) -> TillState: ...
    def note_line(self, text: str) -> TillState: ...
    def void_line(self) -> TillState: ...
    def void_sale(self) -> TillState:
        """Asks first: leaves a question."""

    def park(self, label: str = "") -> TillState: ...
    def look_at_parked(self) -> TillState:
        """Asks what the other tills of the store have put aside; `hear` brings it into `state.parked`."""

    def recall(self, sale_id: str) -> TillState:
        """Asks the server first where another till may have the ticket by now: see `hear`."""

    def answer(self, yes: bool, value: str = "") -> TillState:
        """Answers `state.question`; `value` is what it needs (PIN, quantity, amount or text as typed)."""

    def zero_scale(self) -> TillState:
        """While a line is weighed; `hear` brings what came of it into `state.weighing`."""

    def tare_scale(self) -> TillState: ...
    def dismiss_notice(self) -> TillState: ...

    # payment
    def start_tender(self) -> TillState: ...
    def tender_cash(self, received_minor: int) -> TillState: ...
    def tender_gift(self, card: str = "") -> TillState:
        """With a gift card, for what is open or what is on it. Asks the server: see `hear`."""

    def tender_points(self, member: str = "") -> TillState:
        """With a member's points, where the store takes them."""

    def tender_card(self, amount_minor: int = 0) -> TillState:
        """Asks the card terminal for it, or for what is open; `hear` goes on. Nothing else is done meanwhile."""

    def cancel_card(self) -> TillState:
        """A wish: the terminal says what came of it."""

    def card_was_paid(self, *, paid: bool) -> TillState:
        """Somebody has looked at a terminal that can't say itself. Asks first: leaves a question."""

    def remove_tender(self) -> TillState: ...
    def back_to_sale(self) -> TillState: ...
    def finish_sale(self) -> TillState: ...
    def next_sale(self) -> TillState:
        """Leaves the change display; a scan does so too."""

    def put_card_aside(self, card: str, amount_minor: int) -> TillState:
        """So much of a gift card is for this till alone, to be spent without a line. Asks the server."""

    def return_card(self, card: str) -> TillState: ...

    # taking back
    def start_refund(self, receipt_number: str = "") -> TillState:
        """Opens a receipt of any till. Asks the server what went back of it, and goes on without where it must."""

    def take_back(self, index: int, quantity_milli: int) -> TillState:
        """So much of a line of the receipt, in thousandths; 0 for none of it."""

    def take_all_back(self) -> TillState: ...
    def refund_in_cash(self, *, in_cash: bool) -> TillState:
        """Cash for what a card paid, or to the card after all. Cash needs the right to."""

    def give_money_back(self, reason: str = "") -> TillState:
        """Asks the server, then the card terminal for what a card gets, then posts the refund and opens the drawer."""

    def leave_refund(self) -> TillState: ...

    # waiting for the server
    def hear(self) -> TillState:
        """Goes on where the server has answered what `state.waiting` says; else nothing changes.

        Any other action ends the wait instead, and gives back what was asked for.
        """

    def stop_waiting(self) -> TillState: ...

    def reprint(self, receipt_number: str = "") -> TillState:
        """The last receipt, or the named one, marked COPY."""

    # looking
    def search(self, text: str) -> tuple[Offer, ...]: ...
    def is_coupon(self, text: str) -> bool:
        """Whether it is a coupon's code, in its time or not: typed, it is scanned and not searched for."""

    def quick_pages(self) -> tuple[QuickPage, ...]: ...
    def categories(self) -> tuple[Category, ...]: ...
    def in_category(self, category_id: str) -> tuple[Offer, ...]: ...
    def recent_receipts(self) -> tuple[str, ...]: ...
