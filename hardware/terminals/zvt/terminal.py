"""`CardTerminal` over ZVT: a connection for each thing that is asked, registered first, every wait with its limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from hardware.terminals.base import (
    EndOfDay,
    LastTransaction,
    OnStep,
    Payment,
    Request,
    Result,
    Step,
    TerminalStatus,
)
from hardware.terminals.zvt import codes, commands, messages, outcome
from hardware.terminals.zvt.apdu import Apdu, is_refusal
from hardware.terminals.zvt.dialogue import Dialogue
from hardware.transport.base import Channel, NotReachable, SendFailed, Transport

PORT = 20007
_LOOK_S = 0.2
_SEND_S = 5.0


def _quiet(step: Step) -> None:
    """Nobody watches."""


class ZvtTerminal:
    """`password` is the terminal's for tills, six digits. `acknowledge_s` and `silence_s` are for tests."""

    name = "Card terminal"

    def __init__(
        self,
        transport: Transport,
        password: int = 0,
        *,
        acknowledge_s: float | None = None,
        silence_s: float | None = None,
    ) -> None:
        self._transport = transport
        self._password = password
        self._limits = {"sent": acknowledge_s, "under_way": silence_s}

    @property
    def place(self) -> str:
        return self._transport.place

    def pay(self, request: Request, on_step: OnStep, is_cancelled: Callable[[], bool]) -> Result:
        on_step(Step("connecting"))
        dialogue = Dialogue(commands.authorisation(request.amount_minor, request.currency))
        trouble = self._ask(dialogue, request.currency, on_step, is_cancelled)
        if dialogue.phase == "unsent":
            return Result("declined", reason=trouble)  # not one byte of it has left
        return outcome.of_payment(dialogue, request)

    def last(self) -> LastTransaction:
        dialogue = Dialogue(commands.repeat_receipt(self._password))
        trouble = self._ask(dialogue, "EUR", _quiet)
        return LastTransaction(False, reason=trouble) if trouble else outcome.of_last(dialogue)

    def reverse(self, payment: Payment, currency: str, on_step: OnStep) -> Result:
        number = payment.reference.receipt_number
        if not number:
            return Result(
                "declined", reason="The terminal gave the payment no receipt number. Reverse it there."
            )
        command = commands.reversal(self._password, number, payment.amount_minor, currency)
        dialogue = Dialogue(command)
        trouble = self._ask(dialogue, currency, on_step)
        if dialogue.phase == "unsent":
            return Result("declined", reason=trouble)
        return outcome.of_reversal(dialogue)

    def refund(self, request: Request, on_step: OnStep, is_cancelled: Callable[[], bool]) -> Result:
        on_step(Step("connecting"))
        dialogue = Dialogue(commands.refund(self._password, request.amount_minor, request.currency))
        trouble = self._ask(dialogue, request.currency, on_step, is_cancelled)
        if dialogue.phase == "unsent":
            return Result("declined", reason=trouble)
        return outcome.of_payment(dialogue, request)

    def end_of_day(self, on_step: OnStep) -> EndOfDay:
        dialogue = Dialogue(commands.end_of_day(self._password))
        trouble = self._ask(dialogue, "EUR", on_step)
        if trouble:
            return EndOfDay(False, unknown=dialogue.phase != "unsent", reason=trouble)
        return outcome.of_end_of_day(dialogue)

    def status(self) -> TerminalStatus:
        dialogue = Dialogue(commands.status_enquiry(self._password))
        trouble = self._ask(dialogue, "EUR", _quiet)
        if trouble or dialogue.ending is None:
            return TerminalStatus(
                reachable=dialogue.phase != "unsent", message=trouble or "It does not answer."
            )
        ending = dialogue.ending
        is_told = ending.command == messages.COMPLETION
        state = messages.terminal_state(ending) if is_told else outcome.code_of(ending)
        if state == codes.OK:
            return TerminalStatus(True, ready=True, message="Card terminal is ready.")
        return TerminalStatus(True, message=codes.reason(state))

    # inside

    def _ask(
        self,
        dialogue: Dialogue,
        currency: str,
        on_step: OnStep,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> str:
        """Leads the dialogue as far as it gets. What went wrong, in words; empty where it came to its end."""
        if currency not in commands.CURRENCIES:
            return f"The card terminal does not take {currency}."
        try:
            with self._transport.open() as channel:
                trouble = self._register(channel, currency)
                if trouble:
                    return trouble
                if is_cancelled():
                    return codes.reason(codes.TIMED_OUT)
                self._lead(channel, dialogue, on_step, is_cancelled)
        except NotReachable as reason:
            return reason.message
        except SendFailed as reason:
            return reason.message
        return "" if dialogue.ending is not None else "The terminal did not answer."

    def _register(self, channel: Channel, currency: str) -> str:
        dialogue = Dialogue(commands.registration(self._password, currency))
        self._lead(channel, dialogue, _quiet, lambda: False)
        ending = dialogue.ending
        if ending is None:
            return f"The device at {self.place} does not answer as a card terminal does."
        if ending.command == messages.ABORTED or is_refusal(ending):
            return codes.reason(outcome.code_of(ending))
        return ""

    def _lead(
        self, channel: Channel, dialogue: Dialogue, on_step: OnStep, is_cancelled: Callable[[], bool]
    ) -> None:
        """Until it is over or silent for too long. Raises SendFailed where the connection ends."""
        channel.send(dialogue.start(), _SEND_S)
        heard_at, has_asked_to_stop = time.monotonic(), False
        while dialogue.phase != "over":
            if is_cancelled() and not has_asked_to_stop and dialogue.phase == "under_way":
                _send(channel, commands.abort())
                has_asked_to_stop = True
            data = channel.receive(_LOOK_S)
            if not data:
                if time.monotonic() - heard_at > self._patience_s(dialogue):
                    return
                continue
            self._reply(channel, dialogue, data)
            if dialogue.phase == "sent":  # noise, which prolongs nothing
                if time.monotonic() - heard_at > self._patience_s(dialogue):
                    return
                continue
            heard_at = time.monotonic()
            while dialogue.steps:
                on_step(_step(dialogue.steps.popleft()))

    def _reply(self, channel: Channel, dialogue: Dialogue, data: bytes) -> None:
        reply = dialogue.receive(data)
        if not reply:
            return
        if dialogue.phase == "over":
            with suppress(SendFailed):  # the terminal has said its last word and may be gone
                channel.send(reply, _SEND_S)
        else:
            channel.send(reply, _SEND_S)

    def _patience_s(self, dialogue: Dialogue) -> float:
        limit = self._limits.get(dialogue.phase)
        return dialogue.patience_s if limit is None else limit


def _send(channel: Channel, command: Apdu) -> None:
    channel.send(command.encoded(), _SEND_S)


def _step(status: messages.Intermediate) -> Step:
    return Step(codes.STEPS.get(status.code, "other"), status.text)
