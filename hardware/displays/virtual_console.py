"""The virtual line display in a terminal window: it shows its two lines whenever they change."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from hardware.displays.virtual import VirtualDisplay

ORDERS = """\
show                                what stands on it
picture FILE                        the same as a PNG
gone | back                         switched off, switched on again
jam | flow                          takes no bytes any more; takes them again
quit"""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    display = VirtualDisplay(
        options.port, options.host, on_change=lambda lines: print(framed(lines), flush=True)
    )
    try:
        display.start()
    except OSError as error:
        print(f"Port {options.port} can't be used: {error}. Choose another with --port.", file=sys.stderr)
        return 1
    try:
        print(f"Showing what comes to {options.host} port {display.port}", flush=True)
        print(ORDERS, flush=True)
        take_orders(display, sys.stdin)
    except KeyboardInterrupt:
        print("Switched off.")
    finally:
        display.stop()
    return 0


def framed(lines: tuple[str, str]) -> str:
    rule = "+" + "-" * len(lines[0]) + "+"
    return "\n".join((rule, *(f"|{line}|" for line in lines), rule))


def take_orders(display: VirtualDisplay, lines: Iterable[str]) -> None:
    """Obeys line by line until 'quit' or the end."""
    for line in lines:
        if line.strip() == "quit":
            return
        answer = obey(display, line)
        if answer:
            print(answer, flush=True)


def obey(display: VirtualDisplay, order: str) -> str:
    """Carries out one of `ORDERS` and says so."""
    match order.split(maxsplit=1):
        case []:
            return ""
        case ["show"]:
            return framed(display.lines)
        case ["picture", file]:
            Path(file.strip()).write_bytes(display.png())
        case ["gone"]:
            display.go_away()
        case ["back"]:
            display.come_back()
        case [("jam" | "flow") as how]:
            display.takes_nothing = how == "jam"
        case _:
            return f"Not understood. Say one of:\n{ORDERS}"
    return f"Done: {order.strip()}"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="virtual line display", description=__doc__)
    parser.add_argument("--port", type=int, default=9101)
    parser.add_argument("--host", default="127.0.0.1")
    return parser.parse_args(arguments)
