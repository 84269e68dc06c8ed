"""A store of which nothing was ever booked has closings as soon as it has money that they must name."""

from __future__ import annotations

from pathlib import Path

import pytest
from litestar import Litestar

from shared_models.closing import UnclassifiedMoney
from sync_server.database import Database
from tests.golden.make_closings import BROKEN
from tests.sync_server.a_till import Client
from tests.sync_server.closings.closing_shop import ClosingShop, assert_an_auditor_agrees, at_ms
from tests.sync_server.conftest import Clock
from tests.sync_server.made_up_days import paid_out

DAYS = "store/03/day"
DAY, NEXT = "2026-11-21", "2026-11-22"


@pytest.fixture
def shop(app: Litestar, database: Database, client: Client, clock: Clock) -> ClosingShop:
    shop = ClosingShop(app, database, client, clock)
    clock.now = at_ms(f"{DAY} 12:00")
    return shop


def test_a_store_whose_only_refund_can_not_be_booked_is_closed_every_night_and_names_it(
    shop: ClosingShop, tmp_path: Path
) -> None:
    shop.till(1).record_bytes("refund.posted", BROKEN)
    shop.send()
    shop.services.closings.close_due()
    assert shop.periods(DAYS) == [], "its day is not over"
    shop.night_after(DAY)
    shop.night_after(NEXT)
    assert shop.periods(DAYS) == [(DAY, 0), (NEXT, 0)]
    assert shop.newest(DAYS, DAY).unclassified_refunds == (UnclassifiedMoney("EUR", 1, 70, 0),)
    assert_an_auditor_agrees(shop, tmp_path / "archive")


def test_a_store_that_sent_nothing_but_a_frame_that_nobody_can_read_is_closed_and_names_it(
    shop: ClosingShop, tmp_path: Path
) -> None:
    assert shop.till(1).log_in().status_code == 200
    shop.till(1).send_raw(b"\0 nobody can read this")
    shop.night_after(DAY)
    assert shop.newest(DAYS, DAY).unclassified == (UnclassifiedMoney("", 1, 0, 1),)
    assert_an_auditor_agrees(shop, tmp_path / "archive")


def test_such_a_store_is_closed_no_further_than_a_month_after_it_was_last_heard_of(shop: ClosingShop) -> None:
    shop.till(1).record_bytes("refund.posted", BROKEN)
    shop.send()
    shop.night_after("2036-11-21")
    assert shop.periods(DAYS) == [("2026-12-22", 0)]


def test_a_store_that_sent_no_money_has_no_closing_and_no_case_about_the_clock(shop: ClosingShop) -> None:
    shop.till(1).record(paid_out(500))
    shop.send()
    shop.night_after("2027-06-01")
    assert shop.closings(DAYS) == []
    with shop.database.read() as tx:
        assert shop.services.exceptions.cases(tx, kind="closings_wait") == []


def test_a_store_that_sent_something_strange_which_is_no_money_has_no_case_about_the_clock(
    shop: ClosingShop,
) -> None:
    shop.till(1).record_bytes("sale.imagined", b"{}")
    shop.send()
    shop.night_after("2027-06-01")
    assert shop.closings(DAYS) == []
    with shop.database.read() as tx:
        assert shop.services.exceptions.cases(tx, kind="closings_wait") == []
