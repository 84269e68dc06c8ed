"""A till's driver and a card terminal made of software, over real TCP: what is taken, and what is left unknown."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from hardware.terminals.address import terminal_at
from hardware.terminals.base import LastTransaction, Payment, Reference, Request, Result, Step, became_of
from hardware.terminals.virtual import VirtualTerminal
from hardware.terminals.virtual_console import obey, take_orders
from hardware.terminals.zvt import commands, messages
from hardware.terminals.zvt.dialogue import Dialogue
from hardware.terminals.zvt.outcome import of_end_of_day, of_payment, of_reversal
from hardware.terminals.zvt.terminal import ZvtTerminal
from hardware.transport.address import BadAddress
from hardware.transport.tcp import TcpTransport
from tests.hardware.terminals import recorded


@pytest.fixture
def terminal() -> Iterator[VirtualTerminal]:
    with VirtualTerminal(port=0) as terminal:
        yield terminal


@pytest.fixture
def driver(terminal: VirtualTerminal) -> ZvtTerminal:
    return ZvtTerminal(TcpTransport("127.0.0.1", terminal.port), acknowledge_s=2, silence_s=1.5)


def never() -> bool:
    return False


def quietly(step: Step) -> None:
    pass


def pay(driver: ZvtTerminal, amount_minor: int = 1250) -> tuple[Request, Result]:
    """As the till does it: it asks for the last transaction before."""
    last = driver.last()
    before = last.payment.reference if last.payment else None
    request = Request(amount_minor, "EUR", before, last.answered)
    return request, driver.pay(request, quietly, never)


def test_a_card_pays_and_both_receipts_come(terminal: VirtualTerminal, driver: ZvtTerminal) -> None:
    steps: list[Step] = []
    result = driver.pay(Request(1250, "EUR"), steps.append, never)
    assert result.state == "approved"
    assert (result.payment.amount_minor, result.payment.brand, result.payment.last_four) == (
        1250,
        "VISA",
        "1111",
    )
    assert result.payment.reference.receipt_number == terminal.bookings[0].receipt_number
    assert "CUSTOMER RECEIPT" in result.payment.customer_text
    assert "MERCHANT RECEIPT" in result.payment.merchant_text
    assert [step.code for step in steps] == ["connecting", "present_card", "asking_bank", "approved"]
    terminal.prints_lines = True
    _, line_by_line = pay(driver)
    assert line_by_line.payment.customer_text[0] == "CUSTOMER RECEIPT"
    assert line_by_line.payment.merchant_text[0] == "MERCHANT RECEIPT"


def test_a_declined_card_says_why_and_nothing_is_booked(
    terminal: VirtualTerminal, driver: ZvtTerminal
) -> None:
    obey(terminal, "decline 78")
    _, result = pay(driver)
    assert (result.state, result.reason) == ("declined", "The card has expired. Take another card.")
    obey(terminal, "paper out")
    assert "out of paper" in pay(driver)[1].reason
    assert terminal.bookings == []


def test_the_cashier_cancels_while_the_customer_looks_for_the_pin(
    terminal: VirtualTerminal, driver: ZvtTerminal
) -> None:
    terminal.wait_for_pin(20)
    asked = threading.Event()

    def watch(step: Step) -> None:
        if step.code == "enter_pin":
            asked.set()

    result = driver.pay(Request(1250, "EUR"), watch, asked.is_set)
    assert result.state == "declined"
    assert terminal.bookings == []


@pytest.mark.parametrize("manner", ["lose", "cut", "late"])
def test_a_lost_answer_is_unknown_until_the_terminal_is_asked_again(
    manner: str, terminal: VirtualTerminal, driver: ZvtTerminal
) -> None:
    pay(driver, 500)
    obey(terminal, manner)
    request, result = pay(driver)
    assert result.state == "unknown"
    resolved = became_of(request, driver.last())
    assert resolved.state == "approved"
    assert resolved.payment.reference.trace == terminal.bookings[1].trace
    assert terminal.charged_minor == 1750


def test_a_payment_that_never_was_is_found_not_to_have_been(
    terminal: VirtualTerminal, driver: ZvtTerminal
) -> None:
    pay(driver, 1250)
    obey(terminal, "silent")
    request, result = pay(driver, 1250)
    assert result.state == "unknown"
    assert became_of(request, driver.last()).state == "declined"
    assert terminal.charged_minor == 1250


def test_the_answer_of_the_payment_before_is_never_taken_for_this_one(
    terminal: VirtualTerminal, driver: ZvtTerminal
) -> None:
    """Same amount, told before and after the acknowledgement of the next one, which the bank then declines."""
    pay(driver, 500)
    obey(terminal, "late")
    first, unknown = pay(driver, 1250)
    assert unknown.state == "unknown"
    found = became_of(first, driver.last())
    assert found.state == "approved"
    obey(terminal, "decline")
    second = Request(1250, "EUR", found.payment.reference, True)
    result = driver.pay(second, quietly, never)
    assert result.state == "declined"
    assert terminal.charged_minor == 1750


def test_with_two_answers_in_a_row_the_one_before_is_passed_over(
    terminal: VirtualTerminal, driver: ZvtTerminal
) -> None:
    pay(driver, 500)
    obey(terminal, "late")
    first, _ = pay(driver, 1250)
    before = became_of(first, driver.last()).payment.reference
    result = driver.pay(Request(1250, "EUR", before, True), quietly, never)
    assert result.state == "approved"
    assert result.payment.reference.trace == terminal.bookings[2].trace


def test_the_answer_before_does_not_count_even_where_it_is_all_that_comes() -> None:
    told = messages.status_information(recorded.PAID_20_40[3:]).reference
    dialogue = Dialogue(commands.authorisation(2040, "EUR"))
    dialogue.start()
    said = bytes.fromhex("80 00 00") + recorded.PAID_20_40 + bytes.fromhex("06 0F 00")
    assert dialogue.receive(said) == bytes.fromhex("80 00 00") * 2
    assert of_payment(dialogue, Request(2040, "EUR", told, True)).state == "unknown"
    assert of_payment(dialogue, Request(2041, "EUR")).state == "unknown"
    assert of_payment(dialogue, Request(2040, "EUR")).state == "approved"


def test_what_comes_before_the_terminal_has_acknowledged_is_answered_and_not_read() -> None:
    dialogue = Dialogue(commands.authorisation(2040, "EUR"))
    dialogue.start()
    assert dialogue.receive(recorded.PAID_20_40 + bytes.fromhex("80 00 00 06 0F 00")) == bytes.fromhex(
        "80 00 00 80 00 00"
    )
    assert (dialogue.strays, dialogue.statuses, dialogue.phase) == (1, [], "over")
    assert of_payment(dialogue, Request(2040, "EUR")).state == "unknown"


def test_without_a_completion_nothing_is_paid_for_sure() -> None:
    dialogue = Dialogue(commands.authorisation(2040, "EUR"))
    dialogue.start()
    dialogue.receive(bytes.fromhex("80 00 00") + recorded.PAID_20_40)
    assert of_payment(dialogue, Request(2040, "EUR")).state == "unknown"


def test_what_can_not_be_told_stays_unknown() -> None:
    mine = Request(1250, "EUR", Reference("52500041", 7, 7, "1126", "090000"), True)
    assert became_of(mine, LastTransaction(False)).state == "unknown"
    assert became_of(mine, LastTransaction(True)).state == "unknown"


@pytest.mark.parametrize(
    ("before", "last"),
    [
        (Reference(), Reference("52500041", 8, 8)),
        (Reference("52500041", trace=7), Reference("52500041", receipt_number=8)),
        (Reference("52500041", 0, 0, "1126", "090000"), Reference("52500041", 8, 8)),
    ],
    ids=["nameless", "by other numbers", "by its time alone"],
)
def test_a_payment_that_can_not_be_told_from_the_one_before_is_never_said_not_to_have_been(
    before: Reference, last: Reference
) -> None:
    """Said to be declined, the customer would pay a second time."""
    mine = Request(1250, "EUR", before, True)
    found = became_of(mine, LastTransaction(True, Payment(1250, reference=last)))
    assert found.state == "unknown"
    assert "which payment" in found.reason


def test_a_payment_that_is_told_as_paid_and_then_broken_off_is_asked_for_again() -> None:
    """Out of paper behind the payment, for one: the money may have moved."""
    dialogue = Dialogue(commands.authorisation(2040, "EUR"))
    dialogue.start()
    dialogue.receive(bytes.fromhex("80 00 00") + recorded.PAID_20_40 + bytes.fromhex("06 1E 01 CC"))
    assert of_payment(dialogue, Request(2040, "EUR")).state == "unknown"
    told = messages.status_information(recorded.PAID_20_40[3:]).reference
    assert of_payment(dialogue, Request(2040, "EUR", told, True)).state == "declined", (
        "it told the one before"
    )


def test_a_refund_that_is_told_as_given_and_then_broken_off_is_asked_for_again() -> None:
    dialogue = Dialogue(commands.reversal(0, 7, 2040, "EUR"))
    dialogue.start()
    dialogue.receive(bytes.fromhex("80 00 00") + recorded.PAID_20_40 + bytes.fromhex("06 1E 01 CC"))
    assert of_reversal(dialogue).state == "unknown"


def test_a_day_that_ended_without_telling_a_total_is_not_reported_as_nothing() -> None:
    dialogue = Dialogue(commands.end_of_day(0))
    dialogue.start()
    slip = bytes.fromhex("06 D1 09 81") + b"CLOSED 7"
    dialogue.receive(bytes.fromhex("80 00 00") + slip + bytes.fromhex("06 0F 00"))
    ended = of_end_of_day(dialogue)
    assert (ended.done, ended.unknown, ended.text) == (False, True, ("CLOSED 7",))
    assert "total" in ended.reason


def test_a_device_that_chatters_and_never_takes_the_command_holds_nobody_up() -> None:
    """Half a message again and again: each piece is heard, none is an acknowledgement."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        driver = ZvtTerminal(TcpTransport("127.0.0.1", server.getsockname()[1]), acknowledge_s=0.5)
        over = threading.Event()
        threading.Thread(target=chatter, args=(server, over), daemon=True).start()
        began = time.monotonic()
        assert not driver.status().ready
        assert time.monotonic() - began < 3
        over.set()


def chatter(server: socket.socket, over: threading.Event) -> None:
    connection, _ = server.accept()
    with connection, suppress(OSError):
        while not over.wait(0.1):
            connection.sendall(bytes.fromhex("04 FF 01 0A"))


@pytest.mark.parametrize(
    "ending", ["06 0F 05 F0 FA FA FA 00", "06 0F 05 F0 F0 F9 41 00", "06 0F 03 27 00 F0"]
)
def test_a_status_that_makes_no_sense_is_said_and_breaks_nothing(ending: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        driver = ZvtTerminal(TcpTransport("127.0.0.1", server.getsockname()[1]), acknowledge_s=1)
        threading.Thread(target=answer_nonsense, args=(server, bytes.fromhex(ending)), daemon=True).start()
        assert not driver.status().ready


def answer_nonsense(server: socket.socket, ending: bytes) -> None:
    """Registers a till properly and then answers its question with `ending`."""
    connection, _ = server.accept()
    with connection, suppress(OSError):
        for said in (bytes.fromhex("80 00 00 06 0F 00"), bytes.fromhex("80 00 00") + ending):
            while (heard := connection.recv(100)).startswith(b"\x80"):
                pass
            assert heard
            connection.sendall(said)
        connection.recv(100)


def test_a_payment_goes_back_once(terminal: VirtualTerminal, driver: ZvtTerminal) -> None:
    request, paid = pay(driver)
    assert driver.reverse(paid.payment, "EUR", quietly).state == "approved"
    assert driver.reverse(paid.payment, "EUR", quietly).state == "declined"
    assert terminal.charged_minor == 0
    assert became_of(request, driver.last()).state == "unknown", (
        "the last is a reversal, so people have to look"
    )


def give_back(driver: ZvtTerminal, amount_minor: int) -> tuple[Request, Result]:
    last = driver.last().payment
    request = Request(amount_minor, "EUR", last.reference if last else None, True, gives_back=True)
    return request, driver.refund(request, quietly, never)


def test_part_of_a_payment_goes_back_to_the_card_that_is_shown(
    terminal: VirtualTerminal, driver: ZvtTerminal
) -> None:
    pay(driver, 1250)
    _, given = give_back(driver, 300)
    assert (given.state, given.payment.amount_minor) == ("approved", 300)
    assert "REFUND" in given.payment.customer_text
    assert terminal.charged_minor == 950
    obey(terminal, "decline 05")
    assert give_back(driver, 300)[1].state == "declined"
    assert terminal.charged_minor == 950


@pytest.mark.parametrize(
    ("manner", "became", "charged_minor"),
    [("lose", "approved", 0), ("cut", "approved", 0), ("late", "approved", 0), ("silent", "declined", 1250)],
)
def test_a_refund_whose_answer_is_lost_is_found_by_asking_again(
    manner: str, became: str, charged_minor: int, terminal: VirtualTerminal, driver: ZvtTerminal
) -> None:
    """The refund has the payment's amount: only the reference tells them apart."""
    pay(driver, 1250)
    obey(terminal, manner)
    request, result = give_back(driver, 1250)
    assert result.state == "unknown"
    assert became_of(request, driver.last()).state == became
    assert terminal.charged_minor == charged_minor


@pytest.mark.parametrize(("manner", "became"), [("lose", "approved"), ("silent", "declined")])
def test_a_reversal_whose_answer_is_lost_is_found_by_asking_again(
    manner: str, became: str, terminal: VirtualTerminal, driver: ZvtTerminal
) -> None:
    _, paid = pay(driver, 1250)
    obey(terminal, manner)
    assert driver.reverse(paid.payment, "EUR", quietly).state == "unknown"
    request = Request(1250, "EUR", paid.payment.reference, True, gives_back=True)
    assert became_of(request, driver.last()).state == became


def test_a_reversal_that_is_declined_is_told_from_one_that_the_terminal_can_not_do(
    terminal: VirtualTerminal, driver: ZvtTerminal
) -> None:
    _, paid = pay(driver, 1250)
    obey(terminal, "decline 05")
    declined = driver.reverse(paid.payment, "EUR", quietly)
    assert (declined.state, declined.can_not) == ("declined", False)
    obey(terminal, "approve")
    driver.end_of_day(quietly)
    too_late = driver.reverse(paid.payment, "EUR", quietly)
    assert (too_late.state, too_late.can_not) == ("declined", True)


@pytest.mark.parametrize(
    ("manner", "unknown"),
    [("silent", True), ("lose", True), ("cut", True), ("late", True), ("decline A0", False)],
)
def test_an_end_of_day_that_was_not_answered_is_not_taken_for_done(
    manner: str, unknown: bool, terminal: VirtualTerminal, driver: ZvtTerminal
) -> None:
    pay(driver, 500)
    obey(terminal, manner)
    ended = driver.end_of_day(quietly)
    assert (ended.done, ended.unknown, bool(ended.reason)) == (False, unknown, True)


def test_the_terminal_s_day_ends_with_its_total(terminal: VirtualTerminal, driver: ZvtTerminal) -> None:
    pay(driver, 500)
    pay(driver, 750)
    closed = driver.end_of_day(quietly)
    assert (closed.done, closed.total_minor) == (True, 1250)
    assert "END OF DAY" in closed.text
    assert driver.end_of_day(quietly).total_minor == 0


def test_no_terminal_is_said_and_nothing_is_charged(terminal: VirtualTerminal, driver: ZvtTerminal) -> None:
    assert driver.status().ready
    obey(terminal, "paper out")
    assert "out of paper" in driver.status().message
    terminal.go_away()
    result = driver.pay(Request(1250, "EUR"), quietly, never)
    assert (result.state, "Nothing answers at" in result.reason) == ("declined", True)
    assert not driver.status().reachable
    terminal.come_back()
    obey(terminal, "paper ok")
    assert driver.status().ready


def test_something_else_than_a_terminal_gets_no_payment() -> None:
    with socket.create_server(("127.0.0.1", 0)) as printer:
        port = printer.getsockname()[1]
        driver = ZvtTerminal(TcpTransport("127.0.0.1", port), acknowledge_s=0.3)
        result = driver.pay(Request(1250, "EUR"), quietly, never)
    assert (result.state, "does not answer as a card terminal" in result.reason) == ("declined", True)


def test_an_address_is_one_line() -> None:
    assert terminal_at("zvt://192.168.1.60").place == "192.168.1.60 port 20007"
    assert terminal_at("zvt://192.168.1.60:22000?password=123456").place == "192.168.1.60 port 22000"
    for wrong in ("tcp://a:1", "zvt://", "zvt://a?password=12", "zvt://a/b", "zvt://a:x", "zvt://a?speed=1"):
        with pytest.raises(BadAddress, match="zvt://192"):
            terminal_at(wrong)


def test_the_simulator_is_told_what_to_do_by_typing(terminal: VirtualTerminal) -> None:
    take_orders(
        terminal, ["approve", "decline 05", "pin 2", "lines", "block", "booked", "fly", "quit", "lose"]
    )
    assert obey(terminal, "decline ZZ").startswith("Not understood")
    assert obey(terminal, "booked") == "charged 0"
