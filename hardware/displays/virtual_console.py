"""The virtual line display in a terminal window: it shows its two lines whenever they change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hardware.displays.virtual import VirtualDisplay
from hardware.virtual_orders import obey_power, place_of, run

ORDERS = """\
show                                what stands on it
picture FILE                        the same as a PNG
gone | back                         switched off, switched on again
jam | flow                          takes no bytes any more; takes them again
quit"""


def main(arguments: Sequence[str] | None = None) -> int:
    host, port = place_of(arguments, "virtual line display", __doc__ or "", 9101)
    display = VirtualDisplay(port, host, on_change=lambda lines: print(framed(lines), flush=True))
    return run(display, ORDERS, lambda order: obey(display, order))


def framed(lines: tuple[str, str]) -> str:
    rule = "+" + "-" * len(lines[0]) + "+"
    return "\n".join((rule, *(f"|{line}|" for line in lines), rule))


def obey(display: VirtualDisplay, order: str) -> str:
    """Carries out one of `ORDERS` and says so."""
    match order.split(maxsplit=1):
        case []:
            return ""
        case ["show"]:
            return framed(display.lines)
        case ["picture", file]:
            Path(file.strip()).write_bytes(display.png())
        case _ if not obey_power(display, order):
            return f"Not understood. Say one of:\n{ORDERS}"
    return f"Done: {order.strip()}"
