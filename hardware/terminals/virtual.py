"""A card terminal made of software: it speaks ZVT on a TCP port, books what it takes, and can be told to fail.

Run it by itself with `python -m hardware.terminals.virtual --port 20007`.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Literal

import msgspec

from hardware.terminals import virtual_wire as wire
from hardware.terminals.virtual_wire import Booking
from hardware.terminals.zvt import codes, commands, fields
from hardware.terminals.zvt.apdu import ACKNOWLEDGED, Apdu, ApduReader, refused
from hardware.terminals.zvt.digits import unpacked

Manner = Literal["approve", "decline", "silent", "lose", "cut", "late"]
_ONCE = ("silent", "lose", "cut", "late")
_LOOK_S = 0.05
_WAITS_S = 10.0
_STEPS = (0x0A, 0x01, 0x04)


class HungUp(Exception):
    """The till is gone."""


class VirtualTerminal:
    """Starts with `start()` or `with`. Any thread may call any method, and it takes effect with the next command.

    One till at a time is served, as by a real one; what was booked stays when a till goes away in the middle.
    """

    def __init__(self, port: int = 20007, host: str = "127.0.0.1") -> None:
        """`port` 0 takes any free one."""
        self._address = (host, port)
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()
        self._bookings: list[Booking] = []
        self._late: Booking | None = None
        self._trace = 0
        self._manner: Manner = "approve"
        self._decline_code, self._pin_s = 0x05, 0.0
        self._has_paper, self.leaks, self.prints_lines = True, False, False
        self._closed_up_to = 0
        self._stopping = threading.Event()

    # Life

    def start(self) -> VirtualTerminal:
        """Raises OSError when the port is taken."""
        listener = socket.create_server(self._address)
        listener.settimeout(_LOOK_S)
        self._address = (self._address[0], listener.getsockname()[1])
        self._stopping = threading.Event()
        self._listener = listener
        arguments = (listener, self._stopping)
        self._thread = threading.Thread(
            target=self._serve, args=arguments, name="virtual card terminal", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_WAITS_S)
            self._thread = None

    def go_away(self) -> None:
        """Power off: connections break, the port is closed. What was booked stays."""
        self.stop()

    def come_back(self) -> None:
        """Power on, at the same port."""
        if self._thread is None:
            self.start()

    def __enter__(self) -> VirtualTerminal:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        return self._address[1]

    # What it did

    @property
    def bookings(self) -> list[Booking]:
        """All that it stored, reversals too."""
        with self._changed:
            return list(self._bookings)

    @property
    def charged_minor(self) -> int:
        """What customers have paid, less what went back."""
        return sum(one.charged_minor for one in self.bookings)

    def wait_for_bookings(self, count: int, timeout_s: float = _WAITS_S) -> list[Booking]:
        """At least `count` of them; raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._bookings) >= count, timeout_s):
                raise TimeoutError(f"{len(self._bookings)} of {count} bookings")
            return list(self._bookings)

    # What it is told

    def behave(self, manner: Manner, *, code: int = 0x05) -> None:
        """'approve' and 'decline' stay; of the others the next payment, refund, reversal or end of day alone.

        'silent' acknowledges and says nothing more, 'lose' books and hangs up, 'cut' hangs up in the middle of the
        answer, 'late' books, stays silent, and tells who asks for money next of this one first. An end of day is not
        told of later.
        """
        with self._changed:
            self._manner, self._decline_code = manner, code

    @property
    def manner(self) -> Manner:
        """How the next request is handled."""
        return self._manner

    def wait_for_pin(self, seconds: float) -> None:
        """Every payment's customer takes that long; meanwhile the till may cancel."""
        self._pin_s = seconds

    def set_paper(self, *, has_paper: bool) -> None:
        self._has_paper = has_paper

    # The terminal's own thread, from here on

    def _serve(self, listener: socket.socket, stopping: threading.Event) -> None:
        with listener:
            while not stopping.is_set():
                with suppress(TimeoutError):
                    connection, _ = listener.accept()
                    with connection, suppress(HungUp, OSError):
                        _Visit(self, connection, stopping).serve()

    def carry_out(self, command: Apdu, till: _Visit) -> None:
        match command.command:
            case commands.AUTHORISATION:
                wanted = fields.decoded(command.data)
                self._transact(lambda: self._book(wanted), till, needs_card=True)
            case commands.REFUND:
                given = fields.decoded(command.data[3:])
                self._transact(lambda: self._book(given, is_refund=True), till, needs_card=True)
            case commands.REPEAT_RECEIPT:
                till.acknowledge()
                self._repeat(till)
            case commands.REVERSAL:
                self._reverse(fields.decoded(command.data[3:]), till)
            case commands.END_OF_DAY:
                till.acknowledge()
                self._end_the_day(till)
            case commands.STATUS_ENQUIRY:
                till.acknowledge()
                state = codes.OK if self._has_paper else codes.OUT_OF_PAPER
                till.say(wire.completion(fields.encoded({fields.RESULT: bytes((state,))})))
            case commands.DISPLAY_TEXT | commands.LOG_OFF:
                till.acknowledge()
                till.say(wire.completion())
            case commands.ABORT:
                till.acknowledge()
            case _:
                till.send(refused(0x83))

    def _transact(self, book: Callable[[], Booking], till: _Visit, *, needs_card: bool) -> None:
        late, self._late = self._late, None
        if late is not None:
            till.send(wire.status(late, leaks=self.leaks))
        till.acknowledge()
        if late is not None:
            till.say(wire.status(late, leaks=self.leaks))
        manner = self._next_manner()
        if not self._has_paper:
            till.say(wire.aborted(codes.OUT_OF_PAPER))
            return
        if manner == "silent":
            till.wait_until_gone()
        if needs_card and not self._customer_pays(till):
            till.say(wire.aborted(codes.TIMED_OUT))
        elif manner == "decline":
            till.say(wire.step(0x1D))
            till.say(wire.failed(self._decline_code))
            till.say(wire.aborted(self._decline_code))
        else:
            self._answer(book(), manner, till)

    def _answer(self, booking: Booking, manner: Manner, till: _Visit) -> None:
        if manner == "lose":
            till.hang_up()
        if manner == "cut":
            till.hang_up(after=wire.status(booking, leaks=self.leaks))
        if manner == "late":
            self._late = booking
            till.wait_until_gone()
        till.say(wire.step(0x1C))
        till.say(wire.status(booking, leaks=self.leaks))
        self._print(booking, till)
        till.say(wire.completion())

    def _customer_pays(self, till: _Visit) -> bool:
        """False once the till has cancelled."""
        till.say(wire.step(_STEPS[0], f"Card {Booking.card_number}" if self.leaks else ""))
        until = time.monotonic() + self._pin_s
        said = 0
        while time.monotonic() < until:
            if till.is_asked_to_stop():
                return False
            if not said:
                till.say(wire.step(_STEPS[1]))
                said += 1
        till.say(wire.step(_STEPS[2]))
        return not till.is_asked_to_stop()

    def _book(self, wanted: dict[int, bytes], *, is_refund: bool = False) -> Booking:
        currency = wanted.get(fields.CURRENCY, b"\x09\x78")
        amount_minor = unpacked(wanted[fields.AMOUNT])
        return self._store(Booking(amount_minor, *self._numbers(), currency, is_refund=is_refund))

    def _numbers(self) -> tuple[int, int, str, str]:
        self._trace += 1
        return self._trace, self._trace % 10_000, time.strftime("%m%d"), time.strftime("%H%M%S")

    def _store(self, booking: Booking) -> Booking:
        with self._changed:
            self._bookings.append(booking)
            self._changed.notify_all()
        return booking

    def _repeat(self, till: _Visit) -> None:
        if self._bookings:
            till.say(wire.status(self._bookings[-1], leaks=self.leaks))
            self._print(self._bookings[-1], till)
        till.say(wire.completion())

    def _reverse(self, wanted: dict[int, bytes], till: _Visit) -> None:
        number = unpacked(wanted[fields.RECEIPT]) if fields.RECEIPT in wanted else 0
        since = self._bookings[self._closed_up_to :]
        found = [one for one in since if one.receipt_number == number and one.charged_minor > 0]
        if not found or found[-1].is_reversed:
            till.acknowledge()
            till.say(wire.aborted(codes.REVERSED_ALREADY if found else codes.NOT_REVERSIBLE))
            return
        self._transact(lambda: self._take_back(found[-1]), till, needs_card=False)

    def _take_back(self, paid: Booking) -> Booking:
        back = Booking(paid.amount_minor, *self._numbers(), paid.currency, reverses=paid.trace)
        with self._changed:
            self._bookings[self._bookings.index(paid)] = msgspec.structs.replace(paid, is_reversed=True)
        return self._store(back)

    def _end_the_day(self, till: _Visit) -> None:
        manner = self._next_manner()
        if manner == "silent":
            till.wait_until_gone()
        if manner == "decline":
            till.say(wire.aborted(self._decline_code))
            return
        open_ones = self._bookings[self._closed_up_to :]
        self._closed_up_to = len(self._bookings)
        total = sum(one.charged_minor for one in open_ones)
        if manner == "late":
            till.wait_until_gone()
        if manner in ("lose", "cut"):
            till.hang_up(after=wire.end_of_day(total) if manner == "cut" else None)
        till.say(wire.end_of_day(total))
        cards = [f"Card {one.card_number}" for one in open_ones] if self.leaks else []
        till.say(wire.block("other", ("END OF DAY", f"{len(open_ones)} bookings", *cards, f"Total {total}")))
        till.say(wire.completion())

    def _print(self, booking: Booking, till: _Visit) -> None:
        customer = wire.receipt(booking, "CUSTOMER RECEIPT", leaks=self.leaks)
        merchant = wire.receipt(booking, "MERCHANT RECEIPT", leaks=self.leaks)
        if self.prints_lines:
            till.say(*wire.line_by_line(merchant), *wire.line_by_line(customer))
        else:
            till.say(wire.block("merchant", merchant), wire.block("customer", customer))

    def _next_manner(self) -> Manner:
        with self._changed:
            manner = self._manner
            if manner in _ONCE:
                self._manner = "approve"
            return manner


class _Visit:
    """One till's connection: what it sends, and what it is told, each waiting for the till's acknowledgement."""

    def __init__(
        self, terminal: VirtualTerminal, connection: socket.socket, stopping: threading.Event
    ) -> None:
        self._terminal = terminal
        self._connection = connection
        self._stopping = stopping
        self._reader = ApduReader()
        self._inbox: list[Apdu] = []
        self._is_registered = False
        self._wants_stop = False
        connection.settimeout(_LOOK_S)

    def serve(self) -> None:
        while True:
            command = self._next()
            self._wants_stop = False
            if command == ACKNOWLEDGED:
                continue
            if command.command == commands.REGISTRATION:
                self._is_registered = True
                self.acknowledge()
                self.say(wire.completion())
            elif not self._is_registered:
                self.acknowledge()
                self.say(wire.aborted(codes.NOT_REGISTERED))
            else:
                self._terminal.carry_out(command, self)

    def send(self, message: Apdu) -> None:
        self._connection.sendall(message.encoded())

    def acknowledge(self) -> None:
        self.send(ACKNOWLEDGED)

    def say(self, *said: Apdu) -> None:
        for message in said:
            self.send(message)
            self._wait_for_acknowledgement()

    def is_asked_to_stop(self) -> bool:
        self._look()
        self._note_abort()
        return self._wants_stop

    def wait_until_gone(self) -> None:
        while True:
            self._look()
            self._inbox.clear()

    def hang_up(self, after: Apdu | None = None) -> None:
        """Resets the connection, at once or in the middle of `after`."""
        if after is not None:
            half = after.encoded()
            self._connection.sendall(half[: len(half) // 2])
            time.sleep(_LOOK_S)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise HungUp

    def _wait_for_acknowledgement(self) -> None:
        until = time.monotonic() + _WAITS_S
        while time.monotonic() < until:
            self._note_abort()
            if self._inbox:
                self._inbox.pop(0)
                return
            self._look()
        raise HungUp

    def _note_abort(self) -> None:
        rest: list[Apdu] = []
        for message in self._inbox:
            if message.command == commands.ABORT:
                self._wants_stop = True
                self.acknowledge()
            else:
                rest.append(message)
        self._inbox = rest

    def _next(self) -> Apdu:
        while not self._inbox:
            self._look()
        return self._inbox.pop(0)

    def _look(self) -> None:
        if self._stopping.is_set():
            raise HungUp
        try:
            data = self._connection.recv(4096)
        except TimeoutError:
            return
        if not data:
            raise HungUp
        self._inbox += self._reader.feed(data)


def bookings_as_lines(bookings: Iterable[Booking]) -> list[str]:
    """For people and tests: no card number."""
    return [
        f"trace {one.trace:06d} amount {one.amount_minor}"
        f"{' reversal' if one.reverses else ' refund' if one.is_refund else ''}"
        for one in bookings
    ]


if __name__ == "__main__":
    import sys

    from hardware.terminals.virtual_console import main

    sys.exit(main())
