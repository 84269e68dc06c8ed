"""A receipt printer that speaks ESC/POS, wherever it is plugged in."""

from __future__ import annotations

import msgspec

from hardware.escpos.encoder import encode
from hardware.escpos.models import GENERIC_80_MM, Confirmation
from hardware.escpos.profile import PrinterProfile, profile_named
from hardware.printers.base import NotSent, PrintOutcome, Uncertain
from hardware.printers.escpos_dialogue import DialogueTimes, ask_status, print_job
from hardware.printers.half_sent import HalfSent, NoticesBreaks
from hardware.receipt_document import Cut, ReceiptDocument
from hardware.status import PrinterStatus
from hardware.transport.address import transport_at
from hardware.transport.base import Busy, Channel, KnowsItsDevice, NotReachable, SendFailed, Transport
from shared_models.errors import ShopError


class PrinterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the printer is (see `hardware.transport.address`) and what it is; kept in the till's settings.

    Without `confirmation` it is what the model is known for.
    """

    address: str
    profile: str = GENERIC_80_MM
    confirmation: Confirmation | None = None
    name: str = "Receipt printer"


class EscposPrinter:
    """A `ReceiptPrinter`; a connection lasts for one job, so that other tills get their turn."""

    def __init__(
        self,
        settings: PrinterSettings,
        transport: Transport | None = None,
        times: DialogueTimes | None = None,
    ) -> None:
        """Raises BadAddress."""
        self._settings = settings
        self._transport = transport or transport_at(settings.address)
        self._times = times or DialogueTimes()
        self.half_sent = HalfSent()

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def place(self) -> str:
        return self._transport.place

    @property
    def transport(self) -> Transport:
        """For the drawer that hangs on this printer."""
        return self._transport

    def print(self, document: ReceiptDocument) -> PrintOutcome:
        try:
            profile = profile_named(self._settings.profile)
            job = encode(document, profile)
        except ShopError as failure:  # a model that nobody knows, a font that is gone
            return NotSent(failure.message)
        known = self._known_from_outside()
        if known is not None and known.obstacle:
            return NotSent(known.obstacle)
        try:
            with self._transport.open() as channel:
                return self._sent(channel, job, profile)
        except NotReachable as failure:
            return NotSent(failure.message)

    def _sent(self, channel: Channel, job: bytes, profile: PrinterProfile) -> PrintOutcome:
        """What an earlier job left behind is ended and cut off first: nobody gets it with a receipt of their own.

        A queue takes its broken jobs back, and how far one got it does not say.
        """
        if self.half_sent:
            job = self.half_sent.rest() + encode(ReceiptDocument((Cut(),)), profile) + job
        watched = NoticesBreaks(channel)
        outcome = print_job(watched, job, self._confirmation(profile.confirmation), self._times)
        if isinstance(outcome, Uncertain) and watched.broke and self._transport.two_way:
            self.half_sent.broke_off(job)
        elif not isinstance(outcome, NotSent):
            self.half_sent.is_over()
        return outcome

    def status(self) -> PrinterStatus:
        known = self._known_from_outside()
        if known is not None:
            return known
        try:
            with self._transport.open() as channel:
                if self._confirmation("in_order") == "none":
                    return PrinterStatus(reachable=True)
                return ask_status(channel, self._times)
        except Busy:  # with a job of ours
            return PrinterStatus(reachable=True)
        except (NotReachable, SendFailed) as failure:
            return PrinterStatus(reachable=False, unreachable_because=failure.message)

    def _confirmation(self, of_the_model: Confirmation) -> Confirmation:
        if not self._transport.two_way:
            return "none"
        return self._settings.confirmation or of_the_model

    def _known_from_outside(self) -> PrinterStatus | None:
        return self._transport.status() if isinstance(self._transport, KnowsItsDevice) else None
