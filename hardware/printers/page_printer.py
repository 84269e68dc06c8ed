"""Receipts as PDF pages: into a folder, or onto an ordinary office printer, when there is no receipt printer."""

from __future__ import annotations

import io
from pathlib import Path

from hardware.escpos.decoder import Decoder
from hardware.escpos.encoder import encode
from hardware.escpos.interpreter import Interpreter
from hardware.escpos.models import GENERIC_80_MM
from hardware.escpos.profile import profile_named
from hardware.escpos.rendering import paper_picture
from hardware.printers.base import NotSent, Printed, PrintOutcome, Uncertain
from hardware.printers.page_folder import PageFolder
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
        self._folder = PageFolder(folder, "receipt")
        self.name = name

    @property
    def place(self) -> str:
        return str(self._folder.path)

    def print(self, document: ReceiptDocument) -> PrintOutcome:
        try:
            self._folder.file(receipt_pdf(document))
        except ShopError as failure:  # the font is gone
            return NotSent(failure.message)
        except OSError as failure:
            return NotSent(
                f"The receipt can't be saved in {self.place} ({failure.strerror}). Free some space there."
            )
        return Printed()

    def status(self) -> PrinterStatus:
        return self._folder.status()


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
