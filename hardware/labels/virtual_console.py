"""The virtual label printer in a terminal window: it says what stands on each label that comes out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hardware.labels.virtual import VirtualLabelPrinter
from hardware.labels.zpl_paper import PrintedLabel
from hardware.virtual_orders import obey_power, place_of, run

ORDERS = """\
show                                how many labels came out
picture FILE                        the newest one as a PNG
out | roll                          no labels left; a new roll
open | shut                         the print head
pause | go on
silent | speaks                     does not say how it is; does again
gone | back                         switched off, switched on again
jam | flow                          takes no bytes any more; takes them again
quit"""


def main(arguments: Sequence[str] | None = None) -> int:
    host, port = place_of(arguments, "virtual label printer", __doc__ or "", 9102)
    printer = VirtualLabelPrinter(port, host, on_label=lambda label: print(said(label), flush=True))
    return run(printer, ORDERS, lambda order: obey(printer, order))


def said(label: PrintedLabel) -> str:
    return " | ".join([*label.texts, *(f"[{code}]" for code in label.codes)])


def obey(printer: VirtualLabelPrinter, order: str) -> str:
    """Carries out one of `ORDERS` and says so."""
    match order.split(maxsplit=1):
        case []:
            return ""
        case ["show"]:
            return f"Labels that came out: {len(printer.labels)}"
        case ["picture", file]:
            return _draw(printer, Path(file.strip()))
        case [("out" | "roll") as how]:
            printer.out_of_labels = how == "out"
        case [("open" | "shut") as how]:
            printer.head_open = how == "open"
        case ["pause"] | ["go", "on"]:
            printer.paused = order.startswith("pause")
        case [("silent" | "speaks") as how]:
            printer.is_silent = how == "silent"
        case _ if not obey_power(printer, order):
            return f"Not understood. Say one of:\n{ORDERS}"
    return f"Done: {order.strip()}"


def _draw(printer: VirtualLabelPrinter, file: Path) -> str:
    if not printer.labels:
        return "No label came out yet."
    file.write_bytes(printer.labels[-1].png())
    return f"Done: {file}"
