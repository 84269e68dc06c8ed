"""A shop to try the till in: everything in memory, Ana at the counter."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from pos_client.till.session import TillSession
from shared_models.store_config import StoreConfig
from tests.pos_client.till.fakes import (
    STORE,
    TILL_ID,
    FakeBooks,
    FakeCatalogue,
    FakeClock,
    FakeIds,
    FakeLending,
    FakePaper,
    FakePins,
)


@dataclass
class Shop:
    """The ports, and the till made of them; `restart` is the same shop after a crash."""

    store: StoreConfig = STORE
    clock: FakeClock = field(default_factory=FakeClock)
    ids: FakeIds = field(default_factory=FakeIds)

    def __post_init__(self) -> None:
        self.catalogue = FakeCatalogue(store=self.store)
        self.books = FakeBooks(self.clock, store=self.store)
        self.lending = FakeLending()
        self.till = self.restart()

    def restart(self) -> TillSession:
        self.till = TillSession(
            TILL_ID,
            clock=self.clock,
            ids=self.ids,
            catalogue=self.catalogue,
            books=self.books,
            pins=FakePins(),
            paper=FakePaper(),
            lending=self.lending,
        )
        return self.till

    def opened(self, pin: str = "1111") -> TillSession:
        """Logged in, with an open shift and 150.00 in the drawer."""
        self.till.log_in(pin)
        self.till.open_shift(15_000)
        return self.till


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def till(shop: Shop) -> TillSession:
    """Ana's: she may sell and run a shift, and nothing that needs a manager."""
    return shop.opened()


@pytest.fixture
def manager_till(shop: Shop) -> TillSession:
    return shop.opened("9999")
