"""Cards at the counter, with the till's own database and a card terminal made of software, over TCP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.terminals.virtual import VirtualTerminal
from pos_client.printing.receipt import receipt_document
from pos_client.till.state import Phase
from shared_models.sale import CARD
from tests.pos_client.card_till import CardTill, notice_of
from tests.pos_client.ready_till import PRICE_MINOR, ready


@pytest.fixture
def terminal() -> Iterator[VirtualTerminal]:
    with VirtualTerminal(port=0) as terminal:
        yield terminal


@pytest.fixture
def counter(tmp_path: Path, terminal: VirtualTerminal, monkeypatch: pytest.MonkeyPatch) -> CardTill:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return CardTill(ready(tmp_path / "till", terminal=f"zvt://127.0.0.1:{terminal.port}"))


def test_a_card_pays_and_the_sale_is_posted_with_what_the_terminal_says(
    counter: CardTill, terminal: VirtualTerminal
) -> None:
    with counter:
        state = counter.pay_by_card(2)
        assert state.phase is Phase.CHANGE
        posted = counter.till.books.last_sale()
        assert posted is not None
        (tender,) = posted.sale.tenders
        assert (tender.kind, tender.received_minor, tender.reference) == (CARD, 2 * PRICE_MINOR, "VISA 1111")
        assert tender.card is not None
        assert tender.card.trace == terminal.bookings[0].trace
        assert tender.card.confirmed_by == ""
        assert counter.till.cards.open_intents() == ()
        store = counter.till.catalogue.store()
        assert store is not None
        paper = repr(receipt_document(posted, store))
        assert "CUSTOMER RECEIPT" in paper
        assert "MERCHANT RECEIPT" not in paper
        kept = counter.till.books.cards.intent(tender.card.intent_id)
        assert kept.payment is not None
        assert "MERCHANT RECEIPT" in kept.payment.merchant_text
        totals = counter.till.books.shift_totals(posted.sale.shift_id)
        assert [(one.kind, one.count, one.amount_minor) for one in totals.tenders] == [(CARD, 1, 498)]
        assert totals.expected_minor == 0


def test_part_in_cash_and_the_rest_by_card(counter: CardTill, terminal: VirtualTerminal) -> None:
    with counter:
        counter.ring_up(2)
        counter.session.tender_cash(200)
        counter.session.tender_card()
        assert counter.wait_for_the_terminal().phase is Phase.CHANGE
        assert terminal.charged_minor == 298


def test_a_declined_card_says_why_and_the_ticket_stays(counter: CardTill, terminal: VirtualTerminal) -> None:
    terminal.behave("decline", code=0x78)
    with counter:
        state = counter.pay_by_card()
        assert (state.phase, notice_of(state)) == (Phase.TENDER, "card_declined")
        assert state.notice is not None
        assert state.notice.words.values["reason"] == "The card has expired. Take another card."
        terminal.behave("approve")
        counter.session.tender_card()
        assert counter.wait_for_the_terminal().phase is Phase.CHANGE
        assert terminal.charged_minor == PRICE_MINOR


def test_the_cashier_sees_what_goes_on_can_cancel_and_can_do_nothing_else_meanwhile(
    counter: CardTill, terminal: VirtualTerminal
) -> None:
    terminal.wait_for_pin(30)
    with counter:
        counter.ring_up()
        counter.session.tender_card()
        state = counter.wait(
            lambda state: state.card is not None and state.card.words.code == "card_enter_pin"
        )
        assert state.card is not None
        assert state.card.can_cancel
        for forbidden in (counter.session.back_to_sale, counter.session.tender_card, counter.session.log_out):
            assert notice_of(forbidden()) == "card_busy"
        assert counter.session.lock().phase is Phase.LOCKED
        assert counter.session.log_in("2749").phase is Phase.TENDER
        counter.session.cancel_card()
        state = counter.wait_for_the_terminal()
        assert (state.phase, notice_of(state)) == (Phase.TENDER, "card_declined")
        assert terminal.bookings == []


@pytest.mark.parametrize("manner", ["lose", "cut"])
def test_a_lost_answer_is_asked_for_at_once_and_paid_once(
    manner: str, counter: CardTill, terminal: VirtualTerminal
) -> None:
    with counter:
        counter.pay_by_card()
        terminal.behave(manner)  # type: ignore[arg-type]  # one of the manners
        assert counter.pay_by_card().phase is Phase.CHANGE
        assert len(counter.card_sales()) == 2
        assert terminal.charged_minor == 2 * PRICE_MINOR


def test_while_a_terminal_that_is_gone_owes_an_answer_no_card_pays_and_a_person_may_look(
    counter: CardTill, terminal: VirtualTerminal
) -> None:
    with counter:
        counter.pay_by_card()
        terminal.wait_for_pin(30)
        counter.ring_up()
        counter.session.tender_card()
        counter.wait(lambda state: state.card is not None and state.card.words.code == "card_enter_pin")
        terminal.go_away()
        state = counter.wait(lambda state: state.card is not None and state.card.can_decide)
        assert state.card is not None
        assert state.card.words.code == "card_undecided"
        assert notice_of(counter.session.tender_card()) == "card_busy"
        assert counter.session.card_was_paid(paid=False).question is not None
        state = counter.session.answer(True)
        assert (state.phase, state.card, notice_of(state)) == (Phase.TENDER, None, "card_declined")
        assert len(counter.card_sales()) == 1


def test_a_terminal_that_comes_back_says_itself_what_became_of_it(
    counter: CardTill, terminal: VirtualTerminal
) -> None:
    with counter:
        counter.pay_by_card()
        terminal.wait_for_pin(30)
        counter.ring_up()
        counter.session.tender_card()
        counter.wait(lambda state: state.card is not None and state.card.words.code == "card_enter_pin")
        terminal.go_away()
        counter.wait(lambda state: state.card is not None and state.card.can_decide)
        terminal.wait_for_pin(0)
        terminal.come_back()
        state = counter.wait(lambda state: state.card is None)
        assert notice_of(state) == "card_declined"
        assert terminal.charged_minor == PRICE_MINOR


def test_a_card_payment_taken_back_goes_back_to_the_card_before_the_ticket_can_change(
    counter: CardTill, terminal: VirtualTerminal
) -> None:
    with counter:
        counter.ring_up(2)
        counter.session.tender_card(200)
        state = counter.wait(lambda state: state.card is None)
        assert state.tender is not None
        assert state.tender.open_minor == 298
        assert notice_of(counter.session.back_to_sale()) == "card_paid_first"
        counter.session.remove_tender()
        state = counter.wait(lambda state: state.card is None)
        assert (notice_of(state), terminal.charged_minor) == ("card_reversed", 0)
        assert state.tender is not None
        assert state.tender.open_minor == 498
        assert counter.session.back_to_sale().phase is Phase.SALE
        assert counter.till.cards.open_intents() == ()


def test_without_a_terminal_the_till_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with CardTill(ready(tmp_path / "till")) as counter:
        assert counter.ring_up().tender is not None
        assert notice_of(counter.session.tender_card()) == "no_terminal"
