"""The virtual card terminal from a terminal window: it says what it booked, and takes orders line by line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence

from hardware.terminals.virtual import VirtualTerminal, bookings_as_lines

ORDERS = """\
approve | decline | decline CODE    from now on; the code in hexadecimal, as the bank gives it
silent                              the next payment, refund, reversal or end of day is acknowledged and never answered
lose                                the next one is booked, and its answer never sent
cut                                 the connection breaks in the middle of the next one's answer
late                                the next one's answer comes with the payment after it
pin SECONDS                         every customer takes so long; the till can cancel meanwhile
paper ok | paper out
block | lines                       receipts as one block, or line by line
gone | back                         switched off, switched on again
booked                              what it has taken
quit"""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    terminal = VirtualTerminal(options.port, options.host)
    try:
        terminal.start()
    except OSError as error:
        print(f"Port {options.port} can't be used: {error}. Choose another with --port.", file=sys.stderr)
        return 1
    try:
        print(f"Taking cards on {options.host} port {terminal.port}", flush=True)
        print(ORDERS, flush=True)
        take_orders(terminal, sys.stdin)
    except KeyboardInterrupt:
        print("Switched off.")
    finally:
        terminal.stop()
    return 0


def take_orders(terminal: VirtualTerminal, lines: Iterable[str]) -> None:
    """Obeys line by line until 'quit' or the end."""
    for line in lines:
        if line.strip() == "quit":
            return
        answer = obey(terminal, line)
        if answer:
            print(answer, flush=True)


def obey(terminal: VirtualTerminal, order: str) -> str:
    """Carries out one of `ORDERS` and says so."""
    match order.split():
        case []:
            return ""
        case [("approve" | "decline" | "silent" | "lose" | "cut" | "late") as manner]:
            terminal.behave(manner)
        case ["decline", code] if _is_code(code):
            terminal.behave("decline", code=int(code, 16))
        case ["pin", seconds] if seconds.isdecimal():
            terminal.wait_for_pin(int(seconds))
        case ["paper", ("ok" | "out") as paper]:
            terminal.set_paper(has_paper=paper == "ok")
        case [("block" | "lines") as how]:
            terminal.prints_lines = how == "lines"
        case ["gone"]:
            terminal.go_away()
        case ["back"]:
            terminal.come_back()
        case ["booked"]:
            return "\n".join([*bookings_as_lines(terminal.bookings), f"charged {terminal.charged_minor}"])
        case _:
            return f"Not understood. Say one of:\n{ORDERS}"
    return f"Done: {' '.join(order.split())}"


def _is_code(text: str) -> bool:
    try:
        return 0 < int(text, 16) <= 0xFF
    except ValueError:
        return False


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="virtual card terminal", description=__doc__)
    parser.add_argument("--port", type=int, default=20007)
    parser.add_argument("--host", default="127.0.0.1")
    return parser.parse_args(arguments)
