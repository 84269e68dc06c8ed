"""What a card paid goes back to the card, once, whatever breaks in between; cash only where somebody may choose it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from hardware.terminals.virtual import VirtualTerminal
from pos_client.printing.refund import refund_document
from pos_client.settings import TillSettings
from pos_client.sync.outcomes import Reply
from pos_client.till.errors import StorageFull
from pos_client.till.state import Phase, TillState
from shared_models.events import decode_body
from shared_models.leases import LeaseReply, LeaseRequest, ReceiptStated
from shared_models.moment import Moment
from shared_models.refund import RefundPosted
from shared_models.sale import CARD, CASH
from tests.pos_client.card_till import CardTill, notice_of
from tests.pos_client.ready_till import PIN, PRICE_MINOR, environment, ready
from tests.pos_client.test_commands import ROOT


class GrantingServer:
    """Head office, which knows this till's receipts only as far as the till does; it says yes to every lease."""

    def __init__(self) -> None:
        self.closed: list[tuple[str, int]] = []

    def lease(self, wanted: LeaseRequest) -> Reply[LeaseReply]:
        return Reply(LeaseReply(lease_id=wanted.lease_id, state="granted"))

    def close_lease(self, lease_id: str, used: int) -> Reply[LeaseReply]:
        self.closed.append((lease_id, used))
        return Reply(LeaseReply(lease_id=lease_id, state="granted"))

    def receipt(self, receipt_number: str) -> Reply[ReceiptStated]:
        return Reply(ReceiptStated())

    def abort(self) -> None:
        pass

    def close(self) -> None:
        pass


class Counter(CardTill):
    """A till with that server behind it."""

    def __init__(self, settings: TillSettings) -> None:
        super().__init__(settings)
        self.office = GrantingServer()

    def __enter__(self) -> Counter:
        super().__enter__()
        self.till.lender.start(lambda: self.office)  # type: ignore[arg-type,return-value]  # all it is asked
        return self

    @property
    def kept_settings(self) -> TillSettings:
        return self._settings


@pytest.fixture
def terminal() -> Iterator[VirtualTerminal]:
    with VirtualTerminal(port=0) as terminal:
        yield terminal


@pytest.fixture
def counter(tmp_path: Path, terminal: VirtualTerminal, monkeypatch: pytest.MonkeyPatch) -> Counter:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Counter(ready(tmp_path / "till", terminal=f"zvt://127.0.0.1:{terminal.port}"))


def sold(counter: Counter, pieces: int = 2, cash_minor: int = 0) -> str:
    """The receipt of a sale that a card paid, or the rest of."""
    counter.ring_up(pieces)
    if cash_minor:
        counter.session.tender_cash(cash_minor)
    counter.session.tender_card()
    done = counter.wait_for_the_terminal().done
    assert done is not None
    return done.receipt_number


def give_back(counter: Counter) -> TillState:
    counter.session.give_money_back()
    counter.wait(lambda state: state.waiting is None)
    return counter.wait_for_the_terminal()


def refunds(counter: Counter) -> list[RefundPosted]:
    with counter.till.books.database.read() as connection:
        rows = connection.execute(
            "select type, schema, body from entry where type = 'refund.posted'"
        ).fetchall()
    return [decode_body(*row).fact for row in rows]


def test_all_of_a_card_sale_is_reversed_at_the_terminal(counter: Counter, terminal: VirtualTerminal) -> None:
    with counter:
        state = counter.take_back(sold(counter), 2)
        assert state.refund is not None
        assert (state.refund.to_card_minor, state.refund.cash_minor) == (2 * PRICE_MINOR, 0)
        state = give_back(counter)
        assert (state.phase, notice_of(state)) == (Phase.SALE, "refunded_to_card")
        (fact,) = refunds(counter)
        (given,) = fact.given_back
        assert (given.kind, given.amount_minor, given.reference) == (CARD, 2 * PRICE_MINOR, "VISA 1111")
        assert given.card is not None
        assert given.card.trace == terminal.bookings[-1].trace
        assert terminal.bookings[-1].reverses == terminal.bookings[0].trace
        assert terminal.charged_minor == 0
        assert counter.till.cards.open_intents() == ()
        assert fact.lease_id
        store = counter.till.catalogue.store()
        assert store is not None
        assert "REVERSAL" in repr(refund_document(fact, store, Moment(0, 0)))
        totals = counter.till.books.shift_totals(fact.shift_id)
        assert (totals.refund_minor, totals.refund_cash_minor, totals.expected_minor) == (498, 0, 0)
        with counter.till.books.database.read() as connection:
            assert connection.execute("select count(*) from job where kind = 'drawer'").fetchone() == (0,)


def test_part_of_it_and_what_was_paid_before_the_terminal_s_day_ended_go_to_the_card_that_is_shown(
    counter: Counter, terminal: VirtualTerminal
) -> None:
    with counter:
        number = sold(counter)
        counter.take_back(number, 1)
        give_back(counter)
        assert [one.is_refund for one in terminal.bookings] == [False, True]
        another = sold(counter, 1)
        assert counter.till.terminal is not None
        counter.till.terminal.end_of_day(lambda step: None)
        counter.take_back(another, 1)
        give_back(counter)
        assert [one.is_refund for one in terminal.bookings] == [False, True, False, True]
        counter.take_back(number, 1)
        give_back(counter)
        assert terminal.charged_minor == 0
        assert len(refunds(counter)) == 3


def test_what_cash_paid_of_it_goes_back_in_cash_once_the_card_has_its_part(
    counter: Counter, terminal: VirtualTerminal
) -> None:
    with counter:
        number = sold(counter, 2, cash_minor=200)
        counter.take_back(number, 1)
        give_back(counter)
        assert terminal.charged_minor == 298 - PRICE_MINOR
        state = counter.take_back(number, 1)
        assert state.refund is not None
        assert (state.refund.to_card_minor, state.refund.cash_minor) == (49, 200)
        give_back(counter)
        assert terminal.charged_minor == 0
        assert [(one.kind, one.amount_minor) for one in refunds(counter)[-1].given_back] == [
            (CARD, 49),
            (CASH, 200),
        ]


def test_a_refund_that_the_terminal_declines_says_why_and_gives_nothing(
    counter: Counter, terminal: VirtualTerminal
) -> None:
    with counter:
        counter.take_back(sold(counter), 1)
        terminal.behave("decline", code=0x78)
        state = give_back(counter)
        assert (state.phase, notice_of(state)) == (Phase.REFUND, "card_refund_declined")
        assert (refunds(counter), terminal.charged_minor) == ([], 2 * PRICE_MINOR)
        terminal.behave("approve")
        give_back(counter)
        assert (len(refunds(counter)), terminal.charged_minor) == (1, PRICE_MINOR)


def test_cash_instead_is_a_choice_that_needs_the_right(counter: Counter, terminal: VirtualTerminal) -> None:
    with counter:
        counter.take_back(sold(counter), 2)
        terminal.go_away()
        state = counter.session.refund_in_cash(in_cash=True)
        assert state.refund is not None
        assert (state.refund.to_card_minor, state.refund.cash_minor) == (0, 2 * PRICE_MINOR)
        counter.session.give_money_back()
        counter.wait(lambda state: state.phase is Phase.SALE)
        (fact,) = refunds(counter)
        assert [(one.kind, one.amount_minor) for one in fact.given_back] == [(CASH, 2 * PRICE_MINOR)]


@pytest.mark.parametrize("manner", ["lose", "cut", "late"])
@pytest.mark.parametrize("pieces", [1, 2])
def test_a_lost_answer_is_asked_for_and_the_money_goes_back_once(
    manner: str, pieces: int, counter: Counter, terminal: VirtualTerminal
) -> None:
    with counter:
        assert counter.till.terminal is not None
        counter.till.terminal._limits = {"sent": 2.0, "under_way": 1.0}  # type: ignore[attr-defined]
        counter.take_back(sold(counter), pieces)
        terminal.behave(manner)  # type: ignore[arg-type]  # one of the manners
        assert give_back(counter).phase is Phase.SALE
        assert len(refunds(counter)) == 1
        assert terminal.charged_minor == (2 - pieces) * PRICE_MINOR


@contextmanager
def killed_at(counter: Counter, number: str, pieces: int) -> Iterator[None]:
    """A till in a process of its own asks the terminal for it, and is killed at the end of the block."""
    till = subprocess.Popen(
        [sys.executable, "-m", "tests.pos_client.card_till", number, str(pieces)],
        cwd=ROOT,
        env=environment(counter.kept_settings),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert till.stdout is not None
    assert till.stdout.readline().strip() == "asked"
    yield
    till.kill()
    till.communicate()
    assert till.returncode == -signal.SIGKILL


@pytest.mark.parametrize("pieces", [1, 2])
def test_after_a_power_cut_with_the_answer_lost_the_refund_is_finished_at_log_in_and_once(
    pieces: int, counter: Counter, terminal: VirtualTerminal
) -> None:
    """Reversed where it is all of the payment, else refunded; the sale has the refund's amount where it is all."""
    with counter:
        number = sold(counter)
    terminal.behave("late")
    with killed_at(counter, number, pieces):
        terminal.wait_for_bookings(2)
    for _ in range(2):
        with counter:
            counter.wait(lambda state: state.phase is Phase.SALE and state.card is None)
            (fact,) = refunds(counter)
            assert fact.given_back[0].card is not None
            assert fact.given_back[0].card.trace == terminal.bookings[1].trace
            assert counter.till.cards.open_intents() == ()
            assert terminal.charged_minor == (2 - pieces) * PRICE_MINOR


def test_a_refund_that_never_reached_the_card_can_be_given_again_after_a_power_cut(
    counter: Counter, terminal: VirtualTerminal
) -> None:
    with counter:
        number = sold(counter)
    terminal.behave("silent")
    with killed_at(counter, number, 2):
        end = time.monotonic() + 20
        while terminal.manner == "silent":
            assert time.monotonic() < end
            time.sleep(0.01)
    with counter:
        state = counter.wait(lambda state: state.card is None)
        assert (notice_of(state), refunds(counter)) == ("card_refund_declined", [])
        counter.take_back(number, 2)
        give_back(counter)
        assert (len(refunds(counter)), terminal.charged_minor) == (1, 0)


def test_the_lease_of_a_refund_at_the_terminal_outlives_a_restart(
    counter: Counter, terminal: VirtualTerminal
) -> None:
    with counter:
        counter.take_back(sold(counter), 1)
        terminal.wait_for_pin(30)
        counter.session.give_money_back()
        counter.wait(lambda state: state.card is not None and state.card.words.code == "card_enter_pin")
        terminal.go_away()
        counter.wait(lambda state: state.card is not None and state.card.can_decide)
    with counter:
        counter.wait(lambda state: state.card is not None and state.card.can_decide)
        (lease_id,) = counter.till.books.cards.leases_held()
        assert counter.till.books.leases.to_tell() == ()
        counter.session.card_was_paid(paid=False)
        counter.session.answer(True)
        counter.wait(lambda _: bool(counter.office.closed))
        assert counter.office.closed == [(lease_id, 0)]


def test_while_a_terminal_that_is_gone_owes_an_answer_a_person_may_look(
    counter: Counter, terminal: VirtualTerminal
) -> None:
    with counter:
        counter.take_back(sold(counter), 1)
        terminal.wait_for_pin(30)
        counter.session.give_money_back()
        counter.wait(lambda state: state.card is not None and state.card.words.code == "card_enter_pin")
        terminal.go_away()
        state = counter.wait(lambda state: state.card is not None and state.card.can_decide)
        assert state.card is not None
        assert (state.card.words.code, state.card.gives_back) == ("card_back_undecided", True)
        assert notice_of(counter.session.give_money_back()) == "card_busy"
        state = counter.session.card_was_paid(paid=True)
        assert state.question is not None
        assert state.question.words.code == "card_went_back"
        assert counter.session.answer(True).phase is Phase.SALE
        (fact,) = refunds(counter)
        assert fact.given_back[0].card is not None
        assert fact.given_back[0].card.confirmed_by == "ana"


def test_a_full_disk_after_the_terminal_said_yes_gives_nothing_twice(
    counter: Counter, terminal: VirtualTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with counter:
        counter.take_back(sold(counter), 2)
        post = counter.till.books.post

        def full(*_: object, **__: object) -> tuple[int, ...]:
            raise StorageFull("The disk is full.")

        monkeypatch.setattr(counter.till.books, "post", full)
        state = give_back(counter)
        assert (refunds(counter), terminal.charged_minor, state.phase) == ([], 0, Phase.REFUND)
        monkeypatch.setattr(counter.till.books, "post", post)
        assert give_back(counter).phase is Phase.SALE
        assert (len(refunds(counter)), terminal.charged_minor) == (1, 0)


def test_without_a_terminal_the_till_says_what_may_be_done(
    counter: Counter, tmp_path: Path, terminal: VirtualTerminal
) -> None:
    with counter:
        number = sold(counter)
    with Counter(msgspec.structs.replace(counter.kept_settings, terminal="")) as bare:
        bare.session.log_in(PIN)
        bare.take_back(number, 2)
        assert notice_of(bare.session.give_money_back()) == "card_refund_needs_terminal"
        bare.session.refund_in_cash(in_cash=True)
        bare.session.give_money_back()
        bare.wait(lambda state: state.phase is Phase.SALE)
        assert refunds(bare)[0].cash_minor() == 2 * PRICE_MINOR
