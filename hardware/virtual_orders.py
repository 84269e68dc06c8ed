"""A device made of software in a terminal window: it is started, obeys orders line by line, and is stopped."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence

from hardware.virtual_listener import ListeningDevice

Obey = Callable[[str], str]
"""Carries out an order and says so; an empty answer says nothing."""


def place_of(arguments: Sequence[str] | None, program: str, about: str, port: int) -> tuple[str, int]:
    """Host and port that the command line names."""
    parser = argparse.ArgumentParser(prog=program, description=about)
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--host", default="127.0.0.1")
    options = parser.parse_args(arguments)
    return options.host, options.port


def run(device: ListeningDevice, orders: str, obey: Obey) -> int:
    """Until 'quit', the end of the orders or Ctrl C; returns the program's exit code."""
    try:
        device.start()
    except OSError as error:
        print(f"Port {device.port} can't be used: {error}. Choose another with --port.", file=sys.stderr)
        return 1
    try:
        print(f"Listening on port {device.port}", flush=True)
        print(orders, flush=True)
        take_orders(sys.stdin, obey)
    except KeyboardInterrupt:
        print("Switched off.")
    finally:
        device.stop()
    return 0


def take_orders(lines: Iterable[str], obey: Obey) -> None:
    for line in lines:
        if line.strip() == "quit":
            return
        answer = obey(line)
        if answer:
            print(answer, flush=True)


def obey_power(device: ListeningDevice, order: str) -> bool:
    """'gone', 'back', 'jam' and 'flow', which every device understands; False where it is none of these."""
    match order.split():
        case ["gone"]:
            device.go_away()
        case ["back"]:
            device.come_back()
        case [("jam" | "flow") as how]:
            device.takes_nothing = how == "jam"
        case _:
            return False
    return True
