"""The till's `LeaseServer` port over a simulated line, always to the central server."""

from __future__ import annotations

from collections import Counter
from typing import TypeVar

from pos_client.sync.outcomes import Failure, Reply
from shared_models import wire
from shared_models.leases import (
    LeaseClosing,
    LeaseReply,
    LeaseRequest,
    ParkedFate,
    ParkedList,
    ParkedLook,
    ParkedOffer,
    ReceiptStated,
)
from sync_server.sync_messages import TillIdentity
from tests.simulation.distant_server import message
from tests.simulation.network import Line, Request

M = TypeVar("M")
_SOMEBODY_WAITS_MS = 6_000


class DistantLender:
    """Implements `sync.server_port.LeaseServer`, without receipts and parked tickets."""

    def __init__(self, line: Line, who: TillIdentity, tally: Counter[str]) -> None:
        self._line = line
        self._who = who
        self._tally = tally

    def lease(self, wanted: LeaseRequest) -> Reply[LeaseReply] | Failure:
        return self._ask(Request("lease", self._who, wire.pack(wanted)))

    def close_lease(self, lease_id: str, used: int) -> Reply[LeaseReply] | Failure:
        return self._ask(Request("lease_close", self._who, wire.pack(LeaseClosing(used=used)), (lease_id,)))

    def receipt(self, receipt_number: str) -> Reply[ReceiptStated] | Failure:
        raise AssertionError("the customer's receipt is at hand")

    def offer(self, ticket: ParkedOffer) -> Reply[ParkedFate] | Failure:
        raise AssertionError("tickets stay with their till")

    def look(self, asked: ParkedLook) -> Reply[ParkedList] | Failure:
        raise AssertionError("tickets stay with their till")

    def abort(self) -> None:
        pass

    def close(self) -> None:
        pass

    def _ask(self, request: Request) -> Reply[LeaseReply] | Failure:
        self._tally["lease requests"] += 1
        outcome = self._line.ask(request, _SOMEBODY_WAITS_MS)
        return message(outcome, LeaseReply) if isinstance(outcome, Reply) else outcome
