"""The virtual scale from a terminal window: goods are put on it and taken off, line by line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import get_args

from hardware.scales.base import Unit
from hardware.scales.virtual import VOICES, VirtualScale
from hardware.virtual_orders import obey_power, run
from shared_models.quantity import InvalidQuantity, format_quantity, parse_quantity

ORDERS = """\
put WEIGHT                          this lies on it now, such as 0.350; negative for a lifted plate
take                                everything off
move | settle                       it trembles; it is still
zero | tare | clear                 its own keys
answer | silent | half | garbage | late    how it answers from now on
right | wrong                       how it calculates prices (Dialog 06)
gone | back                         switched off, switched on again
jam | flow                          takes no bytes any more; takes them again
show                                what it shows
quit"""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    scale = VirtualScale(options.protocol, options.port, options.host, unit=options.unit)
    return run(scale, ORDERS, lambda order: obey(scale, order))


def obey(scale: VirtualScale, order: str) -> str:
    """Carries out one of `ORDERS` and says so."""
    plate = scale.plate
    match order.split():
        case []:
            return ""
        case ["put", weight] if (milli := _milli(weight)) is not None:
            scale.put(milli)
        case ["take"]:
            scale.put(0)
        case [("move" | "settle") as how]:
            plate.in_motion = how == "move"
        case ["zero"]:
            return "Done: zero" if plate.zero() else "It can't be zeroed now."
        case ["tare"]:
            return "Done: tare" if plate.tare() else "It can't take a tare now."
        case ["clear"]:
            plate.tare_milli = 0
        case [("answer" | "silent" | "half" | "garbage" | "late") as manner]:
            scale.behave(manner)
        case [("right" | "wrong") as how]:
            plate.miscalculates = how == "wrong"
        case ["show"]:
            return f"{format_quantity(plate.net_milli)} {plate.unit}{' net' if plate.tare_milli else ''}"
        case _ if not obey_power(scale, order):
            return f"Not understood. Say one of:\n{ORDERS}"
    return f"Done: {' '.join(order.split())}"


def _milli(text: str) -> int | None:
    try:
        return parse_quantity(text)
    except InvalidQuantity:
        return None


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="virtual scale", description=__doc__)
    parser.add_argument("--protocol", choices=sorted(VOICES), default="toledo")
    parser.add_argument("--unit", choices=get_args(Unit), default="kg")
    parser.add_argument("--port", type=int, default=4001)
    parser.add_argument("--host", default="127.0.0.1")
    return parser.parse_args(arguments)
