"""Log-in, log-out and the idle lock, as the journal has them."""

from __future__ import annotations

from pos_client.till.desk import Desk
from pos_client.till.refusals import Refused
from pos_client.till.state import Severity
from shared_models.cash import OperatorLoggedIn, OperatorLoggedOut
from shared_models.errors import ShopError
from shared_models.events import Fact


class Entry:
    """Who comes and who goes. The ticket stays through all of it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def log_in(self, pin: str) -> None:
        """A second log-in takes over from the first: switching cashiers is one PIN."""
        desk = self._desk
        desk.store()
        member = desk.people.identify(pin)
        facts: list[Fact] = [OperatorLoggedIn(member.staff_id, member.name, desk.till_id)]
        if desk.people.operator is not None:
            facts.insert(0, self._gone(desk.people.operator.staff_id, "switched"))
        desk.ports.books.post(*facts)
        desk.people.operator = member
        if desk.restored:
            desk.restored = False
            desk.say(Severity.INFO, Refused("restored", lines=len(desk.cart.lines)))

    def log_out(self) -> None:
        self._desk.people.current()
        self._leave("")
        self._desk.z_report = None

    def refuse_leaver(self) -> None:
        """Whom head office has let go sells no more; a ticket that is begun is still theirs to finish."""
        desk = self._desk
        if desk.cart.lines:
            return
        gone = desk.people.look_again()
        if gone is not None:
            desk.ports.books.post(self._gone(gone.staff_id, "left"))
            raise Refused("no_longer_here", severity=Severity.DANGER, name=gone.name)

    def lock(self) -> None:
        if self._desk.people.operator is not None:
            self._leave("idle")

    def _leave(self, reason: str) -> None:
        """A till that can't write must still lock, so here trouble is said and does not hold up."""
        desk, member = self._desk, self._desk.people.current()
        desk.x_report = None
        desk.people.operator = None
        try:
            desk.ports.books.post(self._gone(member.staff_id, reason))
        except ShopError as trouble:
            desk.say(Severity.DANGER, trouble)

    def _gone(self, staff_id: str, reason: str) -> OperatorLoggedOut:
        return OperatorLoggedOut(staff_id, self._desk.till_id, reason)
