"""The till: every action of `intents.Till`, each answered with the state after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pos_client.till.card_day import CardDay
from pos_client.till.card_paying import CardPaying
from pos_client.till.cart import CartSnapshot
from pos_client.till.desk import Desk, Ports
from pos_client.till.entry import Entry
from pos_client.till.paying import Paying
from pos_client.till.ports import (
    Books,
    CardPayments,
    Catalogue,
    Clock,
    Ids,
    Lending,
    NoScale,
    NoTerminal,
    Paper,
    PinCheck,
    Scales,
)
from pos_client.till.recalling import Recalling
from pos_client.till.refunding import Refunding
from pos_client.till.refusals import Asked, Refused, WrongPin
from pos_client.till.selling import Selling
from pos_client.till.shift import Shift
from pos_client.till.state import Notice, QuickPage, Severity, TillState, Words
from pos_client.till.stored_value import StoredValue
from pos_client.till.ticket import Ticket
from pos_client.till.view import StateView
from pos_client.till.words import NOTICES, SCALE_WORDS
from shared_models.cash import PAID_IN, PAID_OUT, SAFE_DROP
from shared_models.catalogue import Category, Offer
from shared_models.errors import ShopError

_RECENT_RECEIPTS = 50

T = TypeVar("T")


class TillSession:
    """Implements `intents.Till`. One thread only; nothing here waits for a network or a printer."""

    def __init__(
        self,
        till_id: str,
        *,
        clock: Clock,
        ids: Ids,
        catalogue: Catalogue,
        books: Books,
        pins: PinCheck,
        paper: Paper,
        lending: Lending,
        cards: CardPayments = NoTerminal(),  # noqa: B008 - it holds nothing
        scales: Scales = NoScale(),  # noqa: B008 - it holds nothing
        training: bool = False,
    ) -> None:
        ports = Ports(clock, ids, catalogue, books, pins, paper, lending, cards, scales)
        self._desk = Desk(till_id, ports, training=training)
        self._desk.say = self._say
        self._view = StateView(self._desk)
        self._entry = Entry(self._desk)
        self._selling = Selling(self._desk)
        self._ticket = Ticket(self._desk)
        self._recalling = Recalling(self._desk, self._ticket)
        self._value = StoredValue(self._desk)
        self._paying = Paying(self._desk, self._value)
        self._refunding = Refunding(self._desk)
        self._cards = CardPaying(self._desk, self._paying, self._refunding)
        self._card_day = CardDay(self._desk)
        self._shift = Shift(self._desk, self._ticket)
        self._notice: Notice | None = None
        self._notices = 0
        self._asked: Asked | None = None

    @property
    def state(self) -> TillState:
        return self._view.state(self._notice, self._asked.question if self._asked else None)

    # people

    def log_in(self, pin: str) -> TillState:
        return self._do(lambda: self._log_in(pin), beside_card=True)

    def _log_in(self, pin: str) -> None:
        self._entry.log_in(pin)
        self._card_day.catch_up()
        self._cards.catch_up()

    def log_out(self) -> TillState:
        self._asked = None
        return self._do(self._entry.log_out)

    def lock(self) -> TillState:
        self._asked = None
        return self._do(self._entry.lock, beside_card=True)

    # shift and cash

    def open_shift(self, float_minor: int) -> TillState:
        return self._do(lambda: self._shift.open_shift(float_minor))

    def pay_in(self, amount_minor: int, reason: str) -> TillState:
        return self._do(lambda: self._shift.move_cash(PAID_IN, amount_minor, reason))

    def pay_out(self, amount_minor: int, reason: str) -> TillState:
        return self._do(lambda: self._shift.move_cash(PAID_OUT, amount_minor, reason))

    def safe_drop(self, amount_minor: int, reason: str) -> TillState:
        return self._do(lambda: self._shift.move_cash(SAFE_DROP, amount_minor, reason))

    def open_drawer(self, reason: str) -> TillState:
        return self._do(lambda: self._shift.open_drawer(reason))

    def x_report(self, *, print_it: bool = False) -> TillState:
        return self._do(lambda: self._shift.x_report(print_it))

    def end_card_day(self) -> TillState:
        return self._do(self._card_day.end)

    def dismiss_report(self) -> TillState:
        return self._do(self._shift.dismiss_report)

    def start_count(self) -> TillState:
        return self._do(self._shift.start_count)

    def count(self, denomination_minor: int, pieces: int) -> TillState:
        return self._do(lambda: self._shift.count(denomination_minor, pieces))

    def save_count(self) -> TillState:
        return self._do(self._shift.save_count)

    def confirm_count(self) -> TillState:
        return self._do(self._shift.confirm_count)

    def recount(self) -> TillState:
        return self._do(self._shift.recount)

    def close_shift(self, approver_pin: str = "") -> TillState:
        return self._do(lambda: self._shift.close_shift(approver_pin))

    # ticket

    def scan(self, text: str) -> TillState:
        return self._do(lambda: self._selling.scan(text))

    def add_product(self, product_id: str) -> TillState:
        return self._do(lambda: self._selling.add_product(product_id))

    def choose_variant(self, product_id: str) -> TillState:
        choosing = self._desk.choosing
        return self._do(lambda: self._selling.choose_variant(choosing, product_id))

    def dismiss_choice(self) -> TillState:
        self._desk.choosing = None
        return self.state

    def select(self, index: int) -> TillState:
        return self._do(lambda: self._ticket.select(index))

    def set_quantity(self, quantity_milli: int) -> TillState:
        return self._do(lambda: self._ticket.set_quantity(quantity_milli))

    def set_price(self, unit_price_minor: int, reason: str) -> TillState:
        return self._do(lambda: self._ticket.set_price(unit_price_minor, reason))

    def discount_line(self, *, percent_ppm: int = 0, amount_minor: int = 0, reason: str = "") -> TillState:
        return self._do(lambda: self._ticket.discount_line(percent_ppm, amount_minor, reason))

    def discount_sale(self, *, percent_ppm: int = 0, amount_minor: int = 0, reason: str = "") -> TillState:
        return self._do(lambda: self._ticket.discount_sale(percent_ppm, amount_minor, reason))

    def note_line(self, text: str) -> TillState:
        return self._do(lambda: self._ticket.note_line(text))

    def void_line(self) -> TillState:
        return self._do(self._ticket.void_line)

    def void_sale(self) -> TillState:
        return self._do(self._ticket.void_sale)

    def park(self, label: str = "") -> TillState:
        return self._do(lambda: self._ticket.park(label))

    def recall(self, sale_id: str) -> TillState:
        return self._do(lambda: self._recalling.recall(sale_id))

    def look_at_parked(self) -> TillState:
        return self._do(self._recalling.look)

    def answer(self, yes: bool, value: str = "") -> TillState:
        asked, self._asked = self._asked, None
        if asked is None:
            return self._do(lambda: _refuse(Refused("no_question")))
        if not yes:
            return self._do(lambda: _refuse(asked.refusal), beside_card=True)
        reopen = asked if asked.question.needs else None
        return self._do(lambda: asked.then(value), reopen=reopen, beside_card=True)

    def zero_scale(self) -> TillState:
        self._desk.weighing.zero()
        return self.state

    def tare_scale(self) -> TillState:
        self._desk.weighing.tare()
        return self.state

    def dismiss_notice(self) -> TillState:
        self._notice = None
        return self.state

    # payment

    def start_tender(self) -> TillState:
        return self._do(self._paying.start_tender)

    def tender_cash(self, received_minor: int) -> TillState:
        return self._do(lambda: self._paying.tender_cash(received_minor))

    def tender_gift(self, card: str = "") -> TillState:
        return self._do(lambda: self._value.tender_gift(card))

    def tender_points(self, member: str = "") -> TillState:
        return self._do(lambda: self._value.tender_points(member))

    def tender_card(self, amount_minor: int = 0) -> TillState:
        return self._do(lambda: self._cards.tender(amount_minor))

    def cancel_card(self) -> TillState:
        return self._do(self._cards.cancel, beside_card=True)

    def card_was_paid(self, *, paid: bool) -> TillState:
        return self._do(lambda: self._cards.decide(paid=paid), beside_card=True)

    def remove_tender(self) -> TillState:
        return self._do(self._paying.remove_tender)

    def back_to_sale(self) -> TillState:
        return self._do(self._paying.back_to_sale)

    def finish_sale(self) -> TillState:
        return self._do(self._paying.finish_sale)

    def next_sale(self) -> TillState:
        return self._do(self._paying.next_sale)

    def put_card_aside(self, card: str, amount_minor: int) -> TillState:
        return self._do(lambda: self._value.put_aside(card, amount_minor))

    def return_card(self, card: str) -> TillState:
        return self._do(lambda: self._value.return_put_aside(card))

    # taking back

    def start_refund(self, receipt_number: str = "") -> TillState:
        return self._do(lambda: self._refunding.start(receipt_number))

    def take_back(self, index: int, quantity_milli: int) -> TillState:
        return self._do(lambda: self._refunding.choose(index, quantity_milli))

    def take_all_back(self) -> TillState:
        return self._do(self._refunding.choose_all)

    def refund_in_cash(self, *, in_cash: bool) -> TillState:
        return self._do(lambda: self._refunding.choose_cash(in_cash=in_cash))

    def give_money_back(self, reason: str = "") -> TillState:
        return self._do(lambda: self._refunding.give_back(reason))

    def leave_refund(self) -> TillState:
        return self._do(self._refunding.leave)

    # waiting

    def hear(self) -> TillState:
        if self._asked is None and self._desk.people.operator is not None:
            if self._cards.has_news():
                return self._do(self._cards.go_on, beside_card=True)
            if self._card_day.has_news():
                return self._do(self._card_day.go_on, beside_card=True)
            then = self._desk.asking.answered()
            if then is not None:
                return self._do(then)
        return self.state

    @property
    def is_waiting(self) -> bool:
        """Also for what nobody has to wait for."""
        return self._desk.asking.waiting is not None

    def stop_waiting(self) -> TillState:
        self._desk.asking.give_up()
        return self.state

    def reprint(self, receipt_number: str = "") -> TillState:
        return self._do(lambda: self._paying.reprint(receipt_number))

    # looking

    def search(self, text: str) -> tuple[Offer, ...]:
        ports = self._desk.ports
        return self._look(lambda: ports.catalogue.search(text, ports.clock.now()) if text.strip() else ())

    def is_coupon(self, text: str) -> bool:
        return self._desk.promoting.is_coupon(text)

    def quick_pages(self) -> tuple[QuickPage, ...]:
        """Keys whose product has gone are left out."""
        return self._look(self._quick_pages)

    def _quick_pages(self) -> tuple[QuickPage, ...]:
        catalogue, at = self._desk.ports.catalogue, self._desk.ports.clock.now()
        store = catalogue.store()
        pages = store.quick_keys if store else ()
        found = ((page.name, [catalogue.by_id(one, at) for one in page.product_ids]) for page in pages)
        return tuple(QuickPage(name, tuple(key for key in keys if key)) for name, keys in found)

    def categories(self) -> tuple[Category, ...]:
        return self._look(self._desk.ports.catalogue.categories)

    def in_category(self, category_id: str) -> tuple[Offer, ...]:
        ports = self._desk.ports
        return self._look(lambda: ports.catalogue.in_category(category_id, ports.clock.now()))

    def recent_receipts(self) -> tuple[str, ...]:
        """Newest first."""
        sales = self._look(lambda: tuple(self._desk.ports.books.recent_sales(_RECENT_RECEIPTS)))
        return tuple(posted.sale.receipt_number for posted in sales)

    def _look(self, ask: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
        """What can't be read now is nothing found; the notice says why."""
        try:
            return ask()
        except ShopError as trouble:
            self._say(Severity.DANGER, trouble)
            return ()

    # how an action ends

    def _do(
        self, action: Callable[[], None], *, reopen: Asked | None = None, beside_card: bool = False
    ) -> TillState:
        """Runs an action. Refused, it leaves a notice and the cart as it was, and `reopen` is asked again.

        While the card terminal is at work only that goes on which is said to go on beside it.
        """
        if self._asked is not None:
            self._say(Severity.WARNING, Refused("answer_first"))
            return self.state
        if self._desk.card is not None and not beside_card:
            self._say(Severity.WARNING, Refused("card_busy"))
            return self.state
        self._desk.asking.give_up()
        before, was_paid = self._desk.cart.snapshot(), self._desk.paid
        self._notice = self._desk.choosing = None
        try:
            self._entry.refuse_leaver()
            action()
        except Asked as asked:
            self._asked = asked
        except Refused as refused:
            self._put_back(before, was_paid)
            self._say(refused.severity, refused)
            self._asked = reopen if _worth_asking_again(refused) else None
        except ShopError as trouble:
            self._put_back(before, was_paid)
            self._say(Severity.DANGER, trouble)
            self._asked = reopen
        if self._asked is None or self._asked.question.needs != "weight":
            self._desk.weighing.end()
        return self.state

    def _put_back(self, before: CartSnapshot, was_paid: bool) -> None:
        """Not across a commit: a sold ticket must not come back because something after it failed."""
        if self._desk.cart.sale_id == before.sale_id:
            self._desk.cart.restore(before)
            self._desk.paid = was_paid

    def _say(self, severity: Severity, what: Refused | ShopError) -> None:
        self._notices += 1
        words = what.words if isinstance(what, Refused) else _words_of(what)
        self._notice = Notice(self._notices, severity, words)


def _refuse(refusal: Refused | None) -> None:
    if refusal is not None:
        raise refusal


def _worth_asking_again(refused: Refused) -> bool:
    code = refused.words.code
    return isinstance(refused, WrongPin) or code in _TYPED_WRONG or code in SCALE_WORDS


def _words_of(trouble: ShopError) -> Words:
    """An error's own code, with its English message for screens that have no translation of it."""
    values = {name: value for name, value in trouble.details.items() if isinstance(value, str | int)}
    code = trouble.code if trouble.code in NOTICES else "trouble"
    return Words(code, {"message": trouble.message, "code": trouble.code, **values})


_TYPED_WRONG = frozenset(
    {
        "answer_empty",
        "text_too_long",
        "unreadable_scan",
        "quantity_zero",
        "quantity_too_large",
        "bad_price",
        "amount_too_large",
        "serial_twice",
    }
)
