"""Incarnations that the server knows differently: where both sides part is found out, and the till leaves there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pos_client.sync.back_off import BackOff, Jitter
from pos_client.sync.divergence import Search, search
from pos_client.sync.outcomes import Failure, Refused
from pos_client.sync.push_messages import (
    Acknowledge,
    CompareHashes,
    Diverged,
    LocalEnd,
    Look,
    PushOutbound,
    Reincarnate,
)
from shared_models.continuity import Reason
from shared_models.sync_api import SegmentState

Steps = tuple[PushOutbound, ...]
_NO_SUCH_ROUTE = frozenset({404, 405})
_FOREIGN = (
    "The server knows this journal from another till: the files were copied. "
    "The till begins a journal of its own. Tell head office."
)


class Said(NamedTuple):
    """A server's word on an incarnation: so many entries, the last with this hash."""

    high: int
    hash: bytes


_NOTHING = Said(0, b"")


class Forks:
    """Part of the push core: it has no request of its own in flight, and says what to ask next."""

    def __init__(self, jitter: Jitter) -> None:
        self._kept_back: set[bytes] = set()
        self._searches: dict[bytes, Search] = {}
        self._said: dict[bytes, Said] = {}
        self._settled: dict[bytes, tuple[int, Said]] = {}
        self._asked: CompareHashes | Reincarnate | None = None
        self._back_off = BackOff(jitter)

    @property
    def any_kept_back(self) -> bool:
        return bool(self._kept_back)

    @property
    def any_to_ask_about(self) -> bool:
        return bool(self._searches)

    def keeps_back(self, incarnation: bytes) -> bool:
        return incarnation in self._kept_back

    def is_settled(self, end: LocalEnd, said: Said) -> bool:
        """The till left it, and all that it kept of it is what a server holds too that says this of it.

        One that says something else may be on another branch: a store's hub and the central server can differ.
        """
        return self._settled.get(end.incarnation) == (end.head_seq, said)

    def agrees(self, incarnation: bytes, *, moves_on: bool) -> None:
        """The server holds nothing but what the till has; `moves_on`: of what the till now sells into."""
        self._kept_back.discard(incarnation)
        self._searches.pop(incarnation, None)
        self._settled.pop(incarnation, None)
        if moves_on:
            self._back_off.succeeded()

    def found(self, end: LocalEnd, said: Said) -> Steps:
        return self._keep_back(end, said, search(end.head_seq, said.high), _in_words(end, said.high))

    def foreign(self, end: LocalEnd, acked: int) -> Steps:
        """Another till's: what that one did not send itself follows in a journal of this till's own."""
        if self.is_settled(end, _NOTHING):
            return ()
        return self._keep_back(end, _NOTHING, Search(0, acked, acked), _FOREIGN)

    def _keep_back(self, end: LocalEnd, said: Said, looking: Search, message: str) -> Steps:
        """What was found out of the word before may be another server's, on another branch."""
        was_kept_back = end.incarnation in self._kept_back
        if was_kept_back and self._said.get(end.incarnation) == said:
            return ()
        self._kept_back.add(end.incarnation)
        self._searches[end.incarnation] = looking
        self._said[end.incarnation] = said
        if was_kept_back:
            return ()
        was_told = self._settled.get(end.incarnation, (0, _NOTHING))[0] == end.head_seq
        return () if was_told else (Diverged(end.incarnation, said.high, message),)

    def next_step(self, segments: Sequence[SegmentState], number: Callable[[], int]) -> Steps:
        """The next question about one of them, or leaving it where its last common entry is."""
        incarnation, looking = next(iter(self._searches.items()))
        segment = next((one for one in segments if one.incarnation == incarnation), None)
        if segment is None:
            del self._searches[incarnation]
            return (Look(),)
        if not looking.found:
            self._asked = CompareHashes(number(), incarnation, looking.probes())
            return (self._asked,)
        is_whole = segment.head_seq == looking.low
        if is_whole and incarnation != segments[-1].incarnation:
            return self._settle(segment)
        reason: Reason = "foreign" if looking.high == 0 else "restored" if is_whole else "diverged"
        self._asked = Reincarnate(number(), incarnation, looking.low, reason)
        return (self._asked,)

    def _settle(self, segment: SegmentState) -> Steps:
        del self._searches[segment.incarnation]
        self._kept_back.discard(segment.incarnation)
        self._note_settled(segment.incarnation, segment.head_seq)
        return (Acknowledge(segment.incarnation, segment.head_seq, 0), Look())

    def _note_settled(self, incarnation: bytes, head_seq: int) -> None:
        self._settled[incarnation] = head_seq, self._said.pop(incarnation)

    def compared(self, alike: Sequence[int]) -> None:
        assert isinstance(self._asked, CompareHashes)
        looking = self._searches.get(self._asked.incarnation)
        if looking is not None:
            self._searches[self._asked.incarnation] = looking.narrowed(self._asked.seqs, alike)

    def left(self) -> tuple[bytes, int]:
        """(incarnation that was left, how long to wait now).

        A fork again right after this one would be a server that does not know what it says: it is asked ever more
        rarely.
        """
        assert isinstance(self._asked, Reincarnate)
        incarnation = self._asked.incarnation
        self._searches.pop(incarnation, None)
        self._kept_back.discard(incarnation)
        self._note_settled(incarnation, self._asked.common)
        return incarnation, self._back_off.failed()

    def failed(self, failure: Failure) -> None:
        """An older server has no such route: that incarnation stays kept back, the others go on."""
        cannot_say = isinstance(failure, Refused) and failure.status in _NO_SUCH_ROUTE
        if isinstance(self._asked, CompareHashes) and cannot_say:
            self._searches.pop(self._asked.incarnation, None)
        self._asked = None


def _in_words(end: LocalEnd, high: int) -> str:
    goes_on = "It goes on in a new receipt series; nothing is lost. Tell head office."
    if high > end.head_seq:
        return (
            f"The server holds {high} entries of this till's journal, the till only {end.head_seq}: "
            f"it was restored from an older copy, or two tills run on one journal. {goes_on}"
        )
    return f"The server's copy of this till's journal differs at entry {high}. {goes_on}"
