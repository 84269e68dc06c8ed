"""Taking up a parked ticket: this till's own, or another's with the server's word that nobody else has it.

Without a line a till takes up what it has itself put aside, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from pos_client.till.asking import denied
from pos_client.till.cart import CartSnapshot
from pos_client.till.desk import Desk
from pos_client.till.parking import decode_cart, encode_snapshot
from pos_client.till.ports import LeaseAnswer, ParkedAnswer, ParkedSale
from pos_client.till.refusals import Refused
from pos_client.till.state import Severity, Words
from pos_client.till.ticket import Ticket
from shared_models.errors import ShopError
from shared_models.leases import GRANTED, LeaseReply, LeaseRequest, ParkedListing
from shared_models.sale import SaleRecalled

_UNKNOWN = "unknown_ticket"


class Recalling:
    """The list of parked tickets."""

    def __init__(self, desk: Desk, ticket: Ticket) -> None:
        self._desk = desk
        self._ticket = ticket

    def look(self) -> None:
        """Asks what the other tills of the store have put aside."""
        self._desk.asking.parked(self._seen)

    def recall(self, sale_id: str) -> None:
        desk = self._desk
        self._refuse_unless_free()
        desk.parked = desk.ports.books.parked()
        own = next((one for one in desk.parked if one.sale_id == sale_id), None)
        other = next((one for one in desk.parked_elsewhere if one.sale_id == sale_id), None)
        if own is not None:
            if own.is_shared:
                self._claim(own, lambda answer: self._own_claimed(own, answer))
            else:
                self._take_out(own, own.version, "")
        elif other is not None:
            self._claim(other, lambda answer: self._claimed(other, answer))
        else:
            raise Refused("not_parked")

    # inside

    def _refuse_unless_free(self) -> None:
        self._desk.seller()
        if self._desk.cart.lines:
            raise Refused("ticket_open")

    def _seen(self, answer: ParkedAnswer) -> None:
        desk = self._desk
        desk.parked = desk.ports.books.parked()
        mine = {one.sale_id for one in desk.parked}
        desk.parked_elsewhere = tuple(one for one in answer.listings if one.sale_id not in mine)

    def _claim(self, ticket: ParkedSale | ParkedListing, then: Callable[[LeaseAnswer], None]) -> None:
        desk = self._desk
        wanted = LeaseRequest(
            lease_id=desk.ports.ids.new(), kind="parked", subject=ticket.sale_id, amount=ticket.version
        )
        desk.asking.lease(Words("asking_ticket", {"label": ticket.label}), wanted, then)

    def _own_claimed(self, own: ParkedSale, answer: LeaseAnswer) -> None:
        """Out of reach, or of a server that does not know it: it is this till's to take up."""
        self._refuse_unless_free()
        reply = answer.reply
        if reply is not None and reply.state == GRANTED:
            self._take_out(own, reply.version, reply.lease_id)
        elif reply is None or reply.code == _UNKNOWN:
            self._take_out(own, own.version, "")
        else:
            raise denied(reply)

    def _claimed(self, listing: ParkedListing, answer: LeaseAnswer) -> None:
        self._refuse_unless_free()
        if answer.reply is None:
            raise Refused("ticket_needs_line", till_id=listing.till_id)
        if answer.reply.state != GRANTED:
            raise denied(answer.reply)
        self._take_over(listing, answer.reply)

    def _take_over(self, listing: ParkedListing, reply: LeaseReply) -> None:
        desk = self._desk
        cart = _readable(reply.cart, reply.version)
        self._ticket.void_leftovers()
        fact = self._fact(listing.sale_id, listing.version)
        desk.ports.books.take_over(encode_snapshot(cart), fact, reply.lease_id)
        desk.cart.restore(cart)
        desk.parked_elsewhere = tuple(one for one in desk.parked_elsewhere if one != listing)

    def _take_out(self, parked: ParkedSale, version: int, lease_id: str) -> None:
        """Saved as the ticket in progress first, so that a crash in between leaves it in one place at least.

        A saved ticket that is still parked is not restored, so it is in one place at most, too.
        """
        desk = self._desk
        cart = _readable(parked.body, version)
        self._ticket.void_leftovers()
        books = desk.ports.books
        books.save_cart(encode_snapshot(cart))
        try:
            books.recall(parked.sale_id, self._fact(parked.sale_id, parked.version), lease_id)
        except ShopError:
            desk.save_cart()
            raise
        desk.cart.restore(cart)
        desk.parked = books.parked()

    def _fact(self, sale_id: str, version: int) -> SaleRecalled:
        operator = self._desk.people.current().staff_id
        return SaleRecalled(
            sale_id=sale_id, till_id=self._desk.till_id, operator_id=operator, version=version
        )


def _readable(body: bytes, version: int) -> CartSnapshot:
    saved = decode_cart(body)
    if saved is None:
        raise Refused("parked_unreadable", severity=Severity.DANGER)
    return msgspec.structs.replace(saved, parked_version=version)
