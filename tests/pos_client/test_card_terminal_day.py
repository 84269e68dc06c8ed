"""The card terminal's end of day: beside the selling, printed, and never taken for done without its word."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hardware.receipt_document import decode_document
from hardware.terminals.base import EndOfDay
from hardware.terminals.virtual import VirtualTerminal
from pos_client.till.state import Phase, TillState
from shared_models.staff import Permission
from tests.pos_client.card_till import CardTill, notice_of
from tests.pos_client.ready_till import PRICE_MINOR, environment, ready
from tests.pos_client.test_commands import ROOT


@pytest.fixture
def terminal() -> Iterator[VirtualTerminal]:
    with VirtualTerminal(port=0) as terminal:
        yield terminal


@pytest.fixture
def counter(tmp_path: Path, terminal: VirtualTerminal, monkeypatch: pytest.MonkeyPatch) -> CardTill:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return CardTill(ready(tmp_path / "till", terminal=f"zvt://127.0.0.1:{terminal.port}"))


def report(counter: CardTill) -> str:
    with counter.till.books.database.read() as connection:
        (payload,) = connection.execute("select payload from job where note = 'card_day'").fetchone()
    return repr(decode_document(payload))


def ended(counter: CardTill) -> TillState:
    return counter.wait(lambda state: notice_of(state) not in ("", "card_day_asked"))


def test_its_total_and_its_own_text_are_printed(counter: CardTill, terminal: VirtualTerminal) -> None:
    with counter:
        counter.pay_by_card(2)
        assert notice_of(counter.session.end_card_day()) == "card_day_asked"
        state = ended(counter)
        assert state.notice is not None
        assert (state.notice.words.code, state.notice.words.values["amount_minor"]) == (
            "card_day_ended",
            2 * PRICE_MINOR,
        )
        assert "4.98" in report(counter)
        assert "1 bookings" in report(counter)
        assert counter.till.cards.open_intents() == ()


def test_cash_is_taken_meanwhile_and_a_card_waits_its_turn(
    counter: CardTill, terminal: VirtualTerminal
) -> None:
    with counter:
        assert counter.till.terminal is not None
        counter.till.terminal._limits = {"sent": 2.0, "under_way": 1.0}  # type: ignore[attr-defined]
        terminal.behave("late")
        counter.session.end_card_day()
        counter.ring_up()
        counter.session.tender_cash(PRICE_MINOR)
        assert counter.session.finish_sale().phase is Phase.CHANGE
        assert counter.pay_by_card().phase is Phase.CHANGE
        assert terminal.charged_minor == PRICE_MINOR


@pytest.mark.parametrize("manner", ["lose", "cut", "silent", "late"])
def test_without_its_word_nobody_is_told_that_the_day_has_ended(
    manner: str, counter: CardTill, terminal: VirtualTerminal
) -> None:
    with counter:
        assert counter.till.terminal is not None
        counter.till.terminal._limits = {"sent": 2.0, "under_way": 1.0}  # type: ignore[attr-defined]
        terminal.behave(manner)  # type: ignore[arg-type]  # one of the manners
        counter.session.end_card_day()
        assert notice_of(ended(counter)) == "card_day_unknown"
        assert "did not say what came of it" in report(counter)
        counter.session.end_card_day()
        assert notice_of(ended(counter)) == "card_day_ended"


def test_a_terminal_that_refuses_says_why(counter: CardTill, terminal: VirtualTerminal) -> None:
    terminal.behave("decline", code=0xA1)
    with counter:
        counter.session.end_card_day()
        state = ended(counter)
        assert state.notice is not None
        assert (notice_of(state), state.notice.words.values["reason"]) == (
            "card_day_failed",
            "The bank does not answer. Try again.",
        )


def test_after_a_power_cut_in_the_middle_the_till_says_that_it_does_not_know(
    counter: CardTill, terminal: VirtualTerminal
) -> None:
    with counter:
        pass
    terminal.behave("late")
    till = subprocess.Popen(
        [sys.executable, "-m", "tests.pos_client.card_till", "end-of-day"],
        cwd=ROOT,
        env=environment(counter._settings),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert till.stdout is not None
    assert till.stdout.readline().strip() == "sent"
    till.kill()
    till.communicate()
    assert till.returncode == -signal.SIGKILL
    with counter:
        assert notice_of(ended(counter)) == "card_day_unknown"
        assert counter.till.cards.open_intents() == ()


def test_it_needs_the_right_to_close_and_a_terminal(
    counter: CardTill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with counter:
        people = counter.session._desk.people
        assert people.operator is not None
        others = tuple(one for one in people.operator.permissions if one != Permission.SHIFT.value)
        monkeypatch.setattr(
            people, "current", lambda: msgspec.structs.replace(people.operator, permissions=others)
        )
        state = counter.session.end_card_day()
        assert state.question is not None
        assert state.question.needs == "pin"
    with CardTill(ready(tmp_path / "bare")) as bare:
        assert notice_of(bare.session.end_card_day()) == "no_terminal"


def test_a_day_whose_total_was_not_told_keeps_the_terminal_s_own_slip_and_states_no_sum(
    counter: CardTill, terminal: VirtualTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = EndOfDay(False, text=("CLOSED 7",), reason="It told no total.", unknown=True)
    with counter:
        monkeypatch.setattr(counter.till.terminal, "end_of_day", lambda on_step: told)
        counter.session.end_card_day()
        assert notice_of(ended(counter)) == "card_day_unknown"
        printed = report(counter)
        assert "CLOSED 7" in printed
        assert "It told no total." in printed
        assert "0.00" not in printed
