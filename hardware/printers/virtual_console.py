"""The virtual printer from a terminal: it files what it prints, and takes orders line by line."""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from hardware.escpos.paper import Receipt
from hardware.escpos.profile import PrinterProfile, UnknownPrinterProfile, profile_named
from hardware.printers.virtual import VirtualPrinter

ORDERS = """\
paper ok | paper low | paper out    what is on the roll
paper out after DOTS                runs out while printing; a line is 30 dots
cover open | cover closed
slow BYTES_PER_SECOND | fast
silent | talking                    answers no status questions
gone | back                         switched off, switched on again
tear                                takes what is not cut yet
quit"""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    numbers = itertools.count(1)
    printer = VirtualPrinter(
        options.port,
        options.host,
        paper_dots=options.model.dots,
        code_pages=options.model.codecs,
        on_receipt=lambda receipt: _file(receipt, options.out, next(numbers)),
    )
    try:
        printer.start()
    except OSError as error:
        print(f"Port {options.port} can't be used: {error}. Choose another with --port.", file=sys.stderr)
        return 1
    try:
        print(f"Printing on {options.host} port {printer.port}, receipts go to {options.out}", flush=True)
        print(ORDERS, flush=True)
        take_orders(printer, sys.stdin)
    except KeyboardInterrupt:
        print("Switched off.")
    finally:
        printer.stop()
    return 0


def take_orders(printer: VirtualPrinter, lines: Iterable[str]) -> None:
    """Obeys line by line until 'quit' or the end."""
    for line in lines:
        if line.strip() == "quit":
            return
        answer = obey(printer, line)
        if answer:
            print(answer, flush=True)


def obey(printer: VirtualPrinter, order: str) -> str:
    """Carries out one of `ORDERS` and says so."""
    match order.split():
        case []:
            return ""
        case ["paper", "ok"]:
            printer.set_paper("ok")
        case ["paper", "low"]:
            printer.set_paper("near_end")
        case ["paper", "out"]:
            printer.set_paper("out")
        case ["paper", "out", "after", dots] if dots.isdecimal():
            printer.run_out_after(int(dots))
        case ["cover", ("open" | "closed") as cover]:
            printer.set_cover(is_open=cover == "open")
        case ["slow", speed] if speed.isdecimal() and int(speed):
            printer.set_speed(int(speed))
        case ["fast"]:
            printer.set_speed(None)
        case [("silent" | "talking") as manner]:
            printer.set_silent(manner == "silent")
        case ["gone"]:
            printer.go_away()
        case ["back"]:
            printer.come_back()
        case ["tear"]:
            printer.tear_off()
        case _:
            return f"Not understood. Say one of:\n{ORDERS}"
    return f"Done: {' '.join(order.split())}"


def _model(name: str) -> PrinterProfile:
    try:
        return profile_named(name)
    except UnknownPrinterProfile as unknown:
        raise argparse.ArgumentTypeError(unknown.message) from unknown


def _file(receipt: Receipt, folder: Path, number: int) -> None:
    try:
        receipt.render_png(folder / f"receipt-{number:04d}.png")
        (folder / f"receipt-{number:04d}.txt").write_text(receipt.text + "\n", encoding="utf-8")
    except OSError as error:
        print(f"Receipt {number} could not be filed: {error}", flush=True)
    else:
        print(f"Receipt {number}", flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="virtual printer", description=__doc__)
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--out", type=Path, default=Path("receipts"))
    parser.add_argument(
        "--model", type=_model, default="epson-tm-t20", help="whose paper and code pages it has"
    )
    return parser.parse_args(arguments)
