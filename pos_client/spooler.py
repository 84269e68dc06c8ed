"""The print spooler: a thread that opens the drawer and prints receipts after the commit, while the till sells on.

A drawer is pulsed at most once a job, and never later than its turn: a drawer that springs open minutes after the
sale, with nobody there, is worse than one opened with the key. A receipt whose printer took nothing is tried again;
one that may be on paper is left for a person.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from hardware.drawers.base import CashDrawer, NotPulsed, PulseOutcome, PulseUncertain
from hardware.printers.base import NotSent, Printed, PrintOutcome, ReceiptPrinter, Uncertain
from hardware.receipt_document import decode_document
from pos_client.store.jobs import Job, Kind
from shared_models.errors import ShopError

_log = logging.getLogger(__name__)
_FAULT = "Printing stopped because of a fault. Receipts are kept, and printing is tried again."

PAUSES_S = (1.0, 2.0, 5.0, 15.0, 30.0)
"""Between attempts while the printer takes nothing; the last goes on for ever."""


class JobQueue(Protocol):
    """The jobs in the till's database (`store.jobs.Jobs`)."""

    def any_queued(self, kind: Kind | None = None) -> bool: ...

    def claim(self, kind: Kind | None = None) -> Job | None: ...

    def done(self, job_id: int) -> None: ...

    def uncertain(self, job_id: int) -> None: ...

    def again(self, job_id: int) -> None: ...

    def cancel(self, job_id: int) -> None: ...

    def having(self, state: str) -> Sequence[Job]: ...

    def unsure_receipts(self) -> tuple[str, ...]: ...


class SpoolerStatus(msgspec.Struct, frozen=True):
    """`ok` is None before the first job. `message` says what to do; `uncertain` papers wait for a person.

    `unsure_receipts` are the numbers of those among them that belong to a sale.
    """

    ok: bool | None
    message: str = ""
    waiting: int = 0
    uncertain: int = 0
    unsure_receipts: tuple[str, ...] = ()


class Spooler:
    """Works through the jobs between `start` and `stop`. `report` and `idle` are called on its thread.

    Jobs for a device that the till does not have are cancelled at once, so that none waits for one that comes later.
    """

    def __init__(
        self,
        jobs: JobQueue,
        printer: ReceiptPrinter | None,
        drawer: CashDrawer | None,
        report: Callable[[SpoolerStatus], None],
        idle: Callable[[], None] = lambda: None,
        pauses_s: tuple[float, ...] = PAUSES_S,
    ) -> None:
        self._jobs = jobs
        self._printer = printer
        self._drawer = drawer
        self._report = report
        self._idle = idle
        self._pauses_s = pauses_s
        self._failures = 0
        self._interrupted = ""
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spooler", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There is work, or somebody put paper in: try now. Costs nothing; the till calls it after a commit."""
        self._woken.set()

    def stop(self, timeout_s: float = 15.0) -> None:
        """Finish the job in hand and no other; what is queued stays queued for the next start."""
        self._stopping.set()
        self._woken.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        self._turn(self._tell_what_was_left)
        while not self._stopping.is_set():
            self._woken.clear()
            self._turn(self._work_off)
            self._woken.wait(self._pause_s())

    def _turn(self, work: Callable[[], None]) -> None:
        """Whatever goes wrong, the thread lives and tries again."""
        try:
            work()
        except ShopError as reason:
            # The disk: the job stays as it is, and the till says the same to the cashier at the next sale.
            self._interrupt(reason.message)
        except Exception:  # noqa: BLE001 - the thread must outlive whatever printing does
            _log.exception("Printing stopped")
            self._interrupt(_FAULT)

    def _interrupt(self, message: str) -> None:
        self._failures += 1
        self._interrupted = message
        self._report(SpoolerStatus(False, message))

    def _tell_what_was_left(self) -> None:
        if self._jobs.unsure_receipts():
            self._tell(None, "")

    def _work_off(self) -> None:
        self._settle_interrupted()
        worked = False
        while not self._stopping.is_set():
            if not self._next_job():
                break
            worked = True
        if worked and not self._failures:
            self._idle()

    def _settle_interrupted(self) -> None:
        """The job in hand when a turn broke off may have been carried out: nobody repeats it unasked."""
        if not self._interrupted:
            return
        left = self._jobs.having("sending")
        for job in left:
            self._jobs.uncertain(job.id)
        interrupted, self._interrupted = self._interrupted, ""
        if left:
            self._tell(False, interrupted)

    def _pause_s(self) -> float | None:
        if not self._failures:
            return None
        return self._pauses_s[min(self._failures, len(self._pauses_s)) - 1]

    def _next_job(self) -> bool:
        """Whether there is reason to go on at once."""
        if self._drawer is not None and self._jobs.any_queued("drawer"):
            self._pulse(self._drawer)
            return True
        job = self._jobs.claim()
        if job is None:
            return False
        if job.kind == "drawer" and self._drawer is not None:  # posted since the look above
            self._settle_pulse(job, self._drawer.open(about_to_send=lambda: None))
            return True
        if job.kind == "drawer" or self._printer is None:
            self._jobs.cancel(job.id)
            return True
        self._receipt(job, self._printer)
        return not self._failures

    def _pulse(self, drawer: CashDrawer) -> None:
        """The job is marked when the pulse is the very next thing: a crash before that leaves it queued."""
        claimed: list[Job] = []

        def claim() -> None:
            claimed.extend(filter(None, [self._jobs.claim("drawer")]))

        outcome = drawer.open(about_to_send=claim)
        if not claimed:
            claim()
        for job in claimed:
            self._settle_pulse(job, outcome)

    def _settle_pulse(self, job: Job, outcome: PulseOutcome) -> None:
        if isinstance(outcome, NotPulsed):
            self._jobs.cancel(job.id)
            self._tell(False, outcome.reason)
        elif isinstance(outcome, PulseUncertain):
            self._jobs.uncertain(job.id)
            self._tell(False, outcome.reason)
        else:
            self._jobs.done(job.id)

    def _receipt(self, job: Job, printer: ReceiptPrinter) -> None:
        outcome = self._print(job, printer)
        match outcome:
            case Printed(_, note):
                self._jobs.done(job.id)
                self._failures = 0
                self._tell(True, note)
            case NotSent(reason):
                self._jobs.again(job.id)
                self._failures += 1
                self._tell(False, reason)
            case Uncertain(reason):
                self._jobs.uncertain(job.id)
                self._failures = 0
                self._tell(False, reason)

    def _print(self, job: Job, printer: ReceiptPrinter) -> PrintOutcome:
        try:
            document = decode_document(job.payload)
        except msgspec.DecodeError as reason:
            return Uncertain(
                f"A waiting receipt can't be read ({reason}). Reprint it from the list of sales."
            )
        return printer.print(document)

    def _tell(self, ok: bool | None, message: str) -> None:
        waiting, uncertain = (
            sum(job.kind == "print" for job in self._jobs.having(state)) for state in ("queued", "uncertain")
        )
        unsure = self._jobs.unsure_receipts()
        self._report(SpoolerStatus(ok, message, waiting, uncertain, unsure))
