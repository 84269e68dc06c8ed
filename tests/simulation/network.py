"""The line between two machines: it loses, doubles, delays, reorders, is cut, and makes things up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from pos_client.sync.outcomes import Failure, Refused, Reply, Unreachable
from sync_server.sync_messages import TillIdentity
from tests.simulation.chance import Chance
from tests.simulation.conditions import Conditions
from tests.simulation.scheduler import Scheduler

ANSWER_WITHIN_MS = 30_000
SILENCE_MS = 15_000
"""As `server_api.TimeLimits` has them."""
Outcome = Reply[bytes] | Failure


class Request(msgspec.Struct, frozen=True):
    """`door` names the route; `body` is the packed message, `asked` what would stand in the address."""

    door: str
    who: TillIdentity
    body: bytes = b""
    asked: tuple[Any, ...] = ()


class FrontDoor(Protocol):
    """Where requests arrive."""

    @property
    def is_up(self) -> bool: ...

    def take(self, request: Request, answer: Callable[[Outcome], None]) -> None:
        """`answer` is called when there is one, with Unreachable where the machine died of it or in the middle."""


class Line:
    """One machine's line to another. `calm` is a line without faults, on which only the distance is left."""

    def __init__(
        self,
        scheduler: Scheduler,
        conditions: Conditions,
        chance: Chance,
        door: FrontDoor,
        tally: Counter[str],
        note: Callable[[str], None],
    ) -> None:
        self._scheduler = scheduler
        self._conditions = conditions
        self._chance = chance
        self._door = door
        self._tally = tally
        self._note = note
        self.calm = False
        self.lets_out = self.lets_in = True

    def ask(self, request: Request, within_ms: int = ANSWER_WITHIN_MS) -> Outcome:
        """Called on a line of work, which waits for the outcome while the world goes on."""
        asking = self._scheduler.current
        assert asking is not None, "only sync asks the server"
        token = object()
        self._tally["requests"] += 1

        def tell(outcome: Outcome) -> None:
            asking.answer(token, outcome)

        self._send(request, tell, within_ms)
        outcome = asking.wait_for(token)
        return outcome  # type: ignore[no-any-return]

    def _send(self, request: Request, tell: Callable[[Outcome], None], within_ms: int) -> None:
        if not self.lets_out and self._chance.happens(0.5):
            self._later(self._chance.spread(1, 5_000), tell, Unreachable("no way to the server"))
            return
        give_up_ms = min(self._give_up_ms(), within_ms)
        timed_out = give_up_ms >= SILENCE_MS
        self._later(give_up_ms, tell, Unreachable("no answer", sent=True, timed_out=timed_out))
        if not self.lets_out or self._befalls("lost requests", self._conditions.loss / 2):
            return
        self._scheduler.after(self._delay_ms(), lambda: self._arrive(request, tell))
        if self._befalls("doubled requests", self._conditions.duplication):
            again_ms = self._delay_ms() + self._chance.spread(1, 120_000)
            self._scheduler.after(again_ms, lambda: self._arrive(request, lambda _: None))

    def _arrive(self, request: Request, tell: Callable[[Outcome], None]) -> None:
        if not self._door.is_up:
            refused = Unreachable("connection refused", sent=False)
            self._back(tell, refused)
            return
        if self._befalls("refusals", self._conditions.refusals / 2):
            self._back(tell, self._refusal())
            return
        self._door.take(request, lambda outcome: self._answered(outcome, tell))

    def _answered(self, outcome: Outcome, tell: Callable[[Outcome], None]) -> None:
        if isinstance(outcome, Unreachable):
            self._back(tell, outcome)
            return
        if self._befalls("refusals", self._conditions.refusals / 2):
            outcome = self._refusal()
        elif isinstance(outcome, Reply) and self._befalls("nonsense answers", self._conditions.nonsense):
            outcome = Reply(self._nonsense(outcome.value))
        self._back(tell, outcome)

    def _back(self, tell: Callable[[Outcome], None], outcome: Outcome) -> None:
        if not self.lets_in or self._befalls("lost answers", self._conditions.loss / 2):
            return
        self._later(self._delay_ms(), tell, outcome)

    def _later(self, delay_ms: int, tell: Callable[[Outcome], None], outcome: Outcome) -> None:
        self._scheduler.after(delay_ms, lambda: tell(outcome))

    def _befalls(self, what: str, probability: float) -> bool:
        if self.calm or not probability or not self._chance.happens(probability):
            return False
        self._tally[what] += 1
        return True

    def _delay_ms(self) -> int:
        usual = self._chance.spread(1, 2 * min(self._conditions.latency_ms, 200 if self.calm else 1 << 30))
        if self.calm or not self._conditions.slowest_ms or not self._chance.happens(0.15):
            return usual
        self._tally["delayed messages"] += 1
        return self._chance.between(0, self._conditions.slowest_ms)

    def _give_up_ms(self) -> int:
        """After a while nobody waits any longer; a line that is cut is often known to be cut at once."""
        if self.calm:
            return ANSWER_WITHIN_MS
        return self._chance.pick((SILENCE_MS, ANSWER_WITHIN_MS, self._chance.spread(2_000, 20_000)))

    def _refusal(self) -> Refused:
        status = self._chance.pick((429, 429, 500, 502, 503, 503, 408, 413))
        retry_after_ms = self._chance.spread(100, 30_000) if status in (429, 503) else 0
        return Refused(status, retry_after_ms=retry_after_ms)

    def _nonsense(self, answer: bytes) -> bytes:
        return self._chance.pick(
            (
                b"<html><body>Welcome to our guest network</body></html>",
                b"",
                answer[: len(answer) // 2],
                answer[:-1],
                self._chance.bytes(40),
            )
        )
