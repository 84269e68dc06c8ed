"""A shop with two tills, on both databases."""

from __future__ import annotations

import pytest
from litestar import Litestar

from sync_server.database import Database
from tests.sync_server.a_till import Client
from tests.sync_server.leases.lending_shop import LendingShop


@pytest.fixture
def shop(app: Litestar, database: Database, client: Client) -> LendingShop:
    return LendingShop(app, database, client)
