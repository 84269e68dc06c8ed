"""One command and all that follows until the terminal ends it, from the till's side: bytes in, bytes out, no socket."""

from __future__ import annotations

from collections import deque
from typing import Literal

from hardware.terminals.zvt import messages
from hardware.terminals.zvt.apdu import ACKNOWLEDGED, Apdu, ApduReader, BadMessage, is_refusal, refused

Phase = Literal["unsent", "sent", "under_way", "over"]

ACKNOWLEDGE_S = 5
"""PA00P016, T3: how long a command may go unanswered."""
SILENCE_S = 180
"""PA00P016, T4: how long a command that is under way may be silent; a customer looks for a card meanwhile."""
_NOT_SUPPORTED = 0x83
_MOST_LINES = 500


class Dialogue:
    """`start`, then `receive` for what comes, and send what either returns, until `phase` is 'over'.

    What is said before the terminal has acknowledged the command belongs to something else: it is answered and
    counted in `strays`, and never read as this command's.
    """

    def __init__(self, command: Apdu) -> None:
        self._command = command
        self._reader = ApduReader()
        self.phase: Phase = "unsent"
        self.ending: Apdu | None = None
        """06 0F, 06 1E or 84 xx; None where the terminal broke the protocol."""
        self.statuses: list[messages.StatusInformation] = []
        self.steps: deque[messages.Intermediate] = deque()
        self.paper: list[messages.Paper] = []
        self.strays = 0
        self.is_garbled = False

    def start(self) -> bytes:
        assert self.phase == "unsent", self.phase
        self.phase = "sent"
        return self._command.encoded()

    @property
    def patience_s(self) -> int:
        return ACKNOWLEDGE_S if self.phase == "sent" else SILENCE_S

    def receive(self, data: bytes) -> bytes:
        """What to send back at once."""
        replies = [self._answer(message) for message in self._reader.feed(data)]
        return b"".join(reply.encoded() for reply in replies if reply is not None)

    def _answer(self, message: Apdu) -> Apdu | None:
        if self.phase == "over":
            return None
        if self.phase == "sent":
            return self._before_the_acknowledgement(message)
        if message == ACKNOWLEDGED or is_refusal(message):
            return None  # of an abort that was asked for meanwhile
        return self._under_way(message)

    def _before_the_acknowledgement(self, message: Apdu) -> Apdu | None:
        if message == ACKNOWLEDGED:
            self.phase = "under_way"
            return None
        if is_refusal(message):
            self._end(message)
            return None
        self.strays += 1
        return ACKNOWLEDGED

    def _under_way(self, message: Apdu) -> Apdu:
        try:
            return self._take(message)
        except BadMessage:
            self.is_garbled = True
            return ACKNOWLEDGED

    def _take(self, message: Apdu) -> Apdu:
        match message.command:
            case messages.STATUS:
                self.statuses.append(messages.status_information(message.data))
            case messages.INTERMEDIATE:
                self.steps.append(messages.intermediate(message.data))
            case messages.PRINT_LINE:
                self._print(messages.printed_line(message.data))
            case messages.PRINT_BLOCK:
                self._print(messages.printed_block(message.data))
            case messages.COMPLETION | messages.ABORTED:
                self._end(message)
            case _:
                return refused(_NOT_SUPPORTED)
        return ACKNOWLEDGED

    def _print(self, paper: messages.Paper) -> None:
        if len(self.paper) < _MOST_LINES:
            self.paper.append(paper)

    def _end(self, message: Apdu) -> None:
        self.ending = message
        self.phase = "over"
