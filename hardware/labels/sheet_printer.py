"""Labels on sheets instead of a roll: filed as PDF, or onto an office printer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from hardware.printers.base import NotSent, Printed, PrintOutcome, Uncertain
from hardware.printers.page_folder import PageFolder
from hardware.status import PrinterStatus
from hardware.transport.base import NotReachable, SendFailed
from hardware.transport.cups import CupsTransport
from shared_models.labels.label import Label
from shared_models.labels.pdf import Typeface, first_typeface, label_sheets
from shared_models.labels.sheets import Sheet

_SEND_S = 60.0


class SheetFolder:
    """Files each job as labels-000001.pdf and so on."""

    def __init__(self, path: Path, sheet: Sheet) -> None:
        self._folder = PageFolder(path, "labels")
        self._sheet = sheet

    @property
    def place(self) -> str:
        return str(self._folder.path)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        return (("Speaks", "PDF"), ("Label", self._sheet.title))

    def print(self, labels: Sequence[Label]) -> PrintOutcome:
        try:
            filed = self._folder.file(_pages(labels, self._sheet))
        except OSError as failure:
            return NotSent(
                f"The labels can't be saved in {self.place} ({failure.strerror}). Free some space there."
            )
        return Printed(note=f"They are in {filed}.")

    def status(self) -> PrinterStatus:
        return self._folder.status()


class SheetPrinter:
    """An ordinary queue of CUPS, which knows how to print PDF."""

    def __init__(self, transport: CupsTransport, sheet: Sheet) -> None:
        self._transport = transport
        self._sheet = sheet

    @property
    def place(self) -> str:
        return self._transport.place

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        return (("Speaks", "PDF"), ("Label", self._sheet.title))

    def print(self, labels: Sequence[Label]) -> PrintOutcome:
        try:
            with self._transport.open() as channel:
                channel.send(_pages(labels, self._sheet), _SEND_S)
        except NotReachable as gone:
            return NotSent(gone.message)
        except SendFailed as broken:
            if broken.sent == 0:
                return NotSent(broken.message)
            return Uncertain(f"{broken.message} Look which labels came out, and print the others again.")
        return Printed(confirmed=False)

    def status(self) -> PrinterStatus:
        return self._transport.status()


def _pages(labels: Sequence[Label], sheet: Sheet) -> bytes:
    return label_sheets(labels, sheet, typeface=_typeface())


@lru_cache(maxsize=1)
def _typeface() -> Typeface | None:
    return first_typeface(lambda path: Path(path).read_bytes())
