"""The proxy between a till and its server does to bytes what it is told to."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from tests.chaos.line import DOWN, UP, Line, Switchboard

ANSWER = b"answer"


class Ends:
    """The till's end and the server's end of one connection through a line."""

    def __init__(self, stack: ExitStack) -> None:
        board = Switchboard()
        stack.callback(board.close)
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.line = Line(board, listener.getsockname(), None)
        port = int(self.line.url.rpartition(":")[2])
        self.till = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
        self.server = stack.enter_context(listener.accept()[0])
        self.server.settimeout(5)

    def is_silent(self, end: socket.socket) -> bool:
        end.settimeout(0.2)
        try:
            return end.recv(100) == b"never"
        except TimeoutError:
            return True
        finally:
            end.settimeout(5)

    def is_gone(self, end: socket.socket) -> bool:
        with suppress(OSError):
            end.sendall(b"hello?")
            return end.recv(100) == b""
        return True


@pytest.fixture
def ends() -> Iterator[Ends]:
    with ExitStack() as stack:
        yield Ends(stack)


@pytest.mark.parametrize("mute", [True, False])
def test_a_line_parted_one_way_carries_the_other_and_all_of_it_once_mended(ends: Ends, mute: bool) -> None:
    ends.line.part(UP if mute else DOWN)
    ends.till.sendall(b"request")
    ends.server.sendall(ANSWER)
    held_back, through = (ends.server, ends.till) if mute else (ends.till, ends.server)
    assert through.recv(100) == (ANSWER if mute else b"request")
    assert ends.is_silent(held_back)
    ends.line.mend()
    assert held_back.recv(100) == (b"request" if mute else ANSWER)


def test_an_answer_cut_off_arrives_by_half_and_the_line_is_closed(ends: Ends) -> None:
    ends.line.cut_next_answer()
    ends.till.sendall(b"request")
    assert ends.server.recv(100) == b"request"
    ends.server.sendall(ANSWER)
    with suppress(ConnectionResetError):  # a reset may overtake the half that was sent before it
        assert ends.till.recv(100) == ANSWER[:3]
        assert ends.till.recv(100) == b""
    ends.line.mend()
    assert ends.is_gone(ends.till)


def test_a_reset_is_felt_at_both_ends(ends: Ends) -> None:
    ends.till.sendall(b"request")
    assert ends.server.recv(100) == b"request"
    ends.line.reset()
    for end in (ends.till, ends.server):
        with pytest.raises(ConnectionResetError):
            end.recv(100)


def first_bytes(port: int) -> bytes:
    """The line may break while it is still being opened."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as till:
        return till.recv(100)


def test_a_server_that_is_not_there_is_a_line_that_breaks_at_once() -> None:
    with ExitStack() as stack:
        board = Switchboard()
        stack.callback(board.close)
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            address = nobody.getsockname()
        port = int(Line(board, address, None).url.rpartition(":")[2])
        with pytest.raises(ConnectionResetError):
            first_bytes(port)
