"""The driver of label printers that speak ZPL, on any wire; a job is sent whole, or the outcome says how far."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import ClassVar

from hardware.labels import host_status
from hardware.printers.base import NotSent, Printed, PrintOutcome, Uncertain
from hardware.status import PrinterStatus
from hardware.transport.base import Busy, Channel, KnowsItsDevice, NotReachable, SendFailed, Transport
from shared_models.errors import ShopError
from shared_models.labels.label import Label
from shared_models.labels.zpl import LabelSize, zpl

NAME = "Label printer"
DEFAULT_ROLL = "57x32"
_ROLL = re.compile(r"(\d{2,3})x(\d{2,3})(?:@(150|203|300|600))?")
_DOTS_PER_MM = {"150": 6, "203": 8, "300": 12, "600": 24}
_ANSWER_S = 1.0
_SEND_S = 5.0
_SEND_EACH_S = 0.5


class BadRoll(ShopError):
    """The text does not say how large a label is."""

    code: ClassVar[str] = "bad_label_roll"


def roll_of(text: str) -> LabelSize:
    """'57x32' is 57 mm wide and 32 mm high at 203 dpi, '100x60@300' at 300 dpi. Raises BadRoll."""
    found = _ROLL.fullmatch(text)
    if found is None or not (20 <= int(found[1]) <= 170 and _lowest_mm(found[3]) <= int(found[2]) <= 300):
        raise BadRoll(
            f"{text[:20]!r} is no label's size. Write millimetres, and dots per inch where there are not 203: "
            "57x32, 100x60@300. A label is at least 20 mm high, at 150 dpi 24: bars have no room on less."
        )
    return LabelSize(int(found[1]), int(found[2]), _DOTS_PER_MM[found[3] or "203"])


def _lowest_mm(dots_per_inch: str | None) -> int:
    """The smallest letters take more of a label whose dots are large."""
    return 24 if dots_per_inch == "150" else 20


class LabelPrinter:
    """Blocks up to its time limits, so call it from a worker; a broken device is an outcome, not an error."""

    def __init__(self, transport: Transport, size: LabelSize) -> None:
        self._transport = transport
        self.size = size

    @property
    def place(self) -> str:
        return self._transport.place

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        size = self.size
        return (
            ("Speaks", "ZPL"),
            ("Label", f"{size.width_mm} × {size.height_mm} mm, {size.dots_per_mm} dots per mm"),
        )

    def print(self, labels: Sequence[Label]) -> PrintOutcome:
        """`Printed.confirmed` is False where the printer does not say how it is."""
        job = zpl(labels, self.size)
        try:
            with self._transport.open() as channel:
                before = self._asked(channel)
                if not before.can_print:
                    return NotSent(of_labels(before.obstacle))
                channel.send(job, _SEND_S + _SEND_EACH_S * len(labels))
                after = self._asked(channel) if before.answers else before
        except NotReachable as gone:
            return NotSent(gone.message)
        except SendFailed as broken:
            if broken.sent == 0:
                return NotSent(broken.message)
            return Uncertain(f"{broken.message} Look which labels came out, and print the others again.")
        if not after.can_print:
            return Uncertain(f"{of_labels(after.obstacle)} Look which labels came out.")
        return Printed(confirmed=after.answers)

    def status(self) -> PrinterStatus:
        if isinstance(self._transport, KnowsItsDevice):
            return self._transport.status()
        try:
            with self._transport.open() as channel:
                return self._asked(channel)
        except Busy:
            return PrinterStatus(reachable=True)
        except (NotReachable, SendFailed) as gone:
            return PrinterStatus(reachable=False, unreachable_because=gone.message)

    def _asked(self, channel: Channel) -> PrinterStatus:
        if not self._transport.two_way:
            return PrinterStatus(reachable=True)
        channel.send(host_status.ASK, _ANSWER_S)
        answer, deadline = b"", time.monotonic() + _ANSWER_S
        while host_status.count(answer) < host_status.STRINGS:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                break
            answer += channel.receive(left_s)
        return host_status.read(answer)


def of_labels(sentence: str) -> str:
    """A receipt printer's sentence, said of labels."""
    return sentence.replace("Printer", NAME, 1).replace("The printer's cover", "The label printer's head", 1)
