"""Receipts as PDF pages: into a folder, or onto an ordinary office printer, when there is no receipt printer."""

from __future__ import annotations

import io
import os
from pathlib import Path

from hardware.escpos.decoder import Decoder
from hardware.escpos.encoder import encode
from hardware.escpos.interpreter import Interpreter
from hardware.escpos.models import GENERIC_80_MM
from hardware.escpos.profile import profile_named
from hardware.escpos.rendering import paper_picture
from hardware.printers.base import NotSent, Printed, PrintOutcome, Uncertain
from hardware.receipt_document import ReceiptDocument
from hardware.status import PrinterStatus
from hardware.transport.base import SendFailed
from hardware.transport.cups import CupsSettings, CupsTransport
from shared_models.errors import ShopError

_DOTS_PER_INCH = 203
_SEND_S = 30.0


def receipt_pdf(document: ReceiptDocument) -> bytes:
    """One page as wide as 80 mm paper and as long as the receipt, drawn as a receipt printer would."""
    profile = profile_named(GENERIC_80_MM)
    paper = Interpreter(profile.dots, profile.codecs)
    for token in Decoder().feed(encode(document, profile)):
        paper.apply(token)
    paper.tear_off()
    stored = io.BytesIO()
    pages = [paper_picture(receipt) for receipt in paper.receipts]
    if pages:
        pages[0].save(
            stored, "PDF", resolution=_DOTS_PER_INCH, save_all=True, append_images=pages[1:], title="Receipt"
        )
    return stored.getvalue()


class PdfPrinter:
    """A `ReceiptPrinter` that files each receipt as receipt-000001.pdf and so on."""

    def __init__(self, folder: Path, name: str = "PDF folder") -> None:
        self._folder = folder
        self.name = name

    @property
    def place(self) -> str:
        return str(self._folder)

    def print(self, document: ReceiptDocument) -> PrintOutcome:
        try:
            page = receipt_pdf(document)
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file(page)
        except ShopError as failure:  # the font is gone
            return NotSent(failure.message)
        except OSError as failure:
            return NotSent(
                f"The receipt can't be saved in {self._folder} ({failure.strerror}). Free some space there."
            )
        return Printed()

    def status(self) -> PrinterStatus:
        there = self._folder if self._folder.exists() else self._folder.parent
        if os.access(there, os.W_OK):
            return PrinterStatus(reachable=True)
        return PrinterStatus(reachable=False, unreachable_because=f"Nobody may write to {self._folder}.")

    def _file(self, page: bytes) -> None:
        """Whole or not at all: written beside, then given a number that is free."""
        being_written = self._folder / "receipt.part"
        with being_written.open("wb") as file:
            file.write(page)
            file.flush()
            os.fsync(file.fileno())
        being_written.rename(self._folder / f"receipt-{self._next_number():06d}.pdf")

    def _next_number(self) -> int:
        names = (path.stem.removeprefix("receipt-") for path in self._folder.glob("receipt-*.pdf"))
        return 1 + max((int(name) for name in names if name.isdecimal()), default=0)


class DesktopPrinter:
    """A `ReceiptPrinter` on an ordinary queue of CUPS, which knows how to print PDF."""

    def __init__(
        self, queue: str, name: str = "Office printer", transport: CupsTransport | None = None
    ) -> None:
        self._transport = transport or CupsTransport(CupsSettings(queue, raw=False))
        self.name = name

    @property
    def place(self) -> str:
        return self._transport.place

    def print(self, document: ReceiptDocument) -> PrintOutcome:
        try:
            page = receipt_pdf(document)
            with self._transport.open() as channel:
                channel.send(page, _SEND_S)
        except SendFailed as failure:
            if failure.sent == 0:
                return NotSent(failure.message)
            return Uncertain(
                f"{failure.message} Look whether the receipt came out, and print it again if not."
            )
        except ShopError as failure:  # not reachable, or the font is gone
            return NotSent(failure.message)
        return Printed(confirmed=False)

    def status(self) -> PrinterStatus:
        return self._transport.status()
