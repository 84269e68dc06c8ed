"""The talk with an ESC/POS printer over any channel: ask how it is, send, and make sure that it printed.

That sending raised no error means nothing: a printer that was switched off takes bytes as well. So a job ends
with a question that the printer answers only after it has worked off everything before.
"""

from __future__ import annotations

import time

import msgspec

from hardware.escpos import commands
from hardware.escpos.models import Confirmation
from hardware.printers.base import NotSent, Printed, PrintOutcome, Uncertain
from hardware.printers.unasked_status import WithoutUnaskedStatus
from hardware.status import CoverState, PaperState, PrinterStatus
from hardware.transport.base import Channel, SendFailed


class DialogueTimes(msgspec.Struct, frozen=True):
    answer_s: float = 1.5
    send_s: float = 20.0
    confirm_s: float = 20.0
    look_again_s: float = 0.5


def ask_status(channel: Channel, times: DialogueTimes) -> PrinterStatus:
    """Asks in real time, so that it answers also when it has stopped with work in its memory."""
    listening = WithoutUnaskedStatus(channel)
    return _status(listening, times) or listening.last or PrinterStatus(reachable=True)


def _status(channel: Channel, times: DialogueTimes) -> PrinterStatus | None:
    """None when the printer does not answer."""
    printer = _answer(channel, "printer", times)
    if printer is None:
        return None
    offline = _answer(channel, "offline", times)
    paper = _answer(channel, "paper", times)
    return PrinterStatus(
        reachable=True,
        answers=True,
        online=not printer & 0x08,
        paper=_paper(paper, offline),
        cover=_cover(offline),
        fault=offline is not None and bool(offline & 0x40),
    )


def is_stopped(channel: Channel, answer_s: float) -> bool:
    """Whether it says that it would not work off its memory now; no answer counts as working."""
    printer = _answer(channel, "printer", DialogueTimes(answer_s=answer_s))
    return printer is not None and bool(printer & 0x08)


def drawer_pin_is_high(channel: Channel, answer_s: float) -> bool | None:
    """Pin 3 of the drawer's plug, where its switch is; None when the printer does not answer."""
    printer = _answer(channel, "printer", DialogueTimes(answer_s=answer_s))
    return None if printer is None else bool(printer & 0x04)


def print_job(channel: Channel, job: bytes, confirmation: Confirmation, times: DialogueTimes) -> PrintOutcome:
    try:
        agreed = _agreed(channel, confirmation, times)
    except SendFailed as failure:
        return NotSent(f"{failure.message} Check that the printer is on, then print again.")
    if isinstance(agreed, NotSent):
        return agreed
    try:
        channel.send(job, _time_to_send(job, times))
    except SendFailed as failure:
        return _cut_short(channel, failure, agreed, times)
    if agreed == "none":
        return Printed(confirmed=False)
    try:
        return _confirmed(channel, agreed, times)
    except SendFailed as failure:
        return Uncertain(f"{failure.message} {_LOOK}")


_SLOWEST_BYTES_PER_S = 800
"""A serial line at 9600 baud, and some rest."""
_LOOK = "Look whether the receipt came out, and print it again if not."


def _time_to_send(job: bytes, times: DialogueTimes) -> float:
    """More than usual for a job that is long, but no more than thrice that: a printer that hangs is to be known."""
    return min(max(times.send_s, len(job) / _SLOWEST_BYTES_PER_S), 3 * times.send_s)


def _agreed(channel: Channel, confirmation: Confirmation, times: DialogueTimes) -> Confirmation | NotSent:
    """How this printer will say that it printed, or why it would not print now."""
    if confirmation == "none":
        return confirmation
    status = ask_status(channel, times)
    if status.obstacle:
        return NotSent(status.obstacle)
    if confirmation == "if_it_answers":
        return "at_once" if status.answers else "none"
    if not status.answers:
        return NotSent("Printer is connected but does not answer. Switch it off and on, then print again.")
    return confirmation


def _cut_short(
    channel: Channel, failure: SendFailed, confirmation: Confirmation, times: DialogueTimes
) -> PrintOutcome:
    if failure.sent == 0:
        return NotSent(f"{failure.message} Check that the printer is on, then print again.")
    return Uncertain(_why(channel, confirmation, times) or f"{failure.message} {_LOOK}")


def _why(channel: Channel, confirmation: Confirmation, times: DialogueTimes) -> str:
    """What the printer itself says stopped it."""
    if confirmation == "none":
        return ""
    try:
        return ask_status(channel, times).obstacle
    except SendFailed:
        return ""


def _confirmed(channel: Channel, confirmation: Confirmation, times: DialogueTimes) -> PrintOutcome:
    """Waits for the answer that comes after the job, and looks meanwhile what holds it up."""
    if confirmation == "at_once":
        status = ask_status(channel, times)
        return Uncertain(status.obstacle) if status.obstacle else Printed()
    listening = WithoutUnaskedStatus(channel)
    listening.send(commands.ASK_PAPER_IN_ORDER, times.send_s)
    deadline = time.monotonic() + times.confirm_s
    while time.monotonic() < deadline:
        if any(_is_in_order_answer(byte) for byte in listening.receive(times.look_again_s)):
            return Printed()
        status, finished = _look(listening, times)
        if finished:
            return Printed()
        if status.obstacle:
            return Uncertain(status.obstacle)
    return Uncertain(f"Printer took the receipt but did not say that it is printed. {_LOOK}")


def _look(channel: Channel, times: DialogueTimes) -> tuple[PrinterStatus, bool]:
    """How it is, and whether the awaited answer came in between."""
    watched = _Watched(channel)
    status = ask_status(watched, times)
    return status, watched.saw_in_order_answer


class _Watched:
    """A channel that notices the awaited answer among others."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.saw_in_order_answer = False

    def send(self, data: bytes, timeout_s: float) -> None:
        self._channel.send(data, timeout_s)

    def receive(self, timeout_s: float) -> bytes:
        received = self._channel.receive(timeout_s)
        self.saw_in_order_answer |= any(_is_in_order_answer(byte) for byte in received)
        return received


def _answer(channel: Channel, kind: commands.StatusKind, times: DialogueTimes) -> int | None:
    """The status byte, or None when none came in time; other bytes are passed over."""
    channel.send(commands.ask_status(kind), times.answer_s)
    deadline = time.monotonic() + times.answer_s
    while (left_s := deadline - time.monotonic()) > 0:
        for byte in channel.receive(left_s):
            if _is_real_time_answer(byte):
                return byte
    return None


def _is_real_time_answer(byte: int) -> bool:
    return byte & 0x93 == 0x12


def _is_in_order_answer(byte: int) -> bool:
    return byte & 0x90 == 0


def _paper(paper: int | None, offline: int | None) -> PaperState:
    if offline is not None and offline & 0x20:
        return "out"
    if paper is None:
        return "unknown"
    if paper & 0x60:
        return "out"
    return "near_end" if paper & 0x0C else "ok"


def _cover(offline: int | None) -> CoverState:
    if offline is None:
        return "unknown"
    return "open" if offline & 0x04 else "closed"
