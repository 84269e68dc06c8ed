"""Prices over time and place, as the tills of each store get them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_models.tax import Tax
from sync_server.database import Database
from sync_server.errors import Invalid, NotFound
from sync_server.pricing.service import KeptTaxCategory, PricingService
from sync_server.pricing.timeline import KeptPrice, for_tills, in_force
from tests.sync_server.made_up_days import Published, ids


class Office:
    def __init__(self, database: Database) -> None:
        self.db, self.published, self.now = database, Published(), 1_000_000
        self.service = PricingService(
            self.published, lambda tx: ["03", "04"], self._require, lambda: self.now, ids()
        )

    def _require(self, tx: object, product_id: str) -> None:
        if product_id != "p1":
            raise NotFound("There is no such product.")

    def change(self, amount: int, store_id: str = "", valid_from_ms: int | None = None) -> None:
        with self.db.write() as tx:
            self.service.change_price(
                tx, "p1", amount, changed_by="Ada", store_id=store_id, valid_from_ms=valid_from_ms
            )

    def changed(self, store_id: str, since_ms: int) -> list[tuple[int | None, int]]:
        with self.db.read() as tx:
            found = self.service.changed_since(tx, store_id, since_ms)
        return [(one.before_minor, one.price.unit_price_minor) for one in found]

    def at_tills(self, store_id: str, at_ms: int) -> int | None:
        """What a till of the store charges: the latest of its prices that has begun."""
        prices = [one for one in self.published.on(f"price/{store_id}") if one.valid_from_ms <= at_ms]
        return max(prices, key=lambda one: one.valid_from_ms).unit_price_minor if prices else None


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def test_a_new_price_reaches_all_stores(office: Office) -> None:
    office.change(100)
    office.now += 60_000
    office.change(120)
    assert [office.at_tills(store, office.now) for store in ("03", "04")] == [120, 120]


def test_a_till_whose_clock_is_behind_still_has_a_price(office: Office) -> None:
    office.change(100)
    assert office.at_tills("03", 0) == 100
    office.now += 60_000
    office.change(120)
    assert office.at_tills("03", office.now - 1) == 100


def test_a_future_price_is_on_the_tills_before_it_begins(office: Office) -> None:
    office.change(100)
    office.change(150, valid_from_ms=office.now + 10_000)
    assert office.at_tills("03", office.now) == 100
    assert office.at_tills("03", office.now + 10_000) == 150


def test_a_stores_own_price_stays_when_the_common_one_changes(office: Office) -> None:
    office.change(100)
    office.now += 1000
    office.change(80, store_id="04")
    office.now += 1000
    office.change(130)
    assert (office.at_tills("03", office.now), office.at_tills("04", office.now)) == (130, 80)


def test_tills_do_not_collect_prices_for_ever(office: Office) -> None:
    for amount in range(100, 120):
        office.now += 1000
        office.change(amount)
    assert len(office.published.on("price/03")) == 2
    with office.db.read() as tx:
        assert len(office.service.prices(tx, "p1")) == 20


def test_two_changes_in_the_same_moment_leave_the_later_one(office: Office) -> None:
    office.change(100)
    office.change(110)
    office.change(120)
    assert office.at_tills("03", office.now + 10) == 120


def test_a_price_for_nothing_or_nowhere_is_refused(office: Office) -> None:
    with pytest.raises(Invalid):
        office.change(-1)
    with pytest.raises(NotFound):
        office.change(1, store_id="99")


def test_a_new_store_gets_everything(office: Office) -> None:
    office.change(100)
    with office.db.write() as tx:
        office.service.save_tax_category(tx, KeptTaxCategory("standard", "Standard", (a_tax(190_000),)))
        office.service.send_store(tx, "05")
    assert office.at_tills("05", office.now) == 100
    assert [one.taxes for one in office.published.on("config/05")] == [(a_tax(190_000),)]


def test_a_stores_own_taxes_stand_before_the_common_ones(office: Office) -> None:
    with office.db.write() as tx:
        office.service.save_tax_category(tx, KeptTaxCategory("standard", "Standard", (a_tax(81_000),), "04"))
        office.service.save_tax_category(tx, KeptTaxCategory("standard", "Standard", (a_tax(190_000),)))
    assert [one.taxes[0].rate_ppm for one in office.published.on("config/03")] == [190_000]
    assert [one.taxes[0].rate_ppm for one in office.published.on("config/04")] == [81_000]


def a_tax(rate_ppm: int) -> Tax:
    return Tax("vat", "VAT", rate_ppm, included=True)


@given(
    st.lists(st.tuples(st.sampled_from(["", "03"]), st.integers(0, 50)), max_size=12, unique=True),
    st.integers(0, 60),
)
def test_what_tills_hold_gives_the_same_price_as_all_of_history(
    changes: Sequence[tuple[str, int]], now: int
) -> None:
    prices = [
        KeptPrice(f"i{n}", "p", store, n, valid_from, n, "") for n, (store, valid_from) in enumerate(changes)
    ]
    held = for_tills(prices, "03", now)
    for at in range(now, 61):
        assert in_force(held, "03", at) == in_force(prices, "03", at)


def test_a_price_changed_for_a_store_where_it_is_another_than_before(office: Office) -> None:
    office.change(100)
    office.now += 60_000
    office.change(120, store_id="03")
    office.change(130, store_id="03", valid_from_ms=office.now + 60_000)
    assert office.changed("03", office.now) == [(100, 120)]
    assert office.changed("04", office.now) == []
    assert office.changed("04", 0) == [(None, 100)]
    office.now += 60_000
    assert office.changed("03", office.now) == [(120, 130)]


def test_a_whole_catalogue_that_was_priced_since_is_not_listed_but_said(office: Office) -> None:
    office.change(100)
    with office.db.read() as tx, pytest.raises(Invalid, match="Take a later day"):
        office.service.changed_since(tx, "03", 0, most=0)
