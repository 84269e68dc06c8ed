"""Talking to the label printer away from the window's thread: what comes of it arrives as signals."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from hardware.counter_device import Tried
from pos_client.ui.wording import tr
from shared_models.catalogue import Offer
from shared_models.errors import ShopError

_log = logging.getLogger(__name__)


class LabelDesk(Protocol):
    """Whatever looks into the catalogue raises ShopError where that can't be read."""

    def by_scan(self, text: str) -> Offer | None: ...

    def search(self, text: str) -> tuple[Offer, ...]: ...

    def changed_since(self, days_ago: int) -> tuple[Offer, ...]:
        """Products whose price is another than before that day."""

    def print(self, wanted: Sequence[tuple[Offer, int]]) -> Tried:
        """Each offer as often as its number says; takes as long as the printer does."""


class LabelTalk(QObject):
    """A slow printer or a large catalogue holds up neither the window nor a sale."""

    changed = Signal(object)
    """A tuple of Offers."""
    not_looked_up = Signal(str)
    """Why, in one sentence."""
    printed = Signal(object)
    """What was Tried."""

    def __init__(self, desk: LabelDesk) -> None:
        super().__init__()
        self.desk = desk

    def look_for_changes(self, days_ago: int) -> None:
        self._apart(partial(self._look, days_ago))

    def print(self, wanted: Sequence[tuple[Offer, int]]) -> None:
        self._apart(partial(self._print, tuple(wanted)))

    def _look(self, days_ago: int) -> None:
        try:
            found = self.desk.changed_since(days_ago)
        except ShopError as reason:
            _log.warning("changed prices can't be looked up: %s", reason.message)
            self.not_looked_up.emit(reason.message)
        else:
            self.changed.emit(found)

    def _print(self, wanted: Sequence[tuple[Offer, int]]) -> None:
        try:
            said = self.desk.print(wanted)
        except Exception:  # noqa: BLE001 - a driver's bug must not leave the page waiting for ever
            _log.exception("Printing labels failed")
            said = Tried(False, tr("The till can't talk to this device because of a fault. Tell support."))
        self.printed.emit(said)

    def _apart(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, name="labels page", daemon=True).start()
