"""A cashier's habits in the demo: log in, ring up, take cash, count; and a tally of what customers really paid."""

from __future__ import annotations

from collections.abc import Iterable

from installers.demo.baskets import Pick
from installers.demo.till_process import Seen, TillProcess
from shared_models.money import DENOMINATIONS

_LONG_ENOUGH_FOR_A_SCAN = 6


class WrongFigure(Exception):
    """The till shows something else than what should be there."""


class Cashier:
    """`sales` and `takings_minor` are the demo's own count, from nothing but the amounts asked on the screen."""

    def __init__(self, till: TillProcess, pin: str, float_minor: int, currency: str) -> None:
        self.till = till
        self.sales = 0
        self.takings_minor = 0
        self.drawer_minor = float_minor
        self._pin = pin
        self._float_minor = float_minor
        self._currency = currency

    def log_in(self) -> Seen:
        self.till.wait("the log-in screen", phase="locked")
        self.till.do(type=self._pin)
        return self.till.press("Return")

    def open_shift(self) -> None:
        self.till.wait("the question for the float", phase="no_shift")
        self.till.do(type=str(self._float_minor))
        self.till.press("Return")
        self.till.wait("the sale screen", phase="sale")

    def ring_up(self, picks: Iterable[Pick]) -> Seen:
        for pick in picks:
            before = self.till.seen["to_pay_minor"]
            self.enter(pick)
            if self.till.seen["to_pay_minor"] <= before:
                raise WrongFigure(f"{pick} was not rung up: the till shows {self.till.seen}")
        return self.till.seen

    def enter(self, pick: Pick) -> Seen:
        text = pick.code if pick.pieces == 1 else f"{pick.pieces}*{pick.code}"
        if len(text) >= _LONG_ENOUGH_FOR_A_SCAN:
            return self.till.do(scan=text)
        self.till.do(type=text)
        return self.till.press("Return")

    def weigh(self, code: str) -> Seen:
        """What lies on the scale, once it is steady."""
        lines = self.till.seen["lines"]
        self.till.do(scan=code)
        self.till.wait("a steady weight", can_weigh=True)
        seen = self.till.press("Return")
        if seen["lines"] != lines + 1:
            raise WrongFigure(f"{code} was not weighed: the till shows {seen}")
        return seen

    def start_payment(self) -> int:
        """The amount that the customer is asked for."""
        seen = self.till.press("F12")
        if seen["phase"] != "tender":
            raise WrongFigure(f"no payment was started: the till shows {seen}")
        return int(seen["due_minor"])

    def take(self, due_minor: int, *, exact: bool) -> None:
        if exact:
            self.till.press("F11")
        else:
            self.till.do(type=str(self._note_for(due_minor)))
            self.till.press("Return")
        self.till.wait("the change", phase="change")
        self.paid(due_minor)
        self.till.press("Return")
        self.till.wait("the next sale", phase="sale")

    def paid(self, due_minor: int) -> None:
        self.sales += 1
        self.takings_minor += due_minor
        self.drawer_minor += due_minor

    def serve(self, picks: Iterable[Pick], *, exact: bool = False) -> None:
        self.ring_up(picks)
        self.take(self.start_payment(), exact=exact)

    def pay_out(self, amount_minor: int) -> None:
        self.till.press("F10", "3")
        self.till.do(type=str(amount_minor))
        self.till.press("Return")
        self.till.do(type="Stamps")
        self.till.press("Return")
        self.drawer_minor -= amount_minor

    def count(self) -> None:
        """Blind, note by note, of what the demo knows to be in the drawer."""
        self.till.press("F10", "5")
        self.till.wait("the count", phase="count")
        left = self.drawer_minor
        for denomination in DENOMINATIONS[self._currency]:
            pieces, left = divmod(left, denomination)
            if pieces:
                self.till.do(type=str(pieces))
            self.till.press("Return")

    def confirm_count(self) -> Seen:
        self.till.press("F12")
        return self.till.wait("the result of the count", phase="counted")

    def close_shift(self) -> Seen:
        self.till.press("Return")
        return self.till.wait("the Z report", phase="closed")

    def _note_for(self, due_minor: int) -> int:
        """The smallest note, or as many of the largest as it takes, that covers the amount."""
        notes = [note for note in reversed(DENOMINATIONS[self._currency]) if note >= 500]
        fitting = [note for note in notes if note >= due_minor]
        return fitting[0] if fitting else -(-due_minor // notes[-1]) * notes[-1]
