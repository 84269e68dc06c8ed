"""What is known to have happened, kept as plainly as can be: lists of what was committed, promised and printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from tests.simulation.chance import Chance
from tests.simulation.network import Request

_REQUESTS_KEPT = 24


class Committed(NamedTuple):
    """An entry as the till's driver committed it."""

    event_id: bytes
    type: str
    schema: int
    body: bytes
    till_id: str
    machine: str


class Broken(NamedTuple):
    """An invariant that did not hold; 0 stands for a fault that no program may have, such as a logged exception."""

    invariant: int
    what: str


class Oracle:
    """Told by the simulation what happens; never asks the product."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self.committed: list[Committed] = []
        self.by_id: dict[bytes, Committed] = {}
        self.gone: set[bytes] = set()
        """Entries whose last copy the scenario itself destroyed."""
        self.poisoned: set[bytes] = set()
        """Entries that nobody can book."""
        self.promises: dict[tuple[bytes, int], set[bytes]] = {}
        """(incarnation, high) -> hashes that the server ever answered with."""
        self.proved: set[bytes] = set()
        """Entries in a backup of the central server that somebody read to its end."""
        self._safe: dict[bytes, int] = {}
        self.carried_out: list[tuple[str, str, int, int]] = []
        self.requests: list[Request] = []
        self._served = 0
        self.broken: list[Broken] = []
        self.live_disks: Callable[[], Iterable[set[bytes]]] = lambda: ()

    def blame(self, invariant: int, what: str) -> None:
        self.broken.append(Broken(invariant, what))

    def commits(self, entry: Committed) -> None:
        known = self.by_id.get(entry.event_id)
        if known is None:
            self.committed.append(entry)
            self.by_id[entry.event_id] = entry
        elif known[1:4] != entry[1:4]:
            self.blame(2, f"event {entry.event_id.hex()} was committed again with another body")

    # Custody: which disk holds what

    def loses(self, vanished: set[bytes]) -> None:
        """A disk with these entries was destroyed, or set back to a state without them."""
        if vanished:
            for held in self.live_disks():
                vanished = vanished - held
            self.gone |= vanished

    def finds(self, back: set[bytes]) -> None:
        """An old copy came to life."""
        self.gone -= back

    # Promises

    def promised(
        self, incarnation: bytes, high: int, digest: bytes, on_disk: bytes | None, who: str = "the server"
    ) -> None:
        """`who` is about to answer {high, hash}; `on_disk` is what another connection finds there."""
        if high == 0:
            return
        self.promises.setdefault((incarnation, high), set()).add(digest)
        if on_disk != digest:
            self.blame(5, f"{who} promised {incarnation.hex()[:8]}:{high} before it was on its disk")

    def acknowledged(self, machine: str, incarnation: bytes, acked: int, own: bytes | None) -> None:
        """The till moved its cursor to `acked`, where its own journal has this hash."""
        if acked and own not in self.promises.get((incarnation, acked), ()):
            self.blame(5, f"{machine} counts {incarnation.hex()[:8]}:{acked} as sent, which no server said")

    def says_safe(self, incarnation: bytes, through: int) -> None:
        """The central server is about to answer that so much is in a backup."""
        self._safe[incarnation] = max(through, self._safe.get(incarnation, 0))

    def believes_safe(self, machine: str, incarnation: bytes, through: int) -> None:
        if through > self._safe.get(incarnation, 0):
            self.blame(7, f"{machine} takes {incarnation.hex()[:8]}:{through} for safe, and no backup has it")

    # The drawer and the printer

    def carries_out(self, machine: str, kind: str, pos: int, job_id: int) -> None:
        """A pulse leaves for the drawer, or a document for the printer."""
        self.carried_out.append((machine, kind, pos, job_id))

    # Requests, kept to be replayed

    def served(self, request: Request) -> None:
        """A fair sample of everything that the server ever answered."""
        self._served += 1
        if len(self.requests) < _REQUESTS_KEPT:
            self.requests.append(request)
        elif (at := self._chance.between(0, self._served - 1)) < _REQUESTS_KEPT:
            self.requests[at] = request
