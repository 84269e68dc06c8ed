"""A raw queue of CUPS, the print system of Linux and macOS, by its own commands (lp, lpstat, cancel).

Each `send` is one job, and the call lasts until the job has left the queue. One that can't be printed now is
taken back: it must not come out, or open the drawer, when nobody thinks of it any more.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from hardware.status import CoverState, PaperState, PrinterStatus
from hardware.transport.base import NotReachable, SendFailed
from hardware.transport.turn import LONGEST_WAIT_S, Turn

_LOOK_S = 0.05
_COMMAND_S = 10.0
_JOB_NAME = re.compile(r"request id is (\S+-\d+)")
_ALERTS = re.compile(r"^\s+Alerts: (.*)$", re.MULTILINE)


class CupsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`server` is another machine (host or host:port), or empty for the print system of this one.

    `raw` is off for a queue of an ordinary printer, which is given PDF.
    """

    queue: str
    server: str = ""
    raw: bool = True


class Unanswered(OSError):
    """A command was given up: what it was to do may be done."""


class CupsTransport:
    two_way = False

    def __init__(self, settings: CupsSettings, *, turn_timeout_s: float = LONGEST_WAIT_S) -> None:
        self._settings = settings
        self._turn = Turn(self.place, turn_timeout_s)

    @property
    def place(self) -> str:
        return f"print queue {self._settings.queue}"

    @contextmanager
    def open(self) -> Iterator[CupsChannel]:
        with self._turn.taken():
            status = self.status()
            if not status.reachable:
                raise NotReachable(status.unreachable_because, place=self.place)
            yield CupsChannel(self._settings, self.place, lambda: self.status().obstacle)

    def status(self) -> PrinterStatus:
        """What the queue knows; for many printers that is no more than that it is there."""
        try:
            found = _run(self._settings, "lpstat", "-l", "-p", self._settings.queue)
        except OSError as failure:
            return PrinterStatus(reachable=False, unreachable_because=str(failure))
        if found.returncode or not found.stdout:
            return PrinterStatus(
                reachable=False,
                unreachable_because=f"There is no {self.place} on this machine, or its print system is off.",
            )
        first, _, rest = found.stdout.partition("\n")
        if " disabled since " in first:
            reason = rest.partition("\n")[0].strip()
            return PrinterStatus(
                reachable=False,
                unreachable_because=f"The {self.place} is stopped ({reason}). Check the printer and its cable, "
                "then start the queue again in the system's printer settings.",
            )
        # What a job that was taken back reported stays written there: only one that prints now tells the truth.
        return _status_of(_alerts(rest) if " now printing " in first else "")


class CupsChannel:
    def __init__(self, settings: CupsSettings, place: str, obstacle: Callable[[], str]) -> None:
        self._settings = settings
        self._place = place
        self._obstacle = obstacle

    def send(self, data: bytes, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        job = self._queued(data)
        while (entry := self._entry(job, "not-completed")) is not None:
            stopped = "printer-stopped" in entry
            if stopped or time.monotonic() > deadline:
                self._take_back(job, data)
            time.sleep(_LOOK_S)
        if "aborted" in (self._entry(job, "completed") or ""):
            raise SendFailed(f"The {self._place} gave up.", len(data))

    def receive(self, timeout_s: float) -> bytes:
        """Nothing: a queue hands no answers back."""
        return b""

    def _queued(self, data: bytes) -> str:
        raw = ("-o", "raw") if self._settings.raw else ()
        words = ("-d", self._settings.queue, *raw, "-t", "Receipt", "-")
        try:
            done = _run(self._settings, "lp", *words, given=data)
        except Unanswered as failure:  # the job may be in the queue by now
            raise SendFailed(str(failure), len(data)) from failure
        except OSError as failure:
            raise SendFailed(str(failure), 0) from failure
        if done.returncode:
            raise SendFailed(f"The {self._place} took no job.", 0)
        named = _JOB_NAME.search(done.stdout)
        if named is None:
            raise SendFailed(f"The {self._place} does not say which job it took.", len(data))
        return named.group(1)

    def _entry(self, job: str, which: str) -> str | None:
        """What the print system says of the job, or None when it is not among those."""
        try:
            listed = _run(self._settings, "lpstat", "-l", "-W", which, "-o", self._settings.queue).stdout
        except OSError as failure:
            raise SendFailed(str(failure), 1) from failure
        for entry in re.split(r"\n(?=\S)", listed):
            if entry.startswith(f"{job} "):
                return entry
        return None

    def _take_back(self, job: str, data: bytes) -> None:
        reason = self._obstacle() or f"The {self._place} does not print."
        try:
            _run(self._settings, "cancel", job)
        except OSError as failure:
            raise SendFailed(str(failure), len(data)) from failure
        ended = self._entry(job, "completed")
        untouched = ended is not None and "Status:" not in ended
        raise SendFailed(reason, 0 if untouched else len(data))


def _status_of(alerts: str) -> PrinterStatus:
    """From CUPS' printer-state-reasons (RFC 8011, section 5.4.12)."""
    paper: PaperState = "unknown"
    cover: CoverState = "unknown"
    if "media-empty" in alerts or "media-needed" in alerts:
        paper = "out"
    elif "media-low" in alerts:
        paper = "near_end"
    if "cover-open" in alerts or "door-open" in alerts:
        cover = "open"
    if "offline" in alerts:
        return PrinterStatus(reachable=False)
    return PrinterStatus(reachable=True, paper=paper, cover=cover)


def _alerts(text: str) -> str:
    found = _ALERTS.search(text)
    return found.group(1) if found else ""


def _run(
    settings: CupsSettings, name: str, *words: str, given: bytes = b""
) -> subprocess.CompletedProcess[str]:
    """Raises OSError with a sentence when the command is missing, Unanswered when it hangs."""
    program = shutil.which(name)
    if program is None:
        raise OSError(
            "The print system's commands are missing. Install CUPS, or set the printer up directly."
        )
    server = ("-h", settings.server) if settings.server else ()
    try:
        done = subprocess.run(  # noqa: S603 - a program of the system, each word from the till's settings
            [program, *server, *words],
            input=given,
            capture_output=True,
            check=False,
            timeout=_COMMAND_S,
            env={**os.environ, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired as error:
        raise Unanswered("The print system does not answer. Start it again.") from error
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )
