"""Waiting for the server's word: one question at a time, and whatever the operator does instead ends the wait."""

from __future__ import annotations

from collections.abc import Callable

from pos_client.till.ports import LeaseAnswer, Lending, ParkedAnswer, ReceiptAnswer
from pos_client.till.refusals import Refused
from pos_client.till.state import Words
from pos_client.till.words import WAITS
from shared_models.leases import LeaseReply, LeaseRequest


class Waiting:
    """`fetch` gives what to do once there is an answer; `give_up` takes the question back."""

    def __init__(
        self, words: Words | None, fetch: Callable[[], Callable[[], None] | None], give_up: Callable[[], None]
    ) -> None:
        assert words is None or words.code in WAITS, words
        self.words = words
        self.fetch = fetch
        self.give_up = give_up


class Asking:
    """The one thing that is being waited for, if any."""

    def __init__(self, lending: Lending) -> None:
        self._lending = lending
        self.waiting: Waiting | None = None

    def lease(self, words: Words, wanted: LeaseRequest, then: Callable[[LeaseAnswer], None]) -> None:
        """`then` runs as an action of its own, when the answer is there. What it can't use goes back."""

        def fetch() -> Callable[[], None] | None:
            answer = self._lending.answer(wanted.lease_id)
            return None if answer is None else lambda: use(answer)

        def use(answer: LeaseAnswer) -> None:
            try:
                then(answer)
            except Exception:
                give_back()
                raise

        def give_back() -> None:
            self._lending.give_back(wanted.lease_id)

        self._begin(Waiting(words, fetch, give_back))
        self._lending.ask(wanted)

    def receipt(self, words: Words, receipt_number: str, then: Callable[[ReceiptAnswer], None]) -> None:
        def fetch() -> Callable[[], None] | None:
            answer = self._lending.receipt(receipt_number)
            return None if answer is None else lambda: then(answer)

        self._begin(Waiting(words, fetch, lambda: None))
        self._lending.ask_receipt(receipt_number)

    def parked(self, then: Callable[[ParkedAnswer], None]) -> None:
        """Nobody has to wait for it, so it is asked without a word."""

        def fetch() -> Callable[[], None] | None:
            answer = self._lending.parked()
            return None if answer is None else lambda: then(answer)

        self._begin(Waiting(None, fetch, lambda: None))
        self._lending.ask_parked()

    def give_up(self) -> None:
        waiting, self.waiting = self.waiting, None
        if waiting is not None:
            waiting.give_up()

    def answered(self) -> Callable[[], None] | None:
        """What to do now; None as long as there is nothing to hear."""
        then = self.waiting.fetch() if self.waiting is not None else None
        if then is not None:
            self.waiting = None
        return then

    def _begin(self, waiting: Waiting) -> None:
        self.give_up()
        self.waiting = waiting


def denied(reply: LeaseReply) -> Refused:
    """The server's own words: it knows who has it."""
    return Refused("lease_denied", message=reply.reason or "This can't be done now. Try again.")
