"""Shelf labels at the till: which products, at the price in force here, and off to the label printer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hardware.counter_device import Tried
from hardware.labels.address import PrintsLabels
from hardware.printers.base import Printed
from pos_client.store.catalogue import CatalogueFile
from pos_client.till.ports import Clock
from pos_client.till.refusals import Refused
from pos_client.till.scanning import read_scan
from shared_models.catalogue import Offer
from shared_models.currency import currency
from shared_models.errors import ShopError
from shared_models.labels.label import Label
from shared_models.labels.of_product import label_of
from shared_models.moment import Moment

_MOST_CHANGED = 500
_MINUTE_MS = 60_000


class LabelCounter:
    """`print` blocks as long as the printer takes, so call it from a worker; a sale never waits for it."""

    def __init__(self, printer: PrintsLabels, catalogue: CatalogueFile, clock: Clock) -> None:
        self.printer = printer
        self._catalogue = catalogue
        self._clock = clock

    def by_scan(self, text: str) -> Offer | None:
        store = self._catalogue.store()
        if store is None:
            return None
        try:
            scan = read_scan(text, store.embedded_rules, currency(store.currency).exponent)
        except Refused:
            return None
        found = (self._catalogue.by_code(code, self._clock.now()) for code in scan.codes)
        return next((offer for offer in found if offer is not None), None)

    def search(self, text: str) -> tuple[Offer, ...]:
        return self._catalogue.search(text, self._clock.now())

    def changed_since(self, days_ago: int) -> tuple[Offer, ...]:
        """By name: what costs something else now than before that day began here.

        Of products that are new since then the till knows no day, so those are searched for.
        """
        now = self._clock.now()
        return self._catalogue.changed_since(start_of_day(now, days_ago), now, _MOST_CHANGED)

    def print(self, wanted: Sequence[tuple[Offer, int]]) -> Tried:
        """Offers with how many labels of each. Says in one sentence what came of it."""
        try:
            labels = self._labels(wanted)
        except ShopError as reason:
            return Tried(False, reason.message)
        outcome = self.printer.print(labels)
        if not isinstance(outcome, Printed):
            return Tried(False, outcome.reason)
        many = "1 label" if len(labels) == 1 else f"{len(labels)} labels"
        done = f"{many} printed." if outcome.confirmed else f"{many} sent to the label printer."
        return Tried(True, f"{done} {outcome.note}".strip())

    def _labels(self, wanted: Sequence[tuple[Offer, int]]) -> list[Label]:
        store = self._catalogue.store()
        money = store.currency if store else ""
        return [
            label_of(offer.product, offer.price.unit_price_minor, money)
            for offer, copies in wanted
            if offer.price is not None
            for _ in range(copies)
        ]


def start_of_day(now: Moment, days_ago: int) -> Moment:
    """Midnight on the shop's clock."""
    day = now.local().date() - timedelta(days=days_ago)
    at = int(datetime.combine(day, datetime.min.time(), UTC).timestamp()) * 1000 - now.tz_min * _MINUTE_MS
    return Moment(at, now.tz_min)
