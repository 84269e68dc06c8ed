"""The till's third thread, in runs with a hub: it waits for hints, and finds out by them that a way is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pos_client.store.catalogue import CatalogueFile
from pos_client.sync.back_off import BackOff
from pos_client.sync.outcomes import Reply
from pos_client.sync.server_port import Server
from pos_client.sync.worker import REST_AFTER_HINT_S
from tests.simulation.turns import SimulatedTurns

if TYPE_CHECKING:
    from tests.simulation.till import Till

_WAIT_S = 20.0


class Hints:
    """As `SyncWorker` has it; a hint comes at once or after the wait, and hints in between are told directly."""

    def __init__(
        self,
        till: Till,
        server: Server,
        copy: CatalogueFile,
        find_out: Callable[[], None],
        line_is_back: Callable[[], None],
        refresh: Callable[[], None],
    ) -> None:
        self._server = server
        self._copy = copy
        self._find_out = find_out
        self._line_is_back = line_is_back
        self._refresh = refresh
        self._line_is_down = False
        self._back_off = BackOff(lambda ceiling: till.chance.between(0, ceiling))
        self._turns = SimulatedTurns(till.scheduler, self._turn)

    def start(self) -> None:
        self._turns.start()

    def end(self) -> None:
        self._turns.end()

    def _turn(self) -> float:
        outcome = self._server.poke(self._copy.positions())
        if not isinstance(outcome, Reply):
            if not self._line_is_down:
                self._line_is_down = True
                self._find_out()
            return self._back_off.failed() / 1000
        if self._line_is_down:
            self._line_is_down = False
            self._line_is_back()
        if not outcome.value.streams:
            self._back_off.succeeded()
            return _WAIT_S
        self._refresh()
        return REST_AFTER_HINT_S + self._back_off.failed() / 1000
