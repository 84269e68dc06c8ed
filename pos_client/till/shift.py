"""The shift and its cash: open, paid in and out, X report, blind count, Z close."""

from __future__ import annotations

import msgspec

from pos_client.till.counting import Counting, decode_count, encode_count
from pos_client.till.desk import Desk
from pos_client.till.ports import OpenShift
from pos_client.till.refusals import Asked, Refused
from pos_client.till.state import Phase, Severity
from pos_client.till.tendering import ABSURD_NOTES
from pos_client.till.ticket import Ticket
from pos_client.till.typed_text import reason_text
from shared_models import cash
from shared_models.currency import NOTES
from shared_models.staff import Permission, StaffMember

_DESK_PHASES = (Phase.SALE, Phase.CHANGE)
_MOST_COUNTED = 5_000
_ABSURD_FLOAT_NOTES = 5 * ABSURD_NOTES


class Shift:
    """The keys of the shift menu and the count."""

    def __init__(self, desk: Desk, ticket: Ticket) -> None:
        self._desk = desk
        self._ticket = ticket

    def open_shift(self, float_minor: int) -> None:
        if self._desk.shift is not None:
            raise Refused("shift_is_open")
        self._desk.require(Phase.NO_SHIFT)
        self._refuse_absurd(float_minor, least=0)
        self._desk.approved(Permission.SHIFT, lambda _: self._open_shift(float_minor))

    def _open_shift(self, float_minor: int) -> None:
        desk, books = self._desk, self._desk.ports.books
        store, member, at = desk.store(), desk.people.current(), desk.ports.clock.now()
        opened = cash.ShiftOpened(
            shift_id=desk.ports.ids.new(),
            number=books.next_shift_number(),
            store_id=store.store_id,
            till_id=desk.till_id,
            operator_id=member.staff_id,
            operator_name=member.name,
            business_date=at.business_date(),
            float_minor=float_minor,
            currency=store.currency,
        )
        books.post(opened)
        desk.shift = OpenShift(opened, at)
        desk.sale_name = books.next_receipt_number()

    def move_cash(self, kind: str, amount_minor: int, reason: str) -> None:
        self._desk.require(*_DESK_PHASES)
        self._refuse_absurd(amount_minor, least=1)
        why = reason_text(reason)

        def move(_: str = "") -> None:
            self._desk.approved(Permission.PAID_IN_OUT, lambda _: self._move_cash(kind, amount_minor, why))

        if kind != cash.PAID_IN and amount_minor > self._expected_minor():
            raise Asked("more_than_drawer", move, amount_minor=amount_minor)
        move()

    def _expected_minor(self) -> int:
        return self._desk.ports.books.shift_totals(self._desk.open_shift().opened.shift_id).expected_minor

    def _move_cash(self, kind: str, amount_minor: int, reason: str) -> None:
        desk = self._desk
        fact = cash.CashMoved(
            movement_id=desk.ports.ids.new(),
            kind=kind,
            shift_id=desk.open_shift().opened.shift_id,
            till_id=desk.till_id,
            operator_id=desk.people.current().staff_id,
            amount_minor=amount_minor,
            reason=reason,
        )
        desk.ports.books.post(fact, drawer_reason=kind)
        desk.say(Severity.INFO, Refused("cash_moved", amount_minor=amount_minor))

    def open_drawer(self, reason: str) -> None:
        self._desk.require(*_DESK_PHASES)
        why = reason_text(reason)
        self._desk.approved(Permission.NO_SALE, lambda _: self._open_drawer(why))

    def _open_drawer(self, reason: str) -> None:
        desk = self._desk
        fact = cash.DrawerOpened(
            shift_id=desk.open_shift().opened.shift_id,
            till_id=desk.till_id,
            operator_id=desk.people.current().staff_id,
            reason=reason,
        )
        desk.ports.books.post(fact, drawer_reason="no_sale")
        desk.say(Severity.INFO, Refused("drawer_opened"))

    def x_report(self, print_it: bool) -> None:
        self._desk.require(*_DESK_PHASES)
        self._desk.approved(Permission.SHIFT, lambda _: self._x_report(print_it))

    def _x_report(self, print_it: bool) -> None:
        desk, ports = self._desk, self._desk.ports
        totals = ports.books.shift_totals(desk.open_shift().opened.shift_id)
        if print_it:
            who, at = desk.people.current().name, ports.clock.now()
            ports.books.post(document=ports.paper.x_report(totals, desk.store(), who, at), note="x_report")
        desk.x_report = totals

    def dismiss_report(self) -> None:
        self._desk.x_report = None
        self._desk.z_report = None

    def start_count(self) -> None:
        self._desk.require(*_DESK_PHASES)
        if self._desk.cart.lines:
            raise Refused("ticket_open")
        self._desk.approved(Permission.SHIFT, lambda _: self._start_count())

    def _start_count(self) -> None:
        desk = self._desk
        self._ticket.void_leftovers()
        saved = desk.open_shift().saved_count
        desk.unsent_sales = self._unsent_sales()
        desk.counting = decode_count(saved, desk.store().currency)
        desk.x_report = None
        desk.paid = False

    def _unsent_sales(self) -> int:
        """Unsent entries are the journal's end, so a sale is among them by its place."""
        books = self._desk.ports.books
        unsent = books.unsent().entries
        acknowledged = books.head()[0] - unsent
        recent = books.recent_sales(min(unsent, _MOST_COUNTED))
        return sum(1 for posted in recent if posted.seq > acknowledged)

    def count(self, denomination_minor: int, pieces: int) -> None:
        self._desk.counting = self._counting().with_pieces(denomination_minor, pieces)

    def save_count(self) -> None:
        desk, body = self._desk, encode_count(self._counting())
        desk.ports.books.save_count(body)
        shift = desk.open_shift()
        desk.shift = OpenShift(shift.opened, shift.opened_at, body)
        desk.counting = None
        desk.say(Severity.INFO, Refused("count_saved"))

    def confirm_count(self) -> None:
        desk, counting = self._desk, self._counting()
        shift_id = desk.open_shift().opened.shift_id
        desk.ports.books.post(counting.fact(shift_id, desk.till_id, desk.people.current().staff_id))
        expected = desk.ports.books.shift_totals(shift_id).expected_minor
        desk.counting = counting.confirmed(expected, desk.store().variance_limit_minor)

    def recount(self) -> None:
        self._desk.counting = self._confirmed().reopened()

    def close_shift(self, approver_pin: str) -> None:
        counting = self._confirmed()
        if not counting.needs_approval:
            self._desk.approved(Permission.SHIFT, lambda _: self._close(counting, None))
        elif approver_pin:
            self._close_with_pin(counting, approver_pin)
        else:
            raise Asked(
                "approve_variance",
                lambda pin: self._close_with_pin(counting, pin),
                needs="pin",
                over_short_minor=counting.over_short_minor,
            )

    def _close_with_pin(self, counting: Counting, pin: str) -> None:
        approver = self._desk.people.approver(pin, Permission.APPROVE_VARIANCE)
        self._close(counting, approver)

    def _close(self, counting: Counting, approver: StaffMember | None) -> None:
        """The journal names the approver by id, the paper by name."""
        desk, ports = self._desk, self._desk.ports
        closed = self._closing(counting, approver.staff_id if approver else "")
        on_paper = msgspec.structs.replace(closed, approved_by=approver.name if approver else "")
        document = ports.paper.z_report(on_paper, desk.store(), ports.clock.now())
        ports.books.post(closed, document=document)
        desk.shift = None
        desk.counting = None
        desk.z_report = closed

    def _closing(self, counting: Counting, approved_by: str) -> cash.ShiftClosed:
        desk, books = self._desk, self._desk.ports.books
        opened, member, store = desk.open_shift().opened, desk.people.current(), desk.store()
        totals = books.shift_totals(opened.shift_id)
        return cash.ShiftClosed(
            shift_id=opened.shift_id,
            number=opened.number,
            # Both are empty where the opening's entry is damaged.
            store_id=opened.store_id or store.store_id,
            till_id=desk.till_id,
            operator_id=member.staff_id,
            operator_name=member.name,
            business_date=opened.business_date,
            currency=opened.currency or store.currency,
            totals=totals,
            counted_minor=counting.counted_minor,
            over_short_minor=counting.counted_minor - totals.expected_minor,
            pieces=counting.pieces,
            head_hash=books.head()[1].hex(),
            previous_closing_hash=books.previous_closing_hash(),
            unsent=books.unsent().entries,
            approved_by=approved_by,
        )

    def _counting(self) -> Counting:
        counting = self._desk.counting
        if self._desk.phase is not Phase.COUNT or counting is None:
            raise Refused("not_counting")
        return counting

    def _confirmed(self) -> Counting:
        counting = self._desk.counting
        if self._desk.phase is not Phase.COUNTED or counting is None:
            raise Refused("not_counted")
        return counting

    def _refuse_absurd(self, amount_minor: int, *, least: int) -> None:
        if amount_minor < least:
            raise Refused("bad_amount")
        if amount_minor > NOTES[self._desk.store().currency][-1] * _ABSURD_FLOAT_NOTES:
            raise Refused("absurd_amount", severity=Severity.DANGER, amount_minor=amount_minor)
