"""What a printer says of itself: asked at once, asked in order, unasked, or nothing but noise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.escpos import commands
from hardware.printers.base import NotSent, Printed, Uncertain
from hardware.printers.escpos_dialogue import DialogueTimes, ask_status, print_job
from hardware.printers.unasked_status import WithoutUnaskedStatus, status_of_block
from hardware.status import PrinterStatus
from hardware.transport.base import SendFailed

TIMES = DialogueTimes(answer_s=0.05, send_s=0.1, confirm_s=0.1, look_again_s=0.01)
READY = {commands.ask_status(kind): b"\x12" for kind in ("printer", "offline", "paper")}
COVER_OPENED = b"\x38\x00\x00\x0f"
PAPER_ENDED = b"\x18\x00\x0c\x0f"
ALL_IS_WELL = b"\x10\x00\x00\x0f"


class ScriptedChannel:
    """Answers each thing that it is sent with what stands in its script."""

    def __init__(self, script, at_first=b""):
        self._script = script
        self._waiting = at_first
        self.sent = b""

    def send(self, data, timeout_s):
        self.sent += data
        self._waiting += self._script.get(data, b"")

    def receive(self, timeout_s):
        if self._waiting is None:
            raise SendFailed("The device hung up.", 0)
        waiting, self._waiting = self._waiting, b""
        return waiting


@pytest.mark.parametrize(
    ("block", "obstacle"),
    [
        (ALL_IS_WELL, ""),
        (COVER_OPENED, "The printer's cover is open."),
        (PAPER_ENDED, "Printer is out of paper."),
        (b"\x18\x08\x00\x0f", "Printer has stopped."),
    ],
)
def test_a_block_of_unasked_status_says_what_is_wrong(block, obstacle):
    assert status_of_block(block).obstacle.startswith(obstacle)
    assert bool(status_of_block(block).obstacle) == bool(obstacle)


def test_nearly_used_up_paper_is_no_obstacle():
    assert status_of_block(b"\x10\x00\x03\x0f").paper == "near_end"


def test_a_printer_that_reports_its_open_cover_has_not_said_that_it_printed():
    """Three of the four bytes look like the answer that ends a job."""
    channel = ScriptedChannel({**READY, commands.ASK_PAPER_IN_ORDER: COVER_OPENED})
    assert isinstance(print_job(channel, b"receipt", "in_order", TIMES), Uncertain)
    answering = ScriptedChannel({**READY, commands.ASK_PAPER_IN_ORDER: COVER_OPENED + b"\x00"})
    assert print_job(answering, b"receipt", "in_order", TIMES) == Printed()


def test_a_printer_that_only_reports_by_itself_is_believed():
    assert ask_status(ScriptedChannel({}, at_first=PAPER_ENDED), TIMES).paper == "out"
    refused = print_job(ScriptedChannel({}, at_first=PAPER_ENDED), b"receipt", "in_order", TIMES)
    assert refused == NotSent("Printer is out of paper. Put in a roll and press Print again.")


def test_a_printer_that_says_nothing_is_unknown_and_not_well():
    status = ask_status(ScriptedChannel({}), TIMES)
    assert status == PrinterStatus(reachable=True)
    assert (status.paper, status.cover, status.answers) == ("unknown", "unknown", False)


@pytest.mark.parametrize("noise", [b"\xff\xff\xff", b"\x11\x13", b"HTTP/1.1 400", b"\x10", b"\x10\x00\xff"])
def test_noise_before_the_answers_is_passed_over(noise):
    channel = ScriptedChannel(READY, at_first=noise)
    assert ask_status(channel, TIMES).message == "Printer is ready."


def test_an_answer_in_the_middle_of_a_block_is_still_an_answer():
    channel = ScriptedChannel({}, at_first=b"\x10\x00\x12")
    assert WithoutUnaskedStatus(channel).receive(0.1) == b"\x10\x00\x12"


@given(st.lists(st.binary(max_size=9), max_size=5))
def test_no_garbage_breaks_the_talk_and_without_an_answer_in_it_nothing_is_sent(garbage):
    answers = any(byte & 0x91 == 0x10 for piece in garbage for byte in piece)

    class Babbling(ScriptedChannel):
        def receive(self, timeout_s):
            return garbage.pop(0) if garbage else b""

    outcome = print_job(Babbling({}), b"receipt", "at_once", DialogueTimes(0.005, 0.005, 0.005, 0.001))
    assert isinstance(outcome, NotSent) or answers


@given(st.lists(st.sampled_from([ALL_IS_WELL, COVER_OPENED, PAPER_ENDED]), max_size=4), st.data())
def test_blocks_are_understood_however_the_bytes_arrive(blocks, data):
    stream = b"".join(blocks)
    pieces = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        pieces.append(stream[:cut])
        stream = stream[cut:]

    class Piecemeal(ScriptedChannel):
        def receive(self, timeout_s):
            return pieces.pop(0) if pieces else b""

    listening = WithoutUnaskedStatus(Piecemeal({}))
    heard = b"".join(listening.receive(0.1) for _ in range(len(pieces)))
    assert heard == b""
    assert listening.last == (status_of_block(blocks[-1]) if blocks else None)
