"""Two people of head office change what tills are sent, at one moment: every till ends with what the server has."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from shared_models import reference
from shared_models.catalogue import Price, TaxCategory
from shared_models.store_config import StoreConfig
from shared_models.tax import Tax
from sync_server import reference_lock
from sync_server.catalogue.service import ProductFields
from sync_server.database import Database, is_passing
from sync_server.errors import Conflict
from sync_server.pricing.service import KeptTaxCategory
from tests.sync_server.a_till import open_store
from tests.sync_server.conftest import Clock

pytestmark = pytest.mark.postgres

_A_MOMENT_S = 0.3


class HeadOffice:
    def __init__(self, app: Litestar, database: Database) -> None:
        self.services = app.state.services
        self.db = database
        open_store(app, database)
        with database.write() as tx:
            fields = ProductFields(sku="tea", name="Tea")
            self.tea = self.services.catalogue.create(tx, fields).product.product_id
            self.services.pricing.change_price(tx, self.tea, 100, changed_by="Ada")

    @contextmanager
    def while_another(self, change: Callable[[Connection], object]) -> Iterator[Connection]:
        """A transaction that is not over yet when the other one begins."""

        def other() -> None:
            with self.db.write() as tx:
                change(tx)

        thread = threading.Thread(target=other)
        with self.db.write() as tx:
            yield tx
            thread.start()
            thread.join(_A_MOMENT_S)
        thread.join()

    def prices_at(self, store_id: str) -> list[int]:
        """What the store's tills hold, the one that begins last at the end."""
        prices: list[Price] = self._held(f"price/{store_id}", "price")
        return [one.unit_price_minor for one in sorted(prices, key=lambda one: one.valid_from_ms)]

    def rates_at(self, store_id: str) -> dict[str, int]:
        taxes: list[TaxCategory] = self._held(f"config/{store_id}", "tax_category")
        return {one.tax_category_id: one.taxes[0].rate_ppm for one in taxes}

    def _held(self, stream: str, entity: str) -> list[Any]:
        with self.db.read() as tx:
            page = self.services.feed.page(tx, stream, "", 0, 1000)
        puts = [change for change in page.changes if change.entity == entity and change.op == reference.PUT]
        return [reference.decode(entity, change.body) for change in puts]


@pytest.fixture
def database(postgresql_database: Database) -> Database:
    """On SQLite a writer is alone."""
    return postgresql_database


@pytest.fixture
def office(app: Litestar, database: Database) -> HeadOffice:
    return HeadOffice(app, database)


def a_rate(tax_category_id: str, rate_ppm: int, store_id: str = "") -> KeptTaxCategory:
    tax = Tax(tax_category_id, "VAT", rate_ppm, included=True)
    return KeptTaxCategory(tax_category_id, tax_category_id, (tax,), store_id)


def test_a_store_that_opens_while_prices_are_imported_gets_the_new_ones(office: HeadOffice) -> None:
    pricing, stores = office.services.pricing, office.services.stores
    fourth = StoreConfig(store_id="04", name="Station", currency="EUR")
    with office.while_another(lambda tx: stores.create(tx, fourth)) as tx:
        pricing.set_prices(tx, [(office.tea, 250)], "Ada")
    assert office.prices_at("04")[-1] == 250


def test_a_stores_own_price_is_not_pushed_aside_by_one_for_all_stores_that_was_set_beside_it(
    office: HeadOffice, clock: Clock
) -> None:
    pricing, later = office.services.pricing, clock.now + 1000

    def set_own(tx: Connection) -> None:
        pricing.change_price(tx, office.tea, 300, changed_by="Bo", store_id="03")

    with office.while_another(set_own) as tx:
        pricing.change_price(tx, office.tea, 250, changed_by="Ada", valid_from_ms=later)
    assert office.prices_at("03")[-1] == 300


def test_a_tax_rate_is_not_set_back_by_another_one_that_was_changed_beside_it(office: HeadOffice) -> None:
    pricing = office.services.pricing
    with office.db.write() as tx:
        pricing.save_tax_category(tx, a_rate("standard", 190_000))
        pricing.save_tax_category(tx, a_rate("reduced", 70_000))
    with office.while_another(
        lambda tx: pricing.save_tax_category(tx, a_rate("reduced", 50_000, "03"))
    ) as tx:
        pricing.save_tax_category(tx, a_rate("standard", 200_000))
    assert office.rates_at("03") == {"standard": 200_000, "reduced": 50_000}


def test_of_two_who_change_one_product_the_second_is_told_to_look_again(office: HeadOffice) -> None:
    catalogue = office.services.catalogue
    refused: list[Conflict] = []

    def change_too(tx: Connection) -> None:
        try:
            catalogue.change(tx, office.tea, ProductFields(sku="tea", name="Black tea"), if_version=1)
        except Conflict as reason:
            refused.append(reason)

    with office.while_another(change_too) as tx:
        catalogue.change(tx, office.tea, ProductFields(sku="tea", name="Green tea"), if_version=1)
    assert "meanwhile" in refused[0].message


def test_who_would_wait_for_a_long_import_is_told_to_try_again(
    office: HeadOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference_lock, "_WAIT_MS", 100)
    pricing = office.services.pricing
    with office.db.write() as importing:
        pricing.set_prices(importing, [(office.tea, 250)], "Ada")
        with pytest.raises(OperationalError) as refused, office.db.write() as tx:
            pricing.change_price(tx, office.tea, 300, changed_by="Bo")
    assert is_passing(refused.value)
    assert office.prices_at("03")[-1] == 250
