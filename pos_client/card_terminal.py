"""The card terminal on a thread of its own: asked once for each payment, then until it says what became of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from hardware.terminals.base import CardTerminal, Payment, Reference, Request, Result, Step, became_of
from pos_client.sync.turns import Turns
from pos_client.till.ports import CardIntent, Clock, GiveBack, Ids

STOP_WITHIN_S = 0.5
_REST_S = 60.0
_ASK_AGAIN_S = 3.0


class IntentBook(Protocol):
    """Each call is one durable transaction."""

    def begin(self, intent: CardIntent, at_ms: int) -> None: ...

    def sent(self, intent_id: str, request: Request) -> None: ...

    def settle(
        self, intent_id: str, state: str, reason: str = "", payment: Payment | None = None, by: str = ""
    ) -> None: ...

    def intent(self, intent_id: str) -> CardIntent: ...

    def open_intents(self) -> tuple[CardIntent, ...]: ...

    def last_reference(self) -> Reference | None: ...


class CardCounter:
    """Implements `till.ports.CardPayments`. `driver` None: no terminal; what is open from before still shows."""

    def __init__(
        self,
        book: IntentBook,
        driver: CardTerminal | None,
        ids: Ids,
        clock: Clock,
        *,
        ask_again_s: float = _ASK_AGAIN_S,
    ) -> None:
        self._book = book
        self._driver = driver
        self._ids = ids
        self._clock = clock
        self._ask_again_s = ask_again_s
        self.on_news: Callable[[], None] = lambda: None
        """Called on the terminal's thread whenever there is something to show."""
        self._mine: set[str] = set()
        self._asked: set[str] = set()
        self._cancelled = threading.Event()
        self._step = Step("connecting")
        self._turns = Turns("card-terminal", self._turn)
        self._started = False

    def start(self) -> None:
        if self._driver is not None:
            self._started = True
            self._turns.start()

    def stop(self) -> bool:
        """A payment under way is left as it is: it is written down, and asked about at the next start."""
        if not self._started:
            return True
        self._turns.ask_to_stop()
        return self._turns.stopped_within(STOP_WITHIN_S)

    # What the till asks

    @property
    def is_set_up(self) -> bool:
        return self._driver is not None

    def open_intents(self) -> tuple[CardIntent, ...]:
        return self._book.open_intents()

    def begin(self, sale_id: str, amount_minor: int, currency: str) -> CardIntent:
        return self._begin(CardIntent(self._ids.new(), sale_id, amount_minor, currency))

    def give_back(self, task: GiveBack) -> CardIntent:
        refund = task.refund
        amount_minor = refund.to_card_minor()
        return self._begin(
            CardIntent(
                self._ids.new(), refund.sale_id, amount_minor, refund.currency, kind="refund", give_back=task
            )
        )

    def end_day(self, currency: str) -> CardIntent:
        return self._begin(CardIntent(self._ids.new(), "", 0, currency, kind="end_of_day"))

    def day_reported(self, intent_id: str) -> None:
        self._book.settle(intent_id, "used")

    def _begin(self, intent: CardIntent) -> CardIntent:
        self._cancelled.clear()
        self._step = Step("connecting")
        self._mine.add(intent.intent_id)
        self._book.begin(intent, self._clock.now().at_ms)
        self._turns.wake()
        return intent

    def look(self, intent_id: str) -> CardIntent:
        return self._book.intent(intent_id)

    def step(self) -> Step:
        return self._step

    def was_asked(self, intent_id: str) -> bool:
        return intent_id in self._asked or self._driver is None

    def cancel(self) -> None:
        self._cancelled.set()

    def decide(self, intent_id: str, *, paid: bool, by: str) -> CardIntent:
        otherwise = {"uncertain": "declined", "reversing": "reversed"}.get(self._book.intent(intent_id).state)
        if otherwise is not None:
            self._book.settle(
                intent_id, "approved" if paid else otherwise, "Somebody looked at the terminal.", by=by
            )
        return self._book.intent(intent_id)

    def reverse(self, intent_id: str) -> CardIntent:
        self._mine.add(intent_id)
        self._book.settle(intent_id, "reversing")
        self._turns.wake()
        return self._book.intent(intent_id)

    # On the terminal's thread

    def _turn(self) -> float:
        rest_s = _REST_S
        for intent in self._book.open_intents():
            if self._turns.stopping():
                break
            if intent.state != "approved":
                self._go_on(intent)
                self.on_news()
                if not self._book.intent(intent.intent_id).is_settled:
                    rest_s = self._ask_again_s
        return rest_s

    def _go_on(self, intent: CardIntent) -> None:
        is_mine = intent.intent_id in self._mine
        self._mine.discard(intent.intent_id)
        match intent.state:
            case "created" if is_mine and intent.kind == "end_of_day":
                self._end_day(intent)
            case "created" if is_mine:
                self._pay(intent)
            case "created":
                self._book.settle(intent.intent_id, "declined", "The till was started anew before it asked.")
            case "sent" if intent.kind == "end_of_day":
                self._book.settle(intent.intent_id, "approved", "The till was started anew meanwhile.")
            case "sent":
                self._book.settle(intent.intent_id, "uncertain", "The till was started anew meanwhile.")
                self._resolve(self._book.intent(intent.intent_id))
            case "uncertain":
                self._resolve(intent)
            case "reversing" if is_mine:
                self._reverse(intent)
            case "reversing":
                self._resolve_reversal(intent)

    def _pay(self, intent: CardIntent) -> None:
        """First what the terminal did last: only that tells this payment from the one before."""
        driver = self._terminal()
        last = driver.last()
        if last.busy or self._cancelled.is_set():
            reason = last.reason or "The payment was cancelled before it began."
            self._book.settle(intent.intent_id, "declined", reason)
            return
        before = last.payment.reference if last.payment else self._book.last_reference()
        gives_back = intent.give_back is not None
        request = Request(intent.amount_minor, intent.currency, before, last.answered, gives_back)
        self._book.sent(intent.intent_id, request)
        if intent.give_back is not None:
            result = self._refund(intent.give_back, request)
        else:
            result = driver.pay(request, self._show, self._cancelled.is_set)
        if result.state == "unknown":
            self._book.settle(intent.intent_id, "uncertain", result.reason)
            self.on_news()
            self._resolve(self._book.intent(intent.intent_id))
        else:
            self._keep(intent, result)

    def _end_day(self, intent: CardIntent) -> None:
        """An answer that is lost can't be asked for; a second end of day would only close an empty one."""
        self._book.sent(intent.intent_id, Request(0, intent.currency))
        ended = self._terminal().end_of_day(self._show)
        stated = Payment(amount_minor=ended.total_minor, merchant_text=ended.text)
        if ended.done:
            self._book.settle(intent.intent_id, "approved", "", stated)
        elif ended.unknown:
            told = stated if ended.text else None
            self._book.settle(intent.intent_id, "approved", ended.reason, told)
        else:
            self._book.settle(intent.intent_id, "declined", ended.reason)

    def _refund(self, task: GiveBack, request: Request) -> Result:
        """The payment is reversed where the terminal still can; else the money goes to the card that is shown."""
        driver = self._terminal()
        if task.undoes is not None and _may_have(request.before, task.undoes.reference):
            result = driver.reverse(task.undoes, request.currency, self._show)
            if not result.can_not:
                return result
        return driver.refund(request, self._show, self._cancelled.is_set)

    def _resolve(self, intent: CardIntent) -> None:
        """Asks what became of it. What can't be told is a person's to see, and asked again meanwhile."""
        assert intent.request is not None, "only what was sent can be uncertain"
        result = became_of(intent.request, self._terminal().last())
        if result.state != "unknown":
            self._keep(intent, result)
        elif self._book.intent(intent.intent_id).state == "uncertain":
            if not result.busy:
                self._asked.add(intent.intent_id)
            self._reasons(intent, result.reason)

    def _reasons(self, intent: CardIntent, reason: str) -> None:
        if reason != intent.reason:
            self._book.settle(intent.intent_id, "uncertain", reason)

    def _keep(self, intent: CardIntent, result: Result) -> None:
        payment = result.payment if result.state == "approved" else None
        self._book.settle(intent.intent_id, result.state, result.reason, payment)

    def _reverse(self, intent: CardIntent) -> None:
        payment = intent.payment
        if payment is None:
            self._stays(intent, "It was confirmed by hand. Reverse it at the terminal.")
            return
        result = self._terminal().reverse(payment, intent.currency, self._show)
        if result.state == "approved":
            self._book.settle(intent.intent_id, "reversed")
        elif result.state == "declined":
            self._stays(intent, result.reason)
        else:
            self._resolve_reversal(intent)

    def _resolve_reversal(self, intent: CardIntent) -> None:
        """Whether the terminal's last transaction is a reversal of that amount, or still the payment."""
        last = self._terminal().last()
        if not last.answered or last.payment is None or intent.payment is None:
            self._asked.add(intent.intent_id)
        elif last.payment.is_reversal and last.payment.amount_minor == intent.amount_minor:
            self._book.settle(intent.intent_id, "reversed")
        elif last.payment.reference.may_be(intent.payment.reference):
            self._stays(intent, "The terminal still has it as paid.")
        else:
            self._asked.add(intent.intent_id)

    def _stays(self, intent: CardIntent, reason: str) -> None:
        self._book.settle(intent.intent_id, "approved", reason)

    def _show(self, step: Step) -> None:
        self._step = step
        self.on_news()

    def _terminal(self) -> CardTerminal:
        assert self._driver is not None
        return self._driver


def _may_have(last: Reference | None, paid: Reference) -> bool:
    """Whether a terminal that has done `last` may be the one that took `paid`: its numbers mean nothing on another."""
    return last is not None and last.terminal_id == paid.terminal_id
