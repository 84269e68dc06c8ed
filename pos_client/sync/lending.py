"""Asking the server before something is spent that must not be spent twice: on a thread of its own.

Each lease is written down before it is asked for and forgotten once the server knows how it ended, so whatever breaks
in between, the server hears of it in the end.
"""

from __future__ import annotations

import logging
import secrets
from collections import deque
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import TypeVar

from pos_client.sync.back_off import BackOff
from pos_client.sync.outcomes import Failure, Nonsense, Refused, Reply, Unreachable, in_words
from pos_client.sync.ports import LeaseBook, TicketBook
from pos_client.sync.server_port import LeaseServer
from pos_client.sync.ticket_sharing import TicketSharing
from pos_client.sync.turns import Turns
from pos_client.till.ports import Clock, Escrow, LeaseAnswer, ParkedAnswer, ReceiptAnswer
from shared_models.errors import ShopError
from shared_models.leases import DENIED, GRANTED, LeaseReply, LeaseRequest, ReceiptStated

STOP_WITHIN_S = 0.5
_REST_S = 60.0
_FOR_NOW = frozenset({401, 408, 429})
"""Refusals that say nothing about the lease itself."""

_WHOLE = frozenset({"refund", "parked"})
"""Had whole or not at all: the reply's amount says nothing."""
_ANOTHER_LEASE = "the server answered for another lease"
_log = logging.getLogger(__name__)

T = TypeVar("T")


class Lender:
    """Implements `till.ports.Lending`. Before `start` and after `stop` the server counts as out of reach."""

    def __init__(self, book: LeaseBook, tickets: TicketBook, till_id: str, clock: Clock) -> None:
        self._book = book
        self._sharing = TicketSharing(tickets, till_id, self._met)
        self._clock = clock
        self.on_answer: Callable[[], None] = lambda: None
        """Called on the asking thread when there is an answer to fetch."""
        self._connect: Callable[[], LeaseServer] | None = None
        self._server: LeaseServer | None = None
        self._lock = Lock()
        self._work: deque[Callable[[], None]] = deque()
        self._leases: dict[str, LeaseAnswer] = {}
        self._receipts: dict[str, ReceiptAnswer] = {}
        self._parked: ParkedAnswer | None = None
        self._back_off = BackOff(lambda ceiling: secrets.randbelow(ceiling + 1))
        self._turns = Turns("sync-lease", self._turn)

    def start(self, connect: Callable[[], LeaseServer]) -> None:
        self._connect = connect
        self._turns.start()

    def stop(self) -> bool:
        if self._connect is None:
            return True
        self._turns.ask_to_stop()
        if self._server is not None:
            self._server.abort()
        done = self._turns.stopped_within(STOP_WITHIN_S)
        if done and self._server is not None:
            self._server.close()
        return done

    # What the till asks

    def ask(self, wanted: LeaseRequest) -> None:
        self._do(partial(self._ask, wanted), partial(self._hear, wanted.lease_id, LeaseAnswer(None)))

    def answer(self, lease_id: str) -> LeaseAnswer | None:
        with self._lock:
            return self._leases.pop(lease_id, None)

    def ask_receipt(self, receipt_number: str) -> None:
        nobody = partial(self._found, receipt_number, ReceiptAnswer(reached=False))
        self._do(partial(self._ask_receipt, receipt_number), nobody)

    def receipt(self, receipt_number: str) -> ReceiptAnswer | None:
        with self._lock:
            return self._receipts.pop(receipt_number, None)

    def share_parked(self) -> None:
        """Every turn offers what is new."""
        self._turns.wake()

    def ask_parked(self) -> None:
        self._do(lambda: self._saw(self._sharing.look()), lambda: self._saw(ParkedAnswer(reached=False)))

    def parked(self) -> ParkedAnswer | None:
        with self._lock:
            answer, self._parked = self._parked, None
        return answer

    def give_back(self, lease_id: str) -> None:
        """Behind the request in the queue, so it is never overtaken by it."""
        self._do(partial(self._give_back, lease_id), lambda: None)

    def escrows(self, account: str, subject: str) -> tuple[Escrow, ...]:
        return self._book.escrows(account, subject, self._clock.now().at_ms)

    def _do(self, work: Callable[[], None], without_server: Callable[[], None]) -> None:
        if self._connect is None:
            without_server()
            return
        self._work.append(work)
        self._turns.wake()

    # On the asking thread

    def _turn(self) -> float:
        while self._work:
            self._work.popleft()()
        self._book.run_out(self._clock.now().at_ms)
        trouble = self._sharing.offer()
        return self._tell() if trouble is None else self._back_off.failed() / 1000

    def _met(self) -> LeaseServer:
        if self._server is None:
            assert self._connect is not None
            self._server = self._connect()
        return self._server

    def _ask(self, wanted: LeaseRequest) -> None:
        try:
            answer = self._answer_to(wanted)
        except ShopError:
            # What can't be written down is not used: nobody would give it back.
            answer = LeaseAnswer(None)
        self._hear(wanted.lease_id, answer)

    def _answer_to(self, wanted: LeaseRequest) -> LeaseAnswer:
        self._book.asked(wanted)
        outcome = _once_more(lambda: self._met().lease(wanted))
        if isinstance(outcome, Reply):
            wrong = _not_as_asked(wanted, outcome.value)
            if not wrong:
                return self._noted(wanted, outcome.value)
            outcome = Nonsense(wrong)
            _log.warning("a lease is not used and goes back: %s", wrong)
        self._book.given_back(wanted.lease_id)
        return _no_lease(wanted.lease_id, outcome)

    def _noted(self, wanted: LeaseRequest, reply: LeaseReply) -> LeaseAnswer:
        lasts_ms = min(max(0, reply.expires_ms - reply.server_time_ms), wanted.ttl_ms)
        self._book.answered(reply, self._clock.now().at_ms + lasts_ms)
        return LeaseAnswer(reply, self._clock.monotonic_ms() + lasts_ms)

    def _ask_receipt(self, receipt_number: str) -> None:
        outcome = _once_more(lambda: self._met().receipt(receipt_number))
        stated = outcome.value if isinstance(outcome, Reply) else None
        if stated is not None and stated.sale is not None and stated.sale.receipt_number != receipt_number:
            _log.warning("asked for receipt %s, the server stated another one", receipt_number)
            stated = None
        self._found(receipt_number, ReceiptAnswer(stated is not None, stated or ReceiptStated()))

    def _give_back(self, lease_id: str) -> None:
        self.answer(lease_id)
        self._book.given_back(lease_id)

    def _hear(self, lease_id: str, answer: LeaseAnswer) -> None:
        with self._lock:
            self._leases[lease_id] = answer
        self.on_answer()

    def _found(self, receipt_number: str, answer: ReceiptAnswer) -> None:
        with self._lock:
            self._receipts[receipt_number] = answer
        self.on_answer()

    def _saw(self, answer: ParkedAnswer) -> None:
        with self._lock:
            self._parked = answer
        self.on_answer()

    def _tell(self) -> float:
        """How leases ended. Who waits at the counter comes first; seconds until the next turn."""
        for lease_id, used in self._book.to_tell():
            if self._work or self._turns.stopping():
                return 0.0
            outcome = self._closed(lease_id, used)
            if not isinstance(outcome, Reply) and not _is_final(outcome):
                return self._back_off.failed() / 1000
            self._book.told(lease_id)
            self._back_off.succeeded()
        return _REST_S

    def _closed(self, lease_id: str, used: int) -> Reply[LeaseReply] | Failure:
        outcome = self._met().close_lease(lease_id, used)
        if not isinstance(outcome, Reply) or outcome.value.lease_id == lease_id:
            return outcome
        _log.warning("how a lease ended is told again: %s", _ANOTHER_LEASE)
        return Nonsense(_ANOTHER_LEASE)


def _not_as_asked(wanted: LeaseRequest, reply: LeaseReply) -> str:
    """Why a reply can't be the answer to this request; empty where it can."""
    if reply.lease_id != wanted.lease_id:
        return _ANOTHER_LEASE
    if reply.state != GRANTED or wanted.kind in _WHOLE:
        return ""
    same = reply.amount == wanted.amount
    return "" if same else f"the server lent {reply.amount} where {wanted.amount} was asked for"


def _once_more(ask: Callable[[], Reply[T] | Failure]) -> Reply[T] | Failure:
    """An answer lost on its way is asked for again: it is the same lease, so nothing is granted twice."""
    outcome = ask()
    return ask() if isinstance(outcome, Unreachable) and outcome.sent else outcome


def _no_lease(lease_id: str, failure: Failure) -> LeaseAnswer:
    """A server that says no is heard; one that can't be asked leaves the till to its own limits."""
    if not isinstance(failure, Refused) or not _is_final(failure):
        return LeaseAnswer(None)
    reason = failure.message or in_words(failure)[1]
    return LeaseAnswer(LeaseReply(lease_id=lease_id, state=DENIED, code="refused", reason=reason))


def _is_final(failure: Failure) -> bool:
    """The server's own no, by its problem document: a bare status may be a proxy's, and says nothing about the lease.

    Of a closing that the server will never take, what was spent counts by its facts.
    """
    return (
        isinstance(failure, Refused)
        and bool(failure.code)
        and 400 <= failure.status < 500
        and failure.status not in _FOR_NOW
    )
