"""Parked tickets between the tills of a store: offered to all of them, and what became of one's own."""

from __future__ import annotations

from collections.abc import Callable

from pos_client.sync.outcomes import Failure, Refused, Reply
from pos_client.sync.ports import TicketBook
from pos_client.sync.server_port import LeaseServer
from pos_client.till.ports import ParkedAnswer, ParkedSale
from shared_models.leases import MAX_CART_BYTES, ParkedFate, ParkedLook, ParkedOffer

_MOST_ASKED = 500


class TicketSharing:
    """On the thread that asks for leases."""

    def __init__(self, tickets: TicketBook, till_id: str, server: Callable[[], LeaseServer]) -> None:
        self._tickets = tickets
        self._till_id = till_id
        self._server = server

    def offer(self) -> Failure | None:
        """The first trouble ends it; what is too large to be shared stays with this till."""
        for ticket in self._tickets.to_offer():
            if len(ticket.body) <= MAX_CART_BYTES:
                self._tickets.offering(ticket.sale_id)
                outcome = self._server().offer(_offer(ticket))
                if not isinstance(outcome, Reply) and not _is_for_good(outcome):
                    return outcome
                if isinstance(outcome, Reply) and self._moved_on(outcome.value):
                    self._tickets.learn([ticket.sale_id], ())
                    continue
            self._tickets.offered(ticket.sale_id)
        return None

    def look(self) -> ParkedAnswer:
        """What the other tills have put aside. Own tickets that somebody else has by now are no more here."""
        outcome = self._server().look(ParkedLook(mine=self._tickets.mine()[:_MOST_ASKED]))
        if not isinstance(outcome, Reply):
            return ParkedAnswer(reached=False)
        fates = outcome.value.fates
        self._tickets.learn(
            [fate.sale_id for fate in fates if self._moved_on(fate)],
            [fate.sale_id for fate in fates if fate.state == "unknown"],
        )
        return ParkedAnswer(reached=True, listings=outcome.value.listings)

    def _moved_on(self, fate: ParkedFate) -> bool:
        return fate.state == "gone" or (fate.state != "unknown" and fate.till_id != self._till_id)


def _offer(ticket: ParkedSale) -> ParkedOffer:
    return ParkedOffer(
        sale_id=ticket.sale_id,
        version=ticket.version,
        label=ticket.label,
        operator_name=ticket.operator_name,
        parked_at_ms=ticket.parked_at.at_ms,
        tz_min=ticket.parked_at.tz_min,
        total_minor=ticket.total_minor,
        line_count=ticket.line_count,
        cart=ticket.body,
    )


def _is_for_good(failure: Failure) -> bool:
    """A ticket that the server will never take is not offered again and again."""
    return isinstance(failure, Refused) and failure.status in (400, 413)
