"""The sales and refunds of the journals, read once: what closings are added up from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from verifier.entries import Line
from verifier.figures import Sums, of_refund, of_sale
from verifier.readings import as_booked

SALE, REFUND = "sale.posted", "refund.posted"
Place = tuple[str, int]
"""(incarnation in hex, seq)"""
Identity = tuple[bytes, bytes]
"""An entry's id and the hash of its content: what is counted once, wherever it was stamped."""


class Fact(NamedTuple):
    """`day` is empty and `sums` are None where the body can't be read."""

    place: Place
    id: Identity
    is_sale: bool
    day: str
    at_ms: int
    receipt: str
    sums: Sums | None
    body: Any


class Facts:
    """`by_day` and `days` leave out what can't be read."""

    def __init__(self, journals: Iterable[tuple[str, list[Line]]]) -> None:
        self.hashes: dict[Place, bytes] = {}
        self.at: dict[Place, Fact] = {}
        self.by_day: dict[tuple[str, str], list[Fact]] = defaultdict(list)
        self.places: dict[Identity, list[Place]] = defaultdict(list)
        for incarnation, lines in journals:
            for line in lines:
                self._add(incarnation, line)

    def _add(self, incarnation: str, line: Line) -> None:
        place = (incarnation, line.seq)
        self.hashes[place] = line.hash
        identity = (line.event_id, line.content_hash)
        self.places[identity].append(place)
        if line.type not in (SALE, REFUND):
            return
        fact = _fact(place, identity, line)
        self.at[place] = fact
        if fact.sums is not None:
            self.by_day[incarnation, fact.day].append(fact)


def _fact(place: Place, identity: Identity, line: Line) -> Fact:
    is_sale = line.type == SALE
    body: Any = None
    try:
        body = as_booked(line.body)
        fact = body["fact"]
        sums = of_sale(fact) if is_sale else of_refund(fact)
        receipt = fact["receipt_number"] if is_sale and not fact.get("training", False) else ""
        return Fact(
            place, identity, is_sale, str(fact["business_date"]), int(body["at_ms"]), receipt, sums, body
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        return Fact(place, identity, is_sale, "", 0, "", None, body)
