"""What the till asks of any card terminal, and what it may answer. No card number passes: only its last four digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

State = Literal["approved", "declined", "unknown"]
StepCode = Literal[
    "connecting", "present_card", "enter_pin", "wrong_pin", "please_wait", "asking_bank", "remove_card",
    "not_accepted", "reversing", "approved", "declined", "other",
]  # fmt: skip


class Step(msgspec.Struct, frozen=True):
    """What goes on at the terminal now. `text` is the terminal's own, empty where it sends only a code."""

    code: StepCode
    text: str = ""


class Reference(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the terminal calls a transaction. `date` is MMDD, `time` HHMMSS, by the terminal's own clock."""

    terminal_id: str = ""
    trace: int = 0
    receipt_number: int = 0
    date: str = ""
    time: str = ""

    def is_known(self) -> bool:
        return bool(self.trace or self.receipt_number)

    def may_be(self, other: Reference) -> bool:
        """Whether both can mean the same transaction. What one of them leaves out tells nothing apart."""
        if not (self.is_known() and other.is_known()):
            return True
        mine, others = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        return all(one == two for one, two in zip(mine, others, strict=True) if one and two)

    def is_surely(self, other: Reference) -> bool:
        """Whether both mean the same: a number of the terminal's that both have is one, and nothing differs."""
        same_number = self.trace and self.trace == other.trace
        same_receipt = self.receipt_number and self.receipt_number == other.receipt_number
        return bool(same_number or same_receipt) and self.may_be(other)


class Request(msgspec.Struct, frozen=True):
    """`before` is the terminal's last transaction before this one; None where it had none or did not say.

    `knows_before` tells these two apart. `gives_back`: the money goes to the card.
    """

    amount_minor: int
    currency: str
    before: Reference | None = None
    knows_before: bool = False
    gives_back: bool = False


class Payment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A payment as the terminal states it."""

    amount_minor: int = 0
    brand: str = ""
    last_four: str = ""
    reference: Reference = Reference()
    authorisation: str = ""
    merchant_id: str = ""
    application_id: str = ""
    is_reversal: bool = False
    customer_text: tuple[str, ...] = ()
    merchant_text: tuple[str, ...] = ()


class Result(msgspec.Struct, frozen=True):
    """`unknown`: nothing may be assumed; ask for the last transaction. `reason` is a sentence for the cashier.

    `busy`: the terminal is at work, so asking again a little later may help. `can_not`: it does nothing of this kind,
    or not any more, and has done nothing.
    """

    state: State
    payment: Payment = Payment()
    reason: str = ""
    busy: bool = False
    can_not: bool = False


class LastTransaction(msgspec.Struct, frozen=True):
    """`answered` is false where the terminal can't say now; `payment` None where it named none."""

    answered: bool
    payment: Payment | None = None
    reason: str = ""
    busy: bool = False


class EndOfDay(msgspec.Struct, frozen=True):
    """The terminal's own closing: its totals go to the bank. `text` is what it prints.

    `unknown`: it was asked and did not say what came of it.
    """

    done: bool
    total_minor: int = 0
    text: tuple[str, ...] = ()
    reason: str = ""
    unknown: bool = False


class TerminalStatus(msgspec.Struct, frozen=True):
    reachable: bool
    ready: bool = False
    message: str = ""


OnStep = Callable[[Step], None]


class CardTerminal(Protocol):
    """Every call takes as long as the terminal does: never on the window's thread. None of them raises."""

    @property
    def name(self) -> str: ...

    @property
    def place(self) -> str:
        """Where the terminal is, for people."""

    def pay(self, request: Request, on_step: OnStep, is_cancelled: Callable[[], bool]) -> Result:
        """Takes the money. A wish to cancel is passed on; what came of it the terminal says."""

    def last(self) -> LastTransaction:
        """The last payment that the terminal has stored."""

    def reverse(self, payment: Payment, currency: str, on_step: OnStep) -> Result:
        """Gives the whole payment back; `approved` means that it went back."""

    def refund(self, request: Request, on_step: OnStep, is_cancelled: Callable[[], bool]) -> Result:
        """Gives that much to the card that the customer shows; `approved` means that it went back."""

    def end_of_day(self, on_step: OnStep) -> EndOfDay: ...

    def status(self) -> TerminalStatus: ...


def became_of(request: Request, last: LastTransaction) -> Result:
    """Whether the terminal's last transaction is the payment that was asked for; `unknown` where that can't be told.

    A terminal that names no transaction at all may just not tell, so nothing follows from that.
    """
    if not last.answered:
        return Result("unknown", reason=last.reason, busy=last.busy)
    if last.payment is None or not last.payment.reference.is_known():
        return Result("unknown", reason="The terminal does not say what its last payment was.")
    if not request.knows_before:
        return Result("unknown", reason="The terminal did not say what it had done before this payment.")
    if request.before is not None and last.payment.reference.is_surely(request.before):
        did = "given nothing back" if request.gives_back else "taken no payment"
        return Result("declined", reason=f"The terminal has {did} since the payment before.")
    if request.before is not None and last.payment.reference.may_be(request.before):
        return Result("unknown", reason="The terminal does not say which payment its last one was.")
    if last.payment.is_reversal and not request.gives_back:
        return Result("unknown", reason="The terminal has reversed a payment meanwhile.")
    if last.payment.amount_minor != request.amount_minor:
        return Result("unknown", reason="The terminal's last payment is of another amount.")
    return Result("approved", last.payment)
