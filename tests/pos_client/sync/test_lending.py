"""Asking for leases: written down first, asked once more when the answer is lost, given back whatever breaks."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from threading import Condition
from typing import Any

import msgspec
import pytest

from pos_client.store.books import TillBooks
from pos_client.sync.lending import Lender
from pos_client.sync.outcomes import Nonsense, Refused, Reply, Unreachable
from shared_models.leases import (
    MAX_CART_BYTES,
    LeaseReply,
    LeaseRequest,
    ParkedFate,
    ParkedList,
    ParkedLook,
    ParkedOffer,
    ReceiptStated,
)
from tests.pos_client.store.conftest import Open, books, till  # noqa: F401 - fixtures of these tests
from tests.pos_client.store.made_up_shop import ShopClock, a_sale, parked_sale, sale_parked

LOST = Unreachable("cut", sent=True)
NO_LINE = Unreachable("no route")
WANTED = LeaseRequest(lease_id="1" * 32, kind="gift", subject="6035", amount=500, currency="EUR")


class Told:
    """A server that answers as it is told, and writes down what it was asked."""

    def __init__(self) -> None:
        self.answers: deque[Any] = deque()
        self.asked: list[str] = []
        self.closed: list[tuple[str, int]] = []
        self.closings: deque[Any] = deque()
        self.offers: deque[Any] = deque()
        self.offered: list[tuple[str, int]] = []
        self.looks: deque[ParkedList] = deque()
        self.changed = Condition()

    def lease(self, wanted: LeaseRequest) -> Any:
        self.asked.append(wanted.lease_id)
        return self._next(self.answers, granted(wanted))

    def close_lease(self, lease_id: str, used: int) -> Any:
        outcome = self._next(self.closings, Reply(LeaseReply(lease_id=lease_id, state="released")))
        with self.changed:
            self.closed.append((lease_id, used))
            self.changed.notify_all()
        return outcome

    def receipt(self, receipt_number: str) -> Any:
        return self._next(self.answers, Reply(ReceiptStated()))

    def offer(self, ticket: ParkedOffer) -> Any:
        fate = ParkedFate(sale_id=ticket.sale_id, state="parked", version=ticket.version, till_id="03-2")
        outcome = self._next(self.offers, Reply(fate))
        with self.changed:
            self.offered.append((ticket.sale_id, ticket.version))
            self.changed.notify_all()
        return outcome

    def look(self, asked: ParkedLook) -> Any:
        return Reply(self._next(self.looks, ParkedList()))

    def abort(self) -> None: ...

    def close(self) -> None: ...

    def _next(self, of: deque[Any], otherwise: Any) -> Any:
        return of.popleft() if of else otherwise

    def wait(self, until: Callable[[], bool]) -> None:
        """Looks now and then too: what the till does with an answer tells nobody here."""
        end = time.monotonic() + 20
        with self.changed:
            while not until():
                assert time.monotonic() < end
                self.changed.wait(0.05)


def granted(wanted: LeaseRequest) -> Reply[LeaseReply]:
    return Reply(
        LeaseReply(
            lease_id=wanted.lease_id,
            state="granted",
            amount=wanted.amount,
            server_time_ms=5_000,
            expires_ms=65_000,
        )
    )


@pytest.fixture
def server() -> Told:
    return Told()


@pytest.fixture
def lender(books: TillBooks, server: Told) -> Iterator[Lender]:  # noqa: F811
    made = Lender(books.leases, books.tickets, "03-2", ShopClock())
    made.on_answer = lambda: heard(server)
    made.start(lambda: server)
    yield made
    assert made.stop()


def heard(server: Told) -> None:
    with server.changed:
        server.changed.notify_all()


def answer_of(lender: Lender, server: Told, wanted: LeaseRequest = WANTED) -> Any:
    found: list[Any] = []

    def there() -> bool:
        answer = lender.answer(wanted.lease_id)
        found.extend([answer] if answer is not None else [])
        return bool(found)

    lender.ask(wanted)
    server.wait(there)
    return found[0]


def test_a_granted_lease_lasts_as_long_as_the_server_says_on_the_tills_own_clock(
    lender: Lender, server: Told
) -> None:
    before = ShopClock().monotonic_ms()
    answer = answer_of(lender, server)
    assert answer.reply.state == "granted"
    assert 60_000 < answer.ends_mono_ms - before <= 70_000
    assert lender.answer(WANTED.lease_id) is None, "given out once"


def test_an_answer_that_was_lost_is_asked_for_again_under_the_same_id(lender: Lender, server: Told) -> None:
    server.answers.append(LOST)
    assert answer_of(lender, server).reply.state == "granted"
    assert server.asked == [WANTED.lease_id] * 2


@pytest.mark.parametrize("failure", [NO_LINE, Refused(503), Refused(429), Refused(403), Nonsense("a portal")])
def test_a_server_that_can_not_be_asked_leaves_the_till_alone_and_hears_that_nothing_was_used(
    lender: Lender,
    server: Told,
    books: TillBooks,  # noqa: F811
    failure: Any,
) -> None:
    server.answers.append(failure)
    assert answer_of(lender, server).reply is None
    server.wait(lambda: server.closed == [(WANTED.lease_id, 0)])


def test_a_server_that_refuses_has_said_no(lender: Lender, server: Told) -> None:
    server.answers.append(Refused(403, "till_revoked", "This till was shut out."))
    reply = answer_of(lender, server).reply
    assert (reply.state, reply.reason) == ("denied", "This till was shut out.")


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "said",
    [
        {"lease_id": "2" * 32},
        {"amount": 499},
        {"amount": 501},
        {"amount": -500},
    ],
    ids=["another lease", "less", "more", "less than nothing"],
)
def test_a_server_that_lends_other_than_what_was_asked_lends_nothing(
    lender: Lender, server: Told, said: dict[str, Any]
) -> None:
    server.answers.append(Reply(msgspec.structs.replace(granted(WANTED).value, **said)))
    assert answer_of(lender, server).reply is None
    server.wait(lambda: server.closed == [(WANTED.lease_id, 0)])


def test_no_server_lends_for_longer_than_was_asked(lender: Lender, server: Told) -> None:
    before = ShopClock().monotonic_ms()
    server.answers.append(Reply(msgspec.structs.replace(granted(WANTED).value, expires_ms=2**63)))
    answer = answer_of(lender, server)
    assert answer.reply.state == "granted"
    assert answer.ends_mono_ms - before <= WANTED.ttl_ms + 10_000


@pytest.mark.expects_log
def test_a_server_that_states_another_receipt_has_stated_none(lender: Lender, server: Told) -> None:
    number, answers = "03-1-ABC-000001", []

    def there() -> bool:
        answers.append(lender.receipt(number))
        return answers[-1] is not None

    server.answers.append(Reply(ReceiptStated(sale=a_sale(receipt_number="03-1-ABC-000002"))))
    lender.ask_receipt(number)
    server.wait(there)
    assert not answers[-1].reached
    assert answers[-1].stated.sale is None


def test_a_lease_that_is_not_needed_goes_back_also_when_the_server_is_away_for_a_while(
    lender: Lender, server: Told
) -> None:
    answer_of(lender, server)
    server.closings.extend([NO_LINE, Refused(500)])
    lender.give_back(WANTED.lease_id)
    server.wait(lambda: len(server.closed) == 3)
    assert set(server.closed) == {(WANTED.lease_id, 0)}


@pytest.mark.expects_log
def test_a_return_that_is_answered_for_another_lease_is_told_again(lender: Lender, server: Told) -> None:
    answer_of(lender, server)
    server.closings.append(Reply(LeaseReply(lease_id="2" * 32, state="released")))
    lender.give_back(WANTED.lease_id)
    server.wait(lambda: server.closed == [(WANTED.lease_id, 0)] * 2)


@pytest.mark.parametrize("status", [403, 404, 413])
def test_a_proxy_that_refuses_the_return_of_a_lease_has_not_the_last_word(
    lender: Lender, server: Told, status: int
) -> None:
    answer_of(lender, server)
    server.closings.append(Refused(status))
    lender.give_back(WANTED.lease_id)
    server.wait(lambda: server.closed == [(WANTED.lease_id, 0)] * 2)


def test_a_return_that_the_server_itself_will_never_take_is_not_repeated(
    lender: Lender,
    server: Told,
    books: TillBooks,  # noqa: F811
) -> None:
    answer_of(lender, server)
    server.closings.append(Refused(404, "not_found", "This server does not know this lease."))
    lender.give_back(WANTED.lease_id)
    server.wait(lambda: server.closed == [(WANTED.lease_id, 0)] and not books.leases.to_tell())


def test_what_a_start_finds_half_asked_goes_back(till: Open, server: Told) -> None:  # noqa: F811
    first = till()
    first.leases.asked(WANTED)
    escrow = LeaseRequest(lease_id="2" * 32, kind="escrow", account="gift", subject="6035", amount=900)
    first.leases.asked(escrow)
    reply = granted(escrow).value
    first.leases.answered(reply, 2**60)
    first.close()
    second = till(2)
    lender = Lender(second.leases, second.tickets, "03-2", ShopClock())
    lender.start(lambda: server)
    server.wait(lambda: server.closed == [(WANTED.lease_id, 0)])
    assert [one.left for one in lender.escrows("gift", "6035")] == [900], "put aside is put aside"
    assert lender.stop()


def test_a_till_without_a_server_is_answered_at_once(books: TillBooks) -> None:  # noqa: F811
    lender = Lender(books.leases, books.tickets, "03-2", ShopClock())
    lender.ask(WANTED)
    answer = lender.answer(WANTED.lease_id)
    assert answer is not None
    assert answer.reply is None
    lender.ask_receipt("03-1-ABC-000001")
    stated = lender.receipt("03-1-ABC-000001")
    assert stated is not None
    assert not stated.reached
    assert lender.stop()


def test_a_parked_ticket_is_offered_until_the_server_has_it(
    lender: Lender,
    server: Told,
    books: TillBooks,  # noqa: F811
) -> None:
    server.offers.extend([LOST, NO_LINE])
    books.park(msgspec.structs.replace(parked_sale("p1"), version=1), sale_parked("p1"))
    lender.share_parked()
    server.wait(lambda: len(server.offered) == 3)
    assert set(server.offered) == {("p1", 1)}
    books.park(parked_sale("p2"), sale_parked("p2"))
    assert [ticket.is_shared for ticket in books.parked()] == [True, False]


@pytest.fixture
def offered_before(books: TillBooks) -> None:  # noqa: F811
    """Before there is a lender: it looks for new ones while it starts."""
    for name in ("gone", "taken", "lost", "kept"):
        books.park(parked_sale(name), sale_parked(name))
        books.tickets.offered(name)


@pytest.mark.usefixtures("offered_before")
def test_own_tickets_that_moved_on_are_no_more_here_and_forgotten_ones_are_offered_again(
    lender: Lender,
    server: Told,
    books: TillBooks,  # noqa: F811
) -> None:
    server.looks.append(
        ParkedList(
            fates=(
                ParkedFate(sale_id="gone", state="gone", till_id="03-2"),
                ParkedFate(sale_id="taken", state="taken", till_id="03-1"),
                ParkedFate(sale_id="lost", state="unknown"),
                ParkedFate(sale_id="kept", state="parked", till_id="03-2"),
            )
        )
    )
    lender.ask_parked()
    server.wait(lambda: server.offered == [("lost", 0)])
    assert sorted(ticket.sale_id for ticket in books.parked()) == ["kept", "lost"]
    answer = lender.parked()
    assert answer is not None
    assert answer.reached


def test_a_ticket_too_large_to_be_shared_stays_with_its_till(
    lender: Lender,
    server: Told,
    books: TillBooks,  # noqa: F811
) -> None:
    books.park(parked_sale("large", bytes(MAX_CART_BYTES + 1)), sale_parked("large"))
    books.park(parked_sale("small"), sale_parked("small"))
    lender.share_parked()
    server.wait(lambda: server.offered == [("small", 0)])
    assert len(books.parked()) == 2
