"""The till is killed in the middle of a card payment: one ticket, one charge, whatever was lost on the way."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pos_client.settings import TillSettings
from pos_client.till.state import Phase
from tests.pos_client.card_till import CardTill, notice_of
from tests.pos_client.ready_till import PRICE_MINOR, environment, ready

ROOT = Path(__file__).parents[2]
TICKET_MINOR = 5 * PRICE_MINOR
KILLS = 8
SEED = 20261126


class TerminalProcess:
    """The simulator in a process of its own, told what to do on its standard input."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hardware.terminals.virtual", "--port", "0"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._said("Taking cards").rpartition(" ")[2])
        self._said("quit")

    def tell(self, order: str) -> None:
        self._write(order)
        self._said("Done:")

    def booked(self) -> tuple[int, int]:
        """How many payments it took, and what customers were charged in all."""
        self._write("booked")
        assert self._process.stdout is not None
        count = 0
        for line in self._process.stdout:
            if line.startswith("charged "):
                return count, int(line.split()[1])
            count += "reversal" not in line
        raise AssertionError("the simulator is gone")

    def wait_until_booked(self, count: int) -> None:
        end = time.monotonic() + 30
        while self.booked()[0] < count:
            assert time.monotonic() < end
            time.sleep(0.01)

    def close(self) -> None:
        self._write("quit")
        self._process.communicate(timeout=20)

    def _write(self, order: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()

    def _said(self, beginning: str) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(beginning):
                return line.strip()
        raise AssertionError("the simulator is gone")


@pytest.fixture
def terminal() -> Iterator[TerminalProcess]:
    terminal = TerminalProcess()
    yield terminal
    terminal.close()


@pytest.fixture
def settings(tmp_path: Path, terminal: TerminalProcess, monkeypatch: pytest.MonkeyPatch) -> TillSettings:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return ready(tmp_path / "till", terminal=f"zvt://127.0.0.1:{terminal.port}")


def pay_once_before(settings: TillSettings) -> None:
    """A payment of the same amount, so that only its reference tells the one before from the next."""
    with CardTill(settings) as counter:
        assert counter.pay_by_card(5).phase is Phase.CHANGE


def paying(settings: TillSettings) -> subprocess.Popen[str]:
    """A till in a process of its own that has written the intent down and is about to ask the terminal."""
    till = subprocess.Popen(
        [sys.executable, "-m", "tests.pos_client.card_till"],
        cwd=ROOT,
        env=environment(settings),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert till.stdout is not None
    assert till.stdout.readline().strip() == "asked"
    return till


def kill(till: subprocess.Popen[str]) -> None:
    till.kill()
    till.communicate()
    assert till.returncode == -signal.SIGKILL


@pytest.mark.parametrize("manner", ["lose", "cut", "late"])
def test_a_lost_answer_and_a_power_cut_charge_the_customer_once(
    manner: str, terminal: TerminalProcess, settings: TillSettings
) -> None:
    pay_once_before(settings)
    terminal.tell(manner)
    till = paying(settings)
    terminal.wait_until_booked(2)
    kill(till)
    with CardTill(settings) as counter:
        state = counter.wait(lambda state: state.phase is Phase.CHANGE)
        assert state.card is None
        assert len(counter.card_sales()) == 2
        assert counter.till.cards.open_intents() == ()
    assert terminal.booked() == (2, 2 * TICKET_MINOR)


def test_a_power_cut_while_the_customer_enters_the_pin_charges_nothing_and_keeps_the_ticket(
    terminal: TerminalProcess, settings: TillSettings
) -> None:
    pay_once_before(settings)
    terminal.tell("pin 30")
    till = paying(settings)
    time.sleep(1)
    kill(till)
    terminal.tell("pin 0")
    with CardTill(settings) as counter:
        state = counter.wait_for_the_terminal()
        assert (state.phase, notice_of(state)) == (Phase.TENDER, "card_declined")
        assert state.to_pay_minor == TICKET_MINOR
        counter.session.tender_card()
        assert counter.wait_for_the_terminal().phase is Phase.CHANGE
    assert terminal.booked() == (2, 2 * TICKET_MINOR)


def test_no_card_pays_as_long_as_an_earlier_payment_is_uncertain(
    terminal: TerminalProcess, settings: TillSettings
) -> None:
    """The terminal is off when the till comes back: the ticket waits, and the answer settles it."""
    pay_once_before(settings)
    terminal.tell("lose")
    till = paying(settings)
    terminal.wait_until_booked(2)
    kill(till)
    terminal.tell("gone")
    with CardTill(settings) as counter:
        state = counter.wait(lambda state: state.card is not None and state.card.can_decide)
        assert state.phase is Phase.TENDER
        assert notice_of(counter.session.tender_card()) == "card_busy"
        assert notice_of(counter.session.tender_cash(TICKET_MINOR)) == "card_busy"
        terminal.tell("back")
        counter.wait(lambda state: state.phase is Phase.CHANGE)
        assert len(counter.card_sales()) == 2
    assert terminal.booked() == (2, 2 * TICKET_MINOR)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_killed_at_any_moment_every_charge_has_one_sale_and_every_sale_one_charge(
    terminal: TerminalProcess, settings: TillSettings
) -> None:
    chance = random.Random(SEED)
    pay_once_before(settings)
    for _ in range(KILLS):
        till = paying(settings)
        time.sleep(chance.random() / 2)
        kill(till)
        with CardTill(settings) as counter:
            state = counter.wait_for_the_terminal()
            if state.phase is Phase.SALE and state.lines:
                state = counter.session.start_tender()
            if state.phase is Phase.TENDER:
                counter.session.tender_card()
                counter.wait(lambda state: state.phase is Phase.CHANGE)
            sales = len(counter.card_sales())
            assert counter.till.cards.open_intents() == ()
        assert terminal.booked() == (sales, sales * TICKET_MINOR)
