"""A receipt printer made of software: it listens on a TCP port, decodes what comes, and can be told to fail.

Run it by itself with `python -m hardware.printers.virtual --port 9100 --out FOLDER`.
"""

from __future__ import annotations

import selectors
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import msgspec

from hardware.escpos.decoder import Characters, Command, Decoder, Token, Unknown
from hardware.escpos.interpreter import Interpreter
from hardware.escpos.models import CodePages
from hardware.escpos.paper import Pulse, Receipt
from hardware.escpos.real_time import RealTimeWatch
from hardware.printers.virtual_state import PrinterState
from hardware.status import PaperState

_CHUNK = 4096
_MEMORY_BYTES = 64 * 1024
_CALL_TIMEOUT_S = 10.0
_REAL_TIME = ("DLE EOT", "DLE ENQ", "DLE DC4")
_Result = TypeVar("_Result")


class VirtualPrinter:
    """Starts with `start()` or `with`. Any thread may call any method, and it takes effect at once.

    What is to be printed waits in the printer's memory, as in a real one: while the paper is out or the cover
    open it stays there and is printed later, and a caller that has hung up by then never hears of it. Half a command of
    a caller that hung up waits for its end too, whoever sends that.
    """

    def __init__(
        self,
        port: int = 9100,
        host: str = "127.0.0.1",
        *,
        paper_dots: int = 576,
        memory_bytes: int = _MEMORY_BYTES,
        code_pages: CodePages | None = None,
        on_receipt: Callable[[Receipt], None] | None = None,
    ) -> None:
        """`port` 0 takes any free one. `on_receipt` is called on the printer's own thread at every cut.

        `code_pages` are those of a model's profile; without them Epson's.
        """
        self._address = (host, port)
        self._memory_bytes = memory_bytes
        self._tell = on_receipt
        self._paper = Interpreter(paper_dots, code_pages, on_receipt=self._on_receipt)
        self._state = PrinterState()
        self._memory: deque[tuple[Token, int, _Caller]] = deque()
        self._memory_used = 0
        self._half: Decoder | None = None
        self._callers: dict[socket.socket, _Caller] = {}
        self._selector = selectors.DefaultSelector()
        self._listener: socket.socket | None = None
        self._calls: deque[_Call] = deque()
        self._wake_in, self._wake_out = socket.socketpair()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="virtual printer", daemon=True)
        self._running = False

    # Life

    def start(self) -> VirtualPrinter:
        """Raises OSError when the port is taken."""
        self._wake_out.setblocking(False)
        self._selector.register(self._wake_out, selectors.EVENT_READ)
        try:
            self._listen()
        except OSError:
            self.stop()
            raise
        self._running = True
        self._thread.start()
        return self

    def stop(self) -> None:
        if self._running:
            self._call(self._end)
            self._thread.join(_CALL_TIMEOUT_S)
        self._wake_in.close()
        self._wake_out.close()
        self._selector.close()

    def __enter__(self) -> VirtualPrinter:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        return self._address[1]

    # What came out

    @property
    def receipts(self) -> list[Receipt]:
        with self._changed:
            return list(self._paper.receipts)

    @property
    def pulses(self) -> list[Pulse]:
        """Every time that the drawer was opened."""
        with self._changed:
            return list(self._paper.pulses)

    @property
    def unfinished(self) -> Receipt:
        """What hangs out of the printer, not cut."""
        with self._changed:
            return self._paper.unfinished

    def tear_off(self) -> Receipt | None:
        """Takes what hangs out, as an impatient hand does."""
        return self._call(self._paper.tear_off)

    def wait_for_receipts(self, count: int, timeout_s: float = 10.0) -> list[Receipt]:
        """At least `count` of them; raises TimeoutError."""
        return self._wait(lambda: len(self._paper.receipts) >= count, lambda: self.receipts, timeout_s)

    def wait_for_pulses(self, count: int, timeout_s: float = 10.0) -> list[Pulse]:
        """At least `count` of them; raises TimeoutError."""
        return self._wait(lambda: len(self._paper.pulses) >= count, lambda: self.pulses, timeout_s)

    # What can go wrong

    def set_paper(self, paper: PaperState) -> None:
        self._change(paper=paper, out_at_dots=None)

    def run_out_after(self, dots: int) -> None:
        """The paper ends when it has moved that far; a line is 30 dots."""
        self._call(lambda: self._set_state(out_at_dots=self._paper.fed_dots + dots))

    def set_cover(self, *, is_open: bool) -> None:
        self._change(cover_open=is_open)

    def connect_drawer(self, *, jammed: bool = False) -> None:
        """One whose switch makes the pin high when it is open; a pulse opens it unless it is jammed."""
        self._change(drawer="jammed" if jammed else "shut")

    def shut_drawer(self) -> None:
        self._change(drawer="shut")

    def set_speed(self, bytes_per_second: float | None) -> None:
        """None is as fast as the machine."""
        self._change(bytes_per_second=bytes_per_second)

    def set_silent(self, silent: bool) -> None:
        """It takes everything and never answers."""
        self._change(silent=silent)

    def hang_up_after(self, byte_count: int) -> None:
        """Resets the connection of whoever sends that many bytes more, once."""
        self._call(lambda: self._set_state(hang_up_after=byte_count))

    def go_away(self) -> None:
        """Power off: connections are reset, the memory is lost, the port is closed."""
        self._call(self._power_off)

    def come_back(self) -> None:
        """Power on, at the same port."""
        self._call(self._listen)

    # The printer's own thread, from here on

    def _run(self) -> None:
        try:
            self._loop()
        finally:
            self._running = False  # so that nobody waits for a thread that has crashed

    def _loop(self) -> None:
        while self._running:
            for key, _ in self._selector.select(self._due_in_s()):
                source = key.fileobj
                assert isinstance(source, socket.socket)
                if source is self._wake_out:
                    source.recv(_CHUNK)
                elif source is self._listener:
                    self._accept(source)
                elif source in self._callers:
                    self._read(self._callers[source])
            self._do_calls()
            self._work()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the caller has gone again
            connection, _ = listener.accept()
            connection.setblocking(False)
            self._callers[connection] = _Caller(connection, self._half or Decoder())
            self._half = None
            self._selector.register(connection, selectors.EVENT_READ)

    def _read(self, caller: _Caller) -> None:
        if self._memory_used >= self._memory_bytes:
            self._selector.unregister(caller.connection)
            caller.paused = True
            return
        try:
            data = caller.connection.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(caller)
            return
        if self._hangs_up(data):
            self._drop(caller, reset=True)
            return
        self._take(caller, data)

    def _hangs_up(self, data: bytes) -> bool:
        left = self._state.hang_up_after
        if left is None:
            return False
        self._state.hang_up_after = left - len(data)
        if self._state.hang_up_after > 0:
            return False
        self._state.hang_up_after = None
        return True

    def _take(self, caller: _Caller, data: bytes) -> None:
        for command in caller.real_time.feed(data):
            self._answer_now(caller, command)
        for token in caller.decoder.feed(data):
            if not (isinstance(token, Command) and token.name in _REAL_TIME):
                size = _size(token)
                self._memory.append((token, size, caller))
                self._memory_used += size

    def _work(self) -> None:
        """Prints what is in the memory, as far as paper, cover and speed let it."""
        while self._memory and self._state.can_print and self._due_in_s() == 0.0:
            token, size, caller = self._memory.popleft()
            self._memory_used -= size
            speed = self._state.bytes_per_second
            if speed:
                self._state.next_at_s = max(self._state.next_at_s, time.monotonic()) + size / speed
            with self._changed:
                self._paper.apply(token)
                self._changed.notify_all()
            self._use_paper()
            self._move_drawer(token)
            if isinstance(token, Command) and token.name == "GS r":
                self._answer(caller, self._in_order_status(token.parameters))
        self._resume_reading()

    def _due_in_s(self) -> float | None:
        """Until there is something to print; None when only the world can bring it."""
        if not self._memory or not self._state.can_print:
            return None
        if not self._state.bytes_per_second:
            return 0.0
        return max(0.0, self._state.next_at_s - time.monotonic())

    def _use_paper(self) -> None:
        end = self._state.out_at_dots
        if end is not None and self._paper.fed_dots >= end:
            self._set_state(paper="out", out_at_dots=None)

    def _resume_reading(self) -> None:
        if self._memory_used >= self._memory_bytes:
            return
        for caller in self._callers.values():
            if caller.paused:
                caller.paused = False
                self._selector.register(caller.connection, selectors.EVENT_READ)

    # Answers

    def _answer_now(self, caller: _Caller, command: Command) -> None:
        if command.name == "DLE EOT":
            self._answer(caller, self._real_time_status(command.parameters[0]))
        elif command.name == "DLE DC4":
            with self._changed:
                self._paper.apply(command)
                self._changed.notify_all()
            self._move_drawer(command)

    def _move_drawer(self, token: Token) -> None:
        is_pulse = isinstance(token, Command) and token.name in ("ESC p", "DLE DC4")
        if is_pulse and self._state.drawer == "shut":
            self._set_state(drawer="open")

    def _answer(self, caller: _Caller, answer: bytes) -> None:
        if self._state.silent or not answer:
            return
        with suppress(OSError):  # whoever asked has hung up
            caller.connection.send(answer)

    def _real_time_status(self, number: int) -> bytes:
        state = self._state
        is_out = state.paper == "out"
        near_end = 0x0C if state.paper in ("near_end", "out") else 0
        answers = {
            1: (0x00 if state.can_print else 0x08) | (0x04 if state.drawer == "open" else 0),
            2: (0x04 if state.cover_open else 0) | (0x20 if is_out else 0),
            3: 0x00,
            4: near_end | (0x60 if is_out else 0),
        }
        return bytes((0x12 | answers[number],)) if number in answers else b""

    def _in_order_status(self, parameters: bytes) -> bytes:
        if parameters not in (b"\x01", b"1"):
            return b"\x00"
        return bytes(({"near_end": 0x03, "out": 0x0F}.get(self._state.paper, 0),))

    # Changes

    def _on_receipt(self, receipt: Receipt) -> None:
        if self._tell is not None:
            self._tell(receipt)

    def _change(self, **changes: object) -> None:
        self._call(lambda: self._set_state(**changes))

    def _set_state(self, **changes: object) -> None:
        self._state = msgspec.structs.replace(self._state, **changes)

    def _listen(self) -> None:
        if self._listener is not None:
            return
        listener = socket.create_server(self._address)
        listener.setblocking(False)
        self._address = (self._address[0], listener.getsockname()[1])
        self._listener = listener
        self._selector.register(listener, selectors.EVENT_READ)

    def _power_off(self) -> None:
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None
        for caller in list(self._callers.values()):
            self._drop(caller, reset=True)
        self._memory.clear()
        self._memory_used, self._half = 0, None
        with self._changed:
            self._paper.apply(Command("ESC @"))

    def _drop(self, caller: _Caller, *, reset: bool = False) -> None:
        if not caller.paused:
            self._selector.unregister(caller.connection)
        del self._callers[caller.connection]
        if caller.decoder.waiting:
            self._half = caller.decoder
        if reset:
            now = struct.pack("ii", 1, 0)
            with suppress(OSError):
                caller.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
        caller.connection.close()

    def _end(self) -> None:
        self._power_off()
        self._running = False

    # Other threads meet the printer's thread here

    def _call(self, action: Callable[[], _Result]) -> _Result:
        """Runs `action` between two pieces of the printer's work, and waits for it."""
        if not self._running or threading.current_thread() is self._thread:
            return action()
        call = _Call(action)
        self._calls.append(call)
        self._wake_in.send(b"!")
        if not call.done.wait(_CALL_TIMEOUT_S):
            raise TimeoutError("the virtual printer does not react")
        if call.failure is not None:
            raise call.failure
        result: _Result = call.result  # type: ignore[assignment]
        return result

    def _do_calls(self) -> None:
        while self._calls:
            self._calls.popleft().run()

    def _wait(
        self, condition: Callable[[], bool], result: Callable[[], list[_Result]], timeout_s: float
    ) -> list[_Result]:
        with self._changed:
            if not self._changed.wait_for(condition, timeout_s):
                raise TimeoutError("the virtual printer did not print that much")
        return result()


class _Caller:
    def __init__(self, connection: socket.socket, decoder: Decoder) -> None:
        self.connection = connection
        self.decoder = decoder
        self.real_time = RealTimeWatch()
        self.paused = False


class _Call:
    def __init__(self, action: Callable[[], object]) -> None:
        self._action = action
        self.done = threading.Event()
        self.result: object = None
        self.failure: OSError | None = None

    def run(self) -> None:
        try:
            self.result = self._action()
        except OSError as failure:  # a port that is taken by now
            self.failure = failure
        finally:
            self.done.set()


def _size(token: Token) -> int:
    match token:
        case Characters(data):
            return len(data)
        case Command(name, parameters):
            return len(parameters) + (1 if name in ("LF", "CR", "HT", "FF", "CAN") else 2)
        case Unknown(raw):
            return len(raw)


if __name__ == "__main__":
    from hardware.printers.virtual_console import main

    raise SystemExit(main())
